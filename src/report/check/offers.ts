// What can be delivered in a state: listed once for each value of each column that has actors, and looked up afterwards.
import type { Records } from '../../runtime/check/interner.ts';
import type { Leaves } from './leaves.ts';
import type { Queues } from './queues.ts';
import type { Reduction } from './reduction.ts';
import type { Vector } from './vector.ts';

/** Words before the entries of a list, and of an entry. */
export const HEADER = 2;
export const OFFER = 4;

type ByRow = Int32Array<ArrayBuffer>[];

export class Offers {
  /** Steps that commute with all others are listed alone. */
  reduces = true;
  /** The lists: how many; whether it is taken alone; then by four: actor, message, where the look-up of its step has got to, ring. */
  words = new Int32Array(1 << 14);
  /** Columns with actors, in the order in which a step taken alone is looked for, and in that of the successors. */
  readonly lonely: readonly number[];
  readonly acting: readonly number[];
  private readonly vector: Vector;
  private readonly leaves: Leaves;
  private readonly queues: Queues;
  private readonly records: Records;
  private readonly reduction: Reduction;
  private readonly actorsOf: readonly (readonly number[])[];
  private end = 1;
  /** By column and row: where in `words`; 0 = not known. */
  private here: ByRow;
  /** The same where things may be said again although there is something to do, and where they may not. */
  private readonly hasty: ByRow;
  private readonly patient: ByRow;

  constructor(vector: Vector, leaves: Leaves, queues: Queues, records: Records, reduction: Reduction) {
    this.vector = vector;
    this.leaves = leaves;
    this.queues = queues;
    this.records = records;
    this.reduction = reduction;
    const { actor, environment } = vector.columns;
    this.actorsOf = vector.rows.map((_, column) =>
      actor.flatMap((its, self) => (its === column ? [self] : [])),
    );
    this.acting = [...new Set(actor)];
    // The host's side first: the environment is between the two.
    const isHosts = (column: number) => column > environment;
    this.lonely = [...this.acting.filter(isHosts), ...this.acting.filter((column) => !isHosts(column))];
    const none = () => vector.rows.map(() => new Int32Array(1 << 8));
    this.hasty = none();
    this.patient = none();
    this.here = this.patient;
  }
  get bytes(): number {
    const rows = [...this.hasty, ...this.patient];
    return rows.reduce((sum, { byteLength }) => sum + byteLength, this.words.byteLength);
  }
  /** Whether things may be said again although there is something to do. */
  hasten(isHasty: boolean): void {
    this.reduction.isHasty = isHasty;
    this.here = isHasty ? this.hasty : this.patient;
  }

  /** The messages that can be taken in a column of the state under consideration; or, where one may be taken alone, that one. @returns where in `words` */
  in(column: number): number {
    const known = this.here[column]![this.vector.numbers[column]!];
    return known === undefined || known === 0 ? this.list(column) : known;
  }
  private list(column: number): number {
    const { vector, queues, records } = this;
    let some: number[] = [];
    let alone = 0;
    for (const actor of this.actorsOf[column]!) {
      const queue = vector.value(vector.queue[actor]!);
      if (queue === 0) continue;
      const at = queues.headsOf(queue);
      const own = vector.value(vector.slotOf[this.leaves.actor[actor]!]!);
      for (let i = 0; i < queues.heads[at]! && alone === 0; i++) {
        const sent = queues.heads[at + 1 + 2 * i]!;
        if (this.reduces && this.reduction.isAlone(actor, own, sent)) {
          some = [];
          alone = 1;
        }
        some.push(actor, sent, 0, records.data[sent]!);
      }
      if (alone === 1) break;
    }
    const at = this.end;
    this.end += HEADER + some.length;
    while (this.end > this.words.length) this.words = larger(this.words);
    this.words.set([some.length / OFFER, alone, ...some], at);
    const row = vector.numbers[column]!;
    while (row >= this.here[column]!.length) this.here[column] = larger(this.here[column]!);
    this.here[column]![row] = at;
    return at;
  }
}

/** The same words, with as much room again. */
export function larger(words: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(words.length * 2);
  more.set(words);
  return more;
}
