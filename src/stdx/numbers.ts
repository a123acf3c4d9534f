// Tables and sets of whole numbers for keys from 0 to a bound, in a few bits a key where values follow their neighbours': what a
// `Map` of 16 million entries would take 800 MB for. The keys of a block of 64 are expected to have the values of a straight
// line; those that do not are kept in a hash table beside it. Where none of a block's is on its line the line is drawn anew, and
// where too many of all are not the table becomes a plain column.
//
// Of some thousand keys it is a plain column from the beginning, which is the fastest; of few a `Map` or a `Set`, which says as
// much as there is in it: a checker copies those.

import { assert } from './assert.ts';

const BLOCK_BITS = 6;
const BLOCK_MASK = (1 << BLOCK_BITS) - 1;
const SMALL = 4096;
/** Keys from which on there is a column; keys of which that would be too long. */
const FEW = 256;
const MANY = 1 << 17;
/** Part of the keys that may be off their line before a plain column is smaller. */
const ODD_PART = 5;

/** What is used of `Map<number, number>`. Values are 0 to 2^31 - 2. */
export interface NumberTable {
  readonly size: number;
  get(key: number): number | undefined;
  has(key: number): boolean;
  set(key: number, value: number): unknown;
  delete(key: number): boolean;
  keys(): Iterable<number>;
  values(): Iterable<number>;
  [Symbol.iterator](): Iterator<[number, number]>;
}
/** What is used of `Set<number>`. */
export interface NumberSet {
  readonly size: number;
  has(key: number): boolean;
  add(key: number): unknown;
  delete(key: number): boolean;
  [Symbol.iterator](): Iterator<number>;
}

/** @param stride by how much the values of neighbours are expected to differ */
export function numbersTo(bound: number, stride: number): NumberTable {
  if (isFew(bound)) return new Map<number, number>();
  return bound < MANY ? new Column(bound) : new Numbers(bound, stride);
}
export function marksTo(bound: number): NumberSet {
  return isFew(bound) ? new Set<number>() : new Marks(bound);
}
/** Whether there are so few keys that a picture of what is there takes less than a column. */
export function isFew(bound: number): boolean {
  return bound < FEW;
}
/** Whether there are so many keys that what is kept of each counts. */
export function isLarge(bound: number): boolean {
  return bound >= SMALL;
}

export class Marks implements NumberSet {
  private readonly words: Int32Array;
  size = 0;

  constructor(bound: number) {
    this.words = new Int32Array((bound + 31) >>> 5);
  }
  has(key: number): boolean {
    return (this.words[key >>> 5]! & (1 << (key & 31))) !== 0;
  }
  add(key: number): this {
    if (this.has(key)) return this;
    this.words[key >>> 5]! |= 1 << (key & 31);
    this.size++;
    return this;
  }
  delete(key: number): boolean {
    if (!this.has(key)) return false;
    this.words[key >>> 5]! &= ~(1 << (key & 31));
    this.size--;
    return true;
  }
  /** Whether none of the keys of a block of 64 is there. */
  isEmptyAt(block: number): boolean {
    return this.words[2 * block] === 0 && (this.words[2 * block + 1] ?? 0) === 0;
  }
  /** Whether the keys of a block of 64 are those of another set. */
  isSameAt(block: number, other: Marks): boolean {
    return (
      this.words[2 * block] === other.words[2 * block] &&
      this.words[2 * block + 1] === other.words[2 * block + 1]
    );
  }
  *[Symbol.iterator](): Generator<number> {
    const { words } = this;
    for (let at = 0; at < words.length; at++) {
      for (let rest = words[at]!; rest !== 0; rest &= rest - 1)
        yield at * 32 + (31 - Math.clz32(rest & -rest));
    }
  }
}

export class Column implements NumberTable {
  /** Value + 1 by key; 0 = absent. */
  private readonly words: Int32Array;
  size = 0;

  constructor(bound: number) {
    this.words = new Int32Array(bound);
  }
  has(key: number): boolean {
    return this.words[key]! > 0;
  }
  get(key: number): number | undefined {
    const word = this.words[key]!;
    return word > 0 ? word - 1 : undefined;
  }
  set(key: number, value: number): this {
    const before = this.words[key];
    if (before === undefined) assert(false, `key ${key} of a table of ${this.words.length}`);
    if (before === 0) this.size++;
    this.words[key] = value + 1;
    return this;
  }
  delete(key: number): boolean {
    if (!this.has(key)) return false;
    this.words[key] = 0;
    this.size--;
    return true;
  }
  *keys(): Generator<number> {
    for (let key = 0; key < this.words.length; key++) if (this.has(key)) yield key;
  }
  *values(): Generator<number> {
    for (const word of this.words) if (word > 0) yield word - 1;
  }
  *[Symbol.iterator](): Generator<[number, number]> {
    for (const key of this.keys()) yield [key, this.words[key]! - 1];
  }
}

export class Numbers implements NumberTable {
  private readonly bound: number;
  private readonly stride: number;
  private readonly present: Marks;
  private readonly odd: Marks;
  /** By block: where its line begins. */
  private readonly lines: Int32Array;
  private exceptions: Hash = new Hash();
  /** Value + 1 by key, once it is a plain column. */
  private column: Int32Array | null = null;

  constructor(bound: number, stride: number) {
    this.bound = bound;
    this.stride = stride;
    this.present = new Marks(bound);
    this.odd = new Marks(bound);
    this.lines = new Int32Array((bound + BLOCK_MASK) >>> BLOCK_BITS);
  }
  get size(): number {
    return this.present.size;
  }
  has(key: number): boolean {
    return this.present.has(key);
  }
  get(key: number): number | undefined {
    if (this.column !== null) {
      const value = this.column[key]!;
      return value === 0 ? undefined : value - 1;
    }
    if (!this.present.has(key)) return undefined;
    return this.odd.has(key) ? this.exceptions.get(key) : this.expected(key);
  }
  private expected(key: number): number {
    return (this.lines[key >>> BLOCK_BITS]! + this.stride * (key & BLOCK_MASK)) | 0;
  }
  set(key: number, value: number): this {
    if (this.column !== null) {
      this.column[key] = value + 1;
      this.present.add(key);
      return this;
    }
    const block = key >>> BLOCK_BITS;
    if (this.present.isEmptyAt(block)) this.lines[block] = (value - this.stride * (key & BLOCK_MASK)) | 0;
    this.present.add(key);
    if (this.expected(key) === value) {
      if (this.odd.delete(key)) this.exceptions.delete(key);
      return this;
    }
    this.odd.add(key);
    this.exceptions.set(key, value);
    if (this.odd.isSameAt(block, this.present)) this.redraw(block, key, value);
    if (this.exceptions.size * ODD_PART > this.bound) this.straighten();
    return this;
  }
  /** A block's line goes through the value of a key from here on. */
  private redraw(block: number, through: number, value: number): void {
    this.lines[block] = (value - this.stride * (through & BLOCK_MASK)) | 0;
    const end = Math.min(this.bound, (block + 1) << BLOCK_BITS);
    for (let key = block << BLOCK_BITS; key < end; key++) {
      if (!this.odd.has(key) || this.exceptions.get(key) !== this.expected(key)) continue;
      this.odd.delete(key);
      this.exceptions.delete(key);
    }
  }
  private straighten(): void {
    const column = new Int32Array(this.bound);
    for (const key of this.present) column[key] = this.get(key)! + 1;
    this.column = column;
    this.exceptions = new Hash();
  }
  delete(key: number): boolean {
    if (!this.present.delete(key)) return false;
    if (this.column !== null) this.column[key] = 0;
    else if (this.odd.delete(key)) this.exceptions.delete(key);
    return true;
  }
  keys(): Iterable<number> {
    return this.present;
  }
  *values(): Generator<number> {
    for (const key of this.present) yield this.get(key)!;
  }
  *[Symbol.iterator](): Generator<[number, number]> {
    for (const key of this.present) yield [key, this.get(key)!];
  }
}

/** Open addressing, linear probing, in typed arrays. */
class Hash {
  /** Key + 1; 0 = free. */
  private taken = new Int32Array(64);
  private values = new Int32Array(64);
  size = 0;

  private placeOf(key: number): number {
    const mask = this.taken.length - 1;
    let at = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
    while (this.taken[at] !== 0 && this.taken[at] !== key + 1) at = (at + 1) & mask;
    return at;
  }
  get(key: number): number {
    return this.values[this.placeOf(key)]!;
  }
  set(key: number, value: number): void {
    let at = this.placeOf(key);
    if (this.taken[at] === 0) {
      if (4 * ++this.size > 3 * this.taken.length) {
        this.grow();
        at = this.placeOf(key);
      }
      this.taken[at] = key + 1;
    }
    this.values[at] = value;
  }
  private grow(): void {
    const { taken, values } = this;
    this.taken = new Int32Array(2 * taken.length);
    this.values = new Int32Array(2 * taken.length);
    for (let at = 0; at < taken.length; at++) {
      if (taken[at] === 0) continue;
      const to = this.placeOf(taken[at]! - 1);
      this.taken[to] = taken[at]!;
      this.values[to] = values[at]!;
    }
  }
  /** What was put behind it for want of a place moves up, so that no search ends too early. */
  delete(key: number): void {
    const { taken, values } = this;
    const mask = taken.length - 1;
    let hole = this.placeOf(key);
    this.size--;
    for (let at = (hole + 1) & mask; taken[at] !== 0; at = (at + 1) & mask) {
      const wanted = (Math.imul(taken[at]! - 1, 0x9e3779b1) >>> 7) & mask;
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      taken[hole] = taken[at]!;
      values[hole] = values[at]!;
      hole = at;
    }
    taken[hole] = 0;
  }
}
