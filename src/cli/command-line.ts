// The command line: the flags of every verb. Verbs are in files of their own; what failed becomes one line in error-line.ts.
import { Command, Help, Option } from 'commander';
import type { CheckFlags } from './check.ts';
import { explain } from './error-line.ts';
import { exit } from './exit.ts';
import type { FuzzFlags } from './fuzz.ts';
import type { MachinesFlags } from './machines.ts';
import type { Flags } from './options.ts';
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
/** `-` is stdout, as it is stdin where something is read. */
const jsonFile = (file: string): string | true => file === '-' || file;
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
  (await import('./options.ts')).refuseOneFile({ '--json': flags.json, '--profile': flags.cpuProfile });
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

type Done = (status: number) => void;

function program(done: Done): Command {
  const root = new Command('copyless')
    .description('Copyless NUMA balancing, simulated and verified: protocols side by side on one workload.')
    .version(VERSION)
    .exitOverride()
    .configureHelp({ optionDescription })
    .configureOutput({ writeErr: () => {} });
  for (const add of [addSimulate, addFuzz, addCheck, addReplay, addMachines]) add(root, done);
  return root;
}

function addSimulate(root: Command, done: Done): void {
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
      'with --executor threads: show that the model can make every step of the run (bursts of one access)',
    )
    .option('--scheduler <name>', 'order of deliveries when simulated: timed, random or pct', 'timed')
    .option(
      '--faults <spec>',
      'what goes wrong: none (the default); swarm or all, drawn from the seed; or NAME:NTH,...',
    )
    .option('-s, --seed <n|a..b>', "seed, or a range of them; default: the scenario's, else 1")
    .option(
      '--topology <name|file>',
      "built-in name, this-machine, a file with `numactl -H` text, a module, or - for stdin; the scenario's nodes are kept where they exist there",
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
    .option('--store-size <size>', "room at the new location, the scenario's or that of --new-location")
    .option('--vcpus <n>', 'number of vCPUs of each guest')
    .option('--guests <n>', 'number of guests')
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
    .option(
      '--migrate-pages',
      'on each move, migrate all pages of the task first, touched or not (migratepages)',
    )
    .option('--instructions <read|skip>', 'whether instruction fetches of a trace count as reads')
    .option('--max-bytes <size>', 'most bytes that a gzip trace may expand to')
    .option(
      '--max-memory <size>',
      "memory that a run may take; default: what is free, at most three quarters of this machine's memory",
    )
    .option('--json [file]', 'result as JSON, to stdout (the text goes to stderr) or to a file', jsonFile)
    .option(
      '-o, --out <dir>',
      'folder for result.json, which is not written without this option, and for replay files (default: out)',
    )
    .option('--journey <page>', "one page's journey under each protocol, in the lanes of the patent's FIG. 4")
    .option('--replay <file>', 'run a kept failure again')
    .action(async (scenario: string | undefined, flags: SimulateFlags, command: Command) => {
      if (flags.replay === undefined) return done(await simulate(scenario, flags));
      const others = command.options.filter(
        (option) =>
          command.getOptionValueSource(option.attributeName()) === 'cli' && option.long !== '--replay',
      );
      const beside = scenario ?? others[0]?.long;
      if (beside) (await import('./options.ts')).refuseBesideReplay(beside);
      done(await replay(flags.replay));
    });
}

function addFuzz(root: Command, done: Done): void {
  root
    .command('fuzz')
    .description('thousands of drawn schedules in small worlds, every property watched')
    .option('-n, --schedules <n>', 'how many schedules', '50000')
    .option('-s, --seed <n>', 'seed of the first schedule; each has the next one', '1')
    .option('-p, --protocol <name|file>', 'run only these (repeatable; default: all shipped)', repeated)
    .option(
      '--worlds <kind>',
      'small, or any (scripts and worlds in which any options and commands meet)',
      'small',
    )
    .option(
      '--faults <mix>',
      'swarm (some kinds in each schedule), all or none; default: swarm and all in turn',
    )
    .option('--flaw <name>', 'switch a seeded bug on (repeatable)', repeated)
    .option('--self-test', 'show that every seeded bug is found, then that the clean protocols break nothing')
    .option('--list', 'list the seeded bugs')
    .option('--time <seconds>', 'stop after this long, with exit status 0')
    .option('--json [file]', 'result as JSON, to stdout (the text goes to stderr) or to a file', jsonFile)
    .option('-o, --out <dir>', 'folder for replay files, written where something fails (default: out)')
    .action(async (flags: FuzzFlags) => done(await fuzz(flags)));
}

function addCheck(root: Command, done: Done): void {
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
    .option('--pages <n>', 'pages of each guest (default: 1; not with a script)')
    .option('--nodes <n>', 'memory nodes (default: 2; not with a script)')
    .option('--vcpus <n>', 'vCPUs of each guest (default: 2; not with a script)')
    .option('--guests <n>', 'guests (default: 1; not with a script)')
    .option(
      '--operations <n>',
      'operations of each vCPU: reads, writes and moves of a page (default: 1; not with a script)',
    )
    .option('--moves <n>', 'moves among them, of all vCPUs together (default: 1; not with a script)')
    .option('--reclaims <n>', 'pages that reclaim moves out, at any time (default: 1; with a script: 0)')
    .option('--faults <n>', 'failures of devices, of any kind and at any occasion', '0')
    .option('--repeats <n>', 'messages that arrive twice', '0')
    .option('--losses <n>', 'messages that get lost', '0')
    .option('--restarts <n>', 'times that the hypervisor loses its memory', '0')
    .option(
      '--timeouts <n>',
      'messages said again too early, with the answer perhaps on its way (default: --losses)',
    )
    .option('--flaw <name>', 'switch a seeded bug on (repeatable; fuzz --list)', repeated)
    .option('--beyond-claims', 'also judge the properties that the protocol does not claim')
    .option('--no-reduction', 'search every order, even of steps that commute')
    .option('--no-symmetry', 'tell apart states that differ only by an exchange of things that are alike')
    .option('--time <seconds>', 'stop after this long with each protocol')
    .option('--workers <n>', 'threads that search together, to the same counts as one', '1')
    .option(
      '--checkpoint <file>',
      'continue from this file if it exists; written when stopped, and now and then',
    )
    .option('--explore', 'step through the states by hand')
    .option('--json [file]', 'result as JSON, to stdout (the text goes to stderr) or to a file', jsonFile)
    .option('-o, --out <dir>', 'folder for replay files, written where something fails (default: out)')
    .addOption(cpuProfile())
    .action(async (scenario: string | undefined, { profile, ...flags }: CheckFlags & Profiled) =>
      done(
        await watched(profile, () =>
          check(scenario, { ...flags, ...(profile !== undefined && { profileFile: profile }) }),
        ),
      ),
    );
}

function addReplay(root: Command, done: Done): void {
  root
    .command('replay')
    .description('run a kept failure again')
    .argument('<file>', 'written by a failing run')
    .addOption(cpuProfile())
    .action(async (file: string, { profile }: Profiled) => done(await watched(profile, () => replay(file))));
}

function addMachines(root: Command, done: Done): void {
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
}

/** @returns the exit status */
export async function commandLine(argv: readonly string[]): Promise<number> {
  let status: number = exit.ok;
  // A module of the user's may wait for what never comes.
  const idle = () => void import('../scenarios/modules.ts').then((modules) => modules.nothingIsLeft());
  process.once('beforeExit', idle);
  try {
    const root = program((code) => {
      status = code;
    });
    await refuseUnknownVerb(root, argv.slice(2));
    await root.parseAsync([...argv]);
    return status;
  } catch (error) {
    return explain(error);
  } finally {
    process.off('beforeExit', idle);
  }
}

/** Help for a verb that is none would be the general one, as if there were such a verb. */
async function refuseUnknownVerb(root: Command, words: readonly string[]): Promise<void> {
  const asks = words.some((word) => word === '--help' || word === '-h');
  const verb = words[0] === 'help' ? words[1] : asks ? words[0] : undefined;
  if (verb === undefined || !/^[a-z]+$/i.test(verb) || verb === 'help') return;
  if (root.commands.some((command) => command.name() === verb)) return;
  // Throws, unless there is a scenario of that name.
  (await import('../scenarios/scenario-file.ts')).readText(verb);
}
