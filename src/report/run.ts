// One run in the simulated executor, from a world's parts to what was measured and found. The unit of ensembles.
import { create, measure, type Parts } from '../actors/index.ts';
import type { TraceEvent } from '../model/events.ts';
import { Geometry } from '../model/geometry.ts';
import type { Workload } from '../model/script.ts';
import type { ChoosingScheduler } from '../runtime/scheduler.ts';
import { type Ordering, schedulerFor } from '../runtime/schedulers/named.ts';
import { Simulation } from '../runtime/simulate.ts';
import { Trace } from '../runtime/trace.ts';
import { Judged } from './judged.ts';
import type { Check, Run } from './result.ts';

export interface RunOptions extends Ordering {
  /** Of the workloads and of a scheduler that draws, a whole number from 0 on: the same seed makes the same run. */
  seed: number;
  /** Asked now and then; true ends the run. */
  stopped?: (() => boolean) | undefined;
  /** Handed every event, always the same object. */
  onEvent?: ((event: TraceEvent) => void) | undefined;
  /** Wall time in ms, from whoever may look at the clock. */
  clockMs?: (() => number) | undefined;
  /** Messages to deliver at most; none by default. */
  limit?: number | undefined;
  /** So many bytes, all zero, for the world: from whoever has them. Nobody else may use them until the run has ended. */
  memory?: ((bytes: number) => ArrayBuffer) | undefined;
}

export interface RunReport {
  run: Run;
  checks: Check[];
  /** What makes the schedule replayable; empty for the timed one, which needs no choices. */
  choices: readonly number[];
}

/**
 * Makes a run from its start to rest, to its limit or until it is stopped, under every property, and measures it.
 * @param workloads one for each guest, opened with seeds of their own that follow from the run's
 */
export async function runOnce(
  parts: Parts,
  workloads: readonly Workload[],
  options: RunOptions,
): Promise<RunReport> {
  const clockMs = options.clockMs ?? (() => 0);
  const began = clockMs();
  const judged = new Judged(new Geometry(parts.spec), parts, true);
  const trace = new Trace(judged.observing);
  if (options.onEvent) trace.all(options.onEvent);
  const system = create(options.memory?.(measure(parts)) ?? new ArrayBuffer(measure(parts)), parts, trace);
  const scheduler = schedulerFor(system, options);
  const simulation = new Simulation(system, scheduler);
  const sources = workloads.map((workload, guest) => workload.open(options.seed + guest, guest));
  try {
    const progressed = progress(judged, system.geometry.frames);
    const running = simulation.run(sources, options.limit, options.stopped, progressed);
    const ending = await running.catch((error: unknown) => judged.afterBreaking(error));
    return {
      ...judged.report(system, options.seed, ending, {
        traceHash: trace.digest(),
        events: trace.length,
        wallMs: Math.round((clockMs() - began) * 10) / 10,
      }),
      choices: (scheduler as Partial<ChoosingScheduler>).choices ?? [],
    };
  } finally {
    for (const source of sources) await source.close?.();
  }
}

/** Messages for each frame that a round of the host's clock hand over all of them may take, in which a vCPU waits for room. */
const ROUND_STEPS = 24;
const STEPS_BETWEEN = 1_000_000;

/** Asked every so many steps whether the run has made an access since, or may still be looking for room. */
function progress(judged: Judged, frames: number): () => boolean {
  const patience = Math.max(1, Math.ceil((frames * ROUND_STEPS) / STEPS_BETWEEN));
  let accesses = -1;
  let without = 0;
  return () => {
    without = accesses < (accesses = judged.accesses) ? 0 : without + 1;
    return without < patience;
  };
}
