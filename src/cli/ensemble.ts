// Runs the units of a comparison on all cores, a run a task. Interrupted, it gives what is done.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Piscina } from 'piscina';
import type { OnePage, OnePageUnit } from '../report/one-page.ts';
import type { RunReport } from '../report/run.ts';
import type { Unit } from '../report/unit.ts';
import { dismiss, ENDS } from '../stdx/dismiss.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/**
 * Calls after which V8's last compiler takes a function on. As it comes (3,000) it compiles most of the program while a run of a
 * second lasts, on the cores that the runs want: a third of the time goes there. What is hot is taken on in time all the same.
 */
const LAST_TIER_AFTER = 100_000;

export interface EnsembleOptions {
  signal: AbortSignal;
  /** Runs at a time, at most: so many worlds fit into memory. */
  atOnce: number;
  /** Called after each unit, with how many are done. */
  done: (count: number) => void;
}

/** What is null was interrupted; or, of a page, its protocol never balances that one. */
export interface Ran {
  reports: (RunReport | null)[];
  onePages: (OnePage | null)[];
}

export async function runAll(
  units: readonly Unit[],
  options: EnsembleOptions,
): Promise<(RunReport | null)[]> {
  return (await runAllAndPages(units, options, [])).reports;
}

/**
 * @param pages runs of a single page, done last: by then the threads' code is hot, and they take a tenth of the time
 */
export async function runAllAndPages(
  units: readonly Unit[],
  { signal, atOnce, done }: EnsembleOptions,
  pages: readonly OnePageUnit[],
): Promise<Ran> {
  setFlagsFromString(`--invocation-count-for-turbofan=${LAST_TIER_AFTER}`);
  const threads = Math.max(1, Math.min(availableParallelism(), units.length, atOnce));
  const pool = new Piscina<Unit | OnePageUnit, RunReport | OnePage>({
    filename: new URL(`../../workers/run.worker.${extension}`, import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    ...ENDS,
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
    const [reports, onePages] = await Promise.all([
      Promise.all(units.map(task)),
      Promise.all(pages.map(pageTask)),
    ]);
    return { reports, onePages };
  } finally {
    await dismiss(pool);
  }
}

/** The same on this thread, one after the other: for who wants to see what it does. */
export async function runAllHere(
  units: readonly Unit[],
  { signal, done }: Pick<EnsembleOptions, 'signal' | 'done'>,
  pages: readonly OnePageUnit[],
): Promise<Ran> {
  const [{ runUnit }, { runOnePage }] = await Promise.all([
    import('../report/unit.ts'),
    import('../report/one-page.ts'),
  ]);
  const stopped = () => signal.aborted;
  const reports: (RunReport | null)[] = [];
  for (const unit of units) {
    // A signal is heard between two runs, and in a long one now and then.
    await new Promise((resume) => setImmediate(resume));
    const report = stopped() ? null : await runUnit(unit, { stopped, clockMs: () => performance.now() });
    reports.push(stopped() ? null : report);
    if (!stopped()) done(reports.length);
  }
  const onePages: (OnePage | null)[] = [];
  for (const unit of pages) {
    const page = stopped() ? null : runOnePage(unit);
    try {
      onePages.push(await page);
    } catch (error) {
      if (!isAssertion(error)) throw error;
      onePages.push(null);
    }
  }
  return { reports, onePages };
}

const isAssertion = (error: unknown): boolean => error instanceof Error && error.name === 'AssertionError';

/** A copy between threads keeps an error's message and stack and loses its name, which is how `main` tells errors apart. */
export function named(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const name = /^(\w+Error): /.exec(error.stack ?? '')?.[1];
  if (name !== undefined && error.name === 'Error') error.name = name;
  return error;
}
