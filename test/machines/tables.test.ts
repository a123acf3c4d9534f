// The tables that the program runs are the machines that people read: equal on every pair of state and event, by
// XState's own exploration of the machine, and on random walks of a live actor.
import fc from 'fast-check';
import { createActor, setup, transition, type AnyStateMachine } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import {
  compile,
  frameMachine,
  frameTable,
  pageMachine,
  pageTable,
  requestMachine,
  requestTable,
  step,
  type PageEvent,
  type PageState,
  type Table,
  vcpuMachine,
  vcpuTable,
} from '../../machines/index.ts';

const SEED = 20_250_819;
const WALKS = 200;
const EVENTS = 60;

const pairs: { machine: AnyStateMachine; table: Table; states: number; events: number }[] = [
  { machine: pageMachine, table: pageTable, states: 12, events: 14 },
  { machine: requestMachine, table: requestTable, states: 7, events: 7 },
  { machine: frameMachine, table: frameTable, states: 3, events: 3 },
  { machine: vcpuMachine, table: vcpuTable, states: 7, events: 11 },
];

/** `parent.child` of a state value, for two levels. */
function dotted(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, string>)
    .map(([parent, child]) => `${parent}.${child}`)
    .join();
}

/** Leaf names as they stand in the machine's source. */
function leafNames(machine: AnyStateMachine): string[] {
  const states = (machine.config.states ?? {}) as Record<string, { states?: Record<string, unknown> }>;
  return Object.entries(states).flatMap(([name, { states: nested }]) =>
    nested ? Object.keys(nested).map((child) => `${name}.${child}`) : [name],
  );
}

describe.each(pairs)('machine $machine.id', ({ machine, table, states, events }) => {
  test(`its table has the ${states} leaf states and ${events} events of the source`, () => {
    expect(table.states).toEqual(leafNames(machine));
    expect(table.states).toHaveLength(states);
    expect(table.events).toHaveLength(events);
    expect(new Set(table.events)).toEqual(new Set(machine.events));
    expect(table.states.map((name) => table.state[name])).toEqual(table.states.map((_, index) => index));
    expect(table.events.map((name) => table.event[name])).toEqual(table.events.map((_, index) => index));
  });

  test(`table and transition() agree on all ${states * events} pairs of state and event`, () => {
    let examined = 0;
    for (const [from, name] of table.states.entries()) {
      const [parent, child] = name.split('.') as [string, string | undefined];
      const value = child === undefined ? parent : { [parent]: child };
      const snapshot = machine.resolveState({ value } as never);
      expect(snapshot.matches(value)).toBe(true);
      for (const [on, type] of table.events.entries()) {
        const [after, actions] = transition(machine, snapshot, { type });
        // A forbidden transition (`free: undefined`) is one without a target.
        const taken = machine.getTransitionData(snapshot, { type }).some((found) => found.target);
        const next = step(table, from, on);
        expect(actions, `${name} on ${type}`).toEqual([]);
        expect(next < 0 ? null : table.states[next], `${name} on ${type}`).toBe(
          taken ? dotted(after.value) : null,
        );
        examined++;
      }
    }
    expect(examined).toBe(states * events);
  });

  test(`all ${states} states are reachable, by the table and by XState's own exploration`, () => {
    const reached = new Set([table.initial]);
    for (const state of reached) {
      for (let on = 0; on < events; on++) {
        const next = step(table, state, on);
        if (next >= 0) reached.add(next);
      }
    }
    expect(new Set([...reached].map((state) => table.states[state]))).toEqual(new Set(table.states));
    const explored = getAdjacencyMap(machine, { events: table.events.map((type) => ({ type })) });
    const found = Object.values(explored).map(({ state }) => dotted(state.value));
    expect(new Set(found)).toEqual(new Set(table.states));
  });

  test(`${WALKS} random walks of ${EVENTS} events take an actor and the table through the same states (seed ${SEED})`, () => {
    let taken = 0;
    const walk = fc.array(fc.nat({ max: events - 1 }), { minLength: EVENTS, maxLength: EVENTS });
    fc.assert(
      fc.property(walk, (ons) => {
        const actor = createActor(machine).start();
        let state = table.initial;
        for (const on of ons) {
          const type = table.events[on]!;
          const next = step(table, state, on);
          expect(actor.getSnapshot().can({ type })).toBe(next >= 0);
          actor.send({ type });
          if (next >= 0) {
            state = next;
            taken++;
          }
          expect(dotted(actor.getSnapshot().value)).toBe(table.states[state]);
        }
      }),
      { seed: SEED, numRuns: WALKS },
    );
    expect(taken).toBeGreaterThan(WALKS);
  });
});

test('the page has four top-level states, resident, swapped, listed and remapped, besides dead and poisoned', () => {
  const names = Object.keys(pageMachine.config.states ?? {});
  expect(names.sort()).toEqual(['dead', 'listed', 'poisoned', 'remapped', 'resident', 'swapped']);
});

test('state and event names are types: a misspelt one does not compile', () => {
  const state: PageState = 'listed.held';
  const event: PageEvent = 'swapOut';
  // @ts-expect-error: a compound state is not where a page can be
  const compound: PageState = 'listed';
  // @ts-expect-error: no such event
  const misspelt: PageEvent = 'swapout';
  // @ts-expect-error: no such state of the table
  expect(pageTable.state['listed.hold']).toBeUndefined();
  expect(pageTable.states).toContain(state);
  expect(pageTable.events).toContain(event);
  expect([compound, misspelt]).toHaveLength(2);
});

test('compile refuses 9 machines that a table cannot express, and names the reason', () => {
  const { createMachine } = setup({
    types: { events: {} as { type: 'go' } },
    guards: { never: () => false },
    actions: { shout: () => {} },
  });
  const b = {};
  const refused: [AnyStateMachine, string][] = [
    [createMachine({ id: 'm', type: 'parallel', states: { a: {}, b } }), 'parallel'],
    [
      createMachine({ id: 'm', initial: 'a', states: { a: { type: 'parallel', states: { b } } } }),
      'parallel',
    ],
    [
      createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { on: { go: { target: 'b', guard: 'never' } } }, b },
      }),
      'guard',
    ],
    [
      createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { on: { go: { target: 'b', actions: 'shout' } } }, b },
      }),
      'actions',
    ],
    [
      createMachine({ id: 'm', initial: 'a', states: { a: { on: { go: 'b' } }, b: { entry: 'shout' } } }),
      'entry',
    ],
    [createMachine({ id: 'm', initial: 'a', states: { a: { always: 'b' }, b } }), 'eventless'],
    [createMachine({ id: 'm', initial: 'a', states: { a: { after: { 5: 'b' } }, b } }), 'entry'],
    [createMachine({ id: 'm', initial: 'a', states: { a: { on: { '*': 'b' } }, b } }), 'wildcard'],
    [
      setup({ types: { context: {} as { count: number }, events: {} as { type: 'go' } } }).createMachine({
        id: 'm',
        context: { count: 0 },
        initial: 'a',
        states: { a: { on: { go: 'b' } }, b },
      }),
      'context',
    ],
  ];
  for (const [machine, reason] of refused) expect(() => compile(machine)).toThrow(reason);
  expect(refused).toHaveLength(9);
});
