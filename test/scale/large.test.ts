// What is different in a large world: monitors keep tables of a few bits a page, free lists are laid out as they are used. Seeded
// bugs are seen as in a small one, and Gfns are handed out in the order of a plain list.
import { describe, expect, test } from 'vitest';
import { GfnMarks, GuestMemory } from '../../src/actors/guest-memory.ts';
import { flawNamed } from '../../src/flaws/index.ts';
import { Arena } from '../../src/memory/arena.ts';
import type { World } from '../../src/memory/world.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnce } from '../../src/report/run.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { shapeOf, smallWorld } from '../../src/scenarios/small-world.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { AssertionError, present } from '../../src/stdx/assert.ts';
import { isLarge } from '../../src/stdx/numbers.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { costs } from '../support/small-world.ts';

describe('seeded bugs in a world whose monitors keep tables', () => {
  const spec = smallWorld({ pages: 8, frames: 5, slots: 5_000, gfns: 2_100, listCapacity: 4_200 });
  const workload = present(workloadNamed('adversary'), 'workload').create(shapeOf(spec), { pages: 8, focusPages: 4, dwell: 8, accesses: 80 }); // prettier-ignore
  const brokenBy = async (flaws: string[], seed: number): Promise<string[]> => {
    const parts = partsOf({ spec, costs, flaws }, present(protocols[2], 'copyless-migrate'));
    try {
      const { run } = await runOnce(parts, [workload], { seed, scheduler: 'random', limit: 60_000 });
      return run.violations.map(({ property }) => property);
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      return [];
    }
  };

  test('it is such a world', () => {
    const geometry = new Geometry(spec);
    expect([geometry.gfns, geometry.homeFirst[geometry.homes]!].every(isLarge)).toBe(true);
  });
  test.each([
    'frame-not-cleared',
    'double-release',
    'frame-leak',
    'slot-freed-before-load',
    'source-freed-before-store',
    'no-write-protection',
    'shootdown-not-awaited',
    'fault-does-not-retire',
    'generation-stays',
    'mapping-kept',
    'source-entry-kept',
    'served-through-source',
    'wrong-pin',
  ])(
    // prettier-ignore
    '%s',
    async (name) => {
      const { alarms } = present(flawNamed(name), name);
      const seen = new Set<string>();
      for (let seed = 1; seed <= 60 && !alarms.some((alarm) => seen.has(alarm)); seed++)
        for (const property of await brokenBy([name], seed)) seen.add(property);
      expect(alarms.some((alarm) => seen.has(alarm)), [...seen].join()).toBe(true); // prettier-ignore
    },
  );
  test('none without', async () => {
    for (let seed = 1; seed <= 20; seed++) expect(await brokenBy([], seed)).toEqual([]);
  });
});

test('free lists that are laid out as they are used hand out what plain ones do, 3,000 steps', () => {
  const guest = (gfns: number) => {
    const geometry = new Geometry(smallWorld({ gfns }));
    const lay = (arena: Arena) =>
      new GuestMemory(arena, { geometry } as World, 1, arena.int32(geometry.gfns), new GfnMarks(arena, geometry.gfns)); // prettier-ignore
    const measuring = new Arena(null);
    lay(measuring);
    const memory = lay(new Arena(new ArrayBuffer(measuring.bytes)));
    memory.reset();
    return { memory, share: gfns / 2, geometry };
  };
  const lazy = guest(40_000);
  const share = Array.from({ length: lazy.share }, (_, i) => 20_000 + i);
  const list = [...share];
  const taken: number[] = [];
  const random = new Prng().seed(1);
  for (let step = 0; step < 3_000; step++) {
    const spare = random.chance(1, 10);
    if (taken.length === 0 || random.chance(5, 9)) {
      const gfn = spare ? lazy.memory.takeSpare(0) : lazy.memory.take(0);
      expect(gfn).toBe(list.shift());
      taken.push(gfn);
    } else {
      const [gfn] = taken.splice(random.below(taken.length), 1);
      lazy.memory.give(gfn!);
      list.unshift(gfn!);
    }
  }
  while (list.length > 1) expect(lazy.memory.takeSpare(0)).toBe(list.shift());
  expect(lazy.memory.takeSpare(0)).toBe(-1);
  expect(lazy.memory.take(0)).toBe(list[0]);
  expect(lazy.memory.take(0)).toBe(-1);
});
