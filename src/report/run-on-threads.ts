// One run on real threads, and what the same monitors make of its trace afterwards.
import { create, measure, type Parts } from '../actors/index.ts';
import type { Workload } from '../model/script.ts';
import type { Crew, CrewRun } from '../runtime/threads/crew.ts';
import type { Disturbance } from '../runtime/threads/actor-loop.ts';
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
}

const SILENT = { takePlace() {}, put() {} };

/** @param protocolName as the user named it, for the threads to load */
export async function runOnThreads(
  crew: Crew<ThreadParts>,
  parts: Parts,
  protocolName: string,
  workloads: readonly Workload[],
  seed: number,
  clockMs: () => number,
  disturbance: Disturbance,
  signal?: AbortSignal,
  flaws: readonly string[] = [],
  observing: readonly Observing[] = [],
): Promise<ThreadRunReport> {
  const began = clockMs();
  const world = new SharedArrayBuffer(measure(parts));
  const system = create(world, parts, SILENT);
  const { protocol: _, alter: __, ...rest } = parts;
  const threadParts = { ...rest, protocol: protocolName, eventRings: system.geometry.actors, flaws };
  const sources = workloads.map((workload, guest) => workload.open(seed + guest, guest));
  let crewRun: CrewRun;
  try {
    crewRun = await crew.run(system, world, threadParts, sources, disturbance, signal);
  } finally {
    for (const source of sources) await source.close?.();
  }
  const wallMs = Math.round((clockMs() - began) * 10) / 10;
  const judged = new Judged(system.geometry, parts, false);
  const trace = new Trace([...judged.observing, ...observing]);
  // Who stopped a run does not wait for what was recorded of it to be judged.
  const events = crewRun.ending === 'stopped' ? [] : crewRun.recording.events();
  for (const e of events) {
    trace.put(
      e.actor,
      e.time,
      e.kind,
      e.id,
      e.gfn,
      e.destination,
      e.generation,
      e.from,
      e.to,
      e.cause,
      e.result,
    );
  }
  const facts = { traceHash: '', events: trace.length, wallMs };
  return { ...judged.report(system, seed, crewRun.ending, facts), statistics: crewRun.statistics };
}
