// The catalogue of what the patent has: claims 1 to 20, the numbered steps of FIG. 2, 3 and 4, the variants that its
// description names, and the races that a working system has to survive. Each in a sentence of ours, with the files that do
// it. Tests name these rows in their tags; docs/patent.md is made from both.

export type Table = 'claims' | 'FIG. 2' | 'FIG. 3' | 'FIG. 4' | 'variants' | 'races';

export interface Row {
  /** As a tag names it. */
  id: string;
  table: Table;
  /** What it asks for. */
  asks: string;
  /** Files that do it, from the project's root. */
  by: readonly string[];
  /** Other names that tags may use. */
  also?: readonly string[];
}

const ACTORS = {
  vcpu: 'src/actors/vcpu.ts',
  balancing: 'src/actors/balancing.ts',
  hypervisor: 'src/actors/hypervisor.ts',
  host: 'src/actors/host.ts',
  plans: 'src/actors/plan-interpreter.ts',
  reclaim: 'src/actors/reclaim.ts',
  node: 'src/actors/memory-node.ts',
  store: 'src/actors/persistent-store.ts',
} as const;
const MAP = 'src/protocols/copyless-map.ts';
const MIGRATE = 'src/protocols/copyless-migrate.ts';
const BOTH = 'src/protocols/copyless-map-then-migrate.ts';
const HOST_PLANS = 'src/protocols/host-plans.ts';
const ORDER = 'src/protocols/order.ts';
const LIST = 'src/memory/lists/moved-list.ts';
const GEOMETRY = 'src/model/geometry.ts';
const NO_COPY_BACK = 'src/properties/no-copy-back.ts';
const TRANSFER = 'src/memory/transfer.ts';
const MESSAGES = 'src/model/messages.ts';
const WORDS = 'src/memory/page-words.ts';
const { vcpu, balancing, hypervisor, host, plans, reclaim, node, store } = ACTORS;

type Told = readonly [asks: string, by: readonly string[]];

const claims: readonly Told[] = [
  [
    'The host moves pages from their source node to another memory node on its own. The hypervisor lists them to the guest. The guest looks, decides to balance, asks through the hypervisor; the pages come straight to the destination and nothing goes through the source.',
    [host, reclaim, hypervisor, balancing, plans, NO_COPY_BACK],
  ],
  [
    'What a request does is any non-empty part of: map the pages to the destination; take their source mapping away; map the new source location to the destination through the hypervisor.',
    [MAP, MIGRATE, BOTH, ORDER, plans],
  ],
  ['After that the data moves from the new source location to the destination.', [BOTH, HOST_PLANS, plans]],
  ['To move it is one read there and one write into the destination.', [TRANSFER, node, store]],
  ['The destination is mapped to the destination vNode.', [hypervisor, plans, 'src/memory/ept.ts']],
  ['A request to migrate now, ahead of any mapping.', [MIGRATE, 'src/model/words.ts', balancing]],
  ['The data moves before anything is mapped.', [MIGRATE, ORDER, plans]],
  ['As claim 4, for claim 7: one read, one write.', [MIGRATE, TRANSFER]],
  ['The guest looks at the list because it attempts to balance.', [balancing]],
  ['The hypervisor keeps the list: what moves later appears on it.', [hypervisor, LIST]],
  [
    'The new source location may be a disk or another storage mechanism.',
    [store, 'src/scenarios/profiles/stores.ts'],
  ],
  [
    'From the time the guest has found a page on the list until it has sent its request, nothing brings the page back to its source.',
    [balancing, WORDS, 'src/actors/holds.ts', 'src/actors/swap-cache.ts', NO_COPY_BACK],
  ],
  ['The references in the list are page frame numbers (here: Gfns, with a generation).', [LIST]],
  [
    'The system: vNodes pinned to memory nodes, a hypervisor between guest and host; the rest as claim 1.',
    ['src/model/spec.ts', GEOMETRY, 'src/actors/index.ts', 'src/properties/pin.ts'],
  ],
  ['As claim 2, on the running system.', ['src/actors/index.ts', plans]],
  ['As claim 3, on the running system.', ['src/actors/index.ts', plans]],
  ['As claim 4, on the running system.', ['src/actors/index.ts', node, store]],
  ['As claim 5, on the running system.', ['src/actors/index.ts', hypervisor]],
  ['As claim 7, on the running system.', ['src/actors/index.ts', MIGRATE]],
  [
    'A program on a medium does what claim 1 says.',
    ['src/cli/main.ts', 'src/index.ts', 'tsconfig.build.json', 'package.json'],
  ],
];

const figure2: Readonly<Record<number, Told>> = {
  210: [
    'Export the list of moved pages from host to guest, through the hypervisor.',
    [host, hypervisor, LIST],
  ],
  215: ['The guest inspects it: pages, lists, references.', [balancing, LIST]],
  220: ['The guest detects which of its pages were moved.', [balancing, WORDS]],
  225: ['The guest sends a request.', [balancing, vcpu]],
  230: ['The host undertakes the operation.', [host, plans]],
};
const figure3: Readonly<Record<number, Told>> = {
  310: ['Migrate at once: before the mapping, or between its steps.', [MIGRATE, ORDER]],
  315: ["The source's mapping of the page is moved: it no longer names the data.", [ORDER, plans]],
  320: ['The new source location is mapped to the destination; no bytes move.', [MAP, ORDER, plans]],
  325: ['The data moves: one read there, one write into the destination.', [BOTH, ORDER, plans]],
};
const figure4: Readonly<Record<number, Told>> = {
  405: ['The host moves pages from the source to a new location.', [reclaim, HOST_PLANS, plans]],
  410: ['The host directs the hypervisor to export.', [plans, MESSAGES]],
  415: ['The hypervisor receives that, with a complete or a partial list.', [hypervisor, MESSAGES]],
  420: ['The hypervisor collects or completes the list.', [hypervisor]],
  425: ['The hypervisor exports to the guest.', [hypervisor, LIST]],
  430: ['The guest receives the list, or access to it.', [LIST]],
  435: ['The guest accesses the list when it balances.', [balancing]],
  440: ['The guest learns from it where a page is: resident, listed, or unknown.', [balancing, LIST]],
  445: ['Request: map.', [MAP, balancing]],
  450: ['Request: migrate now, map afterwards. Both at once is a request too.', [MIGRATE, BOTH, balancing]],
  455: ['The hypervisor checks the request and forwards it.', [hypervisor]],
  460: ['The host receives it: accepts, or refuses with a reason.', [host, plans]],
  465: ['The host removes the source mapping.', [plans]],
  470: ['The host maps the data at its new location to the destination.', [plans, MAP]],
  475: ['The data moves from there to the destination.', [plans, TRANSFER]],
  480: ['The host tells the hypervisor to map it onto the vNode.', [plans, MESSAGES]],
  485: ['The hypervisor maps it and updates the location: the entry leaves the list.', [hypervisor, LIST]],
  490: [
    'The guest has the new mapping; balancing is complete.',
    [balancing, 'src/memory/guest-page-table.ts'],
  ],
};

const variants: readonly Omit<Row, 'table'>[] = [
  {
    id: 'variant (12) (20) pinning',
    asks: 'vNodes are pinned to memory nodes and vCPUs with them. The control: without a pin to a source there is no copy-back.',
    by: ['src/model/spec.ts', GEOMETRY, 'src/properties/pin.ts'],
  },
  {
    id: 'variant (13) (21) reclaim',
    asks: 'The host moves idle pages out continuously, on its own and without telling the guest, to make room.',
    by: [reclaim, 'src/actors/host-pages.ts'],
  },
  {
    id: 'variant (14) baseline',
    asks: 'What happens today: back to the source first, then on to the destination.',
    by: ['src/protocols/conventional.ts', HOST_PLANS],
  },
  {
    id: 'variant (16) (21) (32) new location',
    asks: 'The new location is an SSD, a hard disk, another storage mechanism, or another memory node.',
    by: [store, node, 'src/actors/relocation.ts', 'src/actors/chain.ts', 'src/scenarios/profiles/stores.ts'],
  },
  {
    id: 'variant (16) free list',
    asks: 'What the patent calls free list names moved pages; it has nothing to do with pages that are free.',
    by: [LIST, 'src/actors/guest-memory.ts', 'src/actors/pool.ts'],
  },
  {
    id: 'variant (17) interconnect',
    asks: 'The copy over the interconnect is saved, as far as the place of the device allows.',
    by: ['src/report/interconnect.ts', 'src/report/metrics.ts'],
  },
  {
    id: 'variant (18) shared list',
    asks: 'One list is shared by many guests, each of which sees its own pages only.',
    by: [LIST, hypervisor],
  },
  {
    id: 'variant (18) one list per guest',
    asks: 'Each guest has a list of its own.',
    by: [LIST, 'src/memory/world.ts'],
  },
  {
    id: 'variant (18) (28) (33) (36) several hosts',
    also: ['variant (18) several hosts', 'variant (28) network'],
    asks: 'Guests on several hosts, joined by a network that loses, repeats and reorders.',
    by: ['src/actors/cluster/index.ts', 'src/actors/cluster/link.ts', 'src/memory/shared-list.ts'],
  },
  {
    id: 'variant (18) list owner',
    asks: 'The list is kept by the hypervisor, or by the host.',
    by: [hypervisor, host],
  },
  {
    id: 'variant (21) (22) mapping stays',
    asks: 'When the host moves a page out, the guest page table is left as it is: the guest does not notice.',
    by: [plans, 'src/memory/guest-page-table.ts', 'src/memory/ept.ts'],
  },
  {
    id: 'variant (22) list format',
    asks: 'The list has any format: table, bitmap, ring, snapshot.',
    by: [
      'src/memory/lists/table-list.ts',
      'src/memory/lists/bitmap-list.ts',
      'src/memory/lists/ring-list.ts',
      'src/memory/lists/snapshot-list.ts',
    ],
  },
  {
    id: 'variant (22) (24) inspect timing',
    asks: 'The guest looks at the list when it balances, or ahead of it.',
    by: [balancing],
  },
  {
    id: 'variant (23) request kinds',
    asks: 'A request asks to map, to migrate, or for both.',
    by: ['src/model/words.ts', MAP, MIGRATE, BOTH],
  },
  {
    id: 'variant (23) guest removes its mapping',
    also: ['variant (23)'],
    asks: 'On discovery the guest takes its own mapping to the source away; whoever touches the page waits.',
    by: [balancing, 'src/memory/guest-page-table.ts'],
  },
  {
    id: 'variant (24) detection starts the hold',
    also: ['variant (24) detection itself starts the prevention'],
    asks: 'The detection itself begins what claim 12 asks for.',
    by: [balancing, WORDS, 'src/actors/holds.ts'],
  },
  {
    id: 'variant (25) any order',
    also: ['variant (25)'],
    asks: 'The steps of FIG. 3 come in any order, and each may be left out: the end is the same.',
    by: [ORDER],
  },
  {
    id: 'variant (27) source mapping',
    asks: 'Requests say that the source mapping is to be removed: no plan that leaves it is accepted.',
    by: [ORDER],
  },
  {
    id: 'variant (27) list access',
    asks: 'The guest is given the list, or only access to it.',
    by: [LIST, balancing],
  },
  {
    id: 'variant (28) (29) CPU-less nodes',
    asks: 'Machines with GPUs or memory expanders: nodes without CPUs, several processors.',
    by: [
      'src/scenarios/topologies/index.ts',
      'src/scenarios/topologies/warnings.ts',
      'src/scenarios/assemble.ts',
    ],
  },
  {
    id: 'variant (30) encryption',
    asks: 'What is written out is encrypted; a moved entry is given its new key, or refused.',
    by: ['src/memory/encryption.ts'],
  },
  {
    id: 'variant (33)-(38) cloud',
    also: ['variant (33) cloud', 'variant (36) clustered'],
    asks: 'Many guests and hosts, with more memory promised than there is.',
    by: ['src/model/spec.ts', 'src/scenarios/assemble.ts'],
  },
  {
    id: 'variant (45) concurrency',
    asks: 'Steps of several operations run at the same time, in any order.',
    by: ['src/runtime/simulate.ts', 'src/runtime/schedulers/pct.ts', 'src/runtime/threads/crew.ts'],
  },
];

/** What it is, and what must come out of it. */
const races: readonly (readonly [race: string, outcome: string])[] = [
  [
    'stale list entry: the page came back after the guest had looked',
    'the request is refused STALE, nothing is lost',
  ],
  ['demand fault against a request under way', 'it waits, and then sees the destination'],
  ['slot freed, given to another page, and back', 'the generation tells: no foreign content'],
  [
    'a cached copy is on the source already',
    'STALE, or the copy itself is moved; the entry never leaves it behind',
  ],
  ['the page is still being written out', 'wait or cancel; an unwritten slot is never read'],
  ['written after swap-in while its old slot is listed', 'the old slot is never used: no lost update'],
  ['read-ahead pulls neighbours, both ways', 'held pages are left out, or the hold ends with a cause'],
  ['two requests for one page', 'one wins, one transfer; one effect per request'],
  ['the content is shared (KSM, fork)', 'refused SHARED, or the share is broken; others are not touched'],
  ['the destination is full', 'NOMEM: no silent detour over the source'],
  ['the guest frees or reuses the Gfn', 'the entry dies; nothing is resurrected, nothing leaks'],
  ['reverse decision, ping-pong', 'one request at most is pending, and it is bounded'],
  ['huge pages: whole, partly moved out, split', 'each small page has its own generation'],
  ['the page is pinned or locked for a device', 'refused PINNED'],
  ['an asynchronous page fault is outstanding', 'it is completed exactly once'],
  ['a fault installs what is being invalidated', 'it tries again; no frame is reused before its shootdown'],
  ['a hostile guest on a shared list', 'refused; it learns and changes nothing of another'],
  ['torn, overflowed, wrapped or partial list', 'unknown; never resident by mistake'],
  ['the location changes class meanwhile', 'the request is resolved when it is carried out'],
  ['the store fails, or is taken off', 'poison or refusal, never wrong data; declared and counted'],
  ['the pin changes, a node goes offline', 'resolved anew, or refused'],
  ['a snapshot or live migration is running', 'both Gfns are dirty; no page is lost'],
  ['crash, lost, repeated, reordered messages, partition', 'one effect at most; a time-out ends the hold'],
  ['the guest changes its page tables', 'it looks again; the destination Gfn is freed'],
  ['deadlock under pressure', 'a reserve, or a time-out: everything ends'],
];

const steps = (table: Table, told: Readonly<Record<number, Told>>): Row[] =>
  Object.entries(told).map(([numeral, [asks, by]]) => ({ id: `step ${numeral}`, table, asks, by }));

export const rows: readonly Row[] = [
  ...claims.map(([asks, by], at): Row => ({ id: `claim ${at + 1}`, table: 'claims', asks, by })),
  ...steps('FIG. 2', figure2),
  ...steps('FIG. 3', figure3),
  ...steps('FIG. 4', figure4),
  ...variants.map((variant): Row => ({ ...variant, table: 'variants' })),
  ...races.map(([race, outcome], at): Row => ({
    id: `race ${at + 1}`,
    table: 'races',
    asks: `${race}: ${outcome}`,
    by: [],
  })),
];
