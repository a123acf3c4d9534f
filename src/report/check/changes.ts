// What steps do to a state, column by column. The same change comes up again and again, in steps of any actor: what it makes
// of a column's value is computed once and looked up afterwards.
import { TooNarrow } from '../../runtime/check/explorable.ts';
import { areSame, Memo, mixAll, type Records, Things } from '../../runtime/check/interner.ts';
import type { Environment } from './environment.ts';
import type { Judges } from './judges.ts';
import { larger } from './offers.ts';
import type { Queues } from './queues.ts';
import type { Effect } from './steps.ts';
import type { Vector } from './vector.ts';

/** A change of one column but the environment's: places in its rows, and what goes there. */
interface Change {
  /** Message taken out of the queue at a place, in turns. */
  taken: number[];
  /** Place and new number, in turns. */
  writes: number[];
  /** Queue's place and messages, in turns. */
  pushes: number[];
  /** Events that its monitors are shown, interned; 0 = none. */
  events: number;
}

function hashOf({ taken, writes, pushes, events }: Change): number {
  return mixAll(mixAll(mixAll(events, taken), writes), pushes);
}
function isSame(one: Change, other: Change): boolean {
  return (
    one.events === other.events &&
    areSame(one.taken, other.taken) &&
    areSame(one.writes, other.writes) &&
    areSame(one.pushes, other.pushes)
  );
}

/** Where a packed state begins that something broke, and minus the number of what. */
interface Spoilt {
  at: number;
  broken: number;
}
const NONE: readonly Spoilt[] = [];

/** In place of a column: the step itself is at fault; the change is minus what is broken. */
const BROKEN = -1;

export class Changes {
  /** Column and change, in turns: those of effect `n` from `starts[n - 1]` to `starts[n]`. */
  plan = new Int32Array(1 << 12);
  starts = new Int32Array(1 << 10);
  private count = 0;
  /** Packed states to be, by where they begin, that are none. */
  private spoilt: Spoilt[] = [];
  private readonly vector: Vector;
  private readonly records: Records;
  private readonly queues: Queues;
  private readonly judges: Judges;
  private readonly environment: Environment;
  /** By column: what it becomes, and its changes. */
  private readonly memos: readonly Memo[];
  private readonly changes: readonly Things<Change>[];
  /** By column: where packed states begin, and the change that this column of theirs is to have, in turns. */
  private readonly due: Int32Array[];
  private readonly dueLength: Int32Array;

  constructor(vector: Vector, records: Records, queues: Queues, judges: Judges, environment: Environment) {
    this.vector = vector;
    this.records = records;
    this.queues = queues;
    this.judges = judges;
    this.environment = environment;
    this.memos = vector.rows.map(() => new Memo());
    this.changes = vector.rows.map(() => new Things(hashOf, isSame));
    this.due = vector.rows.map(() => new Int32Array(1 << 10));
    this.dueLength = new Int32Array(vector.rows.length);
  }

  get bytes(): number {
    return this.memos.reduce((sum, memo) => sum + memo.bytes, this.plan.byteLength + this.starts.byteLength);
  }

  /** Lays down what the next effect does; effects are numbered from 1 on. */
  add({ actor, sent, events, writes, pushes, hungry, failure }: Effect): void {
    const { vector, environment, judges } = this;
    const { columnOf, offsetOf } = vector;
    if (failure !== null) return this.append([BROKEN, judges.breaks(failure)]);
    const byColumn = new Map<number, Change>();
    const changeOf = (column: number): Change => {
      let change = byColumn.get(column);
      if (change === undefined)
        byColumn.set(column, (change = { taken: [], writes: [], pushes: [], events: 0 }));
      return change;
    };
    const at = (slot: number): [Change, number] => [changeOf(columnOf[slot]!), offsetOf[slot]!];
    if (sent !== 0 && this.records.data[sent]! >= 0) {
      const [change, place] = at(vector.queue[actor]!);
      change.taken.push(place, sent);
    }
    for (let i = 0; i < writes.length; i += 2) {
      const [change, place] = at(writes[i]!);
      change.writes.push(place, writes[i + 1]!);
    }
    for (let i = 0; i < pushes.length; i += 2) {
      const [change, place] = at(vector.queue[pushes[i]!]!);
      change.pushes.push(place, pushes[i + 1]!);
    }
    if (events !== 0)
      vector.columns.monitors.forEach((monitors, column) => {
        const heard = judges.heard(monitors, events);
        if (heard !== 0) changeOf(column).events = heard;
      });
    const all: number[] = [];
    for (const [column, change] of byColumn) all.push(column, this.changes[column]!.numberOf(change));
    if (hungry >= 0) all.push(vector.columns.environment, environment.hungers(hungry));
    this.append(all);
  }
  private append(all: readonly number[]): void {
    const start = this.starts[this.count]!;
    if (start + all.length > this.plan.length) this.plan = larger(this.plan);
    if (this.count + 1 === this.starts.length) this.starts = larger(this.starts);
    this.plan.set(all, start);
    this.starts[++this.count] = start + all.length;
  }

  // What steps do is put off until there are many: then one column after the other is gone through, with one table at hand
  // and nothing in a look-up that has to wait for the one before.

  /** All that an effect does is to be done to the packed state at `at`. */
  putOff(effect: number, at: number): void {
    const { plan } = this;
    for (let i = this.starts[effect - 1]!, end = this.starts[effect]!; i < end; i += 2)
      this.putOffOne(plan[i]!, plan[i + 1]!, at);
  }
  putOffOne(column: number, change: number, at: number): void {
    if (column === BROKEN) {
      this.spoilt.push({ at, broken: change });
      return;
    }
    const end = this.dueLength[column]!;
    if (end === this.due[column]!.length) this.due[column] = larger(this.due[column]!);
    const due = this.due[column]!;
    due[end] = at;
    due[end + 1] = change;
    this.dueLength[column] = end + 2;
  }
  /** What was put off was not for states of this layout. */
  forget(): void {
    this.dueLength.fill(0);
    this.spoilt.length = 0;
  }
  /** Does what was put off. @returns the states that are none since something broke, in order, with the number of what did */
  carryOut(states: Int32Array): readonly Spoilt[] {
    for (let column = 0; column < this.due.length; column++) this.carryOutIn(column, states);
    this.dueLength.fill(0);
    const { spoilt } = this;
    if (spoilt.length === 0) return NONE;
    this.spoilt = [];
    // The first thing that broke counts: a step that is at fault itself, then monitors in their order.
    return spoilt
      .toSorted((a, b) => a.at - b.at || this.judges.whoSaw(a.broken) - this.judges.whoSaw(b.broken))
      .filter(({ at }, i, sorted) => sorted[i - 1]?.at !== at);
  }
  private carryOutIn(column: number, states: Int32Array): void {
    const memo = this.memos[column]!;
    const due = this.due[column]!;
    const end = this.dueLength[column]!;
    const { word, shift, mask } = this.vector.placeOf(column);
    for (let i = 0; i < end; i += 2) {
      const change = due[i + 1]!;
      const at = due[i]! + word;
      const row = (states[at]! >>> shift) & mask;
      let after = memo.get(row, change);
      if (after === 0) after = this.compute(column, row, change);
      if (after < 0) this.spoilt.push({ at: due[i]!, broken: after });
      else {
        if (after > mask) throw new TooNarrow(`a part of the state has ${after} values`);
        states[at]! ^= (row ^ after) << shift;
      }
    }
  }

  /** @returns what a change makes of a column's value, or minus the number of what it breaks */
  after(column: number, row: number, change: number): number {
    const known = this.memos[column]!.get(row, change);
    return known === 0 ? this.compute(column, row, change) : known;
  }
  /** The same for all that an effect does to one column. */
  columnAfter(effect: number, column: number, row: number): number {
    let after = row;
    for (let i = this.starts[effect - 1]!; i < this.starts[effect]!; i += 2)
      if (this.plan[i] === column) after = this.after(column, after, this.plan[i + 1]!);
    return after;
  }
  private compute(column: number, row: number, change: number): number {
    const { vector, environment } = this;
    let broken = 0;
    const after = vector.changed(column, row, (slots) => {
      if (column === vector.columns.environment) slots[0] = environment.after(slots[0]!, change);
      else broken = this.apply(column, this.changes[column]!.get(change), slots);
    });
    this.memos[column]!.set(row, change, broken || after);
    return broken || after;
  }
  /** @returns 0, or minus the number of what it breaks */
  private apply(column: number, { taken, writes, pushes, events }: Change, slots: Int32Array): number {
    const { vector, queues, judges } = this;
    for (let i = 0; i < taken.length; i += 2)
      slots[taken[i]!] = queues.without(slots[taken[i]!]!, taken[i + 1]!);
    for (let i = 0; i < writes.length; i += 2) slots[writes[i]!] = writes[i + 1]!;
    for (let i = 0; i < pushes.length; i += 2)
      slots[pushes[i]!] = queues.pushed(slots[pushes[i]!]!, pushes[i + 1]!);
    for (const m of events === 0 ? [] : vector.columns.monitors[column]!) {
      const place = vector.offsetOf[vector.monitors[m]!]!;
      const picture = judges.after(m, slots[place]!, events);
      if (picture < 0) return picture;
      slots[place] = picture;
    }
    return 0;
  }
}
