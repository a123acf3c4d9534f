// Exactly one host runs the guest. It is started where the owner's record says, stopped before it is started elsewhere,
// and served by that host alone; and the record passes from epoch to epoch, once each.
import type { ClusterGeometry } from '../../model/cluster.ts';
import type { TraceEvent } from '../../model/events.ts';
import { result } from '../../model/words.ts';
import { type Observers, Property } from '../property.ts';

export class OneOwner extends Property {
  readonly name = 'one-owner';
  private readonly geometry: ClusterGeometry;
  private readonly running = new Set<number>();
  /** By epoch: who has claimed it. Host 0 has the guest from the beginning. */
  private readonly owners: number[] = [0];

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    claimed: (e) => {
      this.examined++;
      if (e.result !== result.OK) return;
      if (e.generation !== this.owners.length - 1)
        this.fail(e.sequence, `host ${e.id} claimed the guest from epoch ${e.generation}, which has passed`);
      this.owners.push(e.id);
    },
    guestStarted: (e) => {
      this.examined++;
      const others = [...this.running].filter((host) => host !== e.id);
      if (others.length > 0)
        this.fail(e.sequence, `the guest was started on host ${e.id} and still runs on host ${others[0]}`);
      if (this.owners[e.generation] !== e.id || e.generation !== this.owners.length - 1)
        this.fail(e.sequence, `the guest was started on host ${e.id}, which does not own it`);
      this.running.add(e.id);
    },
    guestStopped: (e) => void this.running.delete(e.id),
    read: (e) => this.served(e),
    wrote: (e) => this.served(e),
  };
  private served(e: TraceEvent): void {
    this.examined++;
    const host = this.geometry.hostOfActor(e.actor);
    if (!this.running.has(host)) this.fail(e.sequence, `host ${host} served a guest that does not run there`);
  }
  override atRest(): void {
    if (this.running.size !== 1) this.fail(-1, `the guest runs on ${this.running.size} hosts at the end`);
  }
}
