// Where in a packed state the number of each part stands.
import { WORDS_MAX } from './explorable.ts';

export interface Layout {
  /** Bit positions of all parts, kind by kind, replica by replica: word = position >> 5, shift = position & 31. */
  positions: Int32Array;
  bits: readonly number[];
  places: readonly number[];
}

export function maskOf(bits: number): number {
  return 2 ** bits - 1;
}

/** First fit, widest first. */
export function place(
  bits: readonly number[],
  counts: readonly number[],
): { positions: Int32Array; words: number } {
  const slots = bits.flatMap((width, kind) =>
    Array.from({ length: counts[kind]! }, (_, replica) => ({ width, kind, replica })),
  );
  const positions = new Int32Array(slots.length);
  const used: number[] = [];
  const widestFirst = [...slots.keys()].toSorted((a, b) => slots[b]!.width - slots[a]!.width || a - b);
  for (const index of widestFirst) {
    const { width } = slots[index]!;
    let word = used.findIndex((taken) => taken + width <= 32);
    if (word < 0) word = used.push(0) - 1;
    positions[index] = word * 32 + used[word]!;
    used[word]! += width;
  }
  if (used.length > WORDS_MAX)
    throw new Error(
      `a packed state: expected at most ${WORDS_MAX * 32} bits, saw ${bits.join(' + ')} with replicas`,
    );
  return { positions, words: Math.max(1, used.length) };
}
