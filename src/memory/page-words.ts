// One word per Gfn: state of its page (0 = no page, else state number + 1) and generation. Host and guest race for this
// word alone: whoever wins its compare-exchange has won the page. That is what keeps the moved list advisory: the list
// tells where to look, the word decides. Only the host changes generations.
//
// Order in the trace: a change takes its place in the trace after it has read the word and before it changes it. Of two
// changes that depend on each other the later one read what the earlier one wrote, so their places agree with causality.
import type { PageTable } from '../../machines/index.ts';
import type { Recorder } from '../model/events.ts';
import type { Arena } from './arena.ts';
import type { Meter } from './meter.ts';

const STATE_MASK = 0xf;
const GENERATION_SHIFT = 4;
const GENERATION_BITS = 14;
/** Moves of one Gfn before its generation wraps: a list entry would have to go unnoticed for as many. */
export const GENERATION_MASK = (1 << GENERATION_BITS) - 1;

/** State number of a Gfn without a page. */
export const VACANT = -1;

const stateIn = (word: number) => (word & STATE_MASK) - 1;
const generationIn = (word: number) => (word >>> GENERATION_SHIFT) & GENERATION_MASK;
const make = (state: number, generation: number) =>
  (state + 1) | ((generation & GENERATION_MASK) << GENERATION_SHIFT);

export class PageWords {
  readonly table: PageTable;
  private readonly words: Int32Array;
  private readonly meter: Meter;

  constructor(arena: Arena, gfns: number, table: PageTable, meter: Meter) {
    this.words = arena.int32(gfns);
    this.table = table;
    this.meter = meter;
  }

  /** State number of the Gfn's page, or VACANT. */
  state(gfn: number): number {
    this.meter.touch();
    return stateIn(Atomics.load(this.words, gfn));
  }
  /** The Gfn's generation. Not a shared access: its only writer is the only one to ask. */
  generation(gfn: number): number {
    return generationIn(this.words[gfn]!);
  }
  /** For reports and tests, at rest. */
  peek(gfn: number): { state: number; generation: number } {
    return { state: stateIn(this.words[gfn]!), generation: generationIn(this.words[gfn]!) };
  }

  /**
   * Takes the page through `on` if the machine allows it from the state it is in, and if `generation` (-1: any) is its
   * generation. `bump`: the entry dies, the generation moves on.
   * @returns the new state, or -1 when nothing was changed
   */
  attempt(gfn: number, on: number, generation: number, bump: boolean, trace: Recorder): number {
    this.meter.touch();
    for (;;) {
      const word = Atomics.load(this.words, gfn);
      const state = stateIn(word);
      const seen = generationIn(word);
      if (state === VACANT || (generation >= 0 && seen !== generation)) return -1;
      const next = this.table.next[state * this.table.events.length + on]!;
      if (next < 0) return -1;
      const becomes = bump ? (seen + 1) & GENERATION_MASK : seen;
      trace.takePlace();
      if (Atomics.compareExchange(this.words, gfn, word, make(next, becomes)) === word) {
        trace.page(gfn, becomes, state, next, on);
        return next;
      }
    }
  }

  /** As `attempt`, where the machine must allow it: if it does not, that is an event for the life-cycle property. */
  must(gfn: number, on: number, bump: boolean, trace: Recorder): number {
    const next = this.attempt(gfn, on, -1, bump, trace);
    if (next < 0) trace.illegal(0, gfn, this.peek(gfn).state, on);
    return next;
  }

  /**
   * Puts a page in `state` at a Gfn, or takes it away (VACANT), whatever was there. Only the host does so, while it has
   * the Gfn. @returns the Gfn's generation, which moves on when a page comes
   */
  put(gfn: number, state: number): number {
    this.meter.touch();
    for (;;) {
      const word = Atomics.load(this.words, gfn);
      const generation = (generationIn(word) + (state === VACANT ? 0 : 1)) & GENERATION_MASK;
      if (Atomics.compareExchange(this.words, gfn, word, make(state, generation)) === word) return generation;
    }
  }
}
