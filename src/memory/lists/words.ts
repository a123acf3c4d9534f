// The words of a moved list, as its owner and its readers reach them: shared, where each access is atomic and counted, or
// a private copy of the same words.
import type { Meter } from '../meter.ts';

/** Word 0 is the version: odd while a change is being written, two more after each (a seqlock). */
export const VERSION = 0;
/** First word of a format's own; the version has a cache line for itself. */
export const HEADER = 16;
const LINE_SHIFT = 4;

/** Cache line of a word. */
export function lineOf(index: number): number {
  return index >>> LINE_SHIFT;
}

/** Gfns of one guest on a list. */
export interface Tenant {
  first: number;
  /** One past the last. */
  end: number;
}

export class Words {
  readonly column: Int32Array;
  private readonly meter: Meter | null;

  /** @param meter null for words that only their owner reaches */
  constructor(column: Int32Array, meter: Meter | null) {
    this.column = column;
    this.meter = meter;
  }
  load(index: number): number {
    if (this.meter === null) return this.column[index]!;
    this.meter.touch(this.column, index);
    const word = Atomics.load(this.column, index);
    this.meter.found(word);
    return word;
  }
  store(index: number, value: number): void {
    if (this.meter === null) {
      this.column[index] = value;
      return;
    }
    this.meter.touch(this.column, index);
    Atomics.store(this.column, index, value);
    this.meter.left(value);
  }
}
