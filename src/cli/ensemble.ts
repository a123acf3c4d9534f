// Runs the units of a comparison on all cores, a run a task. Interrupted, it gives what is done.
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { RunReport } from '../report/run.ts';
import type { Unit } from '../report/unit.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** @param done called after each unit, with how many are done */
export async function runAll(
  units: readonly Unit[],
  signal: AbortSignal,
  done: (count: number) => void,
): Promise<(RunReport | null)[]> {
  const threads = Math.min(availableParallelism(), units.length);
  const pool = new Piscina<Unit, RunReport>({
    filename: new URL(`../../workers/run.worker.${extension}`, import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  let count = 0;
  try {
    return await Promise.all(
      units.map(async (unit) => {
        try {
          const report = await pool.run(unit, { signal });
          done(++count);
          return report;
        } catch (error) {
          if (signal.aborted) return null;
          throw error;
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
}
