// A log of changes: records of two words, Gfn and {generation, added or removed}, in a ring. Each reader consumes them
// into a table of its own, so that a look costs the changes since the one before. A reader that was overrun knows nothing
// of any page until it has caught up: it copies the owner's full table, a word a step, and goes on with the log from
// where it began. The table may change meanwhile: every change is in the log as well, and the log has the last word.
//
// Order of the owner's stores: the record, the head (the change counts from here), the table. A record may be read while
// it is overwritten; that is seen in the head, which by then is a whole ring further on. A head of `h` says that the
// changes before the last one are in the table: the log is taken up one record earlier.
import type { Arena } from '../arena.ts';
import { finding } from '../../model/words.ts';
import { type Layout, MovedList } from './moved-list.ts';
import { PENDING, Reader } from './reader.ts';
import { HEADER, type Tenant, type Words } from './words.ts';

const HEAD = HEADER;
const RECORDS = HEADER + 16;
const RECORD_WORDS = 2;
const ADDED = 1;
const GENERATION_SHIFT = 1;
/** What the table says of a page while the owner has lost its own. */
const UNKNOWN = -1;

interface RingLayout {
  records: number;
  /** Index of the table's first word, and the Gfn it is for. */
  table: number;
  firstGfn: number;
}

export class RingList extends MovedList {
  private readonly layout: RingLayout;
  /** The table as it was last written: the owner's own copy. */
  private readonly says: Int32Array;

  constructor(arena: Arena, layout: Layout) {
    const records = Math.max(2, layout.capacity * layout.tenants.length);
    const firstGfn = layout.tenants[0]!.first;
    const gfns = layout.tenants[layout.tenants.length - 1]!.end - firstGfn;
    super(arena, { ...layout, versioned: false }, 16 + records * RECORD_WORDS + gfns);
    this.layout = { records, table: RECORDS + records * RECORD_WORDS, firstGfn };
    this.says = arena.int32(gfns);
  }

  protected insert(gfn: number, generation: number): void {
    this.append(gfn, (generation << GENERATION_SHIFT) | ADDED, () => this.listed(gfn, generation));
  }
  protected remove(gfn: number, generation: number): void {
    this.append(gfn, 0, () => this.delisted(gfn, generation));
  }
  generationOf(gfn: number): number {
    const says = this.says[gfn - this.layout.firstGfn]!;
    return says === UNKNOWN || (says & ADDED) === 0 ? -1 : says >>> GENERATION_SHIFT;
  }
  protected clear(): void {
    this.says.fill(UNKNOWN);
  }
  /** The log begins anew, a ring further on: all readers are overrun, and copy the table. */
  protected rewrite(): void {
    const { records, table } = this.layout;
    if (!this.isLost) this.says.forEach((says, gfn) => (this.says[gfn] = says === UNKNOWN ? 0 : says));
    for (let at = RECORDS; at < table; at++) this.overwrite(at, 0);
    this.says.forEach((says, gfn) => this.overwrite(table + gfn, says));
    this.skip(records);
    this.overwrite(HEAD, this.version);
  }
  private append(gfn: number, says: number, announce: () => void): void {
    const { records, table, firstGfn } = this.layout;
    const position = this.version - 1;
    const at = RECORDS + (position % records) * RECORD_WORDS;
    this.store(at, gfn + 1);
    this.store(at + 1, says);
    announce();
    this.exported();
    this.store(HEAD, position + 1);
    this.says[gfn - firstGfn] = says;
    this.store(table + gfn - firstGfn, says);
  }
  reader(arena: Arena, words: Words, tenant: Tenant): RingReader {
    return new RingReader(arena, words, tenant, this.layout);
  }
  protected isOwn(index: number, tenant: Tenant): boolean {
    const { table, firstGfn } = this.layout;
    const owns = (gfn: number) => gfn >= tenant.first && gfn < tenant.end;
    if (index < RECORDS) return true;
    if (index >= table) return owns(index - table + firstGfn);
    const record = index - ((index - RECORDS) % RECORD_WORDS);
    return owns(this.words.column[record]! - 1);
  }
}

const stage = { head: 0, gfn: 1, says: 2, check: 3, table: 4 } as const;
const field = { position: 0, overrun: 1, cursor: 2, budget: 3, count: 4 } as const;

export class RingReader extends Reader {
  private readonly layout: RingLayout;
  private readonly log: Int32Array;
  /** What the log has said of each Gfn of this guest. */
  private readonly known: Int32Array;

  constructor(arena: Arena, words: Words, tenant: Tenant, layout: RingLayout) {
    super(arena, words, tenant);
    this.layout = layout;
    this.log = arena.int32(field.count);
    this.known = arena.int32(tenant.end - tenant.first);
  }

  /** Changes consumed. */
  get position(): number {
    return this.log[field.position]!;
  }
  /** Nothing is known until `resync` has come to its end. */
  get isBehind(): boolean {
    return this.log[field.overrun] === 1;
  }
  /** What is known without another load. */
  recall(gfn: number): number {
    if (!this.owns(gfn) || this.isBehind) return finding.unknown;
    const says = this.known[gfn - this.tenant.first]!;
    if (says === UNKNOWN) return finding.unknown;
    return (says & ADDED) === 0 ? finding.resident : this.found(says >>> GENERATION_SHIFT);
  }

  protected next(gfn: number): number {
    if (this.isBehind) return finding.unknown;
    return this.catchUp() ? this.recall(gfn) : PENDING;
  }
  /** A new consumption, in a look or ahead of one. */
  beginCatchUp(): void {
    this.begin(this.tenant.first);
  }
  override begin(gfn: number): void {
    super.begin(gfn);
    this.log[field.budget] = 2 * this.layout.records;
  }

  /** The next load of the log. @returns whether this reader has caught up, or was overrun */
  catchUp(): boolean {
    const { log, layout } = this;
    const at = RECORDS + (log[field.position]! % layout.records) * RECORD_WORDS;
    switch (this.stage) {
      case stage.head:
        return this.sees(this.load(HEAD));
      case stage.gfn:
        this.first = this.load(at);
        this.stage = stage.says;
        return false;
      case stage.says:
        this.second = this.load(at + 1);
        this.stage = stage.check;
        return false;
      default: {
        const head = this.load(HEAD);
        if (!this.isOverrun(head, log[field.position]!)) {
          const gfn = this.first - 1;
          if (this.owns(gfn)) this.known[gfn - this.tenant.first] = this.second;
          log[field.position]!++;
          if (log[field.budget]!-- === 0) log[field.overrun] = 1;
        }
        return this.sees(head);
      }
    }
  }
  /** @returns whether there is nothing more to consume, or nothing that could be */
  private sees(head: number): boolean {
    const { log } = this;
    if (this.isOverrun(head, log[field.position]!)) log[field.overrun] = 1;
    this.stage = stage.gfn;
    return log[field.overrun] === 1 || log[field.position] === head;
  }
  /** The record at `position` has been overwritten, or may be while it is read. */
  isOverrun(head: number, position: number): boolean {
    return head - position >= this.layout.records;
  }

  /** Begins to catch up from the full table. */
  beginResync(): void {
    this.beginCatchUp();
    this.log[field.cursor] = -1;
    this.stage = stage.table;
  }
  /** The next load of the table, then of the log. @returns whether it has ended; overrun again if `isBehind` */
  resync(): boolean {
    const { log, layout, tenant } = this;
    if (this.stage !== stage.table) return this.catchUp();
    if (log[field.cursor]! < 0) {
      log[field.position] = this.load(HEAD) - 1;
      log[field.cursor] = 0;
      return false;
    }
    const gfn = tenant.first + log[field.cursor]!++;
    this.known[gfn - tenant.first] = this.load(layout.table + gfn - layout.firstGfn);
    if (gfn + 1 === tenant.end) {
      log[field.overrun] = 0;
      this.stage = stage.head;
    }
    return false;
  }
}
