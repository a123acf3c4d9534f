// The guest reads what it wrote last, wherever it has been in between: word by word, by number of writes, and under the
// page's own tag. A vCPU's pages are its own, so that what it does to them is in order on threads too.
import { COUNT_MASK, tagOf } from '../../model/content.ts';
import type { ClusterGeometry } from '../../model/cluster.ts';
import type { TraceEvent } from '../../model/events.ts';
import { type Observers, Property } from '../property.ts';

export class WrittenContent extends Property {
  readonly name = 'read-last-write';
  private readonly pageWords: number;
  private readonly last = new Map<number, number>();

  constructor(geometry: ClusterGeometry) {
    super();
    this.pageWords = geometry.spec.pageWords;
  }
  readonly on: Observers = {
    read: (e) => {
      const expected = this.last.get(this.key(e)) ?? 0;
      if (e.result !== expected) this.wrong(e, `read write number ${e.result}, expected ${expected}`);
      this.tagged(e);
    },
    wrote: (e) => {
      const expected = ((this.last.get(this.key(e)) ?? 0) + 1) & COUNT_MASK;
      if (e.result !== expected) this.wrong(e, `write number ${expected} became number ${e.result}`);
      this.last.set(this.key(e), e.result);
      this.tagged(e);
    },
  };
  private key(e: TraceEvent): number {
    return e.gfn * this.pageWords + e.destination;
  }
  private tagged(e: TraceEvent): void {
    this.examined++;
    if (e.from !== 0 && e.from !== tagOf(e.gfn)) this.wrong(e, `found another page's content`);
  }
  private wrong(e: TraceEvent, what: string): void {
    this.fail(e.sequence, `vcpu${e.id}, Gvpn ${e.gfn} word ${e.destination}: ${what}`);
  }
}
