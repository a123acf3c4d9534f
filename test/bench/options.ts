// The command lines of the bench tools: strict, so that a mistyped option is not a measurement of something else. What cannot be
// used is told in one line, with status 2, before anything is measured; `--help` prints the usage.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { refuseUnwritable } from '../../src/cli/output.ts';
import { InputError } from '../../src/stdx/input-error.ts';

export interface Tool {
  name: string;
  /** What is typed before its options. */
  command?: string;
  /** Its options, as they are typed. */
  usage: string;
}

/** @returns the options given; ends the process for `--help` and for what is none */
export function optionsOf<const T extends NonNullable<ParseArgsConfig['options']>>(tool: Tool, options: T) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } as const });
    if ((values as { help?: boolean }).help === true) {
      const { name, usage, command = `npm run ${name} --` } = tool;
      console.log(`usage: ${command} ${usage}`.trimEnd());
      process.exit(0);
    }
    return values;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
    return refuse(tool, message.split(/\. |\n/)[0]!);
  }
}

/** A whole number within bounds. */
export function countOf(tool: Tool, option: string, text: string, least: number, most: number): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count >= least && count <= most) return count;
  return refuse(tool, `${option} is '${text}'`, `a whole number from ${least} to ${most}`);
}

/** Results take minutes: whether they can be put there is asked first. */
export function refuseLost({ name }: Tool, file: string | undefined): void {
  if (file === undefined) return;
  try {
    refuseUnwritable(file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exit(2);
  }
}

export function refuse({ name, usage }: Tool, what: string, expected = usage || 'no options'): never {
  console.error(`${name}: ${what}, expected ${expected}`);
  process.exit(2);
}
