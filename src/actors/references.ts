// Who else has a hand on a page: a process that shares its swap slot (fork, snapshot), a device that it is pinned for. The
// vCPU that gives the command stands for either.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE } from '../model/geometry.ts';
import { cause, operationKind, result } from '../model/words.ts';
import type { Plan, Protocol } from '../protocols/protocol.ts';
import { atOnce } from './commands.ts';
import type { HostPages } from './host-pages.ts';
import type { Begin, SwapCache } from './swap-cache.ts';

/** A slot that no page is in any more. */
export const PUT_BACK: Plan = ['release'];

export class References {
  private readonly world: World;
  private readonly protocol: Protocol;
  private readonly pages: HostPages;
  private readonly cache: SwapCache;
  private readonly begin: Begin;
  /** Whether an operation under way will free a slot that it takes a page from, or leave it to those who share it by then. */
  private readonly willFree: (slot: number) => boolean;
  /** By vCPU: the slot that its process shares, or NOWHERE. */
  private readonly shares: Int32Array;
  /** By operation: 1 while it brings a page in that is to be pinned. */
  private readonly pins: Int32Array;

  constructor(
    arena: Arena,
    world: World,
    protocol: Protocol,
    pages: HostPages,
    cache: SwapCache,
    begin: Begin,
    willFree: (slot: number) => boolean,
  ) {
    this.world = world;
    this.protocol = protocol;
    this.pages = pages;
    this.cache = cache;
    this.begin = begin;
    this.willFree = willFree;
    this.shares = arena.int32(world.geometry.vcpus);
    this.pins = arena.int32(world.operations.count);
  }

  /** One more reference to the slot that a page is in. */
  share(gfn: number, vcpu: number, context: Context): number {
    const { pages } = this;
    const slot = pages.locationOf(gfn);
    if (pages.kindOf(gfn) !== 'slot' || pages.copyOf(gfn) !== NOWHERE) return atOnce(result.EINVAL);
    if (this.shares[vcpu] !== NOWHERE) return atOnce(result.ALREADY);
    this.shares[vcpu] = slot;
    pages.references[slot]!++;
    context.trace.shared(slot, pages.references[slot]!, 1);
    return atOnce(result.OK);
  }
  /** ... and one less, after a look at what is there. Whoever is the last frees the slot (swap_free). */
  unshare(gfn: number, vcpu: number, context: Context): number {
    const { pages, world } = this;
    const slot = this.shares[vcpu]!;
    if (slot === NOWHERE) return atOnce(result.EINVAL);
    this.shares[vcpu] = NOWHERE;
    pages.references[slot]!--;
    world.meter.handle(slot);
    context.trace.shared(slot, pages.references[slot]!, world.transfer.isIntact(slot) ? 1 : 0);
    if (pages.references[slot]! > 0 || pages.gfnAt(slot) >= 0 || this.willFree(slot))
      return atOnce(result.OK);
    const begun = this.begin(operationKind.trim, gfn, cause.advice, PUT_BACK, context);
    world.operations.from[begun] = slot;
    return begun;
  }

  /** Device memory must be there and stay: a moved page is brought in first. */
  pin(gfn: number, context: Context): number {
    const { pages, protocol } = this;
    if (pages.pinned[gfn] === 1) return atOnce(result.ALREADY);
    let begun: number;
    switch (pages.kindOf(gfn)) {
      case 'nowhere':
        return atOnce(result.EINVAL);
      case 'frame':
        this.pinned(gfn, context);
        return atOnce(result.OK);
      default:
        if (this.cache.isCached(gfn)) begun = this.cache.adopt(gfn, cause.dma, true, context);
        else {
          const plan = pages.sourceOf(gfn) >= 0 ? protocol.touchRemapped : protocol.swapIn;
          begun = this.begin(operationKind.fault, gfn, cause.dma, plan, context);
        }
    }
    this.pins[begun] = 1;
    return begun;
  }
  /** Or is about to be: it is being brought in for that. */
  isPinned(gfn: number): boolean {
    const { pages, pins } = this;
    const operation = pages.operationOn(gfn);
    return pages.pinned[gfn] === 1 || (operation >= 0 && pins[operation] === 1);
  }
  unpin(gfn: number, context: Context): number {
    if (this.pages.pinned[gfn] === 0) return atOnce(result.ALREADY);
    this.pages.pinned[gfn] = 0;
    context.trace.pinned(gfn, this.pages.locationOf(gfn), 0);
    return atOnce(result.OK);
  }
  /** An operation has ended, perhaps one that brought in a page to be pinned. */
  ended(operation: number, gfn: number, outcome: number, context: Context): void {
    if (this.pins[operation] === 0) return;
    this.pins[operation] = 0;
    if (outcome === result.OK) this.pinned(gfn, context);
  }
  private pinned(gfn: number, context: Context): void {
    this.pages.pinned[gfn] = 1;
    context.trace.pinned(gfn, this.pages.locationOf(gfn), 1);
  }
}
