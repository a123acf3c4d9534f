// XState machines as parts: the page machine of the package and one that somebody extended, against xstate's own graph.
import { type AnyMachineSnapshot, type AnyStateMachine, assign, createMachine, sendTo, setup } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import { pageMachine, pageTable, partOf } from '../../machines/index.ts';
import { check, defineSystem, eventActions, interchangeable, part } from '../../src/testing.ts';

const reachableByXState = (machine: AnyStateMachine) =>
  Object.keys(
    getAdjacencyMap(machine, {
      serializeState: (snapshot) =>
        JSON.stringify([(snapshot as AnyMachineSnapshot).value, (snapshot as AnyMachineSnapshot).context]),
    }),
  );

/** A page that is poisoned for good after three failed reads, as a user might extend ours. */
const patientPage = setup({
  types: {
    context: {} as { failures: number },
    events: {} as { type: 'swapOut' | 'demand' | 'arrive' | 'fail' },
  },
  guards: { patience: ({ context }) => context.failures < 2 },
}).createMachine({
  id: 'patient',
  context: { failures: 0 },
  initial: 'resident',
  states: {
    resident: { on: { swapOut: 'swapped' } },
    swapped: { on: { demand: 'loading' } },
    loading: {
      on: {
        arrive: 'resident',
        fail: [
          {
            guard: 'patience',
            target: 'swapped',
            actions: assign({ failures: ({ context }) => context.failures + 1 }),
          },
          { target: 'poisoned' },
        ],
      },
    },
    poisoned: { type: 'final' },
  },
});

describe('machines as parts', () => {
  test('the page machine: as many states as its table reaches and as xstate/graph finds', () => {
    const life = partOf(pageMachine);
    const system = defineSystem({
      name: 'page',
      parts: { page: part(life.initial) },
      actions: (on) => eventActions(on, 'page', life),
      invariants: (all) => ({
        'never poisoned': all(['page'], ({ page }) => !life.matches(page, 'poisoned')),
      }),
      end: (all) => all(['page'], ({ page }) => life.matches(page, 'dead') || life.matches(page, 'poisoned')),
    });
    const result = check(system, { stopAtViolation: false });
    const reached = new Set([pageTable.initial]);
    for (const state of reached)
      pageTable.events.forEach((_event, e) => {
        const to = pageTable.next[state * pageTable.events.length + e]!;
        if (to >= 0) reached.add(to);
      });
    expect(result).toMatchObject({ complete: true, states: reached.size });
    expect(result.states).toBe(reachableByXState(pageMachine).length);
    expect(result.violation!.actions).toEqual(['swapOut', 'written', 'demand', 'fail']);
  });

  test('a machine of a user with context, guards and assignments: the states that xstate/graph finds', () => {
    const life = partOf(patientPage);
    const system = defineSystem({
      name: 'patient',
      parts: { page: part(life.initial) },
      actions: (on) => eventActions(on, 'page', life),
      end: (all) => all(['page'], ({ page }) => life.matches(page, 'poisoned')),
    });
    const result = check(system);
    expect(result).toMatchObject({ pass: true, complete: true });
    expect(result.states).toBe(reachableByXState(patientPage).length);
  });

  test('two pages and one frame between them: machines meet in an action; the deadlock is found by its shortest way', () => {
    const life = partOf(pageMachine);
    const system = defineSystem({
      name: 'pages and a frame',
      parts: { page: interchangeable(2, life.initial), frames: part<number>(0) },
      actions: (on) => ({
        'swap out': on(['page', 'frames'], ({ page, frames }) => {
          const out = life.step(page, { type: 'swapOut' });
          const written = out && life.step(out, { type: 'written' });
          return written && { page: written, frames: frames + 1 };
        }),
        demand: on(['page', 'frames'], ({ page, frames }) => {
          const loading = frames > 0 ? life.step(page, { type: 'demand' }) : null;
          return loading && { page: loading, frames: frames - 1 };
        }),
        // The mistake: a page that could not be read keeps its frame, and the other never gets one.
        fail: on(['page'], ({ page }) => {
          const poisoned = life.step(page, { type: 'fail' });
          return poisoned && { page: poisoned };
        }),
      }),
    });
    const { violation } = check(system);
    expect(violation).toMatchObject({ kind: 'deadlock' });
    expect(violation!.actions.map((action) => action.split(' (')[0])).toEqual([
      'swap out',
      'swap out',
      'demand',
      'demand',
      'fail',
      'fail',
    ]);
  });

  test('what has no place in a step is refused by name', () => {
    const one = (state: object, id = 'm') =>
      createMachine({ id, initial: 'a', states: { a: state, b: {} } } as never);
    expect(() => partOf(one({ after: { 10: 'b' } }))).toThrow(
      'machine m: m.a has a delayed transition (after)',
    );
    expect(() => partOf(one({ invoke: { src: 'x' } }))).toThrow('m.a has an invoked actor');
    const sender = partOf(one({ on: { go: { actions: sendTo('other', { type: 'hello' }) } } }));
    expect(() => sender.step(sender.initial, { type: 'go' })).toThrow('event go');
  });
});
