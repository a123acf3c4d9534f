// States that differ only by an exchange of things that are alike count as one. It must change no verdict, and nothing may
// be lost: what the states stand for are all states that there are without. That two things are alike is found out while
// they are exchanged; where they are not, it is noticed.
import { describe, expect, test } from 'vitest';
import type { Built } from '../../src/actors/index.ts';
import { override } from '../../src/flaws/flaw.ts';
import { message } from '../../src/model/messages.ts';
import { protocols } from '../../src/protocols/index.ts';
import { Property } from '../../src/properties/property.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { tell } from '../../src/report/check/told.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { inWords, propertyOf, search, type SearchChanges, type SmallBounds } from './small-searches.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

const pages = 'pages 0 and 1';
const nodes = 'nodes 1 and 2';
const vcpus = 'vcpu1 and vcpu2';
const guests = 'guests 0 and 1';
/** `all`: searched under every protocol, the others under copyless-migrate alone. */
const worlds: readonly { bounds: SmallBounds; alike: readonly string[]; all?: boolean }[] = [
  { bounds: { pages: 2, moves: 1, reclaims: 1 }, alike: [pages], all: true },
  { bounds: { pages: 2, vcpus: 2, reclaims: 1 }, alike: [pages] },
  { bounds: { pages: 3, reclaims: 1 }, alike: [pages, 'pages 1 and 2'] },
  { bounds: { nodes: 3, moves: 1, reclaims: 1 }, alike: [nodes], all: true },
  { bounds: { nodes: 4, moves: 1, reclaims: 1 }, alike: [nodes, 'nodes 2 and 3'] },
  { bounds: { vcpus: 3 }, alike: [vcpus], all: true },
  { bounds: { guests: 2, moves: 1, reclaims: 1 }, alike: [guests], all: true },
  { bounds: { pages: 2, nodes: 3, moves: 1, reclaims: 1 }, alike: [pages, nodes] },
  { bounds: { pages: 2, guests: 2, reclaims: 1 }, alike: ['pages 0 and 1 of guest 0', 'pages 0 and 1 of guest 1', guests] }, // prettier-ignore
  { bounds: { pages: 2, moves: 1, reclaims: 1, faults: 1 }, alike: [pages], all: true },
  { bounds: { pages: 2, reclaims: 1, losses: 1 }, alike: [pages], all: true },
  { bounds: { nodes: 3, moves: 1, reclaims: 1, losses: 1, timeouts: 0 }, alike: [nodes] },
  { bounds: { vcpus: 3, moves: 1, losses: 1, timeouts: 0 }, alike: [vcpus] },
  { bounds: { guests: 2, reclaims: 1, repeats: 1 }, alike: [guests] },
  { bounds: { nodes: 3, moves: 1, reclaims: 1, restarts: 1 }, alike: [nodes] },
  { bounds: { vcpus: 3, moves: 1, restarts: 1 }, alike: [vcpus] },
  { bounds: { pages: 2, reclaims: 2, given: { swapCache: true } }, alike: [pages] },
];
const cases = worlds.map((one) => ({ world: inWords(one.bounds), ...one }));

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  const mine = cases.filter(({ all }) => all === true || protocol === migrate);
  test.each(mine)('$world: the states stand for all that there are', ({ bounds, alike }) => {
    // Which of several vCPUs' steps is taken alone is a matter of their numbers.
    const reduces = alike.every((names) => names !== vcpus);
    const { check, checked } = search(protocol, bounds, { reduces });
    const whole = search(protocol, bounds, { reduces, symmetry: false }).checked;
    const outcome = { complete: true, pass: true, live: true };
    expect(checked).toMatchObject({ ...outcome, alike });
    expect(whole).toMatchObject({ ...outcome, alike: [] });
    const { keys } = check.search.set;
    const { system } = check;
    let stood = 0;
    for (let id = 1; id <= checked.states; id++) stood += system.standsFor(keys, id * system.words);
    expect(checked.states).toBeLessThan(whole.states);
    expect({ states: stood, depth: checked.depth }).toEqual({ states: whole.states, depth: whole.depth });
  });
});

test('so they do without the reduction', () => {
  const bounds: SmallBounds = { pages: 2, moves: 1, reclaims: 1 };
  const { check, checked } = search(migrate, bounds, { reduces: false });
  const whole = search(migrate, bounds, { reduces: false, symmetry: false }).checked;
  const { system } = check;
  const { keys } = check.search.set;
  let stood = 0;
  for (let id = 1; id <= checked.states; id++) stood += system.standsFor(keys, id * system.words);
  expect(stood).toBe(whole.states);
});

// Every other seeded bug is found with symmetry and, for the shortest way, without: alarms-flaws.test.ts.
describe('a way to a violation, told through states that stand for others', () => {
  const found: Record<string, SmallBounds> = {
    'no-write-protection': { pages: 2, vcpus: 3, reclaims: 1 },
    'mapping-kept': { pages: 2, reclaims: 1 },
    'wrong-pin': { pages: 2, nodes: 3, moves: 1, reclaims: 1 },
    'served-through-source': { guests: 2, moves: 1, reclaims: 1 },
    'short-write-accepted': { pages: 3, reclaims: 1, faults: 1 },
    'call-served-again': { pages: 2, reclaims: 1, losses: 1, timeouts: 0 },
  };
  test.each(Object.entries(found))('%s', async (flaw, bounds) => {
    const changes: SearchChanges = { flaws: [flaw], reduces: false };
    const { checked, replay } = search(migrate, bounds, changes);
    const whole = search(migrate, bounds, { ...changes, symmetry: false }).checked;
    expect(checked.alike.length).toBeGreaterThan(0);
    const { violation } = checked;
    expect(propertyOf(violation!)).toBe(propertyOf(whole.violation!));
    expect(violation!.choices.length).toBe(whole.violation!.choices.length);
    expect(await replay(violation!)).toContain(propertyOf(violation!));
  });
});

test('a way is followed in steps that the search left out: those of another vCPU', () => {
  const { check, checked } = search(migrate, { vcpus: 3, reclaims: 1 }, { liveness: false });
  for (let id = 1; id <= checked.states; id += 500) {
    const path = check.search.pathTo(id);
    const { choices } = tell(check.search, { kind: 'property', name: '', path, actions: [], states: [] });
    expect(choices.filter((choice) => choice !== undefined)).toHaveLength(path.length - 1);
  }
});

test('what may be owed to one first and to the other then is asked of the states themselves', () => {
  const bounds: SmallBounds = { vcpus: 3, reclaims: 1 };
  const { checked } = search(migrate, bounds, { flaws: ['waiter-not-woken'] });
  const whole = search(migrate, bounds, { flaws: ['waiter-not-woken'], symmetry: false }).checked;
  expect(checked.violation?.kind).toBe(whole.violation!.kind);
  expect(checked.violation?.choices.length).toBe(whole.violation!.choices.length);
});

test('where these do not fit into memory the search is not complete, and nothing passes', () => {
  // From the start of the search on a vCPU that faults is resumed, and nothing else is done.
  const idle = ({ host, system, world: { geometry } }: Built) => {
    let hasBegun = false;
    override(host, 'settle', (settle) => (operations) => {
      hasBegun = true;
      settle(operations);
    });
    override(system.contexts[geometry.hypervisor]!, 'send', (send) => (receiver, kind, id, ...more) => {
      if (hasBegun && kind === message.fault) send(id, message.resume, id, ...more);
      else send(receiver, kind, id, ...more);
    });
  };
  const spec = checkedWorld({ pages: 2, nodes: 2, vcpus: 2, guests: 1 });
  const parts = { ...partsOf({ spec, costs: anyCosts }, migrate), alter: idle };
  const [ample, scarce] = [2 ** 30, 4e6].map((memoryBytes) =>
    new WorldCheck(parts, { operations: 1, moves: 1, reclaims: 1, faults: 0 }, { memoryBytes }).run(),
  );
  expect(ample).toMatchObject({ alike: [pages], complete: true, live: false, violation: { kind: 'starvation' } }); // prettier-ignore
  expect(scarce).toMatchObject({ alike: [pages], complete: false, live: null, boundedBy: 'memory' });
  expect(scarce!.states).toBe(ample!.states);
});

/** Has a favourite. */
class Partial extends Property {
  readonly name = 'partial';
  private accesses = 0;
  readonly on = {
    read: ({ actor }: { actor: number }) => {
      if (actor === 1) this.accesses++;
    },
  };
}

test('two vCPUs that a monitor tells apart are not alike: nothing is exchanged, and all states are there', () => {
  const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 3, guests: 1 });
  const parts = partsOf({ spec, costs: anyCosts }, migrate);
  const bounds = { operations: 1, moves: 0, reclaims: 0, faults: 0 };
  const [taken, whole] = [true, false].map((symmetry) => {
    const watched = () => ({ claims: true, more: [new Partial()] });
    return new WorldCheck(parts, bounds, { watched, symmetry }).run();
  });
  expect(taken).toMatchObject({ alike: [], complete: true, pass: true });
  expect(taken!.states).toBe(whole!.states);
});

test('nor two of which one looks at what the other does not, whatever comes of it', () => {
  const nosy = ({ vcpus: [, , vcpu2], world }: Built) =>
    override(vcpu2!, 'receive', (receive) => (incoming, context) => {
      receive(incoming, context);
      if (incoming.kind === message.flush) world.gpt.load(0);
    });
  const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 3, guests: 1 });
  const parts = { ...partsOf({ spec, costs: anyCosts }, migrate), alter: nosy };
  const checked = new WorldCheck(parts, { operations: 1, moves: 0, reclaims: 1, faults: 0 }).run();
  expect(checked).toMatchObject({ alike: [], complete: true, pass: true });
});

test('nor is a shootdown that forgets one of them', () => {
  const { checked } = search(migrate, { vcpus: 3, reclaims: 1 }, { flaws: ['shootdown-forgets-a-vcpu'] });
  expect(checked.violation).toMatchObject({ property: 'I8-shootdown', shortest: true });
});

test('a search goes on from its checkpoint with what it has found out', () => {
  const bounds: SmallBounds = { pages: 2, vcpus: 2, moves: 1, reclaims: 1 };
  const whole = search(migrate, bounds, { liveness: false }).checked;
  const begun = search(migrate, bounds, { liveness: false, states: 100_000 });
  expect(begun.checked.complete).toBe(false);
  const from = begun.check.search.save();
  const rest = search(migrate, bounds, { liveness: false, from }).checked;
  const counts = ({ states, transitions, depth, alike }: typeof whole) => ({ states, transitions, depth, alike }); // prettier-ignore
  expect(counts(rest)).toEqual(counts(whole));
});
