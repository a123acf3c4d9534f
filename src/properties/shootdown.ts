// I8: no frame is reused before every vCPU that may cache a translation of it has acknowledged that it does not; and no
// page is moved while a vCPU may still write it. Judged from TLB fills and flushes, by vCPU and Gfn; an entry that was
// evicted counts as cached until it is flushed, as the host must assume too. A device that a page is pinned for caches its
// translation until the pin is taken away (IOMMU).
import type { TraceEvent } from '../model/events.ts';
import { cause } from '../model/words.ts';
import { type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

export class Shootdown extends Property {
  readonly name = 'I8-shootdown';
  private readonly setting: Setting;
  /** By vCPU and Gfn: location << 1 | writable of the first translation since the last flush, and of others. */
  private readonly cached: readonly NumberTable[];
  private readonly others = new Map<number, number[]>();
  /** How many of them name a location, and how many of those can write. */
  private readonly readers: NumberTable;
  private readonly writers: NumberTable;
  private readonly pinned = new Map<number, number>();

  constructor(setting: Setting) {
    super();
    const { gfns, vcpus, homeFirst, homes } = setting.geometry;
    this.setting = setting;
    this.cached = Array.from({ length: vcpus }, () => numbersTo(gfns, 2));
    this.readers = numbersTo(homeFirst[homes]!, 0);
    this.writers = numbersTo(homeFirst[homes]!, 0);
  }
  readonly on: Observers = {
    tlbFill: (e) => {
      const key = this.key(e);
      const entry = (e.to << 1) | e.result;
      const cached = this.cached[e.id]!;
      const first = cached.get(e.gfn);
      if (first === entry) return;
      if (first === undefined) cached.set(e.gfn, entry);
      else {
        const others = this.others.get(key);
        if (others?.includes(entry)) return;
        if (others) others.push(entry);
        else this.others.set(key, [entry]);
      }
      this.count(entry, 1);
    },
    tlbFlush: (e) => {
      const key = this.key(e);
      const cached = this.cached[e.id]!;
      const first = cached.get(e.gfn);
      if (first === undefined) return;
      this.count(first, -1);
      cached.delete(e.gfn);
      const others = this.others.get(key);
      if (others === undefined) return;
      for (const entry of others) this.count(entry, -1);
      this.others.delete(key);
    },
    released: (e) => {
      this.examined++;
      const readers = this.readers.get(e.from) ?? 0;
      if (readers > 0)
        this.fail(
          e.sequence,
          `${this.place(e.from)} was released while ${readers} vCPU(s) may still reach it`,
        );
      const gfn = this.pinned.get(e.from);
      if (gfn !== undefined)
        this.fail(
          e.sequence,
          `${this.place(e.from)} was released while Gfn ${gfn} is pinned there for a device`,
        );
    },
    pinned: (e) => {
      if (e.result === 1) this.pinned.set(e.to, e.gfn);
      else this.pinned.delete(e.to);
    },
    dataIn: (e) => {
      if (e.cause === cause.copy) return;
      this.examined++;
      if ((this.writers.get(e.from) ?? 0) > 0) {
        this.fail(e.sequence, `${this.place(e.from)} was copied while a vCPU may still write it`);
      }
    },
  };
  private place(location: number): string {
    return this.setting.geometry.place(location);
  }
  private key(e: TraceEvent): number {
    return e.id * this.setting.geometry.gfns + e.gfn;
  }
  private count(entry: number, by: number): void {
    const location = entry >> 1;
    add(this.readers, location, by);
    if ((entry & 1) === 1) add(this.writers, location, by);
  }
}

function add(counts: NumberTable, of: number, by: number): void {
  const count = (counts.get(of) ?? 0) + by;
  if (count === 0) counts.delete(of);
  else counts.set(of, count);
}
