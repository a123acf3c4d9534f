// Holds that are too old (claim 12 has a hold begin with the guest's detection; a guest that crashes before it asks would
// hold the page for ever). The host looks at the moved pages, a page a step, and ends a hold that so many looks in a row
// have found. The page is then listed as before, in the same generation: a request that comes late may still succeed.
//
// A look begins with a tick of a vCPU; and because the vCPUs may all be waiting for held pages, the host goes on looking
// on its own for as long as it knows of one.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { message } from '../model/messages.ts';
import { type HostPages, placesAStep } from './host-pages.ts';

/** Virtual time between two looks that no tick has asked for. */
const LOOK_NS = 100_000;

const field = { looking: 0, next: 1, found: 2, count: 3 } as const;

export class Holds {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly ended: (gfn: number, context: Context) => void;
  private readonly own: Int32Array;
  /** By Gfn: looks in a row that found it held. */
  private readonly seen: Int32Array;

  /** @param ended told of each hold that the host has ended */
  constructor(arena: Arena, world: World, pages: HostPages, ended: (gfn: number, context: Context) => void) {
    this.world = world;
    this.pages = pages;
    this.ended = ended;
    this.own = arena.int32(field.count);
    this.seen = arena.int32(world.geometry.gfns);
  }

  /** A look begins, unless one is going on or holds last for as long as the guest likes. */
  watch(context: Context, delayNs = 0): void {
    const { own } = this;
    const { geometry } = this.world;
    if (geometry.spec.policy.holdTicks === 0 || own[field.looking] === 1) return;
    own[field.looking] = 1;
    own[field.next] = 0;
    own[field.found] = 0;
    context.send(geometry.host, message.look, 0, 0, delayNs);
  }
  settle(): void {
    if (this.world.geometry.spec.policy.holdTicks === 0) this.own[field.found] = 0;
  }
  /** A vCPU or the host itself was stopped by a held page. */
  met(context: Context): void {
    this.watch(context, LOOK_NS);
    // If a look was going on, it may have been past the page.
    this.own[field.found] = 1;
  }
  /** An operation has let go of a page, which may be held as it was before. */
  pageIsFree(gfn: number, context: Context): void {
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
      else if (this.pages.operationOn(gfn) < 0) {
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
    if (own[field.found] === 1) this.watch(context, LOOK_NS);
  }

  private judge(gfn: number, context: Context): void {
    const { pages: words, geometry } = this.world;
    const { state, event } = words.table;
    if (this.seen[gfn]! >= geometry.spec.policy.holdTicks) {
      this.seen[gfn] = 0;
      if (words.attempt(gfn, event.cancel, -1, false, context.trace) < 0) return;
      context.trace.holdExpired(gfn, words.generation(gfn));
      this.ended(gfn, context);
      return;
    }
    const now = words.state(gfn);
    const held = now === state['listed.held'] || now === state['remapped.held'];
    this.seen[gfn] = held ? this.seen[gfn]! + 1 : 0;
    if (held) this.own[field.found] = 1;
  }
}
