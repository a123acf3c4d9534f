// The only place that moves whole pages. A page may be moved when no vCPU can write it any more (write-protected and
// shot down, or not mapped); the caller announces the move in the trace before it makes it; each copy is one native
// call, which a killed worker cannot tear.
import type { Locations } from './locations.ts';
import type { Meter } from './meter.ts';

const ZERO_PAGE = 0;
const POISON_PAGE = 1;

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
   */
  moveOut(from: number, to: number, gfn: number, generation: number): void {
    const { locations } = this;
    this.copy(locations.at(from), locations.at(to));
    locations.gfn[to] = gfn;
    locations.generation[to] = generation;
    locations.checksum[to] = this.sum(to);
  }
  /** Brings a moved page in. @returns false when what arrived is not what went out under that name */
  moveIn(from: number, to: number, gfn: number, generation: number): boolean {
    const { locations } = this;
    this.copy(locations.at(from), locations.at(to));
    return (
      locations.gfn[from] === gfn &&
      locations.generation[from] === generation &&
      locations.checksum[from] === this.sum(to)
    );
  }
  /** The guest's own copy between two pages it has mapped. @returns false when source and copy differ */
  copyPage(from: number, to: number): boolean {
    this.copy(this.locations.at(from), this.locations.at(to));
    return this.sum(from) === this.sum(to);
  }
  clear(to: number): void {
    this.copy(ZERO_PAGE * this.locations.pageBytes, this.locations.at(to));
  }
  /** Whether a page is full of poison: the guest's own look at what it has mapped. */
  isPoison(location: number): boolean {
    const { words, pageWords } = this.locations;
    this.meter.touch();
    for (let word = 0; word < pageWords; word++)
      if (words[(location + 1) * pageWords + word] !== words[pageWords + word]) return false;
    return true;
  }
  poison(to: number): void {
    this.copy(POISON_PAGE * this.locations.pageBytes, this.locations.at(to));
  }
}
