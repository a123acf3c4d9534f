// The moved list that the hypervisor exports to a guest in shared memory: entries {Gfn, generation}. Direct-mapped by
// Gfn and one word an entry, so that no reader sees half of one. Where two moved pages would need the same entry the
// second leaves an overflow mark: absence then means *unknown*, never *resident*. Only the hypervisor writes.
import type { Arena } from './arena.ts';
import type { Meter } from './meter.ts';
import { assert } from '../stdx/assert.ts';
import { finding } from '../model/words.ts';
import { GENERATION_MASK } from './page-words.ts';

const USED = 1;
const OVERFLOW = 2;
const GENERATION_SHIFT = 2;
const TAG_SHIFT = 16;

export class MovedList {
  readonly capacity: number;
  private readonly entries: Int32Array;
  private readonly firstGfn: number;
  private readonly meter: Meter;
  /** Generation that the last `inspect` found. */
  generation = 0;

  /** The list of one guest, whose Gfns are `firstGfn` .. `firstGfn + gfns - 1`. */
  constructor(arena: Arena, capacity: number, firstGfn: number, gfns: number, meter: Meter) {
    this.capacity = capacity;
    this.firstGfn = firstGfn;
    this.entries = arena.int32(capacity);
    this.meter = meter;
    assert(Math.ceil(gfns / capacity) < 1 << 16, `list capacity ${capacity} is too small for ${gfns} Gfns`);
  }
  entryOf(gfn: number): number {
    return (gfn - this.firstGfn) % this.capacity;
  }
  private tagOf(gfn: number): number {
    return Math.floor((gfn - this.firstGfn) / this.capacity);
  }

  /** The guest's look (FIG. 4: 435, 440). @returns one of `finding`; `generation` is set when it is listed */
  inspect(gfn: number): number {
    this.meter.touch();
    const word = Atomics.load(this.entries, this.entryOf(gfn));
    if ((word & USED) !== 0 && word >>> TAG_SHIFT === this.tagOf(gfn)) {
      this.generation = (word >>> GENERATION_SHIFT) & GENERATION_MASK;
      return finding.listed;
    }
    return (word & OVERFLOW) !== 0 ? finding.unknown : finding.resident;
  }
  /** Writes an entry for `gfn` (-1: none); `overflow`: other moved pages found no room here. */
  write(entry: number, gfn: number, generation: number, overflow: boolean): void {
    this.meter.touch();
    const used = gfn < 0 ? 0 : USED | (generation << GENERATION_SHIFT) | (this.tagOf(gfn) << TAG_SHIFT);
    Atomics.store(this.entries, entry, used | (overflow ? OVERFLOW : 0));
  }
}
