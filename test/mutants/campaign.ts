// The runs that a mutant must survive to be called a survivor, and the verdict on it. One campaign for all protocols:
// few pages, few frames, every workload, every scheduler, both kinds of new source location.
import { Geometry } from '../../src/model/geometry.ts';
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { monitors } from '../../src/properties/index.ts';
import type { WitnessName } from '../../src/properties/index.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { pageTable } from '../../machines/index.ts';
import { explore, type Order, type Small, smallWorld } from '../support/small-world.ts';
import {
  hostMoves,
  roomForStaleLooks,
  smallWorkload,
  smallWorkloads,
  staleLooks,
  tight,
} from '../support/small-workloads.ts';

export const RUNS = 130;
/** From this run on the host also moves pages from store to store and from node to node, by command. */
export const HOST_MOVES = 100;
/** From this run on a guest asks for many pages at once, of which read-ahead has copied some since it looked at the list. */
export const STALE_LOOKS = 120;
/** The first run in which a plan may be taken. */
export function firstRun(plan: string): number {
  if (plan === 'moveCached') return STALE_LOOKS;
  return plan === 'relocate' || plan === 'hostMigrate' ? HOST_MOVES : 0;
}
/** Clean runs take some 4,000 steps; under PCT, which starves an actor for long, up to ten times as many. */
export const STEPS_MAX = 200_000;

export interface Case {
  small: Small;
  workload: (shape: GuestShape) => Workload;
  order: Order;
  seed: number;
}

/** Run number `index`, from 0: neighbours differ in as much as possible. */
export function caseNumber(index: number): Case {
  const seed = index + 1;
  const kinds: Order[] = [{ kind: 'random', seed }, { kind: 'timed' }, { kind: 'pct', seed }];
  const frames = 3 + (index % 4);
  const small: Small = {
    far: index % 2 === 1,
    nodes: index % 5 === 4 ? 3 : 2,
    vcpus: 2 + (index % 3 === 2 ? 1 : 0),
    frames,
    listCapacity: index % 4 === 3 ? 2 : 8,
    prefetch: index % 3,
    heldFault: index % 7 === 3 ? 'convert' : 'refuse',
    guests: index % 11 === 10 ? 2 : 1,
    swapCache: index % 4 !== 2,
    readAhead: index % 3 === 1 ? 4 : 0,
    readAheadBy: index % 2 === 0 ? 'vma' : 'cluster',
    cachedRequest: index % 3 === 1 ? 'move' : 'refuse',
    hold: index % 8 !== 6,
  };
  const order = kinds[index % 3]!;
  if (index >= STALE_LOOKS) {
    const workload = (shape: GuestShape) => scriptWorkload(staleLooks, shape);
    return { small: roomForStaleLooks, workload, order: kinds[2 * (index % 2)]!, seed };
  }
  if (index >= HOST_MOVES) {
    const workload = (shape: GuestShape) => scriptWorkload(hostMoves(shape), shape);
    return { small: { ...small, frames: frames + 2, chain: [24] }, workload, order, seed };
  }
  return {
    small: tight(small, index % 6 === 5 ? 0 : index % 6 === 2 ? 24 : 4),
    workload: smallWorkload(smallWorkloads[Math.floor(index / 2) % smallWorkloads.length]!),
    order,
    seed,
  };
}

export interface Finding {
  /** Always-properties violated, the one that saw it first at the front. */
  violated: { property: string; message: string }[];
  witnessed: WitnessName[];
  /** How the run failed other than by a property, if it did: our own assertion, or the step limit. */
  broke: string | null;
  hash: string;
}

/** One run, judged. A run that breaks off is made again under monitors that outlive it. */
export function judge(protocol: Protocol, index: number, limit = STEPS_MAX): Finding {
  const { small, workload, order, seed } = caseNumber(index);
  const spec = smallWorld(small);
  const run = (observing = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true })) => {
    try {
      explore(spec, protocol, workload, order, { seed, limit, observing });
    } catch (error) {
      return { observing, broke: (error as Error).message };
    }
    return { observing, broke: 'step limit' };
  };
  try {
    const done = explore(spec, protocol, workload, order, { seed, limit });
    // What is not yet done at the limit is no violation of what must be true at rest.
    const cut = done.ending !== 'at rest';
    const violated = done.violations.filter(({ sequence }) => !cut || sequence >= 0);
    return {
      violated: violated.sort(bySequence),
      witnessed: witnessedIn(done.properties),
      broke: cut ? done.ending : null,
      hash: done.hash,
    };
  } catch {
    const { observing, broke } = run();
    const violated = observing.flatMap(({ violation }) => (violation ? [violation] : []));
    return { violated: violated.sort(bySequence), witnessed: witnessedIn(observing), broke, hash: '' };
  }
}

/** In order of what was seen first; what was seen at rest comes last. */
function bySequence(a: { sequence: number }, b: { sequence: number }): number {
  return (a.sequence >>> 0) - (b.sequence >>> 0);
}
function witnessedIn(properties: ReturnType<typeof monitors>): WitnessName[] {
  return properties
    .filter(({ kind, examined }) => kind === 'sometimes' && examined > 0)
    .map(({ name }) => name as WitnessName);
}
