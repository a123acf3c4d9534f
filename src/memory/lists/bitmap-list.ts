// A bit for each Gfn, and a column of generations that is direct-mapped as the table is. Most pages are resident, and for
// those a look is one load of a line that holds 512 Gfns. For a moved page it takes three: bit, generation, and the bit
// again, since the generation may have become that of a later move in between.
import type { Arena } from '../arena.ts';
import { finding } from '../../model/words.ts';
import { entryWord, findingIn, generationIn } from './entry-word.ts';
import { type Layout, MovedList } from './moved-list.ts';
import { Placement } from './placement.ts';
import { PENDING, Reader } from './reader.ts';
import { HEADER, type Tenant, type Words } from './words.ts';

const BITS = 32;

/** Where bits and generations lie; each guest's bits begin in a word of their own. */
class BitmapLayout {
  readonly placement: Placement;
  private readonly firstWord: number[] = [];
  readonly bitWords: number;

  constructor(arena: Arena, { tenants, capacity }: Layout) {
    this.placement = new Placement(arena, tenants, capacity);
    let word = 0;
    for (const { first, end } of tenants) {
      this.firstWord.push(word);
      word += Math.ceil((end - first) / BITS);
    }
    this.bitWords = word;
  }
  private tenantOf(gfn: number): number {
    return this.placement.tenants.findIndex(({ end }) => gfn < end);
  }
  wordOf(gfn: number): number {
    const tenant = this.tenantOf(gfn);
    return (
      HEADER + this.firstWord[tenant]! + Math.floor((gfn - this.placement.tenants[tenant]!.first) / BITS)
    );
  }
  bitOf(gfn: number): number {
    return 1 << ((gfn - this.placement.tenants[this.tenantOf(gfn)]!.first) % BITS);
  }
  entryAt(entry: number): number {
    return HEADER + this.bitWords + entry;
  }
  /** Whether a word belongs to a guest. */
  belongs(index: number, tenant: Tenant): boolean {
    const word = index - HEADER;
    if (word >= this.bitWords) return this.placement.belongs(word - this.bitWords, tenant);
    const position = this.placement.tenants.indexOf(tenant);
    return word >= this.firstWord[position]! && word < (this.firstWord[position + 1] ?? this.bitWords);
  }
}

export class BitmapList extends MovedList {
  private readonly layout: BitmapLayout;
  /** The bits as they were last written, or are about to be: the owner's own copy. */
  private readonly bits: Int32Array;

  constructor(arena: Arena, layout: Layout) {
    const bits = layout.tenants.reduce((sum, { first, end }) => sum + Math.ceil((end - first) / BITS), 0);
    super(arena, layout, bits + layout.capacity * layout.tenants.length);
    this.layout = new BitmapLayout(arena, layout);
    this.bits = arena.int32(HEADER + bits);
  }

  /** The generation first, then the bit: who sees the bit finds the generation there. */
  protected insert(gfn: number, generation: number): void {
    const { placement } = this.layout;
    const placed = placement.insert(gfn, generation);
    if (placed) this.put(placement.entryOf(gfn));
    if (placed) this.listed(gfn, generation);
    else this.overflowed(gfn, generation);
    this.flip(gfn, true);
  }
  protected remove(gfn: number, generation: number): void {
    const { placement } = this.layout;
    if (!placement.has(gfn)) return;
    this.delisted(gfn, generation);
    this.flip(gfn, false);
    const entry = placement.entryOf(gfn);
    if (!placement.remove(gfn)) return;
    if (placement.occupant(entry) >= 0) this.listed(placement.occupant(entry), placement.generation(entry));
    this.put(entry);
  }
  private flip(gfn: number, set: boolean): void {
    const word = this.layout.wordOf(gfn);
    const bit = this.layout.bitOf(gfn);
    this.bits[word] = set ? this.bits[word]! | bit : this.bits[word]! & ~bit;
    this.store(word, this.bits[word]);
  }
  generationOf(gfn: number): number {
    return this.layout.placement.generationOf(gfn);
  }
  protected clear(): void {
    this.layout.placement.clear();
    this.bits.fill(0);
  }
  /** While the table is lost every bit is set: moved, for all that is known, in no generation that is. */
  protected rewrite(): void {
    const { placement, bitWords } = this.layout;
    if (!this.isLost) placement.complete();
    for (let word = HEADER; word < HEADER + bitWords; word++) {
      this.overwrite(word, this.isLost ? -1 : this.bits[word]!);
    }
    for (let entry = 0; entry < placement.entries; entry++) {
      this.overwrite(this.layout.entryAt(entry), entryWord(placement, entry));
    }
  }
  private put(entry: number): void {
    this.store(this.layout.entryAt(entry), entryWord(this.layout.placement, entry));
  }
  reader(arena: Arena, words: Words, tenant: Tenant): BitmapReader {
    return new BitmapReader(arena, words, tenant, this.layout);
  }
  protected isOwn(index: number, tenant: Tenant): boolean {
    return this.layout.belongs(index, tenant);
  }
}

const stage = { bit: 0, generation: 1, check: 2 } as const;

export class BitmapReader extends Reader {
  private readonly layout: BitmapLayout;

  constructor(arena: Arena, words: Words, tenant: Tenant, layout: BitmapLayout) {
    super(arena, words, tenant);
    this.layout = layout;
  }
  protected next(gfn: number): number {
    const { layout } = this;
    const { placement } = layout;
    switch (this.stage) {
      case stage.bit:
        this.stage = stage.generation;
        return (this.load(layout.wordOf(gfn)) & layout.bitOf(gfn)) === 0 ? finding.resident : PENDING;
      case stage.generation:
        this.first = this.load(layout.entryAt(placement.entryOf(gfn)));
        this.stage = stage.check;
        return PENDING;
      default: {
        const bits = this.load(layout.wordOf(gfn));
        if (!this.isStill(bits, layout.bitOf(gfn))) return this.again();
        if (findingIn(this.first, placement.tagOf(gfn)) !== finding.listed) return this.withoutEntry();
        return this.found(generationIn(this.first));
      }
    }
  }
  /** Moved, and another page has the entry: there was no room to say in which generation. */
  withoutEntry(): number {
    return finding.unknown;
  }
  /** The generation was read while the page was on the list: between two looks at its bit, or after it came again. */
  isStill(bits: number, bit: number): boolean {
    return (bits & bit) !== 0;
  }
}
