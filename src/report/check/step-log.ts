// Steps that one of several threads has run, for the others, who need not run them again: what a step depends on and what it does,
// as words in shared memory. Whoever lacks a step first reads what is new.
import type { Effect } from './steps.ts';

/** Memory for all of them; only what is written takes any. */
const WORDS = 2 ** 24;

/** A step by what it looks at, beside its actor's own words and its message; and what it does. */
export interface ToldStep {
  own: number;
  /** Slot and number, in turns. */
  path: readonly number[];
  effect: Effect;
}

export class StepLog {
  /** Word 0: where the next one goes. Each is behind its length, which is written last. */
  private readonly words: Int32Array;
  /** How far it has been read here. */
  private at = 1;

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared);
    Atomics.compareExchange(this.words, 0, 0, 1);
  }
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * 4);
  }

  /** What cannot be told, since it has words for people or finds no room, the others find out by themselves. */
  tell({ own, path, effect }: ToldStep): void {
    const { actor, sent, events, hungry, failure, writes, pushes, occasions, subjects } = effect;
    if (failure !== null) return;
    const lists = [path, writes, pushes, occasions, subjects];
    const told = [own, actor, sent, events, hungry, ...lists.flatMap((list) => [list.length, ...list])];
    const { words } = this;
    if (Atomics.load(words, 0) >= words.length) return;
    const at = Atomics.add(words, 0, told.length + 1);
    if (at + told.length >= words.length) return;
    words.set(told, at + 1);
    Atomics.store(words, at, told.length);
  }
  /** The next one that was told, by whomever; null: nobody has told more. */
  next(): ToldStep | null {
    const { words, at } = this;
    if (at >= words.length) return null;
    const length = Atomics.load(words, at);
    if (length === 0) return null;
    this.at += length + 1;
    const [own, actor, sent, events, hungry] = words.subarray(at + 1, at + 6) as unknown as number[];
    let from = at + 6;
    const list = () => [...words.subarray(from + 1, (from += 1 + words[from]!))];
    const [path, writes, pushes, occasions, subjects] = [list(), list(), list(), list(), list()];
    return {
      own: own!,
      path,
      effect: { actor: actor!, sent: sent!, events: events!, hungry: hungry!, failure: null, writes, pushes, occasions, subjects }, // prettier-ignore
    };
  }
}
