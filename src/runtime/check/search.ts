// Breadth-first search of an `Explorable`: all states within the bounds, level by level, so that the first violation found
// has a shortest path. A level in which something was found is finished: a deadlock in it is shorter than a step out of it.
//
// A search can be stopped and run on, saved between any two batches and restored in another process: with the same model
// the counts come out the same.
import { assert } from '../../stdx/assert.ts';
import { type Explorable, Successors, TooNarrow } from './explorable.ts';
import { before, Expander, type Finding, type Halt, type ViolationKind } from './expander.ts';
import { OutOfMemory } from './interner.ts';
import { StateSet } from './state-set.ts';
import { WrittenSteps } from './written-steps.ts';

export interface Progress {
  states: number;
  transitions: number;
  depth: number;
  /** States of this level that are not expanded yet. */
  waiting: number;
}

export interface SearchOptions {
  /** Most states; none by default. */
  states?: number;
  /** States to make room for at once; the set grows as it must in any case. */
  expectedStates?: number;
  /** Most bytes of the visited set; 4 GiB by default. */
  memoryBytes?: number;
  /** Milliseconds from the start of `run`, by `clockMs`; both or neither. */
  timeLimitMs?: number;
  clockMs?: () => number;
  /** Told once in about 65,000 expanded states. */
  progress?: (progress: Progress) => void;
  /** Go on after a violation, to count everything: `false`. The first shortest one is reported either way. */
  stopAtViolation?: boolean;
  /** All steps are written down, for liveness: 10 bytes a state and 6 a step more, as long as there is memory for it. */
  writesSteps?: boolean;
}

export interface Violation {
  kind: ViolationKind;
  name: string;
  /** Ids of the states on the way, from the first state (1) on. */
  path: number[];
  /** The action that leads to each state but the first; one more where a last step itself breaks the property. */
  actions: string[];
  /** The states in words. */
  states: string[];
  /** Of a last step that itself breaks the property: which of the last state's steps it is. */
  violating?: number;
  /** Starvation: the path from this place of `path` on repeats for ever. */
  cycleFrom?: number;
}

export interface SearchResult {
  /** Every reachable state was seen (or the search stopped at a violation: then false). */
  complete: boolean;
  states: number;
  /** Steps from states that were expanded, self-loops and repeated ways counted. */
  transitions: number;
  /** Steps from the first state to the farthest. */
  depth: number;
  violation?: Violation;
  /** Violations met in all. */
  violations: number;
  boundedBy?: 'states' | 'memory' | 'time';
  /** Bytes of the visited set in use. */
  bytes: number;
}

/** A search at rest: typed arrays, and a header of plain data. */
export interface Checkpoint {
  header: {
    version: 1;
    hash: string;
    words: number;
    states: number;
    transitions: number;
    depth: number;
    levelEnd: number;
    /** Stretches of the level that are not expanded yet. */
    waiting: [number, number][];
    olderHits: number;
    findings: number;
    finding: Finding | null;
  };
  keys: Int32Array;
  parents: Int32Array;
  /** Log of what the model learned; empty for a model that learns nothing. */
  learned: Int32Array;
}

/** Batches between two looks at the clock are short; reports of progress are this many states apart. */
export const PROGRESS_STATES = 65_536;

export class Search {
  /** Becomes another where its packing had to be widened. */
  model: Explorable;
  set: StateSet;
  /** All steps, where they are written down; those of a search that goes on from a checkpoint are not. */
  protected steps: WrittenSteps | null = null;
  protected readonly options: SearchOptions;
  protected waiting: [number, number][] = [[1, 2]];
  protected levelEnd = 1;
  protected depth = 0;
  protected transitions = 0;
  protected finding: Finding | null = null;
  protected findings = 0;
  protected complete = false;
  protected halt: Halt = null;
  protected deadline = Infinity;
  private own: Expander | null = null;

  constructor(model: Explorable, options: SearchOptions = {}, from?: Checkpoint) {
    this.model = model;
    this.options = options;
    this.set = emptySet(model, options);
    if (from) this.resume(from);
    else {
      if (options.writesSteps) this.steps = this.toWriteTo();
      this.begin();
    }
  }
  protected toWriteTo(): WrittenSteps | null {
    return new WrittenSteps(null, WrittenSteps.wordsFor(this.set.memoryBytes));
  }

  run(): SearchResult {
    this.startClock();
    while (this.nextLevel()) {
      while (this.waiting.length > 0) {
        this.advance();
        this.report();
        if (this.halt) return this.result();
      }
    }
    return this.result();
  }

  result(): SearchResult {
    const { set, transitions, depth, complete, halt, finding } = this;
    const result: SearchResult = {
      complete,
      states: set.count,
      transitions,
      depth: depth + (set.count > this.levelEnd ? 1 : 0),
      violations: this.findings,
      bytes: set.bytes,
    };
    if (finding) result.violation = this.violation(finding);
    if (halt) result.boundedBy = halt;
    return result;
  }

  /** Edges that lead not one level on but within their level or back: with none the graph has no cycle. */
  get edgesBack(): number {
    return this.set.olderHits;
  }

  /** All steps of all states that were expanded; null: they were not written down, or not all. */
  get written(): WrittenSteps | null {
    return this.steps?.areAll === true ? this.steps : null;
  }

  save(): Checkpoint {
    const { depth, levelEnd, transitions, findings, finding } = this;
    return {
      header: {
        version: 1,
        hash: this.model.hash ?? '',
        words: this.model.words,
        states: this.set.count,
        transitions,
        depth,
        levelEnd,
        waiting: this.waiting.map(([from, to]) => [from, to]),
        olderHits: this.set.olderHits,
        findings,
        finding,
      },
      ...this.set.save(),
      learned: this.model.learning?.read(0) ?? new Int32Array(0),
    };
  }

  /** The ids on the way from the first state to `id`. */
  pathTo(id: number): number[] {
    const path = [id];
    for (let at = id; (at = this.set.parents[at]!) !== 0;) path.push(at);
    return path.reverse();
  }

  /** A path in words; `violating` is the k of a last step that leads nowhere, or -1. */
  tell(path: readonly number[], violating: number): { states: string[]; actions: string[] } {
    const { model, set } = this;
    const { words } = model;
    if (model.retell) {
      const keys = new Int32Array(path.length * words);
      path.forEach((id, i) => keys.set(set.keys.subarray(id * words, (id + 1) * words), i * words));
      const { states, actions } = model.retell(keys, violating);
      return { states: [...states], actions: [...actions] };
    }
    const states = path.map((id) => model.describe(set.keys, id * words));
    const actions = path.slice(1).map((id, i) => {
      const from = path[i]!;
      const k = stepTo(model, set, from, id);
      return model.describeAction(set.keys, from * words, k);
    });
    if (violating >= 0) actions.push(model.describeAction(set.keys, path.at(-1)! * words, violating));
    return { states, actions };
  }

  // ---------------------------------------------------------------- the parts that a parallel search shares

  protected startClock(): void {
    const { timeLimitMs, clockMs } = this.options;
    this.halt = null;
    if (timeLimitMs === undefined) return;
    assert(clockMs !== undefined, 'a search with a time limit: expected a clock, saw none');
    this.deadline = clockMs() + timeLimitMs;
  }
  /** Expands the first of what is waiting. */
  protected advance(): void {
    const rest = this.waiting[0]!;
    const expander = (this.own ??= this.expander());
    try {
      rest[0] = expander.run(rest[0], Math.min(rest[1], rest[0] + PROGRESS_STATES));
      this.halt = expander.halt;
    } catch (error) {
      const full = error instanceof OutOfMemory;
      if (!full && !(error instanceof TooNarrow && this.model.widen)) throw error;
      rest[0] = expander.reached;
      if (full) this.halt = 'memory';
      else this.widen();
    }
    this.collect(expander);
    if (rest[0] === rest[1]) this.waiting.shift();
  }
  /** Goes on with a wider packing: the states are packed anew, ids stay. */
  widen(): void {
    const { model, repack } = this.model.widen!();
    if (!this.set.repack(model.words, repack)) this.halt = 'memory';
    this.model = model;
    this.own = null;
  }
  private expander(): Expander {
    return new Expander(this.model, this.set, this.steps, {
      overtime: () => this.deadline !== Infinity && this.options.clockMs!() > this.deadline,
      states: this.options.states ?? Infinity,
    });
  }
  protected collect(expander: Pick<Expander, 'transitions' | 'findings' | 'finding'>): void {
    this.transitions += expander.transitions;
    this.findings += expander.findings;
    const { finding } = expander;
    const best = this.finding;
    if (finding && (!best || before(finding, best))) this.finding = finding;
    expander.transitions = 0;
    expander.findings = 0;
    expander.finding = null;
  }
  /** Whether there is a level to go on with; begins it where the last one is done. */
  protected nextLevel(): boolean {
    if (this.waiting.length > 0) return true;
    const { set, levelEnd } = this;
    if (this.finding && this.options.stopAtViolation !== false) return false;
    this.complete = set.count === levelEnd;
    if (this.complete) return false;
    // A finding of this level stays the shortest: what comes now is longer.
    if (this.finding) this.finding.beyond = -1;
    this.waiting = [[levelEnd + 1, set.count + 1]];
    this.levelEnd = set.count;
    set.older = set.count;
    this.depth++;
    return true;
  }
  protected report(): void {
    const { set, transitions, depth } = this;
    const waiting = this.waiting.reduce((sum, [from, to]) => sum + to - from, 0);
    this.options.progress?.({ states: set.count, transitions, depth, waiting });
  }

  private begin(): void {
    const { model, set } = this;
    const first = new Int32Array(model.words);
    model.initial((state) => first.set(state.subarray(0, model.words)));
    assert(
      first.some((word) => word !== 0),
      'the first packed state: expected a word other than 0',
    );
    set.insertAll(first, 1, new Int32Array(1));
    set.older = 1;
    const expander = this.expander();
    expander.judge(1);
    this.collect(expander);
    if (!this.finding) return;
    // The first state itself: nothing is shorter, so nothing is expanded unless all is to be counted.
    this.finding.beyond = -1;
    if (this.options.stopAtViolation !== false) this.waiting = [];
  }

  private resume({ header, keys, parents, learned }: Checkpoint): void {
    const { model } = this;
    const hash = model.hash ?? '';
    assert(header.hash === hash, `checkpoint: expected one of model ${hash}, saw ${header.hash}`);
    assert(
      parents.length === header.states,
      `checkpoint: expected ${header.states} states, saw ${parents.length}`,
    );
    model.learning?.follow(learned.subarray(model.learning.length));
    assert(
      header.words === model.words,
      `checkpoint: expected states of ${model.words} words, saw ${header.words}`,
    );
    const set = (this.set = emptySet(model, this.options));
    assert(set.restore(keys, parents), 'checkpoint: expected it to fit into the memory bound');
    this.waiting = header.waiting.map(([from, to]) => [from, to]);
    this.levelEnd = header.levelEnd;
    set.older = header.levelEnd;
    set.olderHits = header.olderHits;
    this.depth = header.depth;
    this.transitions = header.transitions;
    this.findings = header.findings;
    this.finding = header.finding;
  }

  private violation({ kind, name, id, k }: Finding): Violation {
    const path = this.pathTo(id);
    return { kind, name, path, ...this.tell(path, k), ...(k >= 0 && { violating: k }) };
  }
}

function emptySet(model: Explorable, { memoryBytes, expectedStates }: SearchOptions): StateSet {
  return new StateSet(model.words, {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(expectedStates === undefined ? {} : { states: expectedStates }),
  });
}

/** Which successor of state `from` state `to` is: the first k that leads there, by a certain action if one is given. */
export function stepTo(model: Explorable, set: StateSet, from: number, to: number, action?: number): number {
  const { words } = model;
  const out = new Successors(words, 64);
  out.of(model, set.keys, from * words, from);
  const brokenBefore = (index: number) => out.broken.filter(({ k }) => k <= index).length;
  for (let i = 0; i < out.length; i++)
    if ((action === undefined || out.actions[i] === action) && set.find(out.keys, i * words) === to) {
      // Broken steps are numbered with the others but have no state.
      let k = i;
      while (k !== i + brokenBefore(k)) k = i + brokenBefore(k);
      return k;
    }
  throw new Error(`state ${from} has no successor ${to}: the model is not a function of the packed state`);
}
