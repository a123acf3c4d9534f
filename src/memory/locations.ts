// The bytes: frames of the memory nodes and slots of the stores in one area, with the state of each location (frame
// machine) and the header of what it holds: Gfn, generation, checksum. A location's state and header belong to whoever
// has it in custody; its bytes are shared with the vCPUs that have it mapped.
import type { FrameTable } from '../../machines/index.ts';
import { POISON, written } from '../model/content.ts';
import type { Recorder } from '../model/recorder.ts';
import type { Arena } from './arena.ts';
import type { Meter } from './meter.ts';

export class Locations {
  readonly pageWords: number;
  readonly pageBytes: number;
  readonly table: FrameTable;
  readonly count: number;
  /** All pages: location `l` begins at byte `(l + 1) * pageBytes`; pages 0 and 1 hold zeroes and poison to copy from. */
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly states: Int32Array;
  /** Header of what a location holds. */
  readonly gfn: Int32Array;
  readonly generation: Int32Array;
  readonly checksum: Int32Array;
  /** Of an encrypted slot: under which name it was sealed, and the tag that this name's key gave. */
  readonly sealGfn: Int32Array;
  readonly sealGeneration: Int32Array;
  readonly tag: Int32Array;
  private readonly meter: Meter;
  /** Whether several threads may reach a word. */
  private readonly isShared: boolean;

  constructor(arena: Arena, count: number, pageWords: number, table: FrameTable, meter: Meter) {
    this.pageWords = pageWords;
    this.pageBytes = pageWords * 4;
    this.count = count;
    this.table = table;
    // Narrower in a large world, for those who read and write one at a time.
    this.states = arena.upTo(table.states.length, count + 1) as Int32Array;
    this.gfn = arena.int32(count + 1);
    this.generation = arena.int32(count + 1);
    this.checksum = arena.int32(count + 1);
    this.sealGfn = arena.int32(count + 1);
    this.sealGeneration = arena.int32(count + 1);
    this.tag = arena.int32(count + 1);
    this.bytes = arena.pages((count + 2) * this.pageBytes);
    this.words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length / 4);
    this.meter = meter;
    this.isShared = arena.isShared;
  }
  /** Once, before the first step. Free locations are poisoned when they are first released; fresh ones read as zero. */
  reset(): void {
    for (let word = this.pageWords; word < 2 * this.pageWords; word++) this.words[word] = POISON;
  }

  /** First byte of a location. */
  at(location: number): number {
    return (location + 1) * this.pageBytes;
  }
  /** One word of a mapped page, as a vCPU reads it. */
  read(location: number, word: number): number {
    const index = (location + 1) * this.pageWords + word;
    this.meter.touch(this.words, index);
    const found = this.load(index);
    this.meter.found(found);
    return found;
  }
  /** The words of `read` and `write`, for who counts the accesses himself: see `Meter.series`. */
  load(index: number): number {
    return this.isShared ? Atomics.load(this.words, index) : this.words[index]!;
  }
  /** @returns the word before */
  increment(index: number, tag: number): number {
    const { words } = this;
    if (!this.isShared) {
      const before = words[index]!;
      words[index] = written(before, tag);
      return before;
    }
    for (;;) {
      const before = Atomics.load(words, index);
      if (Atomics.compareExchange(words, index, before, written(before, tag)) === before) return before;
    }
  }
  /** One word of a mapped page, as a vCPU writes it: an atomic increment under the page's tag. @returns the word before */
  write(location: number, word: number, tag: number): number {
    const index = (location + 1) * this.pageWords + word;
    this.meter.touch(this.words, index);
    const before = this.increment(index, tag);
    this.meter.found(before);
    this.meter.left(written(before, tag));
    return before;
  }

  /** Takes a location through its machine; what the machine refuses is an event for the life-cycle property. */
  step(location: number, on: number, trace: Recorder): void {
    this.meter.handle(location);
    const state = this.states[location]!;
    const next = this.table.next[state * this.table.events.length + on]!;
    if (next < 0) trace.illegal(1, location, state, on);
    else this.states[location] = next;
  }
}
