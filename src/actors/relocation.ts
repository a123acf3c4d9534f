// What the host does with pages on its own, beside reclaim: it moves a moved page on to another new location, brings one
// in that nobody touched, or migrates a resident page to another node with its mapping. Each is an operation that has the
// page for itself. None of them ends a guest's hold: what would bring a held page in is refused at its `claim`.
//
// Moving a page on leaves its word as it is, list entry, generation and hold included: the list names a version of the
// page and not where it is, so what the guest knows stays true, and a request finds the place when it is carried out.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE, type Geometry } from '../model/geometry.ts';
import { cause, operationKind, result } from '../model/words.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { type Chain, NO_HOME } from './chain.ts';
import { atOnce } from './commands.ts';
import { type HostPages, placesAStep } from './host-pages.ts';
import type { Begin, SwapCache } from './swap-cache.ts';

/** Starts an operation on a page that has none; 'age' asks first whether it was touched. @returns its record */
/** Operations that the host has under way at once for memory tiering, beside reclaim. */
export function relocationBound({ spec, homes }: Geometry): number {
  const { promoteOnAccess, writebackPercent, writebackScans, reclaimBatch } = spec.policy;
  return promoteOnAccess || writebackPercent > 0 || writebackScans > 0 ? homes * reclaimBatch : 0;
}

export class Relocation {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly cache: SwapCache;
  private readonly chain: Chain;
  private readonly protocol: Protocol;
  private readonly begin: Begin;
  /** By home: where its hand stands, and how many of its pages are being moved on or looked at. */
  private readonly hand: Int32Array;
  private readonly inFlight: Int32Array;
  /** By operation: home + 1 that it was begun for on a tick. */
  private readonly ticked: Int32Array;
  /** By Gfn: where it was looked at last, and how many looks in a row have found it there. */
  private readonly lookedAt: Int32Array;
  private readonly looks: Int32Array;
  /** By Gfn: 1 while a demoted page's fresh entry still counts as accessed, and nobody has looked. */
  private readonly fresh: Int32Array;

  constructor(
    arena: Arena,
    world: World,
    pages: HostPages,
    cache: SwapCache,
    chain: Chain,
    protocol: Protocol,
    begin: Begin,
  ) {
    const { homes, gfns } = world.geometry;
    this.world = world;
    this.pages = pages;
    this.cache = cache;
    this.chain = chain;
    this.protocol = protocol;
    this.begin = begin;
    this.hand = arena.int32(homes);
    this.inFlight = arena.int32(homes);
    this.ticked = arena.int32(world.operations.count);
    this.lookedAt = arena.int32(gfns);
    this.looks = arena.int32(gfns);
    this.fresh = arena.int32(gfns);
  }

  // --- what begins an operation

  /** Memory tiering: the page goes back to its pinned node, from wherever it is. */
  promote(gfn: number, context: Context): number {
    return this.toNode(gfn, this.pages.pinOf(gfn), cause.promotion, context);
  }
  /** The host's own migration: the page goes to a node of the host's choice, mapped. */
  migrate(gfn: number, node: number, context: Context): number {
    const { geometry } = this.world;
    // Where a page was mapped away from it must not come back to by another name.
    if (node >= geometry.nodes || node === this.pages.sourceOf(gfn)) return atOnce(result.EINVAL);
    return this.toNode(gfn, node, cause['host-migration'], context);
  }
  private toNode(gfn: number, node: number, because: number, context: Context): number {
    const { geometry, operations, pages } = this.world;
    const kind = this.pages.kindOf(gfn);
    if (kind === 'nowhere') return atOnce(result.EINVAL);
    if (this.pages.pinned[gfn] === 1) return atOnce(result.PINNED);
    if (kind !== 'frame') return this.bringIn(gfn, pages.state(gfn), node, because, context);
    if (geometry.homeOf(this.pages.locationOf(gfn)) === node) return atOnce(result.ALREADY);
    const { hostMigrate } = this.protocol;
    const begun = this.begin(operationKind['host-migrate'], gfn, because, hostMigrate, context);
    operations.home[begun] = node;
    this.placed(begun, context);
    return begun;
  }
  /** A moved page, whose word was just seen in state `now`, is brought in to a node if nobody has claimed it by then. */
  bringIn(gfn: number, now: number, node: number, because: number, context: Context): number {
    const { operations, pages: words } = this.world;
    const { state } = words.table;
    // Read-ahead has brought it in: it is mapped where its copy is.
    if (now === state['swapped.cached'])
      return this.cache.adopt(gfn, because, true, context, operationKind['bring-in']);
    const mapped = now === state['remapped.mapped'] || now === state['remapped.held'];
    const plan = mapped ? this.protocol.touchRemapped : this.protocol.swapIn;
    const begun = this.begin(operationKind['bring-in'], gfn, because, plan, context);
    operations.home[begun] = node;
    this.placed(begun, context);
    return begun;
  }
  /** A moved page goes on to the next home of the chain. */
  writeBack(gfn: number, context: Context): number {
    if (!this.pages.isMoved(gfn) || this.cache.isCached(gfn)) return atOnce(result.ALREADY);
    const home = this.chain.next(this.world.geometry.homeOf(this.pages.locationOf(gfn)));
    if (home === NO_HOME || this.chain.isMapped(home)) return atOnce(result.NOMEM);
    return this.relocate(gfn, home, cause.writeback, context);
  }
  relocate(gfn: number, home: number, because: number, context: Context): number {
    const begun = this.begin(operationKind.relocate, gfn, because, this.protocol.relocate, context);
    this.world.operations.home[begun] = home;
    return begun;
  }

  /** Says so where an operation is about to take a frame on another node than the pinned one. */
  placed(operation: number, context: Context): void {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    const node = operations.home[operation]!;
    const pin = this.pages.pinOf(gfn);
    if (node !== pin) context.trace.placed(operation, gfn, pin, node);
  }

  // --- on its own

  tick(context: Context): void {
    const { geometry } = this.world;
    const { moveTo, policy } = geometry.spec;
    for (const home of moveTo) {
      if (policy.promoteOnAccess && this.chain.isMapped(home)) this.lookForHot(home, context);
      if (this.chain.isMapped(home)) continue;
      if (policy.writebackPercent > 0) this.makeRoom(home, context);
      if (policy.writebackScans > 0) this.lookForCold(home, context);
    }
  }
  /** A home that is too full moves pages on (the zswap shrinker; a demotion chain). */
  private makeRoom(home: number, context: Context): void {
    const { geometry } = this.world;
    const { writebackPercent, reclaimBatch } = geometry.spec.policy;
    const size = geometry.homeFirst[home + 1]! - geometry.homeFirst[home]!;
    const next = this.chain.next(home);
    if (next === NO_HOME || this.chain.isMapped(next)) return;
    while (this.inFlight[home]! < reclaimBatch) {
      const used = size - this.pages.free[home]! - this.inFlight[home]!;
      if (used * 100 <= size * writebackPercent || this.chain.roomAt(next) <= this.inFlight[home]!) return;
      const gfn = this.nextMoved(home);
      if (gfn < 0) return;
      this.tickedFor(home, this.relocate(gfn, next, cause.writeback, context));
    }
  }
  /** Looks at a few moved pages, for those that have been where they are for long. */
  private lookForCold(home: number, context: Context): void {
    const { reclaimBatch, scanPerTick, writebackScans } = this.world.geometry.spec.policy;
    const next = this.chain.next(home);
    if (next === NO_HOME || this.chain.isMapped(next)) return;
    for (let look = 0; look < scanPerTick && this.inFlight[home]! < reclaimBatch; look++) {
      const gfn = this.nextMoved(home);
      if (gfn < 0 || this.chain.roomAt(next) <= this.inFlight[home]!) return;
      const location = this.pages.locationOf(gfn);
      this.looks[gfn] = this.lookedAt[gfn] === location ? this.looks[gfn]! + 1 : 1;
      this.lookedAt[gfn] = location;
      if (this.looks[gfn] < writebackScans) continue;
      this.looks[gfn] = 0;
      this.tickedFor(home, this.relocate(gfn, next, cause.writeback, context));
    }
  }
  /** The next page under a home's hand that is kept there. */
  private nextMoved(home: number): number {
    const { geometry } = this.world;
    return this.turnTo(home, geometry.gfns, (gfn) =>
      this.pages.isMoved(gfn) && geometry.homeOf(this.pages.locationOf(gfn)) === home ? gfn : -1,
    );
  }
  /** Looks at a few frames of a node that keeps demoted pages mapped, for pages that were touched there. */
  private lookForHot(home: number, context: Context): void {
    const { geometry } = this.world;
    const { reclaimBatch, scanPerTick } = geometry.spec.policy;
    const first = geometry.homeFirst[home]!;
    for (let look = 0; look < scanPerTick && this.inFlight[home]! < reclaimBatch; look++) {
      const gfn = this.turnTo(home, geometry.homeFirst[home + 1]! - first, (frame) => {
        const candidate = this.pages.backs[first + frame]! - 1;
        if (candidate < 0 || this.pages.pinned[candidate] === 1) return -1;
        return this.pages.locationOf(candidate) === first + frame ? candidate : -1;
      });
      if (gfn < 0) return;
      this.tickedFor(home, this.begin(operationKind['host-migrate'], gfn, cause.promotion, 'age', context));
    }
  }
  /** The next page under a home's hand that nobody is working on; -1 after a whole round, or as much as a step may look at. */
  private turnTo(home: number, places: number, at: (place: number) => number): number {
    const most = placesAStep(places);
    for (let looked = 0; looked < most; looked++) {
      const gfn = at(this.hand[home]!);
      this.hand[home] = (this.hand[home]! + 1) % places;
      if (gfn >= 0 && this.pages.operationOn(gfn) < 0) return gfn;
    }
    return -1;
  }
  private tickedFor(home: number, operation: number): void {
    this.ticked[operation] = home + 1;
    this.inFlight[home]!++;
  }

  /** A demoted page was looked at. @returns whether it was touched and goes back to its source */
  isHot(operation: number): boolean {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    if (operations.result[operation] === result.OK || this.fresh[gfn] === 1) {
      this.fresh[gfn] = 0;
      return false;
    }
    operations.home[operation] = this.pages.pinOf(gfn);
    return true;
  }

  ended(operation: number): void {
    const { operations, geometry } = this.world;
    const home = this.ticked[operation]! - 1;
    this.ticked[operation] = 0;
    if (home >= 0) this.inFlight[home]!--;
    const gfn = operations.gfn[operation]!;
    const to = operations.to[operation]!;
    const demoted = to !== NOWHERE && geometry.isFrame(to) && this.chain.isMapped(geometry.homeOf(to));
    if (demoted) this.fresh[gfn] = 1;
  }
}
