// The swap cache, as far as the host decides about it: clean copies. A page that was read back and not written keeps its
// slot, so that moving it out again writes nothing; and read-ahead leaves copies of neighbours in frames that nobody maps.
// Either is given up when its room is wanted.
import type { Context } from '../actor/actor.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE } from '../model/geometry.ts';
import { cause, operationKind } from '../model/words.ts';
import type { Plan, Protocol } from '../protocols/protocol.ts';
import type { Chain } from './chain.ts';
import type { HostPages } from './host-pages.ts';

/** Starts an operation on a page that has none. @returns its record */
export type Begin = (
  kind: number,
  gfn: number,
  because: number,
  plan: Plan | 'age',
  context: Context,
  destination?: number,
) => number;

export class SwapCache {
  private readonly world: World;
  private readonly protocol: Protocol;
  private readonly pages: HostPages;
  private readonly chain: Chain;
  private readonly begin: Begin;

  constructor(world: World, protocol: Protocol, pages: HostPages, chain: Chain, begin: Begin) {
    this.world = world;
    this.protocol = protocol;
    this.pages = pages;
    this.chain = chain;
    this.begin = begin;
  }

  /** Read-ahead left a copy of the page in a frame; its entry still names the slot. */
  isCached(gfn: number): boolean {
    return this.world.geometry.isFrame(this.pages.copyOf(gfn)) && this.pages.isMoved(gfn);
  }
  /** The page is in a frame, and its slot still holds the same. */
  isClean(gfn: number): boolean {
    return this.pages.copyOf(gfn) !== NOWHERE && !this.pages.isMoved(gfn);
  }

  /** ... which is in a store that is being turned off: the copy must go before the page may. */
  isStranded(gfn: number): boolean {
    return this.isClean(gfn) && this.chain.isClosed(this.world.geometry.homeOf(this.pages.copyOf(gfn)));
  }
  /** Whether the slot that is read may stay as a clean copy. */
  private mayKeep(location: number): boolean {
    return this.pages.mayKeep(location) && !this.chain.isClosed(this.world.geometry.homeOf(location));
  }

  /** The plan that brings a moved page in, for a touch that only reads or one that writes. */
  planFor(gfn: number, plan: 'swapIn' | 'touchRemapped', write: boolean): Plan {
    const keeps = !write && this.mayKeep(this.pages.locationOf(gfn));
    return this.protocol[keeps ? (`${plan}Clean` as const) : plan];
  }
  /** A fault on a page whose copy is there: only the mapping is missing. @returns the operation */
  adopt(gfn: number, because: number, write: boolean, context: Context, kind = operationKind.fault): number {
    const { protocol, pages } = this;
    const keeps = !write && this.mayKeep(pages.locationOf(gfn));
    const plan = keeps ? protocol.mapCachedClean : protocol.mapCached;
    const begun = this.begin(kind, gfn, because, plan, context);
    this.world.operations.to[begun] = pages.copyOf(gfn);
    this.world.operations.copy[begun] = 1;
    pages.dropCopy(gfn);
    return begun;
  }
  /** Room at a store: some page's clean copy there is given up. @returns false when there is none that could be */
  trim(home: number, context: Context): boolean {
    if (this.pages.kept[home] === 0) return false;
    const { homeFirst } = this.world.geometry;
    for (let location = homeFirst[home]!; location < homeFirst[home + 1]!; location++) {
      const gfn = this.pages.gfnAt(location);
      if (gfn < 0 || this.pages.copyOf(gfn) !== location || this.pages.operationOn(gfn) >= 0) continue;
      this.begin(operationKind.trim, gfn, cause.pressure, this.protocol.dirtied, context);
      return true;
    }
    return false;
  }
  /** Room at a node: the frame of a copy that nobody maps. */
  trimFrame(gfn: number, because: number, context: Context): void {
    const begun = this.begin(operationKind.trim, gfn, because, this.protocol.trimCached, context);
    this.world.operations.from[begun] = this.pages.copyOf(gfn);
    this.world.operations.copy[begun] = 1;
  }

  /**
   * What a fault on a slot reads along: the pages of an aligned group around it, by address (swap_vma_readahead) or by slot
   * (swap_cluster_readahead), of the same vNode: a copy goes to the node that the fault's policy names, and pages of
   * another vNode have no business there.
   */
  readAhead(gfn: number, slot: number, room: number, context: Context): number {
    const { geometry } = this.world;
    const { readAhead, readAheadBy } = geometry.spec.policy;
    const home = geometry.homeOf(slot);
    const byAddress = readAheadBy === 'vma';
    const first = byAddress ? geometry.vnodeGfn[geometry.vnodeOf(gfn)]! : geometry.homeFirst[home]!;
    const end = byAddress ? geometry.vnodeGfn[geometry.vnodeOf(gfn) + 1]! : geometry.homeFirst[home + 1]!;
    const around = byAddress ? gfn : slot;
    const from = first + Math.floor((around - first) / readAhead) * readAhead;
    let begun = 0;
    for (let at = from; at < Math.min(from + readAhead, end) && begun < room; at++) {
      const next = byAddress ? at : this.pages.gfnAt(at);
      if (next < 0 || next === gfn || !this.mayReadAlong(next, home, gfn)) continue;
      this.begin(operationKind.prefetch, next, cause['read-ahead'], this.protocol.readAhead, context);
      begun++;
    }
    return begun;
  }
  private mayReadAlong(next: number, home: number, gfn: number): boolean {
    const { pages } = this;
    const { geometry } = this.world;
    if (pages.kindOf(next) !== 'slot' || pages.operationOn(next) >= 0) return false;
    const slot = pages.locationOf(next);
    if (geometry.homeOf(slot) !== home || pages.references[slot]! > 0) return false;
    if (pages.copyOf(next) !== NOWHERE || pages.sourceOf(next) >= 0) return false;
    return geometry.vnodeOf(next) === geometry.vnodeOf(gfn);
  }
}
