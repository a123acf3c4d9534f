// The world searched by several threads: the parts of states are numbered in shared memory, each thread computes the steps
// that it lacks, and the counts are those of one thread. (What a thread computes on its own would differ if a step or a
// picture depended on anything that is not part of the state.)
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { type CheckWorldOptions, WorldCheck } from '../../src/report/check/check-world.ts';
import { searchPool } from '../../src/runtime/check/parallel.ts';
import { Search } from '../../src/runtime/check/search.ts';
import { SharedLog } from '../../src/runtime/check/shared-log.ts';
import { StepLog } from '../../src/report/check/step-log.ts';
import { WorldSystem } from '../../src/report/check/world-system.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';

const protocol = protocols.find(({ name }) => name === 'copyless-map')!;
const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 2, guests: 1 });
const bounds = { operations: 1, moves: 1, reclaims: 1, faults: 1 };
const parts = () => partsOf({ spec, costs: anyCosts }, protocol);

type Checked = ReturnType<WorldCheck['conclude']>;
const counts = ({ states, transitions, depth, complete, pass, alike }: Checked) => ({
  states,
  transitions,
  depth,
  complete,
  pass,
  alike,
});
/** The search by several threads, each of them ready before it begins. */
async function together(threads: number, ...[of, within, options, flaws]: Asked): Promise<WorldCheck> {
  const pool = await searchPool(threads);
  const given = { spec: of, costs: anyCosts, protocol: protocol.name, flaws };
  const crew = { pool, waits: true, parts: given };
  const check = new WorldCheck(partsOf(given, protocol), within, options, crew);
  await check.advanceTogether();
  await pool.destroy();
  return check;
}
type Asked = [spec: typeof spec, bounds: typeof bounds, options: CheckWorldOptions, flaws: readonly string[]];
const safety = { liveness: false };

test('one thread, two and three threads count the same states, transitions and depth', async () => {
  const plain = { ...safety, symmetry: false };
  const alone = counts(new WorldCheck(parts(), bounds, plain).run());
  expect(alone).toMatchObject({ complete: true, pass: true, alike: [] });
  for (const threads of [2, 3])
    expect(counts((await together(threads, spec, bounds, plain, [])).conclude())).toEqual(alone);
}, 300_000);

test.each([
  ['pages 0 and 1', { pages: 2, nodes: 2, vcpus: 2, guests: 1 }],
  ['nodes 1 and 2', { pages: 1, nodes: 3, vcpus: 2, guests: 1 }],
  ['vcpu1 and vcpu2', { pages: 1, nodes: 2, vcpus: 3, guests: 1 }],
  ['guests 0 and 1', { pages: 1, nodes: 2, vcpus: 1, guests: 2 }],
])(
  'so they do up to exchange of %s, and all ends',
  async (names, world) => {
    // In each of these there are levels that are shared.
    const operations = world.guests === 2 ? 2 : 1;
    const [of, within] = [checkedWorld(world), { ...bounds, operations, moves: world.vcpus === 3 ? 0 : 1 }];
    const alone = new WorldCheck(partsOf({ spec: of, costs: anyCosts }, protocol), within).run();
    expect(alone).toMatchObject({ complete: true, pass: true, live: true, alike: [names] });
    const checked = (await together(2, of, within, {}, [])).conclude();
    expect(counts(checked)).toEqual(counts(alone));
    expect(checked.live).toBe(true);
  },
  300_000,
);

test('what is not alike is told by whoever finds it: nothing is exchanged then', async () => {
  const of = checkedWorld({ pages: 1, nodes: 2, vcpus: 3, guests: 1 });
  const given = { spec: of, costs: anyCosts, flaws: ['shootdown-forgets-a-vcpu'] };
  const few = { operations: 1, moves: 0, reclaims: 1, faults: 0 };
  const checked = (await together(3, of, few, safety, given.flaws)).conclude();
  expect(checked.violation).toMatchObject({ property: 'I8-shootdown', shortest: true });
  const first = new WorldSystem(partsOf(given, protocol), few, 'new');
  const second = new WorldSystem(partsOf(given, protocol), few, first.shared!);
  for (const one of [first, second]) one.useSymmetry(new Set());
  expect(second.unlike()).toBeNull();
  expect(() => new Search(first).run()).toThrow('vcpu1 and vcpu2 are not alike');
  expect(second.unlike()?.exchange).toBe('vcpu1 and vcpu2');
}, 300_000);

test('a search of several threads goes on from its checkpoint, by several or by one', async () => {
  const alone = counts(new WorldCheck(parts(), bounds, safety).run());
  const begun = await together(2, spec, bounds, { ...safety, states: 10_000 }, []);
  expect(begun.conclude().complete).toBe(false);
  const from = begun.search.save();
  expect(counts((await together(2, spec, bounds, { ...safety, from }, [])).conclude())).toEqual(alone);
  expect(counts(new WorldCheck(parts(), bounds, { ...safety, from }).run())).toEqual(alone);
}, 300_000);

test('what one has run the other hears: it runs no step again, and counts the same', () => {
  const first = new WorldSystem(parts(), bounds, 'new');
  const second = new WorldSystem(parts(), bounds, first.shared!);
  const { states, transitions, depth } = new Search(first).run();
  expect(first.effort.steps).toBeGreaterThan(100);
  expect(new Search(second).run()).toMatchObject({ complete: true, states, transitions, depth });
  expect(second.effort.steps).toBe(0);
});

test('and its twin: what the first has not found out need not be found out by the second', () => {
  const of = checkedWorld({ pages: 2, nodes: 2, vcpus: 2, guests: 1 });
  const given = () => partsOf({ spec: of, costs: anyCosts }, protocol);
  const first = new WorldSystem(given(), bounds, 'new');
  const second = new WorldSystem(given(), bounds, first.shared!);
  for (const one of [first, second]) one.useSymmetry(new Set());
  const { states, transitions, depth } = new Search(first).run();
  expect(new Search(second).run()).toMatchObject({ complete: true, states, transitions, depth });
  expect(second.effort.steps).toBe(0);
});

test('a step is told as it is, to each once; one that cannot be made is not told', () => {
  const shared = SharedLog.allocate();
  const [teller, hearer] = [0, 1].map(() => new StepLog(new SharedLog(shared))) as [StepLog, StepLog];
  const effect = {
    actor: 2, sent: 7, events: 0, hungry: -1, failure: null, writes: [3, 4, 5, 6], pushes: [1, 9], occasions: [], subjects: [8],
  }; // prettier-ignore
  teller.tell({ own: 1, path: [], effect: { ...effect, failure: 'assertion' } });
  teller.tell({ own: 11, path: [12, 13], effect });
  teller.tell({ own: 14, path: [], effect });
  expect(hearer.next()).toEqual({ own: 11, path: [12, 13], effect });
  expect(hearer.next()).toEqual({ own: 14, path: [], effect });
  expect(hearer.next()).toBeNull();
  // Who finds no room keeps it to himself.
  const full = new StepLog(new SharedLog(new SharedArrayBuffer(4 * 16)));
  full.tell({ own: 1, path: [], effect });
  expect(full.next()).toBeNull();
});
