// Liveness under weak fairness: does a run exist in which every fair action is disabled or taken again and again, and yet
// something stays pending for ever? Asked of the states that a complete search has found.
//
// Such a run ends in a cycle all of whose states owe the same bit of `pending`. So edges count only between states that
// owe a bit in common; states that no such edge leads to are taken away (Kahn), again and again. Where none is left there
// is no cycle. What is left is split into strongly connected components, one bit at a time (Tarjan). A component is fair for
// an action that is disabled somewhere in it or taken within it; if it is not, no part of it is. One that is fair for all is
// a starvation, told as a lasso: the shortest way in, then a cycle that does each action justice.
//
// The search has written its steps down. Where it has not, each state that owes something is expanded once more for it; where
// there are too many steps, states are taken away by expanding them again, and only the edges of what is left are written down.
// A state without successors that owes something is told as such.
import { assert } from '../../stdx/assert.ts';
import { type Explorable, Successors } from './explorable.ts';
import { type Cycle, type Edge, type Lasso, lassoOf } from './lasso.ts';
import { type Search, type SearchResult, stepTo, type Violation } from './search.ts';
import type { StateSet } from './state-set.ts';
import { WORDS_MAX, WrittenSteps } from './written-steps.ts';

const BATCH = 2048;
export interface LivenessResult {
  /** Everything pending ends, in every fair run. */
  holds: boolean;
  violation?: Violation;
  /** States that were left after taking away what lies on no cycle. */
  residue: number;
  /** Components that were looked at, in all bits together. */
  components: number;
}

/**
 * @param search complete, of a model with `pending`. With symmetry a cycle of orbits need not be one of states: then that it
 *   holds is true where `pending` says what is owed to any of those alike, and a violation is only a suspicion
 * @param writtenMax words for the steps that the search has not written down: beyond it states are expanded again and again
 */
export function checkLiveness(search: Search, writtenMax = WORDS_MAX): LivenessResult {
  const result: SearchResult = search.result();
  assert(result.complete, 'liveness: expected a complete search');
  assert(search.model.pending !== undefined, 'liveness: expected a model with something pending');
  return new Liveness(search, writtenMax).run();
}

/** Sees a state, and where in two arrays the ids that its steps lead to, and their actions, are. */
type Visit = (
  id: number,
  first: number,
  end: number,
  ids: Int32Array,
  actions: Int16Array | Int32Array,
) => void;

class Liveness {
  private readonly search: Search;
  private readonly writtenMax: number;
  private readonly model: Explorable;
  private readonly set: StateSet;
  private written: WrittenSteps | null;
  private readonly words: number;
  private readonly count: number;
  private readonly out: Successors;
  private ids = new Int32Array(2 * BATCH);
  /** Bits owed, by id. */
  private readonly owed: Int32Array;
  /** Edges that lead to a state from one that is still there and owes a bit in common. */
  private readonly into: Int32Array;
  private readonly removed: Uint8Array;
  private stuck = 0;
  private components = 0;
  /**
   * Steps of the states left: those of the state in place `i` are at `[starts[i]..starts[i + 1])`; `edges` says the place
   * that a step leads to, or -1 where that is not left or owes nothing in common.
   */
  private left = new Int32Array(0);
  private placeOf = new Int32Array(0);
  private starts = new Int32Array(0);
  private edges = new Int32Array(0);
  private actions = new Int32Array(0);
  private actionsEnd = 0;
  /** By place: the last component that it was found in. */
  private componentOf = new Int32Array(0);

  constructor(search: Search, writtenMax: number) {
    this.search = search;
    this.writtenMax = writtenMax;
    this.model = search.model;
    this.set = search.set;
    this.written = search.written;
    this.words = search.model.words;
    this.count = search.set.count;
    this.out = new Successors(this.words, 2 * BATCH);
    this.owed = new Int32Array(this.count + 1);
    this.into = new Int32Array(this.count + 1);
    this.removed = new Uint8Array(this.count + 1);
  }

  run(): LivenessResult {
    const { owed, count } = this;
    const { keys } = this.set;
    let all = 0;
    for (let id = 1; id <= count; id++) all |= owed[id] = this.model.pending!(keys, id * this.words);
    // A graph in which every edge leads one level on has no cycle: only ends can owe.
    const layered = this.search.edgesBack === 0;
    const few = this.search.result().transitions <= this.writtenMax;
    let residue = 0;
    const told = (violation?: Violation): LivenessResult => ({
      holds: !violation,
      ...(violation ? { violation } : {}),
      residue,
      components: this.components,
    });
    if (few && !layered) this.written ??= this.writeAll();
    this.countEdges();
    if (!layered) {
      residue = this.written ? this.takeAwayWritten(this.written) : this.takeAway();
      if (residue > 0 && this.stuck === 0) this.writeEdges();
    }
    if (this.stuck !== 0) return told(this.deadlock(this.stuck));
    if (residue === 0) return told();
    let serial = 0;
    let best: (Lasso & { bit: number }) | null = null;
    for (let bit = 0; bit < 31; bit++) {
      if ((all & (1 << bit)) === 0) continue;
      for (const component of this.split(1 << bit)) {
        const lasso = this.fairCycle(component, ++serial);
        if (!lasso) continue;
        const length = lasso.prefix.length + lasso.cycle.ids.length;
        if (!best || length < best.prefix.length + best.cycle.ids.length) best = { ...lasso, bit };
      }
    }
    return told(best ? this.starvation(best.prefix, best.cycle, best.bit) : undefined);
  }

  /** Goes through the steps of a list of states. */
  private stepsOf(list: ArrayLike<number>, from: number, to: number, visit: Visit): void {
    if (this.written === null) return this.expandAll(list, from, to, visit);
    const { written } = this;
    const { rows, actions } = written;
    for (let i = from; i < to; i++) {
      const row = written.rowOf(list[i]!);
      visit(list[i]!, row + 1, row + 1 + rows[row]!, rows, actions);
    }
  }
  private expandAll(
    list: ArrayLike<number>,
    from: number,
    to: number,
    visit: Visit,
    into: WrittenSteps | null = null,
  ): void {
    const { out, set, model, words } = this;
    const ends: number[] = [];
    for (let i = from; i < to;) {
      out.clear();
      ends.length = 0;
      const start = i;
      while (i < to && out.length < BATCH) {
        out.begin(list[i]!);
        model.expand(set.keys, list[i]! * words, out);
        out.end();
        ends.push(out.length);
        i++;
      }
      model.complete?.(out);
      if (this.ids.length < out.length) this.ids = new Int32Array(out.length * 2);
      set.findAll(out.keys, out.length, this.ids);
      into?.put(out, this.ids);
      let first = 0;
      for (let j = start; j < i; j++) {
        const end = ends[j - start]!;
        visit(list[j]!, first, end, this.ids, out.actions);
        first = end;
      }
    }
  }

  /** Writes down what the search has not. @returns null where there is no room for it */
  private writeAll(): WrittenSteps | null {
    const { owed } = this;
    const written = new WrittenSteps(null, this.writtenMax);
    const list = owed.map((_, id) => id).filter((id) => owed[id] !== 0);
    this.expandAll(list, 0, list.length, () => {}, written);
    return written.areAll ? written : null;
  }

  /** Counts what leads to every state that owes something, and finds the first end that does. */
  private countEdges(): void {
    const { owed, into, count } = this;
    const everyone = new Int32Array(BATCH);
    for (let from = 1; from <= count;) {
      let n = 0;
      for (; from <= count && n < BATCH; from++) if (owed[from] !== 0) everyone[n++] = from;
      this.stepsOf(everyone, 0, n, (id, first, end, ids) => {
        const mask = owed[id]!;
        if (first === end) this.stuck ||= id;
        for (let i = first; i < end; i++) {
          const to = ids[i]!;
          if ((owed[to]! & mask) !== 0) into[to] = into[to]! + 1;
        }
      });
    }
  }

  /** Kahn: takes away what no cycle can lead through, in sweeps over the order of arrival. @returns how many are left */
  private takeAway(): number {
    const { owed, into, removed, count } = this;
    const batch = new Int32Array(BATCH);
    let left = 0;
    for (let id = 1; id <= count; id++)
      if (owed[id] === 0) removed[id] = 1;
      else left++;
    let lowest = 1;
    while (lowest <= count) {
      // Edges mostly lead on, so that one sweep takes nearly all; `again` is the lowest state that fell free behind it.
      let again = count + 1;
      for (let from = lowest; from <= count;) {
        let n = 0;
        for (; from <= count && n < BATCH; from++)
          if (removed[from] === 0 && into[from] === 0) {
            removed[from] = 1;
            batch[n++] = from;
          }
        left -= n;
        this.stepsOf(batch, 0, n, (id, first, end, ids) => {
          const mask = owed[id]!;
          for (let i = first; i < end; i++) {
            const to = ids[i]!;
            if ((owed[to]! & mask) === 0) continue;
            const edges = --into[to]!;
            if (edges === 0 && to < from && to < again) again = to;
          }
        });
      }
      lowest = again;
    }
    return left;
  }

  /** The same over steps that are written down: what falls free behind the sweep is taken away at once. */
  private takeAwayWritten(written: WrittenSteps): number {
    const { rows } = written;
    const { owed, into, removed, count } = this;
    const free: number[] = [];
    let left = 0;
    for (let id = 1; id <= count; id++) {
      if (owed[id] === 0) {
        removed[id] = 1;
        continue;
      }
      left++;
      if (into[id] !== 0) continue;
      free.push(id);
      for (let from = free.pop(); from !== undefined; from = free.pop()) {
        removed[from] = 1;
        left--;
        const mask = owed[from]!;
        const row = written.rowOf(from);
        for (let i = row + 1, end = row + rows[row]!; i <= end; i++) {
          const to = rows[i]!;
          if ((owed[to]! & mask) !== 0 && --into[to]! === 0 && to < id) free.push(to);
        }
      }
    }
    return left;
  }

  /** Writes the steps of the states that are not removed down, and the first of them that has none. */
  private writeEdges(): void {
    const { removed, owed, count } = this;
    let n = 0;
    this.placeOf = new Int32Array(count + 1);
    for (let id = 1; id <= count; id++) if (removed[id] === 0) this.placeOf[id] = n++;
    const left = new Int32Array(n);
    for (let id = 1; id <= count; id++) if (removed[id] === 0) left[this.placeOf[id]!] = id;
    const starts = new Int32Array(n + 1);
    let edges = new Int32Array(n * 4 + BATCH);
    let actions = new Int32Array(n * 4 + BATCH);
    let length = 0;
    let place = 0;
    this.stepsOf(left, 0, n, (id, first, end, ids, its) => {
      if (length + end - first > edges.length) {
        const size = Math.floor(edges.length * 1.5) + end - first;
        edges = longer(edges, size);
        actions = longer(actions, size);
      }
      if (first === end) this.stuck ||= id;
      const mask = owed[id]!;
      const { placeOf } = this;
      for (let i = first; i < end; i++) {
        const to = ids[i]!;
        const action = its[i]!;
        if (action >= this.actionsEnd) this.actionsEnd = action + 1;
        actions[length] = action;
        edges[length++] = removed[to] === 0 && (owed[to]! & mask) !== 0 ? placeOf[to]! : -1;
      }
      starts[++place] = length;
    });
    Object.assign(this, { left, starts, edges, actions, componentOf: new Int32Array(n) });
  }

  /** Places of each component with a cycle among the states left that owe `mask`: Tarjan, with its stacks in arrays. */
  private split(mask: number): Int32Array[] {
    const { left, owed, starts, edges, removed } = this;
    const n = left.length;
    /** 0: not met, -1: of no interest (any more), else when it was met: it is on the stack then. */
    const order = new Int32Array(n);
    for (let place = 0; place < n; place++) {
      const id = left[place]!;
      if (removed[id] === 1 || (owed[id]! & mask) === 0) order[place] = -1;
    }
    const stack = new Int32Array(n);
    // By depth of the call: its place, the least order that it reaches, its next edge.
    const calls = new Int32Array(n);
    const lows = new Int32Array(n);
    const nexts = new Int32Array(n);
    const found: Int32Array[] = [];
    let clock = 0;
    let depth = -1;
    let height = 0;
    for (let root = 0; root < n; root++) {
      if (order[root] !== 0) continue;
      let at = root;
      let low = (order[at] = ++clock);
      let edge = starts[at]!;
      stack[height++] = at;
      depth = 0;
      while (depth >= 0) {
        const end = starts[at + 1]!;
        let callee = -1;
        while (edge < end) {
          const to = edges[edge++]!;
          if (to < 0) continue;
          const met = order[to]!;
          if (met === 0) {
            callee = to;
            break;
          }
          if (met > 0 && met < low) low = met;
        }
        if (callee >= 0) {
          calls[depth] = at;
          lows[depth] = low;
          nexts[depth] = edge;
          depth++;
          at = callee;
          low = order[at] = ++clock;
          edge = starts[at]!;
          stack[height++] = at;
          continue;
        }
        if (low === order[at]) {
          const top = height;
          do order[stack[--height]!] = -1;
          while (stack[height] !== at);
          const alone = top - height === 1;
          if (!alone || edges.subarray(starts[at], end).includes(at))
            found.push(stack.slice(height, top).sort());
        }
        if (--depth < 0) break;
        at = calls[depth]!;
        low = Math.min(lows[depth]!, low);
        edge = nexts[depth]!;
      }
    }
    this.components += found.length;
    return found;
  }

  /** The shortest lasso into a component (by places) that is fair to all actions, or null where it is not. */
  private fairCycle(places: Int32Array, serial: number): Lasso | null {
    const { left, starts, componentOf } = this;
    for (const place of places) componentOf[place] = serial;
    if (!this.isFair(places, serial)) return null;
    const index = new Map<number, number>();
    places.forEach((place, i) => index.set(place, i));
    const edges: Edge[][] = [];
    const enabled: Set<number>[] = [];
    for (const [from, place] of places.entries()) {
      const own: Edge[] = [];
      const can = new Set<number>();
      for (let edge = starts[place]!; edge < starts[place + 1]!; edge++) {
        const action = this.actions[edge]!;
        if (action >= 0) can.add(action);
        const to = this.edges[edge]!;
        if (to >= 0 && componentOf[to] === serial) own.push({ from, to: index.get(to)!, action });
      }
      edges.push(own);
      enabled.push(can);
    }
    const actions = [...new Set(enabled.flatMap((can) => [...can]))];
    const component = places.map((place) => left[place]!);
    return lassoOf({ component, edges, enabled, actions }, (id) => this.search.pathTo(id));
  }

  /** Whether each action is disabled in some state of the component, or taken within it. */
  private isFair(places: Int32Array, serial: number): boolean {
    const { starts, edges, actions, componentOf, actionsEnd } = this;
    /** By action: in how many states it is enabled, behind the last of them, and whether a step within is its. */
    const states = new Int32Array(actionsEnd);
    const last = new Int32Array(actionsEnd);
    const taken = new Uint8Array(actionsEnd);
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      for (let edge = starts[place]!; edge < starts[place + 1]!; edge++) {
        const action = actions[edge]!;
        if (action < 0) continue;
        if (last[action] !== place + 1) {
          states[action]!++;
          last[action] = place + 1;
        }
        const to = edges[edge]!;
        if (to >= 0 && componentOf[to] === serial) taken[action] = 1;
      }
    }
    return states.every((enabled, action) => taken[action] === 1 || enabled < places.length);
  }

  private deadlock(id: number): Violation {
    const path = this.search.pathTo(id);
    const owed = this.owed[id]!;
    const name = `no action is possible while pending: ${this.nameOf(31 - Math.clz32(owed & -owed))}`;
    return { kind: 'deadlock', name, path, ...this.search.tell(path, -1) };
  }

  private starvation(prefix: number[], cycle: Cycle, bit: number): Violation {
    const cycleFrom = prefix.length - 1;
    // The first state of the cycle is the last of the prefix, and stands at the end once more.
    const path = [...prefix, ...cycle.ids.slice(1), cycle.ids[0]!];
    const told = this.search.tell(path, -1);
    if (!this.model.retell) told.actions = this.actionsOf(path, prefix.length, cycle);
    return { kind: 'starvation', name: `${this.nameOf(bit)} stays pending`, path, cycleFrom, ...told };
  }

  /** Of several steps between the same two states the cycle means the one with its action. */
  private actionsOf(path: number[], prefixLength: number, cycle: Cycle): string[] {
    const { model, set, words } = this;
    return path.slice(1).map((id, i) => {
      const from = path[i]!;
      const k = stepTo(model, set, from, id, cycle.steps[i + 1 - prefixLength]?.action);
      return model.describeAction(set.keys, from * words, k);
    });
  }

  private nameOf(bit: number): string {
    return this.model.describePending?.(bit) ?? `obligation ${bit}`;
  }
}

function longer(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const more = new Int32Array(length);
  more.set(array);
  return more;
}
