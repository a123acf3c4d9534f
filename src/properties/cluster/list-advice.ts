// The shared list advises. A balance request is carried out only for the page that its entry named: swapped, on the host
// that listed it, in that generation. An entry that is late, or another host's, is refused and changes nothing.
import type { ClusterGeometry } from '../../model/cluster.ts';
import { type Observers, Property } from '../property.ts';

export class ListAdvice extends Property {
  readonly name = 'advisory-list';
  private readonly geometry: ClusterGeometry;
  private readonly entries = new Map<number, { location: number; generation: number }>();
  private readonly requests = new Map<number, { generation: number; listedBy: number }>();

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    entered: (e) =>
      void this.entries.set(e.id * this.geometry.gfns + e.gfn, { location: e.to, generation: e.generation }),
    left: (e) => void this.entries.delete(e.id * this.geometry.gfns + e.gfn),
    requested: (e) => void this.requests.set(e.id, { generation: e.generation, listedBy: e.from }),
    accepted: (e) => {
      this.examined++;
      const host = this.geometry.hostOfActor(e.actor);
      const request = this.requests.get(e.id);
      const entry = this.entries.get(host * this.geometry.gfns + e.gfn);
      const name = `Gfn ${e.gfn} on host ${host}`;
      if (!request) return this.fail(e.sequence, `${name}: a request was accepted that nobody sent`);
      if (!entry || this.geometry.isFrame(entry.location))
        return this.fail(e.sequence, `${name} was moved for a request, and was not swapped out`);
      if (entry.generation !== request.generation)
        this.fail(
          e.sequence,
          `${name} is in generation ${entry.generation}, a request for generation ${request.generation} was accepted`,
        );
      if (request.listedBy !== host)
        this.fail(e.sequence, `${name} was moved for an entry of host ${request.listedBy}`);
    },
    answered: (e) => {
      this.examined++;
      this.requests.delete(e.id);
    },
  };
}
