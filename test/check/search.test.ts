// The search on graphs written out by hand: what is found, in how few steps, what a bound or a kill leaves.
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { twoPhaseCommit } from '../../examples/two-phase-commit.ts';
import { checkInParallel, Search, searchOf, type SearchOptions } from '../../src/testing.ts';
import { Records, Rows, type Shared } from '../../src/runtime/check/interner.ts';
import { graphModel, type Graph } from './graph.ts';
import { internedPairs, PAIR_WORDS } from './interned-pairs.ts';
import { late } from './late.ts';

const run = (graph: Graph, options: SearchOptions = {}) => new Search(graphModel(graph), options).run();

describe('search', () => {
  test('4 states in a diamond: counts and depth', () => {
    const diamond: Graph = {
      states: 4,
      edges: [
        [0, 1, 0],
        [0, 2, 1],
        [1, 3, 1],
        [2, 3, 0],
      ],
      ends: [3],
    };
    expect(run(diamond)).toMatchObject({
      complete: true,
      states: 4,
      transitions: 4,
      depth: 2,
      violations: 0,
    });
  });

  test('a deadlock in the level is shorter than a bad step out of it that was met first', () => {
    const graph: Graph = {
      states: 4,
      edges: [
        [0, 1, 0],
        [0, 2, 1],
        [1, 3, 2],
      ],
      bad: [3],
    };
    const { violation } = run(graph);
    expect(violation).toMatchObject({ kind: 'deadlock', states: ['s0', 's2'], actions: ['a1'] });
  });

  test('a step that breaks a property is the last of its path and leads nowhere', () => {
    const graph: Graph = {
      states: 2,
      edges: [
        [0, 1, 0],
        [1, 0, 5],
        [1, -1, 6],
      ],
    };
    const { violation, complete } = run(graph);
    expect(complete).toBe(false);
    expect(violation).toMatchObject({ name: 'bad step', states: ['s0', 's1'], actions: ['a0', 'a6'] });
  });

  test('the first state can be the bad one', () => {
    const { violation, states } = run({ states: 2, edges: [[0, 1, 0]], bad: [0], ends: [1] });
    expect(violation).toMatchObject({ kind: 'property', states: ['s0'], actions: [] });
    expect(states).toBe(1);
  });

  test('told to go on after a violation it counts everything and still tells the shortest', () => {
    const graph: Graph = {
      states: 4,
      edges: [
        [0, 1, 0],
        [1, 2, 0],
        [2, 3, 0],
      ],
      bad: [1, 2],
      ends: [3],
    };
    const result = run(graph, { stopAtViolation: false });
    expect(result).toMatchObject({ complete: true, states: 4, violations: 2 });
    expect(result.violation!.states).toEqual(['s0', 's1']);
  });

  test('random graphs of at most 9 states: the counterexample is as short as Floyd and Warshall say', () => {
    const edge = fc.tuple(fc.nat(8), fc.nat(8), fc.nat(3));
    const graphs = fc.record({
      edges: fc.array(edge, { maxLength: 20 }),
      bad: fc.uniqueArray(fc.nat(8), { maxLength: 3 }),
    });
    let found = 0;
    fc.assert(
      fc.property(graphs, ({ edges, bad }) => {
        const distance = Array.from({ length: 9 }, (_, i) =>
          Array.from({ length: 9 }, (_o, j) => (i === j ? 0 : Infinity)),
        );
        for (const [from, to] of edges) distance[from]![to] = Math.min(distance[from]![to]!, 1);
        for (let k = 0; k < 9; k++)
          for (const row of distance)
            for (let j = 0; j < 9; j++) row[j] = Math.min(row[j]!, row[k]! + distance[k]![j]!);
        const stuck = [...distance.keys()].filter((state) => !edges.some(([from]) => from === state));
        const lengths = [...bad, ...stuck].map((state) => distance[0]![state]!);
        const shortest = Math.min(...lengths, Infinity);
        const { violation, complete, states } = run({ states: 9, edges, bad });
        expect(violation?.actions.length ?? Infinity).toBe(shortest);
        if (violation) found++;
        else
          expect([complete, states]).toEqual([
            true,
            distance[0]!.filter((length) => length < Infinity).length,
          ]);
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(50);
  });

  test('bounds are kept and named: states, memory, time', () => {
    const model = () => twoPhaseCommit(5).packed({ symmetry: false });
    const few = new Search(model(), { states: 1000 }).run();
    expect(few).toMatchObject({ complete: false, boundedBy: 'states' });
    expect(few.states).toBeLessThan(8832);
    const small = searchOf(twoPhaseCommit(6), { symmetry: false, memoryBytes: 400_000 }).run();
    expect(small).toMatchObject({ complete: false, boundedBy: 'memory' });
    let now = 0;
    const short = new Search(model(), { timeLimitMs: 3, clockMs: () => now++ }).run();
    expect(short).toMatchObject({ complete: false, boundedBy: 'time' });
  });

  test('stopped every 7 batches, saved and restored elsewhere: the counts, the path and the words of one run', () => {
    for (const mistake of [undefined, 'early'] as const) {
      const straight = new Search(twoPhaseCommit(5, mistake).packed({ symmetry: false }));
      const expected = straight.run();
      let now = 0;
      const options: SearchOptions = { timeLimitMs: 7, clockMs: () => now++ };
      let search = new Search(twoPhaseCommit(5, mistake).packed({ symmetry: false }), options);
      let stops = 0;
      let result = search.run();
      while (result.boundedBy === 'time') {
        stops++;
        const saved = search.save();
        const header = JSON.parse(JSON.stringify(saved.header)) as typeof saved.header;
        search = searchOf(twoPhaseCommit(5, mistake), { ...options, symmetry: false }, { ...saved, header });
        result = search.run();
      }
      expect(stops).toBeGreaterThan(0);
      expect(result).toEqual(expected);
      expect(search.save().keys).toEqual(straight.save().keys);
    }
  });

  test('a checkpoint of another model is refused', () => {
    const saved = new Search(twoPhaseCommit(3).packed()).save();
    expect(() => new Search(twoPhaseCommit(4).packed(), {}, saved)).toThrow('expected one of model');
  });

  const url = new URL('../../examples/two-phase-commit.ts', import.meta.url).href;
  for (const threads of [1, 2, 3])
    test(`${threads} thread(s) count what one thread counts, and find a counterexample as short`, async () => {
      const options = { threads, waits: true, symmetry: false };
      const clean = await checkInParallel({ url, make: 'twoPhaseCommit', with: [6] }, options);
      const { complete, states, transitions, depth } = new Search(
        twoPhaseCommit(6).packed({ symmetry: false }),
      ).run();
      expect([clean.complete, clean.states, clean.transitions, clean.depth]).toEqual([
        complete,
        states,
        transitions,
        depth,
      ]);
      const broken = await checkInParallel({ url, make: 'twoPhaseCommit', with: [6, 'early'] }, options);
      const single = new Search(twoPhaseCommit(6, 'early').packed({ symmetry: false })).run();
      expect(broken.violation!.name).toBe('no manager commits while another aborts');
      expect(broken.violation!.actions.length).toBe(single.violation!.actions.length);
      expect(broken.states).toBe(single.states);
    });

  test('the calling thread searches by itself until the others are ready, and is done with what is small', async () => {
    const source = { url, make: 'twoPhaseCommit', with: [4] };
    const one = new Search(twoPhaseCommit(4).packed({ symmetry: false })).run();
    const two = await checkInParallel(source, { threads: 2, smallLevel: 1, symmetry: false });
    expect([two.complete, two.states, two.depth]).toEqual([true, one.states, one.depth]);
  });

  test('2 threads learn rows and widen the packing under way: the counts of one thread', async () => {
    const source = { url: new URL('late.ts', import.meta.url).href, make: 'late', with: [100, 5] };
    const one = searchOf(late(100, 5)).run();
    const two = await checkInParallel(source, { threads: 2, waits: true, smallLevel: 500 });
    expect(one.states).toBe(101 * 6 ** 5);
    expect([two.complete, two.states, two.transitions, two.depth]).toEqual([
      true,
      one.states,
      one.transitions,
      one.depth,
    ]);
  });

  const SIDE = 60;
  const pairs = new URL('interned-pairs.ts', import.meta.url).href;
  test('parts of states that have no room end the search as any bound on memory does, and it can be saved', () => {
    const whole = new Search(internedPairs(SIDE, 2 ** 16)).run();
    expect(whole).toMatchObject({ complete: true, states: (SIDE + 1) ** 2 });
    const search = new Search(internedPairs(SIDE, 600 * PAIR_WORDS));
    const ended = search.run();
    expect(ended).toMatchObject({ complete: false, boundedBy: 'memory' });
    expect(ended.states).toBeGreaterThan(100);
    expect(ended.states).toBeLessThan(601);
    expect(search.run()).toMatchObject({ complete: false, boundedBy: 'memory', states: ended.states });
    const on = new Search(internedPairs(SIDE, 2 ** 16), {}, search.save()).run();
    expect(on).toEqual({ ...whole, bytes: on.bytes });
  });

  test.each([
    ['words', Records.allocate(12, 600 * PAIR_WORDS)],
    ['slots', Records.allocate(8, 2 ** 16)],
  ])('2 threads say so too when what they share is out of %s', async (_what, shared) => {
    const source = { url: pairs, make: 'internedPairs', with: [SIDE, 0, shared] };
    const ended = await checkInParallel(source, { threads: 2, waits: true, smallLevel: 4 });
    expect(ended).toMatchObject({ complete: false, boundedBy: 'memory', pass: true });
    expect(ended.states).toBeGreaterThan(40);
  });

  type Interner = Pick<Rows | Records, 'save' | 'restore'> & { of: (x: number) => number };
  const rows = (shared?: Shared): Interner => {
    const made = new Rows(2, shared);
    return { save: () => made.save(), restore: (from) => made.restore(from), of: (x) => made.intern(Int32Array.of(x, 7), 0) }; // prettier-ignore
  };
  const records = (shared?: Shared): Interner => {
    const made = new Records(600, shared);
    return { save: () => made.save(), restore: (from) => made.restore(from), of: (x) => made.intern(Int32Array.of(x, 7), 0, 2) }; // prettier-ignore
  };
  test.each([
    ['rows', () => Rows.allocate(2, 8), rows],
    ['records', () => Records.allocate(8, 600), records],
  ])(
    'what two threads wrote at once has one number, also after a checkpoint: %s',
    (_what, allocate, made) => {
      const shared = allocate();
      const [first, second] = [made(shared), made(shared)];
      first.of(1);
      // The second has written its own when the first makes the same known.
      let known = 0;
      const exchange = vi.spyOn(Atomics, 'compareExchange').mockImplementationOnce((...given) => {
        exchange.mockRestore();
        known = first.of(2);
        return Atomics.compareExchange(...given);
      });
      expect(second.of(2)).toBe(known);
      const later = second.of(3);
      const restored = made();
      restored.restore(first.save());
      expect([restored.of(2), restored.of(3)]).toEqual([known, later]);
    },
  );

  test('2 threads keep bounds too', async () => {
    const source = { url, make: 'twoPhaseCommit', with: [7] };
    const options = { threads: 2, waits: true, symmetry: false };
    const few = await checkInParallel(source, { ...options, states: 50_000 });
    expect(few).toMatchObject({ complete: false, boundedBy: 'states' });
    expect(few.states).toBeLessThan(296_448);
    const small = await checkInParallel(source, { ...options, memoryBytes: 2 ** 20 });
    expect(small).toMatchObject({ complete: false, boundedBy: 'memory' });
    let now = 0;
    const clockMs = () => (now += 0.001);
    const short = await checkInParallel(source, { ...options, timeLimitMs: 0.05, clockMs });
    expect(short).toMatchObject({ complete: false, boundedBy: 'time' });
  });
});
