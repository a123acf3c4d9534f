// Graphs and shortest paths by XState's exploration agree with the tables; differences between machines are found, and only those.
import { setup, type AnyStateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import {
  compile,
  difference,
  frameMachine,
  frameTable,
  graphOf,
  pageMachine,
  pageTable,
  requestMachine,
  requestTable,
  rewire,
  shortestPaths,
  step,
  type Table,
  vcpuMachine,
  vcpuTable,
} from '../../machines/index.ts';

const pairs: { machine: AnyStateMachine; table: Table; transitions: number }[] = [
  { machine: pageMachine, table: pageTable, transitions: 40 },
  { machine: requestMachine, table: requestTable, transitions: 10 },
  { machine: frameMachine, table: frameTable, transitions: 5 },
  { machine: vcpuMachine, table: vcpuTable, transitions: 11 },
];

/** Distance of each state by the table alone. */
function distances(table: Table): Map<string, number> {
  const found = new Map([[table.initial, 0]]);
  for (const [state, far] of found) {
    table.events.forEach((_, event) => {
      const next = step(table, state, event);
      if (next >= 0 && !found.has(next)) found.set(next, far + 1);
    });
  }
  return new Map([...found].map(([state, far]) => [table.states[state]!, far]));
}

describe.each(pairs)('machine $machine.id', ({ machine, table, transitions }) => {
  test(`its graph has the table's states and ${transitions} transitions`, () => {
    const graph = graphOf(machine);
    expect(graph.initial.name).toBe(table.states[table.initial]);
    expect(new Set(graph.states.map(({ name }) => name))).toEqual(new Set(table.states));
    const edges = graph.edges.map(({ from, event, to }) => [from.name, event, to.name].join(' '));
    const rows = table.states.flatMap((from, row) =>
      table.events.flatMap((event, on) => {
        const to = step(table, row, on);
        return to < 0 ? [] : [[from, event, table.states[to]].join(' ')];
      }),
    );
    expect(edges.toSorted()).toEqual(rows.toSorted());
    expect(edges).toHaveLength(transitions);
    for (const state of graph.states) {
      for (const [on, event] of table.events.entries())
        expect(state.accepts(event)).toBe(step(table, table.state[state.name]!, on) >= 0);
    }
  });

  test('its shortest paths are as long as the table says, and lead there', () => {
    const paths = shortestPaths(machine);
    expect(new Map(paths.map(({ state, events }) => [state, events.length]))).toEqual(distances(table));
    for (const { state, events } of paths) {
      const end = events.reduce((at, event) => step(table, at, table.event[event]!), table.initial);
      expect(table.states[end]).toBe(state);
    }
  });

  test('differs from itself in nothing, and from its table neither', () => {
    expect(difference(machine, machine)).toEqual([]);
    expect(difference(table, machine)).toEqual([]);
  });
});

test('a page is held after four events, and one can name them', () => {
  const held = shortestPaths(pageMachine).find(({ state }) => state === 'listed.held');
  expect(held!.events).toEqual(['swapOut', 'written', 'export', 'detect']);
});

test('events that carry something are sent as given: a guard sees them', () => {
  const machine = setup({
    types: { events: {} as { type: 'go'; far: boolean } },
    guards: { far: ({ event }) => event.far },
  }).createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { on: { go: [{ target: 'c', guard: 'far' }, { target: 'b' }] } }, b: {}, c: {} },
  });
  const all = graphOf(machine, {
    events: [
      { type: 'go', far: true },
      { type: 'go', far: false },
    ] as never,
  });
  expect(all.states.map(({ name }) => name)).toEqual(['a', 'c', 'b']);
});

test('regions side by side: the graph names both, where a table cannot', () => {
  const machine = setup({}).createMachine({
    id: 'm',
    type: 'parallel',
    states: {
      a: { initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } },
      b: { initial: 'u', states: { u: { on: { go: 'v', stop: 'w' } }, v: {}, w: {} } },
    },
  });
  expect(shortestPaths(machine)).toEqual([
    { state: 'a.x & b.u', events: [] },
    { state: 'a.y & b.v', events: ['go'] },
    { state: 'a.x & b.w', events: ['stop'] },
    { state: 'a.y & b.w', events: ['stop', 'go'] },
  ]);
});

describe('difference', () => {
  test('a transition more, less, and to elsewhere; in the order of the table', () => {
    const changed = rewire(pageMachine, {
      'listed.held': { demand: 'swapped.loading', cancel: null },
      'swapped.stored': { demand: 'resident.present' },
    });
    expect(difference(pageMachine, changed)).toEqual([
      { state: 'swapped.stored', event: 'demand', before: 'swapped.loading', after: 'resident.present' },
      { state: 'listed.held', event: 'demand', before: null, after: 'swapped.loading' },
      { state: 'listed.held', event: 'cancel', before: 'listed.exported', after: null },
    ]);
    const back = rewire(changed, {
      'listed.held': { demand: null, cancel: 'listed.exported' },
      'swapped.stored': { demand: 'swapped.loading' },
    });
    expect(difference(pageMachine, back)).toEqual([]);
  });

  test('a state and an event that only one has, and another beginning', () => {
    const { createMachine } = setup({ types: { events: {} as { type: 'go' } | { type: 'back' } } });
    const a = createMachine({ id: 'a', initial: 'x', states: { x: { on: { go: 'y' } }, y: {} } });
    const b = createMachine({
      id: 'b',
      initial: 'y',
      states: { y: {}, z: { on: { back: 'x' } }, x: { on: { go: 'y' } } },
    });
    expect(difference(a, b)).toEqual([
      { state: null, event: 'xstate.init', before: 'x', after: 'y' },
      { state: 'z', event: 'back', before: undefined, after: 'x' },
    ]);
  });
});

describe('rewire', () => {
  test('leaves the machine that it was given as it is', () => {
    const before = structuredClone(pageMachine.config);
    rewire(pageMachine, { dead: { free: 'resident.present' } });
    expect(pageMachine.config).toEqual(before);
  });
  test('a null refuses what a state around it allows', () => {
    const unfreeable = rewire(pageMachine, { 'listed.held': { free: null } });
    expect(difference(pageMachine, unfreeable)).toEqual([
      { state: 'listed.held', event: 'free', before: 'dead', after: null },
    ]);
  });
  test('names the states there are, where one is not', () => {
    expect(() => rewire(pageMachine, { 'listed.hold': { demand: 'dead' } })).toThrow(
      /no state listed\.hold, only .*listed\.held/,
    );
    expect(() => rewire(pageMachine, { dead: { free: 'listed' } })).toThrow(/no state listed,/);
  });
});

test('compile takes 127 states and refuses 128, which a cell of the table cannot name', () => {
  const chain = (states: number) =>
    setup({}).createMachine({
      id: 'chain',
      initial: 's0',
      states: Object.fromEntries(
        Array.from({ length: states }, (_, i) => [`s${i}`, { on: { go: `s${(i + 1) % states}` } }]),
      ),
    });
  const table = compile(chain(127));
  expect([...table.next]).toEqual(Array.from({ length: 127 }, (_, i) => (i + 1) % 127));
  expect(() => compile(chain(128))).toThrow('128 states, expected at most 127');
});
