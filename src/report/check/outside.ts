// What the environment does to an actor: computed once for each value of the actor's column, and looked up afterwards.
import type { Built } from '../../actors/index.ts';
import { message } from '../../model/messages.ts';
import type { Changes } from './changes.ts';
import type { Environment } from './environment.ts';
import { larger } from './offers.ts';
import type { Steps } from './steps.ts';
import type { Vector } from './vector.ts';

export class Outside {
  private readonly vector: Vector;
  private readonly steps: Steps;
  private readonly changes: Changes;
  private readonly environment: Environment;
  /** By vCPU: the message that it has been given an operation. */
  readonly fed: readonly number[];
  /** By vCPU and choice, then by row of its column: the row that it becomes, where the look-up of its step has got to. */
  private readonly feeds: (Int32Array | undefined)[][];
  /** By row of the host's column and Gfn: where the look-up of its step has got to. */
  private reclaims = new Int32Array(1 << 12);
  private readonly host: number;
  /** By Gfn: the message that reclaim wants its page. */
  private readonly wanted: readonly number[];

  constructor(built: Built, vector: Vector, steps: Steps, changes: Changes, environment: Environment) {
    const { geometry, mailboxes } = built.system;
    this.vector = vector;
    this.steps = steps;
    this.changes = changes;
    this.environment = environment;
    this.host = geometry.host;
    this.wanted = Array.from({ length: geometry.gfns }, (_, gfn) =>
      steps.fromOutside(geometry.host, message.reclaim, gfn),
    );
    this.fed = geometry.vcpuGuest.map((_, v) => {
      const ring = mailboxes.links.findIndex(
        ({ sender, receiver }) => sender === geometry.feeder && receiver === v,
      );
      return steps.intern([ring, message.fed, v, 0, 0, 0]);
    });
    this.feeds = this.fed.map(() => []);
  }
  get bytes(): number {
    const feeds = this.feeds.flat().reduce((sum, table) => sum + (table?.byteLength ?? 0), 0);
    return feeds + this.reclaims.byteLength;
  }

  /** The row of a vCPU's column once the vCPU has been given an operation, or told that its script ends (-1). */
  given(vcpu: number, choice: number): number {
    const table = this.feeds[vcpu]![choice + 1];
    const known = table?.[2 * this.vector.numbers[this.vector.columns.actor[vcpu]!]!];
    return known === undefined || known === 0 ? this.give(vcpu, choice) : known;
  }
  /** Where the look-up has got to of the step with which it takes that, after `given`. */
  taken(vcpu: number, choice: number): number {
    const row = this.vector.numbers[this.vector.columns.actor[vcpu]!]!;
    return this.feeds[vcpu]![choice + 1]![2 * row + 1]!;
  }
  private give(vcpu: number, choice: number): number {
    const { vector, steps, changes, environment } = this;
    const column = vector.columns.actor[vcpu]!;
    const row = vector.numbers[column]!;
    const item = choice < 0 ? null : environment.menus[vcpu]![choice]!;
    const given = changes.columnAfter(steps.feed(vcpu, item, choice), column, row);
    vector.numbers[column] = given;
    const taken = steps.lookUp(vcpu, this.fed[vcpu]!, column);
    vector.numbers[column] = row;
    let table = this.feeds[vcpu]![choice + 1] ?? new Int32Array(1 << 10);
    while (2 * row + 1 >= table.length) table = larger(table);
    this.feeds[vcpu]![choice + 1] = table;
    table[2 * row] = given;
    table[2 * row + 1] = taken;
    return given;
  }

  /** The number of the effect of the step of the host of which reclaim wants a page. */
  reclaimed(gfn: number): number {
    const { vector, steps, host, wanted } = this;
    const column = vector.columns.actor[host]!;
    const slot = vector.numbers[column]! * wanted.length + gfn;
    while (slot >= this.reclaims.length) this.reclaims = larger(this.reclaims);
    const looked = (this.reclaims[slot] ||= steps.lookUp(host, wanted[gfn]!, column));
    return steps.step(host, wanted[gfn]!, looked);
  }
}
