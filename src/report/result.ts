// The result of a comparison, as JSON: the format that scripts rely on. Units are in the names; the schema is published
// as schema/result-1.json and generated from here.
import { z } from 'zod';
import { properties } from '../protocols/index.ts';
import { results } from '../model/words.ts';
import { schedulerNames } from '../runtime/scheduler.ts';
import { ourCounters } from './counters.ts';

const n = z.int().min(0);

export const violationSchema = z.strictObject({
  property: z.string(),
  message: z.string(),
  sequence: z.int().describe('Position of the event that showed it; -1: at the end of the run.'),
});

const runSchema = z.strictObject({
  protocol: z.string(),
  seed: n,
  ending: z
    .enum(['at rest', 'step limit', 'stopped', 'stuck', 'out of memory'])
    .describe(
      'How the run ended; only at rest is complete. Out of memory: every frame and slot is taken, and a page waits for one.',
    ),
  traceHash: z
    .string()
    .describe('16 hex digits over every event, or empty where order is not reproducible (threads).'),
  memoryHash: z
    .string()
    .describe('16 hex digits over guest memory at the end: equal for all protocols (I10).'),
  faults: z.string().optional().describe('What went wrong on purpose, in words.'),
  events: n,
  accesses: n.describe('Words read and written by the guests.'),
  pagesBalanced: n.describe('Pages that the guests moved to another vNode.'),
  transfers: z
    .strictObject({
      total: n.describe(
        'Whole pages brought into a frame by balancing: copy-backs, direct moves and copies by the guest.',
      ),
      toSource: n.describe('Of these, into a frame of the source node, only to be copied on.'),
      direct: n.describe('Of these, straight from the new source location to the destination.'),
      copied: n.describe('Of these, copied by the guest from one of its Gfns to another.'),
    })
    .describe('Page transfers of balancing.'),
  bytes: z.strictObject({
    interconnect: n.describe('Bytes of page moves between different memory nodes, all causes.'),
    storeRead: n,
    storeWritten: n,
  }),
  sourceFramesAllocated: n.describe('Frames taken on the source node for a copy-back.'),
  inducedEvictions: n.describe('Pages moved out of the source node to make room for copy-backs.'),
  neverMoved: n.describe('Pages mapped to their destination and not touched since: their bytes never moved.'),
  stallNs: z
    .strictObject({ p50: n, p95: n, p99: n, p999: n, count: n })
    .describe(
      'Virtual ns that an access waited, where it met balancing: a remote hint fault, or a page that another vCPU was moving.',
    ),
  balancingNs: n.describe(
    'Virtual ns that vCPUs spent moving pages, from the first page of a batch taken out of the page table to the last one put back.',
  ),
  firstTouchNs: n.describe(
    'Virtual ns that vCPUs waited for the first touch of a page that had been mapped to its destination: the read that a map puts off.',
  ),
  virtualNs: n.describe(
    'Virtual time at which the last vCPU had executed its script; where the run did not come to rest, to which it had come.',
  ),
  wallMs: z
    .number()
    .min(0)
    .describe('Wall time of the run: how fast this program is, not the modelled machine.'),
  requests: z.record(z.enum(results), n).describe('Balance requests by result.'),
  requestsAccepted: n.describe(
    "Requests that the host took on: those of which the protocol's plan was carried out, to its end or to an error (EIO).",
  ),
  notBalanced: z
    .record(z.enum(results), n)
    .describe('Attempts of guests to balance a page that failed (pgmigrate_fail), by reason.'),
  vmstat: z.record(z.string(), n).meta({
    description:
      'By the names of /proc/vmstat; cl_ ones are ours. numa_*, pgmigrate_* count in the guest, pswp*, pgfault (EPT violations), pgmajfault and allocstall_* on the host.',
    properties: Object.fromEntries(
      Object.entries(ourCounters).map(([name, description]) => [
        name,
        { type: 'integer', minimum: 0, description },
      ]),
    ),
  }),
  numastat: z.array(
    z.strictObject({
      node: n.describe('Kernel node id.'),
      numa_hit: n,
      numa_miss: n,
      numa_foreign: n,
      interleave_hit: n,
      local_node: n,
      other_node: n,
    }),
  ),
  list: z
    .strictObject({
      changes: n.describe('Entries that appeared or went, as readers of the list could see it.'),
      words: n.describe('Words that its owner wrote for them.'),
      exportNs: n.describe('Virtual ns that writing took: a cache line each at the price of a look.'),
      looks: n.describe('Looks of guests for one page.'),
      loads: n.describe('Words that looks read.'),
      lookNs: n.describe('Virtual ns that looks took.'),
      copies: n.describe('Copies of the list that vCPUs made or were sent.'),
      copiedBytes: n,
      copyNs: n.describe('Virtual ns that vCPUs spent on copies.'),
      stalenessNs: z
        .strictObject({ p50: n, p99: n, count: n })
        .describe(
          "Virtual ns from a change's reaching the owner to its being visible: in the list, or in each vCPU's copy. Count 0: at once.",
        ),
    })
    .describe('What the moved list cost.'),
  violations: z.array(violationSchema).describe('First violation of each property that the protocol claims.'),
});

const machineSchema = z
  .strictObject({
    topology: z.string(),
    profile: z.string().describe('Cost profile: where the times come from.'),
    nodes: z
      .array(z.strictObject({ node: n.describe('Kernel node id.'), bytes: n }))
      .describe('Nodes that vNodes are pinned to, with the memory that the guests have there.'),
    newLocation: z
      .array(z.strictObject({ kind: z.string(), node: n.describe('Kernel node id.'), bytes: n }))
      .describe('Where idle pages go, in order.'),
  })
  .describe('What scenario and options come to on this topology.');

export const checkSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['always', 'sometimes']),
  pass: z.boolean(),
  examined: n.describe('Cases judged, or times that the case happened.'),
});

export const resultSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    tool: z.string(),
    complete: z
      .boolean()
      .describe('False when the comparison was interrupted or a run did not come to rest.'),
    pass: z.boolean().describe('True when every property that a protocol claims held in every run.'),
    scenarioHash: z.string(),
    machine: machineSchema.optional(),
    executor: z.enum(['simulated', 'threads']),
    scheduler: z
      .enum([...schedulerNames, 'threads'])
      .describe('Who chose the order of deliveries. Only timed gives times that mean something.'),
    unexercised: z
      .array(z.string())
      .describe(
        'Protocols whose guests made requests of which none was ever accepted: their plans were not looked at (exit status 3).',
      ),
    runs: z.array(runSchema),
    checks: z.array(checkSchema).describe(`Over all runs. Always: ${properties.join(', ')}.`),
  })
  .describe('Result of copyless simulate, version 1.');

export type Run = z.output<typeof runSchema>;
export type Check = z.output<typeof checkSchema>;
export type Result = z.output<typeof resultSchema>;
