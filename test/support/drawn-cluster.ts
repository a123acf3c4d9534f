// Small clusters with everything drawn from a seed: mode, order, memory, moves, and which faults the network has.
import type { ClusterSpec } from '../../src/model/cluster.ts';
import type { MigrationMode } from '../../src/protocols/migration.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { conventional, copyless, smallCluster } from './small-cluster.ts';

export interface DrawnCluster {
  spec: ClusterSpec;
  mode: MigrationMode;
  scheduler: 'timed' | 'random' | 'pct';
}

export function drawnCluster(seed: number): DrawnCluster {
  const random = new Prng().seed(seed, 7);
  const one = <T>(...of: T[]): T => of[random.below(of.length)]!;
  const spec = smallCluster(
    {
      seed,
      hosts: one(2, 2, 3),
      framesPerNode: one(4, 5, 7),
      sharedPercent: one(0, 50, 100),
      shareLists: one(true, true, false),
      faults: {
        lossPerMille: one(0, 50, 200),
        duplicationPerMille: one(0, 100, 300),
        reorderingPerMille: one(0, 100, 300),
        delayPerMille: one(0, 100),
        delayNs: 50_000,
        partition: one(true, false) ? { afterPackets: random.below(150), forNs: one(1e6, 5e6, 1e12) } : null,
      },
      moves: one(
        [
          { to: 1, after: 60 },
          { to: 0, after: 200 },
        ],
        [
          { to: 1, after: 40 },
          { to: 0, after: 120 },
          { to: 1, after: 160 },
        ],
      ),
    },
    { vcpus: one(1, 2), pages: one(12, 24), balancePerMille: one(0, 150, 400) },
  );
  spec.migration.patience = one(2, 8, 30);
  spec.migration.window = one(2, 8);
  spec.migration.rounds = one(1, 4);
  return {
    spec,
    mode: one(copyless, conventional),
    scheduler: one('random' as const, 'random' as const, 'pct' as const, 'timed' as const),
  };
}
