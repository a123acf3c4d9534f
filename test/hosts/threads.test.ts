// The same hosts, stores and links on real threads, one each, with random pauses: judged afterwards by the same monitors.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterGeometry } from '../../src/model/cluster.ts';
import { migrationRules } from '../../src/protocols/migration.ts';
import { type ClusterThreadParts, runClusterOnThreads } from './on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { conventional, copyless, partsOf, smallCluster } from '../support/small-cluster.ts';

const RUNS = 12;
const WORKER = new URL('cluster.worker.ts', import.meta.url);

function specOf(run: number) {
  const spec = smallCluster(
    {
      seed: 1 + run,
      sharedPercent: run % 3 === 0 ? 100 : 60,
      faults: {
        lossPerMille: run % 2 === 0 ? 0 : 50,
        duplicationPerMille: 100,
        reorderingPerMille: 100,
        delayPerMille: 0,
        delayNs: 50_000,
        partition: run % 4 === 3 ? { afterPackets: 20 + run, forNs: 20e6 } : null,
      },
    },
    { vcpus: 1, accesses: 300 },
  );
  // A time-out is a turn of a loop on a thread.
  spec.migration.patience = 20_000;
  return spec;
}

let crew: Crew<ClusterThreadParts>;
beforeAll(() => {
  crew = new Crew<ClusterThreadParts>(WORKER, new ClusterGeometry(specOf(0)).feeder);
});
afterAll(() => crew.dismiss());

describe(`hosts: ${RUNS} runs on threads, 2 hosts with 24 pages between them`, () => {
  const seen = new Map<string, number>();

  // shows: variant (18) several hosts, variant (28) network, race 22, race 23
  test('every property holds, and no step makes two shared accesses', { timeout: 120_000 }, async () => {
    let completed = 0;
    for (let run = 0; run < RUNS; run++) {
      const mode = run % 2 === 0 ? copyless : conventional;
      const ran = await runClusterOnThreads(
        crew,
        partsOf(specOf(run), mode),
        {
          yieldsPerMille: 20,
          seed: run,
        },
        true,
      );
      expect(ran.verdict?.unexplained?.lines(), `run ${run}, ${mode.name}`).toBeUndefined();
      expect(ran.violations, `run ${run}, ${mode.name}`).toEqual([]);
      expect(ran.ending).toBe('at rest');
      expect(Math.max(...ran.statistics.map((s) => s.mostSharedAccesses))).toBeLessThanOrEqual(1);
      completed += ran.traffic.completed;
      for (const { name, examined } of ran.properties) seen.set(name, (seen.get(name) ?? 0) + examined);
    }
    expect(completed).toBeGreaterThan(RUNS / 2);
  });

  test('a slot was handed over on threads, and the network did its worst', () => {
    for (const witness of [
      'a slot was handed over',
      'a packet was lost',
      'a packet came twice',
      'a packet was overtaken',
      'a packet was sent again',
    ])
      expect(seen.get(witness) ?? 0, witness).toBeGreaterThan(0);
  });

  test('a source that discards what it has handed over is caught on threads', async () => {
    const rules = migrationRules.filter((rule) => rule !== 'keep mapped');
    const found = new Set<string>();
    for (let run = 0; run < 6 && !found.has('slot-owner'); run++) {
      const parts = partsOf({ ...specOf(0), seed: 40 + run }, { ...copyless, rules });
      const ran = await runClusterOnThreads(crew, parts, { yieldsPerMille: 0, seed: run });
      for (const { property } of ran.violations) found.add(property);
    }
    expect([...found]).toContain('slot-owner');
  });
});
