// Words of a text with their places, so that a topology parser can point at what it cannot use. Shared by the parsers of
// `numactl -H` text and of sysfs files.

import { LOCAL, UNREACHABLE } from '../../model/topology.ts';
import { InputError, type Place } from '../../stdx/input-error.ts';

export interface Word extends Place {
  file: string;
  line: number;
  column: number;
  text: string;
}

export interface Line {
  /** At least one. */
  words: Word[];
  /** Where the line ends, for what is missing there. */
  end: Place;
}

/** What is wrong with a text says the same thing everywhere: how to get a good one. */
export const HINT = 'run numactl -H > FILE';

/** Nodes of one host: masks of nodes are 64 bits wide. */
export const NODES_MAX = 64;
/** Linux numbers at most 1024 nodes (NODES_SHIFT 10). */
export const NODE_ID_MAX = 1023;
/** Well above the 8192 CPUs that Linux can be built for. */
export const CPU_MAX = 65_535;
/** 4 PiB: x86-64 has 52 bits of physical address. */
export const MEMORY_MIB_MAX = 2 ** 32;

const QUOTE_MAX = 40;

/** The lines that are not blank. Line ends may be LF, CRLF or CR; a byte order mark is no word. */
export function linesOf(text: string, file: string): Line[] {
  const lines: Line[] = [];
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1;
    const words = Array.from(raw.matchAll(/[^\s\ufeff]+/g), (match) => {
      return { file, line, column: match.index + 1, text: match[0] };
    });
    if (words.length > 0) lines.push({ words, end: { file, line, column: raw.trimEnd().length + 1 } });
  }
  return lines;
}

/** `text` as an error message quotes it: the whole of a long line tells less than its beginning. */
export function quote(text: string): string {
  return `"${text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}...` : text}"`;
}

/** A number of `what`, in [0, `max`]. */
export function wholeNumber(word: Word, what: string, max: number, text = word.text): number {
  if (!/^\d+$/.test(text)) {
    throw new InputError(word, `${quote(text)} is not a ${what}`, `a whole number up to ${max}`, HINT);
  }
  const value = Number(text);
  if (value > max) {
    throw new InputError(word, `${what} ${quote(text)} is too large`, `at most ${max}`, HINT);
  }
  return value;
}

/** One row of the SLIT: `count` distances. `row` names it in errors. */
export function distanceRow(words: readonly Word[], count: number, row: string, end: Place): number[] {
  const extra = words[count];
  if (words.length < count || extra !== undefined) {
    const what = `${row} has ${words.length} ${words.length === 1 ? 'value' : 'values'}`;
    throw new InputError(extra ?? end, what, `${count}, one per node`, HINT);
  }
  return words.map((word) => {
    const value = wholeNumber(word, 'distance', UNREACHABLE);
    if (value < LOCAL) {
      const expected = `${LOCAL} (local) to ${UNREACHABLE} (unreachable)`;
      throw new InputError(word, `distance ${value} is too small`, expected, HINT);
    }
    return value;
  });
}
