// A vCPU's own affairs: steps that it told itself to make (`run`) in which it looks at nothing but its own words and the records
// in its custody, no property sees anything, and nobody is told anything but the vCPU itself and whoever feeds it. Others write
// none of these words, so all that they can do about it is to tell the vCPU something meanwhile. An affair may be taken at once
// if what comes over another ring comes out the same before it as after it.
//
// That is tried, of every pair of an affair and a step of the same vCPU that comes up: the step once more where the affair is
// still to be done, then the affair. The step must do the same, the affair must do the same, and the vCPU must have the same
// words in the end. So it is shown while it is used, as symmetry is (twins.ts).
import type { Built } from '../../actors/index.ts';
import { message, messageKinds } from '../../model/messages.ts';
import type { Records } from '../../runtime/check/interner.ts';
import type { Changes } from './changes.ts';
import { type Effect, NOBODY, type Steps } from './steps.ts';
import type { Vector } from './vector.ts';

/** An affair and a step of the same vCPU, of which it matters which comes first. */
export class NotCommuting extends Error {
  override name = 'NotCommuting';
}

/** A vCPU's words before and after an affair. */
interface Affair {
  effect: Effect;
  before: number;
  after: number;
}
/** A step of a vCPU, or an affair, by the message it takes and a state in which it was made. */
interface Found {
  vcpu: number;
  sent: number;
  isAffair: boolean;
  numbers: Int32Array;
}
/** Words of such a one as a row, before its state. */
const ROW_HEAD = 3;

export class OwnAffairs {
  /** False where some turned out not to commute: none is one then. */
  areTaken = true;
  /** How many affairs there are, and of how many pairs it was tried which comes first. */
  affairs = 0;
  pairs = 0;
  private readonly built: Built;
  private readonly vector: Vector;
  private readonly steps: Steps;
  private readonly changes: Changes;
  private readonly records: Records;
  /** By vCPU, then by its own words: affairs that lead to them, steps made with them. */
  private readonly leading: readonly Map<number, Affair[]>[];
  private readonly made: readonly Map<number, Found[]>[];
  /** All there is to be tried, for whoever has not seen it. */
  private found: Found[] = [];
  /** Whether another thread tries, which has what all threads found. */
  private leavesTrying = false;

  constructor(built: Built, vector: Vector, steps: Steps, changes: Changes, records: Records) {
    this.built = built;
    this.vector = vector;
    this.steps = steps;
    this.changes = changes;
    this.records = records;
    this.leading = built.vcpus.map(() => new Map<number, Affair[]>());
    this.made = built.vcpus.map(() => new Map<number, Found[]>());
  }

  /** Whether the step with which a vCPU takes a message is one, in the state under consideration. */
  isOne(vcpu: number, sent: number): boolean {
    if (!this.areTaken || this.records.data[sent + 1] !== message.run) return false;
    const effect = this.affair(vcpu, sent);
    if (effect === null || !this.ends(vcpu, sent)) return false;
    const before = this.steps.ownWords(vcpu);
    if (this.enter(vcpu, { effect, before, after: this.ownAfter(effect, before) }))
      this.note(vcpu, sent, true);
    return true;
  }
  /** What the step does, if that is nobody else's affair; else null. */
  private affair(vcpu: number, sent: number): Effect | null {
    const column = this.vector.columns.actor[vcpu]!;
    const number = this.steps.lookUp(vcpu, sent, column);
    // It depends on more than the vCPU's column.
    if (number <= 0) return null;
    const effect = this.steps.effect(number);
    return this.isQuiet(effect) ? effect : null;
  }
  private isQuiet({ actor, events, occasions, failure, pushes, writes }: Effect): boolean {
    const own = this.steps.ownSlots[actor]!;
    const all = (pairs: readonly number[], only: number) =>
      pairs.every((it, i) => i % 2 === 1 || it === only);
    return (
      events === 0 && occasions.length === 0 && failure === null && all(pushes, actor) && all(writes, own)
    );
  }
  /** Whether a vCPU that goes on so comes to something else in the end: others would never have their turn. */
  private ends(vcpu: number, sent: number): boolean {
    const { numbers, columns } = this.vector;
    const column = columns.actor[vcpu]!;
    const row = numbers[column]!;
    const seen = new Set<number>();
    let isEnd = false;
    while (!isEnd && !seen.has(numbers[column]!)) {
      const effect = this.affair(vcpu, sent);
      seen.add(numbers[column]!);
      isEnd = effect === null || effect.pushes.length === 0;
      if (!isEnd)
        numbers[column] = this.changes.columnAfter(
          this.steps.lookUp(vcpu, sent, column),
          column,
          numbers[column]!,
        );
    }
    numbers[column] = row;
    return isEnd;
  }

  // --- which comes first

  /** @returns whether it was not known */
  private enter(vcpu: number, affair: Affair): boolean {
    const { before, after, effect } = affair;
    const known = this.leading[vcpu]!.get(after) ?? [];
    if (before === after || known.some((one) => one.before === before && one.effect.sent === effect.sent))
      return false;
    this.leading[vcpu]!.set(after, [...known, affair]);
    this.affairs++;
    for (const step of this.made[vcpu]!.get(after) ?? []) this.try(vcpu, affair, step);
    return true;
  }
  /** A step was made in the state under consideration, for the first time. */
  learn(vcpu: number, sent: number): void {
    if (vcpu >= this.made.length || !this.areTaken) return;
    const step = this.note(vcpu, sent, false);
    if (this.leavesTrying) return;
    const own = this.steps.ownWords(vcpu);
    this.made[vcpu]!.set(own, [...(this.made[vcpu]!.get(own) ?? []), step]);
    for (const affair of this.leading[vcpu]!.get(own) ?? []) this.try(vcpu, affair, step);
  }
  private note(vcpu: number, sent: number, isAffair: boolean): Found {
    const found = { vcpu, sent, isAffair, numbers: this.vector.numbers.slice() };
    this.found.push(found);
    return found;
  }
  /** From here on nothing is tried here: `tell` has what another thread is to hear. */
  leaveTrying(): void {
    this.leavesTrying = true;
  }
  /** What was found and is not told yet, as rows. */
  tell(): Int32Array[] {
    const rows = this.save();
    this.found = [];
    return rows;
  }
  /** What was found, as rows. */
  save(): Int32Array[] {
    return this.found.map(({ vcpu, sent, isAffair, numbers }) =>
      Int32Array.of(vcpu, sent, isAffair ? 1 : 0, ...numbers),
    );
  }
  /** What another thread, or an earlier process, has found: it is tried here. */
  hear(row: Int32Array): void {
    const [vcpu, sent, isAffair] = row;
    this.vector.numbers.set(row.subarray(ROW_HEAD));
    if (isAffair === 1) this.isOne(vcpu!, sent!);
    else this.learn(vcpu!, sent!);
  }

  /** Tries whether a step that was made after an affair does the same before it. */
  private try(vcpu: number, affair: Affair, { sent, numbers }: Found): void {
    if (!this.mayComeFirst(vcpu, affair, sent)) return;
    const { steps } = this;
    this.pairs++;
    const [after, seenAfter] = steps.performWith(vcpu, sent, numbers, [], affair.after);
    const [first, seenFirst] = steps.performWith(vcpu, sent, numbers, [], affair.before);
    if (!this.isSame(first, after)) this.differ(affair, sent, 'it does something else');
    if (seenFirst.some((slot) => !seenAfter.includes(slot))) this.differ(affair, sent, 'it looks at more');
    if (first.failure !== null) return;
    const before = this.ownAfter(first, affair.before);
    const [then] = steps.performWith(vcpu, affair.effect.sent, numbers, first.writes, before);
    if (!this.isSame(then, affair.effect)) this.differ(affair, sent, 'the affair does something else');
    const inTheEnd = this.ownAfter(after, affair.after);
    if (this.ownAfter(then, before) !== inTheEnd) this.differ(affair, sent, 'something else comes of both');
    this.enter(vcpu, { effect: then, before, after: inTheEnd });
  }
  /** Not what comes over the same ring behind it, nor an operation that was asked for by it. */
  private mayComeFirst(vcpu: number, { effect }: Affair, sent: number): boolean {
    const { links } = this.built.system.mailboxes;
    const sender = links[this.records.data[sent]!]?.sender;
    if (sender === vcpu) return false;
    return effect.hungry === NOBODY || sender !== this.built.world.geometry.feeder;
  }
  /** Whether two steps do the same but to the vCPU's own words. */
  private isSame(one: Effect, other: Effect): boolean {
    return this.rest(one) === this.rest(other);
  }
  private rest({ actor, events, hungry, failure, occasions, pushes, writes }: Effect): string {
    const own = this.steps.ownSlots[actor]!;
    const others = writes.filter((_, i) => writes[i - (i % 2)] !== own);
    return [events, hungry, failure, occasions.join(), pushes.join(), others.join()].join(' ');
  }
  private ownAfter({ actor, writes }: Effect, before: number): number {
    const at = writes.findIndex((slot, i) => i % 2 === 0 && slot === this.steps.ownSlots[actor]!);
    return at < 0 ? before : writes[at + 1]!;
  }
  private differ({ effect }: Affair, sent: number, what: string): never {
    const kind = messageKinds[this.records.data[sent + 1]!];
    const who = this.built.system.geometry.nameOf(effect.actor);
    throw new NotCommuting(`${who} takes ${kind} before or after an affair of its own: ${what}`);
  }
}
