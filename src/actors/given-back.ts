// Guest memory given back, the host's side: free page reporting, the balloon and virtio-mem. Whatever backs the Gfn is
// dropped, wherever it is: frame, slot, list entry. A Gfn in the balloon, or unplugged, can be neither touched nor named in a
// request until the guest takes it back; a reported one is the guest's own all the time.
import type { Context } from '../actor/actor.ts';
import type { Arena, Column } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { command } from '../model/script.ts';
import { givenBack, result } from '../model/words.ts';
import { atOnce, type CarryOut } from './commands.ts';
import type { HostPages } from './host-pages.ts';

/** Begins to drop what backs a Gfn. @returns the operation, or -1 when nothing does */
type Drop = (gfn: number, context: Context) => number;

const HOW: Readonly<Record<number, number>> = {
  [command.report]: givenBack.reported,
  [command.inflate]: givenBack.ballooned,
  [command.unplug]: givenBack.unplugged,
};

export class GivenBack {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly drop: Drop;
  /** By Gfn: 1 while it is in the balloon or unplugged. */
  private readonly gone: Column;

  constructor(arena: Arena, world: World, pages: HostPages, drop: Drop) {
    this.world = world;
    this.pages = pages;
    this.drop = drop;
    this.gone = arena.upTo(1, world.geometry.gfns);
  }

  get commands(): Record<'report' | 'inflate' | 'deflate' | 'unplug', CarryOut> {
    return {
      report: (gfn, _vcpu, _parameter, context) => this.report(gfn, context),
      inflate: (gfn, _vcpu, _parameter, context) => this.take(gfn, context),
      unplug: (gfn, _vcpu, _parameter, context) => this.take(gfn, context),
      deflate: (gfn, _vcpu, _parameter, context) => {
        if (this.gone[gfn] === 0) return atOnce(result.EINVAL);
        this.gone[gfn] = 0;
        context.trace.takenBack(gfn);
        return atOnce(result.OK);
      },
    };
  }

  /** Not to be touched: in the balloon, or unplugged. */
  isGone(gfn: number): boolean {
    return this.gone[gfn] !== 0;
  }

  /** A dropped page would read zero where the guest expects its poison: it must not be dropped. */
  get mayDropReported(): boolean {
    return this.world.geometry.spec.policy.guest?.poison !== 'negotiated';
  }
  private report(gfn: number, context: Context): number {
    return this.mayDropReported ? this.dropOf(gfn, context) : atOnce(result.PINNED);
  }
  private take(gfn: number, context: Context): number {
    return this.gone[gfn] === 0 ? this.dropOf(gfn, context) : atOnce(result.ALREADY);
  }
  /** What a device uses stays where it is: the guest keeps the Gfn. */
  private dropOf(gfn: number, context: Context): number {
    if (this.pages.pinned[gfn] === 1) return atOnce(result.PINNED);
    const begun = this.drop(gfn, context);
    return begun < 0 ? atOnce(result.OK) : begun;
  }

  /** A command has ended. */
  ended(kind: number, gfn: number, outcome: number, context: Context): void {
    const how = HOW[kind];
    if (how === undefined || outcome !== result.OK) return;
    if (how !== givenBack.reported) this.gone[gfn] = 1;
    context.trace.givenBack(gfn, how);
  }
}
