// The only place that moves whole pages. A page may be moved when no vCPU can write it any more (write-protected and
// shot down, or not mapped); the caller announces the move in the trace before it makes it; each copy is one native
// call, which a killed worker cannot tear.
import type { Locations } from './locations.ts';
import type { Meter } from './meter.ts';

const ZERO_PAGE = 0;
const POISON_PAGE = 1;
const NONE = -1;
/** How a write goes wrong: by default it does not. */
const AS_TOLD: { at?: number; isShort?: boolean } = {};

/** A 32-bit checksum of a page: four multiply-mix lanes, sensitive to position. Not cryptographic. */
export function checksum(words: Int32Array, first: number, count: number): number {
  let a = 0x9e3779b9 | 0;
  let b = 0x85ebca6b | 0;
  for (let i = first; i < first + count; i += 2) {
    a = Math.imul(a ^ words[i]!, 0x2c1b3c6d);
    b = Math.imul(b ^ words[i + 1]!, 0x297a2d39);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  return Math.imul(a ^ (b << 7) ^ (b >>> 25), 0x1b873593) ^ b;
}

export class Transfer {
  private readonly locations: Locations;
  private readonly meter: Meter;

  constructor(locations: Locations, meter: Meter) {
    this.locations = locations;
    this.meter = meter;
  }
  private copy(from: number, to: number): void {
    const { bytes, pageBytes } = this.locations;
    this.meter.touch();
    bytes.copy(bytes, to, from, from + pageBytes);
  }
  private sum(location: number): number {
    const { words, pageWords } = this.locations;
    return checksum(words, (location + 1) * pageWords, pageWords);
  }

  /**
   * First migration: a page that nobody can write any more goes out to a new source location, under a header that tells
   * it from any other.
   * @param harm where a misdirected write goes, or that only the first half is written (the rest is then anything: poison)
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
    const { bytes, pageBytes } = locations;
    this.copy(locations.at(from), locations.at(at));
    locations.gfn[at] = gfn;
    locations.generation[at] = generation;
    locations.checksum[at] = this.sum(at);
    if (isShort)
      bytes.copy(
        bytes,
        locations.at(at) + pageBytes / 2,
        POISON_PAGE * pageBytes,
        1.5 * POISON_PAGE * pageBytes,
      );
    return this.isStored(from, to, gfn, generation);
  }
  /** Reads back what was written, before anybody relies on it. */
  isStored(from: number, to: number, gfn: number, generation: number): boolean {
    const { locations } = this;
    const { bytes, pageBytes } = locations;
    const first = locations.at(from);
    const copy = locations.at(to);
    return (
      locations.gfn[to] === gfn &&
      locations.generation[to] === generation &&
      bytes.compare(bytes, first, first + pageBytes, copy, copy + pageBytes) === 0
    );
  }
  /**
   * Brings a moved page in.
   * @param flips bit that changes on the way
   * @returns false when what arrived is not what went out under that name
   */
  moveIn(from: number, to: number, gfn: number, generation: number, flips = NONE): boolean {
    const { locations } = this;
    this.copy(locations.at(from), locations.at(to));
    if (flips !== NONE) this.flip(to, flips);
    return (
      locations.gfn[from] === gfn &&
      locations.generation[from] === generation &&
      locations.checksum[from] === this.sum(to)
    );
  }
  /** Whether a location still holds what was put there. */
  isIntact(location: number): boolean {
    return this.locations.gfn[location] !== -1 && this.locations.checksum[location] === this.sum(location);
  }
  /** The guest's own copy between two pages it has mapped. @returns false when source and copy differ */
  copyPage(from: number, to: number): boolean {
    this.copy(this.locations.at(from), this.locations.at(to));
    return this.sum(from) === this.sum(to);
  }
  /** Decay, not an access: one bit of a location changes. */
  flip(location: number, bit: number): void {
    const { words, pageWords } = this.locations;
    words[(location + 1) * pageWords + ((bit >> 5) % pageWords)]! ^= 1 << (bit & 31);
  }
  clear(to: number): void {
    this.copy(ZERO_PAGE * this.locations.pageBytes, this.locations.at(to));
  }
  poison(to: number): void {
    this.copy(POISON_PAGE * this.locations.pageBytes, this.locations.at(to));
  }
}
