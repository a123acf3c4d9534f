// Reclaim: the host's own reason to move pages. Each node has a clock hand that goes round its frames. Below the low
// watermark it takes pages that were not touched since the hand last passed, until the high watermark is reached
// (kswapd). And on every tick it looks at a few frames, and takes a page that was found untouched several times in a row
// although nobody needs the room (DAMON's proactive reclaim).
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { cause } from '../model/words.ts';
import { assert } from '../stdx/assert.ts';
import type { Chain } from './chain.ts';
import { type HostPages, placesAStep } from './host-pages.ts';

/** Starts a swap-out that first asks for the page's age; of a clean copy only the frame is taken. */
type Take = (gfn: number, because: number, context: Context) => void;

export class Reclaim {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly chain: Chain;
  private readonly take: Take;
  /** By node: next frame to look at, swap-outs in flight, frames below which reclaim starts and up to which it goes on. */
  private readonly hand: Int32Array;
  private readonly inFlight: Int32Array;
  private readonly low: Int32Array;
  private readonly high: Int32Array;
  /** By node: 1 while reclaim is on its way from low to high. */
  private readonly busy: Int32Array;
  /** By node: frames that copy-backs took below the high watermark and that no eviction has paid for yet. Reclaim brings a
   * node back to exactly there, so that every frame taken below it costs one eviction. */
  private readonly debt: Int32Array;
  /** By frame: scans in a row that found it untouched. */
  private readonly idle: Int32Array;

  constructor(arena: Arena, world: World, pages: HostPages, chain: Chain, take: Take) {
    const { nodes, frames } = world.geometry;
    this.world = world;
    this.pages = pages;
    this.chain = chain;
    this.take = take;
    this.hand = arena.int32(nodes);
    this.inFlight = arena.int32(nodes);
    this.low = arena.int32(nodes);
    this.high = arena.int32(nodes);
    this.busy = arena.int32(nodes);
    this.debt = arena.int32(nodes);
    this.idle = arena.int32(frames + 1);
  }
  reset(): void {
    const { geometry } = this.world;
    const { policy, nodes, stores } = geometry.spec;
    nodes.forEach((node, n) => {
      this.low[n] = Math.ceil((node.frames * policy.lowWatermarkPercent) / 100);
      this.high[n] = Math.ceil((node.frames * policy.highWatermarkPercent) / 100);
      this.pages.free[n] = node.frames;
    });
    stores.forEach((store, s) => {
      this.pages.free[geometry.nodes + s] = store.slots;
    });
  }

  settle(): void {
    // Without scans for idle pages nobody counts how long they were idle.
    if (this.world.geometry.spec.policy.idleScans === 0) this.idle.fill(0);
  }

  /** A frame of `node` was taken, because of `because`. */
  taken(node: number, because: number, context: Context): void {
    const missing = this.high[node]! - this.pages.free[node]!;
    if (because === cause.balance && missing > 0) this.debt[node] = Math.min(this.debt[node]! + 1, missing);
    if (this.pages.free[node]! < this.low[node]!) this.kick(node, context);
  }

  /**
   * Reclaims on a node until its high watermark is reached.
   * @param urgent a fault on a moved page waits for the frame, and will free a slot when it has it: only for that may the
   *   last free slot be used, so that full stores cannot bring everything to a stop
   * @returns false when there is nothing under way and nothing to be done
   */
  kick(node: number, context: Context, urgent = false): boolean {
    if (this.pages.free[node]! < this.low[node]! || this.pages.free[node] === 0) this.busy[node] = 1;
    if (this.busy[node] === 0) return true;
    const { policy } = this.world.geometry.spec;
    const goal = Math.max(1, this.high[node]!);
    while (
      this.pages.free[node]! + this.inFlight[node]! < goal &&
      this.inFlight[node]! < policy.reclaimBatch
    ) {
      if (!this.hasRoom(node, urgent)) return this.inFlight[node]! > 0;
      const gfn = this.victim(node, true);
      if (gfn < 0) return this.inFlight[node]! > 0;
      const induced = this.debt[node]! > 0;
      if (induced) this.debt[node]!--;
      this.inFlight[node]!++;
      this.take(gfn, induced ? cause.induced : cause.pressure, context);
    }
    if (this.inFlight[node] === 0) this.busy[node] = 0;
    return true;
  }

  /** Whether one more page can be moved out, after those that are on their way. */
  hasRoom(node: number, urgent: boolean): boolean {
    let room = urgent ? 0 : -1;
    for (const home of this.chain.homesBelow(node)) {
      if (!this.chain.isClosed(home)) room += this.pages.free[home]! + this.pages.kept[home]!;
    }
    for (const swapOuts of this.inFlight) room -= swapOuts;
    return room > 0;
  }

  /**
   * The next frame under the hand that backs a page nobody is working on, or that holds a copy nobody maps.
   * @param most frames to look at
   * @returns its Gfn; -1 after a whole round, or after as many
   */
  victim(node: number, copies: boolean, most = Infinity): number {
    const { homeFirst } = this.world.geometry;
    const first = homeFirst[node]!;
    const frames = homeFirst[node + 1]! - first;
    if (this.pages.backsNothing(node)) return -1;
    for (let looked = 0; looked < frames && looked < most; looked++) {
      const location = first + this.hand[node]!;
      this.hand[node] = (this.hand[node]! + 1) % frames;
      const gfn = this.pages.backs[location]! - 1;
      if (gfn < 0 || this.pages.operationOn(gfn) >= 0 || this.pages.pinned[gfn] === 1) continue;
      if (this.pages.locationOf(gfn) === location) return gfn;
      if (copies && this.pages.copyOf(gfn) === location) return gfn;
    }
    return -1;
  }

  /** Looks at a few frames of each node for pages that stay untouched. */
  tick(context: Context): void {
    const { geometry } = this.world;
    const { policy } = geometry.spec;
    if (policy.idleScans === 0) return;
    for (let node = 0; node < geometry.nodes; node++) {
      const most = placesAStep(geometry.frames);
      for (let look = 0; look < policy.scanPerTick; look++) {
        if (this.inFlight[node]! >= policy.reclaimBatch || !this.hasRoom(node, false)) break;
        const gfn = this.victim(node, false, most);
        if (gfn < 0) break;
        this.inFlight[node]!++;
        this.take(gfn, cause.idle, context);
      }
    }
  }

  /** A page of `node` goes out because somebody said so. */
  advised(node: number): void {
    this.inFlight[node]!++;
  }

  /** The page of a swap-out was found untouched: does it go? Under pressure at once, else when it stayed so for long. */
  accepts(operation: number): boolean {
    const { operations, geometry } = this.world;
    if (operations.cause[operation] !== cause.idle) return true;
    const location = operations.from[operation]!;
    this.idle[location]!++;
    return this.idle[location]! >= geometry.spec.policy.idleScans;
  }

  /** A swap-out from a frame ended, for better or worse; or its page was young; or a copy there is gone. */
  ended(from: number, because: number, moved: boolean, context: Context): void {
    const node = this.world.geometry.homeOf(from);
    assert(this.inFlight[node]! > 0, 'a swap-out ends on a node that has none');
    this.inFlight[node]!--;
    if ((moved || because !== cause.idle) && this.idle[from] !== 0) this.idle[from] = 0;
    if (!moved && because === cause.induced) this.debt[node]!++;
    if (this.busy[node] === 1) this.kick(node, context);
  }
}
