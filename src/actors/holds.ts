// Holds that are too old (claim 12 has a hold begin with the guest's detection; a guest that crashes before it asks would
// hold the page for ever). The host looks at the moved pages, a page a step, and ends a hold that so many looks in a row
// have found. The page is then listed as before, in the same generation: a request that comes late may still succeed.
//
// A look begins with a tick of a vCPU; and because the vCPUs may all be waiting for held pages, the host goes on looking
// on its own for as long as it knows of one.
//
// A guest that takes a page out of its page table after it has claimed it may find that another vCPU was faster, and lets go
// without a word. So whoever waits for the end of a hold is woken by a look too that finds the page free.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { message } from '../model/messages.ts';
import { type HostPages, placesAStep } from './host-pages.ts';

/** Virtual time between two looks that no tick has asked for. */
const LOOK_NS = 100_000;

const field = { looking: 0, next: 1, found: 2, count: 3 } as const;
/** Bit of `seen`: somebody waits for the hold's end. */
const AWAITED = 2 ** 30;

export class Holds {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly ended: (gfn: number, context: Context) => void;
  private readonly own: Int32Array;
  /** By Gfn: looks in a row that found it held; and whether anybody waits. */
  private readonly seen: Int32Array;
  /** Looks in a row after which a hold is ended; 0 = never. */
  private readonly ticks: number;
  /** Whether a hold may end although nothing was asked for. */
  private readonly endsSilently: boolean;

  /** @param ended told of each hold that the host has ended, or found ended although it was waited for */
  constructor(arena: Arena, world: World, pages: HostPages, ended: (gfn: number, context: Context) => void) {
    this.world = world;
    this.pages = pages;
    this.ended = ended;
    this.own = arena.int32(field.count);
    this.seen = arena.int32(world.geometry.gfns);
    this.ticks = world.geometry.spec.policy.holdTicks;
    this.endsSilently = this.ticks > 0 || world.listPolicy.unmap === 'before the request';
  }

  /** Time for a look, unless holds last for as long as the guest likes. */
  tick(context: Context): void {
    if (this.ticks > 0) this.begin(context);
  }
  /** A look begins, unless one is going on. */
  private begin(context: Context, delayNs = 0): void {
    const { own } = this;
    if (own[field.looking] === 1) return;
    own[field.looking] = 1;
    own[field.next] = 0;
    own[field.found] = 0;
    context.send(this.world.geometry.host, message.look, 0, 0, delayNs);
  }
  settle(): void {
    if (!this.endsSilently) this.own[field.found] = 0;
  }
  /** A vCPU or the host itself was stopped by a held page. */
  met(context: Context): void {
    if (this.ticks > 0) this.goOn(context);
  }
  /** The same, and waits for the end of the hold. */
  awaits(gfn: number, context: Context): void {
    if (!this.endsSilently) return;
    this.seen[gfn]! |= AWAITED;
    this.goOn(context);
  }
  private goOn(context: Context): void {
    this.begin(context, LOOK_NS);
    // If a look was going on, it may have been past the page.
    this.own[field.found] = 1;
  }
  /** An operation has let go of a page, which may be held as it was before. */
  pageIsFree(gfn: number, context: Context): void {
    // No zeros over zeros: of hardly any page is this word ever written.
    if (this.isAwaited(gfn)) this.seen[gfn]! &= ~AWAITED;
    if (this.pages.isMoved(gfn)) this.met(context);
  }

  /** One page: one access to its word. */
  look(context: Context): void {
    const { own } = this;
    const { geometry } = this.world;
    const end = Math.min(geometry.gfns, own[field.next]! + placesAStep(geometry.gfns));
    for (; own[field.next]! < end; own[field.next]!++) {
      const gfn = own[field.next]!;
      if (!this.pages.isMoved(gfn)) this.seen[gfn] = 0;
      // What an operation has is looked at when that has ended.
      else if (this.pages.operationOn(gfn) < 0 && (this.ticks > 0 || this.isAwaited(gfn))) {
        this.judge(gfn, context);
        own[field.next]!++;
        break;
      }
    }
    if (own[field.next]! < geometry.gfns) {
      context.send(geometry.host, message.look, 0);
      return;
    }
    own[field.looking] = 0;
    if (own[field.found] === 1) this.begin(context, LOOK_NS);
  }

  private isAwaited(gfn: number): boolean {
    return (this.seen[gfn]! & AWAITED) !== 0;
  }
  private judge(gfn: number, context: Context): void {
    const { pages: words } = this.world;
    const { state, event } = words.table;
    const looks = this.seen[gfn]! & ~AWAITED;
    if (this.ticks > 0 && looks >= this.ticks) {
      const isEnded = words.attempt(gfn, event.cancel, -1, false, context.trace) >= 0;
      if (isEnded) context.trace.holdExpired(gfn, words.generation(gfn));
      this.isFree(gfn, isEnded, context);
      return;
    }
    const now = words.state(gfn);
    if (now !== state['listed.held'] && now !== state['remapped.held'])
      return this.isFree(gfn, false, context);
    if (this.ticks > 0) this.seen[gfn]!++;
    this.own[field.found] = 1;
  }
  /** @param isEnded the host has ended its hold */
  private isFree(gfn: number, isEnded: boolean, context: Context): void {
    const isAwaited = this.isAwaited(gfn);
    this.seen[gfn] = 0;
    if (isEnded || isAwaited) this.ended(gfn, context);
  }
}
