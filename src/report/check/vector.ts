// A state of the world as a short row of numbers: one for each column. A column is what changes together (a vCPU with its
// queue and records, the host with its queue and the operations, the words that all share, the devices, each with the monitors
// that follow it), and each of its values is stored once. Inside a column are slots: one for each leaf, queue or monitor's
// picture, which are numbers of records. A packed state is the columns' numbers side by side, each in as few bits as it needs.
import type { Geometry } from '../../model/geometry.ts';
import { TooNarrow } from '../../runtime/check/explorable.ts';
import { Rows, type Shared } from '../../runtime/check/interner.ts';
import { maskOf, type Packing, spread, type Unpack, unpacker } from '../../runtime/check/layout.ts';
import type { Leaf, Leaves } from './leaves.ts';

/**
 * Monitors that stand in a column whose other slots tell most of their pictures: it has hardly more values with them, and what
 * a step does is one change where it were two. The rest have a column of their own.
 */
const BESIDE: Partial<Record<keyof typeof FIRST_BITS, readonly string[]>> = {
  host: ['no-copy-back', 'I1-single-home', 'I4-pin', 'I5-conservation', 'I6-advisory-list', 'legal-lifecycle', 'given-back'], // prettier-ignore
  shared: ['I8-shootdown'],
  devices: ['I2-read-last-write', 'I3-isolation'],
};
/** Bits of a column's number at first; what a word has left over is added. */
const FIRST_BITS = { vcpu: 12, environment: 8, hypervisor: 10, host: 14, shared: 13, devices: 13, monitors: 10 } as const; // prettier-ignore
/** Room for values to come when states are packed anew. */
const SLACK = 1.5;
/** log2 of a column's values, where threads share them. */
const SHARED_BITS = 20;

/** Columns by what they hold. */
export interface Columns {
  /** By actor. */
  readonly actor: readonly number[];
  readonly environment: number;
  /** By column: the monitors in it. */
  readonly monitors: readonly (readonly number[])[];
}

export class Vector {
  /** Numbers of all leaves of a state, once `bring` has filled them. */
  readonly slots: Int32Array;
  /** The leaf of a slot; null for queues, the environment and the monitors. */
  readonly leafOf: readonly (Leaf | null)[];
  /** By leaf. */
  readonly slotOf: readonly number[];
  /** By actor. */
  readonly queue: readonly number[];
  readonly environment: number;
  readonly monitors: readonly number[];
  readonly columns: Columns;
  /** By column: its values. */
  readonly rows: readonly Rows[];
  /** By slot: its column, and where in a row of that. */
  readonly columnOf: Int32Array;
  readonly offsetOf: Int32Array;
  /** Of the state under consideration, by column. */
  readonly numbers: Int32Array;
  /** By column: its first slot. */
  readonly firstOf: Int32Array;
  private readonly scratch: Int32Array;
  /** Where in a packed state a column's number stands. */
  words = 0;
  /** Bits that each column's number needs; positions follow from them. */
  packing!: Int32Array;
  private wordOf!: Int32Array;
  private shiftOf!: Int32Array;
  private maskOf!: Int32Array;
  private unpack!: Unpack;

  constructor(leaves: Leaves, geometry: Geometry, monitors: readonly string[], shared?: readonly Shared[]) {
    const plan = new Plan(leaves, geometry, monitors);
    this.leafOf = plan.leafOf;
    this.slotOf = plan.slotOf;
    this.queue = plan.queue;
    this.environment = plan.environment;
    this.monitors = plan.monitors;
    this.columns = plan.columns;
    this.firstOf = Int32Array.from(plan.firsts);
    this.rows = plan.widths.map((width, column) => new Rows(width, shared?.[column]));
    this.slots = new Int32Array(plan.leafOf.length);
    this.columnOf = new Int32Array(this.slots.length);
    this.offsetOf = new Int32Array(this.slots.length);
    plan.firsts.forEach((first, column) => {
      for (let i = 0; i < plan.widths[column]!; i++) {
        this.columnOf[first + i] = column;
        this.offsetOf[first + i] = i;
      }
    });
    this.numbers = new Int32Array(this.rows.length);
    this.scratch = new Int32Array(Math.max(...plan.widths));
    this.layOut(plan.bits);
  }
  /** Memory for the columns' values, for threads that search together. */
  static share(leaves: Leaves, geometry: Geometry, monitors: readonly string[]): Shared[] {
    return new Plan(leaves, geometry, monitors).widths.map((width) => Rows.allocate(width, SHARED_BITS));
  }

  layOut(bits: ArrayLike<number>): void {
    // What was written for a layout is compiled once.
    if (this.words > 0 && this.packing.every((its, column) => its === bits[column])) return;
    const laid = spread(Array.from(bits));
    this.packing = Int32Array.from(bits);
    this.words = laid.words;
    this.wordOf = laid.positions.map((position) => position >>> 5);
    this.shiftOf = laid.positions.map((position) => position & 31);
    this.maskOf = laid.bits.map((width) => maskOf(width));
    this.unpack = unpacker(this.laid);
  }
  /** Makes room for all values that there are. @returns the layouts before and after, for `repack` */
  widen(): [Packing, Packing] {
    const before = this.laid;
    this.layOut(this.rows.map(({ size }) => 32 - Math.clz32(size * SLACK)));
    return [before, this.laid];
  }
  private get laid(): Packing {
    const { words, wordOf, shiftOf, maskOf: masks } = this;
    return { words, positions: wordOf.map((word, column) => 32 * word + shiftOf[column]!), masks };
  }

  /** Considers the packed state at `states[at..]`. */
  at(states: Int32Array, at: number): void {
    this.unpack(states, at, this.numbers);
  }
  /** The number of one column of it, without considering it. */
  numberIn(states: Int32Array, at: number, column: number): number {
    return (states[at + this.wordOf[column]!]! >>> this.shiftOf[column]!) & this.maskOf[column]!;
  }
  pack(numbers: Int32Array, into: Int32Array, at: number): void {
    for (let w = 0; w < this.words; w++) into[at + w] = 0;
    for (let column = 0; column < numbers.length; column++)
      this.exchange(into, at, column, 0, numbers[column]!);
  }
  /** Where in a packed state a column's number stands. */
  placeOf(column: number): { word: number; shift: number; mask: number } {
    return { word: this.wordOf[column]!, shift: this.shiftOf[column]!, mask: this.maskOf[column]! };
  }
  /** Puts another number in the place of one, in a packed state. */
  exchange(into: Int32Array, at: number, column: number, before: number, after: number): void {
    if (after > this.maskOf[column]!) throw new TooNarrow(`a part of the state has ${after} values`);
    into[at + this.wordOf[column]!]! ^= (before ^ after) << this.shiftOf[column]!;
  }
  /** Number in a slot of the state under consideration. */
  value(slot: number): number {
    const column = this.columnOf[slot]!;
    const { data, width } = this.rows[column]!;
    return data[this.numbers[column]! * width + this.offsetOf[slot]!]!;
  }
  /** The same of a packed state, without considering it. */
  valueAt(states: Int32Array, at: number, slot: number): number {
    const column = this.columnOf[slot]!;
    const { data, width } = this.rows[column]!;
    return data[this.numberIn(states, at, column) * width + this.offsetOf[slot]!]!;
  }
  /** The same of any value of the slot's column. */
  valueIn(row: number, slot: number): number {
    const { data, width } = this.rows[this.columnOf[slot]!]!;
    return data[row * width + this.offsetOf[slot]!]!;
  }
  /** Has all slots filled. */
  bring(): void {
    const { slots, numbers } = this;
    for (let column = 0, slot = 0; column < numbers.length; column++) {
      const { data, width } = this.rows[column]!;
      for (let i = numbers[column]! * width, end = i + width; i < end; i++) slots[slot++] = data[i]!;
    }
  }
  /** The row that `change` makes of a column's row. */
  changed(column: number, row: number, change: (slots: Int32Array) => void): number {
    const { scratch } = this;
    const rows = this.rows[column]!;
    for (let i = 0; i < rows.width; i++) scratch[i] = rows.data[row * rows.width + i]!;
    change(scratch);
    return rows.intern(scratch, 0);
  }
  /** Stores what `slots` holds, as the state under consideration. */
  take(): void {
    this.rows.forEach((rows, column) => {
      this.numbers[column] = rows.intern(this.slots, this.firstOf[column]!);
    });
  }
}

/** Which slots there are, and in which columns. */
class Plan {
  readonly leafOf: (Leaf | null)[] = [];
  readonly slotOf: number[] = [];
  readonly queue: number[] = [];
  readonly environment: number;
  readonly monitors: number[] = [];
  readonly columns: Columns;
  readonly firsts: number[] = [];
  readonly widths: number[] = [];
  readonly bits: number[] = [];
  private readonly leaves: Leaves;

  /** @param monitors their names */
  constructor(leaves: Leaves, geometry: Geometry, monitors: readonly string[]) {
    this.leaves = leaves;
    const actorColumn: number[] = [];
    const monitorsIn: number[][] = [];
    const placed = new Set(Object.values(BESIDE).flat());
    const endColumn = (kind: keyof typeof FIRST_BITS) => {
      const column = this.firsts.length;
      const isHere = (name: string) =>
        kind === 'monitors' ? !placed.has(name) : BESIDE[kind]?.includes(name) === true;
      monitorsIn[column] = [...monitors.keys()].filter((m) => isHere(monitors[m]!));
      for (const m of monitorsIn[column]) this.monitors[m] = this.other();
      this.bits.push(FIRST_BITS[kind]);
      const first = column === 0 ? 0 : this.firsts.at(-1)! + this.widths.at(-1)!;
      this.firsts.push(first);
      this.widths.push(this.leafOf.length - first);
      return column;
    };
    const actor = (self: number, ...more: readonly number[]) => {
      this.leaf(leaves.actor[self]!);
      this.queue[self] = this.other();
      for (const leaf of more) this.leaf(leaf);
      actorColumn[self] = this.firsts.length;
    };
    for (let v = 0; v < geometry.vcpus; v++) {
      actor(v, leaves.records[v]!, ...leaves.parcels.slice(v, v + 1));
      endColumn('vcpu');
    }
    this.environment = this.other();
    const environment = endColumn('environment');
    actor(geometry.hypervisor, ...leaves.recovery);
    endColumn('hypervisor');
    actor(geometry.host, ...leaves.operations);
    endColumn('host');
    for (const leaf of [leaves.pageWords, leaves.ept, leaves.list, leaves.guestPageTable]) this.leaf(leaf);
    endColumn('shared');
    for (let self = geometry.host + 1; self < geometry.feeder; self++) actor(self);
    for (const leaf of leaves.locations) this.leaf(leaf);
    endColumn('devices');
    if (monitors.some((name) => !placed.has(name))) endColumn('monitors');
    this.columns = { actor: actorColumn, environment, monitors: monitorsIn };
  }
  private leaf(leaf: number): void {
    this.slotOf[leaf] = this.leafOf.push(this.leaves.all[leaf]!) - 1;
  }
  private other(): number {
    return this.leafOf.push(null) - 1;
  }
}
