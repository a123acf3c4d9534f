// The command line. Verbs are in files of their own; here are the flags, and how every way to fail becomes one line and
// an exit status.
import { Command, CommanderError, Help, Option } from 'commander';
import { InputError } from '../stdx/input-error.ts';
import type { CheckFlags } from './check.ts';
import { exit } from './exit.ts';
import type { FuzzFlags } from './fuzz.ts';
import type { MachinesFlags } from './machines.ts';
import type { Flags } from './options.ts';
import { OutputError } from './output.ts';
import { VERSION } from './version.ts';

/** `--profile` as given: a cost profile, a place for a CPU profile, or both. */
type SimulateFlags = Omit<Flags, 'profile' | 'cpuProfile'> & { profile?: string[] };
interface Profiled {
  profile?: string;
}
/** Where `--profile` alone puts it. */
const CPU_PROFILE = 'copyless.cpuprofile';
const cpuProfile = () =>
  new Option(
    '--profile [file]',
    `FILE.cpuprofile: where the time of this thread goes (without FILE: ${CPU_PROFILE})`,
  ).preset(CPU_PROFILE);
/** What the option is without its argument stands in its description. */
const optionDescription = (option: Option) =>
  new Help().optionDescription(option).replace(/ \(preset: "[^"]*"\)$/, '');

// A verb's own code is loaded when it is called: help and a mistyped flag need none of it.
const simulate = async (
  scenario: string | undefined,
  { profile: given = [], ...rest }: SimulateFlags,
): Promise<number> => {
  if (given.length === 0) return (await import('./simulate.ts')).simulate(scenario, rest);
  const { profiled, profilesIn } = await import('./cpu-profile.ts');
  const flags: Flags = { ...rest, ...profilesIn(given) };
  return profiled(flags.cpuProfile, async () => (await import('./simulate.ts')).simulate(scenario, flags));
};
const replay = async (file: string): Promise<number> => (await import('./replay.ts')).replay(file);
const watched = async (profile: string | undefined, work: () => Promise<number>): Promise<number> => {
  if (profile === undefined) return work();
  const { cpuProfileIn, profiled } = await import('./cpu-profile.ts');
  return profiled(cpuProfileIn(profile), work);
};

const fuzz = async (flags: FuzzFlags): Promise<number> => (await import('./fuzz.ts')).fuzz(flags);

const machines = async (names: string[], flags: MachinesFlags): Promise<number> =>
  (await import('./machines.ts')).machines(names, flags);

const check = async (scenario: string | undefined, flags: CheckFlags): Promise<number> =>
  (await import('./check.ts')).check(scenario, flags);

const repeated = (value: string, before: string[] | undefined) => [...(before ?? []), value];

function program(done: (status: number) => void): Command {
  const root = new Command('copyless')
    .description('Copyless NUMA balancing, simulated and verified: protocols side by side on one workload.')
    .version(VERSION)
    .exitOverride()
    .configureHelp({ optionDescription })
    .configureOutput({ writeErr: () => {} });
  root
    .command('simulate', { isDefault: true })
    .description('compare the protocols on one workload (the default)')
    .argument(
      '[scenario]',
      'YAML or JSON file, or - for stdin; default: the shipped examples/two-socket.yaml',
    )
    .option(
      '-p, --protocol <name|file>',
      'a protocol, shipped or your own (repeatable; default: all shipped)',
      repeated,
    )
    .option(
      '--executor <name>',
      'simulated (virtual time, same seed same result) or threads (a worker per actor)',
      'simulated',
    )
    .option(
      '--validate',
      'on threads: show that each step is one that the model can make (bursts of one access)',
    )
    .option('--scheduler <name>', 'order of deliveries when simulated: timed, random or pct', 'timed')
    .option(
      '--faults <spec>',
      'what goes wrong: none (the default), swarm or all (drawn from the seed), or NAME:NTH,...',
    )
    .option('-s, --seed <n|a..b>', "seed, or a range of them; default: the scenario's, else 1")
    .option(
      '--topology <name|file>',
      "built-in, this-machine, `numactl -H` text, a module, or - for stdin; the scenario's nodes are kept where it has them",
    )
    .option('--nodes <ids>', 'kernel ids of the nodes that vNodes are pinned to, such as 0,2')
    .option('--memory <size>', 'memory of each pinned node for the guests, such as 4MiB')
    .addOption(
      new Option(
        '--profile [name|file]',
        `cost profile (default: the scenario's, else that of the built-in topology, else skylake-2s); or FILE.cpuprofile, to see where the time of this program goes (without FILE: ${CPU_PROFILE})`,
      )
        .preset(CPU_PROFILE)
        .argParser(repeated),
    )
    .option('--new-location <kind[@node]>', 'where idle pages go: hdd, sata, nvme, optane, zram, or far@NODE')
    .option('--store-size <size>', 'room at the place that --new-location names')
    .option('--vcpus <n>', 'vCPUs of each guest')
    .option('--guests <n>', 'guests')
    .option('--list-capacity <n>', 'entries of the moved list')
    .option(
      '-w, --workload <name|file>',
      'process-move, zipf, uniform, phased, window, adversary, or a module',
    )
    .option('--set <name=value>', 'parameter of the workload (repeatable)', repeated)
    .option(
      '-t, --trace <file>',
      'valgrind lackey trace, plain or gzip, or - for stdin; one per vCPU (repeatable)',
      repeated,
    )
    .option('--pages <n>', 'most pages that a trace may touch')
    .option('--move-every <n>', 'accesses after which a single traced task moves to another vNode')
    .option('--migrate-pages', 'move its pages first where it arrives, touched or not (migratepages)')
    .option('--instructions <read|skip>', 'instruction fetches of a trace')
    .option('--max-bytes <size>', 'most bytes that a gzip trace may unpack to')
    .option(
      '--max-memory <size>',
      "memory that a run may take; default: what is free, at most three quarters of this machine's",
    )
    .option('--json [file]', 'result as JSON, to stdout (the text goes to stderr) or to a file')
    .option(
      '-o, --out <dir>',
      'folder for result.json (without it: not written) and replay files (without it: out)',
    )
    .option('--journey <page>', "one page's journey under each protocol, in the lanes of the patent's FIG. 4")
    .option('--replay <file>', 'run a kept failure again')
    .action(async (scenario: string | undefined, flags: SimulateFlags) => {
      done(flags.replay === undefined ? await simulate(scenario, flags) : await replay(flags.replay));
    });
  root
    .command('fuzz')
    .description('thousands of drawn schedules in small worlds, every property watched')
    .option('-n, --schedules <n>', 'how many', '50000')
    .option('-s, --seed <n>', 'the first; each schedule has the next one', '1')
    .option('-p, --protocol <name|file>', 'draw from these only (repeatable; default: all shipped)', repeated)
    .option('--faults <mix>', 'swarm, all or none; default: swarm and all by turns')
    .option('--flaw <name>', 'switch a seeded bug on (repeatable)', repeated)
    .option('--self-test', 'find every seeded bug, then nothing in the clean protocols')
    .option('--list', 'the seeded bugs by name')
    .option('--time <seconds>', 'stop after so long')
    .option('--json [file]', 'result as JSON, to stdout (the text goes to stderr) or to a file')
    .option('-o, --out <dir>', 'folder for replay files, written where something fails (default: out)')
    .action(async (flags: FuzzFlags) => done(await fuzz(flags)));
  root
    .command('check')
    .description('search a small world exhaustively: every order and every choice within the bounds')
    .argument(
      '[scenario]',
      'YAML or JSON file: its policies are taken, and its script is searched if it has one',
    )
    .option(
      '-p, --protocol <name|file>',
      'a protocol, shipped or your own (repeatable; default: all shipped)',
      repeated,
    )
    .option('--pages <n>', 'pages of each guest (default: 1; not beside a script)')
    .option('--nodes <n>', 'memory nodes (default: 2; not beside a script)')
    .option('--vcpus <n>', 'vCPUs of each guest (default: 2; not beside a script)')
    .option('--guests <n>', 'guests (default: 1; not beside a script)')
    .option(
      '--operations <n>',
      'operations of each vCPU: reads, writes and moves of a page (default: 1; not beside a script)',
    )
    .option('--moves <n>', 'moves among them, of all vCPUs together (default: 1; not beside a script)')
    .option('--reclaims <n>', 'pages that reclaim moves out, at any time (default: 1; beside a script none)')
    .option('--faults <n>', 'failures of devices, of any kind and at any occasion', '0')
    .option('--repeats <n>', 'messages that come twice', '0')
    .option('--losses <n>', 'messages that get lost', '0')
    .option('--restarts <n>', 'times that the hypervisor loses its memory', '0')
    .option('--timeouts <n>', 'things said again while the answer may be on its way (default: --losses)')
    .option('--flaw <name>', 'switch a seeded bug on (repeatable; fuzz --list)', repeated)
    .option('--beyond-claims', 'judge also the properties that the protocol does not claim')
    .option('--no-reduction', 'search every order, also of steps that commute')
    .option('--no-symmetry', 'tell states apart that differ only by an exchange of things that are alike')
    .option('--time <seconds>', 'stop after so long with each protocol')
    .option('--workers <n>', 'threads that search together; more than one: as with --no-symmetry', '1')
    .option('--checkpoint <file>', 'go on from there if it exists; write it when stopped, and now and then')
    .option('--explore', 'step through the states by hand')
    .option('--json [file]', 'result as JSON, to stdout (the text goes to stderr) or to a file')
    .option('-o, --out <dir>', 'folder for replay files, written where something fails (default: out)')
    .addOption(cpuProfile())
    .action(async (scenario: string | undefined, { profile, ...flags }: CheckFlags & Profiled) =>
      done(await watched(profile, () => check(scenario, flags))),
    );
  root
    .command('replay')
    .description('run a kept failure again')
    .argument('<file>', 'written by a failing run')
    .addOption(cpuProfile())
    .action(async (file: string, { profile }: Profiled) => done(await watched(profile, () => replay(file))));
  root
    .command('machines')
    .description('the life cycles of pages, requests, frames and vCPUs, for other tools')
    .argument('[name...]', 'page, request, frame, vcpu; default: all')
    .option(
      '-f, --format <name>',
      'mermaid, dot, json, scxml, promela or tla; several machines: one document after the other, json: a list',
    )
    .option('-o, --out <dir>', 'a file for each machine, such as page.mmd, instead of stdout')
    .action(async (names: string[], flags: MachinesFlags) => done(await machines(names, flags)));
  return root;
}

/** @returns the exit status */
export async function commandLine(argv: readonly string[]): Promise<number> {
  let status: number = exit.ok;
  // A module of the user's may wait for what never comes.
  const idle = () => void import('../scenarios/modules.ts').then((modules) => modules.nothingIsLeft());
  process.once('beforeExit', idle);
  try {
    await program((code) => {
      status = code;
    }).parseAsync([...argv]);
    return status;
  } catch (error) {
    return explain(error);
  } finally {
    process.off('beforeExit', idle);
  }
}

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
