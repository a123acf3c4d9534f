// Pages held as stamps, one word that says whose page it is and how often it was written, instead of their bytes: the same
// events in the same order, and every seeded bug is seen as it is with bytes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { flaws } from '../../src/flaws/index.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import { protocols } from '../../src/protocols/index.ts';
import { fuzz, type Stretch } from '../../src/report/fuzz.ts';
import { runOnce } from '../../src/report/run.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { assemble } from '../../src/scenarios/assemble.ts';
import { drawScenario } from '../../src/scenarios/drawn-scenario.ts';
import { defineScenario } from '../../src/scenarios/define-scenario.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import type { ScenarioInput } from '../../src/scenarios/scenario.ts';
import { shapeOf, smallWorld } from '../../src/scenarios/small-world.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs } from '../support/small-world.ts';

const names = protocols.map(({ name }) => name);
const named = (name: string) => present(protocols.find((protocol) => protocol.name === name), name); // prettier-ignore

describe('bytes and stamps give the same trace, where each access is to the first word of its page', () => {
  const input: ScenarioInput = {
    version: 1,
    host: { memory: '256KiB', newLocation: { kind: 'zram' }, readAhead: { pages: 2 }, encryption: 'gfn' },
    guests: { vcpus: 3, accessesPerScan: 200, hintPages: 16 },
    workload: { kind: 'process-move', parameters: { pages: 120, accesses: 900, bulk: 1 } },
  };
  const experimentOf = (contents: 'bytes' | 'stamps') =>
    assemble(defineScenario({ ...input, contents }), 'test', () => '', 2 ** 30);

  test.each(names)('%s: a scenario under pressure, its slots encrypted', async (name) => {
    const bytes = await experimentOf('bytes');
    const stamps = await experimentOf('stamps');
    const factory = present(workloadNamed('process-move'), 'workload');
    const workload = factory.create(stamps.shape, { pages: 120, accesses: 900, bulk: 1 });
    const [one, other] = await Promise.all(
      [bytes, stamps].map((experiment) => runOnce(partsOf(experiment, named(name)), [workload], { seed: 5 })),
    );
    expect(bytes.spec.pageWords).toBe(1024);
    expect(stamps.spec.pageWords).toBe(1);
    expect(other!.run.traceHash).toBe(one!.run.traceHash);
    const { memoryHash: _, ...measured } = one!.run;
    expect({ ...other!.run, memoryHash: _ }).toEqual({ ...measured, memoryHash: _ });
    expect(one!.run.violations).toEqual([]);
    expect(one!.run.bytes.storeWritten).toBeGreaterThan(0);
  });

  test('60 drawn scenarios with faults of devices and links', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { spec, protocol, workload } = drawScenario(seed, 'all', names);
      const shape = { ...shapeOf(spec), pageWords: 1 };
      const scripts = present(workloadNamed(workload.kind), 'workload').create(shape, workload.parameters);
      const hashOf = async (held: Partial<WorldSpec>) => {
        const parts = partsOf({ spec: { ...spec, ...held }, costs }, named(protocol));
        const { run } = await runOnce(parts, spec.guests.map(() => scripts), { seed, limit: 60_000 }); // prettier-ignore
        return run.traceHash;
      };
      const stamped = await hashOf({ pageWords: 1, contents: 'stamps' });
      expect(stamped, `seed ${seed}`).toBe(await hashOf({ pageWords: 1024 }));
    }
  });
});

describe(`${flaws.length} seeded bugs, pages held as stamps`, () => {
  const stretch: Omit<Stretch, 'flaws'> = { from: 1, count: 3_000, mix: 'half', protocols: names, stamped: true, untilFound: true }; // prettier-ignore

  test.each(flaws)('$name', ({ name, alarms }) => {
    const { failures } = fuzz({ ...stretch, flaws: [name] }, protocols);
    expect(failures[0]?.unit.spec.contents).toBe('stamps');
    expect(alarms).toContain(failures[0]?.violation.property);
  });

  test('none of the clean protocols breaks anything from 400 seeds', () => {
    const tally = fuzz({ ...stretch, flaws: [], count: 400 }, protocols);
    expect([tally.schedules, tally.violations, tally.failures]).toEqual([400, {}, []]);
  });
});

describe('on threads, pages held as stamps', () => {
  let crew: Crew<ThreadParts>;
  beforeAll(() => {
    crew = new Crew<ThreadParts>(ACTOR_WORKER, 7);
  });
  afterAll(() => crew.dismiss());

  const small = smallWorld({ pages: 8, frames: 5, slots: 40, listCapacity: 16 });
  const spec = { ...small, pageWords: 1, contents: 'stamps' as const };
  const parameters = { pages: 8, focusPages: 4, dwell: 10, accesses: 120 };
  const workload = present(workloadNamed('adversary'), 'workload').create(shapeOf(spec), parameters);
  const run = async (broken: readonly string[], seed: number) => {
    const protocol = named('copyless-migrate');
    const parts = partsOf({ spec, costs, flaws: broken }, protocol);
    const pauses = { yieldsPerMille: 100, seed };
    return (await runOnThreads(crew, parts, [workload], { protocolName: protocol.name, seed, disturbance: pauses, flaws: broken })).run; // prettier-ignore
  };

  test.each([
    ['frame-not-cleared', 'I1-single-home'],
    ['slot-freed-before-load', 'I1-single-home'],
    ['no-write-protection', 'I8-shootdown'],
    ['double-release', 'I5-conservation'],
    ['fault-does-not-retire', 'I6-advisory-list'],
  ])('%s is seen by %s within 12 runs', async (flaw, property) => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 12 && !seen.has(property); seed++)
      for (const violation of (await run([flaw], seed)).violations) seen.add(violation.property);
    expect([...seen]).toContain(property);
  });

  test('without a flaw nothing is broken, and memory is that of the simulation', async () => {
    const { violations, memoryHash } = await run([], 1);
    expect(violations).toEqual([]);
    const simulated = await runOnce(partsOf({ spec, costs }, named('copyless-migrate')), [workload], {
      seed: 1,
    });
    expect(memoryHash).toBe(simulated.run.memoryHash);
  });
});

test('a moved list with too few entries for a large guest is refused in a line', async () => {
  const large = (listCapacity: number) =>
    assemble(
      defineScenario({ version: 1, contents: 'stamps', host: { memory: '1GiB' }, guests: { listCapacity, memory: '2GiB' }, workload: { kind: 'window', parameters: { pages: 400_000 } } }), // prettier-ignore
      'large.yaml',
      () => '',
      2 ** 34,
    );
  await expect(large(16)).rejects.toThrow(/^large\.yaml: guests\.listCapacity 16, expected at least 17 /);
  expect((await large(17)).spec.listCapacity).toBe(17);
});
