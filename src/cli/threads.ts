// A comparison on real threads: one run after another, each with a thread per actor, by one crew.
import type { ThreadParts } from '../report/run-on-threads.ts';
import { runOnThreads } from '../report/run-on-threads.ts';
import type { RunReport } from '../report/run.ts';
import type { Unit } from '../report/unit.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { Geometry } from '../model/geometry.ts';
import { Crew } from '../runtime/threads/crew.ts';
import { partsOf, workloadOf } from '../scenarios/parts.ts';
import { present } from '../stdx/assert.ts';
import type { EnsembleOptions } from './ensemble.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
export const ACTOR_WORKER = new URL(`../../workers/actor.worker.${extension}`, import.meta.url);

export async function runAllOnThreads(
  units: readonly Unit[],
  {
    signal,
    done,
    validating,
    unexplained,
  }: Pick<EnsembleOptions, 'signal' | 'done'> & {
    /** Whether each run is explained by the model afterwards, and who is told of the step that is not. */
    validating: boolean;
    unexplained: (text: string) => void;
  },
): Promise<(RunReport | null)[]> {
  const { spec } = present(units[0], 'a run');
  const crew = new Crew<ThreadParts>(ACTOR_WORKER, new Geometry(spec).feeder);
  const reports: (RunReport | null)[] = [];
  try {
    for (const unit of units) {
      // What was stopped in the middle is no result.
      if (signal.aborted) {
        reports.push(null);
        continue;
      }
      const parts = partsOf(unit, await loadProtocol(unit.protocol));
      const workload = await workloadOf(unit.workload, unit.shape);
      const workloads = unit.spec.guests.map(() => workload);
      const disturbance = { yieldsPerMille: 0, seed: unit.seed };
      const { run, checks, verdict } = await runOnThreads(crew, parts, workloads, {
        protocolName: unit.protocol,
        seed: unit.seed,
        clockMs: () => performance.now(),
        disturbance,
        signal,
        flaws: unit.flaws,
        validating,
      });
      for (const line of verdict?.unexplained?.lines() ?? []) unexplained(line);
      reports.push(signal.aborted ? null : { run, checks, choices: [] });
      done(reports.length);
    }
    return reports;
  } finally {
    await crew.dismiss();
  }
}
