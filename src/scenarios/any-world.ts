// Worlds in which any option may meet any other, and scripts in which any command may: drawn from one number each, as
// `drawScenario` draws those in which only a few do. What no host could do is left out: to keep pages where devices, or a
// store that was turned off, leave no room for them.
import type { Needs } from '../flaws/index.ts';
import { drawFaults, type FaultPlan } from '../model/faults.ts';
import {
  listAccesses,
  listFormats,
  listInspections,
  listOwners,
  listScopes,
  listUnmaps,
} from '../model/list-policy.ts';
import type { GuestVariants } from '../model/spec.ts';
import { Prng } from '../stdx/prng.ts';
import {
  costs,
  type DrawnScenario,
  type DrawnScript,
  type Mix as FaultMix,
  type Order,
} from './drawn-scenario.ts';
import { ACCESSES, type Mix, randomScripts } from './random-scripts.ts';
import { shapeOf, type Small, smallWorld, tight } from './small-world.ts';

/** What is drawn in every run, for people. */
export const variedInAny =
  'world (nodes, frames, vCPUs, guests, stores, far memory, chains), every option of README, "Variants", script, protocol, order (random, pct over actors, timed)';

/** Commands with their weights; each is there in every other world. */
const COMMANDS: Mix = {
  'pageout P': 2,
  'promote P': 1,
  'writeback P': 1,
  'migrate-host P V': 1,
  'hold P': 1,
  'swapoff 0': 1,
  'share P': 2,
  'unshare P': 2,
  'pin P': 1,
  'unpin P': 2,
  'free P': 1,
  'inflate V': 1,
  'deflate V': 1,
  'unplug V': 1,
  'repin V 0': 1,
  'repin V 1': 1,
  'move 0..2 to V': 2,
};
/** They take room away for as long as they like. */
const GREEDY = /^(pin|share|inflate|unplug|free|swapoff) /;

/**
 * @param faults which, if any; `half`: in every other world, some of them or any
 * @param protocols names to draw from
 * @param needs what must be so, whatever is drawn
 */
export function drawAnyWorld(
  seed: number,
  faults: FaultMix | 'half',
  protocols: readonly string[],
  needs: Needs = {},
): DrawnScenario<DrawnScript> {
  const prng = new Prng().seed(seed, 9);
  const any = <T>(...among: readonly T[]): T => among[prng.below(among.length)]!;
  const guest: GuestVariants = {
    ...(any(false, true) && { freePageReporting: true }),
    ...(any(false, false, true) && { poison: any('negotiated', 'unnegotiated') }),
    ...(any(false, false, true) && { asyncFaults: true }),
    ...any<GuestVariants>({}, {}, {}, { hugePages: 2 }, { hugePages: 4 }, { remap: 'hasid-alias' }),
  };
  const [pages, nodes, guests] = [any(3, 5, 8), any(2, 2, 3), any(1, 1, 1, 2)];
  const gfns = 3 * (pages + 8);
  const roomy = any(true, true, false);
  const far = any(false, false, true);
  const mapped = far && any(false, true);
  const frames = roomy ? any(8, 16, 40) : any(4, 6);
  const small: Small = {
    pages,
    nodes,
    guests,
    gfns,
    frames,
    far,
    mapped,
    vcpus: any(1, 2, 2, 3),
    ...(Object.keys(guest).length > 0 && { guest }),
    slots: guests * nodes * gfns + (roomy ? any(60, 120) : 10),
    chain: any<number[]>([], [], [40], [4, 40]),
    batch: Math.max(any(1, 2, 4, 8), guest.hugePages ?? 1),
    burst: any(1, 1, 3),
    promoteOnAccess: mapped && any(true, false),
    writebackPercent: any(0, 0, 10, 50),
    writebackScans: any(0, 0, 1, 2),
    heldFault: any('refuse', 'block', 'convert'),
    holdTicks: any(1, 2, 3),
    hold: any(true, true, true, false),
    prefetch: any(0, 1, 3),
    readAhead: any(0, 0, 2, 4),
    readAheadBy: any('vma', 'cluster'),
    cachedRequest: any('refuse', 'move'),
    sharedRequest: any('refuse', 'break'),
    swapCache: any(true, true, false),
    encryption: any('none', 'none', 'gfn', 'slot'),
    hintPages: any(0, 2),
    accessesPerScan: any(2, 4),
    accessesPerTick: any(2, 8),
    scanPerTick: any(1, 2),
    idleScans: any(1, 2),
    lowWatermarkPercent: any(0, 30),
    listCapacity: any(2, 8, 32),
    list: any(true, false)
      ? {}
      : {
          format: any(...listFormats),
          access: any(...listAccesses),
          owner: any(...listOwners),
          inspect: any(...listInspections),
          period: 2 + prng.below(4),
          lag: prng.below(4),
          per: any(...listScopes),
          unmap: any(...listUnmaps),
        },
    faults: any(true, false) ? drawFaults(seed, any('swarm', 'all'), 2 + prng.below(8)) : [],
    ...neededOf(needs),
  };
  if (faults !== 'half' || needs.faults) small.faults = planOf(seed, faults, needs);
  const mix: Record<string, number> = { ...ACCESSES, ...(guest.hugePages && { 'pageout P 1': 2 }) };
  for (const [command, weight] of Object.entries(COMMANDS)) {
    if (any(false, true) || (GREEDY.test(command) && !roomy)) continue;
    // Nobody has to let go of a page, and whoever touches it under another name waits for that.
    if (command === 'pin P' && guest.remap !== undefined) continue;
    if ((command === 'pin P' && frames < 16) || (command === 'swapoff 0' && frames < 40)) continue;
    mix[command] = weight;
  }
  const order = any<Order>('random', 'pct', 'timed');
  const operations = any(12, 30, 60);
  const among = protocols.filter((name) => needs.protocols?.includes(name) ?? true);
  const protocol = any(...(among.length > 0 ? among : protocols));
  const spec = smallWorld(rarely(new Prng().seed(seed, 10), mix, small));
  const workload: DrawnScript = { kind: 'script', vcpus: randomScripts(spec, seed, mix, { operations }) };
  return { spec, costs, shape: shapeOf(spec), workload, protocol, order, seed };
}

/** Bounds of the kernels that seldom matter, and as little room as there may be; with numbers of their own. */
function rarely(prng: Prng, mix: Record<string, number>, small: Small): Small {
  const { chain, guest } = small;
  if (mix['swapoff 0'] !== undefined && chain!.length > 0 && prng.chance(1, 2)) mix['swapoff 0 1'] = 1;
  const [reclaimBatch, attempts] = [1 + prng.below(3), prng.chance(1, 4) ? 1 : 3];
  const lasts = guest?.remap === undefined && !Object.keys(mix).some((word) => GREEDY.test(word));
  const spare = prng.below(3);
  const tightened = lasts && prng.chance(1, 3) ? tight(small, spare) : small;
  return { ...tightened, reclaimBatch, attempts };
}
function neededOf({ listCapacity, batch, prefetch, heldFault, list }: Needs): Partial<Small> {
  const needed = { listCapacity, batch, prefetch, heldFault, list };
  return Object.fromEntries(Object.entries(needed).filter(([, value]) => value !== undefined));
}
function planOf(seed: number, mix: FaultMix | 'half', { faults }: Needs): FaultPlan {
  const length = 2 + new Prng().seed(seed, 11).below(8);
  if (faults) return faults.length === 0 ? [] : drawFaults(seed, 'all', length, faults);
  return mix === 'none' ? [] : drawFaults(seed, mix === 'all' ? 'all' : 'swarm', length);
}
