// What was seen first comes first: it is told, made small and replayed, and is most likely the cause of what comes after it.
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { runOnce } from '../../src/report/run.ts';
import { partsOf, workloadOf } from '../../src/scenarios/parts.ts';
import { workloadSpec } from '../support/small-workloads.ts';
import { costs, shapeOf, smallWorld } from '../support/small-world.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

async function violationsOf(protocol: Protocol, seed: number) {
  const spec = smallWorld({ slots: 12, gfns: 8 });
  const workload = await workloadOf(workloadSpec('adversary', 2), shapeOf(spec));
  const parts = partsOf({ spec, costs }, protocol);
  const { run } = await runOnce(
    parts,
    spec.guests.map(() => workload),
    { seed, scheduler: 'random', limit: 20_000 },
  );
  return run.violations;
}

test('violations are in the order of the events that showed them, those at rest last', async () => {
  const broken: Protocol = {
    ...migrate,
    swapOut: migrate.swapOut.filter((step) => step !== 'shootdown'),
  };
  let several = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const violations = await violationsOf(broken, seed);
    const places = violations.map(({ sequence }) => (sequence < 0 ? Infinity : sequence));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    if (violations.length > 1) several++;
  }
  expect(several).toBeGreaterThan(0);
});

test('data that comes after its page is mapped has arrived all the same', async () => {
  const early: Protocol = {
    ...migrate,
    plan: () => ['reserve', 'accept', 'unmap', 'map', 'load', 'release', 'retire'],
  };
  const seen = new Set<string>();
  for (let seed = 1; seed <= 20; seed++)
    for (const { property, message } of await violationsOf(early, seed)) seen.add(`${property}: ${message}`);
  const all = [...seen].join('\n');
  expect(all).toContain('I1-single-home: ');
  expect(all).not.toMatch(/answered OK after \d+ arrivals/);
});
