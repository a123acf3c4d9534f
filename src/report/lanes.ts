// FIG. 4's drawing in text: a column for whoever takes part, a line for each thing that happens, the patent's numeral on its
// left and what it is about on its right. Shared by a page's journey and by a failure.
import { printable } from '../stdx/input-error.ts';

export interface LaneStep {
  /** FIG. 4's reference numeral, `445+450` where two coincide, or nothing. */
  numeral: string;
  /** Virtual nanoseconds, where the order is theirs. */
  time: number;
  /** Lanes by name; equal where somebody does something by itself. */
  from: string;
  to: string;
  text: string;
  /** Where the run went wrong. */
  broken?: boolean;
}

const NUMERAL = 7;
const TIME = 10;
const LANE_MIN = 8;
const LANE_MAX = 18;

export interface Drawing {
  /** Lanes that are drawn though no step names them. */
  always?: readonly string[];
  /** The order of the steps is that of their times; where somebody chose the order, times mean nothing and are left out. */
  isTimed: boolean;
}

/** @param lanes the order in which lanes stand; those that no step names are left out */
export function drawLanes(
  lanes: readonly string[],
  steps: readonly LaneStep[],
  { always = [], isTimed }: Drawing,
): string[] {
  const used = new Set([...always, ...steps.flatMap(({ from, to }) => [from, to])]);
  const columns = lanes.filter((lane) => used.has(lane));
  const labels = columns.map((lane) => printable(lane).slice(0, LANE_MAX));
  const widths = labels.map((label) => Math.max(LANE_MIN, label.length) + 2);
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width, 0));
  const total = widths.reduce((sum, width) => sum + width, 0);
  const place = new Map(columns.map((lane, i) => [lane, starts[i]! + Math.floor(labels[i]!.length / 2)]));
  const head = labels.map((label, i) => label.padEnd(widths[i]!)).join('');
  const timed = (text: string) => (isTimed ? text.padStart(TIME) : '');
  return [
    `${'FIG. 4'.padEnd(NUMERAL)}${timed('us')}  ${head}`.trimEnd(),
    ...steps.map((step) => {
      const mark = step.broken ? '✗' : step.numeral;
      const cells = row(total, [...place.values()], place.get(step.from)!, place.get(step.to)!, step);
      const time = timed((step.time / 1000).toFixed(1));
      return `${mark.padStart(NUMERAL - 2).padEnd(NUMERAL)}${time}  ${cells}${printable(step.text)}`.trimEnd();
    }),
  ];
}

function row(total: number, bars: readonly number[], from: number, to: number, { broken }: LaneStep): string {
  const cells: string[] = Array.from({ length: total }, (_, i) => (bars.includes(i) ? '|' : ' '));
  if (from === to) cells[from] = broken ? '✗' : '*';
  else {
    const [left, right] = [Math.min(from, to), Math.max(from, to)];
    for (let i = left + 1; i < right; i++) cells[i] = '-';
    if (from < to) cells[right - 1] = '>';
    else cells[left + 1] = '<';
    if (broken) cells[to] = '✗';
  }
  return cells.join('');
}
