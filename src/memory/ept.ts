// The second-level page table: Gfn -> location of the frame, with accessed and write permission. vCPUs walk it, only the
// hypervisor changes it. Setting the accessed bit is the walker's doing, as in hardware.
import type { Arena } from './arena.ts';
import type { Meter } from './meter.ts';

const WRITABLE = 1;
const ACCESSED = 2;
const SHIFT = 2;

export class Ept {
  private readonly entries: Int32Array;
  private readonly meter: Meter;

  constructor(arena: Arena, gfns: number, meter: Meter) {
    this.entries = arena.int32(gfns);
    this.meter = meter;
  }

  /**
   * A vCPU's walk: sets the accessed bit of a present entry.
   * @returns location << 1 | writable; 0 when there is no translation (or none for writing)
   */
  walk(gfn: number, write: boolean): number {
    this.meter.touch(this.entries, gfn);
    for (;;) {
      const entry = Atomics.load(this.entries, gfn);
      this.meter.found(entry);
      if (entry === 0 || (write && (entry & WRITABLE) === 0)) return 0;
      const found = ((entry >>> SHIFT) << 1) | (entry & WRITABLE);
      if ((entry & ACCESSED) !== 0) return found;
      if (Atomics.compareExchange(this.entries, gfn, entry, entry | ACCESSED) !== entry) continue;
      this.meter.left(entry | ACCESSED);
      return found;
    }
  }
  /** A fresh entry counts as accessed: reclaim gives whoever faulted it in the time to use it. */
  set(gfn: number, location: number, writable = true): void {
    this.meter.touch(this.entries, gfn);
    const entry = (location << SHIFT) | (writable ? WRITABLE : 0) | ACCESSED;
    Atomics.store(this.entries, gfn, entry);
    this.meter.left(entry);
  }
  clear(gfn: number): void {
    this.meter.touch(this.entries, gfn);
    Atomics.store(this.entries, gfn, 0);
    this.meter.left(0);
  }
  protect(gfn: number): void {
    this.without(gfn, WRITABLE);
  }
  /** Test and clear the accessed bit (`ptep_clear_young`): translations cached in TLBs do not set it again. */
  young(gfn: number): boolean {
    return (this.without(gfn, ACCESSED) & ACCESSED) !== 0;
  }
  /** Takes bits away. @returns the entry before */
  private without(gfn: number, bits: number): number {
    this.meter.touch(this.entries, gfn);
    const entry = Atomics.and(this.entries, gfn, ~bits);
    this.meter.found(entry);
    this.meter.left(entry & ~bits);
    return entry;
  }
  /** For checks at rest. */
  peek(gfn: number): number {
    return this.entries[gfn]! >>> SHIFT;
  }
  /** For people. */
  flagsOf(gfn: number): { writable: boolean; accessed: boolean } {
    const entry = this.entries[gfn]!;
    return { writable: (entry & WRITABLE) !== 0, accessed: (entry & ACCESSED) !== 0 };
  }
}
