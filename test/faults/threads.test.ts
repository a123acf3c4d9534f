// The same faults on real threads, where time-outs come at once: what counts occasions needs no clock.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { drawFaults } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { runOnce } from '../../src/report/run.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';
import { PERMANENT } from './faulty-worlds.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
const RUNS = 12;
/** 2 vCPUs, hypervisor, host, 3 nodes at most, 1 store. */
const ACTORS = 7;

let crew: Crew<ThreadParts>;
beforeAll(() => {
  crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
});
afterAll(() => crew.dismiss());

test(
  `${RUNS} runs of 4 protocols under drawn fault plans on threads: everything claimed holds, and memory is as it is without`,
  { timeout: 240_000 },
  async () => {
    const adversary = present(workloadNamed('adversary'), 'workload');
    let struck = 0;
    for (let run = 0; run < RUNS; run++) {
      const faults = drawFaults(SEED + run, run % 2 === 0 ? 'all' : 'swarm', 12);
      const faultless = smallWorld({
        far: run % 3 === 0,
        pages: 8,
        frames: 5,
        slots: 60,
        gfns: 24,
        pageWords: 16,
      });
      const spec = { ...faultless, faults };
      const protocol = protocols[run % protocols.length]!;
      const workload = adversary.create(shapeOf(spec), { pages: 8, focusPages: 4, dwell: 10, accesses: 80 });
      const disturbance = { yieldsPerMille: 50, seed: SEED + run };
      const { run: ran, checks } = await runOnThreads(crew, { spec, protocol, costs, tables }, [workload], {
        protocolName: protocol.name,
        seed: SEED + run,
        disturbance,
      });
      expect(ran.violations, `run ${run}, ${protocol.name}`).toEqual([]);
      expect(ran.ending).toBe('at rest');
      const seen = checks
        .filter(({ name, pass }) => name.startsWith('fault: ') && pass)
        .map(({ name }) => name);
      struck += seen.length;
      const reads = faults.filter(
        ({ fault }) => fault === 'read error' || fault === 'bit flip in flight',
      ).length;
      // Then a page may be lost for good.
      if (reads > 3 || PERMANENT.some((fault) => seen.includes(`fault: ${fault}`))) continue;
      const simulated = await runOnce({ spec: faultless, protocol, costs, tables }, [workload], {
        seed: SEED + run,
      });
      expect(ran.memoryHash).toBe(simulated.run.memoryHash);
    }
    expect(struck).toBeGreaterThan(RUNS);
  },
);
