// A predicate over some parts, judged for every choice of replicas, called once for each combination of values (twice, to
// catch impurity).
import { choices } from './footprint.ts';
import type { Layout } from './layout.ts';
import type { Tables, TabulatedPredicate } from './system.ts';

const DENSE_BITS_MAX = 18;
const HOLDS = 1;
const FAILS = 2;

const CLEAN_BITS = 8;
const CLEAN = 2 ** CLEAN_BITS;

/** Two replicas of one kind with few values. */
interface Pair {
  /** By number: which others were judged beside it, and which clash with it. */
  known: Int32Array;
  clash: Int32Array;
  /** Place of the first replica, and how many there are. */
  first: number;
  count: number;
  /** Some sets of values that were found to be without a clash: those present, and those present twice. */
  clean: Int32Array;
}

export class PredicateFamily {
  readonly predicate: TabulatedPredicate;
  private readonly tables: Tables;
  private readonly roles: number;
  /** Bit positions, `roles` for each instance. */
  private readonly positions: Int32Array;
  private readonly masks: Int32Array;
  private readonly shifts: Int32Array;
  /** By index: 0 not judged yet, 1 holds, 2 fails. */
  private readonly verdicts: Uint8Array | null;
  private readonly sparse = new Map<string, number>();
  private readonly pair: Pair | null = null;
  private readonly layout: Layout;

  constructor(tables: Tables, predicate: TabulatedPredicate, layout: Layout) {
    this.tables = tables;
    this.predicate = predicate;
    this.layout = layout;
    const { kinds } = predicate.footprint;
    const bits = kinds.map((kind) => layout.bits[kind]!);
    const total = bits.reduce((sum, one) => sum + one, 0);
    this.roles = kinds.length;
    this.masks = Int32Array.from(bits, (one) => 2 ** one - 1);
    this.shifts = Int32Array.from(bits.map((_one, r) => bits.slice(0, r).reduce((sum, b) => sum + b, 0)));
    this.positions = Int32Array.from(
      choices(kinds, tables.counts).flatMap((replicas) =>
        replicas.map((replica, role) => layout.positions[layout.places[kinds[role]!]! + replica]!),
      ),
    );
    this.verdicts = total <= DENSE_BITS_MAX ? new Uint8Array(2 ** total) : null;
    const [one, other] = kinds;
    if (kinds.length === 2 && one === other && bits[0]! <= 5)
      this.pair = {
        known: new Int32Array(32),
        clash: new Int32Array(32),
        first: layout.places[one!]!,
        count: tables.counts[one!]!,
        clean: new Int32Array(2 * CLEAN),
      };
  }

  /** The first choice of replicas for which it fails, or -1. */
  firstFailing(states: Int32Array, at: number): number {
    if (this.pair !== null && this.noClash(states, at, this.pair)) return -1;
    const { positions, roles } = this;
    for (let i = 0; i * roles < positions.length; i++) if (this.verdict(states, at, i) === FAILS) return i;
    return -1;
  }

  /** A bit for every choice of replicas for which it holds. */
  holding(states: Int32Array, at: number): number {
    const { positions, roles } = this;
    let mask = 0;
    for (let i = 0; i * roles < positions.length; i++)
      if (this.verdict(states, at, i) === HOLDS) mask |= 1 << i;
    return mask;
  }

  /** Which values occur at all, and whether two of them clash: linear in the replicas, where pairs are quadratic. */
  private noClash(states: Int32Array, at: number, { known, clash, first, count, clean }: Pair): boolean {
    const { positions } = this.layout;
    const mask = this.masks[0]!;
    let present = 0;
    let twice = 0;
    for (let i = 0; i < count; i++) {
      const p = positions[first + i]!;
      const bit = 1 << ((states[at + (p >>> 5)]! >>> p) & mask);
      twice |= present & bit;
      present |= bit;
    }
    const slot = 2 * (Math.imul(present ^ Math.imul(twice, 0x9e3779b1), 0x85ebca6b) >>> (32 - CLEAN_BITS));
    if (clean[slot] === present && clean[slot + 1] === twice) return true;
    for (let left = present; left !== 0; left &= left - 1) {
      const number = 31 - Math.clz32(left & -left);
      const others = (present & ~(1 << number)) | (twice & (1 << number));
      const unknown = others & ~known[number]!;
      if (unknown !== 0) this.judgeBeside(number, unknown, known, clash);
      if ((clash[number]! & others) !== 0) return false;
    }
    clean[slot] = present;
    clean[slot + 1] = twice;
    return true;
  }
  private judgeBeside(number: number, others: number, known: Int32Array, clash: Int32Array): void {
    for (let left = others; left !== 0; left &= left - 1) {
      const other = 31 - Math.clz32(left & -left);
      if (this.judge([number, other]) === FAILS) clash[number]! |= 1 << other;
    }
    known[number]! |= others;
  }

  private verdict(states: Int32Array, at: number, instance: number): number {
    const { positions, masks, shifts, roles, verdicts } = this;
    if (verdicts === null) return this.sparseVerdict(states, at, instance);
    let index = 0;
    for (let r = 0; r < roles; r++) {
      const p = positions[instance * roles + r]!;
      index |= ((states[at + (p >>> 5)]! >>> p) & masks[r]!) << shifts[r]!;
    }
    const known = verdicts[index]!;
    if (known !== 0) return known;
    const numbers = [...masks].map((mask, r) => (index >>> shifts[r]!) & mask);
    return (verdicts[index] = this.judge(numbers));
  }
  private sparseVerdict(states: Int32Array, at: number, instance: number): number {
    const { positions, masks, roles, sparse } = this;
    const numbers = [...masks].map((mask, r) => {
      const p = positions[instance * roles + r]!;
      return (states[at + (p >>> 5)]! >>> p) & mask;
    });
    const key = numbers.join();
    const known = sparse.get(key);
    if (known !== undefined) return known;
    const verdict = this.judge(numbers);
    if (sparse.size < 1 << 20) sparse.set(key, verdict);
    return verdict;
  }

  private judge(numbers: readonly number[]): number {
    const { holds, footprint, name } = this.predicate;
    const once = holds(this.tables.valuesOf(footprint, numbers));
    if (once !== holds(this.tables.valuesOf(footprint, numbers)))
      throw new Error(
        `${name}: expected the same verdict for the same values, saw two different ones: it is impure`,
      );
    return once ? HOLDS : FAILS;
  }
}
