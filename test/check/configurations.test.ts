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
import { type Configuration, configurations } from './configurations.ts';
import { inWords, search, type SmallBounds } from './small-searches.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;
const others = protocols.filter((protocol) => protocol !== migrate);

// shows: claims 1, 2, 6, 9 (within these bounds no order copies a page back)
describe('copyless-migrate breaks nothing, and everything ends', () => {
  const passes = ({ bounds, states, alike = [], safety = false }: Configuration) => {
    const { checked } = search(migrate, bounds, { liveness: !safety });
    const { complete, pass, live, violation } = checked;
    expect({ complete, pass, live, broken: violation?.message }).toEqual({
      complete: true,
      pass: true,
      live: safety ? null : true,
    });
    expect({ states: checked.states, alike: checked.alike }).toEqual({ states, alike });
  };
  test.each(configurations)('$what: $states states', passes, 900_000);
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
