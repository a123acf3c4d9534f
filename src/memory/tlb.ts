// A vCPU's TLB: direct-mapped by Gvpn, entries combine both levels. Private to its vCPU, so that filling it belongs to
// the same step as the EPT walk, and a shootdown can only come before or after both: a translation is never installed
// behind an acknowledgement's back (race 16).
//
// Two more entries hold the guest kernel's own temporary mappings (kmap) of a page it copies or clears.
import type { Arena } from './arena.ts';

export const KMAP_SOURCE = 0;
export const KMAP_DESTINATION = 1;
const KMAPS = 2;
const NONE = -1;

export class Tlb {
  private readonly mask: number;
  private readonly gvpns: Int32Array;
  private readonly gfns: Int32Array;
  /** location << 1 | writable */
  private readonly found: Int32Array;

  constructor(arena: Arena, entries: number) {
    this.mask = entries - 1;
    this.gvpns = arena.int32(entries + KMAPS);
    this.gfns = arena.int32(entries + KMAPS);
    this.found = arena.int32(entries + KMAPS);
  }
  reset(): void {
    this.gvpns.fill(NONE);
    this.gfns.fill(NONE);
  }

  /** @returns location << 1 | writable, or 0 on a miss */
  lookup(gvpn: number): number {
    const entry = gvpn & this.mask;
    return this.gvpns[entry] === gvpn ? this.found[entry]! : 0;
  }
  gfn(gvpn: number): number {
    return this.gfns[gvpn & this.mask]!;
  }
  fill(gvpn: number, gfn: number, found: number): void {
    this.put(gvpn & this.mask, gvpn, gfn, found);
  }
  kmap(which: number, gfn: number, found: number): void {
    this.put(this.mask + 1 + which, NONE, gfn, found);
  }
  /** @returns location << 1 | writable of a temporary mapping, or 0 when it was flushed or never made */
  kmapped(which: number, gfn: number): number {
    const entry = this.mask + 1 + which;
    return this.gfns[entry] === gfn ? this.found[entry]! : 0;
  }
  private put(entry: number, gvpn: number, gfn: number, found: number): void {
    this.gvpns[entry] = gvpn;
    this.gfns[entry] = gfn;
    this.found[entry] = found;
  }
  flushGfn(gfn: number): void {
    for (let entry = this.gfns.indexOf(gfn); entry >= 0; entry = this.gfns.indexOf(gfn, entry + 1))
      this.drop(entry);
  }
  flushGvpn(gvpn: number): void {
    const entry = gvpn & this.mask;
    if (this.gvpns[entry] === gvpn) this.drop(entry);
  }
  /** Guest-side flush of all user translations; the kernel's temporary mappings stay. */
  flushAll(): void {
    for (let entry = 0; entry <= this.mask; entry++) this.drop(entry);
  }
  /** The guest kernel has no more use for what it mapped. */
  unmapKernel(): void {
    for (let entry = this.mask + 1; entry < this.gfns.length; entry++) this.drop(entry);
  }
  /** What an entry that was dropped once said. */
  settle(): void {
    for (let entry = 0; entry < this.gfns.length; entry++)
      if (this.gfns[entry] === NONE) this.found[entry] = 0;
  }
  /** What it holds, for people; `gvpn` is -1 for a temporary mapping of the kernel. */
  held(): { gvpn: number; gfn: number; location: number; writable: boolean }[] {
    return Array.from(this.gfns, (gfn, entry) => ({
      gvpn: this.gvpns[entry]!,
      gfn,
      location: this.found[entry]! >>> 1,
      writable: (this.found[entry]! & 1) !== 0,
    })).filter(({ gfn }) => gfn !== NONE);
  }
  private drop(entry: number): void {
    this.gvpns[entry] = NONE;
    this.gfns[entry] = NONE;
  }
}
