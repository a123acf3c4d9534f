// One run on real threads, and what the same monitors make of its trace afterwards.
import { create, measure, type Parts } from '../actors/index.ts';
import { SILENT } from '../model/events.ts';
import type { Workload } from '../model/script.ts';
import type { Crew, CrewRun } from '../runtime/threads/crew.ts';
import type { Disturbance } from '../runtime/threads/actor-loop.ts';
import { validate, type Verdict } from '../runtime/threads/validate.ts';
import { type Observing, Trace } from '../runtime/trace.ts';
import { Judged } from './judged.ts';
import type { Check, Run } from './result.ts';

/** What a thread needs to build its view of the world: plain data, the protocol by name or path. */
export type ThreadParts = Omit<Parts, 'protocol' | 'alter'> & {
  protocol: string;
  eventRings: number;
  flaws: readonly string[];
};

export interface ThreadRunReport {
  run: Run;
  checks: Check[];
  statistics: CrewRun['statistics'];
  /** Of a run that was to be explained. */
  verdict?: Verdict;
}

/** What the check is called that every step is one of the model's. */
const VALIDATION = 'trace-validation';

export interface ThreadRunOptions {
  /** As the user named it, for the threads to load. */
  protocolName: string;
  seed: number;
  /** Wall time in ms, from whoever may look at the clock. */
  clockMs?: () => number;
  disturbance: Disturbance;
  signal?: AbortSignal | undefined;
  /** Seeded bugs, by name. */
  flaws?: readonly string[] | undefined;
  /** Told of every event afterwards, beside the monitors. */
  observing?: readonly Observing[];
  /** Whether the run is explained afterwards; vCPUs then run in bursts of one. */
  validating?: boolean;
}

export async function runOnThreads(
  crew: Crew<ThreadParts>,
  given: Parts,
  workloads: readonly Workload[],
  options: ThreadRunOptions,
): Promise<ThreadRunReport> {
  const { protocolName, seed, clockMs = () => 0, disturbance, signal } = options;
  const { flaws = [], observing = [], validating = false } = options;
  const began = clockMs();
  // A burst is several steps in one handler, and others may come between them: it is no step of the model.
  const parts = validating ? { ...given, spec: { ...given.spec, burst: 1 } } : given;
  const world = new SharedArrayBuffer(measure(parts));
  const system = create(world, parts, SILENT);
  const { protocol: _, alter: __, ...rest } = parts;
  const threadParts = { ...rest, protocol: protocolName, eventRings: system.geometry.actors, flaws };
  const sources = workloads.map((workload, guest) => workload.open(seed + guest, guest));
  let crewRun: CrewRun;
  try {
    crewRun = await crew.run(system, world, threadParts, sources, {
      disturbance,
      signal,
      recordsSteps: validating,
    });
  } finally {
    for (const source of sources) await source.close?.();
  }
  const wallMs = Math.round((clockMs() - began) * 10) / 10;
  const judged = new Judged(system.geometry, parts, false);
  const trace = new Trace([...judged.observing, ...observing]);
  // Who stopped a run does not wait for what was recorded of it to be judged.
  const events = crewRun.ending === 'stopped' ? [] : crewRun.recording.events();
  for (const e of events) trace.again(e);
  const facts = { traceHash: '', events: trace.length, wallMs };
  const report = { ...judged.report(system, seed, crewRun.ending, facts), statistics: crewRun.statistics };
  if (!validating || crewRun.ending === 'stopped') return report;
  const verdict = explained(crewRun, parts, world);
  const { unexplained, steps: examined } = verdict;
  report.checks.push({ name: VALIDATION, kind: 'always', pass: unexplained === null, examined });
  if (unexplained !== null)
    report.run.violations.push({ property: VALIDATION, message: unexplained.message, sequence: -1 });
  return { ...report, verdict };
}

/** Whether the run is a behaviour of the model: of `parts`, without the flaws that the threads were given. */
function explained({ recording, ending }: CrewRun, parts: Parts, world: SharedArrayBuffer): Verdict {
  return validate(recording.recorded(ending === 'at rest' ? world : null), (sink) => {
    const model = { ...parts, alter: undefined };
    const buffer = new ArrayBuffer(measure(model));
    return { system: create(buffer, model, sink), world: buffer };
  });
}
