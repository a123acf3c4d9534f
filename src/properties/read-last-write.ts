// I2: a guest read returns the last completed guest write. Every word counts its writes, so a lost or resurrected write
// shows as a count that repeats or goes back. On threads, where two vCPUs' accesses have no known order, each vCPU alone
// must never see a count go back, every count must be written once, and none may be missing at the end.
import type { TraceEvent } from '../model/events.ts';
import { COUNT_MASK } from '../model/content.ts';
import { isFew, isLarge, type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

/** Words of all pages together, from which on only pages that were looked at have a row. */
const COLUMN_MAX = 1 << 20;

export class ReadLastWrite extends Property {
  readonly name = 'I2-read-last-write';
  private readonly setting: Setting;
  private readonly pageWords: number;
  /** Total order: last count of each word, by page. */
  private readonly last = new Map<number, Int32Array>();
  /** The same in one column, where that is not too short for a checker's states; else null. */
  private column: Int32Array | null;
  /** Where a page's row begins in a column that would be too long with all of them, in the order in which they came; else null. */
  private readonly rows: Map<number, number> | null;
  /** The same of many pages of one word, which are held as stamps; else null. */
  private readonly stamps: NumberTable | null;
  /** Causal order: floor of each word by vCPU and page, and counts written by word. */
  private readonly floors = new Map<number, Int32Array>();
  private readonly written = new Map<number, Set<number>>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.pageWords = setting.geometry.spec.pageWords;
    const { gvpns } = setting.geometry;
    const words = gvpns * this.pageWords;
    const isShort = words <= COLUMN_MAX;
    const isColumn = setting.totalOrder && !isFew(gvpns) && (isShort || this.pageWords > 1);
    this.column = isColumn ? new Int32Array(isShort ? words : COLUMN_MAX) : null;
    this.rows = isColumn && !isShort ? new Map() : null;
    this.stamps = !isColumn && this.pageWords === 1 && isLarge(gvpns) ? numbersTo(gvpns, 0) : null;
  }
  readonly on: Observers = {
    read: (e) => (this.setting.totalOrder ? this.readNow(e) : this.readSometime(e)),
    wrote: (e) => (this.setting.totalOrder ? this.wroteNow(e) : this.wroteSometime(e)),
    freed: (e) => this.freed(e),
  };

  /** The page's writes are gone with it: counting begins anew, after those before were found complete. */
  private freed(e: TraceEvent): void {
    this.last.delete(e.gfn);
    if (this.column !== null) {
      const row = this.rowOf(e.gfn);
      this.column.fill(0, row, row + this.pageWords);
    }
    this.stamps?.delete(e.gfn);
    const { vcpus } = this.setting.geometry;
    for (let vcpu = 0; vcpu < vcpus; vcpu++) this.floors.delete(e.gfn * vcpus + vcpu);
    for (let word = e.gfn * this.pageWords; word < (e.gfn + 1) * this.pageWords; word++) {
      this.complete(word, this.written.get(word), e.sequence);
      this.written.delete(word);
    }
  }

  private rowOf(gvpn: number): number {
    const { rows } = this;
    return rows === null ? gvpn * this.pageWords : (rows.get(gvpn) ?? this.newRow(rows, gvpn));
  }
  private newRow(rows: Map<number, number>, gvpn: number): number {
    const row = rows.size * this.pageWords;
    const column = this.column!;
    if (row + this.pageWords > column.length) {
      this.column = new Int32Array(2 * column.length);
      this.column.set(column);
    }
    rows.set(gvpn, row);
    return row;
  }
  private counts(of: Map<number, Int32Array>, key: number): Int32Array {
    let counts = of.get(key);
    if (!counts) of.set(key, (counts = new Int32Array(this.pageWords)));
    return counts;
  }
  private readNow(e: TraceEvent): void {
    this.examined++;
    const expected = this.lastOf(e);
    if (e.result !== expected) this.wrong(e, `read write number ${e.result}, expected ${expected}`);
  }
  private lastOf(e: TraceEvent): number {
    if (this.column !== null) {
      const place = this.rowOf(e.gfn) + e.destination;
      return this.column[place]!;
    }
    if (this.stamps !== null) return this.stamps.get(e.gfn) ?? 0;
    return this.counts(this.last, e.gfn)[e.destination]!;
  }
  private wroteNow(e: TraceEvent): void {
    this.examined++;
    const expected = (this.lastOf(e) + 1) & COUNT_MASK;
    if (e.result !== expected) this.wrong(e, `write number ${expected} became number ${e.result}`);
    if (this.column !== null) this.column[this.rowOf(e.gfn) + e.destination] = e.result;
    else if (this.stamps !== null) this.stamps.set(e.gfn, e.result);
    else this.counts(this.last, e.gfn)[e.destination] = e.result;
  }
  private readSometime(e: TraceEvent): void {
    this.examined++;
    const floors = this.counts(this.floors, e.gfn * this.setting.geometry.vcpus + e.id);
    if (e.result < floors[e.destination]!)
      this.wrong(e, `read write number ${e.result} after number ${floors[e.destination]}`);
    floors[e.destination] = e.result;
  }
  private wroteSometime(e: TraceEvent): void {
    this.examined++;
    const word = e.gfn * this.pageWords + e.destination;
    let written = this.written.get(word);
    if (!written) this.written.set(word, (written = new Set()));
    if (written.has(e.result)) this.wrong(e, `write number ${e.result} was made twice: one of them is lost`);
    written.add(e.result);
    this.readSometime(e);
  }
  private wrong(e: TraceEvent, what: string): void {
    this.fail(e.sequence, `vcpu${e.id}, Gvpn ${e.gfn} word ${e.destination}: ${what}`);
  }

  /** Every count up to the number of writes was made: none is missing. */
  private complete(word: number, written: ReadonlySet<number> | undefined, sequence: number): void {
    if (!written) return;
    for (let count = 1; count <= written.size; count++) {
      if (written.has(count)) continue;
      const gvpn = Math.floor(word / this.pageWords);
      this.fail(
        sequence,
        `Gvpn ${gvpn} word ${word % this.pageWords}: write number ${count} of ${written.size} is missing`,
      );
      return;
    }
  }

  override atRest(): void {
    for (const [word, written] of this.written) this.complete(word, written, -1);
  }
}
