// Where each vNode is pinned, as the events tell it: a monitor's own picture of a table that changes at run time.
import type { TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';

export class PinTable {
  private readonly geometry: Geometry;
  private readonly nodes: number[];

  constructor(geometry: Geometry) {
    this.geometry = geometry;
    this.nodes = [...geometry.vnodeNode];
  }
  of(gfn: number): number {
    return this.nodes[this.geometry.vnodeOf(gfn)]!;
  }
  repinned(e: TraceEvent): void {
    this.nodes[e.id] = e.to;
  }
}
