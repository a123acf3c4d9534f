// The world as something to search: the same actors that run on threads, every order of deliveries, every choice of the
// guests, of reclaim and of failing devices within bounds, under the same monitors.
//
// A state is a number for each of its columns (vector.ts). What follows from it is looked up: what can be delivered, by the
// column; the step of an actor, by what it depends on (steps.ts); what its effect makes of a column, by the two (changes.ts).
// Only what no table has is computed, and that is a step in hundreds.
import { build, type Built, measure, type Parts } from '../../actors/index.ts';
import { PUT_BACK } from '../../actors/references.ts';
import { eventKinds } from '../../model/events.ts';
import { Geometry } from '../../model/geometry.ts';
import { deviceFaults, faultNames, harms, numberOf } from '../../model/faults.ts';
import { command } from '../../model/script.ts';
import { listedAlias, unlistedAlias } from '../../protocols/alias-plans.ts';
import { plansOf } from '../../protocols/mutate.ts';
import { monitors, type Property, type Setting } from '../../properties/index.ts';
import { type Explorable, Successors, type Widened } from '../../runtime/check/explorable.ts';
import { Records, type Shared } from '../../runtime/check/interner.ts';
import { repack } from '../../runtime/check/layout.ts';
import { SharedLog } from '../../runtime/check/shared-log.ts';
import { wordsOf } from '../../runtime/check/words.ts';
import { Trace } from '../../runtime/trace.ts';
import { assert } from '../../stdx/assert.ts';
import { Asked } from './asked.ts';
import { Shown } from './describe.ts';
import { Changes } from './changes.ts';
import { type Choice, choiceOf, type Chosen, deliveryOf } from './choice.ts';
import { type Bounds, change, describeItem, Environment, hasCommand } from './environment.ts';
import { type Exchange, exchangesOf } from './exchanges.ts';
import { Judges } from './judges.ts';
import { leavesOf, type Leaves, OwnedColumns } from './leaves.ts';
import { NeverPopulated, populate } from './populate.ts';
import { HEADER, NOTHING_OFFERED, OFFER, Offers } from './offers.ts';
import { Openings, VCPUS_MAX } from './openings.ts';
import { Outside } from './outside.ts';
import { choiceOf as timeoutChoice, Overdue, thingsIn, type Timeout } from './overdue.ts';
import { Owed } from './owed.ts';
import { OwnAffairs } from './own-affairs.ts';
import type { Makers } from './places.ts';
import { Queues } from './queues.ts';
import { Reduction } from './reduction.ts';
import { StepLog } from './step-log.ts';
import { Steps } from './steps.ts';
import { Symmetry } from './symmetry.ts';
import { TwinLog } from './twin-log.ts';
import { NotAlike } from './twins.ts';
import { Vector } from './vector.ts';
import { WorldLog } from './world-log.ts';

/** Plans that are no protocol's. */
const hostsOwn = [...Object.values(unlistedAlias), ...Object.values(listedAlias), PUT_BACK] as const;
/** Bound of what is stored; memory is only taken as it is used. */
const RECORD_WORDS = 2 ** 28;
/** log2 of the slots of the table, where threads share it and it cannot grow. */
const SHARED_RECORD_BITS = 23;

/** The interned parts, and what threads tell each other: steps that were run, twins that were found. In shared memory. */
export interface SharedParts {
  records: Shared;
  columns: readonly Shared[];
  steps: SharedArrayBuffer;
  twins: SharedArrayBuffer;
}

/** Two columns a word, where memory is of no account. */
const ROOMY_BITS = 16;
const NO_FAIRNESS = -1;
const FIRST_DEVICE_FAULT = faultNames.indexOf(deviceFaults[0]);
const RESTART = numberOf('hypervisor restart');
const NOTHING = 0;

export type { Choice };

/** Whether the protocol's claims are judged, and what else. */
export type Watched = (setting: Setting) => { claims: boolean; more: readonly Property[] };

export class WorldSystem implements Explorable {
  /** Tells a checkpoint of this search from one of another. */
  hash: string;
  readonly built: Built;
  readonly bounds: Bounds;
  readonly records: Records;
  /** For the other threads, where the parts are shared. */
  readonly shared: SharedParts | null;
  /** By kind of event: 1 where a step that was found out has one. */
  readonly happened = new Uint8Array(eventKinds.length);
  private readonly leaves: Leaves;
  private readonly vector: Vector;
  private readonly steps: Steps;
  private readonly queues: Queues;
  private readonly judges: Judges;
  private readonly environment: Environment;
  /** What the first writes of the pages broke, before the search began; null: nothing. */
  private readonly startBroke: string | null;
  private readonly changes: Changes;
  private readonly asked: Asked;
  private readonly offers: Offers;
  private readonly openings: Openings;
  private readonly mayFail: boolean;
  private readonly base = new Int32Array(16);
  /** Where the search begins, by column. */
  private readonly start: Int32Array;
  /** What is offered in it, by place among the columns that act. */
  private readonly here: Int32Array;
  private readonly outside: Outside;
  private readonly overdue: Overdue;
  private readonly owed: Owed;
  readonly affairs: OwnAffairs;
  readonly learning: WorldLog;
  private readonly losesMessages: boolean;
  /** Of things that may be alike; none where each vCPU has a script of its own. */
  private readonly exchanges: readonly Exchange[];
  private symmetry: Symmetry | null = null;
  /** States are left as they are. */
  private isPlain = false;
  private choices: Choice[] | null = null;

  /**
   * @param shared where several threads search together: the parts that they number alike; `new`: the first of them
   * @param watched judges instead of the properties that the protocol claims, or beside them
   */
  constructor(parts: Parts, bounds: Bounds, shared?: SharedParts | 'new', watched?: Watched) {
    this.bounds = bounds;
    const { faults, repeats = 0, losses = 0, restarts = 0 } = bounds;
    this.mayFail = faults + repeats + losses + restarts > 0;
    this.losesMessages = parts.spec.timeouts !== undefined;
    const keyed = parts.spec.policy.encryption === 'gfn';
    this.hash = JSON.stringify([parts.spec, parts.protocol.name, plansOf(parts.protocol, keyed), bounds]);
    const columns = new OwnedColumns(new ArrayBuffer(measure(parts)));
    // Until the search begins the monitors watch as they always do.
    let watching: Trace | null = null;
    const sink = {
      takePlace() {},
      put: (...[actor, , ...event]: Parameters<Trace['put']>) => {
        if (watching !== null) return watching.put(actor, 0, ...event);
        this.happened[event[0]] = 1;
        this.steps.put(actor, ...event);
      },
    };
    const claims: ReadonlySet<string> = new Set(parts.protocol.claims);
    const repins = hasCommand(bounds.scripts, command.repin);
    const setting = { geometry: new Geometry(parts.spec), page: parts.tables.page, totalOrder: true, repins };
    const judging = watched?.(setting) ?? { claims: true, more: [] };
    const properties = monitors(setting).filter(
      ({ kind, name }) =>
        kind === 'always' && judging.claims && (bounds.beyondClaims === true || claims.has(name)),
    );
    properties.push(...judging.more);
    watching = new Trace(properties, false);
    this.built = build(columns.arena, parts, sink);
    const { system, world } = this.built;
    const { vcpus } = world.geometry;
    const names = properties.map(({ name }) => name);
    assert(vcpus <= VCPUS_MAX, `a search: expected at most ${VCPUS_MAX} vCPUs, saw ${vcpus}`);
    this.leaves = leavesOf(this.built, columns);
    this.shared = shared === 'new' ? shareParts(this.leaves, world.geometry, names) : (shared ?? null);
    this.records = new Records(RECORD_WORDS, this.shared?.records);
    this.vector = new Vector(this.leaves, world.geometry, names, this.shared?.columns);
    this.queues = new Queues(this.records);
    this.judges = new Judges(properties, this.records);
    const things = thingsIn(this.built);
    this.environment = new Environment(world.geometry, this.records, things, bounds.scripts);
    this.openings = new Openings(this.vector, this.environment, vcpus);
    this.changes = new Changes(this.vector, this.records, this.queues, this.judges, this.environment);
    const log = this.shared && new StepLog(new SharedLog(this.shared.steps));
    this.steps = new Steps(this.built, this.leaves, this.vector, this.records, this.changes, log);
    this.asked = new Asked(this.steps, this.vector, this.changes);
    this.overdue = new Overdue(
      this.built,
      this.leaves,
      this.vector,
      this.steps,
      this.environment,
      this.records,
    );
    this.owed = new Owed(this.makers, this.overdue);
    this.outside = new Outside(this.built, this.vector, this.steps, this.changes, this.environment);
    this.affairs = new OwnAffairs(this.built, this.vector, this.steps, this.changes, this.records);
    this.steps.onStep = (actor, sent, effect) => {
      this.symmetry?.learn(actor, sent, effect);
      this.affairs.learn(actor, sent);
    };
    const reduction = new Reduction(this.built, this.leaves, this.records, this.affairs);
    this.offers = new Offers(this.vector, this.leaves, this.queues, this.records, reduction);
    this.here = new Int32Array(this.offers.acting.length);
    this.built.host.interpreter.foresee([...plansOf(this.built.host.protocol, keyed), ...hostsOwn]);
    this.startBroke = this.populate(properties);
    const operations = Array.from({ length: world.operations.count }, (_, operation) => operation);
    for (const actor of system.actors) actor.settle?.(operations);
    watching = null;
    this.steps.readAll();
    const { vector } = this;
    vector.slots[vector.environment] = this.environment.begin(bounds);
    this.judges.take().forEach((picture, m) => (vector.slots[vector.monitors[m]!] = picture));
    vector.take();
    this.start = vector.numbers.slice();
    this.exchanges = bounds.scripts || this.startBroke !== null ? [] : exchangesOf(this.built);
    this.learning = new WorldLog({
      vector,
      records: this.records,
      affairs: this.affairs,
      happened: this.happened,
      saveSymmetry: () => this.symmetry?.save() ?? new Int32Array(0),
      restoreSymmetry: (saved) => this.symmetry?.restore(saved),
    });
  }
  get words(): number {
    return this.vector.words;
  }
  /** Steps that commute with all others are taken alone (reduction.ts). */
  get reduces(): boolean {
    return this.offers.reduces;
  }
  set reduces(yes: boolean) {
    this.offers.reduces = yes;
  }

  /**
   * From here on states that differ only by an exchange of things that are alike count as one; before the first state is
   * asked for.
   * @param except names of exchanges of what turned out to be not alike
   */
  useSymmetry(except: ReadonlySet<string>): void {
    this.vector.numbers.set(this.start);
    const log = this.shared && new TwinLog(new SharedLog(this.shared.twins));
    this.symmetry = new Symmetry(this.makers, this.exchanges, except, log);
  }
  /** What is not alike in a search that was saved, by its log: names of exchanges. */
  unlikeIn(learned: Int32Array): Set<string> {
    return Symmetry.exceptIn(WorldLog.symmetryIn(learned), this.exchanges);
  }
  /** What any thread has found to be not alike; null: nothing. */
  unlike(): NotAlike | null {
    try {
      this.symmetry?.hear();
    } catch (error) {
      if (error instanceof NotAlike) return error;
      throw error;
    }
    return null;
  }
  private get makers(): Makers {
    const { built, leaves, vector, records, environment, steps, judges } = this;
    return { built, leaves, vector, records, environment, steps, judges };
  }
  /** What is alike, in words. */
  get alike(): readonly string[] {
    return this.symmetry?.names ?? [];
  }
  /** Puts the state that stands for it in the place of a packed one. */
  settle(state: Int32Array): void {
    this.symmetry?.settle(state, 1);
  }
  /** How many states a packed one stands for, itself among them. */
  standsFor(states: Int32Array, at: number): number {
    const { vector, symmetry } = this;
    vector.at(states, at);
    const all = new Set<string>();
    symmetry?.each(() => all.add(vector.numbers.join()));
    return Math.max(1, all.size);
  }
  /** Does something with states as they are, whichever stand for them. */
  asTheyAre<T>(visit: () => T): T {
    this.isPlain = true;
    try {
      return visit();
    } finally {
      this.isPlain = false;
    }
  }

  /** Writes every page once, unless scripts are searched. @returns what that broke, or null */
  private populate(properties: readonly Property[]): string | null {
    const { system } = this.built;
    let failure: string | null = null;
    try {
      populate(system, this.bounds.scripts === undefined);
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

  get packing(): Int32Array {
    return this.vector.packing;
  }
  set packing(bits: Int32Array) {
    this.forget();
    this.vector.layOut(bits);
  }
  /** Packs so that there is room for whatever will come up, and states stay as they are; before the first state is asked for. */
  packRoomily(): void {
    this.vector.layOut(this.vector.rows.map(() => ROOMY_BITS));
  }
  /** Room for the values that have come up; numbers stay. */
  widen(): Widened {
    this.forget();
    const [before, after] = this.vector.widen();
    return { model: this, repack: (from, into, states) => repack(before, after, from, into, states) };
  }

  /** What was put off was for states of another layout. */
  private forget(): void {
    this.changes.forget();
    this.asked.forget();
  }

  initial(into: (state: Int32Array) => void): void {
    const state = new Int32Array(this.words);
    this.vector.pack(this.start, state, 0);
    if (!this.isPlain) this.symmetry?.settle(state, 1);
    into(state);
  }

  // --- what follows from a state

  expand(states: Int32Array, at: number, out: Successors): void {
    if (this.startBroke !== null) return;
    const { vector, offers, openings } = this;
    vector.at(states, at);
    wordsOf(vector.words).copy(states, at, this.base, 0);
    const around = vector.numbers[vector.columns.environment]!;
    const mayHasten = this.losesMessages && openings.mayHasten(around);
    if (this.losesMessages) offers.hasten(mayHasten);
    let isQuiet = true;
    const { lonely, acting } = offers;
    const { here } = this;
    for (let i = 0; i < lonely.length; i++) {
      const place = lonely[i]!;
      const offered = offers.at(place);
      if ((offered & 1) === 1) return this.deliver(acting[place]!, offered >> 1, out);
      here[place] = offered;
      if (offered !== NOTHING_OFFERED) isQuiet = false;
    }
    // A script that has no more operations to come ends at once: nobody else can tell when it does.
    const ending = this.reduces ? openings.ending(around) : -1;
    if (ending >= 0) return this.feedOne(ending, -1, out);
    for (let place = 0; place < acting.length; place++)
      if (here[place] !== NOTHING_OFFERED) this.deliver(acting[place]!, here[place]! >> 1, out);
    this.feed(around, out);
    if (openings.mayReclaim(around)) this.reclaim(out);
    if (!this.losesMessages || !(isQuiet || mayHasten)) return;
    for (const timeout of this.overdue.timeouts(isQuiet, mayHasten)) this.timeOut(timeout, out);
  }
  private deliver(column: number, at: number, out: Successors): void {
    const { steps } = this;
    const offers = this.offers.words;
    const first = at + HEADER;
    const end = first + OFFER * offers[at]!;
    for (let i = first; i < end; i += OFFER) {
      const actor = offers[i]!;
      const sent = offers[i + 1]!;
      const ring = offers[i + 3]!;
      const looked = offers[i + 2]! || (offers[i + 2] = steps.lookUp(actor, sent, column));
      // What may fail on the way has to be known at once.
      const isPutOff = looked < 0 && !this.mayFail;
      const effect = isPutOff ? NOTHING : steps.step(actor, sent, looked);
      if (isPutOff) this.asked.put(this.append(ring, out), actor, sent, looked);
      else this.emit(effect, NOTHING, ring, out);
      if (this.choices !== null) this.noteDelivery(sent, -1, -1);
      if (this.mayFail) this.fail(actor, sent, effect, out);
    }
  }
  /** The same step with a device that fails, or a message that gets lost or comes twice, at each occasion. */
  private fail(
    actor: number,
    sent: number,
    effect: number,
    out: Successors,
    note?: (fault: number, occasion: number) => void,
  ): void {
    const { steps, vector, environment } = this;
    const { occasions } = steps.effect(effect);
    if (occasions.length === 0) return;
    const now = vector.value(vector.environment);
    const budget = {
      fault: environment.faultsLeft(now),
      repeat: environment.repeatsLeft(now),
      loss: environment.lossesLeft(now),
      restart: environment.restartsLeft(now),
    };
    if (budget.fault + budget.repeat + budget.loss + budget.restart === 0) return;
    for (let occasion = 0; occasion < occasions.length; occasion++) {
      const fault = occasions[occasion]!;
      const harm = harms[fault % harms.length] === 'lose' ? 'loss' : 'repeat';
      const device = fault === RESTART ? 'restart' : 'fault';
      const what = fault < FIRST_DEVICE_FAULT ? harm : device;
      if (budget[what] === 0) continue;
      const struck = steps.take(actor, steps.struck(sent, occasion));
      this.emit(struck, change[what], this.records.data[sent]!, out);
      if (this.choices === null) continue;
      if (note) note(fault, occasion);
      else this.noteDelivery(sent, fault, occasion);
    }
  }
  private feed(around: number, out: Successors): void {
    const { openings } = this;
    const { vcpus } = this.built.world.geometry;
    for (let v = 0; v < vcpus; v++)
      if (openings.isHungry(around, v))
        for (const choice of openings.menu(around, v)) this.feedOne(v, choice, out);
  }
  /** A vCPU is given an operation and takes it, in one step: that it is there before it is taken makes no difference. */
  private feedOne(vcpu: number, choice: number, out: Successors): void {
    const { vector, environment, changes, outside } = this;
    const { numbers, columns } = vector;
    const column = columns.actor[vcpu]!;
    const around = numbers[columns.environment]!;
    const given = outside.given(vcpu, choice);
    const taken = outside.taken(vcpu, choice);
    const left = changes.after(columns.environment, around, environment.feeds(vcpu, choice));
    const at = this.append(NO_FAIRNESS, out);
    vector.exchange(out.keys, at, column, numbers[column]!, given);
    vector.exchange(out.keys, at, columns.environment, around, left);
    if (taken > 0) changes.putOff(taken, at);
    else this.asked.put(at, vcpu, this.outside.fed[vcpu]!, taken);
    if (this.choices === null) return;
    const item = choice < 0 ? null : environment.menus[vcpu]![choice]!;
    this.note({ kind: 'feed', vcpu, item, text: describeItem(vcpu, item) });
  }
  private reclaim(out: Successors): void {
    const { steps, built } = this;
    for (let gfn = 0; gfn < built.world.geometry.gfns; gfn++) {
      const effect = this.outside.reclaimed(gfn);
      if (steps.isIdle(effect)) continue;
      this.emit(effect, change.reclaim, NO_FAIRNESS, out);
      if (this.choices !== null)
        this.note({ kind: 'reclaim', gfn, text: `reclaim wants the page of Gfn ${gfn}` });
    }
  }

  private timeOut({ thing, effect, after, isEarly }: Timeout, out: Successors): void {
    const { vector, changes } = this;
    const { numbers, columns } = vector;
    const { actor, sent, ring } = thing;
    const around = numbers[columns.environment]!;
    const note = (fault: number, occasion: number) =>
      this.note(timeoutChoice(thing, isEarly, fault, occasion));
    this.consider(columns.environment, changes.after(columns.environment, around, after));
    this.emit(effect, NOTHING, isEarly ? NO_FAIRNESS : ring, out);
    if (this.choices !== null) note(-1, -1);
    if (this.mayFail) this.fail(actor, sent, effect, out, note);
    this.consider(columns.environment, around);
  }
  /** Another number in a column of the state under consideration. */
  private consider(column: number, number: number): void {
    const { vector, base } = this;
    vector.exchange(base, 0, column, vector.numbers[column]!, number);
    vector.numbers[column] = number;
  }

  /**
   * Appends what an effect, and a change of what the environment may do, make of the state. Its columns get their new numbers
   * later, when there are many (`complete`).
   */
  private emit(effect: number, then: number, action: number, out: Successors): void {
    const { changes } = this;
    const at = this.append(action, out);
    changes.putOff(effect, at);
    if (then !== NOTHING) changes.putOffOne(this.vector.columns.environment, then, at);
  }
  /** Appends the state under consideration. */
  private append(action: number, out: Successors): number {
    // An action is fair for those only whom it is always the same for.
    const isFair = action >= 0 && this.symmetry?.moves(action) !== true;
    const at = out.place(isFair ? action : NO_FAIRNESS);
    wordsOf(out.words).copy(this.base, 0, out.keys, at);
    return at;
  }
  complete(out: Successors): void {
    this.asked.answer(out.keys);
    const spoilt = this.changes.carryOut(out.keys);
    const { words } = out;
    if (spoilt.length > 0)
      out.spoil(
        spoilt.map(({ at, broken }) => ({ index: at / words, property: this.judges.whatBroke(broken) })),
      );
    if (!this.isPlain) this.symmetry?.settle(out.keys, out.length);
  }

  // --- ends, and what is owed

  private isAtRest(states: Int32Array, at: number): boolean {
    const { vector } = this;
    if (!this.openings.haveHalted(vector.numberIn(states, at, vector.columns.environment))) return false;
    vector.at(states, at);
    const { offers } = this;
    if (offers.acting.some((_, place) => offers.at(place) !== NOTHING_OFFERED)) return false;
    return !this.losesMessages || this.overdue.open().length === 0;
  }
  /** Where nothing is under way and every script has ended: what must hold then. */
  judge(states: Int32Array, at: number): string | null {
    if (this.startBroke !== null) return this.startBroke;
    if (!this.isAtRest(states, at)) return null;
    const { symmetry } = this;
    if (symmetry === null || this.isPlain) return this.judgeRest();
    let broken: string | null = null;
    symmetry.each((by) => {
      const found = this.judgeRest();
      if (by === null) broken = found;
      else if ((found === null) !== (broken === null))
        symmetry.differ(by, 'at rest something is broken for one and not for the other');
    });
    return broken;
  }
  private judgeRest(): string | null {
    const { vector, judges } = this;
    for (let m = 0; m < vector.monitors.length; m++) {
      const broken = judges.judgeRest(m, vector.value(vector.monitors[m]!));
      if (broken !== null) return broken;
    }
    return null;
  }
  isEnd(states: Int32Array, at: number): boolean {
    return this.isAtRest(states, at);
  }
  pending(states: Int32Array, at: number): number {
    this.vector.at(states, at);
    if (this.symmetry === null) return this.owed.bits();
    // Of what is alike it counts that something is owed at all, not to whom.
    let bits = 0;
    this.symmetry.each(() => (bits |= this.owed.bits()));
    return bits;
  }
  describePending(bit: number): string {
    return this.owed.describe(bit);
  }

  // --- for people

  private note(choice: Chosen): void {
    this.choices!.push(choiceOf(choice));
  }
  private noteDelivery(sent: number, fault: number, occasion: number): void {
    const [ring, kind, id] = this.records.data.subarray(sent, sent + 3);
    this.choices!.push(deliveryOf(this.built.system, ring!, kind!, id!, fault, occasion));
  }
  /** The choices of a state, in the order of its successors. */
  choicesOf(states: Int32Array, at: number, out: Successors): Choice[] {
    const choices: Choice[] = (this.choices = []);
    out.of(this, states, at, 0);
    this.choices = null;
    return choices;
  }
  describeAction(states: Int32Array, at: number, k: number): string {
    return this.choicesOf(states, at, new Successors(this.words))[k]!.text;
  }
  describe(states: Int32Array, at: number): string {
    return this.shown(states, at).lines().join(' · ');
  }
  /** A state as what it says, for people (describe.ts). */
  shown(states: Int32Array, at: number): Shown {
    const { vector, built, records, leaves, environment } = this;
    vector.at(states, at);
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
    const { steps, judges, vector, records, changes, offers, outside } = this;
    const tables = changes.bytes + steps.bytes + offers.bytes + outside.bytes + (this.symmetry?.bytes ?? 0);
    const rows = vector.rows.reduce((sum, { bytes }) => sum + bytes, 0);
    return { steps: steps.computed, pictures: judges.computed, bytes: records.bytes + rows + tables };
  }
}

function shareParts(leaves: Leaves, geometry: Geometry, monitors: readonly string[]): SharedParts {
  return {
    records: Records.allocate(SHARED_RECORD_BITS, RECORD_WORDS),
    columns: Vector.share(leaves, geometry, monitors),
    steps: SharedLog.allocate(),
    twins: SharedLog.allocate(),
  };
}
