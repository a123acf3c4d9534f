// Any delivery that is possible, with equal chance.
import type { Mailboxes } from '../../memory/mailbox.ts';
import { Prng } from '../../stdx/prng.ts';
import { ChoosingScheduler } from '../scheduler.ts';

export class RandomScheduler extends ChoosingScheduler {
  private readonly random: Prng;

  constructor(mailboxes: Mailboxes, seed: number) {
    super(mailboxes);
    this.random = new Prng().seed(seed, 1);
  }
  protected choose(ready: readonly number[]): number {
    return this.random.below(ready.length);
  }
}
