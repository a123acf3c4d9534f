// A slot has one owner: the host that it was reserved for, then, with the guest, the host that adopted its mapping. Nobody
// else reads, fills or frees it. A slot that its old owner frees after the handover is the classic loss.
import type { ClusterGeometry } from '../../model/cluster.ts';
import { packetKind } from '../../model/cluster.ts';
import { result } from '../../model/words.ts';
import { type Observers, Property } from '../property.ts';

export class SlotOwner extends Property {
  readonly name = 'slot-owner';
  private readonly geometry: ClusterGeometry;
  private readonly owner = new Map<number, number>();
  /** By host and Gfn: slots it was told of and does not own yet. */
  private readonly told = new Map<number, number>();
  private guestOwner = 0;

  constructor(geometry: ClusterGeometry) {
    super();
    this.geometry = geometry;
  }
  readonly on: Observers = {
    reserved: (e) => {
      if (!this.geometry.isFrame(e.to)) this.owner.set(e.to, e.id);
    },
    released: (e) => {
      this.check(e.from, e.id, 'freed', e.sequence);
      this.owner.delete(e.from);
    },
    dataIn: (e) => {
      this.check(e.from, e.id, 'read', e.sequence);
      this.check(e.to, e.id, 'filled', e.sequence);
    },
    adopted: (e) => {
      const host = this.geometry.hostOfActor(e.actor);
      if (e.to === packetKind.mapping) this.told.set(this.key(host, e.gfn), e.from);
      else this.told.delete(this.key(host, e.gfn));
    },
    left: (e) => void this.told.delete(this.key(e.id, e.gfn)),
    claimed: (e) => {
      if (e.result !== result.OK) return;
      const before = this.guestOwner;
      this.guestOwner = e.id;
      for (let gfn = 0; gfn < this.geometry.gfns; gfn++) {
        const slot = this.told.get(this.key(e.id, gfn));
        this.told.delete(this.key(e.id, gfn));
        if (slot === undefined || e.id === before) continue;
        this.examined++;
        if (this.owner.get(slot) !== before)
          this.fail(
            e.sequence,
            `${this.geometry.place(slot)} was handed to host ${e.id} and is not host ${before}'s to give`,
          );
        this.owner.set(slot, e.id);
      }
    },
  };
  private key(host: number, gfn: number): number {
    return host * this.geometry.gfns + gfn;
  }
  private check(location: number, host: number, what: string, sequence: number): void {
    if (this.geometry.isFrame(location) || this.geometry.isBuffer(location)) return;
    this.examined++;
    const owner = this.owner.get(location);
    if (owner === host) return;
    const whose = owner === undefined ? 'nobody' : `host ${owner}`;
    this.fail(sequence, `host ${host} ${what} ${this.geometry.place(location)}, which belongs to ${whose}`);
  }
}
