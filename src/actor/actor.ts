// An actor is a step function. `receive` runs to completion, touches what the actor owns and at most one shared word, and
// sends; it does not wait, read a clock or roll dice: time comes from the context, order from whoever delivers.
import type { Sink } from '../model/events.ts';
import type { DeviceFault, FaultPlan } from '../model/faults.ts';
import type { Message } from '../model/messages.ts';
import type { Mailboxes } from '../memory/mailbox.ts';
import type { Meter } from '../memory/meter.ts';
import type { Arena } from '../memory/arena.ts';
import { Recorder } from '../model/recorder.ts';
import { Mishaps } from './mishaps.ts';

export interface Actor {
  /** Takes one message. May be called again as soon as it returns. */
  receive(message: Message, context: Context): void;
  /** Once, before the first message. */
  start?(context: Context): void;
  /**
   * Zeroes what no later step reads, so that two states that differ in nothing else are one: for a checker.
   * @param operations those whose records were looked at since the last time: no other has come to mean less
   */
  settle?(operations: readonly number[]): void;
}

/** What an actor may use of the world around it. One per actor; both executors use this one. */
export class Context {
  readonly self: number;
  readonly trace: Recorder;
  private readonly clock: Float64Array;
  private readonly mailboxes: Mailboxes;
  private readonly meter: Meter;
  private readonly mishaps: Mishaps | null;

  constructor(
    arena: Arena,
    self: number,
    mailboxes: Mailboxes,
    meter: Meter,
    sink: Sink,
    plan: FaultPlan = [],
  ) {
    this.self = self;
    this.clock = arena.float64(1);
    this.mailboxes = mailboxes;
    this.meter = meter;
    this.trace = new Recorder(sink, self, this.clock);
    this.mishaps = plan.length > 0 ? new Mishaps(arena, self, mailboxes, this.trace, plan) : null;
  }
  /** Virtual nanoseconds on this actor's clock. */
  get now(): number {
    return this.clock[0]!;
  }
  /** A message is delivered: the clock does not run behind it. */
  advance(time: number): void {
    if (time > this.clock[0]!) this.clock[0] = time;
  }
  /** The actor is busy for `ns`: what it sends from here on leaves later, and it takes no message before. */
  spend(ns: number): void {
    this.clock[0]! += ns;
  }
  /** Sends; arrives `delayNs` after now. Delivered in order per receiver in threads, by time in a simulation. */
  send(receiver: number, kind: number, id: number, argument = 0, delayNs = 0, serial = 0): void {
    const time = this.clock[0]! + delayNs;
    if (this.mishaps) this.mishaps.send(receiver, kind, id, argument, serial, time);
    else this.mailboxes.send(this.self, receiver, kind, id, argument, serial, time);
  }
  /** An occasion for a device to fail, at a location. @returns whether it does; `instead` is then used in its place */
  strikes(fault: DeviceFault, id: number, location = 0, instead = 0): boolean {
    return this.mishaps !== null && this.mishaps.strikes(fault, id, location, instead);
  }
  /** Whether a message may be dropped for want of room, since it will be said again. */
  get mayDrop(): boolean {
    return this.mishaps !== null;
  }
  /** A step ends and another begins in the same handler (a vCPU's burst is so many steps in a row). */
  step(): void {
    this.meter.step();
  }
}
