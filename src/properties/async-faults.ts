// Asynchronous page faults (race 15): a vCPU has one token at most, each is completed once, its access is made again once it
// is complete and not before, and nothing that must come after that access comes before it.
import type { TraceEvent } from '../model/events.ts';
import { type Observers, Property } from './property.ts';

interface Token {
  gvpn: number;
  ready: boolean;
}

export class AsyncFaults extends Property {
  readonly name = 'async-faults';
  override readonly ofOption = true;
  private readonly tokens = new Map<number, Token>();

  readonly on: Observers = {
    deferred: (e) => {
      this.examined++;
      if (this.tokens.has(e.id)) this.fail(e.sequence, `vcpu${e.id} was given a second token`);
      this.tokens.set(e.id, { gvpn: e.gfn, ready: false });
    },
    readied: (e) => {
      const token = this.tokens.get(e.id);
      if (!token || token.ready)
        this.fail(e.sequence, `vcpu${e.id} was told ready and has no token outstanding`);
      else token.ready = true;
    },
    retried: (e) => {
      const token = this.tokens.get(e.id);
      if (!token?.ready || token.gvpn !== e.gfn)
        this.fail(e.sequence, `vcpu${e.id} made the access to Gvpn ${e.gfn} again that was not ready`);
      this.tokens.delete(e.id);
    },
    machineCheck: (e) => {
      if (this.tokens.get(e.id)?.ready) this.tokens.delete(e.id);
    },
    read: (e) => this.past(e, e.gfn),
    wrote: (e) => this.past(e, e.gfn),
    faulted: (e) => this.past(e, -1),
    handedOver: (e) => this.past(e, -1),
    tookOver: (e) => this.past(e, -1),
    commanded: (e) => this.past(e, -1),
    halted: (e) => this.past(e, -1),
  };

  /** @param gvpn page of an access; -1: something that may not be done beside a token at all */
  private past(e: TraceEvent, gvpn: number): void {
    if (this.tokens.size === 0) return;
    const token = this.tokens.get(e.id);
    if (!token || (gvpn >= 0 && gvpn !== token.gvpn)) return;
    this.fail(e.sequence, `vcpu${e.id} went past its access to Gvpn ${token.gvpn}, which waits for a token`);
  }

  override atRest(): void {
    for (const [vcpu, { gvpn, ready }] of this.tokens)
      this.fail(
        -1,
        `vcpu${vcpu}: the access to Gvpn ${gvpn} was put aside and ${ready ? 'never made' : 'never ready'}`,
      );
  }
}
