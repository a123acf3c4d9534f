// What a worker of a parallel search does with its share of a level: stretches of the queue are taken from a shared cursor,
// expanded, and inserted into the shared set.
import type { Part } from './entering.ts';
import { Expander, type Finding, type Halt } from './expander.ts';
import { type Explorable, TooNarrow } from './explorable.ts';
import { OutOfMemory } from './interner.ts';
import type { ModelSource } from './model-source.ts';
import { type SharedStates, StateSet } from './state-set.ts';

/** States that a worker takes at a time. */
const CHUNK = 512;

export interface LevelTask {
  source: ModelSource;
  symmetry: boolean;
  states: SharedStates;
  /** What the model has learned so far, as a log of Int32 words. */
  learned: SharedArrayBuffer;
  /** How the model packs, if it has more than one way. */
  packing: Int32Array | undefined;
  /** Stretches to expand, and how far into them all workers are together: one Int32. */
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
  /** What was taken and not expanded. */
  left: [number, number][];
  /** Rows that the model lacks, and that it tells, each behind its length. */
  rows: number[];
  halt: ShareHalt;
}

/**
 * Why a worker stopped, beside what stops any search. `narrow`: a value came up that the packing has no room for; `parts`:
 * what states are made of has filled its memory, which more room for states does not help.
 */
export type ShareHalt = Halt | 'narrow' | 'parts';

/** @param clockMs of this thread */
export function expandShare(model: Explorable, task: LevelTask, clockMs: () => number): LevelShare {
  const deadline = clockMs() + task.timeLeftMs;
  if (task.packing) model.packing = task.packing;
  const set = new StateSet(model.words, {}, task.states);
  set.older = task.levelEnd;
  const expander = new Expander(model, set, {
    overtime: () => clockMs() > deadline,
    states: task.statesMax,
  });
  const cursor = new Int32Array(task.cursor);
  const left: [number, number][] = [];
  let halt: ShareHalt = null;
  while (!halt) {
    const chunk = stretches(task.waiting, Atomics.add(cursor, 0, CHUNK), CHUNK);
    if (chunk.length === 0) break;
    for (const [from, to] of chunk) {
      const done: Done = halt ? { end: from, halt } : run(expander, from, to);
      if (done.end < to) left.push([done.end, to]);
      halt ??= done.halt;
    }
  }
  const { finding, transitions, findings } = expander;
  const at = finding ? finding.id * model.words : 0;
  return {
    transitions,
    findings,
    finding: finding && { ...finding, key: [...set.keys.subarray(at, at + model.words)] },
    olderHits: set.olderHits,
    unused: set.giveBack(),
    left: [...left, ...expander.skipped],
    rows: [...expander.wanted, ...(model.learning?.tell?.() ?? []).flatMap((row) => [row.length, ...row])],
    halt,
  };
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
