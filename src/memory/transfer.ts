// The only place that moves whole pages. A page may be moved when no vCPU can write it any more (write-protected and
// shot down, or not mapped); the caller announces the move in the trace before it makes it; each copy is one native
// call, which a killed worker cannot tear.
import { type Cipher, noCipher } from './encryption.ts';
import type { Locations } from './locations.ts';
import type { Meter } from './meter.ts';

/** The pages before the first location, to copy from. */
const ZEROES = -1;
const POISON = 0;
const NONE = -1;
/** How a write goes wrong: by default it does not. */
const AS_TOLD: { at?: number; isShort?: boolean } = {};

/** A 32-bit checksum of a page: two multiply-mix lanes, sensitive to position. Not cryptographic. */
export function checksum(words: Int32Array, first: number, count: number): number {
  let a = 0x9e3779b9 | 0;
  let b = 0x85ebca6b | 0;
  const pairs = first + count - (count & 1);
  for (let i = first; i < pairs; i += 2) {
    a = Math.imul(a ^ words[i]!, 0x2c1b3c6d);
    b = Math.imul(b ^ words[i + 1]!, 0x297a2d39);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  // A page held as a stamp is one word.
  if ((count & 1) === 1) a = Math.imul(a ^ words[pairs]!, 0x2c1b3c6d);
  return Math.imul(a ^ (b << 7) ^ (b >>> 25), 0x1b873593) ^ b;
}

export class Transfer {
  private readonly locations: Locations;
  private readonly meter: Meter;
  private readonly cipher: Cipher;

  constructor(locations: Locations, meter: Meter, cipher: Cipher = noCipher) {
    this.locations = locations;
    this.meter = meter;
    this.cipher = cipher;
  }
  /** The bytes of a page, as they are, from one location to another. */
  copy(from: number, to: number): void {
    const { locations, meter } = this;
    const { bytes } = locations;
    meter.touch();
    meter.handle(from, to);
    const first = locations.at(from);
    bytes.copy(bytes, locations.at(to), first, first + locations.pageBytes);
  }
  private sum(location: number): number {
    const { words, pageWords } = this.locations;
    return checksum(words, (location + 1) * pageWords, pageWords);
  }

  /**
   * First migration: a page that nobody can write any more goes out to a new source location, under a header that tells
   * it from any other.
   * @param harm where a misdirected write goes, or that only the first half is written (the rest is then anything else)
   * @returns false when what is there now is not what was to be written
   */
  moveOut(
    from: number,
    to: number,
    gfn: number,
    generation: number,
    { at = to, isShort = false } = AS_TOLD,
  ): boolean {
    const { locations } = this;
    this.copy(from, at);
    this.meter.handle(from, at, to);
    locations.gfn[at] = gfn;
    locations.generation[at] = generation;
    locations.checksum[at] = this.sum(at);
    if (isShort) this.cutShort(at);
    const stored = this.isStored(from, to, gfn, generation);
    if (this.cipher.covers(at)) this.seal(at, gfn, generation, to);
    return stored;
  }
  /** Only the first half was written; the rest is anything but what it was to be. */
  private cutShort(at: number): void {
    const { bytes, pageBytes } = this.locations;
    const first = this.locations.at(at);
    for (let byte = first + pageBytes / 2; byte < first + pageBytes; byte++) bytes[byte]! ^= 0xff;
  }
  /** Reads back what was written, before anybody relies on it. */
  isStored(from: number, to: number, gfn: number, generation: number): boolean {
    const { locations } = this;
    return locations.gfn[to] === gfn && locations.generation[to] === generation && this.areEqual(from, to);
  }
  /**
   * Brings a moved page in.
   * @param flips bit that changes on the way
   * @returns false when what arrived is not what went out under that name
   */
  moveIn(from: number, to: number, gfn: number, generation: number, flips = NONE): boolean {
    const { locations } = this;
    this.copy(from, to);
    if (flips !== NONE) this.flip(to, flips);
    if (this.cipher.covers(from) && !this.open(from, to, gfn, generation)) return false;
    return (
      locations.gfn[from] === gfn &&
      locations.generation[from] === generation &&
      locations.checksum[from] === this.sum(to)
    );
  }
  /**
   * A moved page goes on to another new location, under the name it has.
   * @returns false when what arrived is not it, or not where it was to be
   */
  moveOn(
    from: number,
    to: number,
    gfn: number,
    generation: number,
    { at = to, isShort = false } = AS_TOLD,
  ): boolean {
    const { locations } = this;
    const expected = locations.checksum[from]!;
    const found = this.moveIn(from, at, gfn, generation);
    this.meter.handle(from, at, to);
    locations.gfn[at] = gfn;
    locations.generation[at] = generation;
    locations.checksum[at] = expected;
    if (isShort) this.cutShort(at);
    const stored = found && at === to && this.sum(to) === expected;
    if (this.cipher.covers(at)) this.seal(at, gfn, generation, to);
    return stored;
  }
  /** Whether a location still holds what was put there. */
  isIntact(location: number): boolean {
    const { locations, cipher } = this;
    const { words, pageWords } = locations;
    if (locations.gfn[location] === -1) return false;
    if (!cipher.covers(location)) return locations.checksum[location] === this.sum(location);
    const key = cipher.keyOf(location, locations.sealGfn[location]!, locations.sealGeneration[location]!);
    return locations.tag[location] === cipher.tagOf(words, (location + 1) * pageWords, pageWords, key);
  }

  /**
   * Encrypts what a slot holds under the name of its page.
   * @param told slot that the store was told, where the write went elsewhere: what is there opens under no name
   */
  private seal(slot: number, gfn: number, generation: number, told = slot): void {
    const { locations, cipher } = this;
    const { words, pageWords } = locations;
    const first = (slot + 1) * pageWords;
    const key = cipher.keyOf(told, gfn, generation);
    cipher.apply(words, first, pageWords, key);
    locations.sealGfn[slot] = gfn;
    locations.sealGeneration[slot] = generation;
    locations.tag[slot] = cipher.tagOf(words, first, pageWords, key);
  }
  /** Decrypts a copy of a slot, if the name gives the key that it was sealed under; else it is left as it is. */
  private open(slot: number, copy: number, gfn: number, generation: number): boolean {
    const { locations, cipher } = this;
    const { words, pageWords } = locations;
    const key = cipher.keyOf(slot, gfn, generation);
    const tag = cipher.tagOf(words, (slot + 1) * pageWords, pageWords, key);
    if (tag !== locations.tag[slot]) return false;
    cipher.apply(words, (copy + 1) * pageWords, pageWords, key);
    return true;
  }
  /** Seals a slot anew, under another name. @returns false when it does not open under the name that it was sealed under */
  rekey(slot: number, gfn: number, generation: number): boolean {
    const { locations, cipher } = this;
    if (!cipher.covers(slot)) return true;
    this.meter.touch();
    this.meter.handle(slot);
    if (!this.open(slot, slot, locations.sealGfn[slot]!, locations.sealGeneration[slot]!)) return false;
    const whole = locations.checksum[slot] === this.sum(slot);
    this.seal(slot, gfn, generation);
    return whole;
  }
  /** Whether slots are encrypted at all, this one included. */
  isSealed(location: number): boolean {
    return this.cipher.covers(location);
  }
  /** Whether a slot shows a page, other than an empty one, as it is. */
  isPlain(page: number, slot: number): boolean {
    const { words, pageWords } = this.locations;
    const stored = words.subarray((slot + 1) * pageWords, (slot + 2) * pageWords);
    return this.contentAt(page).every((word, i) => word === stored[i]) && stored.some((word) => word !== 0);
  }
  /** A page's words wherever it is, for checks at rest. */
  contentAt(location: number): Int32Array {
    const { locations, cipher } = this;
    const { words, pageWords, sealGfn, sealGeneration } = locations;
    const stored = words.subarray((location + 1) * pageWords, (location + 2) * pageWords);
    if (!cipher.covers(location)) return stored;
    const plain = stored.slice();
    const key = cipher.keyOf(location, sealGfn[location]!, sealGeneration[location]!);
    cipher.apply(plain, 0, pageWords, key);
    return plain;
  }
  /** The guest's own copy between two pages it has mapped. @returns false when source and copy differ */
  copyPage(from: number, to: number): boolean {
    this.copy(from, to);
    return this.areEqual(from, to);
  }
  private areEqual(one: number, other: number): boolean {
    const { locations } = this;
    const { bytes, pageBytes } = locations;
    const first = locations.at(one);
    const second = locations.at(other);
    return bytes.compare(bytes, first, first + pageBytes, second, second + pageBytes) === 0;
  }
  /** Decay, not an access: one bit of a location changes. */
  flip(location: number, bit: number): void {
    const { words, pageWords } = this.locations;
    words[(location + 1) * pageWords + ((bit >> 5) % pageWords)]! ^= 1 << (bit & 31);
  }
  clear(to: number): void {
    this.copy(ZEROES, to);
  }
  /** Whether a page is full of poison: the guest's own look at what it has mapped. */
  isPoison(location: number): boolean {
    const { words, pageWords } = this.locations;
    this.meter.touch();
    this.meter.handle(location);
    for (let word = 0; word < pageWords; word++)
      if (words[(location + 1) * pageWords + word] !== words[pageWords + word]) return false;
    return true;
  }
  poison(to: number): void {
    this.copy(POISON, to);
  }
}
