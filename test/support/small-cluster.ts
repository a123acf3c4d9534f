// Small clusters for tests: little memory, few pages, everything drawn where it is not said.
import { frameTable } from '../../machines/index.ts';
import type { ClusterParts } from '../../src/actors/cluster/index.ts';
import { type ClusterSpec, noFaults } from '../../src/model/cluster.ts';
import { resolveCosts } from '../../src/model/cost.ts';
import { migrationModes, type MigrationMode } from '../../src/protocols/migration.ts';
import { loadProfile } from '../../src/scenarios/profiles/index.ts';
import { present } from '../../src/stdx/assert.ts';

const costs = resolveCosts(loadProfile('skylake-2s'));
export const conventional = present(migrationModes[0], 'mode');
export const copyless = present(migrationModes[1], 'mode');

export function smallCluster(
  over: Partial<ClusterSpec> = {},
  guest: Partial<ClusterSpec['guest']> = {},
): ClusterSpec {
  return {
    seed: 1,
    hosts: 2,
    pageWords: 16,
    framesPerNode: 5,
    stores: { private: 'nvme', shared: 'nvme' },
    sharedPercent: 60,
    shareLists: true,
    guest: {
      pages: 24,
      vcpus: 2,
      accesses: 150,
      hotPages: 8,
      hotPercent: 70,
      writePercent: 50,
      balancePerMille: 150,
      thinkNs: 200,
      ...guest,
    },
    moves: [
      { to: 1, after: 60 },
      { to: 0, after: 200 },
    ],
    migration: {
      rounds: 4,
      stopPages: 3,
      readDepth: 2,
      window: 8,
      timeoutNs: 1_000_000,
      patience: 8,
      handlingNs: 700,
    },
    network: { bandwidthMBps: 3125, latencyNs: 10_000 },
    faults: noFaults,
    ...over,
  };
}
export const partsOf = (spec: ClusterSpec, mode: MigrationMode): ClusterParts => ({
  spec,
  mode,
  costs,
  frame: frameTable,
});
