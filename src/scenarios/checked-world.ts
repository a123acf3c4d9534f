// The world that an exhaustive search explores: as small as its bounds say, with the policies of a scenario. Everything in
// it happens for a reason that the search chooses: no scans, no ticks, no watermarks.
import { type Costs, resolveCosts } from '../model/cost.ts';
import type { WorldSpec } from '../model/spec.ts';
import skylake from './profiles/skylake-2s.ts';
import { type Small, smallWorld } from './small-world.ts';

/** Orders are searched, not times: what things cost plays no part. */
export const anyCosts: Costs = resolveCosts(skylake);

export interface WorldBounds {
  /** Pages of each guest. */
  pages: number;
  /** Memory nodes with CPUs; each guest has a vNode on each. */
  nodes: number;
  /** vCPUs of each guest: the first one, which writes the pages, on vNode 0, all others on vNode 1, so that they are alike. */
  vcpus: number;
  guests: number;
}

/** Messages that may come twice, that may get lost, and that may be said again although the answer is on its way. */
export interface Harms {
  repeats?: number;
  losses?: number;
  timeouts?: number;
  /** Times that the hypervisor loses its memory, and the message that it was to take. */
  restarts?: number;
}

/** So few that a loop of repeated faults comes round; half of them is more than an operation has calls. */
const SERIALS = 64;

/**
 * Frames of each node and slots of the store, so that room never runs short; or fewer, by `given`.
 * @param harms what may befall messages
 */
export function checkedWorld(bounds: WorldBounds, given: Small = {}, harms: Harms = {}): WorldSpec {
  const { repeats = 0, losses = 0, timeouts = losses, restarts = 0 } = harms;
  const loses = losses + timeouts + restarts > 0;
  const { pages, vcpus, guests } = bounds;
  const all = pages * guests;
  const spec = smallWorld({
    ...bounds,
    frames: 2 * all,
    slots: all + 1,
    gfns: pages * vcpus,
    batch: 1,
    // An entry for each Gfn: else which pages can be listed together is a matter of their numbers.
    listCapacity: bounds.nodes * pages * vcpus,
    swapCache: false,
    ...given,
    hintPages: 0,
    prefetch: given.prefetch ?? 0,
    reclaimBatch: 1,
    lowWatermarkPercent: 0,
    highWatermarkPercent: 0,
    idleScans: 0,
  });
  const tlbEntries = 2 ** Math.ceil(Math.log2(Math.max(2, pages)));
  return {
    ...spec,
    guests: spec.guests.map((guest) => ({
      ...guest,
      vcpus: guest.vcpus.map((_, vcpu) => Math.min(vcpu, bounds.nodes - 1, 1)),
    })),
    chunk: 1,
    tlbEntries,
    policy: { ...spec.policy, accessesPerTick: 2 ** 29 },
    reclaims: [],
    ...((repeats > 0 || loses) && { serials: SERIALS }),
    ...(loses && { timeouts: [] }),
    ...(restarts > 0 && { restarts: true as const }),
  };
}
