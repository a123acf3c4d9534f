// I1: each live content version is in exactly one of frame, slot or far frame, or in flight, plus clean duplicates. A
// page's entry names a location that holds its content, no two entries name the same one, and the last home of a content
// is not given away, nor one that somebody else refers to. What a fault of a device has spoilt does not hold the content;
// and a page is declared lost only when its content is, or could not be read after several tries.
import type { TraceEvent } from '../model/events.ts';
import { numberOf } from '../model/faults.ts';
import { operationKind, result } from '../model/words.ts';
import { isLarge, type NumberSet, type NumberTable, marksTo, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

const fault = {
  readError: numberOf('read error'),
  writeError: numberOf('write error'),
  shortWrite: numberOf('short write'),
  flipAtRest: numberOf('bit flip at rest'),
  flipInFlight: numberOf('bit flip in flight'),
  misdirected: numberOf('misdirected write'),
};
/** Failed reads after which a page need not be given up yet. */
const READS_AGAIN = 3;

export class SingleHome extends Property {
  readonly name = 'I1-single-home';
  private readonly setting: Setting;
  private next = 1;
  /** Content in a location; content of a Gfn and where its entry points; by operation, what is between two Gfns. */
  private readonly contentIn: NumberTable;
  private readonly contentOf: NumberTable;
  private readonly home: NumberTable;
  private readonly owner: NumberTable;
  /** In a large world: locations whose number a content has, the first that was there. Neighbours then follow each other. */
  private readonly firsts: NumberSet | null;
  private readonly inFlight = new Map<number, number>();
  private readonly sources = new Map<number, number>();
  private readonly references = new Map<number, number>();
  /** Locations whose content is spoilt for good; failed reads of the others since they were filled. */
  private readonly spoilt = new Set<number>();
  private readonly failedReads = new Map<number, number>();
  /** By operation: its last copy, and the content that was at its target before. */
  private readonly copies = new Map<number, { from: number; to: number; before: number | undefined }>();

  constructor(setting: Setting) {
    super();
    const { geometry } = setting;
    const locations = geometry.homeFirst[geometry.homes]!;
    this.setting = setting;
    this.contentIn = numbersTo(locations, 1);
    this.contentOf = numbersTo(geometry.gfns, 1);
    this.home = numbersTo(geometry.gfns, 1);
    this.owner = numbersTo(locations, 1);
    this.firsts = isLarge(locations) ? marksTo(locations) : null;
    if (this.firsts !== null) this.next = locations;
  }

  /** Contents are told apart by their numbers, and a number says nothing else; what an operation copied ends with it. */
  override prune(): void {
    const numbers = new Map<number, number>();
    const anew = (table: NumberTable) => {
      for (const key of [...table.keys()].sort((a, b) => a - b)) {
        const content = table.get(key)!;
        if (!numbers.has(content)) numbers.set(content, numbers.size + 1);
        table.set(key, numbers.get(content)!);
      }
    };
    for (const table of [this.contentOf, this.inFlight, this.contentIn]) anew(table);
    for (const [operation, copy] of [...this.copies].sort(([a], [b]) => a - b)) {
      if (copy.before === undefined) continue;
      if (!numbers.has(copy.before)) numbers.set(copy.before, numbers.size + 1);
      this.copies.set(operation, { ...copy, before: numbers.get(copy.before) });
    }
    this.next = numbers.size + 1;
  }
  readonly on: Observers = {
    began: (e) => {
      if (e.from === operationKind.balance) this.sources.set(e.id, e.gfn);
    },
    dataIn: (e) => {
      const content = this.contentIn.get(e.from);
      const isSpoilt = this.spoilt.has(e.from);
      if (content === undefined && !isSpoilt)
        this.fail(e.sequence, `copied from ${this.place(e.from)}, which holds no page's content`);
      if (e.id < 0) return;
      this.copies.set(e.id, { from: e.from, to: e.to, before: this.contentIn.get(e.to) });
      this.fresh(e.to);
      this.holds(e.to, isSpoilt ? undefined : content);
    },
    zeroed: (e) => {
      if (e.id >= 0) this.contentIn.set(e.to, this.newContent(e.to));
    },
    born: (e) => {
      const content = this.contentIn.get(e.to);
      if (content === undefined)
        return this.fail(e.sequence, `Gfn ${e.gfn} was born in a frame that nobody cleared`);
      this.contentOf.set(e.gfn, content);
      this.settle(e.gfn, e.to, e.sequence);
    },
    entered: (e) => this.entered(e),
    left: (e) => this.leave(e),
    died: (e) => {
      this.vacate(e.gfn);
      this.contentOf.delete(e.gfn);
    },
    released: (e) => {
      const gfn = this.owner.get(e.from);
      if (gfn !== undefined) {
        this.fail(e.sequence, `${this.place(e.from)} was released while it is the only home of Gfn ${gfn}`);
      }
      if ((this.references.get(e.from) ?? 0) > 0)
        this.fail(e.sequence, `${this.place(e.from)} was released while others refer to it`);
      this.contentIn.delete(e.from);
      this.fresh(e.from);
    },
    fault: (e) => this.failed(e),
    page: (e) => {
      if (e.cause === this.setting.page.event.fail) this.declaredLost(e);
    },
    shared: (e) => {
      this.references.set(e.to, e.generation);
      if (e.result === 0 && !this.spoilt.has(e.to))
        this.fail(e.sequence, `${this.place(e.to)}, which others share, no longer holds what was put there`);
    },
    ended: (e) => {
      this.examined++;
      const source = this.sources.get(e.id)!;
      this.sources.delete(e.id);
      this.copies.delete(e.id);
      if (e.from !== operationKind.balance || e.result !== result.OK) return;
      if (this.inFlight.has(e.id)) {
        this.fail(e.sequence, `a request ended OK with the content of Gfn ${source} at no Gfn`);
      }
      if (this.home.has(source)) {
        this.fail(
          e.sequence,
          `a request ended OK and its source Gfn ${source} still names ${this.place(this.home.get(source)!)}`,
        );
      }
      if (!this.home.has(e.gfn)) {
        this.fail(e.sequence, `a request ended OK and its destination Gfn ${e.gfn} has no content`);
      }
    },
  };

  private newContent(location: number): number {
    if (this.firsts === null || this.firsts.has(location)) return this.next++;
    this.firsts.add(location);
    return location;
  }
  private fresh(location: number): void {
    this.spoilt.delete(location);
    this.failedReads.delete(location);
  }
  private holds(location: number, content: number | undefined): void {
    if (content === undefined) this.contentIn.delete(location);
    else this.contentIn.set(location, content);
  }
  private failed(e: TraceEvent): void {
    const copy = this.copies.get(e.id);
    switch (e.result) {
      case fault.readError:
        this.failedReads.set(e.to, (this.failedReads.get(e.to) ?? 0) + 1);
        break;
      case fault.flipInFlight:
        this.contentIn.delete(e.to);
        if (copy) this.failedReads.set(copy.from, (this.failedReads.get(copy.from) ?? 0) + 1);
        break;
      case fault.flipAtRest:
        this.spoilt.add(e.to);
        if (copy) this.contentIn.delete(copy.to);
        break;
      case fault.misdirected:
        this.spoilt.add(e.from);
        this.holds(e.from, this.contentIn.get(e.to));
        this.holds(e.to, copy?.before);
        break;
      case fault.writeError:
      case fault.shortWrite:
        this.contentIn.delete(e.to);
        break;
    }
  }
  private declaredLost(e: TraceEvent): void {
    const location = this.home.get(e.gfn) ?? -1;
    const failedReads = this.failedReads.get(location) ?? 0;
    if (this.spoilt.has(location) || failedReads > READS_AGAIN) return;
    this.fail(
      e.sequence,
      `Gfn ${e.gfn} was declared lost; ${this.place(location)} holds it, after ${failedReads} failed read(s)`,
    );
  }
  private place(location: number): string {
    return this.setting.geometry.place(location);
  }
  private entered(e: TraceEvent): void {
    const came = this.inFlight.get(e.id);
    if (came !== undefined && !this.home.has(e.gfn)) {
      this.inFlight.delete(e.id);
      this.contentOf.set(e.gfn, came);
    } else if (came !== undefined) {
      this.fail(e.sequence, `a second page came to Gfn ${e.gfn}, which has one`);
    }
    const content = this.contentOf.get(e.gfn);
    // Of what was spoilt after it had been stored nobody can know, until it is read.
    const isThere = this.contentIn.get(e.to) === content || this.spoilt.has(e.to);
    if (content === undefined || !isThere) {
      this.fail(
        e.sequence,
        `the entry of Gfn ${e.gfn} names ${this.place(e.to)}, which does not hold its content`,
      );
    }
    this.settle(e.gfn, e.to, e.sequence);
  }
  private settle(gfn: number, location: number, sequence: number): void {
    const other = this.owner.get(location);
    if (other !== undefined && other !== gfn) {
      this.fail(sequence, `${this.place(location)} is named by the entries of Gfn ${other} and Gfn ${gfn}`);
    }
    this.vacate(gfn);
    this.home.set(gfn, location);
    this.owner.set(location, gfn);
  }
  private vacate(gfn: number): void {
    const location = this.home.get(gfn);
    if (location !== undefined && this.owner.get(location) === gfn) this.owner.delete(location);
    this.home.delete(gfn);
  }
  private leave(e: TraceEvent): void {
    const content = this.contentOf.get(e.gfn);
    if (content !== undefined) this.inFlight.set(e.id, content);
    this.contentOf.delete(e.gfn);
    this.vacate(e.gfn);
  }

  override atRest(): void {
    for (const [operation] of this.inFlight)
      this.fail(-1, `operation ${operation} left a page's content at no Gfn`);
  }
}
