// PCT (Burckhardt et al., ASPLOS 2010): every actor has a priority, the highest one that can run does, and at `depth` - 1
// random steps the running one falls to the bottom. Finds bugs that need few ordered events with a known probability,
// and orders that a uniform choice practically never makes.
//
// Here a low actor is passed over for at most `patience` steps in a row: the original assumes threads that end, ours
// poll each other. And a run that is much longer than expected goes on in fair order: fixed priorities can keep actors in
// a circle for ever (a page is evicted every time between a vCPU's walk and its access), and that everything ends is
// promised under fair order only.
import type { Mailboxes } from '../../memory/mailbox.ts';
import { message } from '../../model/messages.ts';
import { Prng } from '../../stdx/prng.ts';
import { ChoosingScheduler } from '../scheduler.ts';

export class PctScheduler extends ChoosingScheduler {
  private readonly priorities: Int32Array;
  private readonly changes: Set<number>;
  private readonly patience = 2_000;
  private readonly fairFrom: number;
  private steps = 0;
  private lowest = 0;

  /** @param steps expected length of the run, over which the changes of priority are spread */
  constructor(mailboxes: Mailboxes, actors: number, seed: number, depth: number, steps: number) {
    super(mailboxes);
    this.fairFrom = 8 * steps;
    const random = new Prng().seed(seed, 2);
    const order = Array.from({ length: actors }, (_, actor) => actor);
    for (let i = actors - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    this.priorities = Int32Array.from(order, (rank) => rank + 1);
    this.changes = new Set(Array.from({ length: depth - 1 }, () => random.below(steps)));
  }
  protected choose(ready: readonly number[]): number {
    this.steps++;
    if (this.steps % this.patience === 0 || this.steps > this.fairFrom) return 0;
    let best = 0;
    for (let i = 1; i < ready.length; i++) {
      if (this.priorityOf(ready[i]!) > this.priorityOf(ready[best]!)) best = i;
    }
    // Who takes a time-out would take the next one too, and for ever: everybody else goes first.
    const idles = this.mailboxes.kindIn(ready[best]!) === message.timeout;
    if (idles || this.changes.has(this.steps))
      this.priorities[this.mailboxes.links[ready[best]!]!.receiver] = --this.lowest;
    return best;
  }
  private priorityOf(ring: number): number {
    return this.priorities[this.mailboxes.links[ring]!.receiver]!;
  }
}
