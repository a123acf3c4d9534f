// What can be said again in a state: the calls of the host and the waits of the vCPUs that are open, in worlds whose messages
// get lost. By actor it depends on little more than the actor's own words, and is looked up by its column.
import type { Built } from '../../actors/index.ts';
import { waits } from '../../actors/vcpu.ts';
import { message } from '../../model/messages.ts';
import { type Chosen, struckBy } from './choice.ts';
import { change, type Environment } from './environment.ts';
import type { Records } from '../../runtime/check/interner.ts';
import type { Leaves } from './leaves.ts';
import type { Steps } from './steps.ts';
import type { Vector } from './vector.ts';

/** Something that an actor may wait for. */
export interface Thing {
  actor: number;
  id: number;
  /** The message that has it said again, interned. */
  sent: number;
  /** In a run it comes from there; the number of the action. */
  ring: number;
  /** In words: `host calls again for operation 2`. */
  text: string;
}

/** Something that may be said again now. */
export interface Timeout {
  thing: Thing;
  effect: number;
  /** What becomes of the environment. */
  after: number;
  /** Somebody has something to do. */
  isEarly: boolean;
}

/** @param fault that strikes, or -1; at which occasion */
export function choiceOf(
  { actor, id, ring, text }: Thing,
  isEarly: boolean,
  fault: number,
  occasion: number,
): Chosen {
  const words = `${text}${isEarly ? ', early' : ''}${struckBy(fault)}`;
  return { kind: 'timeout', ring, fault, occasion, actor, thing: id, text: words };
}

/** How many there are. */
export function thingsIn({ world }: Built): number {
  const { geometry, operations } = world;
  return geometry.spec.timeouts === undefined ? 0 : geometry.vcpus * waits.count + operations.count;
}

export class Overdue {
  /** All there may be, those of one actor together. */
  private readonly things: readonly Thing[];
  private readonly environment: Environment;
  private readonly records: Records;
  /** Where the host keeps what calls are open: in its own words, [from, to). */
  private readonly calls: { self: number; from: number; to: number };
  private readonly steps: Steps;
  private readonly vector: Vector;
  /** By column and row: where in `list` things and the effects of saying them again are listed; 0 = not known. */
  private readonly known: Int32Array<ArrayBuffer>[];
  private readonly list: number[] = [0];
  private readonly columns: readonly number[];

  constructor(
    built: Built,
    leaves: Leaves,
    vector: Vector,
    steps: Steps,
    environment: Environment,
    records: Records,
  ) {
    this.records = records;
    const { geometry, operations, mailboxes } = built.world;
    const { receiver: calls } = built.host.calls;
    const first = leaves.all[leaves.actor[geometry.host]!]!.offsetOf(calls);
    this.calls = { self: geometry.host, from: first, to: first + calls.length };
    this.environment = environment;
    this.vector = vector;
    this.steps = steps;
    const thing = (actor: number, id: number, text: string): Thing => ({
      actor,
      id,
      sent: steps.fromOutside(actor, message.timeout, id),
      ring: mailboxes.links.findIndex(
        ({ sender, receiver }) => sender === geometry.clock && receiver === actor,
      ),
      text,
    });
    this.things =
      geometry.spec.timeouts === undefined
        ? []
        : [
            ...geometry.vcpuGuest.flatMap((_, v) => [
              thing(v, waits.fault, `vcpu${v} says its fault again`),
              thing(v, waits.ask, `vcpu${v} says its request again`),
            ]),
            ...Array.from({ length: operations.count }, (_, operation) =>
              thing(geometry.host, operation, `host makes its call for operation ${operation} again`),
            ),
          ];
    this.columns = [...new Set(this.things.map(({ actor }) => vector.columns.actor[actor]!))];
    this.known = vector.rows.map(() => new Int32Array(1 << 8));
  }

  /**
   * What is not answered is said again: at any time so many times, and where nobody has anything to do (then the time-outs
   * are all that is left) without bound, in any order, but nothing twice before all that waits was said once.
   */
  timeouts(isQuiet: boolean, isHasty: boolean): Timeout[] {
    const { vector, environment } = this;
    const now = vector.value(vector.environment);
    const open = this.open();
    let allHad = true;
    for (let i = 0; i < open.length && allHad; i += 2) allHad = environment.hadItsTurn(now, open[i]!);
    const found: Timeout[] = [];
    for (let i = 0; i < open.length; i += 2) {
      const number = open[i]!;
      const isEarly = !isQuiet || (!allHad && environment.hadItsTurn(now, number));
      if (isEarly && !isHasty) continue;
      const after = isEarly ? change.timeout : environment.says(number, allHad);
      found.push({ thing: this.things[number]!, effect: open[i + 1]!, after, isEarly });
    }
    return found;
  }
  callsAreOpen(): boolean {
    const { self, from, to } = this.calls;
    const own = this.steps.ownWords(self);
    for (let at = from; at < to; at++) if (this.records.data[own + at] !== 0) return true;
    return false;
  }

  /** @returns thing and effect, in turns, of all that would change anything in the state under consideration */
  open(): number[] {
    const found: number[] = [];
    for (const column of this.columns) {
      const row = this.vector.numbers[column]!;
      let at = this.known[column]![row] ?? 0;
      if (at === 0) at = this.learn(column, row);
      const end = at + 1 + this.list[at]!;
      for (let i = at + 1; i < end; i += 2) {
        const thing = this.list[i]!;
        // What depends on more than the column is looked up.
        const effect = this.list[i + 1]! > 0 ? this.list[i + 1]! : this.effectOf(thing);
        if (this.changesAnything(effect)) found.push(thing, effect);
      }
    }
    return found;
  }
  private learn(column: number, row: number): number {
    const { steps, vector } = this;
    const some: number[] = [];
    this.things.forEach(({ actor, sent }, thing) => {
      if (vector.columns.actor[actor] !== column) return;
      const effect = this.effectOf(thing);
      const isOwn = steps.settle(steps.first(steps.ownWords(actor), sent), column) > 0;
      if (!isOwn || this.changesAnything(effect)) some.push(thing, isOwn ? effect : 0);
    });
    const at = this.list.push(some.length, ...some) - some.length - 1;
    while (row >= this.known[column]!.length) {
      const more = new Int32Array(this.known[column]!.length * 2);
      more.set(this.known[column]!);
      this.known[column] = more;
    }
    this.known[column]![row] = at;
    return at;
  }
  private effectOf(thing: number): number {
    const { actor, sent } = this.things[thing]!;
    return this.steps.take(actor, sent);
  }
  private changesAnything(effect: number): boolean {
    const { pushes, writes, failure } = this.steps.effect(effect);
    return pushes.length + writes.length > 0 || failure !== null;
  }
}
