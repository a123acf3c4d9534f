// Interning: equal contents get one number, so that a state of many parts becomes a short vector of numbers, and a vector a
// tree of pairs (Laarman's tree compression). Exact: contents are compared, hashes only say where to look. The memory is
// taken at the start, in shared buffers, and one interner may be filled by several threads: a record is written first and
// made known by one compare-exchange.

/** Thrown when the memory that was given is used up: the search is then incomplete, and says so. */
export class OutOfMemory extends Error {}

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

/** What several threads share of an interner: its table does not grow then. */
export interface Shared {
  data: SharedArrayBuffer;
  table: SharedArrayBuffer;
}

/** Pairs of numbers. Number 0 stands for the pair (0, 0), which is not stored. */
export class Pairs {
  readonly data: Int32Array;
  private table: Int32Array;
  private mask: number;
  private readonly capacity: number;
  private readonly grows: boolean;

  /** @param bits log2 of how many there may be */
  constructor(bits: number, shared?: Shared) {
    this.data = new Int32Array(shared?.data ?? new SharedArrayBuffer((2 ** bits + 64) * 8));
    this.table = shared ? new Int32Array(shared.table) : new Int32Array(2 ** FIRST_BITS);
    this.mask = this.table.length - 1;
    this.capacity = 2 ** bits;
    this.grows = shared === undefined;
  }
  static allocate(bits: number): Shared {
    return {
      data: new SharedArrayBuffer((2 ** bits + 64) * 8),
      table: new SharedArrayBuffer(2 ** (bits + 1) * 4),
    };
  }
  /** Pairs stored. */
  get size(): number {
    return this.data[0]!;
  }
  get bytes(): number {
    return this.size * 8 + this.table.length * 4;
  }
  left(pair: number): number {
    return this.data[2 * pair]!;
  }
  right(pair: number): number {
    return this.data[2 * pair + 1]!;
  }
  intern(left: number, right: number): number {
    if ((left | right) === 0) return 0;
    const { data, table, mask } = this;
    let fresh = 0;
    for (let slot = finish(mix(mix(0x2545f491, left), right)) & mask; ; slot = (slot + 1) & mask) {
      let at = this.grows ? table[slot]! : Atomics.load(table, slot);
      if (at === 0) {
        if (fresh === 0) fresh = this.append(left, right);
        at = Atomics.compareExchange(table, slot, 0, fresh);
        if (at === 0) {
          if (this.grows && fresh * 2 > mask) this.grow();
          return fresh;
        }
      }
      if (data[2 * at] === left && data[2 * at + 1] === right) return at;
    }
  }
  /** A copy of everything, for `restore`. */
  save(): Int32Array {
    return this.data.slice(0, 2 * (this.size + 1));
  }
  /** Replaces everything. For one thread alone. */
  restore(saved: Int32Array): void {
    this.data.set(saved);
    if (this.grows)
      this.table = new Int32Array(2 ** Math.max(FIRST_BITS, 2 + Math.ceil(Math.log2(this.size + 1))));
    this.rehash();
  }
  private append(left: number, right: number): number {
    const { data } = this;
    const fresh = Atomics.add(data, 0, 1) + 1;
    if (fresh >= this.capacity) throw new OutOfMemory(`more than ${this.capacity} pairs of parts`);
    data[2 * fresh] = left;
    data[2 * fresh + 1] = right;
    return fresh;
  }
  private grow(): void {
    this.table = new Int32Array(this.table.length * 4);
    this.rehash();
  }
  private rehash(): void {
    const { data, table } = this;
    const mask = (this.mask = table.length - 1);
    for (let pair = 1; pair <= data[0]!; pair++) {
      let slot = finish(mix(mix(0x2545f491, data[2 * pair]!), data[2 * pair + 1]!)) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = pair;
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
      let at = this.grows ? table[slot]! : Atomics.load(table, slot);
      if (at === 0) {
        if (fresh === 0) fresh = this.append(from, first, length);
        at = Atomics.compareExchange(table, slot, 0, fresh);
        if (at === 0) {
          this.stored();
          return fresh;
        }
      }
      if (this.is(at, from, first, length)) return at;
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
    if (at + length > data.length) throw new OutOfMemory(`more than ${data.length} words of parts`);
    data[at - 1] = length;
    for (let i = 0; i < length; i++) data[at + i] = from[first + i]!;
    return at;
  }
  private stored(): void {
    const count = Atomics.add(this.data, 1, 1);
    if (count * 2 < this.mask) return;
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
    this.table = new Int32Array(this.table.length * 4);
    this.rehash();
  }
  private rehash(): void {
    const { data, table } = this;
    const mask = (this.mask = table.length - 1);
    for (let at = 3; at < data[0]!; at += data[at - 1]! + 1) {
      let slot = hashOf(data, at, data[at - 1]!) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = at;
    }
  }
}

function hashOf(from: Int32Array, first: number, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) hash = mix(hash, from[first + i]!);
  return finish(hash);
}

/** A private table from two numbers to one, that grows. Values must not be 0. */
export class Memo {
  private keys = new Int32Array(2 << 12);
  private values = new Int32Array(1 << 12);
  private mask = (1 << 12) - 1;
  size = 0;

  get bytes(): number {
    return this.values.length * 12;
  }
  get(a: number, b: number): number {
    const { keys, values, mask } = this;
    for (let slot = finish(mix(mix(0x51ed270b, a), b)) & mask; ; slot = (slot + 1) & mask) {
      const value = values[slot]!;
      if (value === 0 || (keys[2 * slot] === a && keys[2 * slot + 1] === b)) return value;
    }
  }
  set(a: number, b: number, value: number): void {
    if (this.size * 2 > this.mask) this.grow();
    this.put(a, b, value);
    this.size++;
  }
  private put(a: number, b: number, value: number): void {
    const { keys, values, mask } = this;
    let slot = finish(mix(mix(0x51ed270b, a), b)) & mask;
    while (values[slot] !== 0) slot = (slot + 1) & mask;
    keys[2 * slot] = a;
    keys[2 * slot + 1] = b;
    values[slot] = value;
  }
  private grow(): void {
    const { keys, values } = this;
    this.keys = new Int32Array(keys.length * 2);
    this.values = new Int32Array(values.length * 2);
    this.mask = this.values.length - 1;
    for (let slot = 0; slot < values.length; slot++)
      if (values[slot] !== 0) this.put(keys[2 * slot]!, keys[2 * slot + 1]!, values[slot]!);
  }
}
