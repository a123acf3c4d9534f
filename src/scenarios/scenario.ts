// A scenario: what a user writes down of an experiment, in YAML or JSON. One schema checks it, documents it and is
// published; sizes carry their unit; an unknown key is an error.
import { z } from 'zod';
import { storeKinds } from '../model/cost.ts';
import {
  listAccesses,
  listFormats,
  listInspections,
  listOwners,
  listScopes,
  listUnmaps,
  plainList,
} from '../model/list-policy.ts';
import { contentsKinds, encryptions, heldFaults, remaps } from '../model/spec.ts';
import { SIZE } from './reading.ts';

export {
  bytesOf,
  chainOf,
  isScript,
  isTrace,
  type ScriptWorkloadSpec,
  type TraceWorkloadSpec,
} from './reading.ts';

const size = z
  .string()
  .regex(SIZE, 'a size with a unit, such as 64MiB')
  .describe('Size with a unit: B, KiB, MiB, GiB or TiB.');
const count = (least: number, most: number) => z.int().min(least).max(most);
const percent = z.int().min(0).max(100);

const far = z
  .strictObject({
    kind: z.literal('far'),
    node: count(0, 1023).describe('Kernel id of the memory node that keeps moved pages.'),
    size: size.optional(),
    mode: z
      .enum(['unmapped', 'mapped'])
      .default('unmapped')
      .describe('Kept like a page in a store, or left mapped there, as Linux demotes pages.'),
    promoteOnAccess: z
      .boolean()
      .default(false)
      .describe('Mapped: a page that is touched there goes back to its source node.'),
  })
  .describe('A frame of another memory node (claims 1, 14, 20).');
const store = z
  .strictObject({
    kind: z.enum(storeKinds),
    node: count(0, 1023)
      .optional()
      .describe('Kernel id of the node it is attached to; default: the first pinned node.'),
    size: size.optional().describe('Default: room for every page of every guest on every vNode.'),
  })
  .describe('A slot of a persistent store (claim 11), or of compressed RAM.');

const place = z.discriminatedUnion('kind', [far, store]);
export type NewLocation = z.output<typeof place>;
const movedList = z
  .strictObject({
    format: z
      .enum(listFormats)
      .default(plainList.format)
      .describe('How entries lie in memory (paragraph 22).'),
    access: z
      .enum(listAccesses)
      .default(plainList.access)
      .describe('Read where its owner writes it, or sent to the guest in parts (paragraph 27).'),
    owner: z.enum(listOwners).default(plainList.owner).describe('Who writes it (paragraph 18).'),
    inspect: z
      .enum(listInspections)
      .default(plainList.inspect)
      .describe(
        'The list itself at each balancing attempt, or a copy made every `period` accesses, or one made on notice (paragraphs 22, 24).',
      ),
    period: count(1, 100_000_000)
      .default(plainList.period)
      .describe('Accesses of a vCPU between two copies, if periodic.'),
    lag: count(0, 1 << 20)
      .default(plainList.lag)
      .describe('Changes that are gathered before they are exported; 0 = each at once.'),
    per: z
      .enum(listScopes)
      .default(plainList.per)
      .describe('A list for each guest, or one for all guests of the host (paragraph 18).'),
    unmap: z
      .enum(listUnmaps)
      .default(plainList.unmap)
      .describe('When the guest takes its own mapping of a listed page away (paragraph 23).'),
  })
  .prefault({})
  .describe('How the moved list is exported and read.');

export const newLocationKinds = [...storeKinds, 'far'] as const;

/** What the guest kernels can do beyond balancing; each is off by default. */
export const guestVariantsSchema = z.strictObject({
  freePageReporting: z
    .boolean()
    .describe('Guests tell the host which Gfns are free; the host drops what backs them.'),
  asyncFaults: z
    .boolean()
    .describe('A fault that needs I/O does not stop the vCPU: it goes on with other pages meanwhile.'),
  hugePages: z
    .literal([2, 4, 8, 16, 32, 64, 128])
    .describe(
      'Base pages of a huge page, at most guests.batch: guests map and move aligned ranges of so many pages.',
    ),
  remap: z
    .enum(remaps)
    .describe(
      "gpa-move: a page goes to another guest page; hasid-alias: the guest names the wanted vNode in the page's address (US 10,613,990).",
    ),
  poison: z
    .enum(['negotiated', 'unnegotiated'])
    .describe(
      'Guests fill what they free with poison and check it; negotiated: the host knows, and leaves reported pages alone.',
    ),
});

/** Kinds of workloads with keys of their own, in the order of their branches. */
export const ownKeyed: readonly string[] = ['trace', 'script'];

export const scenarioSchema = z
  .strictObject({
    version: z.literal(1),
    name: z.string().max(80).optional(),
    description: z.string().max(400).optional(),
    contents: z
      .enum(contentsKinds)
      .optional()
      .describe(
        'What a page is held as: its 4 KiB (the default), or a stamp of whose page it is and how often it was written. ' +
          'Costs are those of 4 KiB in any case; with stamps an access is to the page and not to one of its words.',
      ),
    host: z
      .strictObject({
        topology: z
          .string()
          .max(400)
          .default('intel-2s-skylake-2n')
          .describe('Built-in name, this-machine, or a file.'),
        nodes: z
          .array(count(0, 1023))
          .min(1)
          .max(64)
          .optional()
          .describe(
            'Kernel ids of the nodes that vNodes are pinned to; default: the first two with CPUs and memory.',
          ),
        memory: size.default('2MiB').describe('Memory of each pinned node that is there for the guests.'),
        profile: z
          .string()
          .max(400)
          .optional()
          .describe(
            'Cost profile: built-in name or a module; default: that of a built-in topology which has one, else skylake-2s.',
          ),
        newLocation: z
          .union([place, z.array(place).min(1).max(8)])
          .default({ kind: 'nvme' })
          .describe('Where idle pages go; of several they go on from each to the next.'),
        watermarks: z
          .strictObject({ low: percent.default(10), high: percent.default(20) })
          .prefault({})
          .describe('Free frames, in percent of a node, at which reclaim starts and stops.'),
        idleScans: count(0, 1000)
          .default(3)
          .describe('Scans that must find a page untouched before it goes without pressure; 0 = never.'),
        scanPerTick: count(0, 65536).default(16),
        accessesPerTick: count(1, 10_000_000).default(1000),
        reclaimBatch: count(1, 256).default(8),
        prefetch: count(0, 64)
          .default(0)
          .describe('Gfns that the host brings back after one that was wanted.'),
        heldFault: z
          .enum(heldFaults)
          .default('refuse')
          .describe(
            'A demand fault on a page that the guest holds: refused, ends the hold, or waits for its end.',
          ),
        holdTicks: count(0, 100_000)
          .default(0)
          .describe('Looks of the host that must find a page held before it ends the hold; 0 = never.'),
        writebackScans: count(0, 100_000)
          .default(0)
          .describe(
            'Looks that must find a moved page where it was before it goes to the next one in the list; 0 = never.',
          ),
        writebackPercent: percent
          .default(0)
          .describe('Use of a new location from which on pages go to the next one in the list; 0 = never.'),
        encryption: z
          .enum(encryptions)
          .default('none')
          .describe("Of what stores keep: a slot's own key, or one of guest, Gfn, generation and slot."),
        swapCache: z
          .boolean()
          .default(true)
          .describe('A page that was only read back keeps its slot while half of the store is free.'),
        readAhead: z
          .strictObject({
            pages: z.literal([0, 2, 4, 8, 16, 32]).default(0),
            by: z.enum(['vma', 'cluster']).default('vma'),
          })
          .prefault({})
          .describe(
            'Pages that a fault reads along into the swap cache (2^page-cluster), by address or by slot.',
          ),
        cachedRequest: z
          .enum(['refuse', 'move'])
          .default('refuse')
          .describe('A request for a page of which read-ahead left a copy on the source: STALE, or CACHED.'),
        sharedRequest: z
          .enum(['refuse', 'break'])
          .default('refuse')
          .describe(
            'A request to migrate a page whose slot is shared: SHARED, or its content is copied out.',
          ),
      })
      .prefault({}),
    guests: z
      .strictObject({
        count: count(1, 8).default(1),
        vcpus: count(1, 64).default(2).describe('vCPU i is on vNode i modulo the number of vNodes.'),
        listCapacity: count(1, 1 << 24)
          .optional()
          .describe('Entries of the moved list; default: one for each Gfn.'),
        list: movedList,
        hintPages: count(0, 1 << 20)
          .default(128)
          .describe('Pages that one NUMA scan marks; 0 = no balancing.'),
        accessesPerScan: count(1, 100_000_000).default(2000),
        batch: count(1, 128).default(32).describe('Balance requests that one hypercall carries.'),
        attempts: count(1, 16).default(3),
        hold: z
          .boolean()
          .default(true)
          .describe('Claim 12: a page found on the list is held until it is asked for.'),
        memory: size
          .optional()
          .describe(
            'Guest memory of each vNode, dealt to the vCPUs in equal shares; default: room for every page in each share.',
          ),
        tlbEntries: z.literal([64, 128, 256, 512, 1024, 2048]).default(512),
        ...guestVariantsSchema.partial().shape,
      })
      .prefault({}),
    workload: z.union([
      z.strictObject({
        kind: z.literal('trace'),
        files: z.array(z.string().min(1).max(400)).min(1).max(64),
        pages: count(1, 1 << 24)
          .default(4096)
          .describe('Most pages that a trace may touch.'),
        moveEvery: count(1, Number.MAX_SAFE_INTEGER)
          .optional()
          .describe('Accesses after which the task moves to another vNode.'),
        migratePages: z
          .boolean()
          .default(false)
          .describe(
            'Where the task arrives its pages are moved first, touched or not (migratepages, cpuset memory_migrate).',
          ),
        instructions: z.enum(['read', 'skip']).default('read'),
        maxBytes: size.optional().describe('Most bytes that a gzip may unpack to.'),
      }),
      z.strictObject({
        kind: z.literal('script'),
        vcpus: z
          .array(z.array(z.string().max(60)).max(10_000))
          .min(1)
          .max(512)
          .describe("Each vCPU's operations in words, such as `write 3` or `move 0..2 to 1`."),
      }),
      z.strictObject({
        kind: z
          .string()
          .max(400)
          // Else a slip in a trace or a script would be told as one in a workload by that name.
          .refine((kind) => !ownKeyed.includes(kind), { abort: true, error: 'the keys of its kind' })
          .describe('Name of a built-in workload, or a module.'),
        parameters: z
          .record(
            z.string(),
            z
              .int()
              .min(0)
              .max(2 ** 31),
          )
          .default({}),
      }),
    ]),
    protocols: z.array(z.string().max(400)).min(1).max(16).optional(),
    seeds: z.tuple([count(0, Number.MAX_SAFE_INTEGER), count(0, Number.MAX_SAFE_INTEGER)]).default([1, 1]),
  })
  .describe('A copyless scenario, version 1.');

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioInput = z.input<typeof scenarioSchema>;
