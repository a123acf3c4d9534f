// Small worlds for exploration: pages of a few words, bursts of one, every capacity chosen to hurt.
import type { FaultPlan } from '../model/faults.ts';
import type { GuestShape } from '../model/script.ts';
import type { Policy, WorldSpec } from '../model/spec.ts';

/** Sizes of a small world, and whatever of the policy is not to be as usual. */
export interface Small extends Partial<Omit<Policy, 'far'>> {
  nodes?: number;
  frames?: number;
  pages?: number;
  vcpus?: number;
  guests?: number;
  slots?: number;
  listCapacity?: number;
  far?: boolean;
  batch?: number;
  pageWords?: number;
  burst?: number;
  faults?: FaultPlan;
  /** A memory node as new location keeps pages mapped. */
  mapped?: boolean;
  /** Slots of further stores, in which pages go on from the first new location: a chain. */
  chain?: readonly number[];
  /** Guest page frames of each vNode. */
  gfns?: number;
}

/** Every policy with the value that it has in small worlds: everything happens often. */
const POLICY: Policy = {
  lowWatermarkPercent: 30,
  highWatermarkPercent: 50,
  idleScans: 2,
  scanPerTick: 1,
  accessesPerTick: 8,
  reclaimBatch: 2,
  prefetch: 1,
  hintPages: 2,
  accessesPerScan: 4,
  heldFault: 'refuse',
  holdTicks: 0,
  far: 'unmapped',
  promoteOnAccess: false,
  writebackPercent: 0,
  writebackScans: 0,
  encryption: 'none',
  swapCache: true,
  readAhead: 0,
  readAheadBy: 'vma',
  cachedRequest: 'refuse',
  sharedRequest: 'refuse',
  hold: true,
  attempts: 3,
};

function policyOf(small: Small): Policy {
  const given = Object.entries(small).filter(
    ([key, value]) => key in POLICY && key !== 'far' && value !== undefined,
  );
  const far = small.mapped ? ('mapped' as const) : ('unmapped' as const);
  return { ...POLICY, ...Object.fromEntries(given), far, ...(small.guest && { guest: small.guest }) };
}

const PAGES = 6;

/** A world of one guest (or several alike) whose vNode i is pinned to node i, vCPU j on vNode j mod nodes. */
export function smallWorld(small: Small = {}): WorldSpec {
  const {
    nodes = 2,
    frames = 4,
    pages = PAGES,
    vcpus = 2,
    guests = 1,
    slots = 16,
    listCapacity = 8,
    far = false,
  } = small;
  const hosts = far ? nodes + 1 : nodes;
  const stores: WorldSpec['stores'] = far ? [] : [{ name: 'nvme0', kind: 'nvme', slots, node: 0 }];
  for (const more of small.chain ?? [])
    stores.push({ name: `hdd${stores.length}`, kind: 'hdd', slots: more, node: 0 });
  return {
    pageWords: small.pageWords ?? 2,
    nodes: Array.from({ length: hosts }, (_, id) => ({
      id,
      frames: id < nodes ? frames : slots,
      hasCpus: id < nodes,
    })),
    distances: Array.from({ length: hosts }, (_, i) =>
      Array.from({ length: hosts }, (_, j) => (i === j ? 10 : 20)),
    ),
    stores,
    guests: Array.from({ length: guests }, () => ({
      pages,
      vnodes: Array.from({ length: nodes }, (_, node) => ({ node, gfns: small.gfns ?? pages * vcpus })),
      vcpus: Array.from({ length: vcpus }, (_, v) => v % nodes),
    })),
    moveTo: [...(far ? [nodes] : []), ...stores.map((_, store) => hosts + store)],
    listCapacity,
    batch: small.batch ?? 4,
    tlbEntries: 4,
    burst: small.burst ?? 1,
    chunk: 16,
    policy: policyOf(small),
    ...(small.faults ? { faults: small.faults } : {}),
  };
}

/**
 * Gives a world the fewest Gfns with which every vCPU's share of them lasts for all pages, and so few slots (or far
 * frames) that they run short, but not out: every Gfn that was ever used may stay backed, one page is always on its way.
 * @param spare slots beyond that
 */
export function tight(small: Small, spare: number): Small {
  const { nodes = 2, frames = 4, vcpus = 2, guests = 1, pages = PAGES } = small;
  const gfns = vcpus * (Math.ceil(pages / nodes) + 1);
  const missing = guests * nodes * gfns - nodes * frames;
  return { ...small, pages, gfns, slots: Math.max(2, missing + 1 + spare) };
}

export function shapeOf(spec: WorldSpec, guest = 0): GuestShape {
  const { vcpus, vnodes } = spec.guests[guest]!;
  return { vcpuVnodes: vcpus, vnodes: vnodes.length, pageWords: spec.pageWords };
}
