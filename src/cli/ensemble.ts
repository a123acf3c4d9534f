// Runs the units of a comparison on all cores, a run a task. Interrupted, it gives what is done.
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { OnePage, OnePageUnit } from '../report/one-page.ts';
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

/**
 * @param pages runs of a single page, done last: by then the threads' code is hot, and they take a tenth of the time
 * @returns null for what was interrupted, and for pages under a protocol of the user's that never balances that one
 */
export async function runAll(
  units: readonly Unit[],
  { signal, atOnce, done }: EnsembleOptions,
  pages: readonly OnePageUnit[] = [],
): Promise<{ reports: (RunReport | null)[]; onePages: (OnePage | null)[] }> {
  const threads = Math.max(1, Math.min(availableParallelism(), units.length, atOnce));
  const pool = new Piscina<Unit | OnePageUnit, RunReport | OnePage>({
    filename: new URL(`../../workers/run.worker.${extension}`, import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  let count = 0;
  const task = async (unit: Unit) => {
    try {
      const report = (await pool.run(unit, { signal })) as RunReport;
      done(++count);
      return report;
    } catch (error) {
      if (signal.aborted) return null;
      throw named(error);
    }
  };
  const pageTask = async (unit: OnePageUnit) => {
    try {
      return (await pool.run(unit, { signal, name: 'onePage' })) as OnePage;
    } catch (error) {
      if (signal.aborted || isAssertion(named(error))) return null;
      throw named(error);
    }
  };
  try {
    const reports = Promise.all(units.map(task));
    const onePages = Promise.all(pages.map(pageTask));
    return { reports: await reports, onePages: await onePages };
  } finally {
    await pool.destroy();
  }
}

const isAssertion = (error: unknown): boolean => error instanceof Error && error.name === 'AssertionError';

/** A copy between threads keeps an error's message and stack and loses its name, which is how `main` tells errors apart. */
export function named(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const name = /^(\w+Error): /.exec(error.stack ?? '')?.[1];
  if (name !== undefined && error.name === 'Error') error.name = name;
  return error;
}
