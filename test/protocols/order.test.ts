// FIG. 3 in any legal order (paragraph 25): every order of every set of steps that the dependencies allow ends in the same
// state, and what they do not allow is refused with a reason; a refused order that is made to run breaks something.
import { afterAll, describe, expect, test } from 'vitest';
import type { EventKind, TraceEvent } from '../../src/model/events.ts';
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { requestKinds } from '../../src/model/words.ts';
import { hostPlans } from '../../src/protocols/host-plans.ts';
import {
  type Circumstances,
  isListed,
  legalPlans,
  orderOf,
  validateHostPlans,
  validatePlan,
} from '../../src/protocols/order.ts';
import { type Plan, protocols, type Protocol, type Step } from '../../src/protocols/index.ts';
import { type PlanFor, shapes } from '../../src/protocols/plan-shapes.ts';
import type { Observing } from '../../src/runtime/trace.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { present } from '../../src/stdx/assert.ts';
import { firstRun, judge, RUNS } from '../mutants/campaign.ts';
import {
  explore,
  type Order,
  type Small,
  type SmallRun,
  smallWorld,
  tables,
} from '../support/small-world.ts';

/** What a run leaves behind, but for numbers that only say in which order it went: folded from its events. */
class Leaves implements Observing {
  private readonly states = new Map<number, string>();
  private readonly places = new Map<number, number>();
  private readonly translations = new Map<number, number>();
  private readonly listed = new Set<number>();
  private readonly carried = new Map<number, string>();
  /** How often something was dropped for a request. */
  dropped = 0;

  readonly on: { readonly [K in EventKind]?: (e: TraceEvent) => void } = {
    born: (e) => {
      this.states.set(e.gfn, 'resident.present');
      this.places.set(e.gfn, e.to);
    },
    died: (e) => {
      this.dropped++;
      this.states.delete(e.gfn);
      this.places.delete(e.gfn);
    },
    page: (e) => void this.states.set(e.gfn, tables.page.states[e.to]!),
    left: (e) => {
      this.carried.set(e.id, present(this.states.get(e.gfn), 'state'));
      this.states.delete(e.gfn);
      this.places.delete(e.gfn);
    },
    entered: (e) => {
      const state = this.carried.get(e.id);
      if (state !== undefined) this.states.set(e.gfn, state);
      this.carried.delete(e.id);
      this.places.set(e.gfn, e.to);
    },
    eptSet: (e) => void this.translations.set(e.gfn, e.to),
    eptCleared: (e) => void this.translations.delete(e.gfn),
    listed: (e) => void this.listed.add(e.gfn),
    delisted: (e) => void this.listed.delete(e.gfn),
  };

  /** Page states, kind and node of each location, EPT, list; then guest memory, page by page. */
  state({ system }: SmallRun): { world: string[]; memory: (number[] | null)[] } {
    const { geometry } = system;
    const at = (location: number | undefined) =>
      location === undefined ? 'nothing' : geometry.place(location).replace(/ (frame|slot) .*/, ' $1');
    const gfns = [...new Set([...this.states.keys(), ...this.translations.keys(), ...this.listed])];
    gfns.sort((a, b) => a - b);
    const world = gfns.map((gfn) => {
      const [place, mapped] = [this.places.get(gfn), this.translations.get(gfn)];
      const translation = mapped === place ? 'maps it' : `maps ${at(mapped)}`;
      const list = this.listed.has(gfn) ? ', listed' : '';
      return `Gfn ${gfn}: ${this.states.get(gfn)} at ${at(place)}, EPT ${translation}${list}`;
    });
    const memory = Array.from({ length: geometry.gvpns }, (_, gvpn) => {
      const words = system.contentOf(gvpn);
      return words && [...words];
    });
    return { world, memory };
  }
}

interface World {
  name: string;
  small: Small;
  script: string[][];
  destinationBacked: boolean;
}

/** Pages 0 and 1 are moved out on node 0 and balanced to vNode 1; what is not touched stays as the request left it. */
const away = [
  ['write 0', 'write 0.1', 'write 1', 'write 2', 'pageout 0', 'pageout 1', 'handover 1'],
  ['await', 'move 0..1 to 1', 'read 0', 'write 0.1'],
];
/** The host moves a resident page to another node, back by way of a store, and on to the store behind that. */
const hostMoves = [
  ['write 0', 'migrate-host 0 1', 'write 0.1', 'pageout 0', 'writeback 0', 'read 0', 'migrate-host 0 1'],
  ['write 1', 'pageout 1', 'writeback 1'],
];
/** Page 0 was copied to vNode 1 by the guest, so that its old Gfn is still backed when it comes back there. */
const backAgain = [
  ['write 0', 'write 0.1', 'move 0 to 1', 'pageout 0', 'move 0 to 0', 'read 0', 'write 0.1', 'handover 1'],
  ['await', 'write 1', 'read 0.1'],
];
const worlds: World[] = [false, true].flatMap((far) => {
  const small: Small = { far, frames: 8, hintPages: 0, prefetch: 0 };
  const where = far ? 'far frame' : 'slot';
  return [
    { name: `from a ${where}`, small, script: away, destinationBacked: false },
    { name: `from a ${where}, destination backed`, small, script: backAgain, destinationBacked: true },
  ];
});
const hostsOwn: World = {
  name: 'moved by the host',
  small: { frames: 8, hintPages: 0, prefetch: 0, chain: [8] },
  script: hostMoves,
  destinationBacked: false,
};
const orders: Order[] = [
  { kind: 'timed' },
  ...[1, 2, 3].map((seed): Order => ({ kind: 'random', seed })),
  { kind: 'pct', seed: 4 },
];

function leave(protocol: Protocol, world: World, order: Order) {
  const spec = smallWorld(world.small);
  // Nothing moves but what the script says: then only the plan differs between two runs.
  Object.assign(spec.policy, { idleScans: 0, lowWatermarkPercent: 0, highWatermarkPercent: 0 });
  const leaves = new Leaves();
  const workload = (shape: GuestShape): Workload => scriptWorkload(world.script, shape);
  const run = explore(spec, protocol, workload, order, { observing: [leaves] });
  const broken = run.violations.filter(({ property }) => protocol.claims.includes(property as never));
  expect({ plan: protocol.name, world: world.name, order, broken, ending: run.ending }).toEqual({
    plan: protocol.name,
    world: world.name,
    order,
    broken: [],
    ending: 'at rest',
  });
  return { ...leaves.state(run), dropped: leaves.dropped };
}

const shippedFor = (kind: PlanFor) =>
  present(
    protocols.find(({ guestAsks }) => guestAsks === kind),
    kind,
  );
const withPlan = (kind: PlanFor, steps: Plan): Protocol => ({
  ...shippedFor(kind),
  name: `${kind}: ${steps.join(', ')}`,
  plan: () => steps,
});

const table: string[] = [];
afterAll(() => process.stdout.write(`\n${table.join('\n')}\n\n`));

describe('FIG. 3: every legal order of every legal set of steps', () => {
  // shows: steps 310, 315, 320, 325, 465, 470, 475, claims 2 to 8, 15 to 19, variant (25) any order
  const counts = { map: [14, 10], migrate: [104, 84], 'map-then-migrate': [74, 56] } as const;
  test.each(requestKinds)('%s: all legal plans leave the same state and the same guest memory', (kind) => {
    const byOrder: Record<string, number> = {};
    for (const steps of legalPlans(kind)) byOrder[orderOf(steps)] = (byOrder[orderOf(steps)] ?? 0) + 1;
    for (const world of worlds) {
      const plans = legalPlans(kind, { destinationBacked: world.destinationBacked });
      expect(plans.length).toBe(counts[kind][world.destinationBacked ? 1 : 0]);
      const expected = leave(shippedFor(kind), world, { kind: 'timed' });
      if (world.destinationBacked) expect(expected.dropped).toBe(1);
      for (const steps of plans)
        for (const order of orders)
          expect(leave(withPlan(kind, steps), world, order), `${steps.join(', ')}, ${world.name}`).toEqual(
            expected,
          );
    }
    const said = Object.entries(byOrder).map(([order, count]) => `${count} ${order}`);
    table.push(`${kind}: ${legalPlans(kind).length} legal plans (${said.join(', ')}), all confluent`);
  });

  test('all kinds and all orders leave the same guest memory, and conventional balancing too', () => {
    for (const world of worlds) {
      const memories = protocols.map((protocol) => leave(protocol, world, { kind: 'timed' }).memory);
      expect(new Set(memories.map((memory) => JSON.stringify(memory))).size).toBe(1);
    }
  });

  test('once touched, a page that was only mapped is where a migrated one is', () => {
    const world = { ...worlds[0]!, script: [away[0]!, [...away[1]!, 'read 1']] };
    const [mapped, migrated, both] = requestKinds.map(
      (kind) => leave(shippedFor(kind), world, { kind: 'timed' }).world,
    );
    expect(mapped).toEqual(migrated);
    expect(both).toEqual(migrated);
  });

  test(
    'every legal plan in worlds that look for races: no property is violated',
    { timeout: 120_000 },
    () => {
      for (const kind of requestKinds) {
        legalPlans(kind, { destinationBacked: true }).forEach((steps, index) => {
          const { violated, broke } = judge(withPlan(kind, steps), index % 60);
          const broken = violated.filter(({ property }) =>
            shippedFor(kind).claims.includes(property as never),
          );
          expect({ steps, broken, broke }).toEqual({ steps, broken: [], broke: null });
        });
      }
    },
  );
});

describe("the host's own plans", () => {
  test.each(hostPlans)(
    '%s: all legal orders leave the same state, in scripts and where races are looked for',
    (where) => {
      const plans = legalPlans(where);
      table.push(`${where}: ${plans.length} legal plan${plans.length === 1 ? '' : 's'}`);
      for (const kind of requestKinds) {
        const shipped = shippedFor(kind);
        for (const [index, steps] of plans.entries()) {
          const protocol = { ...shipped, name: `${where}: ${steps.join(', ')}`, [where]: steps };
          for (const world of [...worlds, hostsOwn])
            for (const order of orders)
              expect(leave(protocol, world, order)).toEqual(leave(shipped, world, { kind: 'timed' }));
          for (
            let run = firstRun(where) + index;
            run < Math.min(RUNS, firstRun(where) + 24);
            run += plans.length
          ) {
            const { violated, broke } = judge(protocol, run);
            const broken = violated.filter(({ property }) => shipped.claims.includes(property as never));
            expect({ steps, run, broken, broke }).toEqual({ steps, run, broken: [], broke: null });
          }
        }
      }
    },
  );

  test('the shipped protocols are among the legal ones', () => {
    for (const protocol of protocols) {
      expect(validateHostPlans(protocol)).toBeNull();
      const listed = isListed(protocol);
      for (const where of hostPlans)
        expect(legalPlans(where, { listed }).map(String)).toContain(String(protocol[where]));
      for (const { plan, where, circumstances } of requestPlansOf(protocol))
        expect(legalPlans(where, circumstances).map(String)).toContain(String(plan));
    }
  });
});

test('write-protected before there is room: a refused pageout leaves a page that can never be written again', () => {
  const small: Small = { slots: 1, hintPages: 0, frames: 8 };
  const script = [
    ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'handover 1'],
    ['await', 'write 1'],
  ];
  const { swapOut } = shippedFor('migrate');
  const run = (steps: Plan) => {
    const spec = smallWorld(small);
    Object.assign(spec.policy, { idleScans: 0, lowWatermarkPercent: 0, highWatermarkPercent: 0 });
    const protocol = { ...shippedFor('migrate'), swapOut: steps };
    const workload = (shape: GuestShape): Workload => scriptWorkload(script, shape);
    return explore(spec, protocol, workload, { kind: 'timed' }, { limit: 5_000 }).ending;
  };
  expect(run(swapOut)).toBe('at rest');
  expect(run(['protect', 'reserve', ...swapOut.slice(2)])).toBe('step limit');
});

test('detached before there is room: a host migration that is refused leaves a page that cannot be reached any more', () => {
  const { hostMigrate } = shippedFor('migrate');
  const run = (steps: Plan) => {
    // The vNode on node 1 has its only frame taken. Pages 0 and 4 share a TLB entry: each touch walks the tables.
    const spec = smallWorld({ slots: 1, frames: 1, hintPages: 0, prefetch: 0 });
    spec.nodes[0]!.frames = 3;
    Object.assign(spec.policy, { idleScans: 0, lowWatermarkPercent: 0, highWatermarkPercent: 0 });
    const script = [
      ['write 0', 'handover 1', 'await', 'read 4', 'migrate-host 0 1', 'read 4', 'write 0'],
      ['await', 'write 1', 'handover 0'],
    ];
    const protocol = { ...shippedFor('migrate'), hostMigrate: steps };
    const workload = (shape: GuestShape): Workload => scriptWorkload(script, shape);
    return explore(spec, protocol, workload, { kind: 'timed' }, { limit: 5_000 }).ending;
  };
  expect(run(hostMigrate)).toBe('at rest');
  expect(run(['detach', 'reserve', ...hostMigrate.slice(2)])).toBe('step limit');
});

interface Chosen {
  where: PlanFor;
  plan: Plan;
  circumstances: Circumstances;
}

function requestPlansOf(protocol: Protocol): Chosen[] {
  const { guestAsks } = protocol;
  if (guestAsks === 'nothing') return [];
  return [false, true].flatMap((destinationBacked) => {
    const chosen = protocol.plan(
      { kind: guestAsks },
      { at: 'slot' },
      { destinationBacked, destinationRoom: 4 },
    );
    return typeof chosen === 'string'
      ? []
      : [{ where: guestAsks, plan: chosen, circumstances: { destinationBacked } }];
  });
}

/** Every order of a plan's steps. */
function* permutations(steps: readonly Step[]): Generator<Step[]> {
  if (steps.length === 0) yield [];
  for (const [index, step] of steps.entries()) {
    if (steps.indexOf(step) < index) continue;
    for (const rest of permutations(steps.toSpliced(index, 1))) yield [step, ...rest];
  }
}

describe('illegal orders', () => {
  test('every permutation of every shipped plan is either enumerated or refused with a reason', () => {
    let refused = 0;
    const plans: Chosen[] = [
      ...hostPlans.map((where) => ({ where, plan: shippedFor('migrate')[where], circumstances: {} })),
      ...protocols.flatMap(requestPlansOf).filter(({ plan }) => plan.length <= 8),
    ];
    for (const { where, plan, circumstances } of plans) {
      const legal = new Set(legalPlans(where, circumstances).map(String));
      for (const order of permutations(plan)) {
        const reason = validatePlan(where, order, circumstances);
        expect(reason === null, String(order)).toBe(legal.has(String(order)));
        if (reason === null) continue;
        expect(reason).toMatch(/^has .* before .*: .{10}/);
        refused++;
      }
    }
    table.push(`${refused} illegal permutations of the shipped plans refused, each with its reason`);
  });

  test('a step left out, added or taken twice is refused with a reason', () => {
    for (const where of [...hostPlans, ...requestKinds]) {
      for (const steps of legalPlans(where)) {
        for (const [index, step] of steps.entries()) {
          const shorter = validatePlan(where, steps.toSpliced(index, 1));
          if (step !== 'vacate') expect(shorter, `${where} without ${step}`).toMatch(/^(lacks|has) /);
          expect(validatePlan(where, [...steps, step])).toMatch(/^has the step .* times/);
        }
        expect(validatePlan(where, ['reserve source', ...steps])).toMatch(/^has the step reserve source: /);
      }
    }
    expect(validatePlan('migrate', legalPlans('migrate')[0]!, { destinationBacked: true })).toMatch(
      /lacks the step vacate/,
    );
  });

  /**
   * Refused out of prudence: what would go wrong needs more than these worlds have. What is here is known not to show, so
   * that one more that does not is noticed.
   */
  const accepted = 'the request must be older than the entry: the guest holds the page while it asks';
  const dropped =
    'the guest has freed the destination and chosen it: dropping it for a refusal costs nothing';
  const prudent: Record<string, string> = {
    'dropResident: shootdown before unmap': 'no vCPU touches a Gfn that the guest has freed',
    'hostMigrate: detach before reserve': 'the other node must be full: see above',
    'hostMigrate: map before forget':
      'the operation has the page until it ends: nothing takes it out as clean before its copy is forgotten',
    'swapOut: protect before reserve': 'reclaim asks for room first; a command does not, see above',
    'swapIn: retire before claim': 'the claim must be lost to a hold that is then cancelled',
    'touchRemapped: claim before reserve':
      'a fault waits for room for as long as it takes, and is not refused',
    'touchRemapped: load before claim':
      'it lands on the destination in any case; a claim that is lost wastes it',
    'touchRemapped: retire before claim': 'as for swapIn',
    'map: vacate before accept': dropped,
    'map: retire before accept': accepted,
    'migrate: vacate before accept': dropped,
    'migrate: retire before accept': accepted,
    'map-then-migrate: vacate before accept': dropped,
    'map-then-migrate: retire before accept': accepted,
  };

  // shows: variant (25) any order: what the dependencies refuse does go wrong
  test(
    'each dependency is needed: a plan that disregards it violates a property or does not end',
    { timeout: 240_000 },
    () => {
      const unshown: string[] = [];
      for (const where of [...hostPlans.filter((plan) => !SWAP_CACHE.includes(plan)), ...requestKinds]) {
        for (const { step, after } of shapes[where].order) {
          const plan = legalPlans(where, { destinationBacked: true }).find(
            (steps) => steps.includes(step) && steps.includes(after),
          );
          if (!plan) continue;
          const found = brokenBy(where, plan, step, after);
          const name = `${where}: ${step} before ${after}`;
          table.push(`forced: ${name}: ${found ?? `not shown, ${prudent[name]}`}`);
          if (!found) unshown.push(name);
        }
      }
      expect(unshown).toEqual(Object.keys(prudent));
    },
  );
});

/** The swap cache's plans: their steps each have a mutant that is killed; their orders are those of the plans above. */
const SWAP_CACHE =
  'swapInClean touchRemappedClean dirtied swapOutClean readAhead mapCached mapCachedClean trimCached moveCached'.split(
    ' ',
  );
/** Runs of the campaign that a refused order gets. */
const FORCED_RUNS = 40;

/** A plan with `step` put right before `after`, made to run. @returns what goes wrong first */
function brokenBy(where: PlanFor, legal: Plan, step: Step, after: Step): string | null {
  const without = legal.filter((other) => other !== step);
  const steps = without.toSpliced(without.indexOf(after), 0, step);
  const kinds = requestKinds.filter(
    (kind) => kind === where || !(requestKinds as readonly string[]).includes(where),
  );
  for (let run = firstRun(where); run < Math.min(RUNS, firstRun(where) + FORCED_RUNS); run++) {
    for (const kind of kinds) {
      const forced = kind === where ? withPlan(kind, steps) : { ...shippedFor(kind), [where]: steps };
      const { violated, broke } = judge(forced, run);
      const first = violated.find(({ property }) => forced.claims.includes(property as never));
      if (first) return first.property;
      if (broke) return broke;
    }
  }
  return null;
}
