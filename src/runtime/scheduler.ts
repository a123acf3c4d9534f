// A scheduler chooses the next delivery. Everything that can be said about order is said here: time, chance, priority,
// a recorded list of choices.
import type { Mailboxes } from '../memory/mailbox.ts';
import type { Message } from '../model/messages.ts';

/** The schedulers that a user can name. */
export const schedulerNames = ['timed', 'random', 'pct'] as const;
export type SchedulerName = (typeof schedulerNames)[number];

export interface Scheduler {
  /** A message was published into a ring. */
  offer(ring: number): void;
  /** Delivers the next message into `into`. @returns its receiver, or -1 when nothing can be delivered */
  next(into: Message): number;
}

/**
 * The base of schedulers that explore: rings that hold messages, in the order in which they came to hold them or were
 * last served. A choice is an index into that list, so 0 is the one that waited longest, and always fair.
 */
export abstract class ChoosingScheduler implements Scheduler {
  /** Every choice made, for replay. */
  readonly choices: number[] = [];
  protected readonly mailboxes: Mailboxes;
  private readonly ready: number[] = [];
  private readonly isReady: boolean[];

  constructor(mailboxes: Mailboxes) {
    this.mailboxes = mailboxes;
    this.isReady = mailboxes.links.map(() => false);
  }
  /** @param ready rings that hold messages, at least one */
  protected abstract choose(ready: readonly number[]): number;

  offer(ring: number): void {
    if (this.isReady[ring]) return;
    this.isReady[ring] = true;
    this.ready.push(ring);
  }
  next(into: Message): number {
    if (this.ready.length === 0) return -1;
    const choice = this.ready.length === 1 ? 0 : this.choose(this.ready);
    this.choices.push(choice);
    const ring = this.ready[choice]!;
    this.mailboxes.receive(ring, into);
    this.ready.splice(choice, 1);
    if (this.mailboxes.isEmpty(ring)) this.isReady[ring] = false;
    else this.ready.push(ring);
    return this.mailboxes.links[ring]!.receiver;
  }
}
