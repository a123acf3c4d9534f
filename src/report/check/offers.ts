// What can be delivered in a state: listed once for each value of each column that has actors, and looked up afterwards.
import type { Records } from '../../runtime/check/interner.ts';
import type { Leaves } from './leaves.ts';
import type { Queues } from './queues.ts';
import type { Reduction } from './reduction.ts';
import type { Vector } from './vector.ts';

/** Words before the entries of a list, and of an entry. */
export const HEADER = 1;
export const OFFER = 4;
/** The list that has nothing. */
export const NOTHING_OFFERED = 2;

export class Offers {
  /** The lists: how many; then by four: actor, message, where the look-up of its step has got to, ring. */
  words = new Int32Array(1 << 14);
  /** Columns with actors, in the order of the successors; places among these, in the order in which a step taken alone is looked for. */
  readonly acting: readonly number[];
  readonly lonely: readonly number[];
  private readonly vector: Vector;
  private readonly leaves: Leaves;
  private readonly queues: Queues;
  private readonly records: Records;
  private readonly reduction: Reduction;
  private readonly actorsOf: readonly (readonly number[])[];
  private end = 2;
  /** By row and place among `acting`: what `at` returns; 0 = not known. Where things may be said again although there is something to do, and where they may not. */
  private readonly known = [new Int32Array(1 << 12), new Int32Array(1 << 12)];
  private hasty = 0;
  private isReduced = true;

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
    const isHosts = (place: number) => this.acting[place]! > environment;
    const places = [...this.acting.keys()];
    this.lonely = [...places.filter(isHosts), ...places.filter((place) => !isHosts(place))];
  }
  get bytes(): number {
    return this.known.reduce((sum, { byteLength }) => sum + byteLength, this.words.byteLength);
  }
  /** Steps that commute with all others are listed alone. */
  get reduces(): boolean {
    return this.isReduced;
  }
  set reduces(yes: boolean) {
    if (yes !== this.isReduced) for (const lists of this.known) lists.fill(0);
    this.isReduced = yes;
  }
  /** Whether things may be said again although there is something to do. */
  hasten(isHasty: boolean): void {
    this.reduction.isHasty = isHasty;
    this.hasty = isHasty ? 1 : 0;
  }

  /**
   * The messages that can be taken in the column at that place of `acting`, in the state under consideration; or, where one
   * may be taken alone, that one.
   * @returns twice the place in `words`, and one more where it is taken alone
   */
  at(place: number): number {
    const known = this.known[this.hasty]![this.slot(place)];
    return known === undefined || known === 0 ? this.list(place) : known;
  }
  private slot(place: number): number {
    return this.vector.numbers[this.acting[place]!]! * this.acting.length + place;
  }
  private list(place: number): number {
    const { vector, queues, records } = this;
    let some: number[] = [];
    let alone = 0;
    for (const actor of this.actorsOf[this.acting[place]!]!) {
      const queue = vector.value(vector.queue[actor]!);
      if (queue === 0) continue;
      const at = queues.headsOf(queue);
      const own = vector.value(vector.slotOf[this.leaves.actor[actor]!]!);
      for (let i = 0; i < queues.heads[at]! && alone === 0; i++) {
        const sent = queues.heads[at + 1 + 2 * i]!;
        if (this.isReduced && this.reduction.isAlone(actor, own, sent)) {
          some = [];
          alone = 1;
        }
        some.push(actor, sent, 0, records.data[sent]!);
      }
      if (alone === 1) break;
    }
    const { known, hasty } = this;
    const slot = this.slot(place);
    while (slot >= known[hasty]!.length) known[hasty] = larger(known[hasty]!);
    return (known[hasty]![slot] = some.length === 0 ? NOTHING_OFFERED : 2 * this.put(some) + alone);
  }
  private put(some: readonly number[]): number {
    const at = this.end;
    this.end += HEADER + some.length;
    while (this.end > this.words.length) this.words = larger(this.words);
    this.words.set([some.length / OFFER, ...some], at);
    return at;
  }
}

/** The same words, with as much room again. */
export function larger(words: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(words.length * 2);
  more.set(words);
  return more;
}
