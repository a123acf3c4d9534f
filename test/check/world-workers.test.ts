// The world searched by several threads: the parts of states are numbered in shared memory, each thread computes the steps
// that it lacks, and the counts are those of one thread. (What a thread computes on its own would differ if a step or a
// picture depended on anything that is not part of the state.)
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { searchPool } from '../../src/runtime/check/parallel.ts';
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
