// Messages that get lost in a search, and what is said again: what may be lost, that it is made good in every fair run, that a
// way with losses is one of the simulator's too, and that what is said again in vain is found out.
import { describe, expect, test } from 'vitest';
import type { Built, Parts } from '../../src/actors/index.ts';
import { override } from '../../src/flaws/flaw.ts';
import { event } from '../../src/model/events.ts';
import { faultNames, talks } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { unitOfPath } from '../../src/report/check/counterexample.ts';
import { Walk } from '../../src/report/check/walk.ts';
import { WorldSystem } from '../../src/report/check/world-system.ts';
import { runUnit } from '../../src/report/unit.ts';
import { Successors } from '../../src/runtime/check/explorable.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { search } from './small-searches.ts';

const protocol = protocols.find(({ name }) => name === 'copyless-migrate')!;
const WALKS = 40;
const STEPS_MAX = 2_000;

function partsFor(vcpus: number, losses: number, timeouts: number): Parts {
  const spec = checkedWorld({ pages: 1, nodes: 2, vcpus, guests: 1 }, {}, { losses, timeouts });
  return partsOf({ spec, costs: anyCosts, flaws: [] }, protocol);
}
function searchAltered(alter: (built: Built) => void, losses: number, timeouts: number) {
  const parts = { ...partsFor(1, losses, timeouts), alter };
  const bounds = { operations: 1, moves: 0, reclaims: 1, faults: 0, losses, timeouts };
  return new WorldCheck(parts, bounds).run();
}

test('every message of every talk but ticks gets lost somewhere, and none comes twice unasked', () => {
  const { check, checked } = search(protocol, { vcpus: 1, moves: 1, reclaims: 1, losses: 1, timeouts: 0 });
  const { system, search: searched } = check;
  const struck = new Set<string>();
  for (let id = 1; id <= checked.states; id++) {
    const choices = system.choicesOf(searched.set.keys, id * system.words, new Successors(system.words));
    for (const { fault } of choices) if (fault >= 0) struck.add(faultNames[fault]!);
  }
  const expected = talks.filter((talk) => talk !== 'tick').map((talk) => `lose ${talk}`);
  expect([...struck].sort()).toEqual(expected.sort());
});

test('the smallest world, with nothing lost, with an early time-out, with a lost message: all of it is seen, and ends', () => {
  const bounds = { reclaims: 1 };
  const [none, early, lost] = [{}, { losses: 0, timeouts: 1 }, { losses: 1, timeouts: 0 }].map(
    (harms) => search(protocol, { ...bounds, ...harms }).checked,
  );
  expect([none, early, lost].map((checked) => checked!.live)).toEqual([true, true, true]);
  expect([none, early, lost].map((checked) => checked!.states)).toEqual([387, 4_080, 2_033]);
});

// shows: race 23 (lost messages; each way of a search is a run of the simulator, which comes to rest)
describe('a way through the states of a world that loses messages is a run', () => {
  test.each([
    { vcpus: 1, losses: 2, timeouts: 2 },
    { vcpus: 2, losses: 2, timeouts: 1 },
  ])('%o', async ({ vcpus, losses, timeouts }) => {
    const parts = partsFor(vcpus, losses, timeouts);
    const bounds = { operations: 2, moves: 1, reclaims: 2, faults: 0, repeats: 1, losses, timeouts };
    const seen = { lost: 0, twice: 0, early: 0, again: 0 };
    for (let seed = 1; seed <= WALKS; seed++) {
      const random = new Prng().seed(seed, 1);
      const walk = new Walk(new WorldSystem(parts, bounds));
      for (let step = 0; step < STEPS_MAX; step++) {
        const options = walk.options();
        expect(walk.violated(options)).toBeNull();
        if (options.length === 0) break;
        // Harm is rare: most of the choices at a step are harms.
        const plain = options.filter(({ choice }) => choice!.fault < 0);
        walk.take(
          random.chance(1, 8) ? options[random.below(options.length)]! : plain[random.below(plain.length)]!,
        );
      }
      expect(walk.options()).toEqual([]);
      for (const { fault, kind, text } of walk.choices) {
        if (fault >= 0) seen[faultNames[fault]!.startsWith('lose') ? 'lost' : 'twice']++;
        if (kind === 'timeout') seen[text.includes('early') ? 'early' : 'again']++;
      }
      const unit = unitOfPath(parts, protocol.name, [], walk.choices);
      let harms = 0;
      const { run } = await runUnit(unit, { onEvent: ({ kind }) => (harms += kind === event.fault ? 1 : 0) });
      expect(harms).toBe(walk.choices.filter(({ fault }) => fault >= 0).length);
      expect({ seed, ending: run.ending, violations: run.violations }).toEqual({
        seed,
        ending: 'at rest',
        violations: [],
      });
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10);
  });
});

describe('what is said again in vain is found out', () => {
  test('a store that does not answer again: the call that waits for it starves', () => {
    const deaf = ({ stores }: Built) => {
      for (const { served } of stores)
        override(served, 'isNew', (isNew) => (incoming, context) => {
          if (served.serials[incoming.id] === incoming.serial) return false;
          return isNew(incoming, context);
        });
    };
    expect(searchAltered(deaf, 0, 1)).toMatchObject({ complete: true, pass: true });
    const { violation } = searchAltered(deaf, 1, 0);
    expect(violation).toMatchObject({ kind: 'starvation', message: 'a call of the host stays pending' });
    // Nothing else is left to do, and so it is made for ever.
    const cycle = violation!.choices.slice(violation!.cycleFrom);
    expect(cycle.map(({ text }) => text)).toContain('host makes its call for operation 0 again');
  });

  test('a host that does not resume a vCPU again starves it', () => {
    const deaf = ({ host }: Built) => {
      override(host.faultsHeard, 'hear', (hear) => (vcpu, serial) => {
        const heard = hear(vcpu, serial);
        return heard === 'done' ? 'old' : heard;
      });
    };
    const { violation } = searchAltered(deaf, 1, 0);
    expect(violation).toMatchObject({ kind: 'starvation', message: 'the operation of vcpu0 stays pending' });
  });

  test('a wake-up that is forgotten is not made good by asking again', () => {
    const { checked } = search(
      protocol,
      { vcpus: 2, reclaims: 1, losses: 0, timeouts: 1 },
      { flaws: ['waiter-not-woken'] },
    );
    expect(checked.violation?.kind).toBe('starvation');
  });
});
