// A system as the search sees it: the numbers of all values side by side in a few words, no value across two words. Under
// exchange of replicas a canonical state has their numbers sorted.
import { assert } from '../../stdx/assert.ts';
import {
  type Explorable,
  type Learning,
  Successors,
  type PathText,
  TooNarrow,
  type Widened,
} from './explorable.ts';
import type { Footprint } from './footprint.ts';
import { type Layout, maskOf, type Packing, place, repack } from './layout.ts';
import { PredicateFamily } from './predicate-family.ts';
import { ActionRows } from './action-rows.ts';
import type { Tables } from './system.ts';

export class PackedSystem implements Explorable {
  readonly words: number;
  readonly hash: string;
  readonly tables: Tables;
  readonly bits: readonly number[];
  readonly symmetry: boolean;
  readonly judge?: (states: Int32Array, at: number) => string | null;
  readonly pending?: (states: Int32Array, at: number) => number;
  readonly learning: Learning;
  private readonly layout: Layout;
  private readonly steps: ActionRows;
  private readonly invariants: PredicateFamily[];
  private readonly ends: PredicateFamily | null;
  private readonly owed: PredicateFamily[];
  /** Positions of the replicas of each kind that may be sorted. */
  private readonly sorted: { positions: Int32Array; mask: number }[];
  private readonly numbers = new Int32Array(64);

  constructor(tables: Tables, bits: readonly number[], symmetry: boolean) {
    this.tables = tables;
    this.bits = bits;
    this.symmetry = symmetry;
    const { positions, words } = place(bits, tables.counts);
    this.words = words;
    this.layout = { positions, bits, places: tables.places };
    this.hash = `${tables.hash}/${bits.join('.')}/${symmetry ? 'orbits' : 'states'}`;
    this.steps = new ActionRows(tables, this.layout, words);
    this.sorted = tables.names.flatMap((name, kind) => {
      const one = tables.plan.parts[name]!;
      if (!symmetry || !one.interchangeable || one.initial.length < 2) return [];
      const first = tables.places[kind]!;
      return [{ positions: positions.slice(first, first + one.initial.length), mask: maskOf(bits[kind]!) }];
    });
    this.invariants = tables.invariants.map((one) => new PredicateFamily(tables, one, this.layout));
    this.ends = tables.end && new PredicateFamily(tables, tables.end, this.layout);
    this.owed = tables.pending.map((one) => new PredicateFamily(tables, one, this.layout));
    if (this.invariants.length > 0) this.judge = (states, at) => this.broken(states, at);
    if (this.owed.length > 0) this.pending = (states, at) => this.owedBy(states, at);
    this.learning = this.learnedSoFar();
  }

  /** The same tables, packed with room for the values that have come up since. Numbers, and so orbits, stay. */
  widen(): Widened {
    const bits = this.tables.bitsNeeded().map((needed, kind) => Math.max(needed, this.bits[kind]!));
    const model = new PackedSystem(this.tables, bits, this.symmetry);
    return { model, repack: (from, into, states) => repack(this.packed, model.packed, from, into, states) };
  }
  private get packed(): Packing {
    const masks = this.tables.counts.flatMap((count, kind) =>
      Array<number>(count).fill(maskOf(this.bits[kind]!)),
    );
    return { words: this.words, positions: this.layout.positions, masks };
  }
  /** What could not be tabulated, in words. */
  get notes(): string[] {
    return [...this.tables.untabulated].map(
      (name) => `action ${name}: too many combinations to keep, called each time`,
    );
  }

  initial(into: (state: Int32Array) => void): void {
    const state = new Int32Array(this.words);
    this.tables.first.forEach((number, i) => {
      const position = this.layout.positions[i]!;
      state[position >>> 5]! |= number << (position & 31);
    });
    if (this.sorted.length > 0) this.sort(state, 0);
    into(state);
  }

  expand(states: Int32Array, at: number, out: Successors): void {
    const before = out.length;
    this.steps.expand(states, at, out);
    if (this.sorted.length === 0) return;
    const { keys } = out;
    for (let i = before; i < out.length; i++) this.sort(keys, i * this.words);
  }

  isEnd(states: Int32Array, at: number): boolean {
    return this.ends !== null && this.ends.firstFailing(states, at) < 0;
  }

  describeAction(states: Int32Array, at: number, k: number): string {
    const out = new Successors(this.words, 64);
    this.expand(states, at, out);
    return this.nameOf(out.actions[k]!, !this.symmetry);
  }

  describe(states: Int32Array, at: number): string {
    const { tables, layout, bits } = this;
    return tables.names
      .flatMap((name, kind) =>
        Array.from({ length: tables.counts[kind]! }, (_, replica) => {
          const position = layout.positions[tables.places[kind]! + replica]!;
          const number = (states[at + (position >>> 5)]! >>> (position & 31)) & maskOf(bits[kind]!);
          const label = tables.plan.parts[name]!.replicated ? `${name} ${replica + 1}` : name;
          return `${label}: ${brief(tables.alphabets[kind]!.values[number])}`;
        }),
      )
      .join(' · ');
  }

  describePending(bit: number): string {
    let left = bit;
    for (const { name, footprint, instances } of this.tables.pending) {
      if (left < instances.length) return `${name}${this.replicasIn(footprint, instances[left]!)}`;
      left -= instances.length;
    }
    return `obligation ${bit}`;
  }

  /** Follows one replica each along a path of orbits: from the first state, a step whose orbit is the next of the path. */
  retell(path: Int32Array): PathText {
    const { words } = this;
    const state = new Int32Array(words);
    this.initial((first) => state.set(first));
    const states = [this.describe(state, 0)];
    const actions: string[] = [];
    for (let at = words; at < path.length; at += words) {
      const out = new Successors(words, 64);
      this.steps.expand(state, 0, out);
      const orbit = out.keys.slice();
      let i = 0;
      for (; i < out.length; i++) {
        if (this.sorted.length > 0) this.sort(orbit, i * words);
        let w = 0;
        while (w < words && orbit[i * words + w] === path[at + w]) w++;
        if (w === words) break;
      }
      assert(i < out.length, 'a path of orbits: expected a step that leads on');
      state.set(out.keys.subarray(i * words, (i + 1) * words));
      states.push(this.describe(state, 0));
      actions.push(this.nameOf(out.actions[i]!, true));
    }
    return { states, actions };
  }

  /** Insertion sort of the numbers of interchangeable replicas: they are sorted but for the one or two that changed. */
  private sort(keys: Int32Array, at: number): void {
    const { sorted, numbers } = this;
    for (let s = 0; s < sorted.length; s++) {
      const { positions, mask } = sorted[s]!;
      const n = positions.length;
      let changed = false;
      for (let i = 0; i < n; i++) {
        const p = positions[i]!;
        const number = (keys[at + (p >>> 5)]! >>> p) & mask;
        let j = i;
        while (j > 0 && numbers[j - 1]! > number) {
          numbers[j] = numbers[j - 1]!;
          j--;
        }
        numbers[j] = number;
        changed ||= j !== i;
      }
      if (!changed) continue;
      for (let i = 0; i < n; i++) {
        const p = positions[i]!;
        const word = at + (p >>> 5);
        keys[word] = (keys[word]! & ~(mask << p)) | (numbers[i]! << p);
      }
    }
  }

  // ---------------------------------------------------------------- predicates, names, learning

  private broken(states: Int32Array, at: number): string | null {
    const { invariants } = this;
    for (let i = 0; i < invariants.length; i++)
      if (invariants[i]!.firstFailing(states, at) >= 0) return invariants[i]!.predicate.name;
    return null;
  }

  private owedBy(states: Int32Array, at: number): number {
    let mask = 0;
    let bit = 0;
    for (const family of this.owed) {
      mask |= family.holding(states, at) << bit;
      bit += family.predicate.instances.length;
    }
    return mask;
  }

  private nameOf(signed: number, withReplicas: boolean): string {
    const unit = signed >= 0 ? signed : ~signed;
    const action = this.tables.actions.findLast(({ firstUnit }) => firstUnit <= unit)!;
    const replicas = action.instances[unit - action.firstUnit]!;
    return withReplicas ? `${action.name}${this.replicasIn(action.footprint, replicas)}` : action.name;
  }
  private replicasIn({ roles, kinds }: Footprint, instance: readonly number[]): string {
    const { tables } = this;
    const named = roles.flatMap((role, i) =>
      tables.plan.parts[tables.names[kinds[i]!]!]!.replicated ? [`${role} ${instance[i]! + 1}`] : [],
    );
    return named.length === 0 ? '' : ` (${named.join(', ')})`;
  }

  private learnedSoFar(): Learning {
    const { tables, bits } = this;
    // The log begins with the bits of each part: whoever follows must be packed alike.
    const head = Int32Array.from(bits);
    return {
      get frozen() {
        return tables.frozen;
      },
      set frozen(frozen: boolean) {
        tables.frozen = frozen;
      },
      get length() {
        return head.length + tables.logLength;
      },
      read: (from) => {
        const all = new Int32Array(head.length + tables.logLength);
        all.set(head);
        all.set(tables.log.subarray(0, tables.logLength), head.length);
        return all.subarray(from);
      },
      follow: (words) => tables.replay(words),
      learn: (row) => {
        const action = tables.actions[row[0]!]!;
        const outcomes = tables.row(action, [...row.subarray(1)])!;
        const roles = action.footprint.kinds;
        outcomes.forEach((number, i) => {
          if (number > maskOf(bits[roles[i % roles.length]!]!)) throw new TooNarrow(action.name);
        });
        assert(
          !tables.untabulated.has(action.name),
          `action ${action.name}: too many combinations for several workers`,
        );
      },
    };
  }
}

/** A value for a line of text: strings bare, objects as name=value. */
function brief(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(brief).join(' ')}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${name}=${brief(field)}`)
    .join(' ')}}`;
}
