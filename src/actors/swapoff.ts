// Turning a store off (swapoff, try_to_unuse): it takes no more pages, and those that it keeps are brought in to their
// pinned nodes, one after the other, or go to another store where memory is full. A held page is left alone until its hold
// ends: that is waited for, and counted. With no room anywhere the store stays on and the command ends with NOMEM, as in
// Linux.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { VACANT } from '../memory/page-words.ts';
import type { World } from '../memory/world.ts';
import { swapoffPhase } from '../model/events.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message } from '../model/messages.ts';
import { result } from '../model/words.ts';
import { type Chain, NO_HOME } from './chain.ts';
import { atOnce, LATER } from './commands.ts';
import { type HostPages, placesAStep } from './host-pages.ts';

interface Movers {
  /** Begins to bring a moved page, seen in `state`, in to its pinned node. @returns the operation */
  bringIn(gfn: number, state: number, context: Context): number;
  /** Begins to move it on to another home. @returns the operation */
  relocate(gfn: number, home: number, context: Context): number;
  /** Begins to give up a clean copy there. */
  trim(home: number, context: Context): boolean;
  /** A page is held that must go. */
  awaits(gfn: number, context: Context): void;
  /** It is over: the vCPU that gave the command hears of it. */
  answer(vcpu: number, outcome: number, context: Context): void;
}

const field = { home: 0, vcpu: 1, next: 2, operation: 3, gfn: 4, scheduled: 5, waits: 6, count: 7 } as const;

export class Swapoff {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly chain: Chain;
  private readonly movers: Movers;
  /** `home` and `operation` are one more than the number they stand for; 0 = none. */
  private readonly own: Int32Array;
  /** By Gfn: 1 once its hold was counted as waited for. */
  private readonly counted: Int32Array;

  constructor(arena: Arena, world: World, pages: HostPages, chain: Chain, movers: Movers) {
    this.world = world;
    this.pages = pages;
    this.chain = chain;
    this.movers = movers;
    this.own = arena.int32(field.count);
    this.counted = arena.int32(world.geometry.gfns);
  }

  /** @param store index of the store */
  begin(store: number, vcpu: number, context: Context): number {
    const { own } = this;
    const { geometry } = this.world;
    const home = geometry.nodes + store;
    if (home >= geometry.homes) return atOnce(result.EINVAL);
    if (own[field.home]! > 0) return atOnce(result.BUSY);
    if (this.chain.isClosed(home)) return atOnce(result.ALREADY);
    this.chain.close(home, true);
    own[field.home] = home + 1;
    own[field.vcpu] = vcpu;
    this.counted.fill(0);
    context.trace.swapoff(home, -1, swapoffPhase.began, result.OK);
    this.again(context);
    return LATER;
  }

  /** Something has changed: the pages are looked at from the first one on. */
  private again(context: Context): void {
    const { own } = this;
    own[field.next] = 0;
    own[field.waits] = 0;
    if (own[field.scheduled] === 1) return;
    own[field.scheduled] = 1;
    context.send(this.world.geometry.host, message.drain, 0);
  }
  /** A page has been let go. */
  pageIsFree(context: Context): void {
    if (this.own[field.home]! > 0 && this.own[field.operation] === 0) this.again(context);
  }

  /** One page: one access to its word. */
  step(context: Context): void {
    const { own } = this;
    const { geometry, pages: words } = this.world;
    own[field.scheduled] = 0;
    const home = own[field.home]! - 1;
    if (home < 0 || own[field.operation]! > 0) return;
    const end = Math.min(geometry.gfns, own[field.next]! + placesAStep(geometry.gfns));
    for (; own[field.next]! < end; own[field.next]!++) {
      const gfn = own[field.next]!;
      const location = this.pages.locationOf(gfn);
      if (location === NOWHERE || geometry.homeOf(location) !== home) continue;
      if (this.pages.operationOn(gfn) >= 0) {
        own[field.waits] = 1;
        continue;
      }
      const state = words.state(gfn);
      own[field.next]!++;
      this.take(gfn, state, home, context);
      return;
    }
    if (end < geometry.gfns) {
      own[field.scheduled] = 1;
      context.send(geometry.host, message.drain, 0);
      return;
    }
    // Clean copies of pages that are in their frames: given up one by one, each of which calls this again.
    if (this.pages.kept[home]! > 0) {
      this.movers.trim(home, context);
      return;
    }
    if (own[field.waits] === 0 && !this.isInUse(home)) this.end(result.OK, context);
  }

  private take(gfn: number, state: number, home: number, context: Context): void {
    const { own } = this;
    const { state: s } = this.world.pages.table;
    if (state === s['listed.held'] || state === s['remapped.held']) {
      own[field.waits] = 1;
      if (this.counted[gfn] === 0) context.trace.swapoff(home, gfn, swapoffPhase.waits, result.BUSY);
      this.counted[gfn] = 1;
      this.movers.awaits(gfn, context);
    } else if (state !== VACANT && state !== s.poisoned) {
      own[field.gfn] = gfn;
      own[field.operation] = this.movers.bringIn(gfn, state, context) + 1;
      return;
    }
    own[field.scheduled] = 1;
    context.send(this.world.geometry.host, message.drain, 0);
  }

  /** Whether an operation under way may still put a page there, or leave one. */
  private isInUse(home: number): boolean {
    const { operations, geometry } = this.world;
    const isAt = (location: number) => location !== NOWHERE && geometry.homeOf(location) === home;
    for (let operation = 0; operation < operations.end; operation++) {
      if (operations.kind[operation] === 0) continue;
      const { home: wanted, from, to } = operations;
      if (wanted[operation] === home || isAt(from[operation]!) || isAt(to[operation]!)) return true;
    }
    return false;
  }

  /** An operation has ended; perhaps it was the one for the page under way. */
  ended(operation: number, outcome: number, context: Context): void {
    const { own } = this;
    if (own[field.operation] !== operation + 1) return;
    own[field.operation] = 0;
    if (outcome !== result.NOMEM) return this.again(context);
    const { geometry } = this.world;
    const { moveTo } = geometry.spec;
    const home = moveTo.find((other) => this.chain.roomAt(other) > 0 && !this.chain.isMapped(other));
    if (home === undefined || home === NO_HOME) this.end(result.NOMEM, context);
    else own[field.operation] = this.movers.relocate(own[field.gfn]!, home, context) + 1;
  }

  private end(outcome: number, context: Context): void {
    const { own } = this;
    const home = own[field.home]! - 1;
    if (outcome !== result.OK) this.chain.close(home, false);
    own[field.home] = 0;
    context.trace.swapoff(home, -1, swapoffPhase.ended, outcome);
    this.movers.answer(own[field.vcpu]!, outcome, context);
  }
}
