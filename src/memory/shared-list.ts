// A host's copy of the moved list that several hosts share: an entry {host, generation} for each Gfn, one word, so that no
// reader sees half of one. The host writes it; the guest's vCPUs on that host read it in place. What other hosts say comes
// over the network, late, twice or out of order: of two versions the greater counts, and it advises in any case.
import type { Arena } from './arena.ts';
import type { Meter } from './meter.ts';

const LISTED = 1;
const HOST_SHIFT = 1;
const HOST_MASK = 0xf;
const GENERATION_SHIFT = 5;

export class SharedList {
  private readonly words: Int32Array;
  /** Versions, which only the host looks at. */
  readonly version: Int32Array;
  private readonly meter: Meter;
  /** What the last `inspect` found. */
  host = 0;
  generation = 0;

  constructor(arena: Arena, gfns: number, meter: Meter) {
    this.words = arena.int32(gfns);
    this.version = arena.int32(gfns);
    this.meter = meter;
  }
  /** The guest's look. @returns whether the Gfn is listed */
  inspect(gfn: number): boolean {
    this.meter.touch(this.words, gfn);
    const word = Atomics.load(this.words, gfn);
    this.meter.found(word);
    this.host = (word >>> HOST_SHIFT) & HOST_MASK;
    this.generation = word >>> GENERATION_SHIFT;
    return (word & LISTED) !== 0;
  }
  /** @returns false when a newer version is there */
  update(gfn: number, host: number, generation: number, listed: boolean, version: number): boolean {
    if (version <= this.version[gfn]!) return false;
    this.version[gfn] = version;
    this.meter.touch(this.words, gfn);
    const word = (generation << GENERATION_SHIFT) | (host << HOST_SHIFT) | (listed ? LISTED : 0);
    Atomics.store(this.words, gfn, word);
    this.meter.left(word);
    return true;
  }
}
