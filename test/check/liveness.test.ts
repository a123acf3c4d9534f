// Liveness on graphs written out by hand, where one sees what is fair, and on random ones against a reference that knows
// fairness by definition only: sets of states that some cycle visits.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  check,
  checkLiveness,
  defineSystem,
  explain,
  interchangeable,
  part,
  Search,
} from '../../src/testing.ts';
import { type Graph, graphModel } from './graph.ts';

const judge = (graph: Graph) => check(graphModel(graph));

describe('liveness', () => {
  test('a fair cycle that owes: the lasso is the shortest way in and the cycle', () => {
    const result = judge({
      states: 4,
      edges: [
        [0, 1, 0],
        [1, 2, 1],
        [2, 1, 2],
      ],
      pending: [0, 1, 1, 0],
    });
    expect(result.pass).toBe(false);
    expect(result.violation).toMatchObject({
      kind: 'starvation',
      states: ['s0', 's1', 's2', 's1'],
      actions: ['a0', 'a1', 'a2'],
      cycleFrom: 1,
    });
  });

  test('steps that break something are numbered, and lead nowhere: the lasso has the action that it means all the same', () => {
    const edges: Graph['edges'] = [
      [0, -1, 9],
      [0, 1, 5],
      [1, -1, 8],
      [1, 0, 1],
    ];
    for (const writesSteps of [false, true]) {
      const options = { stopAtViolation: false, writesSteps };
      const search = new Search(graphModel({ states: 2, edges, pending: [1, 1] }), options);
      search.run();
      const { violation } = checkLiveness(search);
      expect(violation).toMatchObject({
        kind: 'starvation',
        states: ['s0', 's1', 's0'],
        actions: ['a5', 'a1'],
      });
    }
  });

  test('an unfair cycle is no starvation: the way out is open in every state of it', () => {
    const edges: Graph['edges'] = [
      [0, 1, 0],
      [1, 0, 1],
      [0, 2, 7],
      [1, 2, 7],
    ];
    expect(judge({ states: 3, edges, ends: [2], pending: [1, 1, 0] }).pass).toBe(true);
    // The same way out, but closed in one of the states: weak fairness does not ask for it.
    const closed = edges.filter(([from, , action]) => from !== 1 || action !== 7);
    expect(judge({ states: 3, edges: closed, ends: [2], pending: [1, 1, 0] }).violation?.kind).toBe(
      'starvation',
    );
    // And an action without fairness need never happen.
    const unfair = edges.map(([from, to, action]) => [from, to, action === 7 ? -8 : action] as const);
    expect(judge({ states: 3, edges: unfair, ends: [2], pending: [1, 1, 0] }).violation?.kind).toBe(
      'starvation',
    );
  });

  test('a cycle that pays what it owes now and then is right', () => {
    const edges: Graph['edges'] = [
      [0, 1, 0],
      [1, 2, 0],
      [2, 0, 0],
    ];
    expect(judge({ states: 3, edges, pending: [0, 1, 1] }).pass).toBe(true);
    // Two debts that take turns are paid both; one that lasts is not.
    expect(judge({ states: 3, edges, pending: [1, 2, 1] }).pass).toBe(true);
    expect(judge({ states: 3, edges, pending: [3, 2, 2] }).violation?.name).toBe(
      'obligation 1 stays pending',
    );
  });

  test('a step that changes nothing is a cycle of one; to owe at a rightful end is a violation', () => {
    expect(
      judge({
        states: 2,
        edges: [
          [0, 1, 0],
          [1, 1, 3],
        ],
        pending: [1, 1],
      }).violation,
    ).toMatchObject({
      kind: 'starvation',
      states: ['s0', 's1', 's1'],
      actions: ['a0', 'a3'],
    });
    expect(judge({ states: 2, edges: [[0, 1, 0]], ends: [1], pending: [0, 2] }).violation).toMatchObject({
      kind: 'deadlock',
      states: ['s0', 's1'],
    });
  });

  test('a cycle must do every action justice: two loops at one state are both walked', () => {
    // At 0 both a1 and a2 are open, each leads round; neither is closed anywhere.
    const edges: Graph['edges'] = [
      [0, 1, 1],
      [1, 0, 1],
      [1, 2, 2],
      [0, 2, 2],
      [2, 0, 2],
      [2, 1, 1],
    ];
    const { violation } = judge({ states: 3, edges, pending: [1, 1, 1] });
    expect(new Set(violation!.actions)).toEqual(new Set(['a1', 'a2']));
    // One step in, then a2 and a1 round: the two rounds through 0 are of one action each.
    expect(violation!.actions.length).toBe(3);
  });

  test('random graphs of 6 states: verdict and length of the lasso as by trying out every closed walk', () => {
    const edge = fc.tuple(fc.nat(5), fc.nat(5), fc.integer({ min: -1, max: 2 }));
    const graphs = fc.record({
      edges: fc.uniqueArray(edge, { minLength: 3, maxLength: 14, selector: String }),
      pending: fc.array(fc.constantFrom(0, 1, 1, 1, 2, 3), { minLength: 6, maxLength: 6 }),
    });
    let starved = 0;
    let fine = 0;
    fc.assert(
      fc.property(graphs, ({ edges, pending }) => {
        // Ends rest by a step to themselves that nobody owes, so that only cycles are judged.
        const all = [
          ...edges,
          ...[0, 1, 2, 3, 4, 5]
            .filter((s) => !edges.some(([from]) => from === s))
            .map((s) => [s, s, 0] as const),
        ];
        const expected = shortestLasso(all, pending);
        const { violation, pass } = judge({ states: 6, edges: all, pending });
        expect(pass).toBe(expected === null);
        if (pass) fine++;
        else starved++;
        expect(violation?.actions.length ?? null).toBe(expected);
        // The same where the search has not written its steps down, and where they are too many for it.
        const search = new Search(graphModel({ states: 6, edges: all, pending }));
        search.run();
        expect(search.written).toBeNull();
        for (const words of [undefined, 0])
          expect(checkLiveness(search, words).violation?.actions.length ?? null).toBe(expected);
      }),
      { numRuns: 400 },
    );
    expect(Math.min(starved, fine)).toBeGreaterThan(20);
  });

  test('seeded starvation of a small system: a courteous actor that always lets the other go first', () => {
    const door = (courteous: boolean) =>
      defineSystem({
        name: 'door',
        parts: { walker: interchangeable<'away' | 'waits'>(2, 'away'), bow: part<'none' | 'bowed'>('none') },
        actions: (on) => ({
          arrive: on(['walker'], ({ walker }) => (walker === 'away' ? { walker: 'waits' } : null), {
            fair: false,
          }),
          bow: on({ walker: 'walker', other: 'walker', bow: 'bow' }, ({ walker, other, bow }) =>
            courteous && walker === 'waits' && other === 'waits'
              ? { bow: bow === 'none' ? 'bowed' : 'none' }
              : null,
          ),
          pass: on(['walker', 'bow'], ({ walker, bow }) =>
            walker === 'waits' && bow === 'none' ? { walker: 'away' } : null,
          ),
        }),
        pending: (any) => ({ 'the door': any(['walker'], ({ walker }) => walker === 'waits') }),
      });
    expect(check(door(false)).pass).toBe(true);
    const result = check(door(true));
    expect(result.violation).toMatchObject({
      kind: 'starvation',
      name: 'the door (walker 1) stays pending',
      cycleFrom: 2,
    });
    expect(explain(result)).toContain('from here on, for ever:');
    expect(result.notes).toContain('liveness was judged without symmetry');
  });
});

/**
 * The least number of steps of a prefix and a fair closed walk that owes one bit throughout, by breadth-first search over
 * (state, start, what the walk has seen to): the definition of weak fairness written down again, without components.
 */
function shortestLasso(
  edges: readonly (readonly [number, number, number])[],
  pending: readonly number[],
): number | null {
  const distance = new Map([[0, 0]]);
  for (const [state, steps] of distance)
    for (const [from, to] of edges) if (from === state && !distance.has(to)) distance.set(to, steps + 1);
  const actions = [...new Set(edges.filter(([, , action]) => action >= 0).map(([, , action]) => action))];
  const closedAt = (state: number) =>
    actions.filter((action) => !edges.some(([from, , a]) => from === state && a === action));
  let best: number | null = null;
  for (const bit of [1, 2])
    for (const [start, prefix] of distance) {
      if ((pending[start]! & bit) === 0) continue;
      const text = (state: number, seen: Set<number>) =>
        `${state}:${[...seen].toSorted((a, b) => a - b).join()}`;
      const first = new Set(closedAt(start));
      let level = [{ state: start, seen: first }];
      const known = new Set([text(start, first)]);
      for (let steps = 1; level.length > 0; steps++) {
        const next: typeof level = [];
        for (const { state, seen } of level)
          for (const [from, to, action] of edges) {
            if (from !== state || (pending[to]! & bit) === 0) continue;
            const now = new Set([...seen, ...closedAt(to), ...(action >= 0 ? [action] : [])]);
            if (to === start && now.size === actions.length)
              best = Math.min(best ?? Infinity, prefix + steps);
            if (!known.has(text(to, now))) {
              known.add(text(to, now));
              next.push({ state: to, seen: now });
            }
          }
        level = next;
      }
    }
  return best;
}
