// No copy-back, as PROTOCOL 5 has it: while a copyless transaction or hold exists for a moved page version, no frame of
// its source node ever receives that version; and the guest's own balancing never pulls it back there.
//  (a) transaction: from acceptance to answer no arrival on the source; a migrate has exactly one, on the destination,
//      from where the content was at acceptance; after a map the next arrival is on the destination, or a spill elsewhere
//  (b) no laundering: a request is never accepted for a version that has come back in the meantime
//  (c) hold: no arrival on the source while the guest holds the page
//  (d) a demand fault outside of these is ordinary; one raised by the guest's balancing copy is a copy-back
import type { TraceEvent } from '../model/events.ts';
import { cause, operationKind, requestKinds, result } from '../model/words.ts';
import { Pins } from './pins.ts';
import { type Observers, Property, type Setting } from './property.ts';

/** A version of a page that is away from its source node. */
interface Moved {
  /** Node it must not come back to while it is held or asked for: that of the vNode it belongs to. */
  source: number;
  location: number;
  generation: number;
  held: boolean;
  /** Destination node of an accepted request, while it lasts. */
  transaction: { destination: number; kind: number; from: number; arrivals: number } | null;
  /** Node that a mapped page was taken away from: its first arrival may be anywhere else. */
  mappedFrom: number | null;
}

export class NoCopyBack extends Property {
  readonly name = 'no-copy-back';
  private readonly setting: Setting;
  private readonly pins: Pins;
  private readonly moved = new Map<number, Moved>();
  /** Between two Gfns, by operation. */
  private readonly carried = new Map<number, Moved>();
  private readonly kinds = new Map<number, number>();
  /** By operation: node that its destination was pinned to when it began. */
  private readonly pinnedTo = new Map<number, number>();
  private readonly transactions = new Map<number, Moved>();
  private readonly lastFrame = new Map<number, number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.pins = new Pins(setting.geometry);
  }

  readonly on: Observers = {
    repinned: (e) => this.pins.repinned(e),
    began: (e) => {
      this.kinds.set(e.id, e.from);
      this.pinnedTo.set(e.id, this.pins.of(e.destination));
    },
    born: (e) => {
      this.lastFrame.set(e.gfn, e.to);
    },
    died: (e) => {
      this.moved.delete(e.gfn);
      this.lastFrame.delete(e.gfn);
    },
    left: (e) => {
      const version = this.moved.get(e.gfn);
      if (version) this.carried.set(e.id, version);
      this.moved.delete(e.gfn);
      this.lastFrame.delete(e.gfn);
    },
    entered: (e) => this.entered(e),
    page: (e) => {
      const { state } = this.setting.page;
      const version = this.moved.get(e.gfn);
      if (version) version.held = e.to === state['listed.held'] || e.to === state['remapped.held'];
      if (e.to === state['listed.exported'] && version) version.generation = e.generation;
    },
    tampered: (e) => {
      const version = this.moved.get(e.gfn);
      if (version) version.held = false;
    },
    accepted: (e) => this.accepted(e),
    dataIn: (e) => this.arrived(e),
    answered: (e) => this.answered(e),
  };

  private entered(e: TraceEvent): void {
    const { geometry } = this.setting;
    const came = this.carried.get(e.id);
    if (came) {
      this.carried.delete(e.id);
      came.generation = e.generation;
      this.moved.set(e.gfn, came);
    }
    if (this.kinds.get(e.id) === operationKind['swap-out']) {
      const frame = this.lastFrame.get(e.gfn);
      if (frame === undefined) return;
      this.moved.set(e.gfn, {
        source: geometry.nodeOf(frame),
        location: e.to,
        generation: e.generation,
        held: false,
        transaction: null,
        mappedFrom: null,
      });
      return;
    }
    const version = this.moved.get(e.gfn);
    if (version && version.location === e.to) return;
    // In a frame again: the version is no longer away.
    this.moved.delete(e.gfn);
    this.lastFrame.set(e.gfn, e.to);
  }

  private accepted(e: TraceEvent): void {
    this.examined++;
    const version = this.moved.get(e.gfn);
    if (!version || version.generation !== e.generation) {
      this.fail(
        e.sequence,
        `request ${e.id} for Gfn ${e.gfn} generation ${e.generation} was accepted although that version is not away any more`,
      );
      return;
    }
    const destination = this.pins.of(e.destination);
    version.transaction = { destination, kind: e.from, from: version.location, arrivals: 0 };
    this.transactions.set(e.id, version);
  }

  private arrived(e: TraceEvent): void {
    const { geometry } = this.setting;
    if (e.cause === cause.copy || e.cause === cause.none) return;
    const version = this.moved.get(e.gfn) ?? this.carried.get(e.id);
    if (!version) return;
    this.examined++;
    const node = geometry.nodeOf(e.to);
    const back = node === version.source;
    const where = `Gfn ${e.gfn} came from ${geometry.place(e.from)} to ${geometry.place(e.to)}, its source node`;
    const { transaction } = version;
    if (transaction) {
      transaction.arrivals++;
      if (back && transaction.destination !== version.source) {
        this.fail(e.sequence, `${where}, while a request for it was being served`);
      }
      if (e.from !== transaction.from) {
        this.fail(
          e.sequence,
          `Gfn ${e.gfn} was read from ${geometry.place(e.from)}, not from where it was at acceptance`,
        );
      }
    }
    if (back && version.held) this.fail(e.sequence, `${where}, while the guest held it`);
    if (back && e.cause === cause.balance) {
      this.fail(e.sequence, `${where}, only for the guest to copy it on`);
    }
    // A vNode that has meanwhile been pinned to that node wants its pages there (race 21).
    const wanted = node === this.pins.of(e.gfn) || node === this.pinnedTo.get(e.id);
    if (node === version.mappedFrom && node !== version.source && !wanted) {
      this.fail(e.sequence, `${where}, after it had been mapped to another node`);
    }
  }

  private answered(e: TraceEvent): void {
    const version = this.transactions.get(e.id);
    this.transactions.delete(e.id);
    const transaction = version?.transaction;
    if (!version || !transaction) return;
    version.transaction = null;
    if (e.result !== result.OK) return;
    const expected = requestKinds[e.from] === 'map' ? 0 : 1;
    if (transaction.arrivals !== expected) {
      this.fail(
        e.sequence,
        `request ${e.id} (${requestKinds[e.from]}) was answered OK after ${transaction.arrivals} arrivals, not ${expected}`,
      );
    }
    if (expected > 0) return;
    version.mappedFrom = version.source;
    version.source = transaction.destination;
  }
}
