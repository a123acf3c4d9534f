// A system that somebody defined (`parts.ts`), with the tables of what its parts' values are and what its actions do with
// them. The tables know nothing of replicas or packing: a row is an action and the numbers of the values it touches, and
// what comes out is numbers again. Everything learned stands in a log; the log gives another thread, or another process
// that goes on from a checkpoint, the same numbers.
import { RunningHash } from '../../stdx/hash.ts';
import { Alphabet, keyOf } from './alphabet.ts';
import { choices, type Footprint, footprintOf } from './footprint.ts';
import { PackedSystem } from './packed.ts';
import type { Action, Parts, Predicate } from './parts.ts';

/** Rows kept for an action; beyond it the action is called anew each time, and the result says so. */
const ROWS_MAX = 1 << 20;
/** States that are looked at before the packing is chosen: the more values are known, the seldomer it must be widened. */
const SCOUTED_STATES = 3000;
const SCOUTED_WALKS = 64;
const SCOUTED_STEPS = 400;

export interface Plan {
  name: string;
  parts: Parts;
  actions: Record<string, Action>;
  invariants: Record<string, Predicate>;
  end: Predicate | null;
  pending: Record<string, Predicate>;
}

export interface PackingOptions {
  /** Count states that differ only by an exchange of interchangeable replicas as one: yes by default. */
  symmetry?: boolean;
  /** Bits of each part, from a log or an earlier attempt; scouted by default. */
  bits?: readonly number[];
}

export interface TabulatedAction {
  index: number;
  name: string;
  footprint: Footprint;
  step: (values: Record<string, unknown>) => unknown;
  fair: boolean;
  /** Replicas of each instance, one per role; instance `i` is the fair unit `firstUnit + i`. */
  instances: number[][];
  firstUnit: number;
  /** New value numbers of each outcome, one after the other. */
  rows: Map<number | string, Int32Array>;
}
export interface TabulatedPredicate {
  name: string;
  footprint: Footprint;
  instances: number[][];
  holds: (values: Record<string, unknown>) => boolean;
}

export class System {
  readonly name: string;
  private readonly plan: Plan;

  constructor(plan: Plan) {
    this.name = plan.name;
    this.plan = plan;
    this.tables();
  }
  get partNames(): string[] {
    return Object.keys(this.plan.parts);
  }
  get interchangeable(): boolean {
    return Object.values(this.plan.parts).some((one) => one.interchangeable && one.initial.length > 1);
  }
  /** Something to search: tables of its own, packed into as few words as the values need. */
  packed({ symmetry = true, bits }: PackingOptions = {}): PackedSystem {
    const tables = this.tables();
    if (!bits) tables.scout();
    return new PackedSystem(tables, bits ?? tables.bitsNeeded(), symmetry && this.interchangeable);
  }
  private tables(): Tables {
    return new Tables(this.plan);
  }
}

export class Tables {
  readonly plan: Plan;
  readonly names: readonly string[];
  /** Replicas by kind of part. */
  readonly counts: readonly number[];
  readonly alphabets: Alphabet[];
  readonly actions: TabulatedAction[];
  readonly invariants: TabulatedPredicate[];
  readonly end: TabulatedPredicate | null;
  readonly pending: TabulatedPredicate[];
  /** Value numbers of the first state, kind by kind, replica by replica. */
  readonly first: number[];
  /** Place in a state (as in `first`) of replica 0 of each kind. */
  readonly places: number[] = [];
  readonly hash: string;
  /** Actions whose rows became too many to keep. */
  readonly untabulated = new Set<string>();
  /** Rows asked for, one after the other: action, value numbers. */
  log = new Int32Array(256);
  logLength = 0;
  frozen = false;

  constructor(plan: Plan) {
    this.plan = plan;
    const { parts } = plan;
    this.names = Object.keys(parts);
    const kinds = Object.values(parts);
    this.counts = kinds.map(({ initial }) => initial.length);
    // Numbers of the first part begin at 1, so that no packed state is all zero.
    this.alphabets = this.names.map((name, kind) => new Alphabet(name, kind === 0 ? 1 : 0));
    let place = 0;
    for (const count of this.counts) {
      this.places.push(place);
      place += count;
    }
    this.first = kinds.flatMap(({ initial }, kind) =>
      initial.map((one) => this.alphabets[kind]!.intern(one)),
    );
    let unit = 0;
    this.actions = Object.entries(plan.actions).map(([name, action], index) => {
      const footprint = footprintOf(parts, action.touches, `action ${name}`);
      const instances = choices(footprint.kinds, this.counts);
      const firstUnit = unit;
      unit += instances.length;
      const step = action.step as (values: Record<string, unknown>) => unknown;
      return { index, name, footprint, step, fair: action.fair, instances, firstUnit, rows: new Map() };
    });
    const tabulated = (what: string, [name, { touches, holds }]: [string, Predicate]): TabulatedPredicate => {
      const footprint = footprintOf(parts, touches, `${what} ${name}`);
      const instances = choices(footprint.kinds, this.counts);
      return { name, footprint, instances, holds: holds as TabulatedPredicate['holds'] };
    };
    this.invariants = Object.entries(plan.invariants).map((entry) => tabulated('invariant', entry));
    this.pending = Object.entries(plan.pending).map((entry) => tabulated('pending', entry));
    this.end = plan.end && tabulated('end', ['end', plan.end]);
    const owed = this.pending.reduce((sum, { instances }) => sum + instances.length, 0);
    if (owed > 31) throw new Error(`pending: expected at most 31 with all replicas, saw ${owed}`);
    const hash = new RunningHash().text(plan.name);
    for (const [name, one] of Object.entries(parts))
      hash
        .text(name)
        .text(String(one.interchangeable))
        .text(keyOf(one.initial, `part ${name}`));
    const functions = [...Object.entries(plan.actions), ...Object.entries(plan.invariants)];
    for (const [name, one] of functions) hash.text(name).text(String('step' in one ? one.step : one.holds));
    this.hash = hash.digest();
  }

  bitsNeeded(): number[] {
    return this.alphabets.map(({ size }) => Math.max(1, 32 - Math.clz32(size - 1)));
  }

  /** What comes of an action on values of these numbers (one per role); null where the tables are frozen and lack it. */
  row(action: TabulatedAction, numbers: readonly number[]): Int32Array | null {
    const key = rowKey(numbers);
    const known = action.rows.get(key);
    if (known) return known;
    if (this.frozen) return null;
    const values = this.valuesKnown;
    const row = this.evaluate(action, numbers);
    if (action.rows.size >= ROWS_MAX) {
      this.untabulated.add(action.name);
      // The log must still say in which order values got their numbers.
      if (this.valuesKnown !== values) this.append(action.index, numbers);
      return row;
    }
    action.rows.set(key, row);
    this.append(action.index, numbers);
    return row;
  }

  private get valuesKnown(): number {
    return this.alphabets.reduce((sum, { size }) => sum + size, 0);
  }
  private append(action: number, numbers: readonly number[]): void {
    if (this.logLength + numbers.length + 1 > this.log.length) {
      const log = new Int32Array(this.log.length * 2 + numbers.length);
      log.set(this.log);
      this.log = log;
    }
    this.log[this.logLength++] = action;
    for (const number of numbers) this.log[this.logLength++] = number;
  }

  /** Does again what a log says, whole rows. */
  replay(log: Int32Array): void {
    for (let at = 0; at < log.length;) {
      const action = this.actions[log[at]!]!;
      const end = at + 1 + action.footprint.roles.length;
      const { frozen } = this;
      this.frozen = false;
      this.row(action, [...log.subarray(at + 1, end)]);
      this.frozen = frozen;
      at = end;
    }
  }

  valuesOf({ roles, kinds }: Footprint, numbers: readonly number[]): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    roles.forEach((role, i) => (values[role] = this.alphabets[kinds[i]!]!.values[numbers[i]!]));
    return values;
  }

  private evaluate(action: TabulatedAction, numbers: readonly number[]): Int32Array {
    const { footprint, name } = action;
    const where = `action ${name}`;
    const [once, again] = [0, 1].map(() => action.step(this.valuesOf(footprint, numbers)));
    if (keyOf(once ?? null, where) !== keyOf(again ?? null, where))
      throw new Error(
        `${where}: expected the same outcome for the same values, saw two different ones: it is impure`,
      );
    if (once === null || once === undefined) return new Int32Array(0);
    const outcomes = (Array.isArray(once) ? once : [once]) as Record<string, unknown>[];
    return Int32Array.from(
      outcomes.flatMap((outcome) => {
        for (const role of Object.keys(outcome))
          if (!footprint.roles.includes(role))
            throw new Error(
              `${where}: expected outcomes for ${footprint.roles.join(', ')} only, saw ${role}`,
            );
        return footprint.roles.map((role, i) =>
          outcome[role] === undefined
            ? numbers[i]!
            : this.alphabets[footprint.kinds[i]!]!.intern(outcome[role]),
        );
      }),
    );
  }

  /** The successors of a state given as value numbers, for the scout. */
  private successors(state: readonly number[]): number[][] {
    return this.actions.flatMap((action) =>
      action.instances.flatMap((replicas) => {
        const { kinds } = action.footprint;
        const places = replicas.map((replica, i) => this.places[kinds[i]!]! + replica);
        const row = this.row(
          action,
          places.map((place) => state[place]!),
        )!;
        const found: number[][] = [];
        for (let at = 0; at < row.length; at += places.length) {
          const next = [...state];
          places.forEach((place, i) => (next[place] = row[at + i]!));
          found.push(next);
        }
        return found;
      }),
    );
  }

  /** Meets most values by looking at the first states, and along some walks far out. */
  scout(): void {
    const seen = new Set([this.first.join()]);
    const queue = [this.first];
    for (let at = 0; at < queue.length && at < SCOUTED_STATES; at++)
      for (const next of this.successors(queue[at]!)) {
        const key = next.join();
        if (seen.has(key)) continue;
        seen.add(key);
        queue.push(next);
      }
    if (queue.length < SCOUTED_STATES) return;
    let chance = 1;
    for (let walk = 0; walk < SCOUTED_WALKS; walk++) {
      let state = this.first;
      for (let step = 0; step < SCOUTED_STEPS; step++) {
        const next = this.successors(state);
        if (next.length === 0) break;
        chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0;
        state = next[(chance >>> 8) % next.length]!;
      }
    }
  }
}

/** Numbers stay below 2^16 each where they are packed into one. */
function rowKey(numbers: readonly number[]): number | string {
  if (numbers.length > 3) return numbers.join();
  let key = 0;
  for (const number of numbers) {
    if (number > 65_535) return numbers.join();
    key = key * 65_536 + number;
  }
  return key;
}
