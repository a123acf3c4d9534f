// A scenario of the kind live-migration: a guest on one of several hosts, moved to others while it runs.
import { statSync } from 'node:fs';
import { z } from 'zod';
import { type ClusterSpec, type FaultPlan, linkFaults, noFaults } from '../model/cluster.ts';
import { storeKinds } from '../model/cost.ts';
import { migrationModes } from '../protocols/migration.ts';
import { present } from '../stdx/assert.ts';
import { InputError } from '../stdx/input-error.ts';
import { Prng } from '../stdx/prng.ts';
import { networkNames, networks } from './profiles/networks.ts';
import { bytesOf } from './scenario.ts';
import { SEEDS_MAX } from './define-scenario.ts';
import { parseAs, type PlaceOf, readText } from './scenario-file.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);
const perMille = count(0, 900).default(0);
const PAGE_WORDS = 1024;

const faultPlan = z.strictObject({
  lossPerMille: perMille,
  duplicationPerMille: perMille,
  reorderingPerMille: perMille,
  delayPerMille: perMille,
  delayUs: count(0, 1_000_000).default(50),
  partition: z
    .strictObject({
      afterPackets: count(0, 1 << 30).describe('Packets on a link before it is cut.'),
      forUs: count(1, 2 ** 31).describe('For how long every packet is lost.'),
    })
    .optional(),
});

export const migrationScenarioSchema = z
  .strictObject({
    version: z.literal(1),
    kind: z.literal('live-migration'),
    name: z.string().max(80).optional(),
    description: z.string().max(400).optional(),
    hosts: z
      .strictObject({
        count: count(2, 4).default(2),
        memory: z
          .string()
          .regex(/^\d{1,9}(KiB|MiB)$/, 'a size with a unit, such as 4MiB')
          .default('4MiB')
          .describe('Of each of a host’s two memory nodes, for the guest.'),
        profile: z.string().max(80).default('skylake-2s').describe('Cost profile, by built-in name.'),
        privateStore: z.enum(storeKinds).default('nvme'),
        sharedStore: z.enum(storeKinds).default('nvme').describe('Reached by every host.'),
        sharedPercent: count(0, 100)
          .default(100)
          .describe('Of a hundred pages that a host moves out, those that go to the shared store.'),
        shareLists: z
          .boolean()
          .default(true)
          .describe('Hosts tell each other what they list; the talk is not counted as migration.'),
      })
      .prefault({}),
    guest: z
      .strictObject({
        pages: count(8, 16_384).default(4096),
        vcpus: count(1, 8).default(2),
        accesses: count(0, 10_000_000)
          .default(20_000)
          .describe('Of each vCPU, after it has written each of its pages once.'),
        hotPages: count(1, 16_384).default(512),
        hotPercent: count(0, 100).default(98),
        writePercent: count(0, 100).default(20),
        balancePerMille: count(0, 1000)
          .default(1)
          .describe('Accesses in a thousand that look a page up in the moved list and ask for it.'),
        thinkNs: count(0, 1_000_000).default(1000),
      })
      .prefault({}),
    moves: z
      .array(z.strictObject({ to: count(0, 3), after: count(0, 100_000_000) }))
      .min(1)
      .max(16)
      .default([{ to: 1, after: 8000 }])
      .describe('Host to move to, and after how many accesses of the guest.'),
    migration: z
      .strictObject({
        rounds: count(1, 64).default(8),
        stopPages: count(0, 16_384).default(64),
        readDepth: count(1, 64)
          .default(8)
          .describe('Swapped pages read in at a time; 8 is the kernel’s read-ahead at page-cluster 3.'),
        window: count(2, 256).default(64),
        timeoutUs: count(1, 1_000_000).default(1000),
        patience: count(1, 1000).default(8).describe('Time-outs in a row before the other host is given up.'),
      })
      .prefault({}),
    network: z.enum(networkNames as [string, ...string[]]).default('25gbe'),
    faults: z.union([z.enum(['none', 'swarm']), faultPlan]).default('none'),
    modes: z.array(z.string().max(80)).min(1).max(8).optional(),
    seeds: z.tuple([count(0, 2 ** 31), count(0, 2 ** 31)]).default([1, 1]),
  })
  .describe('A copyless scenario of the kind live-migration, version 1.');

export type MigrationScenario = z.output<typeof migrationScenarioSchema>;

/**
 * The text of a file that holds a live migration; null: it is of the ordinary kind, or will be told not to be. A pipe can be read
 * once only: it is taken for the ordinary kind.
 */
export function migrationIn(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return null;
  } catch {
    return null;
  }
  const text = readText(file);
  return isMigrationScenario(text) ? text : null;
}

/** Says so in a line of its own: a cheap look, before anybody parses it. */
function isMigrationScenario(text: string): boolean {
  return /^["']?kind["']?\s*:\s*["']?live-migration["']?\s*(#.*)?$/m.test(text);
}

export function parseMigrationScenario(text: string, file: string): MigrationScenario {
  const { value, placeOf } = parseAs(migrationScenarioSchema, text, file);
  refuseImpossible(value, placeOf);
  return value;
}

function refuseImpossible(scenario: MigrationScenario, placeOf: PlaceOf): void {
  const { guest, hosts, migration, moves, modes } = scenario;
  const refuse = (path: PropertyKey[], what: string, expected: string, hint: string): never => {
    throw new InputError(placeOf(...path), what, expected, hint);
  };
  const frames = framesOf(scenario);
  const least = migration.readDepth + guest.vcpus + 4;
  if (frames < least)
    refuse(['hosts', 'memory'], `${frames} frames a node`, `at least ${least}`, 'enlarge hosts.memory');
  if (guest.vcpus > guest.pages)
    refuse(['guest', 'vcpus'], `${guest.vcpus} vCPUs`, 'a page each', 'fewer vCPUs');
  moves.forEach(({ to }, i) => {
    if (to >= hosts.count)
      refuse(['moves', i, 'to'], `host ${to}`, `0 to ${hosts.count - 1}`, 'hosts are numbered from 0');
  });
  const known = migrationModes.map(({ name }) => name);
  for (const [i, mode] of (modes ?? []).entries())
    if (!known.includes(mode))
      refuse(['modes', i], `mode '${mode}'`, `one of ${known.join(', ')}`, 'see docs/design.md');
  const [first, last] = scenario.seeds;
  if (first > last || last - first >= SEEDS_MAX)
    refuse(['seeds'], `${first} to ${last}`, 'first at most last, at most 10000 of them', 'such as [1, 4]');
}

function framesOf({ hosts }: MigrationScenario): number {
  return Math.floor(present(bytesOf(hosts.memory), 'size') / (PAGE_WORDS * 4));
}

/** The network's faults for a seed: `swarm` turns each class on or off, and says how much. */
export function faultsFor(scenario: MigrationScenario, seed: number): FaultPlan {
  const { faults } = scenario;
  if (faults === 'none') return noFaults;
  if (faults !== 'swarm') {
    const { delayUs, partition, ...rest } = faults;
    const cut = partition ? { afterPackets: partition.afterPackets, forNs: partition.forUs * 1000 } : null;
    return { ...rest, delayNs: delayUs * 1000, partition: cut };
  }
  const random = new Prng().seed(seed, 60);
  const drawn = linkFaults.map(() => (random.chance(1, 2) ? 1 + random.below(100) : 0));
  const cutAfter = random.below(2 * scenario.guest.pages);
  return {
    lossPerMille: drawn[0]!,
    duplicationPerMille: drawn[1]!,
    reorderingPerMille: drawn[2]!,
    delayPerMille: drawn[3]!,
    delayNs: 50_000,
    partition: drawn[4]! > 0 ? { afterPackets: cutAfter, forNs: drawn[4]! * 200_000 } : null,
  };
}

export function clusterOf(scenario: MigrationScenario, seed: number, handlingNs: number): ClusterSpec {
  const { hosts, guest, migration } = scenario;
  const network = present(
    networks.find(({ name }) => name === scenario.network),
    'network',
  );
  const { timeoutUs, ...rest } = migration;
  return {
    seed,
    hosts: hosts.count,
    pageWords: PAGE_WORDS,
    framesPerNode: framesOf(scenario),
    stores: { private: hosts.privateStore, shared: hosts.sharedStore },
    sharedPercent: hosts.sharedPercent,
    shareLists: hosts.shareLists,
    guest,
    moves: scenario.moves,
    migration: { ...rest, timeoutNs: timeoutUs * 1000, handlingNs },
    network: { bandwidthMBps: network.bandwidth.value, latencyNs: network.latency.value },
    faults: faultsFor(scenario, seed),
  };
}
