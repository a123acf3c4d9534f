// The steps that a search writes down are those that its states have, whoever wrote them; where one is missing that is said.
import { expect, test } from 'vitest';
import { twoPhaseCommit } from '../../examples/two-phase-commit.ts';
import { protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { type Explorable, Successors } from '../../src/runtime/check/explorable.ts';
import { ParallelSearch, searchPool } from '../../src/runtime/check/parallel.ts';
import { WrittenSteps } from '../../src/runtime/check/written-steps.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { checkLiveness, Search } from '../../src/testing.ts';
import { graphModel } from './graph.ts';

/** Every step of every state, found once more. */
function expectAllIn(search: Search): void {
  const { model, set } = search;
  const written = search.written!;
  const { rows, actions } = written;
  const out = new Successors(model.words);
  for (let id = 1; id <= set.count; id++) {
    out.of(model, set.keys, id * model.words, id);
    const row = written.rowOf(id);
    const steps = Array.from({ length: rows[row]! }, (_, i) => [rows[row + 1 + i], actions[row + 1 + i]]);
    const expected = Array.from({ length: out.length }, (_, i) => [
      set.find(out.keys, i * model.words),
      out.actions[i],
    ]);
    expect(steps).toEqual(expected);
  }
}

const protocol = protocols.find(({ name }) => name === 'copyless-migrate')!;
const given = { spec: checkedWorld({ pages: 2, nodes: 2, vcpus: 2, guests: 1 }), costs: anyCosts };
const bounds = { operations: 1, moves: 0, reclaims: 1, faults: 0 };

test('one thread writes all steps, whatever the packing was when it found them', () => {
  const check = new WorldCheck(partsOf(given, protocol), bounds);
  check.advance();
  expect(check.search.result()).toMatchObject({ complete: true });
  expectAllIn(check.search);
});

test.each([2, 3])(
  '%i threads write all steps, also those to states that were moved',
  async (threads) => {
    const pool = await searchPool(threads);
    const url = new URL('../../examples/two-phase-commit.ts', import.meta.url).href;
    const source = { url, make: 'twoPhaseCommit', with: [5] };
    const shared = { symmetry: false, smallLevel: 1, waits: true, writesSteps: true };
    const search = new ParallelSearch(twoPhaseCommit(5).packed({ symmetry: false }), source, shared);
    expect(await search.runWith(pool)).toMatchObject({ complete: true, states: 8832 });
    await pool.destroy();
    expectAllIn(search);
  },
  300_000,
);

test('two threads that search a world, too: whether all ends is asked of their steps', async () => {
  const pool = await searchPool(2);
  const crew = { pool, waits: true, parts: { ...given, protocol: protocol.name, flaws: [] } };
  const check = new WorldCheck(partsOf(given, protocol), { ...bounds, moves: 1 }, {}, crew);
  await check.advanceTogether();
  await pool.destroy();
  expect(check.search.written).not.toBeNull();
  expect(checkLiveness(check.search).holds).toBe(true);
}, 300_000);

test('a search that goes on from a checkpoint has not written the steps before it, and judges all the same', () => {
  const begun = new WorldCheck(partsOf(given, protocol), bounds, { states: 20_000 });
  begun.advance();
  const rest = new WorldCheck(partsOf(given, protocol), bounds, { from: begun.search.save() });
  rest.advance();
  expect(rest.search.written).toBeNull();
  expect(rest.conclude()).toMatchObject({ complete: true, live: true });
});

/** A way of so many states, with a step back at its end. */
const way = (states: number, action = 0): Explorable =>
  graphModel({
    states,
    edges: Array.from({ length: states }, (_, s) => [s, (s + 1) % states, action] as const),
    pending: Array.from({ length: states }, () => 1),
  });

test.each([true, false])(
  'the last of many states has no step, and owes something: written down %s',
  (writesSteps) => {
    // One more than there are places for at first.
    const states = 4096;
    const edges = Array.from({ length: states - 1 }, (_, s) => [s, s + 1, 0] as const);
    // So that the graph is not taken for one without cycles.
    const model = graphModel({ states, edges: [...edges, [9, 9, 1]], ends: [states - 1], pending: Array(states).fill(1) }); // prettier-ignore
    const search = new Search(model, { writesSteps });
    search.run();
    expect(search.written !== null).toBe(writesSteps);
    const { violation } = checkLiveness(search);
    expect(violation).toMatchObject({ kind: 'deadlock' });
    expect(violation!.path).toHaveLength(states);
  },
);

test('what finds no room is not written, and that is known', () => {
  const search = new Search(way(100), { writesSteps: true });
  search.run();
  expect(search.written).not.toBeNull();
  const out = new Successors(1);
  for (let id = 1; id <= 100; id++) {
    out.begin(id);
    out.add(Int32Array.of(id), 0, 0);
    out.end();
  }
  const ids = Int32Array.from({ length: 100 }, (_, i) => i + 1);
  // The last word that may be taken is beyond what a thread takes at a time, or before it.
  for (const [words, areAll] of [
    [2 ** 14, true],
    [100, false],
  ] as const) {
    const written = new WrittenSteps(null, words);
    written.put(out, ids);
    expect(written.areAll).toBe(areAll);
  }
  const shared = new WrittenSteps(WrittenSteps.allocate(100));
  shared.put(out, ids);
  expect(shared.areAll).toBe(false);
});

test('nor is an action whose number has no room: liveness is asked in the way that needs no steps', () => {
  const search = new Search(way(3, 2 ** 15), { writesSteps: true });
  search.run();
  expect(search.written).toBeNull();
  expect(checkLiveness(search).violation).toMatchObject({ kind: 'starvation', cycleFrom: 0 });
});

test('memory that others share has what each of them wrote', () => {
  const shared = WrittenSteps.allocate(2 ** 15)!;
  const [one, other] = [new WrittenSteps(shared), new WrittenSteps(shared)];
  const steps = (source: number, ...to: number[]) => {
    const out = new Successors(1);
    out.begin(source);
    for (const id of to) out.add(Int32Array.of(id), 0, id);
    out.end();
    return [out, Int32Array.from(to)] as const;
  };
  one.put(...steps(1, 2, 9));
  other.put(...steps(2, 9, 8));
  one.put(...steps(3, 7));
  const row = (id: number) => {
    const start = one.rowOf(id);
    return [...one.rows.subarray(start + 1, start + 1 + one.rows[start]!)];
  };
  one.rename(one.takeRanges(), new Map([[9, 4]]));
  one.rename(other.takeRanges(), new Map([[8, 5]]));
  expect([1, 2, 3, 4].map(row)).toEqual([[2, 4], [9, 5], [7], []]);
  expect(one.takeRanges()).toEqual([]);
});
