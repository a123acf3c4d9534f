// PCT (Burckhardt et al., ASPLOS 2010): every actor has a priority, the highest one that can run does, and at `depth` - 1
// random steps the running one falls to the bottom. Finds bugs that need few ordered events with a known probability,
// and orders that a uniform choice practically never makes.
//
// Here a low actor is passed over for at most `patience` steps in a row: the original assumes threads that end, ours
// poll each other. And a run that is much longer than expected goes on in fair order: fixed priorities can keep actors in
// a circle for ever (a page is evicted every time between a vCPU's walk and its access), and that everything ends is
// promised under fair order only.
//
// Over rings instead of actors it holds single conversations back: a request stays under way while the host, whom it is
// for, does many other things.
import type { Mailboxes } from '../../memory/mailbox.ts';
import { message } from '../../model/messages.ts';
import { Prng } from '../../stdx/prng.ts';
import { ChoosingScheduler } from '../scheduler.ts';

export class PctScheduler extends ChoosingScheduler {
  private readonly priorities: Int32Array;
  private readonly changes: Set<number>;
  private readonly patience = 2_000;
  private readonly fairFrom: number;
  /** Steps with more than one that could run. */
  steps = 0;
  private lowest = 0;
  /** What has a priority, by ring: its receiver, or itself. */
  private readonly subjects: readonly number[];

  /**
   * @param actors how many there are; 0: every ring has a priority of its own
   * @param steps expected length of the run, in steps with a choice, over which the changes of priority are spread
   * @param first step before which there are none: what comes before is only there to set the scene
   */
  constructor(mailboxes: Mailboxes, actors: number, seed: number, depth: number, steps: number, first = 0) {
    super(mailboxes);
    this.subjects = mailboxes.links.map(({ receiver }, ring) => (actors > 0 ? receiver : ring));
    const count = actors > 0 ? actors : mailboxes.links.length;
    this.fairFrom = 8 * steps;
    const random = new Prng().seed(seed, 2);
    const order = Array.from({ length: count }, (_, subject) => subject);
    for (let i = count - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    this.priorities = Int32Array.from(order, (rank) => rank + 1);
    this.changes = new Set(Array.from({ length: depth - 1 }, () => first + random.below(steps - first)));
  }
  protected choose(ready: readonly number[]): number {
    this.steps++;
    if (this.steps % this.patience === 0 || this.steps > this.fairFrom) return 0;
    // Who takes a time-out would take the next one too, and for ever: everybody else goes first.
    let best = -1;
    for (let i = 0; i < ready.length; i++) {
      if (this.mailboxes.kindIn(ready[i]!) === message.timeout) continue;
      if (best < 0 || this.priorityOf(ready[i]!) > this.priorityOf(ready[best]!)) best = i;
    }
    if (best < 0) return 0;
    if (this.changes.has(this.steps)) this.priorities[this.subjects[ready[best]!]!] = --this.lowest;
    return best;
  }
  private priorityOf(ring: number): number {
    return this.priorities[this.subjects[ring]!]!;
  }
}
