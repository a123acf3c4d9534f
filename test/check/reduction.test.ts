// The reduction takes steps that commute alone. It must change no verdict: with it and without it the same passes, and the
// same property is found broken, in clean worlds and in broken ones.
import { describe, expect, test } from 'vitest';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import { mutants } from '../../src/protocols/mutate.ts';
import { configurations } from './configurations.ts';
import { propertyOf, search, type SearchChanges, type SmallBounds } from './small-searches.ts';

const MOST_STATES = 1_000_000;
const protocolNamed = (name: string) => protocols.find((protocol) => protocol.name === name)!;
const migrate = protocolNamed('copyless-migrate');

function verdict(protocol: Protocol, bounds: SmallBounds, changes: SearchChanges) {
  const { complete, live, violation, boundedBy } = search(protocol, bounds, {
    states: MOST_STATES,
    ...changes,
  }).checked;
  expect(boundedBy).toBeUndefined();
  return { complete, live, broken: violation ? propertyOf(violation) : null };
}

const clean: readonly SmallBounds[] = [
  { reclaims: 1 },
  { moves: 1, reclaims: 1 },
  { operations: 2, moves: 1, reclaims: 1 },
  { reclaims: 2, given: { swapCache: true } },
  { vcpus: 2, reclaims: 1 },
  { pages: 2, moves: 1, reclaims: 1 },
  { moves: 1, reclaims: 1, faults: 1 },
  { nodes: 3, moves: 1, reclaims: 1 },
  { reclaims: 1, losses: 1 },
  { moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
  { vcpus: 2, reclaims: 1, losses: 1, timeouts: 0 },
  { vcpus: 2, reclaims: 1, losses: 0, timeouts: 1 },
  { reclaims: 1, repeats: 1 },
  { reclaims: 1, restarts: 1 },
  { moves: 1, reclaims: 1, restarts: 1 },
];

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  test.each(clean)('passes at %o with the reduction and without, which sees more states', (bounds) => {
    const reduced = search(protocol, bounds, { states: MOST_STATES }).checked;
    const whole = search(protocol, bounds, { states: MOST_STATES, reduces: false }).checked;
    const outcome = { complete: true, pass: true, live: true };
    expect(reduced).toMatchObject(outcome);
    expect(whole).toMatchObject(outcome);
    expect(whole.states).toBeGreaterThan(reduced.states);
  });
});

// Larger ones take as long again: `--no-reduction` for them.
describe('what is searched to the last state passes without the reduction too, in more states', () => {
  const small = configurations.filter(({ states }) => states < 2_500_000);
  test.each(small)(
    '$what',
    ({ bounds, states }) => {
      const { checked } = search(migrate, bounds, { reduces: false });
      expect(checked).toMatchObject({ complete: true, pass: true, live: true });
      expect(checked.states).toBeGreaterThan(states);
    },
    900_000,
  );
});

const ending: readonly SmallBounds[] = [
  { moves: 1, reclaims: 1 },
  { vcpus: 2, reclaims: 1 },
  { reclaims: 1, losses: 1 },
  { moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
  { vcpus: 2, reclaims: 1, losses: 1, timeouts: 0 },
  { vcpus: 2, reclaims: 1, losses: 0, timeouts: 1 },
  { vcpus: 2, reclaims: 1, restarts: 1 },
];

test.each(ending)('a run may end in the same states at %o, to the last private word', (bounds) => {
  const [reduced, whole] = [true, false].map((reduces) => {
    const { check, checked } = search(migrate, bounds, { reduces });
    const { system } = check;
    const { keys } = check.search.set;
    const ends = new Set<string>();
    for (let id = 1; id <= checked.states; id++) {
      const at = id * system.words;
      if (system.isEnd(keys, at)) ends.add(system.shown(keys, at).whole().join('\n'));
    }
    return [...ends].sort();
  });
  expect(reduced!.length).toBeGreaterThan(10);
  expect(reduced).toEqual(whole);
});

/** Seeded bugs whose whole search is short. */
const broken: Record<string, SmallBounds> = {
  'source-freed-before-store': { reclaims: 1 },
  'slot-freed-before-load': { reclaims: 1 },
  'mapped-before-load': { reclaims: 1 },
  'no-write-protection': { vcpus: 2, reclaims: 1 },
  'shootdown-not-awaited': { vcpus: 2, reclaims: 1 },
  'shootdown-forgets-a-vcpu': { vcpus: 2, reclaims: 1 },
  'mapping-kept': { vcpus: 2, reclaims: 1 },
  'double-release': { reclaims: 1 },
  'slot-given-twice': { reclaims: 1 },
  'no-page-lock': { reclaims: 1 },
  'waiter-not-woken': { vcpus: 2, reclaims: 1 },
  'generation-stays': { reclaims: 2 },
  'served-through-source': { moves: 1, reclaims: 1 },
  'source-entry-kept': { moves: 1, reclaims: 1 },
  'listed-under-older-generation': { reclaims: 1 },
  'removal-not-published': { reclaims: 1 },
  'fault-does-not-retire': { reclaims: 1 },
  'exported-before-written': { reclaims: 1 },
  'refusal-not-sent': { moves: 1, reclaims: 1 },
  'wrong-pin': { moves: 1, reclaims: 1 },
  'refused-with-effect': { moves: 1, reclaims: 1 },
  'copy-faults-page-in': { moves: 1, reclaims: 1 },
  'destination-not-vacated': { moves: 1, reclaims: 1 },
  'no-checksum': { reclaims: 1, faults: 1 },
  'short-write-accepted': { reclaims: 1, faults: 1 },
  'never-said-again': { reclaims: 1, losses: 1 },
  'request-done-again': { moves: 1, reclaims: 1, losses: 0, timeouts: 1 },
  'retry-is-a-new-request': { moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
  'any-answer-will-do': { moves: 1, reclaims: 1, repeats: 1 },
  // What is done again when it comes late: a repeated call may not be taken alone.
  'call-served-again': { vcpus: 2, reclaims: 1, losses: 0, timeouts: 1 },
  'restart-empties-list': { reclaims: 1, restarts: 1 },
  'acknowledgements-counted': { vcpus: 2, reclaims: 1, repeats: 1 },
};

test.each(Object.entries(broken))('%s is found with and without', (flaw, bounds) => {
  const reduced = verdict(migrate, bounds, { flaws: [flaw], shortest: false });
  expect(reduced.broken).not.toBeNull();
  expect(verdict(migrate, bounds, { flaws: [flaw], reduces: false })).toEqual(reduced);
});

test('so is every deletion from swapping out, swapping in and the request', () => {
  const plans: Record<string, SmallBounds> = {
    swapOut: { moves: 1, reclaims: 1 },
    swapIn: { reclaims: 1 },
    plan: { moves: 1, reclaims: 1 },
  };
  for (const mutant of protocols.flatMap((protocol) => mutants(protocol))) {
    const bounds = plans[mutant.plan];
    if (bounds === undefined) continue;
    const reduced = verdict(mutant.protocol, bounds, { shortest: false });
    expect(reduced.broken, mutant.name).not.toBeNull();
    const whole = verdict(mutant.protocol, bounds, { reduces: false });
    expect({ name: mutant.name, ...whole }).toEqual({ name: mutant.name, ...reduced });
  }
}, 300_000);
