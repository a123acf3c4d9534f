// Invariants of a machine, judged on every step that it can take. Breadth first, so that what is broken comes with a
// shortest path to it. A machine is a few hundred states; whole systems are searched elsewhere (`copyless fuzz`).
import type { AnyStateMachine } from 'xstate';
import { type Edge, type ExploreOptions, type Graph, graphOf, type StateView } from './graph.ts';

export interface Invariant {
  name: string;
  /** What it says, for people. */
  sentence: string;
  /**
   * The steps that it says something about; without it, every step. A verification counts them: an invariant that was never
   * about anything has not been shown.
   */
  about?: (from: StateView, event: string, to: StateView) => boolean;
  /** Is this step right? The initial state is entered by a step from itself, on `xstate.init`. */
  holds: (from: StateView, event: string, to: StateView) => boolean;
}

/** A step that breaks an invariant, one of the nearest to the initial state. */
export interface Breach {
  invariant: string;
  sentence: string;
  from: string;
  event: string;
  to: string;
  /** Events from the initial state on; the last one is the step itself. */
  path: readonly string[];
}

export interface Verification {
  /** Empty where the machine is right: at most one for each invariant. */
  breaches: readonly Breach[];
  /** Steps that each invariant was about. */
  examined: Readonly<Record<string, number>>;
  states: number;
  steps: number;
}

export const INITIAL = 'xstate.init';

/**
 * @param machine any machine that has an end: guards and context are taken as they are
 * @param invariants each is a predicate over steps
 */
export function verify(
  machine: AnyStateMachine,
  invariants: readonly Invariant[],
  options: ExploreOptions = {},
): Verification {
  const graph = graphOf(machine, options);
  const pathTo = paths(graph);
  const start: Edge = { from: graph.initial, event: INITIAL, to: graph.initial };
  // Steps from nearer states first: the first one that breaks an invariant is a nearest.
  const distance = (edge: Edge) => pathTo.get(edge.from)!.length;
  const edges = [start, ...graph.edges.toSorted((a, b) => distance(a) - distance(b))];
  const examined: Record<string, number> = {};
  const breaches: Breach[] = [];
  for (const { name, sentence, about = () => true, holds } of invariants) {
    const concerned = edges.filter(({ from, event, to }) => about(from, event, to));
    examined[name] = concerned.length;
    const wrong = concerned.find(({ from, event, to }) => !holds(from, event, to));
    if (wrong === undefined) continue;
    const path = wrong === start ? [] : [...pathTo.get(wrong.from)!, wrong.event];
    breaches.push({
      invariant: name,
      sentence,
      from: wrong.from.name,
      event: wrong.event,
      to: wrong.to.name,
      path,
    });
  }
  return { breaches, examined, states: graph.states.length, steps: graph.edges.length };
}

/** A shortest path of events to each state. */
function paths({ initial, edges }: Graph): Map<StateView, readonly string[]> {
  const from = Map.groupBy(edges, (edge) => edge.from);
  const found = new Map<StateView, readonly string[]>([[initial, []]]);
  for (const [state, path] of found) {
    for (const { event, to } of from.get(state) ?? []) {
      if (!found.has(to)) found.set(to, [...path, event]);
    }
  }
  return found;
}

/** One line a breach, for a test's message or a terminal. */
export function describeBreach({ invariant, sentence, from, event, to, path }: Breach): string {
  const by = path.length === 0 ? 'at the start' : `after ${path.join(', ')}`;
  return `${invariant}: ${sentence}. Broken ${by}: ${from} -> ${to} on ${event}`;
}
