// What is owed in a state: operations under way, pages that are held, calls of the host that are open. Liveness asks that
// nothing is for ever.
import type { Overdue } from './overdue.ts';
import type { Makers } from './places.ts';

/** Bits for vCPUs and for Gfns that are held. */
const BITS = 31;

export class Owed {
  private readonly makers: Makers;
  private readonly overdue: Overdue;
  private readonly losesMessages: boolean;

  constructor(makers: Makers, overdue: Overdue) {
    this.makers = makers;
    this.overdue = overdue;
    this.losesMessages = makers.built.world.geometry.spec.timeouts !== undefined;
  }

  /** Of the state under consideration: a bit for each vCPU that has an operation and has not finished it, then one for each Gfn that is held. */
  bits(): number {
    const { vector, built, leaves, records, environment } = this.makers;
    const { geometry, tables } = built.world;
    const now = vector.value(vector.environment);
    let bits = 0;
    for (let v = 0; v < geometry.vcpus; v++) if (environment.isBusy(now, v)) bits |= 1 << v;
    const { state } = tables.page;
    const pages = vector.value(vector.slotOf[leaves.pageWords]!);
    for (let gfn = 0; gfn < geometry.gfns && geometry.vcpus + gfn < BITS; gfn++) {
      const held = (records.data[pages + gfn]! & 0xf) - 1;
      if (held === state['listed.held'] || held === state['remapped.held'])
        bits |= 1 << (geometry.vcpus + gfn);
    }
    // All of the host's calls: without losses they end since every message is taken.
    const callsBit = geometry.vcpus + geometry.gfns;
    if (this.losesMessages && callsBit < BITS && this.overdue.callsAreOpen()) bits |= 1 << callsBit;
    return bits;
  }
  describe(bit: number): string {
    const { vcpus, gfns } = this.makers.built.world.geometry;
    if (bit === vcpus + gfns) return 'a call of the host';
    return bit < vcpus ? `the operation of vcpu${bit}` : `the hold of Gfn ${bit - vcpus}`;
  }
}
