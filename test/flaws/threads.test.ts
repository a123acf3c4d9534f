// Flaws are switched on by name on real threads too, each thread in its own view of the world.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { shapeOf, smallWorld } from '../../src/scenarios/small-world.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs } from '../support/small-world.ts';

/** 2 vCPUs, hypervisor, host, 2 nodes, 1 store. */
const ACTORS = 7;
const RUNS_MAX = 8;

let crew: Crew<ThreadParts>;
beforeAll(() => {
  crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
});
afterAll(() => crew.dismiss());

async function brokenBy(flaws: readonly string[], seed: number): Promise<string[]> {
  const spec = smallWorld({ pages: 8, frames: 5, slots: 40, listCapacity: 16, pageWords: 16 });
  const workload = present(workloadNamed('adversary'), 'workload').create(shapeOf(spec), {
    pages: 8,
    focusPages: 4,
    dwell: 10,
    accesses: 120,
  });
  const protocol = present(protocols[2], 'copyless-migrate');
  const parts = partsOf({ spec, costs, flaws }, protocol);
  const disturbance = { yieldsPerMille: 100, seed };
  const { run } = await runOnThreads(crew, parts, [workload], {
    protocolName: protocol.name,
    seed,
    disturbance,
    flaws,
  });
  return run.violations.map(({ property }) => property);
}

test.each([
  ['fault-does-not-retire', 'I6-advisory-list'],
  ['frame-not-cleared', 'I1-single-home'],
  ['double-release', 'I5-conservation'],
])(`%s is seen by %s within ${RUNS_MAX} runs on threads`, async (flaw, property) => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= RUNS_MAX && !seen.has(property); seed++)
    for (const broken of await brokenBy([flaw], seed)) seen.add(broken);
  expect([...seen]).toContain(property);
});

test('without a flaw the same run breaks nothing', async () => {
  expect(await brokenBy([], 1)).toEqual([]);
});
