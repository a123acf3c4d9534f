// Steps that commute are taken alone: the verdicts are the same without, and every order has more states.
import { describe, expect, test } from 'vitest';
import { present } from '../../src/stdx/assert.ts';
import { protocols } from '../../src/protocols/index.ts';
import { type CheckedWorld, WorldCheck } from '../../src/report/check/check-world.ts';
import type { Bounds } from '../../src/report/check/environment.ts';
import { partsOf } from '../../src/scenarios/assemble.ts';
import { anyCosts, checkedWorld, type WorldBounds } from '../../src/scenarios/checked-world.ts';

const TINY: WorldBounds = { pages: 1, nodes: 2, vcpus: 1, guests: 1 };
const LONELY: Bounds = { operations: 2, moves: 1, reclaims: 1, faults: 0 };
const PAIR: Bounds = { operations: 1, moves: 1, reclaims: 1, faults: 0 };

function checkOf(
  name: string,
  world: WorldBounds,
  bounds: Bounds,
  reduces: boolean,
  flaws: readonly string[] = [],
): WorldCheck {
  const protocol = present(
    protocols.find((one) => one.name === name),
    name,
  );
  const parts = partsOf({ spec: checkedWorld(world), costs: anyCosts, flaws }, protocol);
  return new WorldCheck(parts, bounds, { reduces });
}

describe('clean protocols: as complete, as right, as live, in fewer states', () => {
  const cases: [string, WorldBounds, Bounds][] = [
    ...protocols.map(({ name }): [string, WorldBounds, Bounds] => [name, TINY, LONELY]),
    ['copyless-map-then-migrate', TINY, { ...LONELY, faults: 1 }],
    ['copyless-migrate', { ...TINY, vcpus: 2 }, PAIR],
    ['copyless-map', { ...TINY, guests: 2 }, PAIR],
  ];
  test.each(cases)(
    '%s, %o, %o',
    (name, world, bounds) => {
      const reduced = checkOf(name, world, bounds, true).run();
      const whole = checkOf(name, world, bounds, false).run();
      for (const result of [reduced, whole])
        expect(result).toMatchObject({ complete: true, pass: true, live: true });
      expect(reduced.states).toBeLessThan(whole.states);
      expect(reduced.transitions).toBeLessThan(whole.transitions);
    },
    120_000,
  );
});

describe('seeded bugs: the same property is broken in both searches, and the way that is told is a shortest', () => {
  test.each([
    'source-freed-before-store',
    'no-write-protection',
    'shootdown-not-awaited',
    'shootdown-forgets-a-vcpu',
    'frame-not-cleared',
    'exported-before-written',
  ])(
    '%s',
    (flaw) => {
      const [reduced, whole] = [true, false].map((reduces) => {
        const check = checkOf('copyless-migrate', { ...TINY, vcpus: 2 }, PAIR, reduces, [flaw]);
        expect(check.advance()).toBe(true);
        const found = present(check.search.result().violation, 'a violation');
        return { property: found.name.split(': ')[0], length: found.actions.length, told: check.conclude() };
      }) as [Found, Found];
      expect(reduced.property).toBe(whole.property);
      expect(reduced.length).toBeGreaterThanOrEqual(whole.length);
      expect(reduced.told.violation!.shortest).toBe(true);
      expect(reduced.told.violation!.choices.length).toBe(whole.length);
    },
    120_000,
  );
});

interface Found {
  property: string;
  length: number;
  told: CheckedWorld;
}
