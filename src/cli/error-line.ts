// How every way to fail becomes one line and an exit status.
import { CommanderError } from 'commander';
import { InputError } from '../stdx/input-error.ts';
import { exit } from './exit.ts';
import { OutputError } from './output.ts';

/** One line for what a user can change; a stack trace for a bug of ours, and for nothing else. */
export function explain(error: unknown): number {
  const say = (text: string, status: number) => {
    process.stderr.write(`copyless: ${text}\n`);
    return status;
  };
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exit.ok : say(usage(error).message, exit.usage);
  }
  if (error instanceof OutputError) return say(error.message, exit.output);
  if (!(error instanceof Error))
    return say(`a bug in this program, please report it\n${String(error)}`, exit.bug);
  if ((error as NodeJS.ErrnoException).syscall === 'uv_cwd')
    return say(
      'this folder is gone, expected a folder that is there, hint: change to another and run it again',
      exit.usage,
    );
  // Errors of a worker arrive as plain copies: the name tells them apart.
  if (error.name === 'InputError') return say(error.message, exit.usage);
  if (isOutOfMemory(error)) {
    const hint = 'use fewer pages, less memory or a smaller store, or --max-memory for fewer runs at a time';
    return say(
      `memory: there was not enough for a run, expected room for its world, hint: ${hint}`,
      exit.usage,
    );
  }
  return say(
    `a bug in this program, please report it with the command line\n${error.stack ?? error.message}`,
    exit.bug,
  );
}

function isOutOfMemory(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code === 'ERR_WORKER_OUT_OF_MEMORY' ||
    error.name === 'OutOfMemory' ||
    error.message.startsWith('Array buffer allocation failed')
  );
}

/** What commander complains of, in our form. */
function usage({ code, message }: CommanderError): InputError {
  const text = message.replace(/^error: /, '');
  const quoted = /'(.*?)'/s.exec(text)?.[1] ?? '';
  const guess = /Did you mean (.*)\?/.exec(text)?.[1];
  const hint = guess ? `did you mean ${guess}?` : 'see --help';
  switch (code) {
    case 'commander.unknownOption':
      return new InputError({ file: quoted }, 'no such option', 'one that --help lists', hint);
    case 'commander.optionMissingArgument': {
      const [flags = quoted, value = 'a value'] = quoted.split(/ (?=<)/);
      return new InputError({ file: flags.replace(/^-\w, /, '') }, 'without a value', value, hint);
    }
    case 'commander.missingArgument':
      return new InputError(
        { file: 'command line' },
        `no ${quoted}`,
        `a ${quoted}`,
        'such as replay out/failure-NAME-1.json',
      );
    case 'commander.excessArguments':
      return new InputError(
        { file: 'command line' },
        text.replace(/\. Expected.*: /, ': '),
        'one scenario',
        hint,
      );
    default:
      return new InputError({ file: 'command line' }, text, 'a known verb or option', hint);
  }
}
