// Who waits for room: what becomes of an operation whose reservation was answered, and who goes on when a frame or slot
// is given back. A fault waits, and has reclaim work for it or takes a frame elsewhere; nobody else waits for a frame.
import type { Context } from '../actor/actor.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message } from '../model/messages.ts';
import { cause, operationKind, result } from '../model/words.ts';
import { avoidedNode } from './alias.ts';
import { type Chain, NO_HOME } from './chain.ts';
import type { HostPages } from './host-pages.ts';
import type { PlanInterpreter } from './plan-interpreter.ts';
import type { Reclaim } from './reclaim.ts';

/** After a reservation failed where there should be room: time for what is on its way to get here. */
const ROOM_AGAIN_NS = 1_000_000;

/** What the host can do where a home of the chain is full. */
export interface Relief {
  /** Begins to give up a clean copy in a store. @returns false when there is none that could be */
  trim(home: number, context: Context): boolean;
  /** A page that is being moved out goes to another home than was thought. */
  moveOut(operation: number, home: number, context: Context): void;
  /** There is no room for a page where it is to go, and nowhere else. */
  stay(operation: number, context: Context): void;
}

export class Room {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly chain: Chain;
  private readonly reclaim: Reclaim;
  private readonly relief: Relief;
  private readonly interpreter: PlanInterpreter;

  constructor(
    world: World,
    pages: HostPages,
    chain: Chain,
    reclaim: Reclaim,
    relief: Relief,
    interpreter: PlanInterpreter,
  ) {
    this.world = world;
    this.pages = pages;
    this.chain = chain;
    this.reclaim = reclaim;
    this.relief = relief;
    this.interpreter = interpreter;
  }

  /** A reservation was answered. Where there was no room the operation waits, goes elsewhere or gives up. */
  reserved(operation: number, outcome: number, context: Context): void {
    const { operations, geometry } = this.world;
    const kind = operations.kind[operation]! - 1;
    const home = operations.home[operation]!;
    const because = operations.cause[operation]!;
    if (outcome === result.OK) {
      this.pages.free[home]!--;
      if (home < geometry.nodes && kind !== operationKind['swap-out'] && kind !== operationKind.relocate)
        this.reclaim.taken(home, because, context);
      this.interpreter.proceed(operation, context);
      return;
    }
    switch (kind) {
      case operationKind['swap-out']: {
        const next = this.chain.next(home);
        if (next === NO_HOME && this.relief.trim(home, context)) {
          // A clean copy gives way: its slot is the one that this page gets.
          operations.awaitsRoom[operation] = home + 1;
          return;
        }
        if (next === NO_HOME) return this.interpreter.abandon(operation, result.NOMEM, context);
        if (this.chain.isMapped(next)) return this.relief.moveOut(operation, next, context);
        operations.home[operation] = next;
        context.send(geometry.host, message.turn, operation);
        return;
      }
      case operationKind['host-migrate']: {
        // A demotion that finds its node full goes on down the chain; the rest stays where it is.
        const next = this.chain.isMapped(home) ? this.chain.next(home) : NO_HOME;
        const demotion = because !== cause.promotion && because !== cause['host-migration'];
        if (!demotion || next === NO_HOME) return this.interpreter.abandon(operation, result.NOMEM, context);
        this.relief.moveOut(operation, next, context);
        return;
      }
      case operationKind.fault:
      case operationKind.alias:
        // There should be room: it was a failure, or another's answer is on its way.
        if (this.pages.free[home]! > 0)
          return context.send(geometry.host, message.turn, operation, 0, ROOM_AGAIN_NS);
        operations.awaitsRoom[operation] = home + 1;
        this.makeRoomFor(operation, context);
        return;
      case operationKind.balance:
        this.reclaim.kick(home, context);
        this.interpreter.abandon(operation, result.NOMEM, context);
        return;
      default:
        this.interpreter.abandon(operation, result.NOMEM, context);
    }
  }

  /** Room at a home: the first operation that waits for it tries again; at a store, waiting nodes may now reclaim. */
  roomAt(home: number, context: Context): void {
    const { operations, geometry } = this.world;
    const { kind, awaitsRoom, end } = operations;
    for (let operation = 0; operation < end; operation++) {
      if (awaitsRoom[operation] !== home + 1 || kind[operation] === 0) continue;
      awaitsRoom[operation] = 0;
      context.send(geometry.host, message.turn, operation);
      return;
    }
    this.makeRoom(context);
  }

  /** Whoever still waits for a frame of a node: reclaim goes on for it, or it takes one elsewhere. */
  makeRoom(context: Context): void {
    const { operations, geometry } = this.world;
    const { kind, awaitsRoom } = operations;
    let { end } = operations;
    for (let operation = 0; operation < end; operation++) {
      // Of all records mostly none waits, and they are looked through whenever an operation ends.
      if (awaitsRoom[operation] === 0) continue;
      if (kind[operation] === 0 || awaitsRoom[operation]! > geometry.nodes) continue;
      this.makeRoomFor(operation, context);
      ({ end } = operations);
    }
  }
  private makeRoomFor(operation: number, context: Context): void {
    const { operations } = this.world;
    const urgent = operations.from[operation] !== NOWHERE;
    if (!this.reclaim.kick(operations.home[operation]!, context, urgent)) this.spill(operation, context);
  }

  /**
   * The node is full and nothing on it can be moved out: the frame comes from the nearest node that has one. Never from
   * the one that a mapped page was taken away from: that would be a copy-back by another name.
   */
  private spill(operation: number, context: Context): void {
    const { operations, geometry } = this.world;
    const { distances } = geometry.spec;
    // Where the page belongs, and not where an earlier spill of the same fault found no room either.
    const gfn = operations.destination[operation]!;
    const wanted = this.pages.pinOf(gfn);
    const source = avoidedNode(this.world, this.pages, operation);
    // Pinned elsewhere since the fault began: there it is no spill.
    if (wanted !== source && this.pages.free[wanted]! > 0) return this.goTo(wanted, operation, context);
    let nearest = -1;
    for (let node = 0; node < geometry.nodes; node++) {
      const full = (this.pages.free[node] ?? 0) === 0;
      if (node === wanted || node === source || full) continue;
      if (nearest < 0 || distances[wanted]![node]! < distances[wanted]![nearest]!) nearest = node;
    }
    if (nearest < 0) return this.relief.stay(operation, context);
    context.trace.spilled(operation, gfn, wanted, nearest);
    this.goTo(nearest, operation, context);
  }
  private goTo(node: number, operation: number, context: Context): void {
    const { operations, geometry } = this.world;
    operations.awaitsRoom[operation] = 0;
    operations.home[operation] = node;
    context.send(geometry.host, message.turn, operation);
  }
}
