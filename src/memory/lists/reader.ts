// A guest's look at the moved list (FIG. 4: 435, 440), one load a step. What took several loads must be shown to belong
// together: after a few tries that did not, the answer is *unknown*, which costs performance and nothing else.
import type { Arena } from '../arena.ts';
import { finding } from '../../model/words.ts';
import { lineOf, type Tenant, type Words } from './words.ts';

/** The look is not finished. */
export const PENDING = -1;
/** Tries of one look that may fail. */
const RETRIES = 4;

const field = { gfn: 0, stage: 1, first: 2, second: 3, tries: 4, generation: 5, loads: 6, lines: 7, line: 8, count: 9 } as const; // prettier-ignore

export abstract class Reader {
  protected readonly words: Words;
  protected readonly tenant: Tenant;
  private readonly own: Int32Array;

  constructor(arena: Arena, words: Words, tenant: Tenant) {
    this.words = words;
    this.tenant = tenant;
    this.own = arena.int32(field.count);
  }

  /** The next load for the page that `begin` named. @returns a finding, or PENDING */
  protected abstract next(gfn: number): number;

  begin(gfn: number): void {
    const { own } = this;
    own[field.gfn] = gfn;
    own[field.stage] = 0;
    own[field.tries] = 0;
    own[field.loads] = 0;
    own[field.lines] = 0;
    own[field.line] = -1;
  }
  /** No look is under way. */
  settle(): void {
    this.own.fill(0);
  }
  /** @returns a finding, or PENDING when it takes another step */
  step(): number {
    const gfn = this.own[field.gfn]!;
    return this.owns(gfn) ? this.next(gfn) : finding.unknown;
  }
  /** The ownership filter of a list with the entries of several guests: of a foreign page nothing is known, ever. */
  owns(gfn: number): boolean {
    return gfn >= this.tenant.first && gfn < this.tenant.end;
  }
  /** Generation found, when the finding was *listed*. */
  get generation(): number {
    return this.own[field.generation]!;
  }
  /** Loads of this look so far, and cache lines that they went to. */
  get loads(): number {
    return this.own[field.loads]!;
  }
  get lines(): number {
    return this.own[field.lines]!;
  }

  protected get stage(): number {
    return this.own[field.stage]!;
  }
  protected set stage(stage: number) {
    this.own[field.stage] = stage;
  }
  /** What two earlier loads of this look gave. */
  protected get first(): number {
    return this.own[field.first]!;
  }
  protected set first(word: number) {
    this.own[field.first] = word;
  }
  protected get second(): number {
    return this.own[field.second]!;
  }
  protected set second(word: number) {
    this.own[field.second] = word;
  }
  protected load(index: number): number {
    const { own } = this;
    own[field.loads]!++;
    if (lineOf(index) !== own[field.line]) own[field.lines]!++;
    own[field.line] = lineOf(index);
    return this.words.load(index);
  }
  protected found(generation: number): number {
    this.own[field.generation] = generation;
    return finding.listed;
  }
  /** The loads did not belong together: from the start, a bounded number of times. */
  protected again(): number {
    this.own[field.stage] = 0;
    return ++this.own[field.tries]! < RETRIES ? PENDING : finding.unknown;
  }
}
