// The rows of the bench table: what is measured, what stands beside it as its limit, and what is to be reached. The names are
// stable, so that results can be followed over time.
import type { Native } from './native.ts';

export interface Row {
  /** `bench/what`. */
  figure: string;
  unit: string;
  /** What is measured beside it in the same run, in words; null where there is nothing to stand beside it. */
  limit: string | null;
  /** What is followed and held against `reach`: measured over limit, or what was measured itself. */
  judged: 'ratio' | 'measured';
  better: 'more' | 'less';
  /** What is to be reached; null for rows that only inform. */
  reach: number | null;
}

/** What a bench has found for one of its rows. */
export interface Found {
  measured: number;
  /** null: absent on this machine. */
  limit: number | null;
  /** Of the two, taken together round by round; left out: measured / limit. */
  ratio?: number;
}

export interface Bench {
  name: string;
  rows: readonly Row[];
  /** Measures; a bench runs in a process of its own. */
  load(): Promise<{ measure(native: Native): Promise<Found[]> | Found[] }>;
}

/** A row with what was found, and what is made of it. */
export interface Line extends Row {
  measured: number | null;
  limitMeasured: number | null;
  ratio: number | null;
  /** What is judged, as the committed baseline has it. */
  baseline: number | null;
  /** null: not to be said. */
  reached: boolean | null;
  /** Worse than the baseline by more than `WORSE`. */
  worse: boolean;
  /** Why there is nothing. */
  missing?: string;
}

/** From here on a figure that got worse is warned of. */
export const WORSE = 0.15;

export function lineOf(row: Row, found: Found | null, baseline: number | undefined, missing?: string): Line {
  const measured = found?.measured ?? null;
  const limitMeasured = found?.limit ?? null;
  const ratio =
    measured === null || limitMeasured === null ? null : (found?.ratio ?? measured / limitMeasured);
  const judged = row.judged === 'ratio' ? ratio : measured;
  return {
    ...row,
    measured,
    limitMeasured,
    ratio,
    baseline: baseline ?? null,
    reached: judged === null || row.reach === null ? null : meets(judged, row.reach, row.better),
    worse: judged !== null && baseline !== undefined && isWorse(judged, baseline, row.better),
    ...(missing === undefined ? {} : { missing }),
  };
}

function meets(judged: number, reach: number, better: Row['better']): boolean {
  return better === 'more' ? judged >= reach : judged <= reach;
}
export function isWorse(judged: number, baseline: number, better: Row['better']): boolean {
  return better === 'more' ? judged < baseline * (1 - WORSE) : judged > baseline * (1 + WORSE);
}

/** What is followed of a line. */
export function judgedOf({ judged, ratio, measured }: Line): number | null {
  return judged === 'ratio' ? ratio : measured;
}
