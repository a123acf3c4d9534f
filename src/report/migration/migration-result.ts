// The result of a comparison of migration modes, as JSON; published as schema/migration-result-1.json.
import { z } from 'zod';
import { linkFaults, packetKinds } from '../../model/cluster.ts';
import { schedulerNames } from '../../runtime/scheduler.ts';
import { checkSchema, violationSchema } from '../result.ts';
import type { ClusterRun } from './run-cluster.ts';

const n = z.number().min(0);

const faultPlan = z.strictObject({
  lossPerMille: n,
  duplicationPerMille: n,
  reorderingPerMille: n,
  delayPerMille: n,
  delayNs: n,
  partition: z.strictObject({ afterPackets: n, forNs: n }).nullable(),
});

const migrationRunSchema = z.strictObject({
  mode: z.string(),
  seed: n,
  ending: z.enum(['at rest', 'step limit', 'stopped']),
  traceHash: z.string(),
  events: n,
  plan: faultPlan.describe('What the network was to do to packets; drawn from the seed.'),
  faults: z.record(z.enum(linkFaults), n).describe('How often it did.'),
  completed: n.describe('Migrations after which the other host has the guest.'),
  givenUp: n,
  networkBytes: n.describe(
    'Everything that moving the guest put on the network, headers, acknowledgements and repeats too.',
  ),
  bytesBy: z
    .record(z.enum(packetKinds), n)
    .describe('list: what hosts told each other of the moved list, not counted above.'),
  againBytes: n.describe('Of networkBytes, sent again after a time-out.'),
  pagesSent: n,
  pagesMapped: n.describe('Pages of which only the mapping was sent.'),
  pagesGone: n,
  readBack: z
    .strictObject({ shared: n, private: n })
    .describe('Pages read in on the source only to be sent.'),
  storeReadBytes: n.describe('Read from all stores while the guest was moved, by whoever.'),
  swappedBefore: n.describe('Pages that were out when the first migration began.'),
  rounds: n,
  downtimeNs: n,
  migrationNs: n.describe('From the first page to the acknowledgement of the handover.'),
  accesses: n,
  balanced: n.describe('Balance requests that were carried out.'),
  refused: n,
  violations: z.array(violationSchema),
});

export const migrationResultSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    kind: z.literal('live-migration'),
    tool: z.string(),
    complete: z.boolean(),
    pass: z.boolean(),
    scheduler: z.enum(schedulerNames),
    runs: z.array(migrationRunSchema),
    checks: z.array(checkSchema),
  })
  .describe('The result of copyless simulate on a live-migration scenario, version 1.');

export type MigrationRun = z.output<typeof migrationRunSchema>;
export type MigrationResult = z.output<typeof migrationResultSchema>;

/** @param plan as the run's spec has it */
export function migrationRunOf(
  run: ClusterRun,
  seed: number,
  plan: MigrationRun['plan'],
  pageBytes: number,
): MigrationRun {
  const { traffic } = run;
  return {
    mode: run.mode,
    seed,
    ending: run.ending,
    traceHash: run.traceHash,
    events: run.events,
    plan,
    faults: traffic.faults,
    completed: traffic.completed,
    givenUp: traffic.givenUp,
    networkBytes: traffic.networkBytes,
    bytesBy: traffic.bytesBy,
    againBytes: traffic.resentBytes,
    pagesSent: traffic.pagesSent,
    pagesMapped: traffic.pagesMapped,
    pagesGone: traffic.pagesGone,
    readBack: traffic.readBack,
    storeReadBytes: traffic.readsMeanwhile * pageBytes,
    swappedBefore: Math.max(0, traffic.swappedBefore),
    rounds: traffic.rounds,
    downtimeNs: Math.round(traffic.downtimeNs),
    migrationNs: Math.round(traffic.migrationNs),
    accesses: traffic.accesses,
    balanced: traffic.balanced,
    refused: traffic.refused,
    violations: run.violations,
  };
}
