// Exactly once: a packet is taken in once, of two descriptions of a Gfn the later one stays, and a migration ends in one
// way: completed, and then the destination had claimed the guest; or given up, and then it had not and never will.
import type { TraceEvent } from '../../model/events.ts';
import { result } from '../../model/words.ts';
import { type Observers, Property } from '../property.ts';

interface Migration {
  id: number;
  to: number;
  claimed: boolean;
  ended: boolean;
  serials: Set<number>;
  versions: Map<number, number>;
}

export class Handover extends Property {
  readonly name = 'exactly-once';
  private readonly migrations = new Map<number, Migration>();
  private latest: Migration | null = null;

  readonly on: Observers = {
    migrating: (e) => {
      // The source of the one before may not have heard yet that it is over; that the guest was claimed ends it.
      if (this.latest && !this.latest.ended && !this.latest.claimed)
        this.fail(e.sequence, `migration ${e.id} began inside another`);
      this.latest = {
        id: e.id,
        to: e.to,
        claimed: false,
        ended: false,
        serials: new Set(),
        versions: new Map(),
      };
      this.migrations.set(e.id, this.latest);
    },
    adopted: (e) => this.adopted(e),
    claimed: (e) => {
      const { latest } = this;
      if (e.result !== result.OK || !latest || latest.to !== e.id) return;
      if (latest.ended) this.fail(e.sequence, `host ${e.id} claimed the guest after its migration had ended`);
      latest.claimed = true;
    },
    migrated: (e) => {
      this.examined++;
      const migration = this.migrations.get(e.id);
      if (!migration || migration.ended) return this.fail(e.sequence, `migration ${e.id} ended twice`);
      migration.ended = true;
      if ((e.result === result.OK) === migration.claimed) return;
      const [how, what] = migration.claimed ? ['given up', 'has'] : ['completed', 'has not'];
      this.fail(e.sequence, `migration ${e.id} was ${how}, and the destination ${what} claimed the guest`);
    },
  };
  private adopted(e: TraceEvent): void {
    this.examined++;
    const migration = this.migrations.get(e.destination);
    if (!migration) return this.fail(e.sequence, `a packet of no migration was taken in`);
    if (migration.serials.has(e.id))
      this.fail(e.sequence, `serial ${e.id} of migration ${migration.id} was taken in twice`);
    migration.serials.add(e.id);
    if (e.gfn < 0) return;
    const before = migration.versions.get(e.gfn) ?? 0;
    if (e.generation <= before)
      this.fail(e.sequence, `Gfn ${e.gfn}: description ${e.generation} replaced description ${before}`);
    migration.versions.set(e.gfn, Math.max(before, e.generation));
  }
}
