// What a vCPU does by itself is taken at once. Of every step that it makes afterwards it is tried whether it would do the same
// before; where one does not, or where a vCPU never comes to an end, it is not taken so.
import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/actor/actor.ts';
import type { Vcpu } from '../../src/actors/vcpu.ts';
import { field } from '../../src/actors/vcpu-column.ts';
import { message } from '../../src/model/messages.ts';
import { protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { NotCommuting } from '../../src/report/check/own-affairs.ts';
import { requestsIn } from '../../src/report/check/requests.ts';
import { WorldSystem } from '../../src/report/check/world-system.ts';
import { Search } from '../../src/runtime/check/search.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { inWords, search, type SmallBounds } from './small-searches.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

const worlds: readonly SmallBounds[] = [
  { moves: 1, reclaims: 1 },
  { vcpus: 2, operations: 2, reclaims: 1 },
  { vcpus: 2, reclaims: 1, faults: 1 },
  { vcpus: 2, reclaims: 1, repeats: 1 },
  { vcpus: 2, reclaims: 1, losses: 0, timeouts: 1 },
  { moves: 1, reclaims: 1, given: { list: { format: 'table', access: 'copy' } } },
  {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'pin 0', 'unpin 0'],
      ['await', 'move 0 to 1'],
    ],
  },
];

test.each(worlds.map((bounds) => [inWords(bounds), bounds] as const))(
  'each commutes with all that the vCPU is told meanwhile: %s',
  (_, bounds) => {
    const { check, checked } = search(migrate, bounds);
    const { affairs } = check.system;
    expect(checked).toMatchObject({ complete: true, pass: true, live: true });
    expect(affairs.areTaken).toBe(true);
    expect(affairs.affairs).toBeGreaterThan(0);
    expect(affairs.pairs).toBeGreaterThan(0);
  },
);

const bounds = { operations: 1, moves: 1, reclaims: 1, faults: 0 };
const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 2, guests: 1 });
const parts = () => partsOf({ spec, costs: anyCosts }, migrate);

type Then = (vcpu: Vcpu, kind: number, context: Context) => void;
function change({ built }: WorldSystem, self: number, then: Then): void {
  const vcpu = built.vcpus[self]!;
  const as = vcpu.receive.bind(vcpu);
  built.system.actors[self]!.receive = (incoming, context) => {
    as(incoming, context);
    then(vcpu, incoming.kind, context);
  };
}
/** A flush leaves a mark where the vCPU has something to do by itself. */
const leavesAMark: Then = ({ own }, kind) => {
  if (kind === message.flush) own[field.tasks] = own[field.queued]!;
};

describe('a vCPU that was changed', () => {
  test('so that it matters what comes first: the search begins anew, and takes nothing so', () => {
    const check = new WorldCheck(parts(), bounds, { symmetry: false });
    change(check.system, 0, leavesAMark);
    const { affairs } = check.system;
    const checked = check.run();
    expect(affairs.areTaken).toBe(true);
    expect(check.system.affairs.areTaken).toBe(false);
    expect(checked).toMatchObject({ complete: true, pass: true, live: true });
    const { states } = search(migrate, { vcpus: 2, moves: 1, reclaims: 1 }).checked;
    expect(checked.states).toBeGreaterThan(states);
  });

  test('so that it is busy with itself for ever: others have their turn all the same', () => {
    const check = new WorldCheck(parts(), bounds, { symmetry: false });
    change(check.system, 1, ({ own, self, world }, kind, context) => {
      const hasHalted = own[field.state] === world.tables.vcpu.state.halted;
      if (hasHalted && (kind === message.fed || kind === message.run)) context.send(self, message.run, 0);
    });
    const { states } = search(migrate, { vcpus: 2, moves: 1, reclaims: 1 }).checked;
    expect(check.run()).toMatchObject({ complete: true, pass: true });
    expect(check.search.result().states).toBe(states);
  });
});

describe('found in one place, and tried in another', () => {
  /** Everything is found by a thread that tries nothing, and heard by the first. */
  const heard = (then: Then) => {
    const first = new WorldSystem(parts(), bounds, 'new');
    const other = new WorldSystem(parts(), bounds, first.shared!);
    for (const system of [first, other]) change(system, 0, then);
    other.affairs.leaveTrying();
    const { states } = new Search(other).run();
    expect(other.affairs.pairs).toBe(0);
    for (const row of other.learning.tell()) first.learning.learn(row);
    return { first, states };
  };

  test('the thread that tries hears of every affair, every step and every kind of event', () => {
    const { first, states } = heard(() => {});
    const alone = new WorldSystem(parts(), bounds);
    expect(new Search(alone).run().states).toBe(states);
    expect(first.affairs.affairs).toBe(alone.affairs.affairs);
    expect(first.affairs.pairs).toBe(alone.affairs.pairs);
    expect(first.happened).toEqual(alone.happened);
    expect(requestsIn(first)).toBe('accepted');
  });

  test('what does not commute is seen there', () => {
    expect(() => heard(leavesAMark)).toThrow(NotCommuting);
  });

  test('a search that takes nothing so goes on so after a checkpoint', () => {
    const before = new WorldCheck(parts(), bounds, { symmetry: false, states: 2000 });
    change(before.system, 0, leavesAMark);
    before.advance();
    // Begun anew, by a world that is as it ought to be.
    before.system.affairs.areTaken = false;
    const { states } = before.search.result();
    const after = new WorldCheck(parts(), bounds, { symmetry: false, from: before.search.save() });
    expect(after.system.affairs.areTaken).toBe(false);
    expect(after.search.result().states).toBe(states);
    after.run();
    expect(after.system.affairs.areTaken).toBe(false);
  });

  test('a search that is gone on with knows what was found, and what happened, before it was saved', () => {
    const before = new WorldCheck(parts(), bounds, { symmetry: false });
    before.advance();
    const after = new WorldCheck(parts(), bounds, { symmetry: false, from: before.search.save() });
    expect(after.system.affairs.affairs).toBe(before.system.affairs.affairs);
    expect(after.system.affairs.pairs).toBe(before.system.affairs.pairs);
    expect(after.run()).toMatchObject({ complete: true, pass: true, requests: 'accepted' });
  });
});
