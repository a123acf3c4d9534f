// The host's calls to the hypervisor, the memory nodes and the stores, exactly once each over links that may lose, repeat
// and delay. `Calls` is the host's end: one call outstanding per operation, counted by a serial, made again until it is
// answered. `Served` is the other end: it remembers the last serial of each operation, serves it once, and answers again.
//
// Custody: the operation's record is with whoever serves the call until the host has the answer. A repeat is recognised
// by its serial alone, without a look at the record, which the host may have back by then.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { message, type Message } from '../model/messages.ts';
import { nextSerial, Once, type Telling, tellingOf } from './once.ts';
import { Retries } from './retries.ts';

export class Calls {
  private readonly retries: Retries;
  /** By operation record: serial of its latest call, also of operations that had the record before. */
  private readonly serial: Int32Array;
  /** Whom the open call was made to, + 1; 0 = none is open. What it was. */
  readonly receiver: Int32Array;
  private readonly kind: Int32Array;
  private readonly argument: Int32Array;
  private readonly world: World;
  private readonly telling: Telling;

  constructor(arena: Arena, world: World) {
    const { count } = world.operations;
    this.world = world;
    this.telling = tellingOf(world.geometry.spec);
    this.retries = new Retries(arena, world, count);
    this.serial = arena.int32(count);
    this.receiver = arena.int32(count);
    this.kind = arena.int32(count);
    this.argument = arena.int32(count);
  }

  /** @param delayNs after which it arrives, when it is made for the first time */
  make(
    receiver: number,
    kind: number,
    operation: number,
    argument: number,
    context: Context,
    delayNs = 0,
  ): void {
    this.serial[operation] = nextSerial(this.serial[operation]!, this.telling);
    this.receiver[operation] = receiver + 1;
    this.kind[operation] = kind;
    this.argument[operation] = argument;
    this.send(operation, context, delayNs);
    this.retries.said(operation, this.serial[operation], context);
  }
  private send(operation: number, context: Context, delayNs = 0): void {
    const { receiver, kind, argument, serial } = this;
    context.send(
      receiver[operation]! - 1,
      kind[operation]!,
      operation,
      argument[operation],
      delayNs,
      serial[operation],
    );
  }
  /** Nothing is asked, or nobody asks: what was asked last, and what came of it, is forgotten. */
  settle(looked: readonly number[]): void {
    const { operations } = this.world;
    for (const operation of looked) {
      if (this.receiver[operation] !== 0) continue;
      this.kind[operation] = this.argument[operation] = 0;
      if (!this.telling.repeats) this.serial[operation] = 0;
      operations.result[operation] = 0;
      if (operations.kind[operation] === 0) operations.settle(operation);
    }
  }
  /** A call was answered. @returns false when that one is not open (any more) */
  close({ id, serial }: Message): boolean {
    if (this.receiver[id] === 0 || this.serial[id] !== serial) return false;
    this.receiver[id] = 0;
    return true;
  }
  timeout(incoming: Message, context: Context): void {
    const open = this.receiver[incoming.id] === 0 ? 0 : this.serial[incoming.id]!;
    if (this.retries.isDue(incoming, open, context)) this.send(incoming.id, context);
  }

  /**
   * A receiver has lost its memory of what it served. Calls that are open with it get new serials, so that what is still on
   * its way under an old one will be taken for a repeat; they are made again in their time.
   * @param known is told the last serial of every operation that must not be served (again)
   */
  forgottenBy(receiver: number, known: Int32Array): void {
    for (let operation = 0; operation < this.serial.length; operation++) {
      known[operation] = this.serial[operation]!;
      if (this.receiver[operation] === receiver + 1) this.serial[operation]!++;
    }
  }
}

export class Served {
  private readonly world: World;
  private readonly once: Once;

  constructor(arena: Arena, world: World) {
    this.world = world;
    this.once = new Once(arena, world.operations.count, tellingOf(world.geometry.spec));
  }
  /** @returns whether a call is to be served; if it has been it is answered again */
  isNew({ id, serial }: Message, context: Context): boolean {
    const heard = this.once.hear(id, serial);
    if (heard === 'done') this.answer(id, context);
    return heard === 'new';
  }
  /** By operation: serial of the last call. */
  get serials(): Int32Array {
    return this.once.serialsHeard;
  }
  /** The call is the last one of its operation and not done yet. */
  isUnderWay({ id, serial }: Message): boolean {
    return this.once.isPending(id, serial);
  }
  serialOf(operation: number): number {
    return this.once.serialOf(operation);
  }
  answer(operation: number, context: Context, delayNs = 0): void {
    this.once.done(operation);
    context.send(
      this.world.geometry.host,
      message.done,
      operation,
      0,
      delayNs,
      this.once.serialOf(operation),
    );
  }
  forget(known?: Int32Array): void {
    this.once.forget(known);
  }
}
