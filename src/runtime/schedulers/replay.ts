// A recorded list of choices, or one that a test made up: choice k picks ready[choice mod ready]. Where the list has
// ended, whoever waited longest is next, so that every prefix of a list is a schedule too and shrinking works.
import type { Mailboxes } from '../../memory/mailbox.ts';
import { ChoosingScheduler } from '../scheduler.ts';

export class ReplayScheduler extends ChoosingScheduler {
  private readonly recorded: readonly number[];

  constructor(mailboxes: Mailboxes, recorded: readonly number[]) {
    super(mailboxes);
    this.recorded = recorded;
  }
  /** The list has a place for every step, also for those where there was nothing to choose. */
  protected choose(ready: readonly number[]): number {
    return (this.recorded[this.choices.length] ?? 0) % ready.length;
  }
}
