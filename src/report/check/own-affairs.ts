// A vCPU's own affairs: what it told itself to do, as long as it looks at nothing but its own words and records, no property
// sees anything of it, and nobody is told anything but the vCPU itself and whoever feeds it. Whatever comes to it meanwhile, from
// anybody else, comes out the same before such a step as after it: test/check/commuting.test.ts holds every pair to that
// that comes up.
import { message } from '../../model/messages.ts';
import type { Records } from '../../runtime/check/interner.ts';
import type { Changes } from './changes.ts';
import type { Effect, Steps } from './steps.ts';
import type { Vector } from './vector.ts';

export class OwnAffairs {
  private readonly vector: Vector;
  private readonly steps: Steps;
  private readonly changes: Changes;
  private readonly records: Records;
  /** Told of every step that was found to be one, in the state in which it is made. */
  onFound: (vcpu: number, effect: Effect) => void = () => {};

  constructor(vector: Vector, steps: Steps, changes: Changes, records: Records) {
    this.vector = vector;
    this.steps = steps;
    this.changes = changes;
    this.records = records;
  }

  /** Whether the step with which a vCPU takes a message is one, in the state under consideration. */
  isOne(vcpu: number, sent: number): boolean {
    if (this.records.data[sent + 1] !== message.run) return false;
    const effect = this.effect(vcpu, sent);
    if (effect === null || !this.ends(vcpu, sent)) return false;
    this.onFound(vcpu, effect);
    return true;
  }
  /** What the step does, if that is nobody else's affair; else null. */
  private effect(vcpu: number, sent: number): Effect | null {
    const column = this.vector.columns.actor[vcpu]!;
    const number = this.steps.lookUp(vcpu, sent, column);
    if (number <= 0) return null;
    const effect = this.steps.effect(number);
    const { events, occasions, failure, pushes, writes } = effect;
    if (events !== 0 || occasions.length > 0 || failure !== null) return null;
    for (let i = 0; i < pushes.length; i += 2) if (pushes[i] !== vcpu) return null;
    for (let i = 0; i < writes.length; i += 2) if (this.vector.columnOf[writes[i]!] !== column) return null;
    return effect;
  }
  /** Whether a vCPU that goes on so comes to something else in the end: others would never have their turn. */
  private ends(vcpu: number, sent: number): boolean {
    const { numbers, columns } = this.vector;
    const column = columns.actor[vcpu]!;
    const row = numbers[column]!;
    const seen = new Set<number>();
    for (;;) {
      const now = numbers[column]!;
      const effect = seen.has(now) ? null : this.effect(vcpu, sent);
      if (effect === null || effect.pushes.length === 0) break;
      seen.add(now);
      numbers[column] = this.changes.columnAfter(this.steps.lookUp(vcpu, sent, column), column, now);
    }
    const isEnd = !seen.has(numbers[column]!);
    numbers[column] = row;
    return isEnd;
  }
}
