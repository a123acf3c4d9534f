// The formats whose looks take several loads, and copies, on real threads: the same monitors, judged by causal order.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { listFormats, type ListPolicy } from '../../src/model/list-policy.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
/** 3 vCPUs, hypervisor, host, 2 nodes, 1 store. */
const ACTORS = 8;

let crew: Crew<ThreadParts>;
beforeAll(() => {
  crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
});
afterAll(() => crew.dismiss());

const ways: Partial<ListPolicy>[] = [
  {},
  { owner: 'host', lag: 2 },
  { inspect: 'periodic' },
  { inspect: 'on notify', owner: 'host' },
  { access: 'copy' },
  { access: 'copy', inspect: 'periodic', unmap: 'before the request' },
];

// shows: race 18, variant (22) list format, variant (27) list access
describe.each(listFormats)(`%s on threads, 3 vCPUs over 8 pages (seed ${SEED})`, (format) => {
  test(
    `${ways.length} ways to export and read it: every claimed property holds`,
    { timeout: 120_000 },
    async () => {
      const adversary = present(workloadNamed('adversary'), 'workload');
      let looks = 0;
      for (const [run, way] of ways.entries()) {
        const protocol = protocols[1 + (run % 3)]!;
        const spec = smallWorld({
          vcpus: 3,
          pages: 8,
          frames: 5,
          slots: 40,
          listCapacity: run % 2 === 0 ? 3 : 16,
          burst: run % 2 === 0 ? 8 : 1,
          pageWords: 16,
          list: { format, period: 5, ...way },
        });
        const workload = adversary.create(shapeOf(spec), {
          pages: 8,
          focusPages: 4,
          dwell: 10,
          accesses: 120,
        });
        const { run: ran, statistics } = await runOnThreads(
          crew,
          { spec, protocol, costs, tables },
          [workload],
          {
            protocolName: protocol.name,
            seed: SEED + run,
            disturbance: { yieldsPerMille: 100, seed: SEED + run },
          },
        );
        expect(ran.violations, `${JSON.stringify(way)}, ${protocol.name}`).toEqual([]);
        expect(ran.ending).toBe('at rest');
        expect(Math.max(...statistics.map((s) => s.mostSharedAccesses))).toBe(1);
        looks += Object.values(ran.requests).reduce((a, b) => a + b, 0);
      }
      expect(looks).toBeGreaterThan(0);
    },
  );
});
