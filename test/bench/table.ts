// The bench table on the screen: one line a figure.
import { judgedOf, type Line, WORSE } from './row.ts';

const WIDTHS = { figure: 38, measured: 20, limit: 14, ratio: 9, reach: 9, baseline: 9 };

export function headings(): string[] {
  const { figure, measured, limit, ratio, reach, baseline } = WIDTHS;
  return [
    `${'figure'.padEnd(figure)}${'measured'.padStart(measured)}${'limit'.padStart(limit)}${'ratio'.padStart(ratio)}${'reach'.padStart(reach)}${'baseline'.padStart(baseline)}  limit: what is measured beside it`,
  ];
}

export function tableLine(line: Line): string {
  const { figure, unit, measured, limitMeasured, ratio, limit, judged, better, reach, reached, baseline } =
    line;
  const mark = judged === 'ratio' ? 'x' : '';
  const bound = reach === null ? '-' : `${better === 'more' ? '>=' : '<='} ${reach}${mark}`;
  const comment = [
    line.missing ?? limit ?? 'none',
    ...(reached === false ? ['NOT REACHED'] : []),
    ...(line.worse ? ['WORSE'] : []),
  ];
  return [
    figure.padEnd(WIDTHS.figure),
    (measured === null ? 'absent' : `${short(measured)} ${unit}`).padStart(WIDTHS.measured),
    (limit === null ? '-' : limitMeasured === null ? 'absent' : short(limitMeasured)).padStart(WIDTHS.limit),
    (ratio === null ? '-' : `${short(ratio)}x`).padStart(WIDTHS.ratio),
    bound.padStart(WIDTHS.reach),
    (baseline === null ? '-' : `${short(baseline)}${mark}`).padStart(WIDTHS.baseline),
    `  ${comment.join('; ')}`,
  ].join('');
}

export function warningOf(line: Line): string {
  const now = judgedOf(line);
  return `warning: ${line.figure}: ${now === null ? 'absent' : short(now)}, the baseline has ${short(line.baseline!)}: worse by more than ${WORSE * 100} %`;
}

/** Three digits. */
export function short(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return value.toFixed(0);
  return value.toFixed(magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3);
}
