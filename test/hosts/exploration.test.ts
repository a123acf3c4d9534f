// Hundreds of small clusters with everything drawn: order, memory, moves to and fro, and a network that loses, doubles,
// reorders, delays and cuts. Nothing may go wrong, and everything that is interesting must have happened somewhere.
import { describe, expect, test } from 'vitest';
import { clusterWitnesses } from '../../src/properties/cluster/index.ts';
import { runCluster } from '../../src/report/migration/run-cluster.ts';
import { drawnCluster } from '../support/drawn-cluster.ts';
import { partsOf } from '../support/small-cluster.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
const SCHEDULES = 700;
const STEPS_MAX = 400_000;

describe(`hosts: ${SCHEDULES} schedules of 2 to 3 hosts under drawn network faults (seed ${SEED})`, () => {
  const seen = new Map<string, number>();
  const examined = new Map<string, number>();

  // shows: variant (18) several hosts, variant (28) network, variant (33) cloud, variant (36) clustered, race 22, race 23
  test('every migration is completed or given up, nothing is lost, and every run comes to rest', () => {
    for (let i = 0; i < SCHEDULES; i++) {
      const { spec, mode, scheduler } = drawnCluster(SEED + i);
      const run = runCluster(partsOf(spec, mode), { scheduler, limit: STEPS_MAX });
      const name = `seed ${SEED + i}, ${mode.name}, ${scheduler}`;
      expect(run.violations, name).toEqual([]);
      expect(run.ending, name).toBe('at rest');
      for (const property of run.properties) {
        const of = property.kind === 'sometimes' ? seen : examined;
        of.set(property.name, (of.get(property.name) ?? 0) + (property.examined > 0 ? 1 : 0));
      }
    }
    expect([...examined].filter(([, runs]) => runs === 0)).toEqual([]);
  });

  // shows: variant (28) network, race 23
  test('every fault class fired, and every interesting case was seen', () => {
    const unseen = clusterWitnesses.filter((witness) => (seen.get(witness) ?? 0) === 0);
    expect(unseen).toEqual([]);
  });
});
