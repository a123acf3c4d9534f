// Copyless migration: to move the guest no page is read from the shared store on the source. (The guest may: a page that
// it touches meanwhile is an ordinary demand fault.) The analogue of no copy-back between nodes.
import type { ClusterGeometry } from '../../model/cluster.ts';
import { packetKind } from '../../model/cluster.ts';
import { cause } from '../../model/words.ts';
import { type Observers, Property } from '../property.ts';

export class NoReadBack extends Property {
  readonly name = 'no-read-back';
  private readonly geometry: ClusterGeometry;

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    described: (e) => {
      if (e.to === packetKind.mapping) this.examined++;
    },
    dataIn: (e) => {
      if (e.cause !== cause.migration) return;
      this.examined++;
      if (this.geometry.isShared(e.from))
        this.fail(e.sequence, `Gfn ${e.gfn} was read from ${this.geometry.place(e.from)} only to be sent`);
    },
  };
}
