// The graph of a machine, by XState's own exploration of it: for looking at, for shortest paths, and for invariants. Unlike
// a table it may have guards, finite context and parallel regions; its states are those that can be reached.
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { type AdjacencyValue, getAdjacencyMap, getShortestPaths, type StatePath } from 'xstate/graph';
import { nameOf } from './compile.ts';

/** A state as invariants see it. */
export interface StateView {
  /** `parent.child`. States that differ in context only have the same name. */
  name: string;
  /** Of the state and of those around it. */
  tags: ReadonlySet<string>;
  /** Whether the event leads anywhere, be it back here. */
  accepts: (event: string) => boolean;
}

export interface Edge {
  from: StateView;
  event: string;
  to: StateView;
}

export interface Graph {
  id: string;
  initial: StateView;
  /** In the order in which they were reached: breadth first, so that no later one is nearer to the initial state. */
  states: readonly StateView[];
  edges: readonly Edge[];
}

export interface Path {
  /** Where it ends. */
  state: string;
  events: readonly string[];
}

export interface ExploreOptions {
  /** Events with what they carry, for guards that look at it; the others are sent bare. */
  events?: readonly EventObject[];
  /** Steps after which a machine counts as endless: one that counts in its context is. */
  limit?: number;
}

const LIMIT = 100_000;

function traversal(machine: AnyStateMachine, { events = [], limit = LIMIT }: ExploreOptions) {
  const given = new Set(events.map(({ type }) => type));
  const bare = (machine.events as string[]).filter((type) => !given.has(type) && !type.includes('*'));
  return {
    events: [...bare.map((type) => ({ type })), ...events],
    limit,
    // XState takes a refused event for a step on the spot.
    filterEvents: (snapshot: AnyMachineSnapshot, event: EventObject) => snapshot.can(event),
  } as object;
}

/**
 * @returns every state that can be reached, and every step between them
 * @throws Error where there is no end of them within the limit
 */
export function graphOf(machine: AnyStateMachine, options: ExploreOptions = {}): Graph {
  const map = getAdjacencyMap(machine, traversal(machine, options)) as Record<
    string,
    AdjacencyValue<AnyMachineSnapshot, EventObject>
  >;
  const found = Object.values(map).map(({ state, transitions }) => ({
    state,
    transitions: Object.values(transitions),
  }));
  const views = new Map<string, StateView>();
  const keyOf = (snapshot: AnyMachineSnapshot) => JSON.stringify([snapshot.value, snapshot.context]);
  for (const { state, transitions } of found) {
    const accepted = new Set(transitions.map(({ event }) => event.type));
    views.set(keyOf(state), {
      name: nameOf(state.value),
      tags: state.tags,
      accepts: (event) => accepted.has(event),
    });
  }
  const edges = found.flatMap(({ state, transitions }) =>
    transitions.map(({ event, state: after }) => ({
      from: views.get(keyOf(state))!,
      event: event.type,
      to: views.get(keyOf(after))!,
    })),
  );
  const states = [...views.values()];
  return { id: machine.id, initial: states[0]!, states, edges };
}

/** A shortest path to every state that can be reached, the initial one first with none; states in the order of distance. */
export function shortestPaths(machine: AnyStateMachine, options: ExploreOptions = {}): Path[] {
  return (
    getShortestPaths(machine, traversal(machine, options)) as StatePath<AnyMachineSnapshot, EventObject>[]
  )
    .map(({ state, steps }) => ({
      state: nameOf(state.value),
      // The first step is XState's own, into the initial state.
      events: steps.slice(1).map(({ event }) => event.type),
    }))
    .toSorted((a, b) => a.events.length - b.events.length);
}
