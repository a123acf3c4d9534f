// Litmus files about several hosts: a guest is moved from host to host while it runs. The same verdicts as in the other
// files; what is said to happen are witnesses of a cluster, and the seeded bug is a rule of the migration taken away.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { frameTable } from '../../../machines/index.ts';
import type { ClusterParts } from '../../actors/cluster/index.ts';
import { type ClusterSpec, noFaults } from '../../model/cluster.ts';
import { type ClusterWitness, clusterWitnesses } from '../../properties/cluster/index.ts';
import type { Violation } from '../../properties/index.ts';
import {
  type MigrationMode,
  migrationModes,
  type MigrationRule,
  migrationRules,
} from '../../protocols/migration.ts';
import { runCluster } from '../migration/run-cluster.ts';
import { parseYaml } from './file.ts';
import { litmusCosts } from './search.ts';

export interface ClusterLitmus {
  race: number;
  question: string;
  shows: readonly string[];
  /** Of the small cluster, what is not as usual. */
  cluster: Partial<ClusterSpec>;
  never: readonly string[];
  sometimes: readonly ClusterWitness[];
  bugs: readonly { rule: MigrationRule; caughtBy: readonly string[] }[];
}

const count = z.int().min(0).max(10_000);
const text = z.string().min(1).max(400);
const properties = [
  ...(['no-lost-page', 'one-owner', 'slot-owner', 'read-last-write', 'exactly-once'] as const),
  ...(['no-read-back', 'conservation', 'advisory-list', 'answered'] as const),
];
const clusterSchema = z.strictObject({
  race: z.int().min(1).max(25),
  question: text,
  shows: z.array(text).max(16).default([]),
  cluster: z.strictObject({
    framesPerNode: z.int().min(3).max(64).optional(),
    sharedPercent: z.int().min(0).max(100).optional(),
    pages: z.int().min(2).max(64).optional(),
    accesses: count.optional(),
    balancePerMille: z.int().min(0).max(1_000).optional(),
    moves: z
      .array(z.strictObject({ to: z.int().min(0).max(1), after: count }))
      .min(1)
      .max(8),
  }),
  never: z.array(z.enum(properties)).min(1),
  sometimes: z.array(z.enum(clusterWitnesses)).min(1),
  bugs: z.partialRecord(z.enum(migrationRules), z.array(z.enum(properties)).min(1)),
});

/** @throws InputError with the place of the first complaint */
export function readClusterLitmus(file: string): ClusterLitmus {
  return parseClusterLitmus(readFileSync(file, 'utf8'), file);
}

/** @throws InputError with the place of the first complaint */
function parseClusterLitmus(source: string, file: string): ClusterLitmus {
  const { data } = parseYaml(clusterSchema, source, file);
  const { pages, accesses, balancePerMille, moves, ...sizes } = data.cluster;
  const given = Object.entries({ pages, accesses, balancePerMille, ...sizes });
  const own = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const { framesPerNode = SMALL.framesPerNode, sharedPercent = SMALL.sharedPercent, ...rest } = own;
  const guest = {
    ...SMALL.guest,
    ...rest,
    hotPages: Math.min(pages ?? SMALL.guest.pages, SMALL.guest.hotPages),
  };
  return {
    ...data,
    cluster: { framesPerNode, sharedPercent, guest, moves },
    bugs: Object.entries(data.bugs).map(([rule, caughtBy]) => ({
      rule: rule as MigrationRule,
      caughtBy,
    })),
  };
}

const SMALL: ClusterSpec = {
  seed: 1,
  hosts: 2,
  pageWords: 4,
  framesPerNode: 4,
  stores: { private: 'nvme', shared: 'nvme' },
  sharedPercent: 50,
  shareLists: true,
  guest: {
    pages: 8,
    vcpus: 2,
    accesses: 40,
    hotPages: 4,
    hotPercent: 70,
    writePercent: 50,
    balancePerMille: 150,
    thinkNs: 200,
  },
  moves: [{ to: 1, after: 10 }],
  migration: {
    rounds: 4,
    stopPages: 2,
    readDepth: 2,
    window: 4,
    timeoutNs: 1_000_000,
    patience: 8,
    handlingNs: 700,
  },
  network: { bandwidthMBps: 3125, latencyNs: 10_000 },
  faults: noFaults,
};

const SCHEDULERS = ['random', 'pct', 'timed'] as const;
const STEPS_MAX = 200_000;

export interface ClusterFailure {
  violation: Violation;
  parts: ClusterParts;
  choices: readonly number[];
}
export interface ClusterResult {
  schedules: number;
  seen: { witness: ClusterWitness; schedules: number }[];
  /** Cases that each property judged, over all schedules. */
  examined: Record<string, number>;
  failure: ClusterFailure | null;
}

/** @param without a rule that the migration does not keep: then the search ends at the first violation */
export function searchCluster(
  litmus: ClusterLitmus,
  schedules: number,
  without?: MigrationRule,
): ClusterResult {
  const seen = litmus.sometimes.map((witness) => ({ witness, schedules: 0 }));
  const result: ClusterResult = { schedules: 0, seen, examined: {}, failure: null };
  for (let seed = 1; seed <= schedules && !result.failure; seed++) {
    const mode: MigrationMode = migrationModes[seed % migrationModes.length]!;
    const rules = mode.rules.filter((rule) => rule !== without);
    const spec = { ...SMALL, ...litmus.cluster, seed };
    const parts: ClusterParts = { spec, mode: { ...mode, rules }, costs: litmusCosts, frame: frameTable };
    const scheduler = SCHEDULERS[Math.floor(seed / migrationModes.length) % SCHEDULERS.length]!;
    const run = runCluster(parts, { scheduler, limit: STEPS_MAX });
    result.schedules++;
    for (const { name, examined } of run.properties) {
      result.examined[name] = (result.examined[name] ?? 0) + examined;
      const witness = seen.find((entry) => entry.witness === name);
      if (witness && examined > 0) witness.schedules++;
    }
    const [violation] = run.violations.toSorted((a, b) => (a.sequence >>> 0) - (b.sequence >>> 0));
    if (violation) result.failure = { violation, parts, choices: scheduler === 'timed' ? [] : run.choices };
  }
  return result;
}
