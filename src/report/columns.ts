// The columns of a comparison: a protocol each, with its runs, one for each seed.
import type { Run } from './result.ts';

export interface Column {
  name: string;
  runs: readonly Run[];
  /** All of its runs came to rest: the others' figures are of a part of the work. */
  isFinished: boolean;
}

export interface Columns {
  all: readonly Column[];
  /** The one that ratios are against: conventional where it is there. */
  base: Column;
}

/** @param names of the protocols in the order of the experiment */
export function columnsOf(names: readonly string[], runs: readonly Run[]): Columns {
  const all = names.flatMap((name) => {
    const own = runs.filter((run) => run.protocol === name);
    if (own.length === 0) return [];
    return [{ name, runs: own, isFinished: own.every(({ ending }) => ending === 'at rest') }];
  });
  return { all, base: all.find(({ name }) => name === 'conventional') ?? all[0]! };
}

/** Two columns did the same work as far as both were finished: only then a ratio says something. */
export function isComparable(column: Column, { base }: Columns): boolean {
  return column !== base && column.isFinished && base.isFinished;
}

export function mean({ runs }: Column, of: (run: Run) => number): number {
  return sum(runs, of) / runs.length;
}
export function sum(runs: readonly Run[], of: (run: Run) => number): number {
  return runs.reduce((total, run) => total + of(run), 0);
}

/** Sum of some counters of a run. */
export const counter =
  (...names: string[]) =>
  (run: Run): number =>
    names.reduce((total, name) => total + (run.vmstat[name] ?? 0), 0);

/** As it stands over its column. */
export const titleOf = (name: string): string => name.replace(/^copyless-/, '');
