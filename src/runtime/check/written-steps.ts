// The steps of a search, written down as they are found: from which state to which, and by which action. Whether everything ends
// is asked of them afterwards; to find them once more would take as long as the search. Several threads write to one memory: each
// takes a stretch of it at a time.
import type { Successors } from './explorable.ts';

/** What other threads need to write as well. */
export interface SharedSteps {
  rows: SharedArrayBuffer;
  actions: SharedArrayBuffer;
  starts: SharedArrayBuffer;
  control: SharedArrayBuffer;
}

/** Words that a thread takes at a time. */
const STRETCH = 1 << 13;
const FIRST_WORDS = 1 << 12;
/** A word for each step and each state, at most; with the actions 6 bytes each. */
export const WORDS_MAX = 2 ** 29;
/** Of the bytes that a search may take for its states so many go to a word here: 6 in 16 are added to them. */
const BYTES_A_WORD = 16;
const ACTION_MAX = 2 ** 15 - 1;
/** Words of `control`: the first that nobody has taken; whether something could not be written. */
const NEXT = 0;
const FULL = 1;

export class WrittenSteps {
  /** A row for each state that has steps: how many, then the ids that they lead to. Row 0 is empty. */
  rows: Int32Array;
  /** By place in `rows`: the action of a step, negative where no fairness is assumed. */
  actions: Int16Array;
  /** By id: where its row is; 0, or beyond the end: it has none. */
  private starts: Int32Array;
  private readonly control: Int32Array;
  private readonly wordsMax: number;
  private readonly grows: boolean;
  private next = 0;
  private end = 0;
  /** Where rows were written since they were last asked for: [from, to) each. */
  private ranges: [number, number][] = [];

  /** How many words a search has that may take so many bytes for its states. */
  static wordsFor(memoryBytes: number): number {
    return Math.min(WORDS_MAX, Math.floor(memoryBytes / BYTES_A_WORD));
  }
  /** @param join memory of several threads, which does not grow; else it is this thread's alone, and does */
  constructor(join: SharedSteps | null, wordsMax = join ? join.rows.byteLength / 4 : WORDS_MAX) {
    this.grows = join === null;
    this.wordsMax = wordsMax;
    this.rows = join ? new Int32Array(join.rows) : new Int32Array(FIRST_WORDS);
    this.actions = join ? new Int16Array(join.actions) : new Int16Array(FIRST_WORDS);
    this.starts = join ? new Int32Array(join.starts) : new Int32Array(FIRST_WORDS);
    this.control = join ? new Int32Array(join.control) : new Int32Array(2);
    Atomics.compareExchange(this.control, NEXT, 0, 1);
  }
  /** What was never touched takes no memory. @returns null where the machine does not promise as much */
  static allocate(words: number): SharedSteps | null {
    try {
      const [rows, starts] = [new SharedArrayBuffer(words * 4), new SharedArrayBuffer(words * 4)];
      return { rows, starts, actions: new SharedArrayBuffer(words * 2), control: new SharedArrayBuffer(8) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return null;
    }
  }
  share(): SharedSteps {
    const { rows, actions, starts, control } = this;
    const buffer = ({ buffer: shared }: Int32Array | Int16Array) => shared as SharedArrayBuffer;
    return { rows: buffer(rows), actions: buffer(actions), starts: buffer(starts), control: buffer(control) };
  }

  /** No step is missing. */
  get areAll(): boolean {
    return Atomics.load(this.control, FULL) === 0;
  }
  /** Where in `rows` a state's row is, which is empty where it has no steps. */
  rowOf(id: number): number {
    return this.starts[id] ?? 0;
  }
  /** All steps of a stretch of states. @param ids of the states that they lead to */
  put({ sources, actions, length }: Successors, ids: Int32Array): void {
    if (!this.areAll) return;
    for (let from = 0, to = 0; from < length; from = to) {
      const source = sources[from]!;
      while (to < length && sources[to] === source) to++;
      let at = this.take(to - from + 1, source);
      if (at < 0) {
        Atomics.store(this.control, FULL, 1);
        return;
      }
      const { rows, actions: its } = this;
      this.starts[source] = at;
      rows[at] = to - from;
      for (let i = from; i < to; i++) {
        const action = actions[i]!;
        if (action > ACTION_MAX) Atomics.store(this.control, FULL, 1);
        rows[++at] = ids[i]!;
        its[at] = action;
      }
    }
  }
  /** The rows that were written here since this was last asked. */
  takeRanges(): [number, number][] {
    const { ranges } = this;
    this.ranges = [];
    return ranges;
  }
  /** States have other ids now than they had when the rows in these ranges were written. */
  rename(ranges: readonly [number, number][], renamed: ReadonlyMap<number, number>): void {
    if (renamed.size === 0) return;
    const { rows } = this;
    const least = Math.min(...renamed.keys());
    for (const [from, to] of ranges)
      for (let at = from; at < to;)
        for (let end = at + rows[at]! + 1; ++at < end;)
          if (rows[at]! >= least) rows[at] = renamed.get(rows[at]!) ?? rows[at]!;
  }

  /** Room for a row. @returns where, or -1 where there is none */
  private take(words: number, source: number): number {
    if (this.end - this.next < words && !this.takeStretch(words)) return -1;
    if (source >= this.starts.length && !this.growStarts(source)) return -1;
    const at = this.next;
    this.next += words;
    const last = this.ranges.at(-1);
    if (last?.[1] === at) last[1] = this.next;
    else this.ranges.push([at, this.next]);
    return at;
  }
  private takeStretch(words: number): boolean {
    const length = Math.max(STRETCH, words);
    const from = Atomics.add(this.control, NEXT, length);
    const to = from + length;
    if (to > this.wordsMax || (to > this.rows.length && !this.grow(to))) return false;
    this.next = from;
    this.end = to;
    return true;
  }
  private grow(words: number): boolean {
    if (!this.grows) return false;
    const length = Math.min(this.wordsMax, Math.max(words, 2 * this.rows.length));
    return this.attempt(() => {
      const [rows, actions] = [new Int32Array(length), new Int16Array(length)];
      rows.set(this.rows);
      actions.set(this.actions);
      Object.assign(this, { rows, actions });
    });
  }
  private growStarts(id: number): boolean {
    if (!this.grows) return false;
    return this.attempt(() => {
      const starts = new Int32Array(Math.max(id + 1, 2 * this.starts.length));
      starts.set(this.starts);
      this.starts = starts;
    });
  }
  /** @returns false where the machine has no such memory to give */
  private attempt(allocate: () => void): boolean {
    try {
      allocate();
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  }
}
