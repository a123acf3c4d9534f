// What breaks something leads to no state: what is left of a batch, and how what broke is numbered.
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { Property } from '../../src/properties/property.ts';
import { WorldSystem } from '../../src/report/check/world-system.ts';
import { Search } from '../../src/runtime/check/search.ts';
import { Successors } from '../../src/runtime/check/explorable.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { assert } from '../../src/stdx/assert.ts';
import { search, type SmallBounds } from './small-searches.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

test('of three states with 3, 2 and 1 steps the first, third and sixth break: the others close up, each with its number', () => {
  const out = new Successors(2, 2);
  const keys: number[] = [];
  for (const [source, steps] of [
    [7, 3],
    [8, 2],
    [9, 1],
  ] as const) {
    out.begin(source);
    for (let k = 0; k < steps; k++) {
      keys.push(10 * source + k);
      out.add(Int32Array.of(10 * source + k, 1), 0, source + k);
    }
    out.end();
  }
  out.spoil([0, 2, 5].map((index) => ({ index, property: `broken ${index}` })));
  expect([...out.keys.subarray(0, 2 * out.length)]).toEqual([71, 1, 80, 1, 81, 1]);
  expect([...out.actions.subarray(0, out.length)]).toEqual([8, 8, 9]);
  expect([...out.sources.subarray(0, out.length)]).toEqual([7, 8, 8]);
  expect(out.broken).toEqual([
    { source: 7, k: 0, action: 7, property: 'broken 0' },
    { source: 7, k: 2, action: 9, property: 'broken 2' },
    { source: 9, k: 0, action: 9, property: 'broken 5' },
  ]);
  // The state that was begun last still has had its one step.
  expect(out.ofThisState).toBe(1);
});

test('with a seeded bug every state has as many choices as steps, those that break something among them', () => {
  const bounds: SmallBounds = { vcpus: 2, moves: 1, reclaims: 1 };
  const { check, checked } = search(migrate, bounds, { flaws: ['wrong-pin'], shortest: false });
  const { system } = check;
  const { set } = check.search;
  const out = new Successors(system.words);
  let broken = 0;
  for (let id = 1; id <= checked.states; id++) {
    const choices = system.choicesOf(set.keys, id * system.words, out);
    expect(choices.length).toBe(out.ofThisState);
    expect(out.length + out.broken.length).toBe(out.ofThisState);
    broken += out.broken.length;
  }
  expect(broken).toBeGreaterThan(0);
});

let hasBegun = false;
/** Cannot make sense of a mapping once the search has begun. */
class Astonished extends Property {
  readonly name = 'astonished';
  readonly on = { eptSet: () => assert(!hasBegun, 'expected no mapping') };
}

test('a monitor that cannot go on is a finding, with the way there', () => {
  const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 1, guests: 1 });
  const watched = () => ({ claims: false, more: [new Astonished()] });
  const bounds = { operations: 1, moves: 0, reclaims: 1, faults: 0 };
  const system = new WorldSystem(partsOf({ spec, costs: anyCosts }, migrate), bounds, undefined, watched);
  const searching = new Search(system);
  hasBegun = true;
  expect(searching.run().violation).toMatchObject({
    kind: 'property',
    name: 'assertion: astonished cannot go on: expected no mapping',
  });
});
