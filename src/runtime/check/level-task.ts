// What a thread of a parallel search does with its share of a level: stretches of the queue are taken from a shared cursor,
// expanded, and inserted into the shared set.
import type { Part } from './entering.ts';
import { Expander, type Finding, type Halt } from './expander.ts';
import { type Explorable, TooNarrow } from './explorable.ts';
import { OutOfMemory } from './interner.ts';
import type { ModelSource } from './model-source.ts';
import { type SharedStates, StateSet } from './state-set.ts';
import { type SharedSteps, WrittenSteps } from './written-steps.ts';

/** States that a thread takes at a time. */
export const CHUNK = 512;

export interface LevelTask {
  source: ModelSource;
  symmetry: boolean;
  states: SharedStates;
  /** Where all steps are written down; null: they are not. */
  steps: SharedSteps | null;
  /** What the model has learned so far, as a log of Int32 words. */
  learned: SharedArrayBuffer;
  /** How the model packs, if it has more than one way. */
  packing: Int32Array | undefined;
  /** Stretches to expand, and how far into them all threads are together: one Int32. */
  waiting: [number, number][];
  cursor: SharedArrayBuffer;
  /** The last id of the level. */
  levelEnd: number;
  statesMax: number;
  /** Milliseconds left; Infinity without a limit. */
  timeLeftMs: number;
}

/** A part of the states is entered into the table anew: see entering.ts. */
export interface EnterTask extends Part {
  states: SharedStates;
  count: number;
}

export interface LevelShare {
  transitions: number;
  findings: number;
  /** With the key of its state: ids may be moved when the level is settled. */
  finding: (Finding & { key: number[] }) | null;
  olderHits: number;
  unused: [number, number];
  /** Where steps were written down. */
  written: [number, number][];
  /** What was taken and not expanded. */
  left: [number, number][];
  /** Rows that the model lacks, and that it tells, each behind its length. */
  rows: number[];
  halt: ShareHalt;
}

/**
 * Why a thread stopped, beside what stops any search. `narrow`: a value came up that the packing has no room for; `parts`:
 * what states are made of has filled its memory, which more room for states does not help.
 */
export type ShareHalt = Halt | 'narrow' | 'parts';

/** One thread's share of a level while it is taken. */
export class Share {
  private readonly model: Explorable;
  private readonly task: LevelTask;
  private readonly set: StateSet;
  private readonly steps: WrittenSteps | null;
  private readonly expander: Expander;
  private readonly cursor: Int32Array;
  private readonly left: [number, number][] = [];
  private halt: ShareHalt = null;

  /** @param clockMs of this thread */
  constructor(model: Explorable, task: LevelTask, clockMs: () => number) {
    const deadline = task.timeLeftMs === Infinity ? Infinity : clockMs() + task.timeLeftMs;
    if (task.packing) model.packing = task.packing;
    this.model = model;
    this.task = task;
    this.set = new StateSet(model.words, {}, task.states);
    this.set.older = task.levelEnd;
    this.steps = task.steps && new WrittenSteps(task.steps);
    this.expander = new Expander(model, this.set, this.steps, {
      overtime: () => deadline !== Infinity && clockMs() > deadline,
      states: task.statesMax,
    });
    this.cursor = new Int32Array(task.cursor);
  }

  /** Takes some of the level, or all that nobody else takes. @returns whether there may be more */
  advance(chunks = Infinity): boolean {
    for (let taken = 0; taken < chunks; taken++) if (!this.takeOne()) return false;
    return true;
  }
  private takeOne(): boolean {
    if (this.halt) return false;
    const chunk = stretches(this.task.waiting, Atomics.add(this.cursor, 0, CHUNK), CHUNK);
    for (const [from, to] of chunk) {
      const done: Done = this.halt ? { end: from, halt: this.halt } : run(this.expander, from, to);
      if (done.end < to) this.left.push([done.end, to]);
      this.halt ??= done.halt;
    }
    return chunk.length > 0;
  }

  result(): LevelShare {
    const { model, set, expander, left, halt } = this;
    const { learning } = model;
    const { finding, transitions, findings } = expander;
    const at = finding ? finding.id * model.words : 0;
    // Of what the copy that learns has found itself nobody need tell it.
    const told = learning?.frozen === true ? (learning.tell?.() ?? []) : [];
    return {
      transitions,
      findings,
      finding: finding && { ...finding, key: [...set.keys.subarray(at, at + model.words)] },
      olderHits: set.olderHits,
      unused: set.giveBack(),
      written: this.steps?.takeRanges() ?? [],
      left: [...left, ...expander.skipped],
      rows: [...expander.wanted, ...told.flatMap((row) => [row.length, ...row])],
      halt,
    };
  }
}

/** `end` is the first state that was not expanded; `halt` says why. */
interface Done {
  end: number;
  halt: ShareHalt;
}
function run(expander: Expander, from: number, to: number): Done {
  try {
    const end = expander.run(from, to);
    return { end, halt: expander.halt };
  } catch (error) {
    if (error instanceof TooNarrow) return { end: expander.reached, halt: 'narrow' };
    if (error instanceof OutOfMemory) return { end: expander.reached, halt: 'parts' };
    throw error;
  }
}

/** `length` states from the `offset`-th of some stretches on. */
export function stretches(
  all: readonly [number, number][],
  offset: number,
  length: number,
): [number, number][] {
  const found: [number, number][] = [];
  let skip = offset;
  let more = length;
  for (const [from, to] of all) {
    const size = to - from;
    if (skip < size && more > 0) {
      const n = Math.min(size - skip, more);
      found.push([from + skip, from + skip + n]);
      more -= n;
    }
    skip = Math.max(0, skip - size);
  }
  return found;
}
