// `simulate`: the protocols side by side on one workload.
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { protocols as shipped } from '../protocols/index.ts';
import { comparison, type Limits } from '../report/comparison.ts';
import { differential, together } from '../report/judged.ts';
import { onePage } from '../report/one-page.ts';
import type { Result } from '../report/result.ts';
import type { RunReport } from '../report/run.ts';
import { type Unit, unitOf } from '../report/unit.ts';
import { assemble, type Experiment } from '../scenarios/assemble.ts';
import { bytesOf, isTrace, type Scenario } from '../scenarios/scenario.ts';
import { readScenario } from '../scenarios/scenario-file.ts';
import { present } from '../stdx/assert.ts';
import { InputError } from '../stdx/input-error.ts';
import { runAll } from './ensemble.ts';
import { exit } from './exit.ts';
import { type Flags, oneOf, withFlags } from './options.ts';
import { note, print, progress, progressEnds, refuseUnwritable, writeWhole } from './output.ts';
import { Stdin } from './stdin.ts';
import { TOOL } from './version.ts';

/** The scenario that is run when none is named. */
const SHIPPED = fileURLToPath(new URL('../../examples/two-socket.yaml', import.meta.url));
/** Part of this machine's memory that a run may take. */
const MEMORY_PART = 0.75;

export async function simulate(file: string | undefined, flags: Flags): Promise<number> {
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
  const scheduler = oneOf(flags.scheduler, '--scheduler', ['timed', 'random', 'pct']);
  const scenario = await stdinAsFile(withFlags(readScenario(file ?? SHIPPED, () => stdin.text('scenario')), flags), stdin);
  const experiment = await assemble(scenario, file ?? 'simulate', () => stdin.text('topology'), memoryFor(flags));
  const named = scenario.protocols ?? shipped.map((protocol) => protocol.name);
  const out = flags.out ?? 'out';
  if (typeof flags.json === 'string') refuseUnwritable(flags.json);
  if (flags.out !== undefined) refuseUnwritable(join(out, 'result.json'));
  for (const warning of experiment.topology.warnings) note(`warning: ${experiment.topology.name}: ${warning}`);

  const [first, last] = scenario.seeds;
  const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const units = seeds.flatMap((seed) => named.map((name) => unitOf(experiment, name, seed, scheduler)));

  const interrupt = new Interrupt();
  const show = (count: number) => progress(`simulate  ${count}/${units.length} runs`);
  show(0);
  const running =
    executor === 'threads'
      ? (await import('./threads.ts')).runAllOnThreads(units, interrupt.signal, show)
      : runAll(units, interrupt.signal, show);
  const limits = executor === 'threads' ? Promise.resolve(null) : limitsOf(experiment);
  let reports: (RunReport | null)[];
  try {
    reports = await running;
  } finally {
    progressEnds();
    interrupt.release();
  }
  const result = resultOf(experiment, reports, executor);
  const json = JSON.stringify(result, null, 2);
  const text = comparison(experiment, result, await limits, performance.now() - began);
  if (flags.json === true) {
    await print(json);
    note(text);
  } else await print(text);
  // Nothing is lost when a file cannot be written: the result is on the screen by now.
  if (typeof flags.json === 'string') writeWhole(flags.json, `${json}\n`);
  if (flags.out !== undefined) writeWhole(join(out, 'result.json'), `${json}\n`);
  if (interrupt.status !== 0) return interrupt.status;
  if (!result.pass) {
    await keepFailures(units, reports, executor, out);
    return exit.violated;
  }
  return result.complete ? exit.ok : exit.incomplete;
}

function memoryFor(flags: Flags): number {
  if (flags.maxMemory === undefined) return Math.min(totalmem() * MEMORY_PART, Math.max(freemem(), 2 ** 30));
  const bytes = bytesOf(flags.maxMemory);
  if (bytes) return bytes;
  throw new InputError({ file: '--max-memory' }, `'${flags.maxMemory}'`, 'a size with a unit', 'such as 8GiB');
}

async function stdinAsFile(scenario: Scenario, stdin: Stdin): Promise<Scenario> {
  const { workload } = scenario;
  if (!isTrace(workload) || !workload.files.includes('-')) return scenario;
  const file = await stdin.spool('trace');
  return { ...scenario, workload: { ...workload, files: workload.files.map((name) => (name === '-' ? file : name)) } };
}

function resultOf(experiment: Experiment, reports: readonly (RunReport | null)[], executor: Result['executor']): Result {
  const done = reports.filter((report) => report !== null);
  const runs = done.map((report) => report.run);
  const checks = [...together(done.map((report) => report.checks)), differential(runs)];
  checks.sort((a, b) => Number(a.kind === 'sometimes') - Number(b.kind === 'sometimes'));
  return {
    schemaVersion: 1,
    tool: TOOL,
    complete: done.length === reports.length && runs.every((run) => run.ending === 'at rest'),
    pass: checks.every((check) => check.kind === 'sometimes' || check.pass),
    scenarioHash: experiment.hash,
    executor,
    runs,
    checks,
  };
}

/** The smallest case, simulated one page at a time, on the scenario's own costs. */
async function limitsOf(experiment: Experiment): Promise<Limits | null> {
  const conventional = present(shipped[0], 'the conventional protocol');
  const copyless = experiment.protocols.find((protocol) => protocol.name === 'copyless-migrate') ?? experiment.protocols.find((protocol) => protocol.guestAsks !== 'nothing');
  if (!copyless) return null;
  const { costs } = experiment;
  const { kind } = experiment.scenario.host.newLocation;
  const pair = async (place: Parameters<typeof onePage>[0]) => ({
    conventional: await onePage(place, conventional, costs),
    copyless: await onePage(place, copyless, costs),
  });
  const slow = await pair({ kind: 'sata', attached: 'destination' });
  if (kind === 'far') return { protocol: copyless.name, kind: 'far memory', here: await pair({ kind }), slow };
  const here = await pair({ kind, attached: 'destination' });
  return { protocol: copyless.name, kind, here, slow, atSource: await pair({ kind, attached: 'source' }) };
}

/** What failed can be run again: one file a run, and the line to type last. */
async function keepFailures(
  units: readonly Unit[],
  reports: readonly (RunReport | null)[],
  executor: Result['executor'],
  out: string,
): Promise<void> {
  const lines: string[] = [];
  reports.forEach((report, index) => {
    const violation = report?.run.violations[0];
    if (!report || !violation) return;
    if (executor === 'threads') return;
    const unit = units[index]!;
    const file = join(out, `failure-${report.run.protocol}-${unit.seed}.json`);
    const choices = unit.scheduler === 'timed' ? undefined : report.choices;
    writeWhole(file, `${JSON.stringify({ replay: 1, tool: TOOL, violation, unit: { ...unit, choices } })}\n`);
    lines.push(`Replay  npm run simulate -- --replay ${file}`);
  });
  for (const line of lines) await print(line);
}

/** Ctrl-C once: what is done is reported. Twice: out. */
class Interrupt {
  private readonly controller = new AbortController();
  status: number = 0;
  private readonly onSignal = (signal: NodeJS.Signals) => {
    const status = signal === 'SIGINT' ? exit.sigint : exit.sigterm;
    if (this.status !== 0) process.exit(status);
    this.status = status;
    this.controller.abort();
  };

  constructor() {
    process.on('SIGINT', this.onSignal);
    process.on('SIGTERM', this.onSignal);
  }
  get signal(): AbortSignal {
    return this.controller.signal;
  }
  release(): void {
    process.off('SIGINT', this.onSignal);
    process.off('SIGTERM', this.onSignal);
  }
}
