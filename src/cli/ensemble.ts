// Runs the units of a comparison on all cores, a run a task. Interrupted, it gives what is done.
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { RunReport } from '../report/run.ts';
import type { Unit } from '../report/unit.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

export interface EnsembleOptions {
  signal: AbortSignal;
  /** Runs at a time, at most: so many worlds fit into memory. */
  atOnce: number;
  /** Called after each unit, with how many are done. */
  done: (count: number) => void;
}

export async function runAll(
  units: readonly Unit[],
  { signal, atOnce, done }: EnsembleOptions,
): Promise<(RunReport | null)[]> {
  const threads = Math.max(1, Math.min(availableParallelism(), units.length, atOnce));
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
          throw named(error);
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
}

/** A copy between threads keeps an error's message and stack and loses its name, which is how `main` tells errors apart. */
export function named(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const name = /^(\w+Error): /.exec(error.stack ?? '')?.[1];
  if (name !== undefined && error.name === 'Error') error.name = name;
  return error;
}
