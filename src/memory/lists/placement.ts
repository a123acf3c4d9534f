// Where the entries of a bounded list stand: direct-mapped by Gfn, `capacity` entries for each guest, so that what one
// guest has moved never takes another's place. Where two moved pages need the same entry, the second is remembered as
// overflowed, and takes the place when the first goes (FIG. 4, 420: the owner completes the list). Private to the owner.
import type { Arena } from '../arena.ts';
import { assert } from '../../stdx/assert.ts';
import type { Tenant } from './words.ts';

export class Placement {
  readonly tenants: readonly Tenant[];
  readonly capacity: number;
  /** Gfn + 1 and generation of each entry, and how many moved pages found no room there. */
  private readonly held: Int32Array;
  private readonly heldGeneration: Int32Array;
  readonly overflow: Int32Array;
  /** Moved pages without room: generation + 1, by Gfn from the first tenant's on. */
  private readonly unlisted: Int32Array;
  /** 1 while the table is not complete: every entry is marked. */
  private readonly lost: Int32Array;

  constructor(arena: Arena, tenants: readonly Tenant[], capacity: number) {
    const last = tenants[tenants.length - 1]!;
    this.tenants = tenants;
    this.capacity = capacity;
    this.held = arena.int32(this.entries);
    this.heldGeneration = arena.int32(this.entries);
    this.overflow = arena.int32(this.entries);
    this.unlisted = arena.int32(last.end - tenants[0]!.first);
    this.lost = arena.int32(1);
    for (const { first, end } of tenants) {
      const fits = Math.ceil((end - first) / capacity) < 1 << 16;
      assert(fits, `list capacity ${capacity} is too small for ${end - first} Gfns`);
    }
  }
  get entries(): number {
    return this.capacity * this.tenants.length;
  }
  private tenantOf(gfn: number): number {
    let tenant = 0;
    while (gfn >= this.tenants[tenant]!.end) tenant++;
    return tenant;
  }
  entryOf(gfn: number): number {
    const tenant = this.tenantOf(gfn);
    return tenant * this.capacity + ((gfn - this.tenants[tenant]!.first) % this.capacity);
  }
  /** Tells the Gfns of one entry apart. */
  tagOf(gfn: number): number {
    return Math.floor((gfn - this.tenants[this.tenantOf(gfn)]!.first) / this.capacity);
  }
  /** Whether an entry is one of a guest's. */
  belongs(entry: number, tenant: Tenant): boolean {
    return this.tenants[Math.floor(entry / this.capacity)] === tenant;
  }
  /** Gfn of an entry, or -1, and its generation. */
  occupant(entry: number): number {
    return this.held[entry]! - 1;
  }
  generation(entry: number): number {
    return this.heldGeneration[entry]!;
  }
  /** Other moved pages found no room here: absence must be told as *unknown*. */
  isOverflowed(entry: number): boolean {
    return this.lost[0] === 1 || this.overflow[entry]! > 0;
  }

  /**
   * A page has an entry already only where a host did not retire it when it came back: a bug, for I6 to see.
   * @returns whether there was room
   */
  insert(gfn: number, generation: number): boolean {
    const entry = this.entryOf(gfn);
    if (this.held[entry] === 0 || this.held[entry] === gfn + 1) {
      this.held[entry] = gfn + 1;
      this.heldGeneration[entry] = generation;
      return true;
    }
    this.unlisted[gfn - this.tenants[0]!.first] = generation + 1;
    this.overflow[entry]!++;
    return false;
  }
  /** Generation in which a page is held or remembered, or -1. */
  generationOf(gfn: number): number {
    const entry = this.entryOf(gfn);
    if (this.held[entry] === gfn + 1) return this.heldGeneration[entry]!;
    return this.unlisted[gfn - this.tenants[0]!.first]! - 1;
  }
  has(gfn: number): boolean {
    return this.held[this.entryOf(gfn)] === gfn + 1 || this.unlisted[gfn - this.tenants[0]!.first] !== 0;
  }
  /** @returns whether the page had an entry, which another one may have now: see `occupant` */
  remove(gfn: number): boolean {
    const entry = this.entryOf(gfn);
    const origin = this.tenants[0]!.first;
    if (this.unlisted[gfn - origin] !== 0) {
      this.unlisted[gfn - origin] = 0;
      this.overflow[entry]!--;
      return false;
    }
    this.held[entry] = 0;
    // Nobody looks at it, but equal tables are equal states of a search.
    this.heldGeneration[entry] = 0;
    if (this.overflow[entry] === 0) return true;
    const { first, end } = this.tenants[this.tenantOf(gfn)]!;
    for (let other = first + (entry % this.capacity); other < end; other += this.capacity) {
      if (this.unlisted[other - origin] === 0) continue;
      this.held[entry] = other + 1;
      this.heldGeneration[entry] = this.unlisted[other - origin]! - 1;
      this.unlisted[other - origin] = 0;
      this.overflow[entry]!--;
      break;
    }
    return true;
  }
  /** The owner has lost its table. */
  clear(): void {
    this.lost[0] = 1;
    for (const column of [this.held, this.heldGeneration, this.overflow, this.unlisted]) column.fill(0);
  } /** ... and has it again. */
  complete(): void {
    this.lost[0] = 0;
  }
}
