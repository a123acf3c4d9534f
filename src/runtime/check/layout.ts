// Where in a packed state the number of each part stands.
import { WORDS_MAX } from './explorable.ts';

export interface Layout {
  /** Bit positions of all parts, kind by kind, replica by replica: word = position >> 5, shift = position & 31. */
  positions: Int32Array;
  bits: readonly number[];
  places: readonly number[];
}

/** Where the number of each part stands, and in how many bits. */
export interface Packing {
  words: number;
  positions: ArrayLike<number>;
  masks: ArrayLike<number>;
}

export type Unpack = (states: Int32Array, at: number, numbers: Int32Array) => void;

/**
 * Takes the packed state at `states[at..]` apart. The function is written for the layout, without a loop over its parts, which
 * took a tenth of all time of a search.
 */
export function unpacker({ words, positions, masks }: Packing): Unpack {
  const lines = Array.from({ length: words }, (_, word) => `const w${word} = states[at + ${word}];`);
  for (let part = 0; part < positions.length; part++) {
    const position = positions[part]!;
    lines.push(`numbers[${part}] = (w${position >>> 5} >>> ${position & 31}) & ${masks[part]!};`);
  }
  // oxlint-disable-next-line no-implied-eval -- made of numbers only
  return new Function('states', 'at', 'numbers', lines.join('\n')) as Unpack;
}

/** Packs states anew: rows 1 to `states` of `keys` into those of `into`, which may be the same where as many words suffice. */
export function repack(from: Packing, to: Packing, keys: Int32Array, into: Int32Array, states: number): void {
  const unpack = unpacker(from);
  const after = Int32Array.from(to.positions);
  const numbers = new Int32Array(after.length);
  const row = new Int32Array(to.words);
  for (let id = 1; id <= states; id++) {
    unpack(keys, id * from.words, numbers);
    for (let w = 0; w < row.length; w++) row[w] = 0;
    for (let part = 0; part < after.length; part++) {
      const position = after[part]!;
      row[position >>> 5]! |= numbers[part]! << position;
    }
    for (let w = 0; w < row.length; w++) into[id * row.length + w] = row[w]!;
  }
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

/**
 * As many words as `place` takes, with the parts divided evenly among them and what is left of each word given to the parts
 * in it: so that all have room to grow, and need not be laid out anew so soon.
 */
export function spread(bits: readonly number[]): { positions: Int32Array; bits: Int32Array; words: number } {
  const one = bits.map(() => 1);
  const { words } = place(bits, one);
  const wordOf = evenly(bits, words) ?? Array.from(place(bits, one).positions, (position) => position >>> 5);
  const wide = Int32Array.from(bits);
  const positions = new Int32Array(bits.length);
  for (let word = 0; word < words; word++) {
    const inside = [...bits.keys()].filter((part) => wordOf[part] === word);
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
/**
 * The word of each part: as many parts in each word, but for the first ones, which take one more each of the narrowest. Of
 * what goes into some words, the widest first, each into the one that has most room.
 * @returns null where a word has none
 */
function evenly(bits: readonly number[], words: number): number[] | null {
  const room = Array.from({ length: words }, () => 32);
  const wordOf = bits.map(() => 0);
  const few = Math.floor(bits.length / words);
  const crowded = bits.length % words;
  const narrowestFirst = [...bits.keys()].toSorted((a, b) => bits[a]! - bits[b]! || a - b);
  const into = (parts: readonly number[], from: number, to: number, most: number) => {
    const count = room.map(() => 0);
    for (const part of parts.toReversed()) {
      let best = -1;
      for (let word = from; word < to; word++)
        if (count[word]! < most && (best < 0 || room[word]! > room[best]!)) best = word;
      room[best]! -= bits[part]!;
      count[best]!++;
      wordOf[part] = best;
    }
  };
  const narrow = crowded * (few + 1);
  into(narrowestFirst.slice(0, narrow), 0, crowded, few + 1);
  into(narrowestFirst.slice(narrow), crowded, words, few);
  return room.some((left) => left < 0) ? null : wordOf;
}
/** Numbers are never negative. */
const BITS_MAX = 31;
