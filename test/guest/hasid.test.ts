// Remapping by alias (HASID): the guest names another vNode in the address of a page, and the host moves the page there when
// it is touched. Every property holds in every order, memory is as with a second guest page, and what is broken is named.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Alias } from '../../src/actors/alias.ts';
import type { Host } from '../../src/actors/host.ts';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { simulate } from '../../src/index.ts';
import type { World } from '../../src/memory/world.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import { cause, operationKind, result } from '../../src/model/words.ts';
import { type AliasPlans, listedAlias } from '../../src/protocols/alias-plans.ts';
import type { Step } from '../../src/protocols/protocol.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { guestCampaign } from '../support/guest-campaign.ts';
import { ACCESSES, type Mix, randomScripts, written } from '../support/random-scripts.ts';
import { costs, explore, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';

const RUNS = 30;
const ALIAS: Small = { guest: { remap: 'hasid-alias' } };
const MIX: Mix = { ...ACCESSES, 'free P': 1 };
const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

const FAULTS = [
  'lose fault',
  'repeat fault',
  'lose resume',
  'repeat call',
  'lose done',
  'lose flushed',
  'no frame',
  'read error',
  'hypervisor restart',
] as const;

/** What became of the faults on pages that have another name. */
function count(): (e: TraceEvent, saw: (what: string) => void) => void {
  const kinds = new Map<number, number>();
  return (e, saw) => {
    if (e.kind === event.began) kinds.set(e.id, e.from);
    const isAlias = kinds.get(e.id) === operationKind.alias;
    if (e.kind === event.dataIn && e.id >= 0 && isAlias) saw(e.cause === cause.alias ? 'moved' : 'fetched');
    if (e.kind === event.spilled && isAlias) saw('spilled');
    if (e.kind === event.balanced && e.cause === cause.alias && e.result === result.OK) saw('renamed');
  };
}

afterEach(() => void vi.restoreAllMocks());

const worlds: { what: string; mix: Mix; small: Small; also?: string[] }[] = [
  { what: 'accesses, moves and frees', mix: MIX, small: {} },
  { what: 'read-ahead', mix: MIX, small: { readAhead: 2 } },
  { what: 'slots under keys that name the page', mix: MIX, small: { encryption: 'gfn' } },
  { what: 'asynchronous faults', mix: MIX, small: { guest: { remap: 'hasid-alias', asyncFaults: true } } },
  { what: 'holds', mix: { ...MIX, 'hold P': 1 }, small: { holdTicks: 2 } },
  { what: 'vNodes that are pinned elsewhere', mix: { ...MIX, 'repin V 0': 1, 'repin V 1': 1 }, small: {} },
  {
    what: 'commands',
    mix: { ...MIX, 'share P': 1, 'unshare P': 1, 'promote P': 1, 'writeback P': 1, 'migrate-host P V': 1 },
    small: {},
  },
  {
    what: 'losses, and a hypervisor that restarts',
    mix: ACCESSES,
    small: { faults: FAULTS.flatMap((fault, i) => [i + 1, 2 * i + 5].map((nth) => ({ fault, nth }))) },
    also: ['fault', 'forgot'],
  },
  { what: 'one frame a node', mix: ACCESSES, small: { frames: 1 }, also: ['spilled'] },
];
describe.each(worlds)('with $what', ({ mix, small, also = [] }) => {
  test.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))(
    `under $name: every property holds in ${RUNS} random runs`,
    ({ protocol }) => {
      const { wrong, seen } = guestCampaign(protocol, RUNS, mix, { ...ALIAS, ...small }, { count: count() });
      expect(wrong).toEqual([]);
      for (const what of ['renamed', 'moved', 'fetched', ...also])
        expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
      // Nothing is looked up, asked for or copied.
      for (const what of ['inspected', 'requested']) expect(seen.get(what) ?? 0, what).toBe(0);
    },
  );
});

test('the same memory as with a second guest page, in every order', () => {
  const remaps: Small[] = [{}, ALIAS];
  for (let seed = 1; seed <= 12; seed++) {
    const memories = remaps.flatMap((small) => {
      const spec = smallWorld({ vcpus: 2, gfns: 40, slots: 80, ...small });
      const scripts = randomScripts(spec, seed, ACCESSES, { operations: 60 });
      return [seed, seed + 100].map((order) => {
        const done = explore(spec, migrate, written(scripts), { kind: 'random', seed: order });
        expect(done.ending).toBe('at rest');
        return Array.from({ length: spec.guests[0]!.pages }, (_, page) => {
          const words = done.system.contentOf(page);
          return words?.some((word) => word !== 0) ? [...words] : 'zero';
        });
      });
    });
    expect(memories).toHaveLength(4);
    for (const memory of memories) expect(memory).toEqual(memories[0]);
  }
});

describe('one page', () => {
  /** Where it went, by node, and what for. */
  function story(script: string[]): string[] {
    const told: string[] = [];
    const spec = smallWorld({ hintPages: 0, vcpus: 1, idleScans: 0, gfns: 12, ...ALIAS });
    const nodeOf = (location: number) => (location <= 4 ? 0 : location <= 8 ? 1 : 'a slot');
    const on = {
      dataIn: (e: TraceEvent) => void told.push(`${nodeOf(e.from)} to ${nodeOf(e.to)}`),
      read: (e: TraceEvent) => void told.push(`read ${e.result}`),
    };
    const done = explore(spec, migrate, written([script]), { kind: 'timed' }, { observing: [{ on }] });
    expect(done.violations).toEqual([]);
    expect(done.ending).toBe('at rest');
    return told;
  }
  test('that is away comes straight to the vNode that its address names', () => {
    expect(story(['write 0', 'pageout 0', 'move 0 to 1', 'read 0'])).toEqual([
      '0 to a slot',
      'a slot to 1',
      'read 1',
    ]);
  });
  test('that is there is moved when it is touched, and goes back under its first name', () => {
    expect(story(['write 0', 'move 0 to 1', 'read 0', 'move 0 to 0', 'write 0', 'read 0'])).toEqual([
      '0 to 1',
      'read 1',
      '1 to 0',
      'read 2',
    ]);
  });
  test('that was renamed and not touched is found by a command all the same', () => {
    expect(story(['write 0', 'move 0 to 1', 'pageout 0', 'read 0'])).toEqual([
      '0 to a slot',
      'a slot to 1',
      'read 1',
    ]);
  });
  test('that is pinned for a device is moved when the device has let go of it', () => {
    expect(story(['write 0', 'move 0 to 1', 'pin 0', 'unpin 0', 'read 0'])).toEqual(['0 to 1', 'read 1']);
  });
});

test('a scenario with guests.remap: no page comes back to its source for balancing, whatever the protocol', async () => {
  const of = (remap: 'gpa-move' | 'hasid-alias') =>
    simulate({
      version: 1,
      host: { memory: '128KiB' },
      guests: { remap },
      workload: { kind: 'process-move', parameters: { pages: 64, hotPages: 16, accesses: 2000 } },
    });
  const moved = await of('gpa-move');
  const named = await of('hasid-alias');
  expect([moved.pass, named.pass]).toEqual([true, true]);
  const copiedBack = ({ runs }: typeof moved) => runs.map(({ vmstat }) => vmstat['cl_copyback_pages']!);
  expect(Math.max(...copiedBack(moved))).toBeGreaterThan(0);
  expect(Math.max(...copiedBack(named))).toBe(0);
});

describe('what is broken is named', () => {
  const rings = (until: RegExp, small: Small = {}) => {
    const { wrong } = guestCampaign(migrate, RUNS, MIX, { ...ALIAS, ...small }, { limit: 40_000, until });
    expect(wrong.join('\n')).toMatch(until);
  };
  /** Who needs each step, by name of the property that misses it. */
  const needed: Record<keyof AliasPlans, { small: Small; by: Partial<Record<Step, string>> }> = {
    resident: {
      small: {},
      by: {
        reserve: 'I5-conservation',
        detach: 'I8-shootdown',
        shootdown: 'I8-shootdown',
        load: 'I1-single-home',
        forget: 'I5-conservation',
        unmap: 'I1-single-home',
        map: 'I1-single-home',
        release: 'I5-conservation',
      },
    },
    away: {
      small: { readAhead: 2 },
      by: {
        reserve: 'I5-conservation',
        claim: 'legal-lifecycle',
        retire: 'I6-advisory-list',
        load: 'I1-single-home',
        forget: 'I5-conservation',
        unmap: 'I1-single-home',
        map: 'answered',
        release: 'I5-conservation',
      },
    },
    stays: {
      small: { frames: 1, vcpus: 4 },
      by: {
        detach: 'I8-shootdown',
        shootdown: 'I8-shootdown',
        forget: 'I5-conservation',
        unmap: 'I1-single-home',
        map: 'answered',
      },
    },
  };
  const plans = Object.keys(needed) as (keyof AliasPlans)[];
  const cases = plans.flatMap((plan) =>
    listedAlias[plan].map((step) => ({ plan, step, by: needed[plan].by[step] ?? 'nobody' })),
  );
  test.each(cases)('$by: the plan for a page, $plan, without $step', ({ plan, step, by }) => {
    vi.spyOn(Alias.prototype, 'planFor').mockImplementation((asked) =>
      asked === plan ? listedAlias[plan].filter((performed) => performed !== step) : listedAlias[asked],
    );
    rings(new RegExp(`${by}: `), needed[plan].small);
  });

  const hostOf = (alias: Alias) => (alias as unknown as { host: Host }).host;
  test('no-copy-back: a page that is away is served through the node of its old name', () => {
    vi.spyOn(Alias.prototype, 'homeFor').mockImplementation(function (this: Alias, _vcpu, at) {
      return hostOf(this).pages.pinOf(at);
    });
    rings(/no-copy-back: .*touched it under another vNode's name/);
    rings(/I4-pin: /);
  });
  test('I4-pin: a page stays where it is, and nobody says that this is a spill', () => {
    vi.spyOn(Alias.prototype, 'stay').mockImplementation(function (this: Alias, operation, context) {
      const { operations } = (this as unknown as { world: World }).world;
      operations.to[operation] = operations.from[operation]!;
      hostOf(this).interpreter.follow(operation, listedAlias.stays, context);
    });
    rings(/I4-pin: /, { frames: 1, vcpus: 4 });
  });
});

describe('on threads', () => {
  const THREADS = 4;
  let crew: Crew<ThreadParts>;
  beforeAll(() => {
    crew = new Crew<ThreadParts>(ACTOR_WORKER, 7);
  });
  afterAll(() => crew.dismiss());

  test(`${THREADS} runs: every property holds`, async () => {
    for (let run = 0; run < THREADS; run++) {
      const protocol = protocols[run % protocols.length]!;
      const spec = smallWorld({ ...ALIAS, pages: 8, frames: 6, gfns: 24, slots: 120, listCapacity: 32 });
      const workload = written(randomScripts(spec, run + 1, ACCESSES, { operations: 150 }))(shapeOf(spec));
      const parts = { spec, protocol, costs, tables };
      const disturbance = { yieldsPerMille: 100, seed: run };
      const { run: done } = await runOnThreads(crew, parts, [workload], {
        protocolName: protocol.name,
        seed: run,
        disturbance,
      });
      expect(done.violations, `run ${run}`).toEqual([]);
      expect(done.ending).toBe('at rest');
    }
  }, 120_000);
});
