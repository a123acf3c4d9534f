// Whatever was begun has ended when the cluster is at rest: every fault, request and migration, and every vCPU's script.
import type { ClusterGeometry } from '../../model/cluster.ts';
import { type Observers, Property } from '../property.ts';

export class EverythingEnds extends Property {
  readonly name = 'answered';
  private readonly geometry: ClusterGeometry;
  private readonly faults = new Set<number>();
  private readonly requests = new Set<number>();
  private readonly migrations = new Set<number>();
  private readonly halted = new Set<number>();

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    faulted: (e) => void this.faults.add(e.id),
    resumed: (e) => {
      this.examined++;
      if (!this.faults.delete(e.id)) this.fail(e.sequence, `vcpu${e.id} was resumed and had not faulted`);
    },
    requested: (e) => void this.requests.add(e.id),
    answered: (e) => {
      this.examined++;
      if (!this.requests.delete(e.id)) this.fail(e.sequence, `a request was answered and nobody had sent it`);
    },
    migrating: (e) => void this.migrations.add(e.id),
    migrated: (e) => {
      this.examined++;
      this.migrations.delete(e.id);
    },
    halted: (e) => void this.halted.add(e.id % this.geometry.vcpus),
  };

  override atRest(): void {
    const open = (what: string, who: Set<number>) => {
      if (who.size > 0) this.fail(-1, `${who.size} ${what} never ended: ${[...who].slice(0, 4).join(', ')}`);
    };
    open('fault(s) of vCPU', this.faults);
    open('request(s) of vCPU', this.requests);
    open('migration(s)', this.migrations);
    const { vcpus } = this.geometry;
    if (this.halted.size < vcpus)
      this.fail(-1, `${vcpus - this.halted.size} of ${vcpus} vCPUs never came to the end of their scripts`);
  }
}
