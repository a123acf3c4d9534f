// When a host becomes the guest's owner it has every page, in the version last written, and nothing at a Gfn whose
// content has moved to another (race 22: a balance request while the guest is being moved). Judged at the moment of the
// handover, over all pages, so that nobody needs to read the one that was lost.
import type { ClusterGeometry } from '../../model/cluster.ts';
import { result } from '../../model/words.ts';
import { type Observers, Property } from '../property.ts';

export class NoLostPage extends Property {
  readonly name = 'no-lost-page';
  private readonly geometry: ClusterGeometry;
  private next = 1;
  private readonly contentIn = new Map<number, number>();
  /** By host and Gfn: where its entry points. */
  private readonly entries = new Map<number, number>();
  /** By Gvpn: version last written, and on which vNode the guest has it. */
  private readonly latest = new Map<number, number>();
  private readonly vnode = new Map<number, number>();
  private owner = 0;

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    entered: (e) => void this.entries.set(this.key(e.id, e.gfn), e.to),
    left: (e) => void this.entries.delete(this.key(e.id, e.gfn)),
    zeroed: (e) => void this.contentIn.delete(e.to),
    dataIn: (e) => {
      const content = this.contentIn.get(e.from);
      if (content === undefined) this.contentIn.delete(e.to);
      else this.contentIn.set(e.to, content);
    },
    released: (e) => void this.contentIn.delete(e.from),
    wrote: (e) => {
      const host = this.geometry.hostOfActor(e.actor);
      const location = this.entries.get(this.key(host, this.gfnOf(e.gfn)));
      this.latest.set(e.gfn, this.next);
      if (location !== undefined) this.contentIn.set(location, this.next);
      this.next++;
    },
    answered: (e) => {
      if (e.result === result.OK) this.vnode.set(e.gfn >>> 1, e.destination & 1);
    },
    claimed: (e) => {
      if (e.result !== result.OK || e.id === this.owner) return;
      this.owner = e.id;
      this.complete(e.sequence);
    },
  };
  private key(host: number, gfn: number): number {
    return host * this.geometry.gfns + gfn;
  }
  private gfnOf(gvpn: number): number {
    return 2 * gvpn + (this.vnode.get(gvpn) ?? gvpn & 1);
  }
  private complete(sequence: number): void {
    const { owner } = this;
    for (const [gvpn, version] of this.latest) {
      this.examined++;
      const gfn = this.gfnOf(gvpn);
      const location = this.entries.get(this.key(owner, gfn));
      const found = location === undefined ? undefined : this.contentIn.get(location);
      if (found !== version) {
        const where = location === undefined ? 'nowhere' : this.geometry.place(location);
        const what = found === undefined ? 'nothing of it' : 'an older version';
        this.fail(sequence, `host ${owner} has the guest, and of Gfn ${gfn} ${what} (${where})`);
      }
      if (this.entries.has(this.key(owner, gfn ^ 1)))
        this.fail(sequence, `host ${owner} still has content at Gfn ${gfn ^ 1}, which moved to Gfn ${gfn}`);
    }
  }
  override atRest(): void {
    this.complete(-1);
  }
}
