// The guest kernel's page allocator: per-CPU lists of free Gfns (pcp), one for each vNode, threaded through one column.
// Every vCPU was dealt a share of each vNode at boot; a Gfn goes back to the vCPU that it was dealt to. A vCPU whose share
// is used up does not take from another's: declared, and counted as a failed migration.
import type { Arena, Column } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { aliasOf, hasAliases } from '../model/alias.ts';
import type { Gfn } from '../model/geometry.ts';

/** The guest kernel's notes on each Gfn (struct page), one column for all vCPUs. */
export class GfnMarks {
  readonly unreported: Column;
  readonly wiped: Column;
  /** 1 while it is on a free list. */
  readonly free: Column;

  constructor(arena: Arena, gfns: number) {
    this.unreported = arena.upTo(1, gfns);
    this.wiped = arena.upTo(1, gfns);
    this.free = arena.upTo(1, gfns);
  }
}

/** From so many Gfns on, free lists are laid out as they are used: memory that nobody touches costs nothing. */
const LAZY_FROM = 1 << 16;
const NONE = -1;

export class GuestMemory {
  private readonly world: World;
  private readonly vcpu: number;
  private readonly heads: Int32Array;
  /** By vNode, where lists are laid out as they are used: first Gfn of the share that was never taken, and the share's end. */
  private readonly fresh: Int32Array;
  private readonly freshEnd: Int32Array;
  private readonly lazy: boolean;
  private readonly next: Int32Array;
  /** By Gfn: 1 once it was freed and until it is reported. Belongs to whoever has the Gfn. */
  private readonly unreported: Column;
  /** By Gfn: 1 while it is full of poison. Likewise. */
  private readonly wiped: Column;
  private readonly isFree: Column;
  private readonly firstVnode: number;
  private readonly vnodes: number;
  /** A Gfn is free in all vNodes or in none: one list, of those in the first vNode. */
  private readonly aliased: boolean;

  /**
   * @param next one column for all vCPUs: a free Gfn belongs to the list it is on
   * @param marks what is known of each Gfn, likewise
   */
  constructor(arena: Arena, world: World, vcpu: number, next: Int32Array, marks: GfnMarks) {
    const { geometry } = world;
    const guest = geometry.vcpuGuest[vcpu]!;
    this.world = world;
    this.vcpu = vcpu;
    this.next = next;
    this.unreported = marks.unreported;
    this.wiped = marks.wiped;
    this.isFree = marks.free;
    this.firstVnode = geometry.guestVnode[guest]!;
    this.vnodes = geometry.guestVnode[guest + 1]! - this.firstVnode;
    this.heads = arena.int32(this.vnodes);
    this.aliased = hasAliases(geometry);
    // Blocks, reports and poison are about Gfns that were never taken, too.
    this.lazy = !this.aliased && geometry.spec.policy.guest === undefined && geometry.gfns >= LAZY_FROM;
    this.fresh = arena.int32(this.lazy ? this.vnodes : 0);
    this.freshEnd = arena.int32(this.lazy ? this.vnodes : 0);
  }
  /** Deals this vCPU its shares. */
  reset(): void {
    for (let v = 0; v < this.vnodes; v++) {
      const vnode = this.firstVnode + v;
      this.heads[v] = -1;
      if (this.aliased && v > 0) continue;
      const { vnodeGfn } = this.world.geometry;
      if (this.lazy) {
        this.layOut(v, vnode);
        continue;
      }
      for (let gfn = vnodeGfn[vnode + 1]! - 1; gfn >= vnodeGfn[vnode]!; gfn--) {
        if (this.ownerOf(gfn, vnode) !== this.vcpu) continue;
        this.give(gfn);
        this.markReported(gfn);
      }
    }
  }
  /** A share is a range: none of it was ever taken. */
  private layOut(list: number, vnode: number): void {
    const { geometry } = this.world;
    const guest = geometry.vcpuGuest[this.vcpu]!;
    const first = geometry.vnodeGfn[vnode]!;
    const end = geometry.vnodeGfn[vnode + 1]!;
    const vcpus = geometry.guestVcpu[guest + 1]! - geometry.guestVcpu[guest]!;
    const share = Math.ceil((end - first) / vcpus);
    const from = first + (this.vcpu - geometry.guestVcpu[guest]!) * share;
    this.fresh[list] = Math.min(from, end);
    this.freshEnd[list] = Math.min(from + share, end);
  }
  /** The vCPU that a Gfn was dealt to. */
  ownerOf(gfn: Gfn, vnode = this.world.geometry.vnodeOf(gfn)): number {
    const { geometry } = this.world;
    const guest = geometry.vcpuGuest[this.vcpu]!;
    const first = geometry.guestVcpu[guest]!;
    const count = geometry.guestVcpu[guest + 1]! - first;
    const from = geometry.vnodeGfn[vnode]!;
    const share = Math.ceil((geometry.vnodeGfn[vnode + 1]! - from) / count);
    return first + Math.floor((gfn - from) / share);
  }
  /** A free Gfn of a vNode (global number), or -1. */
  take(vnode: number): Gfn {
    const list = this.aliased ? 0 : vnode - this.firstVnode;
    const gfn = this.heads[list]!;
    // Gfns that came back are taken before those that were never taken, as if all were on one list.
    if (this.lazy && gfn < 0) return this.fresh[list]! < this.freshEnd[list]! ? this.fresh[list]!++ : NONE;
    if (gfn >= 0) {
      this.heads[list] = this.next[gfn]!;
      this.next[gfn] = NONE;
      this.isFree[gfn] = 0;
    }
    if (this.aliased && gfn >= 0) return aliasOf(this.world.geometry, gfn, vnode);
    return gfn;
  }
  /** As `take`, from the preferred vNode or else from the next one that has any (the zonelist). */
  takeNear(vnode: number): Gfn {
    for (let step = 0; step < this.vnodes; step++) {
      const gfn = this.take(this.firstVnode + ((vnode - this.firstVnode + step) % this.vnodes));
      if (gfn >= 0) return gfn;
    }
    return -1;
  }
  /** So many free Gfns of a vNode in a row, the first at a multiple of that from the vNode's first; or -1. */
  takeBlock(vnode: number, pages: number): Gfn {
    const { vnodeGfn } = this.world.geometry;
    const end = vnodeGfn[vnode + 1]!;
    for (let first = vnodeGfn[vnode]!; first + pages <= end; first += pages) {
      let free = 0;
      while (
        free < pages &&
        this.isFree[first + free] === 1 &&
        this.ownerOf(first + free, vnode) === this.vcpu
      )
        free++;
      if (free < pages) continue;
      this.unlink(vnode - this.firstVnode, first, first + pages);
      return first;
    }
    return -1;
  }
  private unlink(list: number, first: Gfn, end: Gfn): void {
    let before = -1;
    for (let gfn = this.heads[list]!; gfn >= 0; gfn = this.next[gfn]!) {
      if (gfn < first || gfn >= end) {
        before = gfn;
        continue;
      }
      this.isFree[gfn] = 0;
      if (before < 0) this.heads[list] = this.next[gfn]!;
      else this.next[before] = this.next[gfn]!;
    }
  }
  /** As `take`, unless it is the list's last. */
  takeSpare(vnode: number): Gfn {
    const list = vnode - this.firstVnode;
    const head = this.heads[list]!;
    if (this.lazy) {
      const left = this.freshEnd[list]! - this.fresh[list]!;
      const others = head < 0 ? left - 1 : this.next[head]! < 0 ? left : 1;
      return others > 0 ? this.take(vnode) : NONE;
    }
    return head < 0 || this.next[head]! < 0 ? -1 : this.take(vnode);
  }
  /** A Gfn that was freed and not yet reported, from the front of a list that has another; or -1. */
  takeUnreported(): Gfn {
    for (let list = 0; list < this.vnodes; list++) {
      const head = this.heads[list]!;
      if (head >= 0 && this.unreported[head] === 1) {
        const gfn = this.takeSpare(this.firstVnode + list);
        if (gfn >= 0) return gfn;
      }
    }
    return -1;
  }
  markReported(gfn: Gfn): void {
    if (!this.lazy) this.unreported[gfn] = 0;
  }
  /** Nobody asks which free Gfns of this vCPU's were reported. */
  reportNothing(): void {
    const { geometry } = this.world;
    const guest = geometry.vcpuGuest[this.vcpu]!;
    for (let gfn = geometry.guestGfn[guest]!; gfn < geometry.guestGfn[guest + 1]!; gfn++)
      if (this.ownerOf(gfn) === this.vcpu) this.unreported[gfn] = 0;
  }
  /** For lists of Gfns that are not free: what comes after one. */
  nextOf(gfn: Gfn): Gfn {
    return this.next[gfn]!;
  }
  thread(gfn: Gfn, next: Gfn): void {
    this.next[gfn] = next;
  }
  /** Whether the guest fills what it frees with poison, and whether a Gfn is full of it. */
  get poisons(): boolean {
    return this.world.geometry.spec.policy.guest?.poison !== undefined;
  }
  isWiped(gfn: Gfn): boolean {
    return this.wiped[gfn] === 1;
  }
  markWiped(gfn: Gfn, wiped: boolean): void {
    this.wiped[gfn] = wiped ? 1 : 0;
  }
  /** A Gfn of this vCPU's own share is free. */
  give(freed: Gfn): void {
    const gfn = this.aliased ? aliasOf(this.world.geometry, freed, this.firstVnode) : freed;
    const list = this.world.geometry.vnodeOf(gfn) - this.firstVnode;
    this.next[gfn] = this.heads[list]!;
    if (!this.lazy) this.unreported[gfn] = 1;
    this.isFree[gfn] = 1;
    this.heads[list] = gfn;
  }
}
