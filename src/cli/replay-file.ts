// The file that a failing run leaves behind, read back. It may have been cut off, edited or made up: what is in it is
// checked as a stranger's input before a world is built from it.
import { readFileSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { z } from 'zod';
import { operationBound } from '../actors/host.ts';
import { measure } from '../actors/index.ts';
import { waits } from '../actors/vcpu.ts';
import { flawNames } from '../flaws/index.ts';
import { type Costs, storeKinds } from '../model/cost.ts';
import { faultNames } from '../model/faults.ts';
import {
  listAccesses,
  listFormats,
  listInspections,
  listOwners,
  listScopes,
  listUnmaps,
} from '../model/list-policy.ts';
import { Geometry } from '../model/geometry.ts';
import { encryptions, heldFaults } from '../model/spec.ts';
import { properties } from '../protocols/index.ts';
import type { Unit } from '../report/unit.ts';
import { violationSchema } from '../report/result.ts';
import { schedulerNames } from '../runtime/scheduler.ts';
import { expectation } from '../scenarios/complaint.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { partsOf, workloadOf } from '../scenarios/parts.ts';
import { quote, valueAt } from '../scenarios/quote.ts';
import { guestVariantsSchema, scenarioSchema } from '../scenarios/scenario.ts';
import { InputError } from '../stdx/input-error.ts';
import { MEMORY_PART } from './options.ts';

/** Choices of a long random schedule included. */
const FILE_BYTES_MAX = 1 << 28;

const count = z
  .int()
  .min(0)
  .max(2 ** 29);
const positive = z
  .int()
  .min(1)
  .max(2 ** 29);
const percent = z.int().min(0).max(100);
const ns = z.number().min(0);

// Loose where a later version may have more to say: what is there must be right.
const costNames = [
  'hintFaultNs',
  'eptViolationNs',
  'hypercallNs',
  'hypercallEntryNs',
  'moveEntryNs',
  'clearPageNs',
  'copyPageLocalNs',
  'copyPageRemoteNs',
  'shootdownNs',
  'shootdownTargetNs',
  'listInspectionNs',
  'listNoticeNs',
  'cacheHitNs',
  'localLatencyNs',
  'remoteLatencyNs',
  'farLatencyNs',
  'bandwidthMBps',
  'remoteBandwidthMBps',
  'farBandwidthMBps',
] as const satisfies readonly (keyof Costs)[];

const costsSchema = z.looseObject({
  ...Object.fromEntries(costNames.map((name) => [name, ns])),
  cipherPageNs: ns.default(0),
  latencyNs: z.array(z.array(ns)),
  stores: z.record(
    z.enum(storeKinds),
    z.looseObject({
      readNs: ns,
      writeNs: ns,
      readOccupancyNs: ns,
      writeOccupancyNs: ns,
      ratio: z.number().positive(),
      medium: z.enum(['device', 'ram']),
    }),
  ),
});

const specSchema = z.looseObject({
  pageWords: z.int().min(1).max(1024),
  contents: z.literal('stamps').optional(),
  nodes: z
    .array(z.looseObject({ id: count, frames: count, hasCpus: z.boolean() }))
    .min(1)
    .max(64),
  distances: z.array(z.array(z.int().min(10).max(255))).max(64),
  stores: z
    .array(z.looseObject({ name: z.string().max(80), kind: z.enum(storeKinds), slots: count, node: count }))
    .max(64),
  guests: z
    .array(
      z.looseObject({
        pages: positive,
        vnodes: z
          .array(z.looseObject({ node: count, gfns: positive }))
          .min(1)
          .max(64),
        vcpus: z.array(count).min(1).max(64),
      }),
    )
    .min(1)
    .max(8),
  moveTo: z.array(count).min(1).max(128),
  listCapacity: positive,
  batch: z.int().min(1).max(128),
  reclaims: z.array(count).max(64).optional(),
  serials: z.int().min(2).optional(),
  timeouts: z
    .array(z.strictObject({ actor: count, thing: count }))
    .max(64)
    .optional(),
  tlbEntries: z.literal([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]),
  burst: z.int().min(1).max(65536),
  chunk: z.int().min(1).max(65536),
  policy: z.looseObject({
    lowWatermarkPercent: percent,
    highWatermarkPercent: percent,
    idleScans: count,
    scanPerTick: count,
    accessesPerTick: positive,
    reclaimBatch: z.int().min(1).max(256),
    prefetch: z.int().min(0).max(64),
    hintPages: count,
    accessesPerScan: positive,
    heldFault: z.enum(heldFaults),
    // Files of version 0.1.0 have none of these.
    holdTicks: count.default(0),
    far: z.enum(['unmapped', 'mapped']).default('unmapped'),
    promoteOnAccess: z.boolean().default(false),
    writebackPercent: percent.default(0),
    writebackScans: count.default(0),
    encryption: z.enum(encryptions).default('none'),
    swapCache: z.boolean().optional(),
    readAhead: z.int().min(0).max(64).optional(),
    readAheadBy: z.enum(['vma', 'cluster']).optional(),
    cachedRequest: z.enum(['refuse', 'move']).optional(),
    sharedRequest: z.enum(['refuse', 'break']).optional(),
    hold: z.boolean().optional(),
    unpinned: z.boolean().optional(),
    attempts: z.int().min(1).max(16),
    guest: guestVariantsSchema.partial().optional(),
  }),
  faults: z
    .array(z.strictObject({ fault: z.enum(faultNames), nth: positive, actor: count.optional() }))
    .max(4096)
    .optional(),
  list: z
    .looseObject({
      format: z.enum(listFormats),
      access: z.enum(listAccesses),
      owner: z.enum(listOwners),
      inspect: z.enum(listInspections),
      period: positive,
      lag: count,
      per: z.enum(listScopes),
      unmap: z.enum(listUnmaps),
    })
    .partial()
    .optional(),
});

const keptSchema = z.strictObject({
  replay: z.literal(1),
  tool: z.string().max(80),
  violation: violationSchema.extend({ property: z.enum(properties) }),
  unit: z.strictObject({
    spec: specSchema,
    costs: costsSchema,
    shape: z.strictObject({
      vcpuVnodes: z.array(count).min(1).max(64),
      vnodes: z.int().min(1).max(64),
      pageWords: z.int().min(1).max(1024),
    }),
    workload: scenarioSchema.shape.workload,
    protocol: z.string().max(4096),
    seed: z.int().min(0),
    scheduler: z.enum(schedulerNames),
    choices: z.array(count).optional(),
    limit: z.int().min(1).optional(),
    flaws: z.array(z.enum(flawNames)).max(flawNames.length).optional(),
    beyondClaims: z.boolean().optional(),
  }),
});

export interface Kept {
  tool: string;
  violation: z.output<typeof violationSchema>;
  unit: Unit;
}

/** @throws InputError also where what the file refers to is not there any more */
export async function readReplay(file: string): Promise<Kept> {
  const refuse = (what: string, expected: string, hint: string): never => {
    throw new InputError({ file: file || '""' }, what, expected, hint);
  };
  let seen: unknown;
  const text = readText(file, refuse);
  try {
    seen = JSON.parse(text);
  } catch (error) {
    const why =
      error instanceof SyntaxError ? quote(error.message.split('\n')[0]) : 'it is nested too deeply';
    return refuse(`is no JSON: ${why}`, 'a replay file', 'it may have been cut off: run what failed again');
  }
  if (valueAt(seen, ['replay']) !== 1) {
    return refuse(
      'is no replay file',
      '"replay": 1',
      'a failing run writes one to out/, or to the folder given with --out',
    );
  }
  const parsed = keptSchema.safeParse(seen);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const at = issue.path.join('.');
    const hint = 'it was edited, or made by another version: run what failed again';
    if (issue.code === 'unrecognized_keys')
      return refuse(`unknown key ${quote(issue.keys[0])} in ${at}`, 'a replay file', hint);
    return refuse(`${at} is ${quote(valueAt(seen, issue.path))}`, expectation(issue), hint);
  }
  const { tool, violation, unit } = parsed.data as unknown as Kept;
  await refuseInconsistent(unit, refuse);
  return { tool, violation, unit };
}

type Refuse = (what: string, expected: string, hint: string) => never;

function readText(file: string, refuse: Refuse): string {
  const hint = 'a failing run prints its path';
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) return refuse('is a directory', 'a replay file', hint);
    if (stats.size > FILE_BYTES_MAX) return refuse('larger than 256 MiB', 'a replay file', hint);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    return refuse(code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`, 'a replay file', hint);
  }
}

/** What every field may be right in and the whole still wrong: indexes that point nowhere, a world too large. */
async function refuseInconsistent(unit: Unit, refuse: Refuse): Promise<void> {
  const { spec, shape } = unit;
  const hint = 'it was edited: run what failed again';
  const below = (value: number, limit: number, what: string) => {
    if (value >= limit) refuse(`${what} is ${value}`, `below ${limit}`, hint);
  };
  const nodes = spec.nodes.length;
  const homes = nodes + spec.stores.length;
  for (const store of spec.stores) below(store.node, nodes, 'unit.spec.stores.node');
  for (const home of spec.moveTo) below(home, homes, 'unit.spec.moveTo');
  if (spec.distances.length !== nodes || spec.distances.some((row) => row.length !== nodes)) {
    refuse('unit.spec.distances does not fit the nodes', `${nodes} rows of ${nodes}`, hint);
  }
  for (const vnode of shape.vcpuVnodes) below(vnode, shape.vnodes, 'unit.shape.vcpuVnodes');
  const workload = await workloadOf(unit.workload, shape);
  for (const guest of spec.guests) {
    for (const vnode of guest.vnodes) below(vnode.node, nodes, 'unit.spec.guests.vnodes.node');
    for (const vnode of guest.vcpus) below(vnode, guest.vnodes.length, 'unit.spec.guests.vcpus');
    below(shape.vcpuVnodes.length, guest.vcpus.length + 1, 'the vCPUs of unit.shape');
    below(shape.vnodes, guest.vnodes.length + 1, 'unit.shape.vnodes');
    below(workload.pages, guest.pages + 1, "the workload's pages");
  }
  below(shape.pageWords, spec.pageWords + 1, 'unit.shape.pageWords');
  const geometry = new Geometry(spec);
  for (const { actor, thing } of spec.timeouts ?? []) {
    below(actor, geometry.host + 1, 'unit.spec.timeouts.actor');
    if (actor === geometry.hypervisor)
      refuse('unit.spec.timeouts.actor is the hypervisor', 'a vCPU or the host', hint);
    const things = actor === geometry.host ? operationBound(geometry) : waits.count;
    below(thing, things, 'unit.spec.timeouts.thing');
  }
  const total = (numbers: readonly number[]) => numbers.reduce((sum, n) => sum + n, 0);
  const gfns = total(spec.guests.flatMap((guest) => guest.vnodes.map((vnode) => vnode.gfns)));
  const places = total([
    ...spec.nodes.map((node) => node.frames),
    ...spec.stores.map((store) => store.slots),
  ]);
  below(Math.max(gfns, places), 2 ** 29 + 1, 'the size of unit.spec');
  const bytes = measure(partsOf(unit, await loadProtocol(unit.protocol)));
  below(bytes, totalmem() * MEMORY_PART, 'the memory that unit.spec needs');
}
