// Systems of parts: packing, tables, symmetry and bounds against a reference that keeps every state as a string.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  check,
  defineSystem,
  explain,
  interchangeable,
  part,
  replicas,
  searchOf,
  type System,
} from '../../src/testing.ts';
import { late } from './late.ts';

/** A table for each action: what the parts it touches become, by the number of what they are. */
interface Drawn {
  lamp: number[];
  worker: number[][];
  both: number[][][];
  pair: number[][];
  bad: [number, number];
}
const next = (max: number) => fc.integer({ min: -2, max });
const drawn: fc.Arbitrary<Drawn> = fc.record({
  lamp: fc.array(next(2), { minLength: 3, maxLength: 3 }),
  worker: fc.array(fc.array(fc.nat(3), { maxLength: 2 }), { minLength: 4, maxLength: 4 }),
  both: fc.array(
    fc.array(
      fc.tuple(next(2), next(3)).map((pair) => [...pair]),
      { minLength: 4, maxLength: 4 },
    ),
    {
      minLength: 3,
      maxLength: 3,
    },
  ),
  pair: fc.array(fc.array(next(3), { minLength: 4, maxLength: 4 }), { minLength: 4, maxLength: 4 }),
  bad: fc.tuple(fc.nat(3), fc.nat(3)),
});
const WORKERS = 3;

function systemOf({ lamp, worker, both, pair, bad }: Drawn, symmetric: boolean): System {
  return defineSystem({
    name: 'drawn',
    parts: {
      lamp: part<number>(0),
      worker: symmetric ? interchangeable<number>(WORKERS, 0) : replicas<number>(WORKERS, () => 0),
    },
    actions: (on) => ({
      lamp: on(['lamp'], (s) => (lamp[s.lamp]! < 0 ? null : { lamp: lamp[s.lamp]! })),
      worker: on(['worker'], (s) => worker[s.worker]!.map((to) => ({ worker: to }))),
      both: on(['lamp', 'worker'], (s) => {
        const [a, b] = both[s.lamp]![s.worker]!;
        return a! < 0 || b! < 0 ? null : { lamp: a!, worker: b! };
      }),
      pair: on({ one: 'worker', other: 'worker' }, ({ one, other }) =>
        pair[one]![other]! < 0 ? null : { one: pair[one]![other]! },
      ),
    }),
    invariants: (all) => ({
      apart: all(
        { one: 'worker', other: 'worker' },
        ({ one, other }) => !(one === bad[0] && other === bad[1]),
      ),
    }),
  });
}

/** The same by brute force: [lamp, worker, worker, worker] as text. */
function reference({ lamp, worker, both, pair, bad }: Drawn) {
  const all = [0, 1, 2];
  const successors = (state: readonly number[]): number[][] => {
    const [l, ...w] = state as [number, ...number[]];
    const becomes = (a: number, i: number, b: number) => [a, ...w.map((old, j) => (j === i ? b : old))];
    const found: number[][] = [];
    if (lamp[l]! >= 0) found.push([lamp[l]!, ...w]);
    for (const i of all) {
      for (const to of worker[w[i]!]!) found.push(becomes(l, i, to));
      const [a, b] = both[l]![w[i]!]! as [number, number];
      if (a >= 0 && b >= 0) found.push(becomes(a, i, b));
      for (const j of all)
        if (i !== j && pair[w[i]!]![w[j]!]! >= 0) found.push(becomes(l, i, pair[w[i]!]![w[j]!]!));
    }
    return found;
  };
  const depth = new Map([['0,0,0,0', 0]]);
  let transitions = 0;
  let stuck = Infinity;
  let broken = Infinity;
  const orbits = new Set<string>();
  for (const [text, steps] of depth) {
    const state = text.split(',').map(Number);
    const [l, ...w] = state;
    orbits.add([l, ...w.toSorted((a, b) => a - b)].join());
    if (all.some((i) => all.some((j) => i !== j && w[i] === bad[0] && w[j] === bad[1])))
      broken = Math.min(broken, steps);
    const followers = successors(state);
    if (followers.length === 0) stuck = Math.min(stuck, steps);
    transitions += followers.length;
    for (const follower of followers) if (!depth.has(follower.join())) depth.set(follower.join(), steps + 1);
  }
  return {
    states: depth.size,
    transitions,
    depth: Math.max(...depth.values()),
    orbits: orbits.size,
    shortest: Math.min(stuck, broken),
  };
}

describe('systems of parts', () => {
  test('random systems of a lamp and three workers: counts, depth and shortest counterexample of the reference', () => {
    let violated = 0;
    fc.assert(
      fc.property(drawn, (tables) => {
        const expected = reference(tables);
        const all = check(systemOf(tables, false), { stopAtViolation: false });
        expect(all).toMatchObject({
          complete: true,
          states: expected.states,
          transitions: expected.transitions,
          depth: expected.depth,
        });
        const stopped = check(systemOf(tables, false));
        expect(stopped.violation?.actions.length ?? Infinity).toBe(expected.shortest);
        if (stopped.violation) violated++;
      }),
      { numRuns: 150 },
    );
    expect(violated).toBeGreaterThan(30);
  });

  test('with symmetry: as many states as there are orbits, the same verdict, a counterexample as short that is a real run', () => {
    fc.assert(
      fc.property(drawn, (tables) => {
        const expected = reference(tables);
        const orbits = check(systemOf(tables, true), { stopAtViolation: false });
        expect([orbits.complete, orbits.states, orbits.symmetry]).toEqual([true, expected.orbits, true]);
        const { violation } = check(systemOf(tables, true));
        expect(violation?.actions.length ?? Infinity).toBe(expected.shortest);
        // Each step of the told path changes what one action touches: the lamp and a worker at most.
        violation?.states.slice(1).forEach((state, i) => {
          const before = violation.states[i]!.split(' · ');
          const changes = state.split(' · ').filter((one, j) => one !== before[j]);
          expect(changes.filter((one) => one.startsWith('worker')).length).toBeLessThanOrEqual(1);
        });
      }),
      { numRuns: 150 },
    );
  });

  test('an action is called once for each combination of values it meets, twice to be sure', () => {
    const calls = new Map<string, number>();
    const system = defineSystem({
      name: 'counters',
      parts: { counter: replicas<number>(4, () => 0) },
      actions: (on) => ({
        count: on(['counter'], ({ counter }) => {
          calls.set(String(counter), (calls.get(String(counter)) ?? 0) + 1);
          return { counter: (counter + 1) % 10 };
        }),
      }),
    });
    expect(check(system).states).toBe(10_000);
    expect([...calls.values()]).toEqual(Array<number>(10).fill(2));
  });

  test('values that come up late widen the packing under way; nothing is lost', () => {
    const system = late(70, 5);
    const search = searchOf(system);
    const before = search.model.words;
    const bits = (search.model.hash ?? '').split('/')[1];
    const result = search.run();
    expect(result).toMatchObject({ complete: true, states: 71 * 6 ** 5 });
    expect((search.model.hash ?? '').split('/')[1]).not.toBe(bits);
    expect(search.model.words).toBeGreaterThanOrEqual(before);
  });

  test('states of more than a word, and combinations too many for a table, are counted right', () => {
    const wide = defineSystem({
      name: 'wide',
      parts: { big: replicas<{ n: number }>(3, () => ({ n: 0 })), flag: replicas<boolean>(40, () => false) },
      actions: (on) => ({
        // Three numbers of 0..39 at once are 18 bits and more: a map instead of a table.
        turn: on({ a: 'big', b: 'big', c: 'big' }, ({ a, b, c }) =>
          a.n <= b.n && b.n <= c.n && a.n < 39 ? { a: { n: a.n + 1 } } : null,
        ),
      }),
      end: (all) => all(['flag'], ({ flag }) => !flag),
    });
    const result = check(wide);
    const seen = new Set(['0,0,0']);
    for (const text of seen) {
      const n = text.split(',').map(Number);
      for (const order of [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ]) {
        const [a, b, c] = order as [number, number, number];
        if (n[a]! <= n[b]! && n[b]! <= n[c]! && n[a]! < 39)
          seen.add(n.map((one, i) => (i === a ? one + 1 : one)).join());
      }
    }
    expect(result).toMatchObject({ complete: true, states: seen.size, pass: true });
  });

  test('mistakes of the author are named: impurity, writing into a value, unknown parts, values that are not data', () => {
    let coin = 0;
    const of = (step: (counter: { n: number }) => object | null) =>
      defineSystem({
        name: 'wrong',
        parts: { counter: part<{ n: number }>({ n: 0 }) },
        actions: (on) => ({ go: on(['counter'], ({ counter }) => step(counter)) }),
      });
    expect(() => check(of(() => ({ counter: { n: coin++ } })))).toThrow(
      'action go: expected the same outcome',
    );
    expect(() => check(of((counter) => ({ counter: { n: counter.n++ } })))).toThrow('read only');
    expect(() => check(of(() => ({ clock: 1 })))).toThrow('expected outcomes for counter only, saw clock');
    expect(() => check(of(() => ({ counter: new Map() })))).toThrow('expected plain objects, saw a Map');
    expect(() =>
      defineSystem({
        name: 'x',
        parts: { a: part(1) },
        actions: (on) => ({ go: on(['b' as 'a'], () => null) }),
      }),
    ).toThrow('expected one of the parts a, saw b');
  });
});

describe('what is no definition, and what comes of one', () => {
  const parts = { a: part<'out' | 'in'>('out'), b: part<'out' | 'in'>('out') };
  const exclusive = { exclusive: ({ a, b }: { a: string; b: string }) => a !== 'in' || b !== 'in' };
  const define = (more: object) => defineSystem({ name: 'two', parts, actions: () => ({}), ...more });

  test('a record of functions where a function is expected, and a function that names no parts', () => {
    expect(() => define({ invariants: exclusive })).toThrow(
      "invariants is object, expected a function: invariants: (all) => ({ NAME: all(['PART'], ({ PART }) => true) })",
    );
    expect(() => define({ invariants: () => exclusive })).toThrow(
      /^'exclusive' of invariants names no parts, expected/,
    );
    expect(() => define({ pending: {} })).toThrow(
      /^pending is object, expected a function: pending: \(any\)/,
    );
    expect(() => define({ actions: undefined })).toThrow(/^actions is undefined, expected a function/);
  });

  test('explain begins with the verdict: PASS, FAIL, INCOMPLETE', () => {
    const system = (guarded: boolean) =>
      defineSystem({
        name: 'two that go in and out',
        parts,
        actions: (on) => ({
          'a goes': on(['a', 'b'], ({ a, b }) =>
            a === 'in' ? { a: 'out' } : guarded && b === 'in' ? null : { a: 'in' },
          ),
          'b goes': on(['a', 'b'], ({ a, b }) =>
            b === 'in' ? { b: 'out' } : guarded && a === 'in' ? null : { b: 'in' },
          ),
        }),
        invariants: (all) => ({ exclusive: all(['a', 'b'], exclusive.exclusive) }),
      });
    expect(explain(check(system(true)))).toBe('PASS: 3 states, 4 transitions, depth 1, complete');
    expect(explain(check(system(false)))).toMatch(/^FAIL: .* stopped at a violation\nproperty: exclusive\n/);
    expect(explain(check(system(true), { states: 2 }))).toMatch(/^INCOMPLETE: /);
  });
});
