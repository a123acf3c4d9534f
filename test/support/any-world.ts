// Worlds in which any option may meet any other, and scripts in which any command may: drawn from one number each. What the
// campaigns of one area leave out, because it is another's. Only what no host could do is left out: to keep pages where
// devices, or a store that was turned off, leave no room for them.
import { drawFaults } from '../../src/model/faults.ts';
import {
  listAccesses,
  listFormats,
  listInspections,
  listOwners,
  listScopes,
  listUnmaps,
} from '../../src/model/list-policy.ts';
import type { GuestVariants } from '../../src/model/spec.ts';
import { type Protocol, protocols } from '../../src/protocols/index.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { ACCESSES, type Mix } from './random-scripts.ts';
import type { Order, Small } from './small-world.ts';

export interface AnyWorld {
  small: Small;
  mix: Mix;
  /** Of each vCPU. */
  operations: number;
  protocol: Protocol;
  order: Order;
}

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
const GREEDY = /^(pin|share|inflate|unplug|free) /;

export function anyWorld(seed: number): AnyWorld {
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
  };
  const mix: Record<string, number> = { ...ACCESSES, ...(guest.hugePages && { 'pageout P 1': 2 }) };
  for (const [command, weight] of Object.entries(COMMANDS)) {
    if (any(false, true) || (GREEDY.test(command) && !roomy)) continue;
    // Nobody has to let go of a page, and whoever touches it under another name waits for that.
    if (command === 'pin P' && guest.remap !== undefined) continue;
    if ((command === 'pin P' && frames < 16) || (command === 'swapoff 0' && frames < 40)) continue;
    mix[command] = weight;
  }
  const order = any<Order>({ kind: 'random', seed }, { kind: 'pct', seed }, { kind: 'timed' });
  return { small, mix, operations: any(12, 30, 60), protocol: any(...protocols), order };
}
