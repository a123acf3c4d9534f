// By virtual time: the message due first is delivered first, ties in order of sending. A message that is due while its
// receiver is busy waits until it is not.
import type { Context } from '../../actor/actor.ts';
import type { Mailboxes } from '../../memory/mailbox.ts';
import { blankMessage, type Message } from '../../model/messages.ts';
import { Heap } from '../../stdx/heap.ts';
import type { Scheduler } from '../scheduler.ts';

const NONE = -1;

export class TimedScheduler implements Scheduler {
  private readonly heap = new Heap();
  private readonly mailboxes: Mailboxes;
  private readonly contexts: readonly Context[];
  /** Slot and sequence of a message that is due before all in the heap: most are the next to be delivered, and never get there. */
  private first = NONE;
  private firstSequence = 0;
  private sequence = 0;
  /** Messages on their way: taken from their rings as they are published, because a later one may be due earlier. */
  private readonly onTheWay: (Message & { receiver: number })[] = [];
  private readonly free: number[] = [];

  constructor(mailboxes: Mailboxes, contexts: readonly Context[]) {
    this.mailboxes = mailboxes;
    this.contexts = contexts;
  }
  offer(ring: number): void {
    const { receiver } = this.mailboxes.links[ring]!;
    while (this.mailboxes.hasMessage(ring)) {
      const slot = this.slot();
      const envelope = this.onTheWay[slot]!;
      this.mailboxes.receive(ring, envelope);
      envelope.receiver = receiver;
      this.put(envelope.time, slot);
    }
  }
  private put(time: number, slot: number): void {
    const { first, heap } = this;
    const sequence = this.sequence++;
    // Of two that are due together the one that was sent first is the first.
    if (time >= (first === NONE ? heap.least : this.onTheWay[first]!.time)) {
      heap.push(time, sequence, slot);
      return;
    }
    if (first !== NONE) heap.push(this.onTheWay[first]!.time, this.firstSequence, first);
    this.first = slot;
    this.firstSequence = sequence;
  }
  private slot(): number {
    return this.free.pop() ?? this.onTheWay.push({ ...blankMessage(), receiver: 0 }) - 1;
  }
  next(into: Message): number {
    const { heap } = this;
    for (;;) {
      const slot = this.first === NONE ? heap.pop() : this.first;
      if (slot < 0) return -1;
      const envelope = this.onTheWay[slot]!;
      const time = this.first === NONE ? heap.key : envelope.time;
      const sequence = this.first === NONE ? heap.sequence : this.firstSequence;
      this.first = NONE;
      const { now } = this.contexts[envelope.receiver]!;
      if (now > time) {
        heap.push(now, sequence, slot);
        continue;
      }
      into.kind = envelope.kind;
      into.sender = envelope.sender;
      into.id = envelope.id;
      into.argument = envelope.argument;
      into.serial = envelope.serial;
      into.time = time;
      this.free.push(slot);
      return envelope.receiver;
    }
  }
}
