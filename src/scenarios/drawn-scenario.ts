// A whole scenario drawn from one number: a small world, a workload of tens of accesses, a protocol, an order, faults.
// Capacities are chosen to hurt, within what the host can do at all.
//
// Swarm testing (Groce et al., ISSTA 2012): a run with everything on hides what only a run without some of it shows, so
// half of a campaign draws for each feature whether it is on.
import type { Needs } from '../flaws/index.ts';
import type { Costs } from '../model/cost.ts';
import { resolveCosts } from '../model/cost.ts';
import { drawFaults, type FaultName, faultNames, type FaultPlan } from '../model/faults.ts';
import {
  listAccesses,
  listFormats,
  listInspections,
  listOwners,
  listScopes,
  listUnmaps,
  type ListPolicy,
} from '../model/list-policy.ts';
import type { GuestShape } from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import { Prng } from '../stdx/prng.ts';
import skylake from './profiles/skylake-2s.ts';
import { shapeOf, type Small, smallWorld, tight } from './small-world.ts';

/** Who is next: any message alike; by priority of actors, or of conversations; whatever is due first. */
export type Order = 'random' | 'pct' | 'pct over rings' | 'timed';
const orders: readonly Order[] = [
  'random',
  'random',
  'pct',
  'pct',
  'pct over rings',
  'pct over rings',
  'timed',
];

/** A workload of the shipped kinds. */
export interface DrawnWorkload {
  kind: string;
  parameters: Record<string, number>;
}
/** A script written out, as in a scenario. */
export interface DrawnScript {
  kind: 'script';
  vcpus: string[][];
}

export interface DrawnScenario<Work = DrawnWorkload> {
  spec: WorldSpec;
  costs: Costs;
  shape: GuestShape;
  workload: Work;
  /** One of those that were given. */
  protocol: string;
  order: Order;
  seed: number;
}

/** Which features and faults are on: a part drawn for each run, all of them, or no faults. */
export type Mix = 'swarm' | 'all' | 'none';
export const mixes = ['swarm', 'all', 'none'] as const satisfies readonly Mix[];

/** What makes a world hard, each switched on or off by itself. */
export const features = [
  'three nodes',
  'a third vCPU',
  'two guests',
  'far memory',
  'a short list',
  'a full store',
  'prefetch',
  'bulk moves',
  'a fault ends a hold',
] as const;
type Feature = (typeof features)[number];

/** What is drawn in every run, for people. */
export const varied =
  'world (nodes, frames, vCPUs, guests, store or far memory), read-ahead, moved list (format, who keeps it, how it is read), workload, protocol, order (random, pct over actors or rings, timed)';

export const costs = resolveCosts(skylake);
const PAGES = 4;

/**
 * @param protocols names to draw from
 * @param needs what must be so, whatever is drawn
 */
export function drawScenario(
  seed: number,
  mix: Mix,
  protocols: readonly string[],
  needs: Needs = {},
): DrawnScenario {
  const prng = new Prng().seed(seed, 3);
  // Drawn in one order whatever comes of it, so that one feature more or less leaves the others as they were.
  const drawn = new Set<Feature>(features.filter(() => prng.chance(1, mix === 'all' ? 1 : 2)));
  // With all of them on there is nothing left to choose but these, which exclude each other's opposite.
  const either = (feature: Feature) => (mix === 'all' ? prng.chance(1, 2) : drawn.has(feature));
  const far = either('far memory');
  const converts = either('a fault ends a hold');
  const bulk = either('bulk moves');
  const large = prng.chance(1, 6);
  const small: Small = {
    pages: PAGES,
    nodes: drawn.has('three nodes') && large ? 3 : 2,
    vcpus: drawn.has('a third vCPU') && large ? 3 : 2,
    guests: drawn.has('two guests') && large ? 2 : 1,
    frames: 3 + prng.below(2),
    far,
    listCapacity: needs.listCapacity ?? (drawn.has('a short list') ? 1 + prng.below(3) : 8),
    batch: needs.batch ?? 1 + prng.below(4),
    prefetch: needs.prefetch ?? (drawn.has('prefetch') ? 1 + prng.below(2) : 0),
    heldFault: needs.heldFault ?? (converts ? 'convert' : 'refuse'),
    faults: drawPlan(prng, mix, needs.faults),
    ...listOf(seed, needs.list),
    ...readAheadOf(seed),
    accessesPerTick: 2,
    scanPerTick: 2,
    accessesPerScan: 2 + prng.below(3),
  };
  const spec = smallWorld(tight(small, drawn.has('a full store') ? 0 : 1 + prng.below(3)));
  const among = protocols.filter((name) => needs.protocols?.includes(name) ?? true);
  return {
    spec,
    costs,
    shape: shapeOf(spec),
    workload: drawWorkload(prng, bulk),
    protocol: among[prng.below(among.length)] ?? protocols[0]!,
    order: orders[prng.below(orders.length)]!,
    seed,
  };
}

/** How the list is exported and read: plainly every other time, else anything for each choice. */
function listOf(seed: number, needed?: Partial<ListPolicy>): Pick<Small, 'list'> {
  if (needed) return { list: needed };
  // Numbers of its own, so that everything else is drawn as it is without.
  const prng = new Prng().seed(seed, 4);
  if (prng.chance(1, 2)) return {};
  const any = <T>(among: readonly T[]): T => among[prng.below(among.length)]!;
  return {
    list: {
      format: any(listFormats),
      access: any(listAccesses),
      owner: any(listOwners),
      inspect: any(listInspections),
      period: 2 + prng.below(4),
      lag: prng.below(4),
      per: any(listScopes),
      unmap: any(listUnmaps),
    },
  };
}

/** Neighbours that a fault reads along: every other time none. With numbers of its own, as the list. */
function readAheadOf(seed: number): Pick<Small, 'readAhead' | 'readAheadBy'> {
  const prng = new Prng().seed(seed, 5);
  if (prng.chance(1, 2)) return {};
  return { readAhead: prng.chance(1, 2) ? 2 : 4, readAheadBy: prng.chance(1, 2) ? 'vma' : 'cluster' };
}

/** Some of what a device or link can do, early enough for a short run to meet it. */
function drawPlan(prng: Prng, mix: Mix, among: readonly FaultName[] = faultNames): FaultPlan {
  const seed = prng.next();
  const length = 2 + prng.below(8);
  if (among.length === 0) return [];
  if (among !== faultNames) return drawFaults(seed, 'all', length, among);
  return mix === 'none' ? [] : drawFaults(seed, mix, length);
}

function drawWorkload(prng: Prng, bulk: boolean): DrawnScenario['workload'] {
  const kind = (['adversary', 'adversary', 'adversary', 'process-move', 'uniform'] as const)[prng.below(5)]!;
  switch (kind) {
    case 'adversary': {
      // Many bulk moves, and pages are moved on before anybody has touched them where they are (race 12).
      const storm = bulk && prng.chance(3, 4);
      const accesses = storm ? 20 + prng.below(16) : 8 + prng.below(8);
      const bulkPermille = storm ? 300 : bulk ? 60 : 0;
      const parameters = { pages: PAGES, focusPages: 2, dwell: 4 + prng.below(4), accesses, bulkPermille };
      return { kind, parameters };
    }
    case 'process-move':
      return {
        kind,
        parameters: {
          pages: PAGES,
          hotPages: 1 + prng.below(2),
          accesses: 4 + prng.below(6),
          rounds: 1 + prng.below(2),
          bulk: bulk ? 1 : 0,
        },
      };
    case 'uniform':
      return { kind, parameters: { pages: PAGES, accesses: 8 + prng.below(8), writePercent: 50 } };
  }
}
