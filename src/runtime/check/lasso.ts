// From a component that is fair to all actions to the lasso that is told of it: a way in, then a cycle that does each action
// justice, which is to say that it takes it or goes through a state in which it is disabled.
import { assert } from '../../stdx/assert.ts';

/** Lassos are the shortest of all where (states x subsets of actions) of the component is at most this. */
const EXACT_NODES_MAX = 1 << 20;

/** A step from state to state: by ids, or by places in a component. */
export interface Edge {
  from: number;
  to: number;
  action: number;
}

/** A cycle by ids, and its steps, the last of which closes it. */
export interface Cycle {
  ids: number[];
  steps: Edge[];
}

export interface Lasso {
  /** Ids on the way from the first state to the first of the cycle. */
  prefix: number[];
  cycle: Cycle;
}

export interface Component {
  /** Ids, in order of arrival. */
  component: Int32Array;
  /** By place in the component: steps within it, and the fair actions that are enabled. */
  edges: Edge[][];
  enabled: Set<number>[];
  actions: number[];
}

/** @param pathTo the ids on the way from the first state to one */
export function lassoOf(graph: Component, pathTo: (id: number) => number[]): Lasso {
  const { component, actions } = graph;
  return component.length * 2 ** Math.min(actions.length, 30) <= EXACT_NODES_MAX
    ? shortestLasso(graph, pathTo)
    : shortLasso(graph, pathTo);
}

/** Least in prefix and cycle together. */
function shortestLasso(graph: Component, pathTo: (id: number) => number[]): Lasso {
  let best: Lasso | null = null;
  // Members stand in order of arrival, so prefixes only get longer.
  const exhaustive = graph.component.length * graph.component.length * 2 ** graph.actions.length;
  for (let start = 0; start < graph.component.length; start++) {
    if (start > 0 && exhaustive > EXACT_NODES_MAX) break;
    const prefix = pathTo(graph.component[start]!);
    if (best && prefix.length >= best.prefix.length + best.cycle.ids.length) break;
    const cycle = shortestCycle(graph, start);
    if (!best || prefix.length + cycle.ids.length < best.prefix.length + best.cycle.ids.length)
      best = { prefix, cycle };
  }
  return best!;
}

/** The cycle through `start` that sees to all of `actions`, by breadth-first search over (state, actions seen to). */
function shortestCycle({ component, edges, enabled, actions }: Component, start: number): Cycle {
  const all = 2 ** actions.length - 1;
  const bit = new Map(actions.map((action, i) => [action, 1 << i]));
  const disabled = enabled.map((can) =>
    actions.reduce((sum, action, i) => (can.has(action) ? sum : sum | (1 << i)), 0),
  );
  const size = component.length;
  const came = new Map<number, { node: number; edge: Edge }>();
  // The first step is made before the start may count as reached again.
  const first = disabled[start]! * size + start;
  let level = [first];
  const seen = new Set<number>([first]);
  for (;;) {
    const next: number[] = [];
    for (const node of level) {
      const at = node % size;
      const done = Math.floor(node / size);
      for (const edge of edges[at]!) {
        const after = done | (bit.get(edge.action) ?? 0) | disabled[edge.to]!;
        if (edge.to === start && after === all) {
          const steps = [edge];
          for (let back = node; back !== first;) {
            const { node: previous, edge: taken } = came.get(back)!;
            steps.push(taken);
            back = previous;
          }
          return asCycle(component, steps.reverse());
        }
        const reached = after * size + edge.to;
        if (seen.has(reached)) continue;
        seen.add(reached);
        came.set(reached, { node, edge });
        next.push(reached);
      }
    }
    level = next;
    assert(level.length > 0, 'a fair component: expected a cycle that sees to every action');
  }
}

/** Shortest way in, then from one unmet demand to the nearest next: short, not always shortest. */
function shortLasso(
  { component, edges, enabled, actions }: Component,
  pathTo: (id: number) => number[],
): Lasso {
  const prefix = pathTo(component[0]!);
  const open = new Set(actions);
  const steps: Edge[] = [];
  let at = 0;
  const settle = () => {
    for (const action of open) if (!enabled[at]!.has(action)) open.delete(action);
  };
  settle();
  while (open.size > 0 || at !== 0 || steps.length === 0) {
    const way = walk(edges, at, (step) =>
      open.size > 0
        ? open.has(step.action) || [...open].some((action) => !enabled[step.to]!.has(action))
        : step.to === 0,
    );
    for (const step of way) {
      steps.push(step);
      open.delete(step.action);
      at = step.to;
      settle();
    }
  }
  return { prefix, cycle: asCycle(component, steps) };
}

function asCycle(component: Int32Array, steps: readonly Edge[]): Cycle {
  return {
    ids: steps.map(({ from }) => component[from]!),
    steps: steps.map(({ from, to, action }) => ({ from: component[from]!, to: component[to]!, action })),
  };
}

/** The shortest walk of at least one step from `start` whose last step pleases. */
function walk(edges: readonly Edge[][], start: number, pleases: (step: Edge) => boolean): Edge[] {
  const came = new Map<number, Edge>();
  const trace = (step: Edge) => {
    const steps = [step];
    for (let at = step.from; at !== start;) {
      const earlier = came.get(at)!;
      steps.push(earlier);
      at = earlier.from;
    }
    return steps.reverse();
  };
  let level = [start];
  while (level.length > 0) {
    const next: number[] = [];
    for (const from of level)
      for (const edge of edges[from]!) {
        if (pleases(edge)) return trace(edge);
        if (edge.to === start || came.has(edge.to)) continue;
        came.set(edge.to, edge);
        next.push(edge.to);
      }
    level = next;
  }
  throw new Error('a strongly connected component: expected a way between its states');
}
