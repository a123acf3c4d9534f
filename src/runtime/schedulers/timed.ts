// By virtual time: the message due first is delivered first, ties in order of sending. A message that is due while its
// receiver is busy waits until it is not.
import type { Context } from '../../actor/actor.ts';
import type { Mailboxes } from '../../memory/mailbox.ts';
import type { Message } from '../../model/messages.ts';
import { Heap } from '../../stdx/heap.ts';
import type { Scheduler } from '../scheduler.ts';

export class TimedScheduler implements Scheduler {
  private readonly heap = new Heap();
  private readonly mailboxes: Mailboxes;
  private readonly contexts: readonly Context[];
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
    for (;;) {
      const slot = this.slot();
      const envelope = this.onTheWay[slot]!;
      if (!this.mailboxes.receive(ring, envelope)) {
        this.free.push(slot);
        return;
      }
      envelope.receiver = receiver;
      this.heap.push(envelope.time, this.sequence++, slot);
    }
  }
  private slot(): number {
    return (
      this.free.pop() ??
      this.onTheWay.push({ kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: 0, receiver: 0 }) - 1
    );
  }
  next(into: Message): number {
    for (;;) {
      const slot = this.heap.pop();
      if (slot < 0) return -1;
      const envelope = this.onTheWay[slot]!;
      const { now } = this.contexts[envelope.receiver]!;
      if (now > this.heap.key) {
        this.heap.push(now, this.heap.sequence, slot);
        continue;
      }
      into.kind = envelope.kind;
      into.sender = envelope.sender;
      into.id = envelope.id;
      into.argument = envelope.argument;
      into.serial = envelope.serial;
      into.time = this.heap.key;
      this.free.push(slot);
      return envelope.receiver;
    }
  }
}
