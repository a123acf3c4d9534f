// Where faults happen. One for each actor of a world with a fault plan, and none where there is no plan: it counts the
// occasions that its actor gives and lets the planned ones go wrong. The actors know nothing of it but the question
// whether a device fault strikes now; messages go wrong on their way.
import { type DeviceFault, faultNames, type FaultPlan, harms, numberOf, talkOf } from '../model/faults.ts';
import { messageKinds } from '../model/messages.ts';
import type { Arena } from '../memory/arena.ts';
import type { Mailboxes } from '../memory/mailbox.ts';
import type { Recorder } from '../model/recorder.ts';

const TALK_OF = messageKinds.map(talkOf);

/** Fields of the one message that is held back: `receiver` + 1, or 0 when there is none. */
const field = { receiver: 0, kind: 1, id: 2, argument: 3, serial: 4, overtakes: 5, count: 6 } as const;

export class Mishaps {
  private readonly self: number;
  private readonly mailboxes: Mailboxes;
  private readonly trace: Recorder;
  /** By fault: the occasions it strikes, and how many there have been. */
  private readonly planned: readonly ReadonlySet<number>[];
  private readonly occasions: Int32Array;
  private readonly held: Int32Array;

  constructor(arena: Arena, self: number, mailboxes: Mailboxes, trace: Recorder, plan: FaultPlan) {
    this.self = self;
    this.mailboxes = mailboxes;
    this.trace = trace;
    const here = plan.filter(({ actor = self }) => actor === self);
    this.planned = faultNames.map(
      (name) => new Set(here.filter(({ fault }) => fault === name).map(({ nth }) => nth)),
    );
    this.occasions = arena.int32(faultNames.length);
    this.held = arena.int32(field.count);
  }

  private occasion(fault: number): boolean {
    return this.planned[fault]!.has(++this.occasions[fault]!);
  }
  /** An occasion for a fault. @returns whether it strikes */
  strikes(fault: DeviceFault, id: number, location: number, instead: number): boolean {
    const number = numberOf(fault);
    if (!this.occasion(number)) return false;
    this.trace.fault(number, id, location, instead);
    return true;
  }

  /** Sends a message, unless something comes between. */
  send(receiver: number, kind: number, id: number, argument: number, serial: number, time: number): void {
    const talk = TALK_OF[kind]!;
    if (talk < 0 || receiver === this.self) return this.put(receiver, kind, id, argument, serial, time);
    const first = talk * harms.length;
    const lost = this.occasion(first);
    const repeated = this.occasion(first + 1);
    const delayed = this.occasion(first + 2);
    if (lost) {
      this.trace.fault(first, id);
      return;
    }
    if (delayed && this.held[field.receiver] === 0) {
      this.trace.fault(first + 2, id);
      this.hold(receiver, kind, id, argument, serial);
      return;
    }
    if (repeated) {
      this.trace.fault(first + 1, id);
      this.putIfRoom(receiver, kind, id, argument, serial, time);
    }
    this.putIfRoom(receiver, kind, id, argument, serial, time);
  }

  private put(
    receiver: number,
    kind: number,
    id: number,
    argument: number,
    serial: number,
    time: number,
  ): void {
    this.mailboxes.send(this.self, receiver, kind, id, argument, serial, time);
    this.overtake(receiver, time);
  }
  /** What will be said again until it is answered can be lost where mailboxes are full of repeats. */
  private putIfRoom(
    receiver: number,
    kind: number,
    id: number,
    argument: number,
    serial: number,
    time: number,
  ): void {
    if (this.mailboxes.hasRoomFor(this.self, receiver)) this.put(receiver, kind, id, argument, serial, time);
  }

  /** The message goes when one, two or three later ones of its link have gone; if none come it is lost. */
  private hold(receiver: number, kind: number, id: number, argument: number, serial: number): void {
    const { held } = this;
    held[field.receiver] = receiver + 1;
    held[field.kind] = kind;
    held[field.id] = id;
    held[field.argument] = argument;
    held[field.serial] = serial;
    held[field.overtakes] = 1 + (id % 3);
  }
  private overtake(receiver: number, time: number): void {
    const { held } = this;
    if (held[field.receiver] !== receiver + 1 || --held[field.overtakes]! > 0) return;
    held[field.receiver] = 0;
    this.putIfRoom(
      receiver,
      held[field.kind]!,
      held[field.id]!,
      held[field.argument]!,
      held[field.serial]!,
      time,
    );
  }
}
