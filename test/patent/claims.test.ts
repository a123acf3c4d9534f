// The claims as orders of events: what a request that was done must have had before it, in it and after it. The same checks
// on runs of small worlds in several orders (claims 1 to 11) and on the running system of threads (claims 14 to 19).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create, measure } from '../../src/actors/index.ts';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { cause } from '../../src/model/words.ts';
import type { StoreKind } from '../../src/model/cost.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { validatePlan } from '../../src/protocols/order.ts';
import type { ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { costs, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';
import {
  type Balanced,
  balancedIn,
  copyless,
  type Deed,
  orders,
  protocolNamed,
  SCRIPT,
  Story,
  tell,
} from './story.ts';

/** A memory node without CPUs takes what is moved. */
const FAR: Small = { far: true, frames: 4 };
const [map, migrate, both] = ['copyless-map', 'copyless-migrate', 'copyless-map-then-migrate'].map(
  protocolNamed,
) as [Protocol, Protocol, Protocol];

interface Case {
  story: Story;
  geometry: Geometry;
  done: Balanced[];
}
const simulated = (protocol: Protocol, small = FAR): Case[] =>
  orders.map((order) => {
    const told = tell(protocol, small, { order });
    return { ...told, done: balancedIn(told.story) };
  });

// --- what the claims say, of a request that was done

/** Claims 1 and 14: S -> X by the host, list, look, decide, request through the hypervisor, X -> D, nothing through S. */
function expectClaim1({ geometry, story }: Case, one: Balanced, protocol: Protocol): void {
  const { places } = one;
  const order = [
    places.movedOut,
    places.listed,
    places.inspected,
    places.detected,
    places.requested,
    places.forwarded,
    places.accepted,
    places.answered,
    places.balanced,
  ];
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order[0]).toBeGreaterThanOrEqual(0);
  expect([cause.pressure, cause.induced, cause.idle]).toContain(one.because);
  expect(story.events[places.listed]!.actor).toBe(geometry.hypervisor);
  expect(one.forwardedBy).toBe(geometry.hypervisor);
  const [source, destination] = [geometry.pinOf(one.source), geometry.pinOf(one.destination)];
  expect(source).not.toBe(destination);
  // The new source location is a frame of a third node.
  expect(geometry.isFrame(one.at)).toBe(true);
  expect([source, destination]).not.toContain(geometry.homeOf(one.at));
  expect(one.arrivals.map(({ to }) => geometry.homeOf(to))).toEqual(protocol === map ? [] : [destination]);
}

/** Claims 2 and 15: which of the operations it is made of. */
const OPERATIONS = new Map<Protocol, Deed[]>([
  [map, ['remap', 'unmap']],
  [migrate, ['map', 'unmap']],
  [both, ['map', 'remap', 'unmap']],
]);
function expectOperations(one: Balanced, protocol: Protocol): void {
  const mappings = one.deeds.filter((deed) => deed !== 'data');
  expect(mappings.toSorted()).toEqual(OPERATIONS.get(protocol));
}

/** Claims 4, 8 and 17: one read at the new source location, one write on the destination. */
function expectOneTransfer({ geometry, story }: Case, one: Balanced): void {
  const [arrival, ...more] = one.arrivals;
  expect(more).toEqual([]);
  expect(arrival).toMatchObject({ from: one.at, cause: cause.request });
  expect(geometry.homeOf(arrival!.to)).toBe(geometry.pinOf(one.destination));
  const taken = story.events
    .slice(one.places.accepted, one.places.answered)
    .filter((e) => e.name === 'reserved' && e.cause === cause.request && e.id === arrival!.id);
  expect(taken.filter((e) => geometry.homeOf(e.to) === geometry.pinOf(one.source))).toEqual([]);
}

/** Claims 5 and 18: whoever touches the page afterwards meets a frame of the node that its vNode is pinned to. */
function expectDestinationMapped({ geometry, story }: Case, one: Balanced): boolean {
  const after = story.events
    .slice(one.places.balanced)
    .find((e) => e.gfn === one.destination && e.name === 'tlbFill');
  if (!after) return false;
  expect(geometry.homeOf(after.to)).toBe(geometry.pinOf(one.destination));
  return true;
}

const everyDone = (cases: readonly Case[], check: (of: Case, one: Balanced) => void): number => {
  for (const of of cases) for (const one of of.done) check(of, one);
  return cases.reduce((sum, { done }) => sum + done.length, 0);
};

describe(`claims, in ${orders.length} orders of 2 vCPUs over 6 pages, far memory`, () => {
  const told = new Map(copyless.map((protocol) => [protocol, simulated(protocol)]));
  const of = (protocol: Protocol) => present(told.get(protocol), protocol.name);

  // shows: claim 1, claim 14, step 210, step 215, step 220, step 225, step 230, variant (12) (20) pinning,
  // variant (13) (21) reclaim, variant (16) (21) (32) new location
  test.each(copyless)(
    '$name: moved out by the host, listed, inspected, held, asked for through the hypervisor, straight to the destination',
    (protocol) => {
      const done = everyDone(of(protocol), (where, one) => expectClaim1(where, one, protocol));
      expect(done).toBeGreaterThan(orders.length);
      for (const { geometry } of of(protocol)) expect(geometry.vcpuNode).toEqual([0, 1]);
    },
  );

  // shows: claim 2, step 315, step 320, variant (23) request kinds
  test.each(copyless)('$name: the operations that it is made of, and no others', (protocol) => {
    expect(everyDone(of(protocol), (_, one) => expectOperations(one, protocol))).toBeGreaterThan(0);
  });

  // shows: claim 3, step 325, step 445, step 450
  test('copyless-map-then-migrate: source unmapped, new location mapped, then the data moves', () => {
    everyDone(of(both), (_, one) => expect(one.deeds).toEqual(['unmap', 'remap', 'data', 'map']));
  });

  // shows: claim 4, claim 8, step 475
  test.each([migrate, both])(
    '$name: one read at the new location, one write on the destination',
    (protocol) => {
      expect(everyDone(of(protocol), expectOneTransfer)).toBeGreaterThan(0);
    },
  );

  // shows: claim 5, step 480, step 485, step 490
  test.each(copyless)('$name: who touches the page afterwards is on the pinned node', (protocol) => {
    let touched = 0;
    everyDone(of(protocol), (where, one) => void (touched += Number(expectDestinationMapped(where, one))));
    expect(touched).toBeGreaterThan(0);
  });

  // shows: claim 6, claim 7, step 310, step 450
  test('copyless-migrate: asked to migrate before any mapping, and the data moves first', () => {
    everyDone(of(migrate), (_, one) => {
      expect(one.kind).toBe('migrate');
      expect(one.deeds).toEqual(['data', 'unmap', 'map']);
    });
  });

  // shows: claim 9, step 435, variant (23) guest removes its mapping
  test.each(copyless)(
    '$name: nobody looks at the list but in an attempt to balance that page',
    (protocol) => {
      let looks = 0;
      for (const { story } of of(protocol)) {
        // By vCPU: source Gfns of the pages that it has taken out of its page table.
        const seized = new Map<number, Set<number>>();
        for (const e of story.events) {
          const own = seized.get(e.actor) ?? new Set();
          seized.set(e.actor, own);
          if (e.name === 'seized') own.add(e.from);
          if (e.name === 'balanced') own.delete(e.from);
          if (e.name !== 'inspected') continue;
          expect(own).toContain(e.gfn);
          looks++;
        }
        const hinted = story.of('hinted').length;
        expect(hinted).toBeGreaterThan(0);
      }
      expect(looks).toBeGreaterThan(orders.length);
    },
  );
});

describe('claims, told by scripts', () => {
  const QUIET = { hintPages: 0, idleScans: 0, lowWatermarkPercent: 0, highWatermarkPercent: 0, frames: 8 };

  // shows: claim 10, claim 13, step 220, step 440
  test('a page moved out after the guest first looked is on the list when it looks again, a generation later', () => {
    const script = [
      ['write 0', 'write 1', 'pageout 0', 'handover 1', 'await', 'pageout 1', 'handover 1', 'await'],
      // Page 0 goes over, page 1 is still there; page 1 goes over. Page 0 is moved out again and goes back.
      [
        'await',
        'move 0 to 1',
        'handover 0',
        'await',
        'move 1 to 1',
        'pageout 0',
        'move 0 to 0',
        'handover 0',
      ],
    ];
    const { story } = tell(migrate, { ...QUIET, far: true }, { script });
    const looks = story.of('inspected').filter((e) => e.result === 1);
    const exports = story.of('listed');
    const gfns = looks.map(({ gfn }) => gfn);
    expect(gfns.length).toBe(3);
    expect(new Set(gfns).size).toBe(3);
    // What is referred to is a page frame number of the guest, and its generation as it was exported.
    expect(looks.map(({ gfn, generation }) => [gfn, generation])).toEqual(
      exports.map(({ gfn, generation }) => [gfn, generation]),
    );
    const place = (e: (typeof looks)[number]) => story.events.indexOf(e);
    expect(place(looks[0]!)).toBeLessThan(place(exports[1]!));
    expect(place(exports[1]!)).toBeLessThan(place(looks[1]!));
  });

  // shows: claim 11, variant (16) (21) (32) new location
  test.each(['hdd', 'sata', 'nvme', 'optane', 'zram'] satisfies StoreKind[])(
    'a page on %s comes straight to the destination: one read there, one write',
    (kind) => {
      for (const protocol of [migrate, both]) {
        const told = tell(protocol, { frames: 4 }, { alter: (spec) => void (spec.stores[0]!.kind = kind) });
        const done = balancedIn(told.story);
        expect(done.length).toBeGreaterThan(0);
        for (const one of done) {
          expect(told.geometry.isFrame(one.at)).toBe(false);
          expectOneTransfer({ ...told, done }, one);
        }
      }
    },
  );

  // shows: claim 12, variant (24) detection starts the hold
  test('a prefetch next door leaves a page alone from its detection to its request, in 60 orders', () => {
    let held = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { story, geometry } = tell(
        migrate,
        { frames: 4, prefetch: 3, vcpus: 3 },
        {
          order: { kind: 'random', seed },
          script: [SCRIPT[0]!, SCRIPT[1]!, SCRIPT[1]!.filter((one) => one !== 'await')],
        },
      );
      for (const { places, source } of balancedIn(story)) {
        const during = story.events.slice(places.detected, places.requested);
        const back = during.filter((e) => e.name === 'dataIn' && e.gfn === source);
        expect(back.filter(({ to }) => geometry.homeOf(to) === geometry.pinOf(source))).toEqual([]);
        if (during.some((e) => e.actor !== geometry.hypervisor && e.cause === cause.prefetch)) held++;
      }
    }
    expect(held).toBeGreaterThan(0);
  });

  // shows: variant (27) source mapping, claim 2
  test('a plan that does not remove the source mapping is refused, with the reason', () => {
    for (const protocol of copyless) {
      const host = { destinationBacked: false, destinationRoom: 1 };
      const kind = protocol.guestAsks as 'map';
      const plan = protocol.plan({ kind }, { at: 'slot' }, host);
      if (typeof plan === 'string') throw new Error(plan);
      expect(validatePlan(kind, plan)).toBeNull();
      expect(
        validatePlan(
          kind,
          plan.filter((step) => step !== 'unmap'),
        ),
      ).toMatch(/^lacks the step unmap: 315/);
    }
  });
});

describe('claims on the running system: 3 vCPUs over 8 pages on threads, far memory', () => {
  const ACTORS = 8;
  const RUNS = 4;
  const seed = Number(process.env['COPYLESS_SEED'] ?? 1);
  let crew: Crew<ThreadParts>;
  const told = new Map<Protocol, Case[]>();
  beforeAll(async () => {
    crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
    for (const protocol of copyless) {
      const cases: Case[] = [];
      for (let run = 0; run < RUNS; run++) cases.push(await onThreads(protocol, seed + run));
      told.set(protocol, cases);
    }
  });
  afterAll(() => crew.dismiss());
  const of = (protocol: Protocol) => present(told.get(protocol), protocol.name);

  async function onThreads(protocol: Protocol, at: number): Promise<Case> {
    const spec = smallWorld({ far: true, vcpus: 3, pages: 8, frames: 5, slots: 40, listCapacity: 16 });
    const parts = { spec, protocol, costs, tables };
    const buffer = new SharedArrayBuffer(measure(parts));
    const system = create(buffer, parts, { takePlace() {}, put() {} });
    const { geometry } = system;
    const setup = { spec, costs, tables, protocol: protocol.name, eventRings: geometry.actors, flaws: [] };
    const workload = present(workloadNamed('adversary'), 'workload').create(shapeOf(spec), {
      pages: 8,
      focusPages: 4,
      dwell: 10,
      accesses: 120,
    });
    const disturbance = { yieldsPerMille: 100, seed: at };
    const { ending, recording } = await crew.run(system, buffer, setup, [workload.open(at, 0)], {
      disturbance,
    });
    expect(ending).toBe('at rest');
    const story = new Story();
    const trace = new Trace([story]);
    for (const e of recording.events()) trace.again(e);
    return { story, geometry, done: balancedIn(story) };
  }

  // shows: claim 14, claim 1, variant (45) concurrency
  test.each(copyless)(
    '$name: as claim 1, from the host moving a page out to the guest having it',
    (protocol) => {
      expect(everyDone(of(protocol), (where, one) => expectClaim1(where, one, protocol))).toBeGreaterThan(0);
    },
  );

  // shows: claim 15
  test.each(copyless)('$name: the operations of claim 2, and no others', (protocol) => {
    expect(everyDone(of(protocol), (_, one) => expectOperations(one, protocol))).toBeGreaterThan(0);
  });

  // shows: claim 16
  test('copyless-map-then-migrate: first the mapping, then the data', () => {
    everyDone(of(both), (_, one) => expect(one.deeds).toEqual(['unmap', 'remap', 'data', 'map']));
  });

  // shows: claim 17
  test.each([migrate, both])(
    '$name: one read at the new location, one write on the destination',
    (protocol) => {
      expect(everyDone(of(protocol), expectOneTransfer)).toBeGreaterThan(0);
    },
  );

  // shows: claim 18
  test.each(copyless)('$name: who touches the page afterwards is on the pinned node', (protocol) => {
    let touched = 0;
    everyDone(of(protocol), (where, one) => void (touched += Number(expectDestinationMapped(where, one))));
    expect(touched).toBeGreaterThan(0);
  });

  // shows: claim 19
  test('copyless-migrate: the data moves before anything is mapped', () => {
    everyDone(of(migrate), (_, one) => expect(one.deeds).toEqual(['data', 'unmap', 'map']));
  });
});
