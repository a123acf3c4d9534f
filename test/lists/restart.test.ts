// The hypervisor is started anew in the middle of a run and has lost its table: the list says *unknown* of every page,
// never *resident*, until the host has handed it a complete one (FIG. 4, 415). Everything else goes on.
import { describe, expect, test } from 'vitest';
import type { TraceEvent } from '../../src/model/events.ts';
import { listFormats, type ListPolicy } from '../../src/model/list-policy.ts';
import { finding } from '../../src/model/words.ts';
import { protocols } from '../../src/protocols/index.ts';
import { look, OneList } from '../support/one-list.ts';
import { explore, smallWorld } from '../support/small-world.ts';
import { smallWorkload, tight } from '../support/small-workloads.ts';

const SEEDS = 24;
const STEPS_MAX = 400_000;
/** Messages to the hypervisor with which it is started anew. */
const NTHS = Array.from({ length: 24 }, (_, i) => 40 + 17 * i);

function runWith(list: Partial<ListPolicy>, seed: number) {
  const faults = NTHS.map((nth) => ({ fault: 'hypervisor restart' as const, nth }));
  const small = { ...tight({ vcpus: 3, guests: list.per === 'host' ? 2 : 1 }, 3), list, faults };
  const looks = { before: new Set<number>(), lost: new Set<number>(), after: new Set<number>() };
  let when: keyof typeof looks = 'before';
  let [forgot, recalled] = [0, 0];
  const watch = {
    on: {
      inspected: (e: TraceEvent) => void looks[when].add(e.result),
      forgot: () => {
        forgot++;
        when = 'lost';
      },
      recalled: () => {
        recalled++;
        when = 'after';
      },
    },
  };
  const run = explore(
    smallWorld(small),
    protocols[1 + (seed % 3)]!,
    smallWorkload('adversary'),
    { kind: 'random', seed },
    { seed, limit: STEPS_MAX, observing: [watch] },
  );
  return { ending: run.ending, violations: run.violations, looks, forgot, recalled };
}

// shows: step 415, step 420, race 18, race 23
describe.each(listFormats)('%s', (format) => {
  test.each([
    { what: 'read in place', list: {} },
    { what: 'with gathered changes', list: { lag: 3 } },
    { what: 'in copies that are sent, one list for two guests', list: { access: 'copy', per: 'host' } },
    { what: 'in copies made now and then', list: { inspect: 'periodic', period: 5 } },
    { what: 'in copies made on notice', list: { inspect: 'on notify' } },
  ] as const)(`a hypervisor started anew, ${SEEDS} seeds, list $what`, ({ list }) => {
    const seen = { lost: new Set<number>(), after: new Set<number>() };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = runWith({ format, ...list }, seed);
      expect(run.violations, `seed ${seed}`).toEqual([]);
      expect(run.ending).toBe('at rest');
      expect(run.forgot).toBeGreaterThan(8);
      expect(run.recalled).toBeGreaterThan(0);
      for (const found of run.looks.lost) seen.lost.add(found);
      for (const found of run.looks.after) seen.after.add(found);
    }
    expect(seen.after).toContain(finding.listed);
    expect(seen.after).toContain(finding.resident);
    // Who looks at the list itself is never told resident while nobody knows. A look of several loads that began before may still
    // end with the generation that it found.
    if ('access' in list || 'inspect' in list) return;
    expect(seen.lost).toContain(finding.unknown);
    expect(seen.lost).not.toContain(finding.resident);
  });

  test('a list that the host keeps is not lost with the hypervisor', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = runWith({ format, owner: 'host', inspect: 'on notify' }, seed);
      expect(run.violations, `seed ${seed}`).toEqual([]);
      expect([run.ending, run.forgot]).toEqual(['at rest', 0]);
    }
  });

  // In the runs above the owner has its table back before a reader has copied a ring's: what that says meanwhile is seen here.
  test('two guests of 40 pages each: a lost list says unknown of every page, a complete one knows them all', () => {
    const tenants = [
      { first: 8, end: 48 },
      { first: 48, end: 88 },
    ];
    const every = Array.from({ length: 80 }, (_, i) => 8 + i);
    const one = new OneList(format, tenants, 8);
    const readers = tenants.map((tenant) => one.reader(tenant));
    const all = () => every.map((gfn) => look(readers[gfn < 48 ? 0 : 1]!, gfn));
    const unknown = every.map(() => 'unknown');
    for (const gfn of [11, 19, 47, 48, 87]) one.change(gfn, 5);
    for (const moved of [
      [
        [8, 6],
        [47, 7],
        [87, 8],
      ],
      [[11, 5]],
    ] as const) {
      one.list.forget();
      expect(all()).toEqual(unknown);
      expect(every.filter((gfn) => one.list.generationOf(gfn) >= 0)).toEqual([]);
      one.rebuild(moved);
      const expected = every.map(() => 'resident');
      for (const [gfn, generation] of moved) expected[gfn - 8] = `listed ${generation}`;
      expect(all()).toEqual(expected);
    }
  });
});
