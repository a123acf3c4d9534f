// The world searched by several threads: the parts of states are numbered in shared memory, each thread computes the steps
// that it lacks, and the counts are those of one thread. (What a thread computes on its own would differ if a step or a
// picture depended on anything that is not part of the state.)
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
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

test('one thread, two and three threads count the same states, transitions and depth', async () => {
  const counts = ({ states, transitions, depth, complete, pass }: ReturnType<WorldCheck['conclude']>) => ({
    states,
    transitions,
    depth,
    complete,
    pass,
  });
  const alone = counts(new WorldCheck(parts(), bounds, { liveness: false }).run());
  expect(alone).toMatchObject({ complete: true, pass: true });
  for (const threads of [2, 3]) {
    const pool = await searchPool(threads);
    const crew = { pool, waits: true, parts: { spec, costs: anyCosts, protocol: protocol.name, flaws: [] } };
    const search = new WorldCheck(parts(), bounds, { liveness: false }, crew);
    await search.advanceTogether();
    expect(counts(search.conclude())).toEqual(alone);
    await pool.destroy();
  }
}, 300_000);

test('what one has run the other hears: it runs no step again, and counts the same', () => {
  const first = new WorldSystem(parts(), bounds, 'new');
  const second = new WorldSystem(parts(), bounds, first.shared!);
  const { states, transitions, depth } = new Search(first).run();
  expect(first.effort.steps).toBeGreaterThan(100);
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
