// Says again what was not answered, in worlds whose messages get lost. For each thing that waits for an answer there is at
// most one time-out on its way, which the actor sends to itself; in the other worlds there is none. A checker says itself
// when something is to be said again, and gets it at once: there the actor remembers nothing.
//
// A simulation that explores may deliver a time-out at any moment, and a thread gets it at once, since messages on threads
// know no delay. So a time-out that comes says nothing: every repeat must do no harm, and repeats come ever more rarely
// (the 1st, 2nd, 4th, 8th ... time-out, later every 64th), so that an impatient actor does not drown the others.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { losesMessages } from '../model/faults.ts';
import { message, type Message } from '../model/messages.ts';

/** Longer than any device here takes, with others before it. */
const PATIENCE_NS = 100_000_000;
const SELDOM = 64;

export class Retries {
  /** Whether messages get lost at all, and the actor sees to it itself. */
  readonly needed: boolean;
  private readonly fromOutside: boolean;
  /** By thing: 1 while a time-out is on its way, and how many came since the serial under way was first said. */
  private readonly armed: Int32Array;
  private readonly came: Int32Array;

  constructor(arena: Arena, world: World, things: number) {
    const { faults, serials, timeouts } = world.geometry.spec;
    this.fromOutside = timeouts !== undefined;
    this.needed = serials === undefined && !this.fromOutside && losesMessages(faults);
    this.armed = arena.int32(this.needed ? things : 0);
    this.came = arena.int32(this.needed ? things : 0);
  }

  /** Something was said about a thing, for the first time under this serial. */
  said(thing: number, serial: number, context: Context): void {
    if (!this.needed) return;
    this.came[thing] = 0;
    if (this.armed[thing] === 0) this.arm(thing, serial, context);
  }
  private arm(thing: number, serial: number, context: Context): void {
    this.armed[thing] = 1;
    context.send(context.self, message.timeout, thing, 0, PATIENCE_NS, serial);
  }
  /**
   * A time-out came.
   * @param open serial of what still waits for its answer, or 0
   * @returns whether to say it again now
   */
  isDue({ id, serial }: Message, open: number, context: Context): boolean {
    if (this.fromOutside) return open !== 0;
    this.armed[id] = 0;
    if (open === 0) return false;
    this.arm(id, open, context);
    if (open !== serial) return false;
    const came = ++this.came[id]!;
    return (came & (came - 1)) === 0 || came % SELDOM === 0;
  }
}
