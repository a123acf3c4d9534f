// A direct-mapped table, one word an entry: a look is one load, a change one store, and neither can see half of the
// other. Where two moved pages would need the same entry the second leaves an overflow mark: absence then means
// *unknown*, never *resident*.
import type { Arena } from '../arena.ts';
import { finding } from '../../model/words.ts';
import { entryWord, findingIn, generationIn } from './entry-word.ts';
import { type Layout, MovedList } from './moved-list.ts';
import { Placement } from './placement.ts';
import { Reader } from './reader.ts';
import { HEADER, type Tenant, type Words } from './words.ts';

export class TableList extends MovedList {
  readonly placement: Placement;

  constructor(arena: Arena, layout: Layout) {
    super(arena, layout, layout.capacity * layout.tenants.length);
    this.placement = new Placement(arena, layout.tenants, layout.capacity);
  }

  protected insert(gfn: number, generation: number): void {
    if (this.placement.insert(gfn, generation)) this.listed(gfn, generation);
    else this.overflowed(gfn, generation);
    this.put(this.placement.entryOf(gfn));
  }
  protected remove(gfn: number, generation: number): void {
    const { placement } = this;
    if (!placement.has(gfn)) return;
    this.delisted(gfn, generation);
    const entry = placement.entryOf(gfn);
    if (placement.remove(gfn) && placement.occupant(entry) >= 0) {
      this.listed(placement.occupant(entry), placement.generation(entry));
    }
    this.put(entry);
  }
  private put(entry: number): void {
    this.store(HEADER + entry, entryWord(this.placement, entry));
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
      this.overwrite(HEADER + entry, entryWord(this.placement, entry));
    }
  }
  reader(arena: Arena, words: Words, tenant: Tenant): Reader {
    return new TableReader(arena, words, tenant, this.placement);
  }
  protected isOwn(index: number, tenant: Tenant): boolean {
    return this.placement.belongs(index - HEADER, tenant);
  }
}

class TableReader extends Reader {
  /** For where entries are and not for what stands in them. */
  private readonly placement: Placement;

  constructor(arena: Arena, words: Words, tenant: Tenant, placement: Placement) {
    super(arena, words, tenant);
    this.placement = placement;
  }
  protected next(gfn: number): number {
    const word = this.load(HEADER + this.placement.entryOf(gfn));
    const found = findingIn(word, this.placement.tagOf(gfn));
    return found === finding.listed ? this.found(generationIn(word)) : found;
  }
}
