// No copy-back, as PROTOCOL 5 has it: while a copyless transaction or hold exists for a moved page version, no frame of
// its source node ever receives that version; and the guest's own balancing never pulls it back there.
//  (a) transaction: from acceptance to answer no arrival on the source; a migrate has exactly one, on the destination,
//      from where the content was at acceptance; after a map the next arrival is on the destination, or a spill elsewhere
//  (b) no laundering: a request is never accepted for a version that has come back in the meantime; where read-ahead left
//      an unmapped copy on the source, that copy itself may be moved on
//  (c) hold: no arrival on the source while the guest holds the page
//  (d) a demand fault outside of these is ordinary; one raised by the guest's balancing copy is a copy-back
//  (e) a page that is touched under another vNode's name (HASID) does not arrive on the source for that
import type { TraceEvent } from '../model/events.ts';
import { numberOf } from '../model/faults.ts';
import { NOWHERE } from '../model/geometry.ts';
import { cause, isDone, operationKind, requestKinds, result } from '../model/words.ts';
import { PinTable } from './pin-table.ts';
import { isLarge, type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

/** A read that is struck by any of these brings nothing, or nothing usable. */
const FLIP_AT_REST = numberOf('bit flip at rest');
const BAD_READS = [FLIP_AT_REST, numberOf('bit flip in flight')];

/** An accepted request, while it lasts. */
interface Transaction {
  destination: number;
  kind: number;
  from: number;
  arrivals: number;
  /** What it was to be read from and decayed there: what comes from there is no arrival. */
  spoilt: number;
}

/** A version of a page that is away from its source node. */
interface Moved {
  /** Node it must not come back to while it is held or asked for: that of the vNode it belongs to. */
  source: number;
  location: number;
  generation: number;
  held: boolean;
  /** Its hold was ended by a demand fault's implicit request to stay: nobody else may bring it back for that. */
  stays: boolean;
  /** Destination node of an accepted request, while it lasts. */
  transaction: Transaction | null;
  /** Frame of the source in which read-ahead left a copy, or NOWHERE. */
  copy: number;
  /** Node that a mapped page was taken away from: its first arrival may be anywhere else. */
  mappedFrom: number | null;
}

/** Versions of a large world, most of which nobody asks for while they are away: those take a few bits. */
class ManyMoved {
  private readonly active = new Map<number, Moved>();
  private readonly locations: NumberTable;
  /** Source + 1024 * generation. */
  private readonly names: NumberTable;

  constructor(gfns: number) {
    this.locations = numbersTo(gfns, 1);
    this.names = numbersTo(gfns, 0);
  }
  get(gfn: number): Moved | undefined {
    const active = this.active.get(gfn);
    const location = active === undefined ? this.locations.get(gfn) : undefined;
    if (location === undefined) return active;
    const name = this.names.get(gfn)!;
    const version = newlyMoved(name % 1024, location, Math.floor(name / 1024));
    this.delete(gfn);
    this.active.set(gfn, version);
    return version;
  }
  set(gfn: number, version: Moved): void {
    this.delete(gfn);
    this.active.set(gfn, version);
  }
  delete(gfn: number): void {
    this.active.delete(gfn);
    this.locations.delete(gfn);
    this.names.delete(gfn);
  }
  /** It was moved out: unless somebody has asked for it meanwhile, little is to be kept of it. */
  rest(gfn: number): void {
    const version = this.active.get(gfn);
    if (version === undefined || version.held || version.stays || version.transaction !== null) return;
    if (version.copy !== NOWHERE || version.mappedFrom !== null) return;
    this.active.delete(gfn);
    this.locations.set(gfn, version.location);
    this.names.set(gfn, version.source + 1024 * version.generation);
  }
}
function newlyMoved(source: number, location: number, generation: number): Moved {
  return {
    source,
    location,
    generation,
    held: false,
    stays: false,
    transaction: null,
    copy: NOWHERE,
    mappedFrom: null,
  };
}

/** Causes of arrivals that a vCPU waits for. */
const ON_DEMAND: ReadonlySet<number> = new Set([cause.demand, cause.balance, cause.prepare]);

export class NoCopyBack extends Property {
  readonly name = 'no-copy-back';
  private readonly setting: Setting;
  private readonly pins: PinTable;
  private readonly moved: Map<number, Moved> | ManyMoved;
  /** Between two Gfns, by operation. */
  private readonly carried = new Map<number, Moved>();
  private readonly kinds = new Map<number, number>();
  /** By operation: node that its destination was pinned to when it began. */
  private readonly pinnedTo = new Map<number, number>();
  private readonly transactions = new Map<number, Moved>();
  private readonly lastFrame: NumberTable;
  /** By frame that holds a copy which read-ahead left. */
  private readonly copies = new Map<number, Moved>();
  /** The version that each request asked for. */
  private readonly asked = new Map<number, Moved | undefined>();
  /** By operation: the transaction that its last arrival was part of. */
  private readonly arrivals = new Map<number, Transaction>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.pins = new PinTable(setting.geometry);
    const { gfns } = setting.geometry;
    // Of a page's last frame only that there was one matters.
    this.lastFrame = numbersTo(gfns, 0);
    this.moved = isLarge(gfns) ? new ManyMoved(gfns) : new Map<number, Moved>();
  }

  readonly on: Observers = {
    repinned: (e) => this.pins.repinned(e),
    began: (e) => {
      this.kinds.set(e.id, e.from);
      this.pinnedTo.set(e.id, this.pins.of(e.destination));
    },
    born: (e) => {
      this.lastFrame.set(e.gfn, 0);
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
      const { state, event } = this.setting.page;
      const version = this.moved.get(e.gfn);
      if (version) version.held = e.to === state['listed.held'] || e.to === state['remapped.held'];
      if (version && e.cause === event.convert) version.stays = true;
      if (e.to === state['listed.exported'] && version) version.generation = e.generation;
    },
    requested: (e) => {
      this.asked.set(e.id, this.moved.get(e.gfn));
    },
    tampered: (e) => {
      const version = this.moved.get(e.gfn);
      if (version) version.held = false;
    },
    accepted: (e) => this.accepted(e),
    dataIn: (e) => this.arrived(e),
    duplicate: (e) => {
      const version = this.moved.get(e.gfn);
      if (!version || !this.setting.geometry.isFrame(e.to)) return;
      version.copy = e.to;
      this.copies.set(e.to, version);
    },
    released: (e) => {
      const version = this.copies.get(e.from);
      if (version?.copy === e.from) version.copy = NOWHERE;
      this.copies.delete(e.from);
    },
    ended: (e) => {
      if (this.moved instanceof ManyMoved && e.from === operationKind['swap-out']) this.moved.rest(e.gfn);
      this.kinds.delete(e.id);
      this.pinnedTo.delete(e.id);
      this.arrivals.delete(e.id);
      this.carried.delete(e.id);
    },
    answered: (e) => this.answered(e),
    fault: (e) => {
      // Other bits came than those that were sent for: they will be read again, and that was no arrival.
      const transaction = this.arrivals.get(e.id);
      if (!transaction || !BAD_READS.includes(e.result)) return;
      transaction.arrivals--;
      if (e.result === FLIP_AT_REST) transaction.spoilt = e.to;
    },
  };

  private entered(e: TraceEvent): void {
    const came = this.carried.get(e.id);
    if (came) {
      this.carried.delete(e.id);
      came.generation = e.generation;
      this.moved.set(e.gfn, came);
    }
    if (this.kinds.get(e.id) === operationKind['swap-out']) {
      const frame = this.lastFrame.get(e.gfn);
      if (frame === undefined) return;
      this.moved.set(e.gfn, newlyMoved(this.pins.of(e.gfn), e.to, e.generation));
      return;
    }
    const version = this.moved.get(e.gfn);
    if (version && version.location === e.to) return;
    if (version && this.kinds.get(e.id) === operationKind.relocate) {
      // Away as before, and now elsewhere.
      version.location = e.to;
      return;
    }
    // In a frame again: the version is no longer away. Its data may still come, where a plan is in the wrong order.
    if (version?.transaction?.arrivals === 0) this.carried.set(e.id, version);
    this.moved.delete(e.gfn);
    this.lastFrame.set(e.gfn, 0);
  }

  private accepted(e: TraceEvent): void {
    this.examined++;
    const version = this.moved.get(e.gfn);
    const asked = this.asked.get(e.id);
    if (!version || version.generation !== e.generation || version !== asked) {
      this.fail(
        e.sequence,
        `request ${e.id} for Gfn ${e.gfn} generation ${e.generation} was accepted although that version is not away any more`,
      );
      return;
    }
    if (version.copy !== NOWHERE && e.to !== version.copy) {
      this.fail(
        e.sequence,
        `request ${e.id} for Gfn ${e.gfn} was accepted although a copy is back on the source`,
      );
    }
    const destination = this.pins.of(e.destination);
    const from = version.copy === NOWHERE ? version.location : version.copy;
    version.transaction = { destination, kind: e.from, from, arrivals: 0, spoilt: NOWHERE };
    this.transactions.set(e.id, version);
  }

  private arrived(e: TraceEvent): void {
    const { geometry } = this.setting;
    if (e.cause === cause.copy || e.cause === cause.none || !geometry.isFrame(e.to)) return;
    const version = this.moved.get(e.gfn) ?? this.carried.get(e.id);
    if (!version) return;
    this.examined++;
    const node = geometry.nodeOf(e.to);
    const back = node === version.source;
    // Told only of what is wrong: words cost more than the look.
    const where = () =>
      `Gfn ${e.gfn} came from ${geometry.place(e.from)} to ${geometry.place(e.to)}, its source node`;
    const { transaction } = version;
    if (transaction) {
      if (e.from === transaction.spoilt) this.arrivals.delete(e.id);
      else {
        transaction.arrivals++;
        this.arrivals.set(e.id, transaction);
      }
      if (back && transaction.destination !== version.source) {
        this.fail(e.sequence, `${where()}, while a request for it was being served`);
      }
      // Where read-ahead left a copy it was in two places.
      if (e.from !== transaction.from && e.from !== version.location) {
        this.fail(
          e.sequence,
          `Gfn ${e.gfn} was read from ${geometry.place(e.from)}, not from where it was at acceptance`,
        );
      }
    }
    if (back && version.held) this.fail(e.sequence, `${where()}, while the guest held it`);
    if (back && version.stays && !ON_DEMAND.has(e.cause)) {
      this.fail(e.sequence, `${where()}, and no fault on it asked for that while the guest held it`);
    }
    const isAlias = this.kinds.get(e.id) === operationKind.alias;
    if (back && isAlias && this.pinnedTo.get(e.id) !== version.source) {
      this.fail(e.sequence, `${where()}, because the guest touched it under another vNode's name`);
    }
    if (back && e.cause === cause.balance) {
      this.fail(e.sequence, `${where()}, only for the guest to copy it on`);
    }
    // A vNode that has meanwhile been pinned to that node wants its pages there (race 21).
    const wanted = node === this.pins.of(e.gfn) || node === this.pinnedTo.get(e.id);
    if (node === version.mappedFrom && node !== version.source && !wanted) {
      this.fail(e.sequence, `${where()}, after it had been mapped to another node`);
    }
  }

  private answered(e: TraceEvent): void {
    const version = this.transactions.get(e.id);
    this.transactions.delete(e.id);
    this.asked.delete(e.id);
    const transaction = version?.transaction;
    if (!version || !transaction) return;
    version.transaction = null;
    if (!isDone(e.result)) return;
    // A copy that read-ahead left on the source is moved, whatever was asked for.
    const expected = requestKinds[e.from] === 'map' && e.result !== result.CACHED ? 0 : 1;
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
