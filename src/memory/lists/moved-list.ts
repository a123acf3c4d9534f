// The moved list that is exported to guests: entries {Gfn, generation} (claim 13), in one of four formats, a file each.
// A format lays out words and says which stores make a change; its reader says which loads make a look. Only the owner
// writes, one store a step, and announces in the trace what a store makes visible, just before it.
import type { Arena } from '../arena.ts';
import type { Meter } from '../meter.ts';
import type { Reader } from './reader.ts';
import { HEADER, lineOf, type Tenant, VERSION, Words } from './words.ts';

/** What becomes visible with the next store. */
export interface Announce {
  listed(gfn: number, generation: number): void;
  /** Moved, and there is no room to say in which generation: *unknown*. */
  overflowed(gfn: number, generation: number): void;
  delisted(gfn: number, generation: number): void;
  /** A change is complete: how many words and cache lines it took. */
  exported(version: number, words: number, lines: number): void;
}

export interface Layout {
  tenants: readonly Tenant[];
  /** Entries for each tenant. */
  capacity: number;
  /** Readers must be able to see that the list changed while they read it. */
  versioned: boolean;
  /** Null where the owner keeps the list for itself and sends copies. */
  meter: Meter | null;
}

/** Stores and announcements of one change. */
const ROWS = 12;
const NO_STORE = -1;
const row = { listed: 0, overflowed: 1, delisted: 2, exported: 3, store: 4 } as const;
const field = { rows: 0, next: 1, version: 2, words: 3, lines: 4, told: 5, lost: 6, count: 7 } as const;

export abstract class MovedList {
  readonly tenants: readonly Tenant[];
  readonly words: Words;
  /** Words of the whole list. */
  readonly length: number;
  private readonly versioned: boolean;
  /** The change under way: kind, index or Gfn, value or generation of each row. */
  private readonly kinds: Int32Array;
  private readonly firsts: Int32Array;
  private readonly seconds: Int32Array;
  private readonly own: Int32Array;

  /** @param length words of the format, without the header */
  constructor(arena: Arena, { tenants, versioned, meter }: Layout, length: number) {
    this.tenants = tenants;
    this.versioned = versioned;
    this.length = HEADER + length;
    this.words = new Words(arena.int32(this.length), meter);
    this.kinds = arena.int32(ROWS);
    this.firsts = arena.int32(ROWS);
    this.seconds = arena.int32(ROWS);
    this.own = arena.int32(field.count);
  }

  get firstGfn(): number {
    return this.tenants[0]!.first;
  }
  /** Gfns of all tenants. */
  get gfns(): number {
    return this.tenants[this.tenants.length - 1]!.end - this.firstGfn;
  }
  /** Changes so far. */
  get version(): number {
    return this.own[field.version]!;
  }

  /** The rows for a page that goes on the list in `generation`, or off it. */
  protected abstract insert(gfn: number, generation: number): void;
  protected abstract remove(gfn: number, generation: number): void;
  /** A guest's reader of `words`: this list's own, or a copy of them. */
  abstract reader(arena: Arena, words: Words, tenant: Tenant): Reader;
  protected abstract isOwn(index: number, tenant: Tenant): boolean;

  /** Whether a guest may have this word in its copy; what is not its own is blanked out. */
  mayRead(index: number, tenant: Tenant): boolean {
    return index < HEADER || this.isOwn(index, tenant);
  }

  /** Takes a change in hand, for `write` to make. `goes`: off the list; `generation` is the one it was listed in. */
  change(gfn: number, generation: number, goes: boolean): void {
    const { own } = this;
    own[field.rows] = 0;
    own[field.next] = 0;
    own[field.told] = 0;
    const version = ++own[field.version]!;
    if (this.versioned) this.store(VERSION, 2 * version - 1);
    if (goes) this.remove(gfn, generation);
    else this.insert(gfn, generation);
    if (this.versioned) {
      this.exported();
      this.store(VERSION, 2 * version);
    } else if (own[field.rows]! > 0 && own[field.told] === 0) this.exported();
    own[field.words] = 0;
    own[field.lines] = 0;
    let line = -1;
    for (let r = 0; r < own[field.rows]!; r++) {
      if (this.kinds[r] !== row.store) continue;
      own[field.words]!++;
      if (lineOf(this.firsts[r]!) !== line) own[field.lines]!++;
      line = lineOf(this.firsts[r]!);
    }
  }
  /**
   * The owner has lost its table: nothing is known of any page, until `rebuilt`. Made in one go, since guests stand still
   * while the hypervisor starts anew; a change that was half written is given up.
   */
  forget(): void {
    this.own[field.lost] = 1;
    this.startAnew();
  }
  /** The owner's table is complete again: what is not on it is resident. */
  rebuilt(): void {
    this.own[field.lost] = 0;
    this.startAnew();
  }
  private startAnew(): void {
    const { own } = this;
    own[field.rows] = 0;
    own[field.next] = 0;
    own[field.version]!++;
    if (this.isLost) this.clear();
    // Odd meanwhile, for readers that nobody holds.
    if (this.versioned) this.overwrite(VERSION, 2 * own[field.version]! - 1);
    this.rewrite();
    this.overwrite(VERSION, this.versioned ? 2 * own[field.version]! : 0);
  }
  get isLost(): boolean {
    return this.own[field.lost] === 1;
  }
  /** Empties the owner's table. */
  protected abstract clear(): void;
  /** Writes every word as the owner's table has it, with *unknown* for all the rest if it is lost. */
  protected abstract rewrite(): void;
  /** Counts versions as if so many more changes had been made. */
  protected skip(versions: number): void {
    this.own[field.version]! += versions;
  }
  /** Generation in which the owner has a page on the list, or -1. */
  abstract generationOf(gfn: number): number;
  /** Gives the stores of the change in hand up, and only announces it: the words are about to be written anew. */
  settle(announce: Announce): void {
    const { own, kinds } = this;
    for (let at = own[field.next]!; at < own[field.rows]!; at++) {
      if (kinds[at] !== row.store && kinds[at] !== row.exported) this.tell(at, announce);
    }
    own[field.next] = own[field.rows]!;
  }
  /** A store of `rewrite`, while nobody reads. */
  protected overwrite(index: number, value: number): void {
    Atomics.store(this.words.column, index, value);
  }

  private add(kind: number, first: number, second: number): void {
    const at = this.own[field.rows]!++;
    this.kinds[at] = kind;
    this.firsts[at] = first;
    this.seconds[at] = second;
  }
  protected store(index: number, value: number): void {
    this.add(row.store, index, value);
  }
  protected listed(gfn: number, generation: number): void {
    this.add(row.listed, gfn, generation);
  }
  protected overflowed(gfn: number, generation: number): void {
    this.add(row.overflowed, gfn, generation);
  }
  protected delisted(gfn: number, generation: number): void {
    this.add(row.delisted, gfn, generation);
  }
  /** The store that comes next completes the change; where a format does not say so, the last one does. */
  protected exported(): void {
    this.own[field.told] = 1;
    this.add(row.exported, NO_STORE, 0);
  }

  /** The change in hand has been made, and nobody counts changes. */
  settleChange(): void {
    for (const column of [this.kinds, this.firsts, this.seconds]) column.fill(0);
    const { own } = this;
    for (const name of ['rows', 'next', 'version', 'words', 'lines', 'told'] as const) own[field[name]] = 0;
  }

  /** Makes the next store of the change, with what it announces. @returns whether the change is not finished */
  write(announce: Announce): boolean {
    const { own, firsts, seconds } = this;
    let stored = false;
    while (own[field.next]! < own[field.rows]!) {
      const at = own[field.next]!;
      if (stored && (at < own[field.rows]! - 1 || this.kinds[at] === row.store)) return true;
      own[field.next]!++;
      if (this.kinds[at] === row.store) {
        this.words.store(firsts[at]!, seconds[at]!);
        stored = true;
      } else this.tell(at, announce);
    }
    return false;
  }
  private tell(at: number, announce: Announce): void {
    const { own, firsts, seconds } = this;
    switch (this.kinds[at]) {
      case row.listed:
        announce.listed(firsts[at]!, seconds[at]!);
        return;
      case row.overflowed:
        announce.overflowed(firsts[at]!, seconds[at]!);
        return;
      case row.delisted:
        announce.delisted(firsts[at]!, seconds[at]!);
        return;
      case row.exported:
        announce.exported(own[field.version]!, own[field.words]!, own[field.lines]!);
    }
  }
}
