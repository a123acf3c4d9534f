// Many of everything: 64 memory nodes, 64 vCPUs, 8 guests, simulated, and 32 actors on threads; all properties on. Sets of nodes and
// vCPUs are more than a word's bits here.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { Geometry } from '../../src/model/geometry.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnce, type RunReport } from '../../src/report/run.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { shapeOf, type Small, smallWorld } from '../../src/scenarios/small-world.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs } from '../support/small-world.ts';

const NODES = 64;
/** Of a guest. */
const ACCESSES = 1_280;
const phased = present(workloadNamed('phased'), 'workload');
const base: Small = { nodes: NODES, pages: 64, slots: 4_000, listCapacity: 64, batch: 4, accessesPerScan: 16, hintPages: 16, accessesPerTick: 16 }; // prettier-ignore

/** Guest g's vCPUs are on nodes 8 g to 8 g + 7: all 64 nodes have one. */
function eightGuests(): WorldSpec {
  const spec = smallWorld({ ...base, guests: 8, vcpus: 8, frames: 12 });
  spec.guests.forEach((guest, g) => {
    guest.vcpus = guest.vcpus.map((_, v) => 8 * g + v);
  });
  return spec;
}
function oneGuest(): WorldSpec {
  return smallWorld({ ...base, guests: 1, vcpus: 64, frames: 3, pages: 128, gfns: 128 });
}
const workloadOf = (spec: WorldSpec, guest = 0) => {
  const { pages, vcpus } = spec.guests[guest]!;
  return phased.create(shapeOf(spec, guest), { pages, accesses: ACCESSES / vcpus.length, phases: 4 });
};

describe('simulated', () => {
  const run = (spec: WorldSpec, name: string, flaws: string[] = []): Promise<RunReport> => {
    const protocol = present(protocols.find((p) => p.name === name), name); // prettier-ignore
    const parts = partsOf({ spec, costs, flaws }, protocol);
    return runOnce(parts, spec.guests.map((_, guest) => workloadOf(spec, guest)), { seed: 1, limit: 3_000_000 }); // prettier-ignore
  };
  const passed = ({ checks }: RunReport, name: string) =>
    checks.find((check) => check.name === name)?.examined;

  test.each(['conventional', 'copyless-migrate'])('%s: 64 nodes, 8 guests of 8 vCPUs', async (name) => {
    const report = await run(eightGuests(), name);
    expect([report.run.ending, report.run.violations]).toEqual(['at rest', []]);
    expect(report.run.accesses).toBe(8 * ACCESSES);
    expect(report.run.numastat.every(({ numa_hit }) => numa_hit > 0)).toBe(true);
    expect(passed(report, 'a page was moved out')).toBeGreaterThan(0);
    expect(passed(report, 'a live translation was shot down')).toBeGreaterThan(0);
  });

  test('one guest of 64 vCPUs on 64 nodes; and a shootdown that forgets one of them is seen', async () => {
    const report = await run(oneGuest(), 'copyless-migrate');
    expect([report.run.ending, report.run.violations]).toEqual(['at rest', []]);
    expect(report.run.accesses).toBe(ACCESSES);
    expect(passed(report, 'I8-shootdown')).toBeGreaterThan(100);
    const broken = await run(oneGuest(), 'copyless-migrate', ['shootdown-forgets-a-vcpu']);
    expect(broken.run.violations.map(({ property }) => property)).toContain('I8-shootdown');
  });
});

describe('32 actors on threads', () => {
  const spec = smallWorld({
    nodes: 8,
    pages: 42,
    vcpus: 21,
    frames: 8,
    slots: 400,
    listCapacity: 64,
    burst: 8,
  });
  let crew: Crew<ThreadParts>;
  beforeAll(() => {
    crew = new Crew<ThreadParts>(ACTOR_WORKER, new Geometry(spec).feeder);
  });
  afterAll(() => crew.dismiss());

  test('finish, and every property holds', { timeout: 120_000 }, async () => {
    expect(crew.size).toBe(32);
    const protocol = present(protocols[2], 'copyless-migrate');
    const parts = partsOf({ spec, costs }, protocol);
    const workload = phased.create(shapeOf(spec), { pages: 42, accesses: 400, phases: 4 });
    const { run, statistics } = await runOnThreads(crew, parts, [workload], { protocolName: protocol.name, seed: 1, disturbance: { yieldsPerMille: 0, seed: 1 } }); // prettier-ignore
    expect([run.ending, run.violations]).toEqual(['at rest', []]);
    expect(run.accesses).toBe(21 * 400);
    expect(Math.max(...statistics.map(({ mostSharedAccesses }) => mostSharedAccesses))).toBe(1);
  });
});
