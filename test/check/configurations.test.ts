// The shipped protocols break nothing in small worlds, whatever the order: every state within the bounds is seen, and
// everything that begins ends in every fair run. The bounds are what some minutes of a test have time for; what they do not
// have is said beside each. Larger ones: `copyless check`.
//
// What all of them leave out: more than one move at a time where there is not said "two moves", scans and watermarks (reclaim
// may want any page at any time instead), and guests that do other things than read, write and move pages: those are in
// scripts.test.ts and test/litmus/proven.test.ts. A device failure is any, at any occasion, but only one in a run; so is a
// message that gets lost or comes twice.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { deviceFaults, faultNames } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { Successors } from '../../src/runtime/check/explorable.ts';
import { inWords, search, type SmallBounds } from './small-searches.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;
const others = protocols.filter((protocol) => protocol !== migrate);

interface Configuration {
  what: string;
  bounds: SmallBounds;
  /** States of copyless-migrate, to the last one, up to exchange of what is alike. */
  states: number;
  alike?: readonly string[];
  /** Whether everything ends is not asked: that takes as long again. */
  safety?: boolean;
  /** Short enough for the other protocols too. */
  all?: boolean;
}

const configurations: readonly Configuration[] = [
  {
    what: '1 page, 3 nodes, 2 vCPUs; an operation of each, one move among them, one reclaim',
    bounds: { nodes: 3, vcpus: 2, moves: 1, reclaims: 1 },
    alike: ['nodes 1 and 2'],
    states: 182_559,
    all: true,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs; two operations of each, one move among them, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1 },
    alike: ['nodes 1 and 2'],
    states: 1_824_606,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one device failure; two operations of each, one move, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1, faults: 1 },
    alike: ['nodes 1 and 2'],
    states: 5_544_648,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one lost message; two operations of each, one move among them, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['nodes 1 and 2'],
    states: 12_685_142,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one message comes twice; an operation of each, one move, one reclaim',
    bounds: { nodes: 3, vcpus: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['nodes 1 and 2'],
    states: 4_642_148,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one message comes twice; two operations of each, one move, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['nodes 1 and 2'],
    states: 56_145_470,
    safety: true,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs; two operations of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, moves: 1, reclaims: 1 },
    alike: ['pages 0 and 1'],
    states: 10_006_236,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one device failure; two operations of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, moves: 1, reclaims: 1, faults: 1 },
    alike: ['pages 0 and 1'],
    states: 29_878_842,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one lost message; an operation of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['pages 0 and 1'],
    states: 2_288_284,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one lost message; two operations of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['pages 0 and 1'],
    states: 61_790_586,
    safety: true,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one message comes twice; an operation of each, one move, one reclaim',
    bounds: { pages: 2, vcpus: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['pages 0 and 1'],
    states: 10_779_275,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs; an access of each, no move, one reclaim',
    bounds: { vcpus: 3, reclaims: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 136_183,
    all: true,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs; an operation of each, one move among them, one reclaim',
    bounds: { vcpus: 3, moves: 1, reclaims: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 5_341_431,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 2_024_089,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one device failure; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1, faults: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 5_820_297,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one lost message; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['vcpu1 and vcpu2'],
    states: 22_153_448,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes; two operations of each, one move among them, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1 },
    alike: ['guests 0 and 1'],
    states: 352_107,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes, one device failure; two operations of each, one move, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1, faults: 1 },
    alike: ['guests 0 and 1'],
    states: 1_095_898,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes, one lost message; two operations of each, one move, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['guests 0 and 1'],
    states: 2_104_048,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes, one message comes twice; two operations of each, one move, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['guests 0 and 1'],
    states: 7_177_867,
  },
  {
    what: '1 page, 2 nodes, 2 vCPUs, one device failure; an operation of each, one move, one reclaim',
    bounds: { vcpus: 2, moves: 1, reclaims: 1, faults: 1 },
    states: 530_543,
    all: true,
  },
  {
    // Any message of a talk may get lost, but one in a run; and one thing may be said again while the answer is on its way.
    what: '1 page, 2 nodes, 1 vCPU, one lost message, one early time-out; a move or an access, one reclaim',
    bounds: { moves: 1, reclaims: 1, losses: 1 },
    states: 217_055,
    all: true,
  },
  {
    what: '1 page, 2 nodes, 2 vCPUs, one lost message, one early time-out; an access of each, one reclaim',
    bounds: { vcpus: 2, reclaims: 1, losses: 1 },
    states: 889_962,
  },
  {
    what: '1 page, 2 nodes, 2 vCPUs, one hypervisor restart; an operation of each, one move among them, one reclaim',
    bounds: { vcpus: 2, moves: 1, reclaims: 1, restarts: 1 },
    states: 2_139_117,
  },
  {
    what: '1 page, 2 nodes, 1 vCPU, one lost message, one hypervisor restart; a move or an access, one reclaim',
    bounds: { moves: 1, reclaims: 1, losses: 1, timeouts: 0, restarts: 1 },
    states: 190_724,
    all: true,
  },
  {
    // Race 8: both may ask for the same page.
    what: '1 page, 2 nodes, 2 vCPUs; an operation of each, both of which may be moves, one reclaim',
    bounds: { vcpus: 2, moves: 2, reclaims: 1 },
    states: 290_753,
  },
  {
    // There and back again.
    what: '1 page, 2 nodes, 1 vCPU, two moves, two reclaims',
    bounds: { operations: 2, moves: 2, reclaims: 2 },
    states: 353_798,
  },
];

// shows: claims 1, 2, 6, 9 (within these bounds no order copies a page back)
describe('copyless-migrate breaks nothing, and everything ends', () => {
  test.each(configurations)(
    '$what: $states states',
    ({ bounds, states, alike = [], safety = false }) => {
      const { checked } = search(migrate, bounds, { liveness: !safety });
      const { complete, pass, live, violation } = checked;
      expect({ complete, pass, live, broken: violation?.message }).toEqual({
        complete: true,
        pass: true,
        live: safety ? null : true,
      });
      expect({ states: checked.states, alike: checked.alike }).toEqual({ states, alike });
    },
    900_000,
  );
});

describe.each(others.map((protocol) => ({ name: protocol.name, protocol })))(
  'so does $name',
  ({ protocol }) => {
    test.each(configurations.filter(({ all }) => all))(
      '$what',
      ({ bounds }) => {
        const { complete, pass, live, violation } = search(protocol, bounds).checked;
        expect({ complete, pass, live, broken: violation?.message }).toEqual({
          complete: true,
          pass: true,
          live: true,
        });
      },
      900_000,
    );
  },
);

describe('bounded memory', () => {
  const tight: readonly SmallBounds[] = [
    { operations: 1, moves: 1, reclaims: 1, given: { frames: 1, slots: 1 } },
    { operations: 2, moves: 1, reclaims: 1, given: { frames: 1, slots: 2 } },
    { pages: 2, operations: 1, moves: 1, reclaims: 1, given: { frames: 2, slots: 1 } },
  ];
  test.each(
    protocols.flatMap((protocol) => tight.map((bounds) => ({ name: protocol.name, protocol, bounds }))),
  )('$name cannot deadlock, nor starve, in $bounds.given', ({ protocol, bounds }) => {
    const { complete, live, violation } = search(protocol, bounds).checked;
    expect({ complete, live, broken: violation?.message }).toEqual({
      complete: true,
      live: true,
      broken: undefined,
    });
  });

  test('two pages on a node of one frame thrash: the fault of one cancels the swap-out that it waits for, for ever', () => {
    // Fair to every actor, and no deadlock. Real reclaim lets time pass before it comes back to a page; a search has none.
    const { violation } = search(migrate, { pages: 2, reclaims: 1, given: { frames: 1 } }).checked;
    expect(violation).toMatchObject({ kind: 'starvation', message: 'the operation of vcpu0 stays pending' });
    expect(violation!.cycleFrom).toBeGreaterThan(0);
  });
});

test('in a run with a failure each kind of device failure strikes somewhere', () => {
  const { check, checked } = search(migrate, { moves: 1, reclaims: 1, faults: 1 });
  const { system, search: searched } = check;
  const struck = new Set<string>();
  for (let id = 1; id <= checked.states; id++) {
    const choices = system.choicesOf(searched.set.keys, id * system.words, new Successors(system.words));
    for (const { fault } of choices) if (fault >= 0) struck.add(faultNames[fault]!);
  }
  expect([...struck].sort()).toEqual(deviceFaults.filter((fault) => fault !== 'hypervisor restart').sort());
});

test('docs/verification.md has as many rows as there are configurations here, with their counts', () => {
  const page = readFileSync(new URL('../../docs/verification.md', import.meta.url), 'utf8');
  const table = page.slice(page.indexOf('| pages x nodes x vCPUs |'));
  const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(2);
  const counts = rows.map((row) => row.split('|')[4]!.trim());
  const pinned = configurations.map(
    ({ states, all, safety }) =>
      `${states.toLocaleString('en-US')}${all ? ' \\*' : ''}${safety ? ' \u2020' : ''}`,
  );
  expect(counts.toSorted()).toEqual(pinned.toSorted());
});

test('bounds in words', () => {
  expect(inWords({ vcpus: 2, reclaims: 1, given: { slots: 1 } })).toBe('1p2n2v 1o0m1r0f slots 1');
});
