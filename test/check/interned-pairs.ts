// A model whose states are interned: pairs (x, y) up to (side, side), each known by the number of its record. Its parts have
// so many words of memory, in one thread or shared by several.
import { type Shared, Records } from '../../src/runtime/check/interner.ts';
import type { Explorable, Successors } from '../../src/testing.ts';

/** Words that a record of two has. */
export const PAIR_WORDS = 3;

export function internedPairs(side: number, words: number, shared?: Shared): Explorable {
  const records = new Records(words, shared);
  const numberOf = (x: number, y: number) => records.intern(Int32Array.of(x, y), 0, 2);
  const pairOf = (states: Int32Array, at: number) => {
    const record = states[at]!;
    return [records.data[record]!, records.data[record + 1]!] as const;
  };
  return {
    words: 1,
    hash: `pairs up to ${side}`,
    initial: (into) => into(Int32Array.of(numberOf(0, 0))),
    expand(states, at, out: Successors) {
      const [x, y] = pairOf(states, at);
      if (x < side) out.add(Int32Array.of(numberOf(x + 1, y)), 0, 0);
      if (y < side) out.add(Int32Array.of(numberOf(x, y + 1)), 0, 1);
    },
    isEnd: (states, at) => pairOf(states, at).every((coordinate) => coordinate === side),
    describe: (states, at) => pairOf(states, at).join(),
    describeAction: (_states, _at, k) => `step ${k}`,
    learning: {
      frozen: false,
      length: 0,
      read: () => records.save(),
      follow: (saved) => {
        if (saved.length > 0) records.restore(saved);
      },
      learn: () => {},
    },
  };
}
