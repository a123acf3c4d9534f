// What follows a packed state. Actions that touch the same kinds of parts make one family; for each combination of numbers
// the family has one row with all that can come of it, as differences to be xor-ed into the words. So a state costs one
// look-up per family and choice of replicas.
import { type Successors, TooNarrow } from './explorable.ts';
import { type Layout, maskOf } from './layout.ts';
import type { TabulatedAction, Tables } from './system.ts';

/** Rows of a family lie in a plain table up to this many bits of numbers together, beyond it in a map. */
const DENSE_BITS_MAX = 18;
/** Families are merged while the table stays within the first-level cache, so to speak. */
const MERGED_BITS_MAX = 12;
const EMPTY_ROW = 1;

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

export class ActionRows {
  private readonly tables: Tables;
  private readonly layout: Layout;
  private readonly words: number;
  private readonly families: ActionFamily[];
  /** Outcomes of a row: their number, then for each the unit (of instance 0) and a difference per part. */
  private pool = new Int32Array(4096);
  private poolLength = 2;
  /** Most successors of a state, by the rows known so far. */
  private fanOut = 0;

  constructor(tables: Tables, layout: Layout, words: number) {
    this.tables = tables;
    this.layout = layout;
    this.words = words;
    this.families = familiesOf(tables.actions, layout.bits, tables.counts).map(({ kinds, actions }) =>
      this.family(kinds, actions),
    );
  }

  // The successors are written straight into the arrays of `out`: `fanOut` is the most that a state can have by the rows
  // known so far, and a new row asks for room again. States of one word have a loop of their own, which pays.

  expand(states: Int32Array, at: number, out: Successors): void {
    const { families, words } = this;
    out.reserve(this.fanOut);
    for (let f = 0; f < families.length; f++) {
      const family = families[f]!;
      const { rows } = family;
      const roles = family.kinds.length;
      if (rows === null) this.stepSparse(family, states, at, out);
      else if (words === 1) {
        if (roles === 1) this.stepWord1(family, rows, states[at]!, out);
        else if (roles === 2) this.stepWord2(family, rows, states[at]!, out);
        else this.stepWordN(family, rows, states[at]!, out);
      } else if (roles === 1) this.step1(family, rows, states, at, out);
      else if (roles === 2) this.step2(family, rows, states, at, out);
      else this.stepN(family, rows, states, at, out);
    }
  }

  private stepWord1(family: ActionFamily, rows: Int32Array, state: number, out: Successors): void {
    const { positions, instances } = family;
    const mask = family.masks[0]!;
    let { pool } = this;
    let { keys, actions, length } = out;
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
    out.length = length;
  }

  private stepWord2(family: ActionFamily, rows: Int32Array, state: number, out: Successors): void {
    const { positions, instances } = family;
    const maskA = family.masks[0]!;
    const maskB = family.masks[1]!;
    const shiftB = family.shifts[1]!;
    let { pool } = this;
    let { keys, actions, length } = out;
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
    out.length = length;
  }

  private stepWordN(family: ActionFamily, rows: Int32Array, state: number, out: Successors): void {
    const { positions, instances, masks, shifts } = family;
    const roles = family.kinds.length;
    let { pool } = this;
    let { keys, actions, length } = out;
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
      const known = family.sparse.get(key);
      const { poolLength } = this;
      const row = known ?? this.rowOf(family, numbers, out);
      if (row > EMPTY_ROW) this.put(family, row, i, states, at, out);
      if (known !== undefined) continue;
      // With too many combinations to keep, a row is made each time and its place in the pool given back.
      if (this.tables.untabulated.size > 0) this.poolLength = poolLength;
      else if (row !== 0) family.sparse.set(key, row);
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
          if (number > maskOf(this.layout.bits[kind]!))
            throw new TooNarrow(`part ${tables.names[kind]}: ${this.layout.bits[kind]} bits`);
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
