// `simulate`: the protocols side by side on one workload.
import { freemem, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pageTable } from '../../machines/tables.ts';
import { Geometry } from '../model/geometry.ts';
import type { Topology } from '../model/topology.ts';
import { protocols as shipped } from '../protocols/index.ts';
import { commandTo, shellWord } from '../report/command.ts';
import { comparison } from '../report/comparison.ts';
import { differential } from '../report/differential.ts';
import { together } from '../report/judged.ts';
import { type Limits, smallestOf } from '../report/limits.ts';
import { machineOf } from '../report/machine.ts';
import type { Result } from '../report/result.ts';
import type { RunReport } from '../report/run.ts';
import { Journey } from '../report/journey.ts';
import { inVainIn } from '../report/unexercised.ts';
import { type Unit, runUnit, unitOf } from '../report/unit.ts';
import { assemble, type Experiment, type From } from '../scenarios/assemble.ts';
import { migrationIn } from '../scenarios/migration-scenario.ts';
import { loadTopologyOrModule } from '../scenarios/modules.ts';
import { type CarriedOver, carriedOver } from '../scenarios/other-topology.ts';
import { bytesOf, isScript, isTrace, type Scenario } from '../scenarios/scenario.ts';
import { readScenario } from '../scenarios/scenario-file.ts';
import { present } from '../stdx/assert.ts';
import { describeFaults, type FaultPlan } from '../model/faults.ts';
import { schedulerNames } from '../runtime/scheduler.ts';
import { quote } from '../scenarios/quote.ts';
import { printable } from '../stdx/input-error.ts';
import { runAllAndPages, runAllHere } from './ensemble.ts';
import { exit } from './exit.ts';
import { faultsFor, mayLosePages } from './fault-option.ts';
import { explainFailure, writeReplay } from './failure.ts';
import { Interrupt } from './interrupt.ts';
import {
  absolute,
  changing,
  flagOf,
  type Flags,
  MEMORY_PART,
  oneOf,
  refuse,
  refuseInputAsJson,
  wholeNumber,
  withFlags,
} from './options.ts';
import {
  attempted,
  note,
  print,
  progress,
  progressEnds,
  refuseUnwritable,
  sayer,
  writeWhole,
} from './output.ts';
import { PACKAGE_ROOT } from './package-root.ts';
import { Stdin } from './stdin.ts';
import { TOOL } from './version.ts';

/** The scenario that is run when none is named. */
const SHIPPED = fileURLToPath(new URL('examples/two-socket.yaml', PACKAGE_ROOT));

export async function simulate(file: string | undefined, flags: Flags): Promise<number> {
  // Several hosts are an experiment of another kind, with a scenario of its own.
  const migration = file === undefined ? null : migrationIn(file);
  if (file !== undefined && migration !== null)
    return (await import('./migrate.ts')).migrate(migration, file, flags);
  const stdin = new Stdin();
  try {
    return await compare(file, flags, stdin);
  } finally {
    stdin.release();
  }
}

async function compare(file: string | undefined, flags: Flags, stdin: Stdin): Promise<number> {
  const began = performance.now();
  const executor = oneOf(flags.executor, '--executor', ['simulated', 'threads']);
  if (flags.validate === true && executor !== 'threads')
    refuse('--validate', 'without threads', '--executor threads', 'the simulation is the model');
  if (flags.cpuProfile !== undefined && executor === 'threads')
    refuse('--profile', 'of threads', '--executor simulated', 'a profile is of one thread');
  const scheduler = oneOf(flags.scheduler, '--scheduler', schedulerNames);
  if (scheduler !== 'timed' && executor === 'threads')
    refuse(
      '--scheduler',
      `${scheduler} with threads`,
      '--executor simulated',
      'threads come in an order of their own',
    );
  const faults = faultsFor(flags.faults);
  const memoryBytes = memoryFor(flags);
  if (file === '-') await stdin.fetch('scenario');
  const { scenario: base, placeOf } = readScenario(file ?? SHIPPED, () => stdin.text());
  const said: From = (...path) => {
    const flag = flagOf(flags, path);
    return flag === undefined ? placeOf(...path) : { file: flag };
  };
  const wanted = titled(await stdinAsFile(withFlags(base, flags), stdin), flags);
  const { workload, host } = wanted;
  const inputs = [file, host.topology, ...(isTrace(workload) ? workload.files : [])];
  refuseInputAsJson(flags.json, inputs);
  if (
    flags.out !== undefined &&
    inputs.some((input) => input && resolve(input) === resolve(flags.out!, 'result.json'))
  )
    refuse('--out', `the result in ${quote(flags.out)} is an input`, 'another folder', 'nothing was run');
  if (host.topology === '-') await stdin.fetch('topology');
  const { scenario, topology, warnings } = await onItsTopology(wanted, flags, stdin);
  const experiment = await assemble(scenario, said, () => stdin.text(), memoryBytes, topology);
  const journeyOf = pageOf(flags, executor, experiment);
  const named = scenario.protocols ?? shipped.map((protocol) => protocol.name);
  const out = flags.out ?? 'out';
  if (typeof flags.json === 'string') refuseUnwritable(flags.json);
  if (flags.out !== undefined) refuseUnwritable(join(out, 'result.json'));
  for (const warning of [...topology.warnings, ...warnings])
    note(printable(`warning: ${topology.name}: ${warning}`));

  const [first, last] = scenario.seeds;
  const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const plans = new Map(seeds.map((seed) => [seed, faults(seed)]));
  for (const [seed, plan] of plans)
    if (plan.length > 0) note(`faults of seed ${seed}: ${describeFaults(plan)}`);
  const units = seeds.flatMap((seed) =>
    named.map((name) => unitOf(experiment, name, seed, scheduler, plans.get(seed))),
  );

  const interrupt = new Interrupt();
  const { signal } = interrupt;
  const done = (count: number) => progress(`simulate  ${count}/${units.length} runs`);
  done(0);
  const atOnce = Math.floor(memoryBytes / experiment.bytes);
  let reports: (RunReport | null)[];
  let limits: Limits | null = null;
  try {
    if (executor === 'threads') {
      reports = await (
        await import('./threads.ts')
      ).runAllOnThreads(units, {
        signal,
        done,
        validating: flags.validate === true,
        unexplained: note,
      });
    } else {
      const smallest = smallestOf(experiment, named);
      const run = flags.cpuProfile === undefined ? runAllAndPages : runAllHere;
      const ran = await run(units, { signal, atOnce, done }, smallest?.runs ?? []);
      reports = ran.reports;
      limits = smallest?.limits(ran.onePages) ?? null;
    }
  } finally {
    progressEnds();
    interrupt.release();
  }
  const mode = executor === 'threads' ? 'threads' : scheduler;
  const result = resultOf(experiment, reports, executor, mode, plans);
  const json = JSON.stringify(result, null, 2);
  // On this thread and not to be interrupted: only with protocols that have just shown that they come to rest.
  const text =
    result.runs.length === 0
      ? `Interrupted before the first of ${units.length} runs was done.`
      : comparison(experiment, result, limits, performance.now() - began);
  // A signal that came when all was done stopped nothing.
  const stopped = result.complete ? 0 : interrupt.status;
  let status = stopped || statusOf(result);
  const attempt = async (write: () => Promise<void> | void) => {
    if (!(await attempted(write)) && status === exit.ok) status = exit.output;
  };
  const show = sayer(flags.json);
  if (flags.json === true) {
    await attempt(() => print(json));
    note(text);
  } else await attempt(() => print(text));
  if (journeyOf !== null && result.runs.length > 0 && stopped === 0) {
    for (const unit of units.slice(0, named.length)) {
      const lines = await journey(unit, journeyOf);
      await attempt(() => show(`\n${lines.join('\n')}`));
    }
  }
  const { json: jsonFile } = flags;
  if (typeof jsonFile === 'string') await attempt(() => writeWhole(jsonFile, `${json}\n`));
  if (flags.out !== undefined) await attempt(() => writeWhole(join(out, 'result.json'), `${json}\n`));
  if (!result.pass && executor === 'simulated') {
    await attempt(() => keepFailures(units, reports, { out, stdin, show }));
  }
  return status;
}

/** Under the name that the file has goes only what is in the file. */
function titled(scenario: Scenario, flags: Flags): Scenario {
  const others = changing(flags);
  if (scenario.name === undefined || others.length === 0) return scenario;
  return { ...scenario, name: `${scenario.name} with ${others.join(' ')}` };
}

/** The page whose journey is wanted, or null. */
function pageOf({ journey: text }: Flags, executor: string, { spec }: Experiment): number | null {
  if (text === undefined) return null;
  const page = wholeNumber(text, '--journey');
  const { pages } = spec.guests[0]!;
  if (page >= pages) {
    const expected = `a page of the first guest, 0 to ${pages - 1}`;
    refuse('--journey', `page ${page}`, expected, 'pages are numbered from 0');
  }
  if (executor === 'threads') {
    refuse('--journey', 'with --executor threads', '--executor simulated', 'there time is virtual');
  }
  return page;
}

/** The run again, which is the same run, with one page followed. */
async function journey(unit: Unit, page: number): Promise<string[]> {
  const protocol = present(unit.protocol.split('/').at(-1), 'protocol');
  const followed = new Journey(
    new Geometry(unit.spec),
    pageTable,
    page,
    `${printable(protocol)}, seed ${unit.seed}`,
  );
  await runUnit(unit, { onEvent: (e) => followed.see(e) });
  return followed.lines(unit.scheduler === 'timed');
}

function statusOf(result: Result): number {
  if (!result.pass) return exit.violated;
  if (!result.complete) return exit.incomplete;
  return result.unexercised.length > 0 ? exit.missed : exit.ok;
}

function memoryFor(flags: Flags): number {
  if (flags.maxMemory === undefined) return Math.min(totalmem() * MEMORY_PART, Math.max(freemem(), 2 ** 30));
  return (
    bytesOf(flags.maxMemory) ||
    refuse('--max-memory', quote(flags.maxMemory), 'a size with a unit', 'such as 8GiB')
  );
}

async function stdinAsFile(scenario: Scenario, stdin: Stdin): Promise<Scenario> {
  const { workload } = scenario;
  if (!isTrace(workload) || !workload.files.includes('-')) return scenario;
  const files: string[] = [];
  for (const name of workload.files) files.push(name === '-' ? await stdin.spool('trace') : name);
  return { ...scenario, workload: { ...workload, files } };
}

/** The scenario with its topology; with what it says by node id carried over to that which `--topology` names. */
async function onItsTopology(
  scenario: Scenario,
  flags: Flags,
  stdin: Stdin,
): Promise<CarriedOver & { topology: Topology }> {
  const topology = await loadTopologyOrModule(scenario.host.topology, () => stdin.text());
  if (flags.topology === undefined) return { scenario, topology, warnings: [] };
  const given = {
    nodes: flags.nodes !== undefined,
    newLocation: flags.newLocation !== undefined,
    profile: flags.profile !== undefined,
  };
  return { ...carriedOver(scenario, topology, given), topology };
}

function resultOf(
  experiment: Experiment,
  reports: readonly (RunReport | null)[],
  executor: Result['executor'],
  scheduler: Result['scheduler'],
  plans: ReadonlyMap<number, FaultPlan>,
): Result {
  const done = reports.filter((report) => report !== null);
  const runs = done.map(({ run }) => {
    const plan = plans.get(run.seed) ?? [];
    return plan.length === 0 ? run : { ...run, faults: describeFaults(plan) };
  });
  const comparable = runs.filter((run) => !mayLosePages(plans.get(run.seed) ?? []));
  const checks = [...together(done.map((report) => report.checks)), differential(comparable)];
  checks.sort((a, b) => Number(a.kind === 'sometimes') - Number(b.kind === 'sometimes'));
  return {
    schemaVersion: 1,
    tool: TOOL,
    complete: done.length === reports.length && runs.every((run) => run.ending === 'at rest'),
    pass: checks.every((check) => check.kind === 'sometimes' || check.pass),
    scenarioHash: experiment.hash,
    machine: machineOf(experiment),
    executor,
    scheduler,
    unexercised: inVainIn(runs),
    runs,
    checks,
  };
}

/** Failures that are made small and told: the first of each protocol and property. */
const EXPLAINED_MAX = 3;

/** What failed can be run again, from any folder: one file a run, and the line to type last. What has no file is told too. */
async function keepFailures(
  units: readonly Unit[],
  reports: readonly (RunReport | null)[],
  { out, stdin, show }: { out: string; stdin: Stdin; show: (text: string) => Promise<void> },
): Promise<void> {
  const lines: string[] = [];
  const explained = new Set<string>();
  for (const [index, report] of reports.entries()) {
    const violation = report?.run.violations[0];
    if (!report || !violation) continue;
    const unit = units[index]!;
    const file = join(out, `failure-${report.run.protocol}-${unit.seed}.json`);
    const choices = unit.scheduler === 'timed' ? undefined : report.choices;
    let kept: Unit = { ...unit, protocol: absolute(unit.protocol), choices };
    const isKept = await attempted(() => {
      kept = { ...kept, workload: keptWorkload(unit.workload, out, stdin) };
      writeReplay(file, kept, violation);
    });
    const what = `${report.run.protocol} ${violation.property}`;
    if (explained.size < EXPLAINED_MAX && !explained.has(what)) {
      explained.add(what);
      const keep = file.replace(/\.json$/, '-smallest.json');
      const screen = await explainFailure(kept, violation, isKept ? { keep, replay: file } : {});
      if (screen.length > 0) await show(`\n${screen.join('\n')}`);
    }
    if (isKept) lines.push(`Replay  ${commandTo('simulate', `--replay ${shellWord(file)}`)}`);
  }
  for (const line of lines) await show(line);
}

function keptWorkload(workload: Unit['workload'], out: string, stdin: Stdin): Unit['workload'] {
  if (isScript(workload)) return workload;
  if (!isTrace(workload)) return { ...workload, kind: absolute(workload.kind) };
  const files = workload.files.map((file) =>
    stdin.owns(file) ? resolve(stdin.keep(file, out)) : resolve(file),
  );
  return { ...workload, files };
}
