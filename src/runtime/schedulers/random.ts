// Any delivery that is possible, with equal chance; only that time-outs have less.
import type { Mailboxes } from '../../memory/mailbox.ts';
import { message } from '../../model/messages.ts';
import { Prng } from '../../stdx/prng.ts';
import { ChoosingScheduler } from '../scheduler.ts';

export class RandomScheduler extends ChoosingScheduler {
  private readonly random: Prng;

  constructor(mailboxes: Mailboxes, seed: number) {
    super(mailboxes);
    this.random = new Prng().seed(seed, 1);
  }
  protected choose(ready: readonly number[]): number {
    let choice = this.random.below(ready.length);
    // Time-outs come early now and then, and not all the time: whoever waits would do nothing else.
    for (let again = 0; again < 4 && this.isTimeout(ready[choice]!); again++)
      choice = this.random.below(ready.length);
    return choice;
  }
  private isTimeout(ring: number): boolean {
    return this.mailboxes.kindIn(ring) === message.timeout;
  }
}
