// The same search by several threads, the calling one among them: one visited set in shared memory, the stretches of each level
// handed out as the threads ask. Levels are finished before the next begins, so the counts are those of one thread and a
// counterexample is still a shortest one. Small levels are not worth waking anybody for: the calling thread does them by
// itself, and whatever comes before the others are ready.
import { setImmediate } from 'node:timers/promises';
import type { Piscina } from 'piscina';
import { assert } from '../../stdx/assert.ts';
import { dismiss, ENDS } from '../../stdx/dismiss.ts';
import { type CheckOptions, type CheckResult, conclude, withSteps } from './check.ts';
import { enterPart, enterRest } from './entering.ts';
import { type Explorable, TooNarrow } from './explorable.ts';
import { CHUNK, type EnterTask, type LevelShare, type LevelTask, Share, stretches } from './level-task.ts';
import { loadModel, type ModelSource } from './model-source.ts';
import { type Checkpoint, PROGRESS_STATES, type SearchResult, Search } from './search.ts';
import { System } from './system.ts';
import { WrittenSteps } from './written-steps.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = new URL(`../../../workers/check.worker.${extension}`, import.meta.url).href;

/** Levels smaller than this are done by the calling thread. */
const SMALL_LEVEL = 4096;
/** New states per expanded state that a level is given room for at first. */
const ROOM_FACTOR = 2;
/** Chunks that the calling thread takes before it looks at what else is to be done in it. */
const CHUNKS = PROGRESS_STATES / CHUNK;

export class ParallelSearch extends Search {
  private readonly source: ModelSource;
  private readonly symmetry: boolean;
  private readonly smallLevel: number;
  private readonly waits: boolean;
  private learned = new SharedArrayBuffer(0);
  private learnedLength = -1;
  /** Once all threads have the model. */
  private ready: Promise<void> | null = null;
  private areReady = false;

  constructor(
    model: Explorable,
    source: ModelSource,
    { symmetry = true, smallLevel = SMALL_LEVEL, waits = false, ...options }: SharedOptions = {},
    from?: Checkpoint,
  ) {
    super(model, options, from);
    this.source = source;
    this.symmetry = symmetry;
    this.smallLevel = smallLevel;
    this.waits = waits;
  }

  protected override toWriteTo(): WrittenSteps | null {
    const shared = WrittenSteps.allocate(WrittenSteps.wordsFor(this.set.memoryBytes));
    return shared && new WrittenSteps(shared);
  }

  async runWith(pool: SearchPool): Promise<SearchResult> {
    this.startClock();
    const ready = (this.ready ??= this.prepare(pool));
    if (this.waits) await ready;
    while (this.nextLevel()) {
      while (this.waiting.length > 0) {
        const size = this.waiting.reduce((sum, [from, to]) => sum + to - from, 0);
        const isSmall = size < this.smallLevel;
        if (!isSmall && !this.areReady) await Promise.race([ready, setImmediate()]);
        if (isSmall || !this.areReady) this.advance();
        else await this.share(pool, size);
        this.report();
        if (this.halt) return this.result();
      }
    }
    return this.result();
  }

  /** Has all threads load the model; until they have, the calling thread searches by itself. */
  private async prepare(pool: SearchPool): Promise<void> {
    // What cannot be loaded is told when it is needed.
    await Promise.allSettled(this.others(pool, this.task([])));
    this.areReady = true;
  }
  private others(pool: SearchPool, task: LevelTask): Promise<LevelShare>[] {
    return Array.from({ length: pool.maxThreads }, () => pool.run(task) as Promise<LevelShare>);
  }
  private task(waiting: [number, number][]): LevelTask {
    const { options } = this;
    return {
      source: this.source,
      symmetry: this.symmetry,
      states: this.set.share(),
      steps: this.steps?.share() ?? null,
      learned: this.log(),
      packing: this.model.packing,
      waiting,
      cursor: new SharedArrayBuffer(4),
      levelEnd: this.levelEnd,
      statesMax: options.states ?? Infinity,
      timeLeftMs: this.deadline === Infinity ? Infinity : this.deadline - options.clockMs!(),
    };
  }
  /** As `ensure` of the set, whose table all threads fill anew where it has to grow. */
  private async makeRoom(pool: SearchPool, more: number): Promise<boolean> {
    const { set } = this;
    const room = set.makeRoom(more);
    if (room !== 'empty') return room === 'enough';
    const { count } = set;
    const parts = pool.maxThreads + 1;
    const task = { states: set.share(), count, parts };
    const theirs = Array.from({ length: pool.maxThreads }, (_, i) =>
      pool.run({ ...task, part: i + 1 }, { name: 'enter' }),
    );
    const own = enterPart(set, count, { part: 0, parts });
    enterRest(set, [...own, ...((await Promise.all(theirs)) as number[][]).flat()]);
    return true;
  }
  private async share(pool: SearchPool, size: number): Promise<void> {
    const { set } = this;
    if (!(await this.makeRoom(pool, size * ROOM_FACTOR)) && !set.ensure(1)) {
      this.halt = 'memory';
      return;
    }
    const task = this.task(this.waiting);
    set.open();
    const shares = await this.shares(pool, task);
    const renamed = set.settle(shares.map(({ unused }) => unused));
    for (const { written } of shares) this.steps?.rename(written, renamed);
    const taken = new Int32Array(task.cursor)[0]!;
    this.waiting = [...stretches(this.waiting, taken, size), ...shares.flatMap(({ left }) => left)];
    for (const share of shares) {
      const { finding } = share;
      const found = finding && { ...finding, id: set.find(Int32Array.from(finding.key), 0) };
      this.collect({ ...share, finding: found });
      set.olderHits += share.olderHits;
    }
    const halts = new Set(shares.map(({ halt }) => halt));
    if (halts.has('parts')) this.halt = 'memory';
    else if (halts.has('memory')) this.halt = set.ensureMore() ? null : 'memory';
    else this.halt = halts.has('states') ? 'states' : halts.has('time') ? 'time' : null;
    if (halts.has('narrow')) this.widen();
    for (const { rows } of shares)
      for (let at = 0; at < rows.length; at += rows[at]! + 1)
        this.learn(Int32Array.from(rows.slice(at + 1, at + 1 + rows[at]!)));
  }

  /** What comes of a level: the others take it while this thread takes it, too. */
  private async shares(pool: SearchPool, task: LevelTask): Promise<LevelShare[]> {
    const theirs = this.others(pool, task);
    // Should one of them fail, the others still come to the end of what all of them write to.
    const shares = await Promise.allSettled([this.ownShare(task), ...theirs]);
    return shares.map((share) => {
      if (share.status === 'rejected') throw share.reason;
      return share.value;
    });
  }
  private async ownShare(task: LevelTask): Promise<LevelShare> {
    const share = new Share(this.model, task, this.options.clockMs ?? (() => 0));
    while (share.advance(CHUNKS)) await setImmediate();
    return share.result();
  }

  private learn(row: Int32Array): void {
    try {
      this.model.learning!.learn(row);
    } catch (error) {
      if (!(error instanceof TooNarrow) || !this.model.widen) throw error;
      this.widen();
    }
  }

  /** The model's log in shared memory, copied where it has grown. */
  private log(): SharedArrayBuffer {
    const length = this.model.learning?.length ?? 0;
    if (length !== this.learnedLength) {
      this.learned = new SharedArrayBuffer(length * 4);
      if (length > 0) new Int32Array(this.learned).set(this.model.learning!.read(0));
      this.learnedLength = length;
    }
    return this.learned;
  }
}

export interface SharedOptions extends CheckOptions {
  /** Levels of fewer states are done by the calling thread. */
  smallLevel?: number;
  /** The calling thread waits until the others are ready, and does not search by itself meanwhile. */
  waits?: boolean;
}
export interface ParallelOptions extends SharedOptions {
  threads: number;
}

/** Threads that each take a share of a level, or enter a part of the states into the table, beside the calling one. */
export type SearchPool = Piscina<LevelTask | EnterTask, LevelShare | number[]>;

/**
 * Threads that search together with the calling one, to be kept from search to search and dismissed by whoever asked for them.
 * @param threads of all, 2 or more
 */
export async function searchPool(threads: number): Promise<SearchPool> {
  const others = threads - 1;
  // Imported when it is needed: whoever checks in one thread need not load a pool.
  const { Piscina } = await import('piscina');
  return new Piscina({ filename: WORKER, minThreads: others, maxThreads: others, ...ENDS });
}

/** `check` by several threads; each makes the model anew from its module. */
export async function checkInParallel(source: ModelSource, options: ParallelOptions): Promise<CheckResult> {
  const { threads } = options;
  assert(threads >= 1, `threads: expected at least one, saw ${threads}`);
  const pool = threads > 1 ? await searchPool(threads) : undefined;
  try {
    const made = await loadModel(source);
    const searched = async (symmetry: boolean): Promise<Search> => {
      const model = made instanceof System ? made.packed({ symmetry }) : made;
      if (!pool) {
        const alone = new Search(model, withSteps(model, options));
        alone.run();
        return alone;
      }
      const search = new ParallelSearch(model, source, { ...withSteps(model, options), symmetry });
      await search.runWith(pool);
      return search;
    };
    return await conclude(await searched(options.symmetry !== false), options, () => searched(false));
  } finally {
    await dismiss(pool);
  }
}
