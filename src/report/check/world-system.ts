// The world as something to search: the same actors that run on threads, every order of deliveries, every choice of the
// guests, of reclaim and of failing devices within bounds, under the same monitors.
//
// A state is a pair of numbers (vector.ts). What follows from it is looked up in three tables: the step of an actor by what
// it depends on (steps.ts), and what its effect makes of the left half and of the right half. Only what no table has is
// computed, and that is a step in thousands.
import { build, type Built, measure, type Parts } from '../../actors/index.ts';
import { Geometry } from '../../model/geometry.ts';
import { deviceFaults, faultNames } from '../../model/faults.ts';
import { message, messageKinds } from '../../model/messages.ts';
import { listedAlias, unlistedAlias } from '../../protocols/alias-plans.ts';
import { plansOf } from '../../protocols/mutate.ts';
import { monitors, type Property } from '../../properties/index.ts';
import type { Explorable, Successors } from '../../runtime/check/explorable.ts';
import { Memo, Pairs, Records, type Shared } from '../../runtime/check/interner.ts';
import { Trace } from '../../runtime/trace.ts';
import { Shown } from './describe.ts';
import { type Bounds, change, describeItem, Environment, type Item } from './environment.ts';
import { Judges } from './judges.ts';
import { leavesOf, type Leaves, OwnedColumns } from './leaves.ts';
import { NeverPopulated, populate } from './populate.ts';
import { Queues } from './queues.ts';
import { Reduction } from './reduction.ts';
import { Steps } from './steps.ts';
import { Vector } from './vector.ts';

/** What leads from a state to another, for people and for replay. */
export interface Choice {
  kind: 'deliver' | 'feed' | 'reclaim';
  /** deliver: ring, and number of the fault that strikes (-1: none). */
  ring: number;
  fault: number;
  /** Which of the actor's occasions for a fault that is, counted from 0. */
  occasion: number;
  /** feed: what is put into whose script; null: it ends. */
  vcpu: number;
  item: Item | null;
  /** reclaim: of which Gfn. */
  gfn: number;
  /** In words. */
  text: string;
}

const aliasPlans = [...Object.values(unlistedAlias), ...Object.values(listedAlias)] as const;
/** Bounds of what is stored; memory is only taken as it is used. */
const RECORD_WORDS = 2 ** 28;
const PAIR_BITS = 26;
/** log2 of the slots of the tables, where threads share them and they cannot grow. */
const SHARED_RECORD_BITS = 23;

/** The interned parts, in shared memory. */
export interface SharedParts {
  records: Shared;
  pairs: Shared;
}
export function shareParts(): SharedParts {
  return { records: Records.allocate(SHARED_RECORD_BITS, RECORD_WORDS), pairs: Pairs.allocate(PAIR_BITS) };
}

const NO_FAIRNESS = -1;
const FIRST_DEVICE_FAULT = faultNames.indexOf(deviceFaults[0]);
/** Numbers before the entries of a list of `deliveries`, and of an entry. */
const HEADER = 3;
const DELIVERY = 6;
const NOTHING = 0;
/** Changes of the environment that can go with an effect, at most. */
const CHANGES = 64;

/** Bits of `pending` for vCPUs and for Gfns that are held. */
const PENDING_BITS = 31;

export class WorldSystem implements Explorable {
  readonly words = 2;
  /** Tells a checkpoint of this search from one of another. */
  hash: string;
  readonly built: Built;
  readonly bounds: Bounds;
  readonly records: Records;
  readonly pairs: Pairs;
  /** Steps that commute with all others are taken alone (reduction.ts). */
  reduces = true;
  private readonly leaves: Leaves;
  private readonly vector: Vector;
  private readonly steps: Steps;
  private readonly queues: Queues;
  private readonly judges: Judges;
  private readonly environment: Environment;
  private readonly initialState: Int32Array;
  /** What the first writes of the pages broke, before the search began; null: nothing. */
  private readonly startBroke: string | null;
  /** What can be delivered in a half, by its top: see `deliverable`. */
  private readonly deliveryMemo = new Memo();
  private readonly deliveries: number[] = [0];
  /** What an effect makes of a half, by its top; of the right half minus what is broken. */
  private readonly leftMemo = new Memo();
  private readonly rightMemo = new Memo();
  private readonly reclaimMessages: readonly number[];
  private readonly fedMessages: readonly number[];
  private readonly reduction: Reduction;
  private choices: Choice[] | null = null;

  /** @param shared where several threads search together: the parts that they number alike */
  constructor(parts: Parts, bounds: Bounds, shared?: SharedParts) {
    this.bounds = bounds;
    this.hash = JSON.stringify([parts.spec, parts.protocol.name, plansOf(parts.protocol), bounds]);
    this.records = new Records(RECORD_WORDS, shared?.records);
    this.pairs = new Pairs(PAIR_BITS, shared?.pairs);
    const columns = new OwnedColumns(new ArrayBuffer(measure(parts)));
    // Until the search begins the monitors watch as they always do.
    let watching: Trace | null = null;
    const sink = {
      takePlace() {},
      put: (...[actor, , ...event]: Parameters<Trace['put']>) => {
        if (watching === null) this.steps.put(actor, ...event);
        else watching.put(actor, 0, ...event);
      },
    };
    const claims: ReadonlySet<string> = new Set(parts.protocol.claims);
    const setting = { geometry: new Geometry(parts.spec), page: parts.tables.page, totalOrder: true };
    const properties = monitors(setting).filter(
      ({ kind, name }) => kind === 'always' && (bounds.beyondClaims === true || claims.has(name)),
    );
    watching = new Trace(properties, false);
    this.built = build(columns.arena, parts, sink);
    const { system, world } = this.built;
    this.leaves = leavesOf(this.built, columns);
    this.vector = new Vector(this.leaves, world.geometry, this.records, this.pairs);
    this.steps = new Steps(this.built, this.leaves, this.vector, this.records);
    this.queues = new Queues(this.records);
    this.judges = new Judges(properties, this.records);
    this.environment = new Environment(world.geometry, this.records);
    this.reclaimMessages = Array.from({ length: world.geometry.gfns }, (_, gfn) =>
      this.steps.fromOutside(message.reclaim, gfn),
    );
    const { mailboxes } = system;
    this.fedMessages = world.geometry.vcpuGuest.map((_, v) => {
      const ring = mailboxes.links.findIndex(
        ({ sender, receiver }) => sender === world.geometry.feeder && receiver === v,
      );
      return this.steps.intern([ring, message.fed, v, 0, 0, 0]);
    });
    this.reduction = new Reduction(this.built, this.leaves, this.records);
    this.built.host.interpreter.foresee([...plansOf(this.built.host.protocol), ...aliasPlans]);
    this.startBroke = this.populate(properties);
    for (const actor of system.actors) actor.settle?.();
    watching = null;
    this.steps.readAll();
    this.vector.slots[this.vector.environment] = this.environment.begin(bounds);
    this.vector.slots[this.vector.monitors] = this.judges.take();
    const { left, right } = this.vector.packAll();
    this.initialState = Int32Array.of(left, right);
  }

  /** Writes every page once. @returns what that broke, or null */
  private populate(properties: readonly Property[]): string | null {
    const { system } = this.built;
    let failure: string | null = null;
    try {
      populate(system);
    } catch (error) {
      failure = error instanceof NeverPopulated ? error.message : `assertion: ${(error as Error).message}`;
    }
    const { violation } = properties.find((property) => property.violation !== null) ?? {};
    if (violation) failure = `${violation.property}: ${violation.message}`;
    system.mailboxes.drain((ring) => {
      failure ??= `assertion: ring ${ring} holds a message before the search begins`;
    });
    return failure;
  }

  /** The parts that states are made of, for a checkpoint. Threads share them as they are, and learn nothing of each other. */
  readonly learning = {
    frozen: false,
    length: 0,
    read: (): Int32Array => {
      const records = this.records.save();
      const pairs = this.pairs.save();
      const all = new Int32Array(1 + records.length + pairs.length);
      all[0] = records.length;
      all.set(records, 1);
      all.set(pairs, 1 + records.length);
      return all;
    },
    follow: (words: Int32Array): void => {
      if (words.length === 0) return;
      this.records.restore(words.subarray(1, 1 + words[0]!));
      this.pairs.restore(words.subarray(1 + words[0]!));
    },
    learn: (): void => {},
  };

  initial(into: (state: Int32Array) => void): void {
    into(this.initialState);
  }

  // --- what follows from a state

  expand(states: Int32Array, at: number, out: Successors): void {
    if (this.startBroke !== null) return;
    const left = states[at]!;
    const right = states[at + 1]!;
    this.vector.at(left, right);
    const { deliveries, environment } = this;
    const atHost = this.deliverable(right, false);
    if (deliveries[atHost + 1] === 1) return this.deliver(atHost, left, right, out);
    const atGuest = this.deliverable(left, true);
    if (deliveries[atGuest + 1] === 1) return this.deliver(atGuest, left, right, out);
    const now = deliveries[atGuest + 2]!;
    if (this.reduces && this.endsScript(now, left, right, out)) return;
    this.deliver(atGuest, left, right, out);
    this.deliver(atHost, left, right, out);
    this.feed(now, left, right, out);
    if (environment.reclaimsLeft(now) > 0) this.reclaim(left, right, out);
  }

  /**
   * The messages that can be taken in a half; or, where one of them may be taken alone, that one (reduction.ts).
   * @returns where in `deliveries` there are: how many; whether it is taken alone; what the environment may do, of the left half; then by six: actor, message, first
   *   node of the look-up, the actor's own words, the effect that the step had last, what that made of this half
   */
  private deliverable(top: number, isLeft: boolean): number {
    const known = this.deliveryMemo.get(top, isLeft ? 1 : 2);
    if (known !== 0) return known;
    const { geometry } = this.built.world;
    const { vector, queues, deliveries } = this;
    const [first, end] = isLeft ? [0, geometry.vcpus] : [geometry.vcpus, geometry.feeder];
    let some: number[] = [];
    let alone = 0;
    for (let actor = first; actor < end && alone === 0; actor++) {
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
        some.push(actor, sent, 0, own, 0, 0);
      }
    }
    const at = deliveries.length;
    const now = isLeft ? vector.value(vector.environment) : 0;
    deliveries.push(some.length / DELIVERY, alone, now, ...some);
    this.deliveryMemo.set(top, isLeft ? 1 : 2, at);
    return at;
  }

  private deliver(at: number, left: number, right: number, out: Successors): void {
    const { deliveries, steps } = this;
    const first = at + HEADER;
    const end = first + DELIVERY * deliveries[at]!;
    const { vcpus } = this.built.world.geometry;
    for (let i = first; i < end; i += DELIVERY) {
      const actor = deliveries[i]!;
      const sent = deliveries[i + 1]!;
      let node = deliveries[i + 2]!;
      if (node === 0) node = deliveries[i + 2] = steps.first(deliveries[i + 3]!, sent);
      const effect = steps.step(actor, sent, node);
      if (deliveries[i + 4] !== effect) {
        deliveries[i + 4] = effect;
        deliveries[i + 5] =
          actor < vcpus ? this.leftAfter(left, effect, NOTHING) : this.rightAfter(right, effect);
      }
      const own = deliveries[i + 5]!;
      const nextLeft = actor < vcpus ? own : this.leftAfter(left, effect, NOTHING);
      const nextRight = actor < vcpus ? this.rightAfter(right, effect) : own;
      const ring = this.records.data[sent]!;
      if (nextRight > 0) out.add2(nextLeft, nextRight, ring);
      else out.violate(ring, this.judges.whatBroke(nextRight));
      if (this.choices !== null) this.noteDelivery(sent, -1, -1);
      const { occasions } = steps.effect(effect);
      if (occasions.length > 0) this.fail(actor, sent, deliveries[i + 3]!, occasions, left, right, out);
    }
  }
  /** The same step with a device that fails, or a message that comes twice, at each occasion. */
  private fail(
    actor: number,
    sent: number,
    own: number,
    occasions: readonly number[],
    left: number,
    right: number,
    out: Successors,
  ): void {
    const { steps, vector, environment } = this;
    const now = vector.value(vector.environment);
    const budget = { fault: environment.faultsLeft(now), repeat: environment.repeatsLeft(now) };
    if (budget.fault + budget.repeat === 0) return;
    occasions.forEach((fault, occasion) => {
      const what = fault < FIRST_DEVICE_FAULT ? 'repeat' : 'fault';
      if (budget[what] === 0) return;
      const struck = steps.struck(sent, occasion);
      const effect = steps.step(actor, struck, steps.first(own, struck));
      this.emit(left, right, effect, change[what], this.records.data[sent]!, out);
      if (this.choices !== null) this.noteDelivery(sent, fault, occasion);
    });
  }
  private feed(now: number, left: number, right: number, out: Successors): void {
    const { environment } = this;
    const { vcpus } = this.built.world.geometry;
    for (let v = 0; v < vcpus; v++) {
      if (!environment.isHungry(now, v)) continue;
      for (const choice of environment.choices(now, v)) this.feedOne(v, choice, left, right, out);
    }
  }
  /** A script that has no more operations to come ends at once: nobody else can tell when it does. */
  private endsScript(now: number, left: number, right: number, out: Successors): boolean {
    const { environment } = this;
    const { vcpus } = this.built.world.geometry;
    for (let v = 0; v < vcpus; v++) {
      if (!environment.isHungry(now, v) || environment.mayGoOn(now, v)) continue;
      this.feedOne(v, -1, left, right, out);
      return true;
    }
    return false;
  }
  /** A vCPU is given an operation and takes it, in one step: that it is there before it is taken makes no difference. */
  private feedOne(vcpu: number, choice: number, left: number, right: number, out: Successors): void {
    const { vector, environment, steps } = this;
    const item = choice < 0 ? null : environment.menus[vcpu]![choice]!;
    const given = this.leftAfter(left, steps.feed(vcpu, item, choice), environment.feeds(vcpu, choice));
    vector.at(given, right);
    const sent = this.fedMessages[vcpu]!;
    const own = vector.value(vector.slotOf[this.leaves.actor[vcpu]!]!);
    const taken = steps.step(vcpu, sent, steps.first(own, sent));
    this.emit(given, right, taken, NOTHING, NO_FAIRNESS, out);
    vector.at(left, right);
    if (this.choices !== null) this.note({ kind: 'feed', vcpu, item, text: describeItem(vcpu, item) });
  }
  private reclaim(left: number, right: number, out: Successors): void {
    const { vector, steps, built } = this;
    const { host } = built.world.geometry;
    const own = vector.value(vector.slotOf[this.leaves.actor[host]!]!);
    this.reclaimMessages.forEach((sent, gfn) => {
      const number = steps.step(host, sent, steps.first(own, sent));
      const effect = steps.effect(number);
      if (effect.pushes.length === 0 && effect.writes.length === 0) return;
      this.emit(left, right, number, change.reclaim, NO_FAIRNESS, out);
      if (this.choices !== null)
        this.note({ kind: 'reclaim', gfn, text: `reclaim wants the page of Gfn ${gfn}` });
    });
  }

  /** Appends what an effect makes of a state. */
  private emit(
    left: number,
    right: number,
    effect: number,
    then: number,
    action: number,
    out: Successors,
  ): void {
    const nextRight = this.rightAfter(right, effect);
    if (nextRight > 0) out.add2(this.leftAfter(left, effect, then), nextRight, action);
    else out.violate(action, this.judges.whatBroke(nextRight));
  }
  /** What an effect, and a change of what the environment may do, make of the left half. */
  private leftAfter(left: number, effect: number, then: number): number {
    if (then === NOTHING && !this.steps.touches(effect, true)) return left;
    const code = effect * CHANGES + then;
    const known = this.leftMemo.get(left, code);
    return known === 0 ? this.changeLeft(left, effect, then, code) : known;
  }
  /** What it makes of the right half, or minus what it breaks. */
  private rightAfter(right: number, effect: number): number {
    if (!this.steps.touches(effect, false)) return right;
    const known = this.rightMemo.get(right, effect);
    return known === 0 ? this.changeRight(right, effect) : known;
  }
  private changeLeft(left: number, effect: number, then: number, code: number): number {
    const { vector, environment } = this;
    vector.bringLeft();
    const done = this.steps.effect(effect);
    this.changeHalf(effect, true);
    let now = vector.slots[vector.environment]!;
    if (done.hungry >= 0) now = environment.after(now, environment.hungers(done.hungry));
    if (then !== NOTHING) now = environment.after(now, then);
    if (now !== vector.slots[vector.environment]) vector.change(vector.environment, now);
    const top = vector.packLeft();
    this.leftMemo.set(left, code, top);
    return top;
  }
  private changeRight(right: number, effect: number): number {
    const { vector, judges } = this;
    vector.bringRight();
    const { events, failure } = this.steps.effect(effect);
    let top: number;
    if (failure !== null) top = judges.breaks(failure);
    else {
      this.changeHalf(effect, false);
      const pictures = vector.slots[vector.monitors]!;
      const after = events === 0 ? pictures : judges.after(pictures, events);
      if (after < 0) {
        vector.takeBack();
        top = after;
      } else {
        if (after !== pictures) vector.change(vector.monitors, after);
        top = vector.packRight();
      }
    }
    this.rightMemo.set(right, effect, top);
    return top;
  }
  /** The message taken out, the words that were written, the messages sent, as far as they are in one half. */
  private changeHalf(number: number, isLeft: boolean): void {
    const { vector, queues } = this;
    const { actor, sent, writes, pushes } = this.steps.effect(number);
    const isHere = (slot: number) => slot < vector.leftSlots === isLeft;
    const taken = vector.queue[actor];
    if (sent !== 0 && this.records.data[sent]! >= 0 && isHere(taken!))
      vector.change(taken!, queues.without(vector.slots[taken!]!, sent));
    for (let i = 0; i < writes.length; i += 2)
      if (isHere(writes[i]!)) vector.change(writes[i]!, writes[i + 1]!);
    for (let i = 0; i < pushes.length; i += 2) {
      const slot = vector.queue[pushes[i]!]!;
      if (isHere(slot)) vector.change(slot, queues.pushed(vector.slots[slot]!, pushes[i + 1]!));
    }
  }

  // --- ends, and what is owed

  private isAtRest(): boolean {
    const { vector, environment, deliveries } = this;
    if (deliveries[this.deliverable(vector.rightTop, false)]! > 0) return false;
    const atGuest = this.deliverable(vector.leftTop, true);
    return deliveries[atGuest] === 0 && environment.haveHalted(deliveries[atGuest + 2]!);
  }
  /** Where nothing is under way and every script has ended: what must hold then. */
  judge(states: Int32Array, at: number): string | null {
    if (this.startBroke !== null) return this.startBroke;
    const { vector, judges } = this;
    vector.at(states[at]!, states[at + 1]!);
    return this.isAtRest() ? judges.judgeRest(vector.value(vector.monitors)) : null;
  }
  isEnd(states: Int32Array, at: number): boolean {
    this.vector.at(states[at]!, states[at + 1]!);
    return this.isAtRest();
  }
  /** A bit for each vCPU that has an operation and has not finished it, then one for each Gfn that is held. */
  pending(states: Int32Array, at: number): number {
    const { vector, built, environment } = this;
    const { geometry, tables } = built.world;
    vector.at(states[at]!, states[at + 1]!);
    const now = vector.value(vector.environment);
    let bits = 0;
    for (let v = 0; v < geometry.vcpus; v++) if (environment.isBusy(now, v)) bits |= 1 << v;
    const { state } = tables.page;
    const pages = vector.value(vector.slotOf[this.leaves.pageWords]!);
    for (let gfn = 0; gfn < geometry.gfns && geometry.vcpus + gfn < PENDING_BITS; gfn++) {
      const held = (this.records.data[pages + gfn]! & 0xf) - 1;
      if (held === state['listed.held'] || held === state['remapped.held'])
        bits |= 1 << (geometry.vcpus + gfn);
    }
    return bits;
  }
  describePending(bit: number): string {
    const { vcpus } = this.built.world.geometry;
    return bit < vcpus ? `the operation of vcpu${bit}` : `the hold of Gfn ${bit - vcpus}`;
  }
  // --- for people

  private note(choice: Partial<Choice> & Pick<Choice, 'kind' | 'text'>): void {
    this.choices!.push({ ring: -1, fault: -1, occasion: -1, vcpu: -1, item: null, gfn: -1, ...choice });
  }
  private noteDelivery(sent: number, fault: number, occasion: number): void {
    const { geometry, mailboxes } = this.built.system;
    const [ring, kind, id] = this.records.data.subarray(sent, sent + 3) as unknown as [
      number,
      number,
      number,
    ];
    const { sender, receiver } = mailboxes.links[ring]!;
    const struck = fault < 0 ? '' : `; ${faultNames[fault]}`;
    const text = `${geometry.nameOf(receiver)} takes ${messageKinds[kind]} ${id} from ${geometry.nameOf(sender)}${struck}`;
    this.note({ kind: 'deliver', ring, fault, occasion, text });
  }
  /** The choices of a state, in the order of its successors. */
  choicesOf(states: Int32Array, at: number, out: Successors): Choice[] {
    const choices: Choice[] = (this.choices = []);
    this.expand(states, at, out);
    this.choices = null;
    return choices;
  }
  describeAction(states: Int32Array, at: number, k: number): string {
    const nowhere = { add2() {}, violate() {} } as unknown as Successors;
    return this.choicesOf(states, at, nowhere)[k]!.text;
  }
  describe(states: Int32Array, at: number): string {
    return this.shown(states, at).lines().join(' · ');
  }
  /** A state as what it says, for people (describe.ts). */
  shown(states: Int32Array, at: number): Shown {
    const { vector, built, records, leaves, environment } = this;
    vector.at(states[at]!, states[at + 1]!);
    this.steps.show();
    const words = (number: number) => records.data.slice(number, number + records.lengthOf(number));
    return new Shown(
      built,
      vector.queue.map((slot) => (vector.value(slot) === 0 ? [] : [...words(vector.value(slot))])),
      environment.describe(vector.value(vector.environment)),
      leaves.actor.map((leaf) => words(vector.value(vector.slotOf[leaf]!))),
    );
  }
  /** How much was computed rather than looked up, and what is stored. */
  get effort(): { steps: number; pictures: number; bytes: number } {
    const { steps, judges, pairs, records, leftMemo, rightMemo, deliveryMemo } = this;
    const tables = leftMemo.bytes + rightMemo.bytes + deliveryMemo.bytes + this.deliveries.length * 8;
    return { steps: steps.computed, pictures: judges.computed, bytes: pairs.bytes + records.bytes + tables };
  }
}
