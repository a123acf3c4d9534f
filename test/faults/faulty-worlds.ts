// Small worlds in which things go wrong: how one is drawn, run and judged, and how a plan is made as short as it can be
// and still fail.
import type { System } from '../../src/actor/system.ts';
import type { TraceEvent } from '../../src/model/events.ts';
import { describeFaults, type FaultName, type FaultPlan } from '../../src/model/faults.ts';
import { pageTable } from '../../machines/index.ts';
import { faultWitness } from '../../src/properties/index.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { explore, type Order, type Small, smallWorld } from '../support/small-world.ts';
import { smallWorkload, smallWorkloads, tight } from '../support/small-workloads.ts';

/** Clean runs take some 4,000 steps; time-outs that come early can make it twenty times as many. */
export const STEPS_MAX = 400_000;

/** With these a page can be lost, and its Gfn with it. */
const LOSSES = new Set(['bit flip at rest', 'misdirected write', 'read error', 'bit flip in flight']);

/** Damage that stays: the page is lost, and the guest is told so when it wants it. */
export const PERMANENT: readonly FaultName[] = ['bit flip at rest', 'misdirected write'];

export interface FaultyCase {
  protocol: Protocol;
  small: Small;
  workload: (typeof smallWorkloads)[number];
  order: Order;
  seed: number;
  plan: FaultPlan;
  /** Steps at most, if not the usual bound. */
  limit?: number;
}

/** Case number `index`, from 0: neighbours differ in as much as possible. */
export function caseNumber(index: number, seed: number, protocol: Protocol, plan: FaultPlan): FaultyCase {
  const orders: Order[] = [{ kind: 'random', seed }, { kind: 'pct', seed }, { kind: 'timed' }];
  const small: Small = {
    far: index % 5 === 1,
    nodes: index % 9 === 8 ? 3 : 2,
    vcpus: 2 + (index % 2),
    guests: index % 7 === 6 ? 2 : 1,
    frames: 3 + (index % 3),
    listCapacity: index % 4 === 3 ? 2 : 8,
    prefetch: index % 3,
    heldFault: index % 8 === 5 ? 'convert' : 'refuse',
  };
  return {
    protocol,
    small: withSpares(tight(small, index % 4), plan),
    workload: smallWorkloads[Math.floor(index / 3) % smallWorkloads.length]!,
    order: orders[index % orders.length]!,
    seed,
    plan,
  };
}

/** A guest does not use a Gfn again whose page was lost, so it needs some more; and so many slots as those can take. */
function withSpares(small: Small, plan: FaultPlan): Small {
  if (!plan.some(({ fault }) => LOSSES.has(fault))) return small;
  const { nodes = 2, vcpus = 2, guests = 1, gfns = 0, slots = 0 } = small;
  const spares = 4 * vcpus;
  return { ...small, gfns: gfns + spares, slots: slots + guests * nodes * spares };
}

export interface Judgement {
  /** What was broken of what the protocol claims; and whether the run came to rest. */
  broken: string[];
  /** Names of the properties that examined something: of a witness, that it saw. */
  examined: string[];
  /** Pages that were declared lost. */
  lost: number;
  /** No page was lost or damaged, also not one that nobody has read since: memory must be what it is without faults. */
  whole: boolean;
  memory: number[][];
  steps: number;
}

export function judge(faulty: FaultyCase): Judgement {
  const { protocol, small, workload, order, seed, plan, limit = STEPS_MAX } = faulty;
  let lost = 0;
  const page = (e: TraceEvent) => {
    if (e.to === pageTable.state.poisoned) lost++;
  };
  const spec = smallWorld(plan.length > 0 ? { ...small, faults: plan } : small);
  const options = { seed, limit, observing: [{ on: { page } }] };
  const done = explore(spec, protocol, smallWorkload(workload), order, options);
  const claims: readonly string[] = protocol.claims;
  const broken = done.violations
    .filter(({ property }) => claims.includes(property))
    .map(({ property, message }) => `${property}: ${message}`);
  if (done.ending !== 'at rest') broken.push(`answered: the run ended at its ${done.ending}`);
  const examined = done.properties.filter((property) => property.examined > 0).map(({ name }) => name);
  const whole = lost === 0 && !PERMANENT.some((fault) => examined.includes(faultWitness(fault)));
  return { broken, examined, lost, whole, memory: memoryOf(done.system), steps: done.steps };
}

function memoryOf(system: System): number[][] {
  const { geometry } = system;
  const { pageWords } = geometry.spec;
  return Array.from({ length: geometry.gvpns }, (_, gvpn) => {
    const words = system.contentOf(gvpn);
    return words ? [...words] : Array.from({ length: pageWords }, () => 0);
  });
}

/** What of a plan is enough to fail: entries are left out, one after the other, for as long as it does. */
export function shrunk(plan: FaultPlan, fails: (plan: FaultPlan) => boolean): FaultPlan {
  let smallest = plan;
  for (let i = 0; i < smallest.length;) {
    const shorter = smallest.toSpliced(i, 1);
    if (fails(shorter)) smallest = shorter;
    else i++;
  }
  return smallest;
}

/** One line on a case, and what broke in it under the shortest plan. */
export function told(broken: FaultyCase): string {
  const plan = shrunk(broken.plan, (shorter) => judge({ ...broken, plan: shorter }).broken.length > 0);
  const { protocol, workload, order, seed, small } = broken;
  const what = judge({ ...broken, plan }).broken.join('; ');
  const world = JSON.stringify(small);
  return `${protocol.name}, ${workload}, ${order.kind}, seed ${seed}, ${world}: ${describeFaults(plan)}: ${what}`;
}
