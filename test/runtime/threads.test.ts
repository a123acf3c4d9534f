// The same actors on real threads, with random pauses: judged afterwards by the same monitors, page by page through the
// page machine. What only threads can show is shown here: real races, clean stops, a trace that loses nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts, type ThreadRunReport } from '../../src/report/run-on-threads.ts';
import { runOnce } from '../../src/report/run.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
const RUNS = 56;
/** 3 vCPUs, hypervisor, host, 3 nodes at most, 1 store. */
const ACTORS = 8;

let crew: Crew<ThreadParts>;
beforeAll(() => {
  crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
});
afterAll(() => crew.dismiss());

const adversary = present(workloadNamed('adversary'), 'workload');
const parameters = { pages: 8, focusPages: 4, dwell: 10, accesses: 120 };

function specOf(run: number) {
  return smallWorld({
    far: run % 3 === 0,
    vcpus: 3,
    pages: 8,
    frames: 5,
    slots: 40,
    listCapacity: run % 5 === 0 ? 3 : 16,
    burst: run % 2 === 0 ? 1 : 8,
    pageWords: 16,
  });
}
function onThreads(
  run: number,
  protocol: Protocol,
  name = protocol.name,
  yieldsPerMille = 100,
): Promise<ThreadRunReport> {
  const spec = specOf(run);
  const workload = adversary.create(shapeOf(spec), parameters);
  const disturbance = { yieldsPerMille, seed: SEED + run };
  return runOnThreads(crew, { spec, protocol, costs, tables }, [workload], {
    protocolName: name,
    seed: SEED + run,
    disturbance,
    validating: spec.burst === 1,
  });
}

describe(`threads: ${RUNS} runs of 3 vCPUs over 8 pages with random yields (seed ${SEED})`, () => {
  const seen = new Map<string, number>();
  let explained = 0;

  test(
    'every claimed property holds in every run, no step makes two shared accesses, and where bursts are of one the model explains every step',
    { timeout: 180_000 },
    async () => {
      for (let run = 0; run < RUNS; run++) {
        const protocol = protocols[run % protocols.length]!;
        const { run: ran, checks, statistics, verdict } = await onThreads(run, protocol);
        expect(verdict?.unexplained?.lines(), `run ${run}, ${protocol.name}`).toBeUndefined();
        expect(ran.violations, `run ${run}, ${protocol.name}`).toEqual([]);
        expect(ran.ending).toBe('at rest');
        expect(Math.max(...statistics.map((s) => s.mostSharedAccesses))).toBe(1);
        explained += verdict?.steps ?? 0;
        for (const check of checks) if (check.pass) seen.set(check.name, (seen.get(check.name) ?? 0) + 1);
      }
    },
  );

  test('half of the runs were explained', () => {
    expect(explained).toBeGreaterThan((RUNS / 2) * 1_000);
  });

  // shows: race 1, race 2, race 5, race 8, race 16, variant (45) concurrency
  test('the races that matter happened on threads too', () => {
    for (const witness of [
      'a listed page was asked for and moved',
      'a live translation was shot down',
      'a swap-out was cancelled by a write',
      'a stale entry was found out',
      'a request met a busy page',
      'a vCPU waited at a migration entry',
      'a mapped page was first touched later',
      'far memory took a page',
    ]) {
      expect(seen.get(witness) ?? 0, witness).toBeGreaterThan(0);
    }
  });
});

describe('threads against the simulation, 3 vCPUs over 8 pages', () => {
  test('both leave the same guest memory for the same accesses (I10)', async () => {
    const spec = specOf(1);
    for (const protocol of [present(protocols[0], 'conventional'), present(protocols[2], 'migrate')]) {
      const workload = adversary.create(shapeOf(spec), parameters);
      const simulated = await runOnce({ spec, protocol, costs, tables }, [workload], { seed: SEED + 1 });
      const threads = await onThreads(1, protocol);
      expect(threads.run.memoryHash).toBe(simulated.run.memoryHash);
      expect(threads.run.accesses).toBe(simulated.run.accesses);
    }
  });

  test('a protocol that forgets its shootdowns is caught on threads', async () => {
    const broken = {
      ...protocols[2]!,
      name: 'no-shootdown',
      swapOut: protocols[2]!.swapOut.filter((step) => step !== 'shootdown'),
    };
    const file = new URL('../support/no-shootdown.protocol.ts', import.meta.url).pathname;
    const { run } = await onThreads(1, broken, file);
    expect(run.violations.map((violation) => violation.property)).toContain('I8-shootdown');
  });

  test('a run that is aborted stops cleanly and the crew can run again', async () => {
    const controller = new AbortController();
    const spec = specOf(1);
    const workload = adversary.create(shapeOf(spec), { ...parameters, accesses: 1_000_000 });
    const parts = { spec, protocol: protocols[1]!, costs, tables };
    setTimeout(() => controller.abort(), 300);
    const { run } = await runOnThreads(crew, parts, [workload], {
      protocolName: parts.protocol.name,
      seed: 1,
      disturbance: { yieldsPerMille: 0, seed: 1 },
      signal: controller.signal,
    });
    expect(run.ending).toBe('stopped');
    expect((await onThreads(2, protocols[1]!)).run.ending).toBe('at rest');
  });

  test('an idle crew takes no CPU time', async () => {
    const before = process.cpuUsage();
    await new Promise((resume) => setTimeout(resume, 500));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000, 'ms of CPU in 500 ms').toBeLessThan(250);
  });
});
