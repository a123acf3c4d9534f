// The host's own view of pages: where the content of each Gfn is (what Linux keeps in the host page table: a present
// entry or a swap entry), which operation has it, which Gfn a frame backs, and the stock of operation records.
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE, type Gfn, type Location } from '../model/geometry.ts';

export class HostPages {
  private readonly world: World;
  private readonly locations: Int32Array;
  /** Operation + 1 that has the page; 0 = none. */
  private readonly operations: Int32Array;
  /** Node + 1 that a mapped but not yet migrated page was taken away from; 0 = none. */
  private readonly sources: Int32Array;
  /** Gfn + 1 that a frame backs; 0 = none, or far memory (rmap). */
  readonly backs: Int32Array;
  /** Generation + 1 under which a Gfn is on the list; 0 = it is not. So too while that is being changed. */
  readonly listed: Int32Array;
  /** Frames and slots that the host believes free, by home. */
  readonly free: Int32Array;

  constructor(arena: Arena, world: World) {
    const { geometry } = world;
    this.world = world;
    this.locations = arena.int32(geometry.gfns);
    this.operations = arena.int32(geometry.gfns);
    this.sources = arena.int32(geometry.gfns);
    this.backs = arena.int32(geometry.frames + 1);
    this.listed = arena.int32(geometry.gfns);
    this.free = arena.int32(geometry.homes);
  }

  locationOf(gfn: Gfn): Location {
    return this.locations[gfn]!;
  }
  place(gfn: Gfn, location: Location): void {
    this.locations[gfn] = location;
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
    this.sources[gfn] = node + 1;
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
    return this.world.operations.kind.indexOf(0);
  }
  giveRecord(operation: number): void {
    this.world.operations.kind[operation] = 0;
  }
}
