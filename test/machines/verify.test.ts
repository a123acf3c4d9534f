// A changed page machine is judged by the invariants: what is wrong in it comes with a shortest path there, which a live actor
// can walk. Every alarm rings, and the machine that ships breaks nothing.
import { createActor, setup, type AnyStateMachine } from 'xstate';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Breach,
  describeBreach,
  graphOf,
  type Invariant,
  isAway,
  isBoundForDestination,
  isHeld,
  isOnList,
  isOnSource,
  mayArriveOnSource,
  pageConfig,
  type PageEventObject,
  pageInvariants,
  pageMachine,
  pageTable,
  type PageTag,
  placeOf,
  requestMachine,
  rewire,
  shortestPaths,
  step,
  verify,
  verifyPageMachine,
} from '../../machines/index.ts';

const STATES = 12;
const STEPS = 40;
/** A target for each (state, event) other than the one it has: 12 states and refusal, less one. */
const CHANGES = STATES * 15 * STATES;

const names = ({ breaches }: { breaches: readonly Breach[] }) => breaches.map(({ invariant }) => invariant);

/** Walks a live actor along the path of a breach. */
function walk(machine: AnyStateMachine, { path }: Breach) {
  const actor = createActor(machine).start();
  const seen = [actor.getSnapshot()];
  for (const type of path) {
    expect(actor.getSnapshot().can({ type }), type).toBe(true);
    actor.send({ type });
    seen.push(actor.getSnapshot());
  }
  return seen;
}

// shows: claim 12
test(`the page machine: ${pageInvariants.length} invariants hold on ${STEPS} steps between ${STATES} states, and none is about nothing`, () => {
  const { breaches, examined, states, steps } = verifyPageMachine(pageMachine);
  expect(breaches).toEqual([]);
  expect({ states, steps }).toEqual({ states: STATES, steps: STEPS });
  expect(Object.keys(examined)).toEqual(pageInvariants.map(({ name }) => name));
  for (const [name, count] of Object.entries(examined)) expect(count, name).toBeGreaterThan(0);
  expect(new Set(Object.keys(examined)).size).toBe(pageInvariants.length);
});

describe('a machine extended by setup().createMachine, with a mistake', () => {
  const { createMachine } = setup({
    types: { tags: {} as PageTag, events: {} as PageEventObject | { type: 'wake' } | { type: 'spill' } },
  });
  const { resident, swapped, listed, remapped } = pageConfig.states;
  const away = ['swapOut', 'written'];
  const seeded: [string, AnyStateMachine, string, string[]][] = [
    [
      'a demand fault ends a hold: copied back while the guest is about to ask',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          listed: {
            ...listed,
            states: {
              ...listed.states,
              held: {
                ...listed.states.held,
                on: { ...listed.states.held.on, demand: { target: '#page.swapped.loading' } },
              },
            },
          },
        },
      }),
      'no-copy-back-in-a-hold',
      [...away, 'export', 'detect', 'demand'],
    ],
    [
      'the same by way of a new state, in which the hold goes on',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          listed: {
            ...listed,
            states: {
              ...listed.states,
              held: { ...listed.states.held, on: { ...listed.states.held.on, wake: { target: 'waking' } } },
              waking: {
                tags: 'held',
                on: {
                  cancel: { target: 'exported' },
                  migrate: { target: '#page.remapped.migrating' },
                  demand: { target: '#page.swapped.loading' },
                },
              },
            },
          },
        },
      }),
      'no-copy-back-in-a-hold',
      [...away, 'export', 'detect', 'wake', 'demand'],
    ],
    [
      'a mapped page is loaded to where it came from',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          remapped: {
            ...remapped,
            states: {
              ...remapped.states,
              mapped: {
                ...remapped.states.mapped,
                on: { ...remapped.states.mapped.on, demand: { target: '#page.swapped.loading' } },
              },
            },
          },
        },
      }),
      'no-way-back-from-the-destination',
      [...away, 'export', 'map', 'demand'],
    ],
    [
      'listed while it is still being written',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          resident: {
            ...resident,
            states: {
              ...resident.states,
              writeback: {
                ...resident.states.writeback,
                on: { ...resident.states.writeback.on, export: { target: '#page.listed' } },
              },
            },
          },
        },
      }),
      'written-before-it-leaves',
      ['swapOut', 'export'],
    ],
    [
      'asked for while a fault brings it in: two transfers of one page',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          swapped: {
            ...swapped,
            states: {
              ...swapped.states,
              loading: {
                ...swapped.states.loading,
                on: { ...swapped.states.loading.on, migrate: { target: '#page.remapped.migrating' } },
              },
            },
          },
        },
      }),
      'under-way-until-it-ends',
      [...away, 'demand', 'migrate'],
    ],
    [
      'a transfer that cannot fail',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          remapped: {
            ...remapped,
            states: {
              ...remapped.states,
              migrating: { ...remapped.states.migrating, on: { arrive: { target: '#page.resident' } } },
            },
          },
        },
      }),
      'transfers-end',
      [...away, 'export', 'migrate'],
    ],
    [
      'still on the list although read-ahead left a copy on the source',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          swapped: {
            ...swapped,
            states: { ...swapped.states, cached: { ...swapped.states.cached, tags: ['cached', 'listed'] } },
          },
        },
      }),
      'listed-pages-are-away',
      [...away, 'demand', 'readAhead'],
    ],
    [
      'a new state that does not say where the page is',
      createMachine({
        ...pageConfig,
        states: {
          ...pageConfig.states,
          resident: { ...resident, on: { spill: { target: 'spilled' } } },
          spilled: { on: { arrive: { target: 'resident' } } },
        },
      }),
      'placed',
      ['spill'],
    ],
  ];

  test.each(seeded)('%s', (_title, machine, invariant, path) => {
    const { breaches } = verifyPageMachine(machine);
    const breach = breaches.find((one) => one.invariant === invariant)!;
    expect(breach, names({ breaches }).join()).toBeDefined();
    expect(breach.path).toEqual(path);
    // Shortest: nothing nearer leads to the state before.
    const before = shortestPaths(machine).find(({ state }) => state === breach.from)!;
    expect(before.events).toHaveLength(path.length - 1);
    const seen = walk(machine, breach);
    expect(seen.at(-1)!.matches(valueOf(breach.to))).toBe(true);
    expect(describeBreach(breach)).toContain(`Broken after ${path.join(', ')}: ${breach.from} -> `);
  });

  test('the two that copy back do: the actor on the path is held, and then on its way to the source', () => {
    for (const [, machine] of seeded.slice(0, 2)) {
      const breach = verifyPageMachine(machine).breaches.find(
        ({ invariant }) => invariant === 'no-copy-back-in-a-hold',
      )!;
      const [before, after] = walk(machine, breach).slice(-2);
      expect([isHeld(before!), mayArriveOnSource(before!)]).toEqual([true, false]);
      expect([isHeld(after!), mayArriveOnSource(after!)]).toEqual([false, true]);
    }
  });
});

function valueOf(name: string): string | Record<string, string> {
  const [parent, child] = name.split('.') as [string, string?];
  return child === undefined ? parent : { [parent]: child };
}

describe(`each of ${CHANGES} changes of one transition`, () => {
  const found = new Map<string, string[]>();
  const from = new Map(graphOf(pageMachine).states.map((view) => [view.name, view]));
  beforeAll(() => {
    for (const state of pageTable.states) {
      for (const event of pageTable.events) {
        const now = pageTable.states[step(pageTable, pageTable.state[state], pageTable.event[event])] ?? null;
        for (const to of [null, ...pageTable.states]) {
          if (to === now) continue;
          const changed = rewire(pageMachine, { [state]: { [event]: to } });
          found.set([state, event, to ?? 'refused'].join(' '), names(verifyPageMachine(changed)));
        }
      }
    }
  });

  test('1,975 break something; the others refuse more, or leave the page where it is, but for four that are harmless', () => {
    expect(found.size).toBe(CHANGES);
    const silent = [...found].filter(([, broken]) => broken.length === 0).map(([change]) => change);
    expect(found.size - silent.length).toBe(1975);
    const moving = silent.filter((change) => {
      const [state = '', , to = ''] = change.split(' ');
      return to !== 'refused' && placeOf(from.get(state)!) !== placeOf(from.get(to)!);
    });
    expect(moving).toEqual([
      // Arrived, and moved out again at once.
      'swapped.loading arrive resident.writeback',
      // The copy that read-ahead left is dropped, and the name moves: a request that the protocol could allow.
      'swapped.cached map remapped.mapped',
      // The hold goes on under the new name.
      'listed.held map remapped.held',
      'remapped.migrating arrive resident.writeback',
    ]);
  });

  test('every invariant is broken by some of them, but for two that are about tags: machines above break those', () => {
    const rung = new Set([...found.values()].flat());
    const silent = pageInvariants.filter(({ name }) => !rung.has(name)).map(({ name }) => name);
    expect(silent).toEqual(['placed', 'listed-pages-are-away']);
  });

  test('every change that brings a held page back to its source without convert is a copy-back in a hold', () => {
    const back = [...found].filter(([change]) => {
      const [state = '', event, to = ''] = change.split(' ');
      const target = from.get(to);
      return (
        target !== undefined &&
        isHeld(from.get(state)!) &&
        event !== 'convert' &&
        (isOnSource(target) || mayArriveOnSource(target))
      );
    });
    expect(back).toHaveLength(2 * 14 * 4);
    for (const [change, broken] of back) expect(broken, change).toContain('no-copy-back-in-a-hold');
  });
});

test('a machine with other names, a guard and context is judged by its tags, and its mistake is found', () => {
  const { createMachine, assign } = setup({
    types: {
      tags: {} as PageTag,
      context: {} as { tries: number },
      events: {} as PageEventObject,
    },
    guards: { again: ({ context }) => context.tries < 2 },
  });
  const machine = (early: boolean) =>
    createMachine({
      id: 'mine',
      context: { tries: 0 },
      initial: 'in',
      on: { free: { target: '.gone' } },
      states: {
        in: { tags: 'home', on: { swapOut: { target: 'leaving' } } },
        leaving: { tags: ['home', 'writing'], on: { written: { target: 'out' } } },
        out: { tags: 'away', on: { export: { target: 'offered' }, demand: { target: 'coming' } } },
        offered: {
          tags: ['away', 'listed'],
          on: { detect: { target: 'mine' }, demand: { target: 'coming' } },
        },
        mine: {
          tags: ['away', 'listed', 'held'],
          on: {
            cancel: {
              target: 'offered',
              guard: 'again',
              actions: assign({ tries: ({ context }) => context.tries + 1 }),
            },
            migrate: { target: 'going' },
            ...(early ? { arrive: { target: 'in' } } : {}),
          },
        },
        coming: { tags: 'to source', on: { arrive: { target: 'in' }, fail: { target: 'lost' } } },
        going: { tags: 'to destination', on: { arrive: { target: 'in' }, fail: { target: 'lost' } } },
        lost: { tags: 'poisoned' },
        gone: { tags: 'dead', on: { free: undefined } },
      },
    });
  // After two cancels, no third: that hold can only be asked for. The guard is executed, not read.
  const stuck = verifyPageMachine(machine(false)).breaches;
  expect(stuck.map(({ invariant, path }) => [invariant, path.slice(3)])).toEqual([
    ['a-hold-can-end', ['detect', 'cancel', 'detect', 'cancel', 'detect']],
  ]);
  expect(names(verifyPageMachine(machine(true)))).toEqual([
    'no-copy-back-in-a-hold',
    'arrives-by-a-transfer',
    'a-hold-ends-as-it-should',
    'a-hold-can-end',
  ]);
});

test("invariants of one's own stand beside ours, or alone on any machine", () => {
  const never: Invariant = {
    name: 'no-poison',
    sentence: 'nothing is ever lost',
    holds: (_from, _event, to) => !to.tags.has('poisoned'),
  };
  const [breach, ...others] = verifyPageMachine(pageMachine, [never]).breaches;
  expect(others).toEqual([]);
  expect(breach).toMatchObject({ invariant: 'no-poison', path: ['swapOut', 'written', 'demand', 'fail'] });

  const refusedEarly: Invariant = {
    name: 'refused-early',
    sentence: 'what was accepted is not refused any more',
    about: (from) => from.name === 'accepted',
    holds: (_from, event) => event !== 'refuse',
  };
  expect(verify(requestMachine, [refusedEarly])).toMatchObject({
    breaches: [],
    examined: { 'refused-early': 2 },
  });
  const late = rewire(requestMachine, { accepted: { refuse: 'refused' } });
  expect(verify(late, [refusedEarly]).breaches[0]!.path).toEqual(['send', 'forward', 'accept', 'refuse']);
});

test('the initial state is judged too: a page machine that begins in a hold breaks at the start', () => {
  const begins: Invariant = {
    name: 'begins-home',
    sentence: 'a page begins in memory',
    about: (_from, event) => event === 'xstate.init',
    holds: (_from, _event, to) => placeOf(to) === 'home',
  };
  expect(verify(pageMachine, [begins])).toMatchObject({ breaches: [], examined: { 'begins-home': 1 } });
  const held = setup({ types: { tags: {} as PageTag, events: {} as PageEventObject } }).createMachine({
    ...pageConfig,
    initial: 'listed',
  });
  const [breach] = verify(held, [begins]).breaches;
  expect(breach!.path).toEqual([]);
  expect(describeBreach(breach!)).toContain('Broken at the start: listed.exported');
});

test('a machine that counts without end is refused, not explored for ever', () => {
  const { createMachine, assign } = setup({
    types: { context: {} as { n: number }, events: {} as { type: 'more' } },
  });
  const endless = createMachine({
    id: 'endless',
    context: { n: 0 },
    on: { more: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  });
  expect(() => verify(endless, pageInvariants, { limit: 1_000 })).toThrow(/limit/);
});

test('predicates over the 12 states: each place is where it should be', () => {
  const where = Object.fromEntries(
    graphOf(pageMachine).states.map((view) => [
      view.name,
      [isOnSource, mayArriveOnSource, isAway, isBoundForDestination, isOnList, isHeld]
        .filter((is) => is(view))
        .map((is) => is.name),
    ]),
  );
  expect(where).toEqual({
    'resident.present': ['isOnSource'],
    'resident.writeback': ['isOnSource'],
    'swapped.stored': ['isAway'],
    'swapped.loading': ['mayArriveOnSource'],
    'swapped.cached': ['isOnSource'],
    'listed.exported': ['isAway', 'isOnList'],
    'listed.held': ['isAway', 'isOnList', 'isHeld'],
    'remapped.mapped': ['isAway', 'isBoundForDestination', 'isOnList'],
    'remapped.held': ['isAway', 'isBoundForDestination', 'isOnList', 'isHeld'],
    'remapped.migrating': ['isAway', 'isBoundForDestination'],
    poisoned: [],
    dead: [],
  });
});
