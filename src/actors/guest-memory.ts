// The guest kernel's page allocator: per-CPU lists of free Gfns (pcp), one for each vNode, threaded through one column.
// Every vCPU was dealt a share of each vNode at boot; a Gfn goes back to the vCPU that it was dealt to. A vCPU whose share
// is used up does not take from another's: declared, and counted as a failed migration.
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import type { Gfn } from '../model/geometry.ts';

export class GuestMemory {
  private readonly world: World;
  private readonly vcpu: number;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly firstVnode: number;
  private readonly vnodes: number;

  /** @param next one column for all vCPUs: a free Gfn belongs to the list it is on */
  constructor(arena: Arena, world: World, vcpu: number, next: Int32Array) {
    const { geometry } = world;
    const guest = geometry.vcpuGuest[vcpu]!;
    this.world = world;
    this.vcpu = vcpu;
    this.next = next;
    this.firstVnode = geometry.guestVnode[guest]!;
    this.vnodes = geometry.guestVnode[guest + 1]! - this.firstVnode;
    this.heads = arena.int32(this.vnodes);
  }
  /** Deals this vCPU its shares. */
  reset(): void {
    for (let v = 0; v < this.vnodes; v++) {
      const vnode = this.firstVnode + v;
      this.heads[v] = -1;
      const { vnodeGfn } = this.world.geometry;
      for (let gfn = vnodeGfn[vnode + 1]! - 1; gfn >= vnodeGfn[vnode]!; gfn--) {
        if (this.ownerOf(gfn, vnode) === this.vcpu) this.give(gfn);
      }
    }
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
    const list = vnode - this.firstVnode;
    const gfn = this.heads[list]!;
    if (gfn >= 0) this.heads[list] = this.next[gfn]!;
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
  /** A Gfn of this vCPU's own share is free. */
  give(gfn: Gfn): void {
    const list = this.world.geometry.vnodeOf(gfn) - this.firstVnode;
    this.next[gfn] = this.heads[list]!;
    this.heads[list] = gfn;
  }
}
