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

/** The same with what is left of each word given to the parts in it, so that they need not be laid out anew so soon. */
export function spread(bits: readonly number[]): { positions: Int32Array; bits: Int32Array; words: number } {
  const { positions, words } = place(
    bits,
    bits.map(() => 1),
  );
  const wide = Int32Array.from(bits);
  for (let word = 0; word < words; word++) {
    const inside = [...bits.keys()].filter((part) => positions[part]! >>> 5 === word);
    let left = 32 - inside.reduce((sum, part) => sum + bits[part]!, 0);
    for (let i = 0; left > 0 && inside.some((part) => wide[part]! < BITS_MAX); i++) {
      const part = inside[i % inside.length]!;
      if (wide[part] === BITS_MAX) continue;
      wide[part]!++;
      left--;
    }
    let at = word * 32;
    for (const part of inside) {
      positions[part] = at;
      at += wide[part]!;
    }
  }
  return { positions, bits: wide, words };
}
/** Numbers are never negative. */
const BITS_MAX = 31;
