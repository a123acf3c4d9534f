// One word per Gfn: state of its page (0 = no page, else state number + 1) and generation. Host and guest race for this
// word alone: whoever wins its compare-exchange has won the page. That is what keeps the moved list advisory: the list
// tells where to look, the word decides. Only the host changes generations.
//
// The word lies in memory that the guest can write, and a hostile guest writes what it likes. The host keeps a private copy
// of what it wrote last, and believes of the word only what a guest may change: that a listed page is now held. Anything
// else is put back.
//
// Order in the trace: a change takes its place in the trace after it has read the word and before it changes it. Of two
// changes that depend on each other the later one read what the earlier one wrote, so their places agree with causality. What
// the host wrote last, it need not read again, but in the states a guest may change: there the guest may have held the page and
// let it go again meanwhile, and that comes first.
import type { PageTable } from '../../machines/index.ts';
import type { Recorder } from '../model/recorder.ts';
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
  readonly words: Int32Array;
  /** What the host wrote last: private to it. */
  private readonly known: Int32Array;
  private readonly meter: Meter;
  /** The table's cells, and how many there are in a row: looked up in every step. */
  private readonly next: Int8Array;
  private readonly columns: number;
  /** By state: whether a guest may take a page out of it. */
  private readonly contested: Uint8Array;

  constructor(arena: Arena, gfns: number, table: PageTable, meter: Meter) {
    this.words = arena.int32(gfns);
    arena.owner = 'host';
    this.known = arena.int32(gfns);
    this.table = table;
    this.next = table.next;
    this.columns = table.events.length;
    this.contested = Uint8Array.from(table.states, (_, state) =>
      [table.event.detect, table.event.cancel].some((on) => table.next[state * this.columns + on]! >= 0)
        ? 1
        : 0,
    );
    this.meter = meter;
  }

  /** State number of the Gfn's page, or VACANT, as the host believes it. */
  state(gfn: number): number {
    this.meter.touch(this.words, gfn);
    const word = Atomics.load(this.words, gfn);
    this.meter.found(word);
    return stateIn(this.believe(gfn, word));
  }
  /** The word, if it is what the host wrote or what the guest's claim makes of that; else what the host wrote. */
  private believe(gfn: number, word: number): number {
    const known = this.known[gfn]!;
    return word === known || word === this.claimed(known) ? word : known;
  }
  /** The word after the guest's claim, or -1 where there is nothing to claim. */
  private claimed(word: number): number {
    const state = stateIn(word);
    if (state === VACANT) return -1;
    const held = this.next[state * this.columns + this.table.event.detect]!;
    return held < 0 ? -1 : make(held, generationIn(word));
  }
  /** The guest's detection (claim 12), by compare-exchange. @returns the new state, or -1 when nothing was changed */
  claim(gfn: number, on: number, generation: number, trace: Recorder): number {
    this.meter.touch(this.words, gfn);
    for (;;) {
      const word = Atomics.load(this.words, gfn);
      this.meter.found(word);
      const state = stateIn(word);
      if (state >= this.table.states.length || state === VACANT || generationIn(word) !== generation)
        return -1;
      const next = this.next[state * this.columns + on]!;
      if (next < 0) return -1;
      trace.takePlace();
      if (Atomics.compareExchange(this.words, gfn, word, make(next, generation)) === word) {
        this.meter.left(make(next, generation));
        trace.page(gfn, generation, state, next, on);
        return next;
      }
    }
  }
  /** A hostile guest's doing: neither what stands there nor a claim of it. */
  scribble(gfn: number, what: number): void {
    this.meter.touch(this.words, gfn);
    const found = Atomics.load(this.words, gfn);
    const word = make((what % 16) - 1, generationIn(found) + 1 + (what % 5));
    Atomics.store(this.words, gfn, word);
    this.meter.found(found);
    this.meter.left(word);
  }
  /** The Gfn's generation. Not a shared access: its only writer is the only one to ask. */
  generation(gfn: number): number {
    return generationIn(this.known[gfn]!);
  }
  /** For reports and tests, at rest. */
  peek(gfn: number): { state: number; generation: number } {
    return { state: stateIn(this.words[gfn]!), generation: generationIn(this.words[gfn]!) };
  }

  /**
   * Takes the page through `on` if the machine allows it from the state it is in, and if `generation` (-1: any) is its
   * generation. `bump`: the entry dies, the generation moves on. For the host alone.
   * @returns the new state, or -1 when nothing was changed
   */
  attempt(gfn: number, on: number, generation: number, bump: boolean, trace: Recorder): number {
    this.meter.touch(this.words, gfn);
    // Most often the word is what the host wrote last.
    const known = this.known[gfn]!;
    const next = this.afterWord(known, on, generation);
    if (next >= 0 && (this.contested[stateIn(known)] === 0 || Atomics.load(this.words, gfn) === known)) {
      const becomes = (generationIn(known) + (bump ? 1 : 0)) & GENERATION_MASK;
      const word = make(next, becomes);
      trace.takePlace();
      if (Atomics.compareExchange(this.words, gfn, known, word) === known) {
        this.meter.found(known);
        this.meter.left(word);
        this.known[gfn] = word;
        trace.page(gfn, becomes, stateIn(known), next, on);
        return next;
      }
    }
    return this.attemptAsFound(gfn, on, generation, bump, trace);
  }
  /** The state that a word's page goes to, or -1. */
  private afterWord(word: number, on: number, generation: number): number {
    const state = stateIn(word);
    if (state === VACANT || (generation >= 0 && generationIn(word) !== generation)) return -1;
    return this.next[state * this.columns + on]!;
  }
  /** As `attempt`, where the word is something else, or what it was does not allow it. */
  private attemptAsFound(
    gfn: number,
    on: number,
    generation: number,
    bump: boolean,
    trace: Recorder,
  ): number {
    for (;;) {
      const found = Atomics.load(this.words, gfn);
      this.meter.found(found);
      const word = this.believe(gfn, found);
      const state = stateIn(word);
      const seen = generationIn(word);
      if (word !== found) {
        // What is put back is what the host believes anyway, so that this is no access of its own.
        trace.takePlace();
        if (Atomics.compareExchange(this.words, gfn, found, word) === found) {
          this.meter.left(word);
          trace.tampered(gfn, seen, state);
        }
        continue;
      }
      const next = this.afterWord(word, on, generation);
      if (next < 0) return -1;
      const becomes = bump ? (seen + 1) & GENERATION_MASK : seen;
      trace.takePlace();
      if (Atomics.compareExchange(this.words, gfn, word, make(next, becomes)) === word) {
        this.meter.left(make(next, becomes));
        this.known[gfn] = make(next, becomes);
        trace.page(gfn, becomes, state, next, on);
        return next;
      }
    }
  }

  /** As `attempt`, where the machine must allow it: if it does not, that is an event for the life-cycle property. */
  must(gfn: number, on: number, bump: boolean, trace: Recorder): number {
    const next = this.attempt(gfn, on, -1, bump, trace);
    if (next < 0) trace.illegal(0, gfn, stateIn(this.known[gfn]!), on);
    return next;
  }

  /**
   * Puts a page in `state` at a Gfn, or takes it away (VACANT), whatever was there. Only the host does so, while it has
   * the Gfn. @returns the Gfn's generation, which moves on when a page comes
   */
  put(gfn: number, state: number): number {
    this.meter.touch(this.words, gfn);
    const generation = (generationIn(this.known[gfn]!) + (state === VACANT ? 0 : 1)) & GENERATION_MASK;
    const word = make(state, generation);
    this.known[gfn] = word;
    Atomics.store(this.words, gfn, word);
    this.meter.left(word);
    return generation;
  }
}
