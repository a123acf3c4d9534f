// The inner loop of a search, for one thread: takes a stretch of the queue, generates some thousand successors, inserts
// them in one batch, judges what was new. Which stretch, and what comes after, is for the search to say.
import type { Explorable } from './explorable.ts';
import { Successors } from './explorable.ts';
import type { StateSet } from './state-set.ts';
import type { WrittenSteps } from './written-steps.ts';

/** Successors that are inserted at once. */
const BATCH = 1024;

export type ViolationKind = 'property' | 'deadlock' | 'starvation';

/** What was found, by ids; `k` is -1 where the state itself is at fault, else the k-th step from it is. */
export interface Finding {
  kind: ViolationKind;
  name: string;
  id: number;
  k: number;
  /** Length of its path beyond the depth of the level that was being expanded: deadlocks 0, all else 1. */
  beyond: number;
}

/** Whether a finding is to be told rather than another: it is shorter, or comes first in the queue. */
export function before(a: Finding, b: Finding): boolean {
  return (a.beyond - b.beyond || a.id - b.id || a.k - b.k) < 0;
}

/** Why `run` came back before the end of its stretch. */
export type Halt = 'memory' | 'states' | 'time' | null;

export interface ExpanderLimits {
  /** Asked once a batch; true ends the run. */
  overtime(): boolean;
  states: number;
}

export class Expander {
  private readonly model: Explorable;
  private readonly set: StateSet;
  private readonly limits: ExpanderLimits;
  private readonly out: Successors;
  private readonly written: WrittenSteps | null;
  /** States of this batch that have no successors. */
  private readonly ends: number[] = [];
  transitions = 0;
  /** The best finding so far: the shortest, then the first in the queue. */
  finding: Finding | null = null;
  findings = 0;
  halt: Halt = null;
  /** All before it is expanded, should `run` throw. */
  reached = 0;
  /** States that a frozen model could not expand: [from, to) each; and the rows it lacks, each behind its length. */
  readonly skipped: [number, number][] = [];
  readonly wanted: number[] = [];

  /** @param written where all steps are written down, if they are to be */
  constructor(model: Explorable, set: StateSet, written: WrittenSteps | null, limits: ExpanderLimits) {
    this.model = model;
    this.set = set;
    this.written = written;
    this.limits = limits;
    this.out = new Successors(model.words, 2 * BATCH);
  }

  /**
   * Expands the states with ids in [from, to).
   * @returns the first that was not expanded: `to`, or else `halt` says why
   */
  run(from: number, to: number): number {
    const { model, set, out } = this;
    const { words } = model;
    this.halt = null;
    let id = from;
    while (id < to) {
      if (set.count >= this.limits.states) {
        this.halt = 'states';
        return id;
      }
      const first = id;
      this.reached = id;
      out.clear();
      this.ends.length = 0;
      while (id < to && out.length < BATCH) {
        out.begin(id);
        model.expand(set.keys, id * words, out);
        if (out.wanted.length > 0) this.skip(id);
        else if (out.ofThisState === 0) this.ends.push(id);
        out.end();
        id++;
      }
      model.complete?.(out);
      if (!this.insert()) {
        this.halt = 'memory';
        return first;
      }
      if (id < to && this.limits.overtime()) {
        this.halt = 'time';
        return id;
      }
    }
    return id;
  }

  /** The state is judged that a search begins with. */
  judge(id: number): void {
    const { model, set } = this;
    const name = model.judge?.(set.keys, id * model.words) ?? null;
    if (name !== null) this.found({ kind: 'property', name, id, k: -1, beyond: 1 });
  }

  found(finding: Finding): void {
    this.findings++;
    if (!this.finding || before(finding, this.finding)) this.finding = finding;
  }

  private insert(): boolean {
    const { out, set, model } = this;
    const whole = set.insertAll(out.keys, out.length, out.sources);
    if (model.judge) for (let i = 0; i < set.freshLength; i++) this.judge(set.fresh[i]!);
    if (!whole) return false;
    this.written?.put(out, set.ids);
    for (const id of this.ends) this.ended(id);
    this.transitions += out.length + out.broken.length;
    for (const { source, k, property } of out.broken)
      this.found({ kind: 'property', name: property, id: source, k, beyond: 1 });
    return true;
  }

  private ended(id: number): void {
    const { model, set } = this;
    if (model.isEnd?.(set.keys, id * model.words)) return;
    this.found({ kind: 'deadlock', name: 'no action is possible', id, k: -1, beyond: 0 });
  }

  private skip(id: number): void {
    this.out.takeBack();
    for (const word of this.out.wanted) this.wanted.push(word);
    this.out.wanted.length = 0;
    const last = this.skipped.at(-1);
    if (last && last[1] === id) last[1] = id + 1;
    else this.skipped.push([id, id + 1]);
  }
}
