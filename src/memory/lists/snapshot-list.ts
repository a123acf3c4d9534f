// A versioned table of two-word entries, Gfn and generation. The version is odd while the owner writes; a reader takes
// what it read only if the version was even and the same before and after (a seqlock). For lists whose entries do not
// fit one word, at the price of two more loads and of readers that must try again when anything changes.
import type { Arena } from '../arena.ts';
import { finding } from '../../model/words.ts';
import { type Layout, MovedList } from './moved-list.ts';
import { Placement } from './placement.ts';
import { PENDING, Reader } from './reader.ts';
import { HEADER, type Tenant, VERSION, type Words } from './words.ts';

const OVERFLOW = 1;
const GENERATION_SHIFT = 1;

export class SnapshotList extends MovedList {
  private readonly placement: Placement;

  constructor(arena: Arena, layout: Layout) {
    super(arena, { ...layout, versioned: true }, 2 * layout.capacity * layout.tenants.length);
    this.placement = new Placement(arena, layout.tenants, layout.capacity);
  }

  protected insert(gfn: number, generation: number): void {
    const { placement } = this;
    const placed = placement.insert(gfn, generation);
    this.put(placement.entryOf(gfn));
    if (placed) this.listed(gfn, generation);
    else this.overflowed(gfn, generation);
  }
  protected remove(gfn: number, generation: number): void {
    const { placement } = this;
    if (!placement.has(gfn)) return;
    const entry = placement.entryOf(gfn);
    const had = placement.remove(gfn);
    this.put(entry);
    this.delisted(gfn, generation);
    if (had && placement.occupant(entry) >= 0) {
      this.listed(placement.occupant(entry), placement.generation(entry));
    }
  }
  /** Between two versions; what is announced after these stores is announced with the even version, which ends them. */
  private put(entry: number): void {
    this.store(HEADER + 2 * entry, this.placement.occupant(entry) + 1);
    this.store(HEADER + 2 * entry + 1, this.secondWord(entry));
  }
  private secondWord(entry: number): number {
    const { placement } = this;
    const generation = placement.occupant(entry) < 0 ? 0 : placement.generation(entry) << GENERATION_SHIFT;
    return generation | (placement.isOverflowed(entry) ? OVERFLOW : 0);
  }
  generationOf(gfn: number): number {
    return this.placement.generationOf(gfn);
  }
  protected clear(): void {
    this.placement.clear();
  }
  protected rewrite(): void {
    if (!this.isLost) this.placement.complete();
    for (let entry = 0; entry < this.placement.entries; entry++) {
      this.overwrite(HEADER + 2 * entry, this.placement.occupant(entry) + 1);
      this.overwrite(HEADER + 2 * entry + 1, this.secondWord(entry));
    }
  }
  reader(arena: Arena, words: Words, tenant: Tenant): SnapshotReader {
    return new SnapshotReader(arena, words, tenant, this.placement);
  }
  protected isOwn(index: number, tenant: Tenant): boolean {
    return this.placement.belongs(Math.floor((index - HEADER) / 2), tenant);
  }
}

const stage = { version: 0, gfn: 1, generation: 2, check: 3 } as const;

export class SnapshotReader extends Reader {
  /** For where entries are and not for what stands in them. */
  private readonly placement: Placement;
  private readonly before: Int32Array;

  constructor(arena: Arena, words: Words, tenant: Tenant, placement: Placement) {
    super(arena, words, tenant);
    this.placement = placement;
    this.before = arena.int32(1);
  }
  protected next(gfn: number): number {
    const at = HEADER + 2 * this.placement.entryOf(gfn);
    switch (this.stage) {
      case stage.version: {
        const version = this.load(VERSION);
        this.before[0] = version;
        if (!this.isQuiet(version)) return this.again();
        this.stage = stage.gfn;
        return PENDING;
      }
      case stage.gfn:
        this.first = this.load(at);
        this.stage = stage.generation;
        return PENDING;
      case stage.generation:
        this.second = this.load(at + 1);
        this.stage = stage.check;
        return PENDING;
      default:
        if (!this.isSame(this.load(VERSION), this.before[0]!)) return this.again();
        if (this.first === gfn + 1) return this.found(this.second >>> GENERATION_SHIFT);
        return (this.second & OVERFLOW) !== 0 ? finding.unknown : finding.resident;
    }
  }
  /** Nothing is being written. */
  isQuiet(version: number): boolean {
    return version % 2 === 0;
  }
  /** Nothing was written meanwhile. */
  isSame(after: number, before: number): boolean {
    return after === before;
  }
}
