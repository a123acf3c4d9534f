// The host's own view of pages: where the content of each Gfn is (what Linux keeps in the host page table: a present
// entry or a swap entry), where a clean copy of it is, which operation has it, which Gfn a location belongs to, who else
// refers to a slot, which pages are pinned, and the stock of operation records.
import type { Arena, Column } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE, type Gfn, type Location } from '../model/geometry.ts';

/** Places that one step looks at in a large world, at most: what is looked for is then looked for in several. */
const PLACES_A_STEP = 4096;
/** From so many on, a world is large: no step goes over all of its pages. */
const LARGE_FROM = 1 << 16;
export function placesAStep(places: number): number {
  return places < LARGE_FROM ? places : PLACES_A_STEP;
}

export class HostPages {
  private readonly world: World;
  private readonly locations: Int32Array;
  /** Operation + 1 that has the page; 0 = none. */
  private readonly operations: Column;
  /** Node + 1 that a mapped but not yet migrated page was taken away from; 0 = none. */
  private readonly sources: Column;
  /** Where a clean copy of a Gfn's content is: the slot of a page that was read back and not written, or the frame in
   * which read-ahead left it; NOWHERE: there is none. */
  private readonly copies: Int32Array;
  /** Gfn + 1 whose entry names a location, or whose clean copy it is; 0 = none. */
  private readonly holders: Int32Array;
  /** Generation in the name under which content was put in a location: what its header must say. */
  readonly stamps: Int32Array;
  /** References to a slot besides the page's own. */
  readonly references: Int32Array;
  /** 1 = pinned for a device. */
  readonly pinned: Column;
  /** Clean copies by home. */
  readonly kept: Int32Array;
  /** By Gfn: node + 1 that its moved content was taken away from; 0 = it is not away. */
  private readonly awayFrom: Column;
  /** By vNode: the node it is pinned to; and by operation: where that was for its destination when it began. */
  private readonly pins: Int32Array;
  private readonly pinAtBegin: Int32Array;
  /** Gfn + 1 that a frame backs; 0 = none, or far memory (rmap). */
  readonly backs: Int32Array;
  /** By node, in a large world: frames that back a Gfn. */
  private readonly backed: Int32Array;
  /** Generation + 1 under which a Gfn is on the list; 0 = it is not. So too while that is being changed. */
  readonly listed: Int32Array;
  /** Frames and slots that the host believes free, by home. */
  readonly free: Int32Array;

  constructor(arena: Arena, world: World) {
    const { geometry } = world;
    this.world = world;
    this.locations = arena.int32(geometry.gfns);
    this.operations = arena.upTo(world.operations.count, geometry.gfns);
    this.sources = arena.upTo(geometry.nodes, geometry.gfns);
    this.copies = arena.int32(geometry.gfns);
    this.holders = arena.int32(geometry.homeFirst[geometry.homes]!);
    this.stamps = arena.int32(geometry.homeFirst[geometry.homes]!);
    this.references = arena.int32(geometry.homeFirst[geometry.homes]!);
    this.pinned = arena.upTo(1, geometry.gfns);
    this.kept = arena.int32(geometry.homes);
    this.awayFrom = arena.upTo(geometry.nodes, geometry.gfns);
    this.pins = arena.int32(geometry.vnodes);
    this.pinAtBegin = arena.int32(world.operations.count);
    this.backs = arena.int32(geometry.frames + 1);
    this.backed = arena.int32(geometry.frames < LARGE_FROM ? 0 : geometry.nodes);
    this.listed = arena.int32(geometry.gfns);
    this.free = arena.int32(geometry.homes);
  }

  reset(): void {
    this.world.geometry.vnodeNode.forEach((node, vnode) => {
      this.pins[vnode] = node;
    });
  }

  /**
   * Where an operation's destination was pinned is nobody's business once it has ended; nor is the name of what a location
   * held, unless an operation has taken the page from there and may leave a copy.
   */
  settle(looked: readonly number[]): void {
    const { kind } = this.world.operations;
    for (const operation of looked) if (kind[operation] === 0) this.pinAtBegin[operation] = 0;
    for (let location = 0; location < this.holders.length; location++) {
      if (this.stamps[location] === 0 || this.holders[location] !== 0) continue;
      if (this.backs[location] === undefined && !this.isTakenFrom(location)) this.stamps[location] = 0;
    }
  }
  private isTakenFrom(location: Location): boolean {
    const { kind, from, count } = this.world.operations;
    for (let operation = 0; operation < count; operation++)
      if (kind[operation] !== 0 && from[operation] === location) return true;
    return false;
  }

  /** Node that a Gfn's vNode is pinned to at the moment. */
  pinOf(gfn: Gfn): number {
    return this.pins[this.world.geometry.vnodeOf(gfn)]!;
  }
  repin(vnode: number, node: number): void {
    this.pins[vnode] = node;
  }
  /** A request was resolved to the node that its destination is pinned to. */
  resolve(operation: number): number {
    const node = this.pinOf(this.world.operations.destination[operation]!);
    this.pinAtBegin[operation] = node;
    return node;
  }
  /** Whether that has changed since (race 21). */
  isRepinned(operation: number): boolean {
    return this.pinOf(this.world.operations.destination[operation]!) !== this.pinAtBegin[operation];
  }
  /** Node whose frame moved content was last in, or was last mapped away from. */
  awayFromOf(gfn: Gfn): number {
    return this.awayFrom[gfn]! - 1;
  }
  takeAway(gfn: Gfn, node: number): void {
    this.awayFrom[gfn] = node + 1;
  }

  locationOf(gfn: Gfn): Location {
    return this.locations[gfn]!;
  }
  /** The entry of a Gfn names a location now. */
  place(gfn: Gfn, location: Location): void {
    const before = this.locations[gfn]!;
    if (before !== NOWHERE && this.holders[before] === gfn + 1) this.holders[before] = 0;
    this.locations[gfn] = location;
    if (location !== NOWHERE) this.holders[location] = gfn + 1;
  }
  /** A frame backs a Gfn from here on, or none (-1). */
  back(frame: Location, gfn: Gfn): void {
    if (this.backed.length > 0) {
      const change = (gfn < 0 ? 0 : 1) - (this.backs[frame] === 0 ? 0 : 1);
      this.backed[this.world.geometry.homeOf(frame)]! += change;
    }
    this.backs[frame] = gfn + 1;
  }
  /** Whether it is known that no frame of a node backs a Gfn: then there is nothing to look for. */
  backsNothing(node: number): boolean {
    return this.backed.length > 0 && this.backed[node] === 0;
  }
  /** The Gfn whose entry names a location or whose clean copy it is, or -1. */
  gfnAt(location: Location): Gfn {
    return this.holders[location]! - 1;
  }

  copyOf(gfn: Gfn): Location {
    return this.copies[gfn]!;
  }
  keepCopy(gfn: Gfn, location: Location): void {
    this.copies[gfn] = location;
    this.holders[location] = gfn + 1;
    this.kept[this.world.geometry.homeOf(location)]!++;
  }
  /** The location is no longer a copy: it is the page's only home, or about to be free. */
  dropCopy(gfn: Gfn): void {
    const location = this.copies[gfn]!;
    if (location === NOWHERE) return;
    this.copies[gfn] = NOWHERE;
    if (this.holders[location] === gfn + 1 && this.locations[gfn] !== location) this.holders[location] = 0;
    this.kept[this.world.geometry.homeOf(location)]!--;
  }
  /** Whether a slot that was read may stay as a clean copy: while half of its store is free (vm_swap_full). */
  mayKeep(location: Location): boolean {
    const { geometry } = this.world;
    if (!geometry.spec.policy.swapCache || location === NOWHERE || geometry.isFrame(location)) return false;
    if (this.references[location]! > 0) return false;
    const home = geometry.homeOf(location);
    return this.free[home]! * 2 >= geometry.homeFirst[home + 1]! - geometry.homeFirst[home]!;
  }
  kindOf(gfn: Gfn): 'slot' | 'far frame' | 'frame' | 'nowhere' {
    const location = this.locations[gfn]!;
    if (location === NOWHERE) return 'nowhere';
    if (!this.world.geometry.isFrame(location)) return 'slot';
    return this.backs[location] === gfn + 1 ? 'frame' : 'far frame';
  }
  /** The content is in a store or in unmapped far memory. */
  isMoved(gfn: Gfn): boolean {
    const kind = this.kindOf(gfn);
    return kind === 'slot' || kind === 'far frame';
  }

  /** Source node of a page that was mapped to this Gfn and has not been migrated yet, or -1. */
  sourceOf(gfn: Gfn): number {
    return this.sources[gfn]! - 1;
  }
  mapFrom(gfn: Gfn, node: number): void {
    // Written only where it changes: what is zero and stays so costs no memory.
    if (this.sources[gfn] !== node + 1) this.sources[gfn] = node + 1;
  }

  /** The operation that has the page, or -1. */
  operationOn(gfn: Gfn): number {
    return this.operations[gfn]! - 1;
  }
  lock(gfn: Gfn, operation: number): void {
    this.operations[gfn] = operation + 1;
  }
  unlock(gfn: Gfn): void {
    this.operations[gfn] = 0;
  }

  /** A free operation record, or -1. */
  takeRecord(): number {
    return this.world.operations.take();
  }
  giveRecord(operation: number): void {
    this.world.operations.give(operation);
  }
}
