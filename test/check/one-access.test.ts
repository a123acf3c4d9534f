// What the rule of one shared access per step is for. A guest that claims a page by a load and a separate store has a bug
// that no order of whole steps shows: the simulation and the checker would call it correct. Threads have it, and so has
// every harness that lets others in between the two. The rule catches it without looking for it: at the first such step.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { monitors } from '../../src/properties/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { PctScheduler } from '../../src/runtime/schedulers/pct.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { present } from '../../src/stdx/assert.ts';
import { pageTable } from '../../machines/index.ts';
import { interleaved } from '../support/interleaved.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';
import { smallWorkload, tight } from '../support/small-workloads.ts';
import { tornClaim } from '../support/torn-claim.ts';

const SEEDS = 150;
const RUNS_MAX = 40;
/** 3 vCPUs, hypervisor, host, 2 nodes, 1 store. */
const ACTORS = 8;
const protocol = present(protocols[2], 'copyless-migrate');
const spec = smallWorld(tight({ vcpus: 3 }, 3));
const parts: Parts = { spec, protocol, costs, tables };
const workload = smallWorkload('adversary')(shapeOf(spec));

/** Whole steps in any order. */
function simulated(seed: number, counted: boolean): { violated: string[]; claims: number } {
  let claims = 0;
  const torn: Parts = {
    ...parts,
    alter: (built) => tornClaim(built, { between: () => claims++, counted }),
  };
  const properties = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
  const system = create(new ArrayBuffer(measure(torn)), torn, new Trace(properties));
  const { mailboxes, geometry } = system;
  const scheduler =
    seed % 2 === 0
      ? new RandomScheduler(mailboxes, seed)
      : new PctScheduler(mailboxes, geometry.actors, seed, 4, 4_000);
  const ending = new Simulation(system, scheduler).runSync([workload.open(seed, 0)], 400_000);
  expect(ending).toBe('at rest');
  for (const property of properties) property.atRest();
  return {
    violated: properties.flatMap(({ violation }) => (violation ? [violation.property] : [])),
    claims,
  };
}

describe('a claim of two accesses, load and store, 3 vCPUs over 6 pages', () => {
  test(`the rule off: ${SEEDS} simulated schedules of whole steps see nothing wrong with it`, () => {
    let claims = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = simulated(seed, false);
      expect(run.violated, `seed ${seed}`).toEqual([]);
      claims += run.claims;
    }
    expect(claims).toBeGreaterThan(SEEDS);
  });

  test('the rule on: the simulation refuses the first such step', () => {
    expect(() => simulated(1, true)).toThrow(
      /vcpu\d on \w+: a step made 2 shared accesses, at most one is sound/,
    );
  });

  test(`steps of others between the two: within ${RUNS_MAX} seeds a change of the host's is overwritten`, () => {
    const found = new Map<string, number>();
    for (let seed = 1; seed <= RUNS_MAX; seed++) {
      const whole = interleaved(parts, workload, seed, false);
      expect({ seed, violations: whole.violations, atRest: whole.atRest }).toEqual({
        seed,
        violations: [],
        atRest: true,
      });
      for (const { property } of interleaved(parts, workload, seed, true).violations)
        found.set(property, (found.get(property) ?? 0) + 1);
    }
    expect([...found.keys()]).toContain('legal-lifecycle');
  });

  describe('on threads, with a pause between the two', () => {
    let crew: Crew<ThreadParts>;
    beforeAll(() => {
      crew = new Crew<ThreadParts>(new URL('../support/torn-claim.worker.ts', import.meta.url), ACTORS);
    });
    afterAll(() => crew.dismiss());

    test(`within ${RUNS_MAX} runs it happens, the monitors see it, and the trace is refused at one of the two accesses`, async () => {
      for (let seed = 1; seed <= RUNS_MAX; seed++) {
        const { run, verdict } = await runOnThreads(crew, parts, [workload], {
          protocolName: protocol.name,
          seed,
          disturbance: { yieldsPerMille: 0, seed },
          validating: true,
        });
        const unexplained = verdict!.unexplained;
        // Where nobody came between, two accesses are as good as one.
        if (run.violations.length === 0 && unexplained === null) continue;
        expect(unexplained?.difference.what).toBe('access');
        if (!run.violations.some(({ property }) => property === 'legal-lifecycle')) continue;
        expect(unexplained!.lines().join('\n')).toMatch(/first step without an explanation/);
        return;
      }
      expect.unreachable('no run showed it');
    });
  });
});
