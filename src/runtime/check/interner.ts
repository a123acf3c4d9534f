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

/** What several threads share of an interner. */
export interface Shared {
  data: SharedArrayBuffer;
  table: SharedArrayBuffer;
}

/** Pairs of numbers. Number 0 stands for the pair (0, 0), which is not stored. */
export class Pairs {
  readonly data: Int32Array;
  private readonly table: Int32Array;
  private readonly mask: number;
  private readonly capacity: number;

  /** @param bits log2 of the slots; three quarters of them can be filled */
  constructor(bits: number, shared: Shared = Pairs.allocate(bits)) {
    this.data = new Int32Array(shared.data);
    this.table = new Int32Array(shared.table);
    this.mask = 2 ** bits - 1;
    this.capacity = Math.floor(0.75 * 2 ** bits);
  }
  static allocate(bits: number): Shared {
    return {
      data: new SharedArrayBuffer((Math.floor(0.75 * 2 ** bits) + 64) * 8),
      table: new SharedArrayBuffer(2 ** bits * 4),
    };
  }
  get shared(): Shared {
    return { data: this.data.buffer as SharedArrayBuffer, table: this.table.buffer as SharedArrayBuffer };
  }
  /** Pairs stored. */
  get size(): number {
    return this.data[0]!;
  }
  get bytes(): number {
    return this.size * 8 + (this.mask + 1) * 4;
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
      let at = table[slot]!;
      if (at === 0) {
        if (fresh === 0) {
          fresh = Atomics.add(data, 0, 1) + 1;
          if (fresh >= this.capacity) throw new OutOfMemory(`more than ${this.capacity} pairs`);
          data[2 * fresh] = left;
          data[2 * fresh + 1] = right;
        }
        at = Atomics.compareExchange(table, slot, 0, fresh);
        if (at === 0) return fresh;
      }
      if (data[2 * at] === left && data[2 * at + 1] === right) return at;
    }
  }
}

/** Records of any length. A record's number is where it lies. */
export class Records {
  readonly data: Int32Array;
  private readonly table: Int32Array;
  private readonly mask: number;

  /** @param bits log2 of the slots @param words memory for all records */
  constructor(bits: number, words: number, shared: Shared = Records.allocate(bits, words)) {
    this.data = new Int32Array(shared.data);
    this.table = new Int32Array(shared.table);
    this.mask = 2 ** bits - 1;
    Atomics.compareExchange(this.data, 0, 0, 2);
  }
  static allocate(bits: number, words: number): Shared {
    return { data: new SharedArrayBuffer(words * 4), table: new SharedArrayBuffer(2 ** bits * 4) };
  }
  get shared(): Shared {
    return { data: this.data.buffer as SharedArrayBuffer, table: this.table.buffer as SharedArrayBuffer };
  }
  /** Words used; records stored. */
  get words(): number {
    return this.data[0]!;
  }
  get size(): number {
    return this.data[1]!;
  }
  lengthOf(record: number): number {
    return this.data[record - 1]!;
  }
  intern(from: Int32Array, first: number, length: number): number {
    const { data, table, mask } = this;
    let hash = length;
    for (let i = 0; i < length; i++) hash = mix(hash, from[first + i]!);
    let fresh = 0;
    for (let slot = finish(hash) & mask; ; slot = (slot + 1) & mask) {
      let at = table[slot]!;
      if (at === 0) {
        if (fresh === 0) fresh = this.append(from, first, length);
        at = Atomics.compareExchange(table, slot, 0, fresh);
        if (at === 0) {
          if (Atomics.add(data, 1, 1) > 0.75 * mask) throw new OutOfMemory('more records than slots');
          return fresh;
        }
      }
      if (this.is(at, from, first, length)) return at;
    }
  }
  private append(from: Int32Array, first: number, length: number): number {
    const { data } = this;
    const at = Atomics.add(data, 0, length + 1) + 1;
    if (at + length > data.length) throw new OutOfMemory(`more than ${data.length} words of parts`);
    data[at - 1] = length;
    for (let i = 0; i < length; i++) data[at + i] = from[first + i]!;
    return at;
  }
  private is(at: number, from: Int32Array, first: number, length: number): boolean {
    const { data } = this;
    if (data[at - 1] !== length) return false;
    for (let i = 0; i < length; i++) if (data[at + i] !== from[first + i]) return false;
    return true;
  }
}

/** A private table from two numbers to one, that grows. Values must not be 0. */
export class Memo {
  private keys = new Int32Array(2 << 12);
  private values = new Int32Array(1 << 12);
  private mask = (1 << 12) - 1;
  size = 0;

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
