// How fast the checker is, as ratios of two things measured in turns in one run: absolute figures on a shared machine mean
// little. Prints figures, judges nothing:
//   npx node test/bench/check.bench.ts [--json FILE] [--managers N]
// Models without symmetry, all invariants judged, traces kept. "Search" is the search proper: tables warm, JIT warm, no
// start-up of a process, no start of a pool; Spin's time is its own figure, compilation left out. Medians of the repeats.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyMachineSnapshot, assign, setup } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { readersWriters } from '../../examples/readers-writers.ts';
import { twoPhaseCommit } from '../../examples/two-phase-commit.ts';
import { ParallelSearch, searchPool } from '../../src/runtime/check/parallel.ts';
import {
  checkLiveness,
  Search,
  searchOf,
  type SearchResult,
  StateSet,
  Successors,
  type System,
} from '../../src/testing.ts';
import { countOf, optionsOf, refuseLost, type Tool } from './options.ts';

const TOOL: Tool = { name: 'bench:check', usage: '[--json FILE] [--managers N]' };
const flags = optionsOf(TOOL, { json: { type: 'string' }, managers: { type: 'string', default: '8' } });
const managers = countOf(TOOL, '--managers', flags.managers, 1, 10);
refuseLost(TOOL, flags.json);
const REPEATS = 5;
const figures: Record<string, { value: number; unit: string; how: string }> = {};

function say(name: string, value: number, unit: string, how: string): void {
  figures[name] = { value, unit, how };
  console.log(`${name.padEnd(44)} ${value.toPrecision(3).padStart(9)} ${unit.padEnd(14)} ${how}`);
}
const median = (all: number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;
/** Seconds that `run` takes. */
function timed<T>(run: () => T): [number, T] {
  const began = performance.now();
  const value = run();
  return [(performance.now() - began) / 1000, value];
}

/** A model whose tables and packing are warm: one search has gone through it. */
function warm(system: System): Search {
  const search = searchOf(system, { symmetry: false });
  search.run();
  return search;
}

/** Inserts `count` different-looking random keys in batches into an empty set. */
function insertRandom(words: number, count: number, states: number): StateSet {
  const set = new StateSet(words, { states });
  const keys = new Int32Array(2048 * words);
  const sources = new Int32Array(2048);
  let x = 2_463_534_242;
  while (set.count < count) {
    for (let i = 0; i < keys.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      keys[i] = x;
    }
    set.insertAll(keys, 2048, sources);
  }
  return set;
}

const folder = mkdtempSync(join(tmpdir(), 'copyless-bench-'));
/** Compiles the Promela twin; its search, timed by itself, or null where Spin is not installed. */
function spin(n: number): (() => { seconds: number; states: number }) | null {
  copyFileSync(new URL('../check/two-phase-commit.pml', import.meta.url), join(folder, 'twin.pml'));
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (run('spin', '-a', `-DN=${n}`, 'twin.pml').status !== 0) return null;
  if (run('gcc', '-O3', '-DSAFETY', '-o', 'pan', 'pan.c').status !== 0) return null;
  return () => {
    const { stdout } = run('./pan', '-E', '-w22', '-m100000');
    return {
      seconds: Number(/elapsed time ([\d.]+)/.exec(stdout)![1]),
      states: Number(/(\d+) states, stored/.exec(stdout)![1]),
    };
  };
}

/** The example's semantics as one XState machine. */
function commitMachine(n: number) {
  type Vote = 'unsent' | 'sent' | 'received';
  type Managers = { state: string; vote: Vote }[];
  const events = ['receive', 'prepare', 'leave', 'commit', 'abort'] as const;
  const set = (all: Managers, at: number, change: Partial<Managers[number]>) =>
    all.map((one, i) => (i === at ? { ...one, ...change } : one));
  type Event = { type: (typeof events)[number]; manager: number } | { type: 'decideCommit' | 'decideAbort' };
  const can = (all: Managers, event: Event, decision: string) => {
    if (!('manager' in event))
      return event.type === 'decideAbort' || all.every(({ vote }) => vote === 'received');
    const { state, vote } = all[event.manager]!;
    if (event.type === 'receive') return decision === 'none' && vote === 'sent';
    if (event.type === 'prepare' || event.type === 'leave') return state === 'working';
    return event.type === decision && state !== (decision === 'commit' ? 'committed' : 'aborted');
  };
  const become = {
    receive: { vote: 'received' },
    prepare: { state: 'prepared', vote: 'sent' },
    leave: { state: 'aborted' },
    commit: { state: 'committed' },
    abort: { state: 'aborted' },
  } as const;
  const step = (decision: string) =>
    Object.fromEntries(
      events.map((type) => [
        type,
        {
          guard: ({ context, event }: { context: { all: Managers }; event: Event }) =>
            can(context.all, event, decision),
          actions: assign({
            all: ({ context, event }: { context: { all: Managers }; event: Event }) =>
              set(context.all, (event as { manager: number }).manager, become[type]),
          }),
        },
      ]),
    );
  const machine = setup({ types: { context: {} as { all: Managers }, events: {} as Event } }).createMachine({
    id: 'commit',
    context: { all: Array.from({ length: n }, () => ({ state: 'working', vote: 'unsent' as Vote })) },
    initial: 'none',
    states: {
      none: {
        on: {
          ...step('none'),
          decideCommit: {
            target: 'commit',
            guard: ({ context, event }: { context: { all: Managers }; event: Event }) =>
              can(context.all, event, 'none'),
          },
          decideAbort: 'abort',
        },
      },
      commit: { on: step('commit') },
      abort: { on: step('abort') },
    },
  } as never);
  const all: Event[] = [{ type: 'decideCommit' }, { type: 'decideAbort' }];
  for (let manager = 0; manager < n; manager++) for (const type of events) all.push({ type, manager });
  /** Only what is enabled, which spares xstate the edges that change nothing. */
  const enabled = (snapshot: AnyMachineSnapshot) =>
    all.filter((event) => {
      const decision = snapshot.value as string;
      if (!('manager' in event) && decision !== 'none') return false;
      return can((snapshot.context as { all: Managers }).all, event, decision);
    });
  return { machine, enabled };
}

const load = loadavg()[0]!;
console.log(
  `two-phase commit with ${managers} managers; ${availableParallelism()} cores, load before: ${load.toFixed(1)}`,
);
try {
  const { model, set } = warm(twoPhaseCommit(managers));
  const states = set.count;
  const search = () => timed(() => new Search(model, { expectedStates: states }).run());
  const run = spin(managers);
  insertRandom(model.words, states, states);
  const [engine, bare, theirs, growing] = [[], [], [], []] as number[][];
  let transitions = 0;
  for (let i = 0; i < REPEATS; i++) {
    const [seconds, result] = search();
    transitions = result.transitions;
    engine!.push(states / seconds);
    bare!.push(states / timed(() => insertRandom(model.words, states, states))[0]);
    growing!.push(states / timed(() => new Search(model).run())[0]);
    if (run) {
      const spun = run();
      if (spun.states !== states) throw new Error(`Spin has ${spun.states} states, we have ${states}`);
      theirs!.push(spun.states / spun.seconds);
    }
  }
  const ours = median(engine!);
  say('distinct states/s', ours / 1e6, 'M/s', `${states} states of ${model.words} word(s), one thread`);
  say(
    'transitions/s',
    (ours * transitions) / states / 1e6,
    'M/s',
    `${(transitions / states).toFixed(1)} for each state`,
  );
  say(
    'engine over bare insertion',
    ours / median(bare!),
    'x',
    'as many random keys of the width into such a set',
  );
  say('growing set over one made to measure', median(growing!) / ours, 'x', 'the same search from 8,192 on');
  {
    // What the set alone takes for the same successors in the same order, without making or judging them.
    const stream = new Int32Array(transitions * model.words);
    const out = new Successors(model.words);
    let length = 0;
    for (let id = 1; id <= states; id++) {
      out.clear();
      out.begin(id);
      model.expand(set.keys, id * model.words, out);
      stream.set(out.keys.subarray(0, out.length * model.words), length);
      length += out.length * model.words;
    }
    const replay = () => {
      const empty = new StateSet(model.words, { states });
      const sources = new Int32Array(1024);
      for (let at = 0; at < transitions; at += 1024) {
        const n = Math.min(1024, transitions - at);
        empty.insertAll(stream.subarray(at * model.words, (at + n) * model.words), n, sources);
      }
      return empty.count;
    };
    replay();
    const alone = median(Array.from({ length: 3 }, () => states / timed(replay)[0]));
    say(
      'engine over the set alone',
      ours / alone,
      'x',
      'the same successors inserted, not made and not judged',
    );
  }
  if (run)
    say(
      'engine over Spin',
      ours / median(theirs!),
      'x',
      `-O3 -DSAFETY, equal counts, ${(median(theirs!) / 1e6).toFixed(2)} M states/s`,
    );
  else console.log('engine over Spin: not measured, spin or gcc is not installed');

  {
    const n = 5;
    const small = warm(twoPhaseCommit(n));
    const { machine, enabled } = commitMachine(n);
    const [theirSeconds, map] = timed(() =>
      getAdjacencyMap(machine, {
        events: enabled as never,
        serializeState: (snapshot) => {
          const { value, context } = snapshot as unknown as AnyMachineSnapshot;
          return JSON.stringify([value, context]);
        },
        limit: Infinity,
      }),
    );
    const count = Object.keys(map).length;
    if (count !== small.set.count)
      throw new Error(`xstate/graph has ${count} states, we have ${small.set.count}`);
    const seconds = median(Array.from({ length: 21 }, () => timed(() => new Search(small.model).run())[0]));
    say(
      'engine over xstate/graph',
      theirSeconds / seconds,
      'x',
      `${n} managers, ${count} states, warm; getAdjacencyMap: ${(count / theirSeconds / 1e3).toFixed(1)} k states/s`,
    );
    const [cold] = timed(() => searchOf(twoPhaseCommit(n), { symmetry: false }).run());
    say('the same with making the tables', theirSeconds / cold, 'x', 'definition to result');
  }

  {
    const source = {
      url: new URL('../../examples/two-phase-commit.ts', import.meta.url).href,
      make: 'twoPhaseCommit',
      with: [managers],
    };
    const pool = await searchPool(2);
    const rateOf = async (run: () => SearchResult | Promise<SearchResult>): Promise<number> => {
      const began = performance.now();
      const result = await run();
      if (result.states !== states || result.transitions !== transitions)
        throw new Error('the counts differ');
      return states / (performance.now() - began) / 1000;
    };
    const [one, two]: [number[], number[]] = [[], []];
    for (let i = 0; i <= REPEATS; i++) {
      const alone = new Search(model, { expectedStates: states });
      one[i] = await rateOf(() => alone.run());
      const parallel = new ParallelSearch(model, source, { symmetry: false, expectedStates: states });
      two[i] = await rateOf(() => parallel.runWith(pool));
    }
    await pool.destroy();
    const fast = median(two.slice(1));
    say('two workers over one', fast / median(one.slice(1)), 'x', `warm pool, ${fast.toFixed(2)} M states/s`);
  }

  {
    const lock = warm(readersWriters(8, 4));
    const pairs = Array.from({ length: REPEATS }, () => {
      const [safety, again] = timed(() => {
        const one = new Search(lock.model);
        one.run();
        return one;
      });
      const [more, { residue, holds }] = timed(() => checkLiveness(again));
      return { ratio: (safety + more) / safety, residue, holds, states: again.set.count };
    });
    const { residue, holds, states: all } = pairs[0]!;
    say(
      'safety and liveness over safety',
      median(pairs.map(({ ratio }) => ratio)),
      'x',
      `readers-writers lock, ${all} states of ${lock.model.words} word(s), ${residue} on cycles or behind them, ${holds ? 'live' : 'not live'}`,
    );
  }

  {
    let most = 0;
    const filled = new StateSet(2, { states: 1 });
    const keys = new Int32Array(4096);
    let x = 1;
    while (filled.count < 3_000_000) {
      for (let i = 0; i < keys.length; i++) keys[i] = x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
      filled.insertAll(keys, 2048, keys);
      if (filled.count > 100_000) most = Math.max(most, filled.bytes / filled.count);
    }
    say(
      'bytes per state, 2 words, at most',
      most,
      'bytes',
      'table, keys and parents in use, just after growing',
    );
    say('bytes per state, 2 words, at 3 M', filled.bytes / filled.count, 'bytes', '');
  }
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ load, managers, figures }, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
