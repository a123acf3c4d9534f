// All states of a set entered into its table anew, where that has grown: by one thread, or by several at once, each in a part of
// the table that nobody else writes to. No two of the states are equal, so no key is compared.
import { mix, wordsOf } from './words.ts';

/** What of a set this is about (state-set.ts). */
export interface Entered {
  readonly words: number;
  readonly keys: Int32Array;
  readonly table: Int32Array;
  readonly slotMask: number;
  readonly tagMask: number;
  readonly displaced: number;
}
/** Which part of how many. */
export interface Part {
  part: number;
  parts: number;
}

/** States that are entered at once: no more places than the processor remembers the way to. */
const BATCH = 1024;
/** Int32 words of the machine's page of memory: 4 KiB, or more elsewhere. */
const PAGE_WORDS = 1024;

/**
 * Writes to every page of a part of an empty table. Read before it is written to, a page of memory is mapped twice, and the second
 * time all threads are interrupted to forget the first.
 */
export function writeAlong(table: Int32Array, from: number, to: number): void {
  for (let slot = from; slot < to; slot += PAGE_WORDS) table[slot] = 0;
}

/** Hashes of the `n` keys from the `from`-th on. */
export function hashAll(words: number, keys: Int32Array, from: number, n: number, into: Int32Array): void {
  if (words === 1) for (let i = 0; i < n; i++) into[i] = mix(keys[from + i]!);
  else {
    const { hash } = wordsOf(words);
    for (let i = 0, at = from * words; i < n; i++, at += words) into[i] = hash(keys, at);
  }
}

/**
 * Enters those of the states 1 to `count` that belong into one part of an empty table.
 * @returns the others that belong there: for whom it is full from their place to its end
 */
export function enterPart(set: Entered, count: number, { part, parts }: Part): number[] {
  const { words, keys, table, slotMask, tagMask, displaced } = set;
  const from = Math.floor((table.length / parts) * part);
  const to = Math.floor((table.length / parts) * (part + 1));
  const hashes = new Int32Array(BATCH);
  const ids = new Int32Array(BATCH);
  const left: number[] = [];
  writeAlong(table, from, to);
  for (let first = 1; first <= count; first += BATCH) {
    hashAll(words, keys, first, Math.min(BATCH, count + 1 - first), hashes);
    let n = 0;
    for (let i = 0; i < BATCH && first + i <= count; i++) {
      const home = hashes[i]! & slotMask;
      if (home < from || home >= to) continue;
      hashes[n] = hashes[i]!;
      ids[n++] = first + i;
    }
    enter(table, slotMask, tagMask, displaced, hashes, ids, n, to, left);
  }
  return left;
}

/** Keeps the reads from being optimised away. */
let sink = 0;
function enter(
  table: Int32Array,
  slotMask: number,
  tagMask: number,
  displaced: number,
  hashes: Int32Array,
  ids: Int32Array,
  n: number,
  to: number,
  left: number[],
): void {
  // Reads that do not wait for each other overlap their cache misses, as in `touch`.
  let seen = 0;
  for (let i = 0; i < n; i++) seen ^= table[hashes[i]! & slotMask]!;
  sink ^= seen;
  for (let i = 0; i < n; i++) {
    const h = hashes[i]!;
    const home = h & slotMask;
    let slot = home;
    while (slot < to && table[slot] !== 0) slot++;
    if (slot < to) table[slot] = (h & tagMask) | (slot === home ? 0 : displaced) | ids[i]!;
    else left.push(ids[i]!);
  }
}

/** Enters what `enterPart` has left, once all parts are done. */
export function enterRest(
  { words, keys, table, slotMask, tagMask, displaced }: Entered,
  left: readonly number[],
): void {
  for (const id of left) {
    const h = wordsOf(words).hash(keys, id * words);
    const home = h & slotMask;
    let slot = home;
    while (table[slot] !== 0) slot = (slot + 1) & slotMask;
    table[slot] = (h & tagMask) | (slot === home ? 0 : displaced) | id;
  }
}
