// A system as the search sees it: the numbers of all values side by side in a few words, no value across two words.
//
// Actions that touch the same kinds of parts make one family; for each combination of numbers the family has one row with
// all that can come of it, as differences to be xor-ed into the words. So a state costs one look-up per family and choice
// of replicas. A canonical state under exchange of replicas has their numbers sorted.
import { assert } from '../../stdx/assert.ts';
import { type Explorable, type Learning, Successors, type Told, TooNarrow, WORDS_MAX } from './explorable.ts';
import type { Footprint } from './footprint.ts';
import { PredicateFamily } from './predicate-family.ts';
import type { Tables, TabulatedAction } from './system.ts';

/** Rows of a family lie in a plain table up to this many bits of numbers together, beyond it in a map. */
const DENSE_BITS_MAX = 18;
/** Families are merged while the table stays within the first-level cache, so to speak. */
const MERGED_BITS_MAX = 12;
const EMPTY_ROW = 1;

/** Where in a packed state the numbers of one footprint are. */
export interface Layout {
  /** Bit positions of all parts, kind by kind, replica by replica: word = position >> 5, shift = position & 31. */
  positions: Int32Array;
  bits: readonly number[];
  places: readonly number[];
}

interface ActionFamily {
  kinds: readonly number[];
  /** With the place of each of the action's roles among `kinds`. */
  actions: { action: TabulatedAction; roles: readonly number[] }[];
  instances: number;
  /** Bit positions, `kinds.length` for each instance. */
  positions: Int32Array;
  masks: Int32Array;
  /** How far each number is shifted in a row's index. */
  shifts: Int32Array;
  /** By index: 0 not learned yet, 1 nothing possible, else where in `pool` the row is. */
  rows: Int32Array | null;
  sparse: Map<number | string, number>;
  /** Most outcomes of one row so far. */
  outcomesMax: number;
}

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
  private readonly families: ActionFamily[];
  private readonly invariants: PredicateFamily[];
  private readonly ends: PredicateFamily | null;
  private readonly owed: PredicateFamily[];
  /** Outcomes of a row: their number, then for each the unit (of instance 0) and a difference per part. */
  private pool = new Int32Array(4096);
  private poolLength = 2;
  /** Most successors of a state, by the rows known so far. */
  private fanOut = 0;
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
    this.families = familiesOf(tables.actions, bits, tables.counts).map(({ kinds, actions }) =>
      this.family(kinds, actions),
    );
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
  widen(keys: Int32Array): { model: PackedSystem; keys: Int32Array } {
    const bits = this.tables.bitsNeeded().map((needed, kind) => Math.max(needed, this.bits[kind]!));
    const model = new PackedSystem(this.tables, bits, this.symmetry);
    const { words } = this;
    const repacked = new Int32Array((keys.length / words) * model.words);
    const [from, to] = [this.layout.positions, model.layout.positions];
    const masks = this.tables.counts.flatMap((count, kind) =>
      Array<number>(count).fill(maskOf(this.bits[kind]!)),
    );
    for (let at = 0, into = 0; at < keys.length; at += words, into += model.words)
      for (let i = 0; i < from.length; i++) {
        const number = (keys[at + (from[i]! >>> 5)]! >>> from[i]!) & masks[i]!;
        repacked[into + (to[i]! >>> 5)]! |= number << to[i]!;
      }
    return { model, keys: repacked };
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
    this.step(states, at, out);
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
  retell(path: Int32Array): Told {
    const { words } = this;
    const state = new Int32Array(words);
    this.initial((first) => state.set(first));
    const states = [this.describe(state, 0)];
    const actions: string[] = [];
    for (let at = words; at < path.length; at += words) {
      const out = new Successors(words, 64);
      this.step(state, 0, out);
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

  // ---------------------------------------------------------------- steps

  // The successors are written straight into the arrays of `out`: `fanOut` is the most that a state can have by the rows
  // known so far, and a new row asks for room again. States of one word have a loop of their own, which pays.

  private step(states: Int32Array, at: number, out: Successors): void {
    const { families, words } = this;
    out.reserve(this.fanOut);
    for (let f = 0; f < families.length; f++) {
      const family = families[f]!;
      if (family.rows === null) this.stepSparse(family, states, at, out);
      else if (words === 1) this.stepWord(family, family.rows, states[at]!, out);
      else if (family.kinds.length === 1) this.step1(family, family.rows, states, at, out);
      else if (family.kinds.length === 2) this.step2(family, family.rows, states, at, out);
      else this.stepN(family, family.rows, states, at, out);
    }
  }

  private stepWord(family: ActionFamily, rows: Int32Array, state: number, out: Successors): void {
    const { positions, instances, masks, shifts } = family;
    const roles = family.kinds.length;
    let { pool } = this;
    let { keys, actions, length } = out;
    if (roles === 1) {
      const mask = masks[0]!;
      for (let i = 0; i < instances; i++) {
        const p = positions[i]!;
        const index = (state >>> p) & mask;
        let row = rows[index]!;
        if (row === 0) {
          out.length = length;
          row = this.learnRow(family, index, out);
          ({ pool } = this);
          ({ keys, actions } = out);
        }
        if (row <= EMPTY_ROW) continue;
        const end = row + 1 + pool[row]! * 2;
        for (let o = row + 1; o < end; o += 2) {
          const unit = pool[o]!;
          actions[length] = unit >= 0 ? unit + i : unit - i;
          keys[length++] = state ^ (pool[o + 1]! << p);
        }
      }
    } else if (roles === 2) {
      const maskA = masks[0]!;
      const maskB = masks[1]!;
      const shiftB = shifts[1]!;
      for (let i = 0; i < instances; i++) {
        const a = positions[2 * i]!;
        const b = positions[2 * i + 1]!;
        const index = ((state >>> a) & maskA) | (((state >>> b) & maskB) << shiftB);
        let row = rows[index]!;
        if (row === 0) {
          out.length = length;
          row = this.learnRow(family, index, out);
          ({ pool } = this);
          ({ keys, actions } = out);
        }
        if (row <= EMPTY_ROW) continue;
        const end = row + 1 + pool[row]! * 3;
        for (let o = row + 1; o < end; o += 3) {
          const unit = pool[o]!;
          actions[length] = unit >= 0 ? unit + i : unit - i;
          keys[length++] = state ^ (pool[o + 1]! << a) ^ (pool[o + 2]! << b);
        }
      }
    } else {
      for (let i = 0; i < instances; i++) {
        let index = 0;
        for (let r = 0; r < roles; r++)
          index |= ((state >>> positions[i * roles + r]!) & masks[r]!) << shifts[r]!;
        let row = rows[index]!;
        if (row === 0) {
          out.length = length;
          row = this.learnRow(family, index, out);
          ({ pool } = this);
          ({ keys, actions } = out);
        }
        if (row <= EMPTY_ROW) continue;
        const end = row + 1 + pool[row]! * (roles + 1);
        for (let o = row + 1; o < end; o += roles + 1) {
          const unit = pool[o]!;
          actions[length] = unit >= 0 ? unit + i : unit - i;
          let next = state;
          for (let r = 0; r < roles; r++) next ^= pool[o + 1 + r]! << positions[i * roles + r]!;
          keys[length++] = next;
        }
      }
    }
    out.length = length;
  }

  private step1(
    family: ActionFamily,
    rows: Int32Array,
    states: Int32Array,
    at: number,
    out: Successors,
  ): void {
    const { positions, instances } = family;
    const { words } = this;
    const mask = family.masks[0]!;
    let { pool } = this;
    let { keys, actions, length } = out;
    for (let i = 0; i < instances; i++) {
      const p = positions[i]!;
      const index = (states[at + (p >>> 5)]! >>> p) & mask;
      let row = rows[index]!;
      if (row === 0) {
        out.length = length;
        row = this.learnRow(family, index, out);
        ({ pool } = this);
        ({ keys, actions } = out);
      }
      if (row <= EMPTY_ROW) continue;
      const end = row + 1 + pool[row]! * 2;
      for (let o = row + 1; o < end; o += 2) {
        const unit = pool[o]!;
        actions[length] = unit >= 0 ? unit + i : unit - i;
        const into = words * length++;
        for (let w = 0; w < words; w++) keys[into + w] = states[at + w]!;
        keys[into + (p >>> 5)]! ^= pool[o + 1]! << p;
      }
    }
    out.length = length;
  }

  private step2(
    family: ActionFamily,
    rows: Int32Array,
    states: Int32Array,
    at: number,
    out: Successors,
  ): void {
    const { positions, instances } = family;
    const { words } = this;
    const maskA = family.masks[0]!;
    const maskB = family.masks[1]!;
    const shiftB = family.shifts[1]!;
    let { pool } = this;
    let { keys, actions, length } = out;
    for (let i = 0; i < instances; i++) {
      const a = positions[2 * i]!;
      const b = positions[2 * i + 1]!;
      const index =
        ((states[at + (a >>> 5)]! >>> a) & maskA) | (((states[at + (b >>> 5)]! >>> b) & maskB) << shiftB);
      let row = rows[index]!;
      if (row === 0) {
        out.length = length;
        row = this.learnRow(family, index, out);
        ({ pool } = this);
        ({ keys, actions } = out);
      }
      if (row <= EMPTY_ROW) continue;
      const end = row + 1 + pool[row]! * 3;
      for (let o = row + 1; o < end; o += 3) {
        const unit = pool[o]!;
        actions[length] = unit >= 0 ? unit + i : unit - i;
        const into = words * length++;
        for (let w = 0; w < words; w++) keys[into + w] = states[at + w]!;
        keys[into + (a >>> 5)]! ^= pool[o + 1]! << a;
        keys[into + (b >>> 5)]! ^= pool[o + 2]! << b;
      }
    }
    out.length = length;
  }

  private stepN(
    family: ActionFamily,
    rows: Int32Array,
    states: Int32Array,
    at: number,
    out: Successors,
  ): void {
    const { positions, instances, masks, shifts } = family;
    const roles = family.kinds.length;
    for (let i = 0; i < instances; i++) {
      let index = 0;
      for (let r = 0; r < roles; r++) {
        const p = positions[i * roles + r]!;
        index |= ((states[at + (p >>> 5)]! >>> p) & masks[r]!) << shifts[r]!;
      }
      let row = rows[index]!;
      if (row === 0) row = this.learnRow(family, index, out);
      if (row > EMPTY_ROW) this.put(family, row, i, states, at, out);
    }
  }

  /** For numbers too wide for a table. */
  private stepSparse(family: ActionFamily, states: Int32Array, at: number, out: Successors): void {
    const { positions, instances, masks } = family;
    const roles = family.kinds.length;
    for (let i = 0; i < instances; i++) {
      const numbers: number[] = [];
      for (let r = 0; r < roles; r++) {
        const p = positions[i * roles + r]!;
        numbers.push((states[at + (p >>> 5)]! >>> p) & masks[r]!);
      }
      const key = numbers.join();
      let row = family.sparse.get(key) ?? 0;
      if (row === 0) {
        const { poolLength } = this;
        row = this.rowOf(family, numbers, out);
        if (this.tables.untabulated.size === 0) {
          if (row !== 0) family.sparse.set(key, row);
        } else {
          if (row > EMPTY_ROW) this.put(family, row, i, states, at, out);
          this.poolLength = poolLength;
          continue;
        }
      }
      if (row > EMPTY_ROW) this.put(family, row, i, states, at, out);
    }
  }

  private put(
    family: ActionFamily,
    row: number,
    i: number,
    states: Int32Array,
    at: number,
    out: Successors,
  ): void {
    const { positions } = family;
    const roles = family.kinds.length;
    const { pool, words } = this;
    const end = row + 1 + pool[row]! * (roles + 1);
    for (let o = row + 1; o < end; o += roles + 1) {
      const unit = pool[o]!;
      const into = out.place(unit >= 0 ? unit + i : unit - i);
      const { keys } = out;
      for (let w = 0; w < words; w++) keys[into + w] = states[at + w]!;
      for (let r = 0; r < roles; r++) {
        const p = positions[i * roles + r]!;
        keys[into + (p >>> 5)]! ^= pool[o + 1 + r]! << p;
      }
    }
  }

  private learnRow(family: ActionFamily, index: number, out: Successors): number {
    const numbers = family.kinds.map((_kind, r) => (index >>> family.shifts[r]!) & family.masks[r]!);
    return (family.rows![index] = this.rowOf(family, numbers, out));
  }
  /** More outcomes than any row of the family had: so many more may come of one state. */
  private noteFanOut(family: ActionFamily, outcomes: number, out: Successors): void {
    if (outcomes > family.outcomesMax) {
      this.fanOut += (outcomes - family.outcomesMax) * family.instances;
      family.outcomesMax = outcomes;
    }
    out.reserve(this.fanOut);
  }

  /** Puts together what each action of the family does with these numbers. @returns its place, or 0 where it is lacking */
  private rowOf(family: ActionFamily, numbers: readonly number[], out: Successors): number {
    const { tables } = this;
    const outcomes: number[] = [];
    let count = 0;
    let lacking = false;
    for (const { action, roles } of family.actions) {
      const own = roles.map((role) => numbers[role]!);
      const row = tables.row(action, own);
      if (row === null) {
        out.want([action.index, ...own]);
        lacking = true;
        continue;
      }
      for (let at = 0; at < row.length; at += roles.length) {
        const differences = family.kinds.map(() => 0);
        roles.forEach((role, r) => {
          const number = row[at + r]!;
          const kind = family.kinds[role]!;
          if (number > maskOf(this.bits[kind]!))
            throw new TooNarrow(`part ${tables.names[kind]}: ${this.bits[kind]} bits`);
          differences[role] = number ^ numbers[role]!;
        });
        outcomes.push(action.fair ? action.firstUnit : ~action.firstUnit, ...differences);
        count++;
      }
    }
    if (lacking) return 0;
    if (count === 0) return EMPTY_ROW;
    this.noteFanOut(family, count, out);
    const row = this.poolLength;
    while (row + outcomes.length + 1 > this.pool.length) {
      const pool = new Int32Array(this.pool.length * 2);
      pool.set(this.pool);
      this.pool = pool;
    }
    this.pool[row] = count;
    this.pool.set(outcomes, row + 1);
    this.poolLength = row + 1 + outcomes.length;
    return row;
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

  private family(kinds: readonly number[], actions: readonly TabulatedAction[]): ActionFamily {
    const { layout, tables } = this;
    const bits = kinds.map((kind) => layout.bits[kind]!);
    const total = bits.reduce((sum, one) => sum + one, 0);
    // Every action of the family has the family's choices of replicas.
    const widest = actions[0]!;
    const replicatedRoles = (of: readonly number[]) =>
      of.flatMap((kind, role) => (tables.counts[kind]! > 1 ? [role] : []));
    const own = replicatedRoles(kinds);
    const theirs = replicatedRoles(widest.footprint.kinds);
    const positions = widest.instances.flatMap((replicas) =>
      kinds.map((kind, role) => {
        const among = own.indexOf(role);
        const replica = among < 0 ? 0 : replicas[theirs[among]!]!;
        return layout.positions[tables.places[kind]! + replica]!;
      }),
    );
    return {
      kinds,
      actions: actions.map((action) => ({ action, roles: rolesAmong(action.footprint.kinds, kinds) })),
      instances: widest.instances.length,
      positions: Int32Array.from(positions),
      masks: Int32Array.from(bits, maskOf),
      shifts: Int32Array.from(bits.map((_one, r) => bits.slice(0, r).reduce((sum, b) => sum + b, 0))),
      rows: total <= DENSE_BITS_MAX ? new Int32Array(2 ** total) : null,
      sparse: new Map(),
      outcomesMax: 0,
    };
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

export function maskOf(bits: number): number {
  return 2 ** bits - 1;
}

/** Actions by the kinds they touch; a narrower family joins a wider one that has the same choices of replicas. */
function familiesOf(
  actions: readonly TabulatedAction[],
  bits: readonly number[],
  counts: readonly number[],
): { kinds: readonly number[]; actions: TabulatedAction[] }[] {
  const families: { kinds: number[]; actions: TabulatedAction[] }[] = [];
  const choicesOf = ({ footprint }: TabulatedAction) =>
    footprint.kinds.filter((kind) => counts[kind]! > 1).join();
  for (const action of actions) {
    const fits = families.find((family) => {
      if (choicesOf(family.actions[0]!) !== choicesOf(action)) return false;
      const kinds = union(family.kinds, action.footprint.kinds);
      const total = kinds.reduce((sum, kind) => sum + bits[kind]!, 0);
      return total <= MERGED_BITS_MAX || kinds.join() === family.kinds.join();
    });
    if (fits) {
      fits.kinds = union(fits.kinds, action.footprint.kinds);
      fits.actions.push(action);
    } else families.push({ kinds: [...action.footprint.kinds], actions: [action] });
  }
  return families;
}

/** Of two sorted lists in which a kind may stand several times. */
function union(a: readonly number[], b: readonly number[]): number[] {
  const kinds = [...new Set([...a, ...b])].toSorted((x, y) => x - y);
  const times = (list: readonly number[], kind: number) => list.filter((one) => one === kind).length;
  return kinds.flatMap((kind) => Array<number>(Math.max(times(a, kind), times(b, kind))).fill(kind));
}

/** The place in `family` of each of an action's kinds, in order. */
function rolesAmong(kinds: readonly number[], family: readonly number[]): number[] {
  let from = 0;
  return kinds.map((kind) => {
    const role = family.indexOf(kind, from);
    from = role + 1;
    return role;
  });
}

/** First fit, widest first. */
function place(bits: readonly number[], counts: readonly number[]): { positions: Int32Array; words: number } {
  const slots = bits.flatMap((width, kind) =>
    Array.from({ length: counts[kind]! }, (_, replica) => ({ width, kind, replica })),
  );
  const positions = new Int32Array(slots.length);
  const used: number[] = [];
  const widestFirst = [...slots.keys()].toSorted((a, b) => slots[b]!.width - slots[a]!.width || a - b);
  for (const index of widestFirst) {
    const { width } = slots[index]!;
    let word = used.findIndex((taken) => taken + width <= 32);
    if (word < 0) word = used.push(0) - 1;
    positions[index] = word * 32 + used[word]!;
    used[word]! += width;
  }
  if (used.length > WORDS_MAX)
    throw new Error(
      `a packed state: expected at most ${WORDS_MAX * 32} bits, saw ${bits.join(' + ')} with replicas`,
    );
  return { positions, words: Math.max(1, used.length) };
}

/** A value for a line of text: strings bare, objects as name=value. */
export function brief(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(brief).join(' ')}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${name}=${brief(field)}`)
    .join(' ')}}`;
}
