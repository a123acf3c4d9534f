// Frames and slots of all hosts add up: each is given out once at a time, filled only when given out, and at rest each one
// that is taken is where the owner has a page. A migration that was given up, or that gave the guest away, leaves nothing.
import type { ClusterGeometry } from '../../model/cluster.ts';
import { result } from '../../model/words.ts';
import { type Observers, Property } from '../property.ts';

export class Room extends Property {
  readonly name = 'conservation';
  private readonly geometry: ClusterGeometry;
  private readonly taken = new Set<number>();
  private readonly entries = new Map<number, number>();
  private owner = 0;

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    reserved: (e) => {
      this.examined++;
      if (this.taken.has(e.to)) this.fail(e.sequence, `${this.geometry.place(e.to)} was given out twice`);
      this.taken.add(e.to);
    },
    released: (e) => {
      this.examined++;
      if (!this.taken.delete(e.from))
        this.fail(e.sequence, `${this.geometry.place(e.from)} was freed and not in use`);
    },
    dataIn: (e) => {
      if (!this.geometry.isBuffer(e.to) && !this.taken.has(e.to))
        this.fail(e.sequence, `content went to ${this.geometry.place(e.to)}, which is free`);
    },
    stray: (e) =>
      this.fail(
        e.sequence,
        `host ${e.id} found something else at ${this.geometry.place(e.to)}, or it was free`,
      ),
    entered: (e) => void this.entries.set(e.id * this.geometry.gfns + e.gfn, e.to),
    left: (e) => void this.entries.delete(e.id * this.geometry.gfns + e.gfn),
    claimed: (e) => {
      if (e.result === result.OK) this.owner = e.id;
    },
  };

  override atRest(): void {
    const { geometry } = this;
    const homes = new Map<number, number>();
    for (const [key, location] of this.entries) {
      const host = Math.floor(key / geometry.gfns);
      const gfn = key % geometry.gfns;
      if (host !== this.owner) this.fail(-1, `host ${host} still has Gfn ${gfn}, the guest is elsewhere`);
      if (!this.taken.has(location))
        this.fail(-1, `Gfn ${gfn} is at ${geometry.place(location)}, which is free`);
      if (homes.has(location))
        this.fail(-1, `Gfn ${gfn} and Gfn ${homes.get(location)} are both at ${geometry.place(location)}`);
      homes.set(location, gfn);
    }
    for (const location of this.taken) {
      if (!homes.has(location))
        this.fail(-1, `${geometry.place(location)} is taken and holds no page: it leaked`);
    }
  }
}
