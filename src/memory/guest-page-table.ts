// The guest's page table: Gvpn -> Gfn, one word each, shared by the guest's vCPUs. Besides a present entry there are
// Linux's two special ones: PROT_NONE, which asks for a NUMA hint fault, and the migration entry, at which others wait.
import type { Arena } from './arena.ts';
import type { Meter } from './meter.ts';

/** Kinds of entry, in the two low bits. */
export const pte = { none: 0, present: 1, hint: 2, migration: 3 } as const;

export function pteKind(entry: number): number {
  return entry & 3;
}
/** Gfn of a present or hint entry; owning vCPU of a migration entry. */
export function ptePayload(entry: number): number {
  return entry >>> 2;
}
const make = (kind: number, payload: number) => kind | (payload << 2);

export class GuestPageTable {
  private readonly entries: Int32Array;
  /** Per guest: scans whose TLB flush is outstanding (mm_tlb_flush_pending). */
  private readonly pending: Int32Array;
  private readonly meter: Meter;

  constructor(arena: Arena, gvpns: number, guests: number, meter: Meter) {
    this.entries = arena.int32(gvpns);
    this.pending = arena.int32(guests);
    this.meter = meter;
  }

  load(gvpn: number): number {
    this.meter.touch(this.entries, gvpn);
    const entry = Atomics.load(this.entries, gvpn);
    this.meter.found(entry);
    return entry;
  }
  private change(gvpn: number, from: number, to: number): boolean {
    const entry = Atomics.compareExchange(this.entries, gvpn, from, to);
    this.meter.found(entry);
    if (entry !== from) return false;
    this.meter.left(to);
    return true;
  }
  /** Marks a present entry for a hint fault. @returns whether it was present */
  hint(gvpn: number): boolean {
    this.meter.touch(this.entries, gvpn);
    const entry = Atomics.load(this.entries, gvpn);
    this.meter.found(entry);
    return pteKind(entry) === pte.present && this.change(gvpn, entry, make(pte.hint, ptePayload(entry)));
  }
  /** Takes a hint away again. */
  unhint(gvpn: number, gfn: number): void {
    this.meter.touch(this.entries, gvpn);
    this.change(gvpn, make(pte.hint, gfn), make(pte.present, gfn));
  }
  /** Puts a migration entry where an empty, present or hint entry `expected` was. */
  seize(gvpn: number, expected: number, vcpu: number): boolean {
    this.meter.touch(this.entries, gvpn);
    return this.change(gvpn, expected, make(pte.migration, vcpu));
  }
  /** The owner of a migration entry ends the migration: the page is at `gfn` (-1: there is still none). */
  install(gvpn: number, gfn: number): void {
    this.meter.touch(this.entries, gvpn);
    const entry = gfn < 0 ? make(pte.none, 0) : make(pte.present, gfn);
    Atomics.store(this.entries, gvpn, entry);
    this.meter.left(entry);
  }

  flushBegins(guest: number): void {
    this.count(guest, 1);
  }
  flushEnded(guest: number): void {
    this.count(guest, -1);
  }
  private count(guest: number, change: number): void {
    this.meter.touch(this.pending, guest);
    const pending = Atomics.add(this.pending, guest, change);
    this.meter.found(pending);
    this.meter.left(pending + change);
  }
  flushPending(guest: number): boolean {
    this.meter.touch(this.pending, guest);
    const pending = Atomics.load(this.pending, guest);
    this.meter.found(pending);
    return pending > 0;
  }
  /** For checks at rest. */
  peek(gvpn: number): number {
    return this.entries[gvpn]!;
  }
}
