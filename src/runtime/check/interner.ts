// Interning: equal contents get one number, so that a state of many parts becomes a short vector of numbers. Exact: contents
// are compared, hashes only say where to look. One interner may be filled by several threads, in shared buffers of a size
// that is settled at the start: a record is written first and made known by one compare-exchange. Where another thread was
// faster with the same contents, what was written stays there, marked: only one number is ever given for it.

/** Thrown when the memory that was given is used up: the search is then incomplete, and says so. */
export class OutOfMemory extends Error {
  override name = 'OutOfMemory';
}

function mix(h: number, word: number): number {
  h = Math.imul(h ^ word, 0x9e3779b1);
  return h ^ (h >>> 15);
}
function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return h ^ (h >>> 13);
}

/** Slots of a table that grows, at first: small tables stay in the cache, which is worth more than anything else here. */
const FIRST_BITS = 12;

const FIRST_ROWS = 1024;

/** What several threads share of an interner: its table does not grow then. */
export interface Shared {
  data: SharedArrayBuffer;
  table: SharedArrayBuffer;
}

/** First word of a row whose contents have another number; no row has it otherwise. */
const UNUSED = -(2 ** 31);

/** Reads by what counts as a write, as most rows come to a page of the table that nobody has written to: see `writeAlong`. */
function readToWrite(table: Int32Array, slot: number): number {
  return Atomics.compareExchange(table, slot, 0, 0);
}

/** Rows of so many words each, numbered 1, 2, 3, ... in order of arrival. Number 0 is no row. */
export class Rows {
  readonly width: number;
  /** Row `n` is at `n * width`; word 0 counts the rows. */
  data: Int32Array;
  private table: Int32Array;
  private mask: number;
  private readonly grows: boolean;

  constructor(width: number, shared?: Shared) {
    this.width = width;
    this.data = new Int32Array(shared?.data ?? new SharedArrayBuffer(FIRST_ROWS * width * 4));
    this.table = shared ? new Int32Array(shared.table) : new Int32Array(2 ** FIRST_BITS);
    this.mask = this.table.length - 1;
    this.grows = shared === undefined;
  }
  /** @param bits log2 of how many there may be */
  static allocate(width: number, bits: number): Shared {
    return {
      data: new SharedArrayBuffer(2 ** bits * width * 4),
      table: new SharedArrayBuffer(2 ** (bits + 1) * 4),
    };
  }
  /** Rows stored. */
  get size(): number {
    return this.data[0]!;
  }
  get bytes(): number {
    return (this.size * this.width + this.table.length) * 4;
  }
  intern(from: Int32Array, first: number): number {
    const { table, mask, width } = this;
    let fresh = 0;
    for (let slot = hashOf(from, first, width) & mask; ; slot = (slot + 1) & mask) {
      let at = this.grows ? table[slot]! : readToWrite(table, slot);
      if (at === 0) {
        if (fresh === 0) fresh = this.append(from, first);
        at = Atomics.compareExchange(table, slot, 0, fresh);
        if (at === 0) {
          if (this.grows && fresh * 2 > mask) this.grow();
          return fresh;
        }
      }
      if (this.is(at, from, first)) {
        if (fresh !== 0) this.data[fresh * width] = UNUSED;
        return at;
      }
    }
  }
  /** A copy of everything, for `restore`. */
  save(): Int32Array {
    return this.data.slice(0, (this.size + 1) * this.width);
  }
  /** Replaces everything. For one thread alone. */
  restore(saved: Int32Array): void {
    if (this.grows) {
      const rows = 2 ** Math.ceil(Math.log2(Math.max(FIRST_ROWS, 2 * (saved.length / this.width))));
      this.data = new Int32Array(new SharedArrayBuffer(rows * this.width * 4));
      this.table = new Int32Array(2 * rows);
    }
    this.data.set(saved);
    this.rehash();
  }
  private append(from: Int32Array, first: number): number {
    const { width } = this;
    const fresh = Atomics.add(this.data, 0, 1) + 1;
    if ((fresh + 1) * width > this.data.length) {
      if (!this.grows) throw new OutOfMemory(`more than ${fresh - 1} values of a part of the state`);
      const more = new Int32Array(new SharedArrayBuffer(this.data.length * 8));
      more.set(this.data);
      this.data = more;
    }
    for (let i = 0; i < width; i++) this.data[fresh * width + i] = from[first + i]!;
    return fresh;
  }
  private is(at: number, from: Int32Array, first: number): boolean {
    const { data, width } = this;
    for (let i = 0; i < width; i++) if (data[at * width + i] !== from[first + i]) return false;
    return true;
  }
  private grow(): void {
    this.table = new Int32Array(this.table.length * 2);
    this.rehash();
  }
  private rehash(): void {
    const { data, table, width } = this;
    const mask = (this.mask = table.length - 1);
    for (let row = 1; row <= data[0]!; row++) {
      if (data[row * width] === UNUSED) continue;
      let slot = hashOf(data, row * width, width) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = row;
    }
  }
}

/** Records of any length. A record's number is where it lies. */
export class Records {
  readonly data: Int32Array;
  private table: Int32Array;
  private mask: number;
  private readonly grows: boolean;

  /** @param words memory for all records */
  constructor(words: number, shared?: Shared) {
    this.data = new Int32Array(shared?.data ?? new SharedArrayBuffer(words * 4));
    this.table = shared ? new Int32Array(shared.table) : new Int32Array(2 ** FIRST_BITS);
    this.mask = this.table.length - 1;
    this.grows = shared === undefined;
    Atomics.compareExchange(this.data, 0, 0, 2);
  }
  /** @param bits log2 of the slots */
  static allocate(bits: number, words: number): Shared {
    return { data: new SharedArrayBuffer(words * 4), table: new SharedArrayBuffer(2 ** bits * 4) };
  }
  /** Words used; records stored. */
  get words(): number {
    return this.data[0]!;
  }
  get size(): number {
    return this.data[1]!;
  }
  get bytes(): number {
    return (this.words + this.table.length) * 4;
  }
  lengthOf(record: number): number {
    return this.data[record - 1]!;
  }
  intern(from: Int32Array, first: number, length: number): number {
    const { table, mask } = this;
    let fresh = 0;
    for (let slot = hashOf(from, first, length) & mask; ; slot = (slot + 1) & mask) {
      let at = this.grows ? table[slot]! : readToWrite(table, slot);
      if (at === 0) {
        if (fresh === 0) fresh = this.append(from, first, length);
        at = Atomics.compareExchange(table, slot, 0, fresh);
        if (at === 0) {
          this.stored();
          return fresh;
        }
      }
      if (this.is(at, from, first, length)) {
        if (fresh !== 0) this.data[fresh - 1] = ~length;
        return at;
      }
    }
  }
  /** A copy of everything, for `restore`. */
  save(): Int32Array {
    return this.data.slice(0, this.words);
  }
  /** Replaces everything. For one thread alone. */
  restore(saved: Int32Array): void {
    this.data.set(saved);
    if (this.grows)
      this.table = new Int32Array(2 ** Math.max(FIRST_BITS, 2 + Math.ceil(Math.log2(this.size + 1))));
    this.rehash();
  }
  private append(from: Int32Array, first: number, length: number): number {
    const { data } = this;
    const at = Atomics.add(data, 0, length + 1) + 1;
    if (at + length > data.length) {
      // What one thread alone took and did not fill it gives back, so that what is there can be saved.
      if (this.grows) Atomics.sub(data, 0, length + 1);
      throw new OutOfMemory(`more than ${data.length} words of parts`);
    }
    data[at - 1] = length;
    for (let i = 0; i < length; i++) data[at + i] = from[first + i]!;
    return at;
  }
  private stored(): void {
    const count = Atomics.add(this.data, 1, 1);
    if (count * 3 < this.mask * 2) return;
    if (this.grows) this.grow();
    else if (count > 0.8 * this.mask) throw new OutOfMemory('more parts than slots');
  }
  private is(at: number, from: Int32Array, first: number, length: number): boolean {
    const { data } = this;
    if (data[at - 1] !== length) return false;
    for (let i = 0; i < length; i++) if (data[at + i] !== from[first + i]) return false;
    return true;
  }
  private grow(): void {
    this.table = new Int32Array(this.table.length * 2);
    this.rehash();
  }
  private rehash(): void {
    const { data, table } = this;
    const mask = (this.mask = table.length - 1);
    for (let at = 3; at < data[0]!;) {
      const length = data[at - 1]!;
      if (length >= 0) {
        let slot = hashOf(data, at, length) & mask;
        while (table[slot] !== 0) slot = (slot + 1) & mask;
        table[slot] = at;
      }
      at += (length < 0 ? ~length : length) + 1;
    }
  }
}

function hashOf(from: Int32Array, first: number, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) hash = mix(hash, from[first + i]!);
  return finish(hash);
}

/** A hash of what came before, and of a list of numbers. */
export function mixAll(hash: number, words: ArrayLike<number>): number {
  let mixed = mix(hash, words.length);
  for (let i = 0; i < words.length; i++) mixed = mix(mixed, words[i]!);
  return mixed;
}
export function areSame(these: readonly number[], those: readonly number[]): boolean {
  if (these.length !== those.length) return false;
  for (let i = 0; i < these.length; i++) if (these[i] !== those[i]) return false;
  return true;
}

/** Things of which equal ones get one number, from 1 on. Private, and grows. */
export class Things<T> {
  private readonly hash: (thing: T) => number;
  private readonly isSame: (one: T, other: T) => boolean;
  private readonly all: T[] = [];
  /** By hash the newest of its things; by thing the one before it, 0 = none. */
  private readonly newest = new Map<number, number>();
  private readonly before: number[] = [];

  constructor(hash: (thing: T) => number, isSame: (one: T, other: T) => boolean) {
    this.hash = hash;
    this.isSame = isSame;
  }
  get size(): number {
    return this.all.length;
  }
  get(number: number): T {
    return this.all[number - 1]!;
  }
  numberOf(thing: T): number {
    const hash = this.hash(thing);
    const newest = this.newest.get(hash) ?? 0;
    for (let number = newest; number !== 0; number = this.before[number - 1]!)
      if (this.isSame(this.get(number), thing)) return number;
    const number = this.all.push(thing);
    this.before.push(newest);
    this.newest.set(hash, number);
    return number;
  }
}

/** A private table from two numbers to one, that grows. Values must not be 0. */
export class Memo {
  /** Key, key, value, and a word to fill the line. */
  private table = new Int32Array(ENTRY << 8);
  private mask = (1 << 8) - 1;
  size = 0;

  get bytes(): number {
    return this.table.length * 4;
  }
  get(a: number, b: number): number {
    const { table, mask } = this;
    for (let slot = place(a, b) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * ENTRY;
      const value = table[at + 2]!;
      if (value === 0 || (table[at] === a && table[at + 1] === b)) return value;
    }
  }
  set(a: number, b: number, value: number): void {
    if (this.size * 4 > this.mask * 3) this.grow();
    this.put(a, b, value);
    this.size++;
  }
  /** All there is: key, key and value, in turns. */
  entries(): number[] {
    const { table } = this;
    const found: number[] = [];
    for (let at = 0; at < table.length; at += ENTRY)
      if (table[at + 2] !== 0) found.push(table[at]!, table[at + 1]!, table[at + 2]!);
    return found;
  }
  private put(a: number, b: number, value: number): void {
    const { table, mask } = this;
    let slot = place(a, b) & mask;
    while (table[slot * ENTRY + 2] !== 0) slot = (slot + 1) & mask;
    table[slot * ENTRY] = a;
    table[slot * ENTRY + 1] = b;
    table[slot * ENTRY + 2] = value;
  }
  private grow(): void {
    const { table } = this;
    this.table = new Int32Array(table.length * 2);
    this.mask = 2 * this.mask + 1;
    for (let at = 0; at < table.length; at += ENTRY)
      if (table[at + 2] !== 0) this.put(table[at]!, table[at + 1]!, table[at + 2]!);
  }
}
/** Words of an entry. */
const ENTRY = 4;
function place(a: number, b: number): number {
  const hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
