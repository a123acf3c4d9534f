// The actors' steps, each run once for each distinct thing that it depends on and looked up afterwards.
//
// An actor's step is a function of its own words, of the message, of the records in its custody, and of at most one shared
// word. Which words these are is found out when it runs (footing.ts). The look-up asks in the same order: own words and
// message first, then what those say to look at next. Every step that is run is run a second time, where everything else is
// of other states, and must do the same.
import type { Context } from '../../actor/actor.ts';
import type { Built } from '../../actors/index.ts';
import { event } from '../../model/events.ts';
import { type DeviceFault, type Harm, harms, numberOf, talkOf } from '../../model/faults.ts';
import { message, messageKinds, type Message } from '../../model/messages.ts';
import { assert } from '../../stdx/assert.ts';
import { areSame, Memo, mixAll, type Records, Things } from '../../runtime/check/interner.ts';
import type { Changes } from './changes.ts';
import type { Item } from './environment.ts';
import { Footing } from './footing.ts';
import type { Leaf, Leaves } from './leaves.ts';
import type { StepLog } from './step-log.ts';
import type { Vector } from './vector.ts';

/** What a step did. */
export interface Effect {
  actor: number;
  /** The message it took, interned as [ring, kind, id, argument, serial, strike]; 0 = none. */
  sent: number;
  /** Events, interned; 0 = none. */
  events: number;
  /** Slot and new number, in turns. */
  writes: readonly number[];
  /** Receiver and messages (interned), in turns. */
  pushes: readonly number[];
  /** vCPU that wants the next operation of its script, or -1. */
  hungry: number;
  /** Faults that could have struck: failures of devices, messages that get lost or come twice. */
  occasions: readonly number[];
  /** To whom each of these messages goes; of devices NOBODY. */
  subjects: readonly number[];
  /** Why the step cannot be made at all, or null. */
  failure: string | null;
}

/** Words of a message in a queue; one more in `Effect.sent`. */
export const MESSAGE_WORDS = 5;
/** Message of none. */
export const NOBODY = -1;
const FEEDING = -2;
/** Events that tell a time, which a search does not have. */
const TIMED: ReadonlySet<number> = new Set([event.stalled]);
export class Steps {
  private readonly built: Built;
  private readonly vector: Vector;
  private readonly records: Records;
  /** By actor: where its own words are. */
  readonly ownSlots: Int32Array;
  private readonly changes: Changes;
  private readonly memo = new Memo();
  /** Messages at one of whose occasions something fails. */
  private readonly strickenMessages = new Memo();
  /** By vCPU and choice (-1: the script ends): what stands for it in a look-up. */
  private readonly feedings: number[][] = [];
  private readonly effects = new Things<Effect>(hashOf, isSame);
  private readonly idle: boolean[] = [];
  /** By node of the look-up: the slot that is looked at next. */
  private readonly nodes: number[] = [0];
  /** By slot: number that the buffer holds now. */
  private readonly loaded: Int32Array;
  private readonly scratch: Int32Array;
  private readonly incoming: Message = { kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: 0 };
  private readonly events: number[] = [];
  private occasions: number[] = [];
  private subjects: number[] = [];
  /** Operations whose records the step under way has looked at, here or elsewhere. */
  private looked: readonly number[] = [];
  private readonly footing: Footing;
  private readonly log: StepLog | null;
  private strikeAt = NOBODY;
  /** By slot: its number when the last step was run, and one that it had in another state. */
  private readonly last: Int32Array;
  private readonly another: Int32Array;
  /** Steps that were run rather than looked up. */
  computed = 0;
  /** Told of every step, and every feeding, that was found out, in the state in which it is made. */
  onStep: (actor: number, sent: number, effect: number) => void = () => {};
  onFed: (vcpu: number, choice: number, effect: number) => void = () => {};

  /** @param log where several threads search together */
  constructor(
    built: Built,
    leaves: Leaves,
    vector: Vector,
    records: Records,
    changes: Changes,
    log: StepLog | null,
  ) {
    this.built = built;
    this.log = log;
    this.changes = changes;
    this.footing = new Footing(built, leaves);
    this.vector = vector;
    this.ownSlots = Int32Array.from(leaves.actor, (leaf) => vector.slotOf[leaf]!);
    this.records = records;
    this.loaded = new Int32Array(vector.slots.length);
    this.last = new Int32Array(vector.slots.length);
    this.another = new Int32Array(vector.slots.length);
    this.scratch = new Int32Array(4096 + Math.max(...leaves.all.map(({ length }) => length)));
    for (const context of built.system.contexts) {
      const { serials, timeouts } = built.world.geometry.spec;
      if (serials !== undefined) this.mayHarm(context, timeouts !== undefined);
      context.strikes = (fault, id, location?: number, instead?: number) =>
        this.strikes(context.self, fault, id, location ?? 0, instead ?? 0);
    }
  }

  get bytes(): number {
    return this.memo.bytes + this.strickenMessages.bytes;
  }
  effect(number: number): Effect {
    return this.effects.get(number);
  }
  /** Whether it can be made, and changes no actor's words and no queue. */
  isIdle(number: number): boolean {
    return this.idle[number - 1]!;
  }
  /** Interns every leaf as it is in the buffer. */
  readAll(): void {
    const { vector, loaded } = this;
    vector.leafOf.forEach((leaf, slot) => {
      if (leaf !== null) vector.slots[slot] = loaded[slot] = this.internLeaf(leaf);
    });
  }
  private internLeaf(leaf: Leaf): number {
    return this.records.intern(this.scratch, 0, leaf.read(this.scratch));
  }
  intern(words: readonly number[]): number {
    for (let i = 0; i < words.length; i++) this.scratch[i] = words[i]!;
    return this.records.intern(this.scratch, 0, words.length);
  }
  /** A message of the environment's, which comes over no ring. */
  fromOutside(actor: number, kind: number, id: number): number {
    // Actors whose words are alike are told apart by whom it goes to.
    return this.intern([NOBODY, kind, id, actor, 0, 0]);
  }
  /** The same message, at whose occasion number `strike` a device fails. */
  struck(sent: number, strike: number): number {
    const known = this.strickenMessages.get(sent, strike);
    if (known !== 0) return known;
    const struck = this.intern([...this.records.data.subarray(sent, sent + MESSAGE_WORDS), strike + 1]);
    this.strickenMessages.set(sent, strike, struck);
    return struck;
  }
  /** The message as it is when nothing befalls it, and at which occasion something does, or -1. */
  unstruck(sent: number): { sent: number; strike: number } {
    const { data } = this.records;
    const strike = data[sent + MESSAGE_WORDS]! - 1;
    return strike < 0
      ? { sent, strike }
      : { sent: this.intern([...data.subarray(sent, sent + MESSAGE_WORDS), 0]), strike };
  }
  /** The node of the look-up that an actor's words and a message lead to; an effect's number, or 0 = not known. */
  first(actorWords: number, sent: number): number {
    return this.memo.get(actorWords, sent);
  }
  /** The same as far as the actor's own column answers what is asked. */
  settle(node: number, column: number): number {
    const { nodes, memo, vector } = this;
    let found = node;
    while (found < 0 && vector.columnOf[nodes[-found]!] === column)
      found = memo.get(found, vector.value(nodes[-found]!));
    return found;
  }
  /** Where all that have the same value in the actor's column can go on looking: a node, or the effect itself. */
  lookUp(actor: number, sent: number, column: number): number {
    this.take(actor, sent);
    return this.settle(this.first(this.ownWords(actor), sent), column);
  }
  /** One look further, from a node, in a packed state. @returns a node, the number of an effect, or 0 = not known */
  look(node: number, states: Int32Array, at: number): number {
    return this.memo.get(node, this.vector.valueAt(states, at, this.nodes[-node]!));
  }
  /** The number of the effect of a step of which nothing was looked up yet. */
  take(actor: number, sent: number): number {
    return this.step(actor, sent, this.first(this.ownWords(actor), sent));
  }
  /** @returns the number of the step's effect */
  step(actor: number, sent: number, node: number): number {
    const found = this.follow(node);
    return found > 0 ? found : this.learn(actor, sent);
  }
  /** A look-up to its end, in the state under consideration. @returns the number of an effect, or 0 = not known */
  private follow(node: number): number {
    const { memo, nodes, vector } = this;
    let found = node;
    while (found < 0) found = memo.get(found, vector.value(nodes[-found]!));
    return found;
  }
  /** The slots that a step looks at besides the actor's own words, once it was taken in the state under consideration. */
  lookedAt(actor: number, sent: number): number[] {
    const { memo, nodes, vector } = this;
    const slots: number[] = [];
    let at = this.first(this.ownWords(actor), sent);
    while (at < 0) {
      const slot = nodes[-at]!;
      slots.push(slot);
      at = memo.get(at, vector.value(slot));
    }
    return slots;
  }
  /** The number of an actor's own words, in the state under consideration. */
  ownWords(actor: number): number {
    return this.vector.value(this.ownSlots[actor]!);
  }

  /** Runs a step, and remembers what it depended on and what it did; unless another thread has. */
  private learn(actor: number, sent: number): number {
    const { vector, footing, log } = this;
    if (log !== null) {
      const told = this.hear(actor, sent);
      if (told > 0) return told;
    }
    vector.bring();
    this.computed++;
    const found = this.perform(actor, sent, footing);
    const path = footing.path.map((leaf) => vector.slotOf[leaf]!);
    const effect = this.performElsewhere(found, path);
    const own = this.ownWords(actor);
    const looks = path.flatMap((slot) => [slot, vector.value(slot)]);
    const number = this.remember(own, looks, effect);
    this.onStep(actor, sent, number);
    // Who hears of it has heard of its twin before.
    log?.tell({ own, path: looks, effect });
    return number;
  }
  /** Remembers what others have told. @returns the effect of the step that is asked for, or 0 = nobody has */
  private hear(actor: number, sent: number): number {
    const { log } = this;
    for (let told = log!.next(); told !== null; told = log!.next())
      this.remember(told.own, told.path, told.effect);
    return this.follow(this.first(this.ownWords(actor), sent));
  }
  /** @param looks slots that the step looks at and their numbers, in turns. @returns the number of the effect */
  private remember(own: number, looks: readonly number[], effect: Effect): number {
    const { memo, nodes } = this;
    let a = own;
    let b = effect.sent;
    for (let i = 0; i < looks.length; i += 2) {
      const slot = looks[i]!;
      let next = memo.get(a, b);
      if (next === 0) {
        next = -nodes.length;
        nodes.push(slot);
        memo.set(a, b, next);
      }
      assert(nodes[-next] === slot, 'a step looks at other words than the same step before');
      a = next;
      b = looks[i + 1]!;
    }
    const known = memo.get(a, b);
    if (known !== 0) return known;
    const number = this.numberOf(effect);
    memo.set(a, b, number);
    return number;
  }
  /** Equal effects have one number. */
  private numberOf(effect: Effect): number {
    const { effects } = this;
    const known = effects.size;
    const number = effects.numberOf(effect);
    if (number <= known) return number;
    const { pushes, writes, failure } = effect;
    this.idle.push(pushes.length === 0 && writes.length === 0 && failure === null);
    this.changes.add(effect);
    return number;
  }

  private load(): void {
    const { vector, loaded } = this;
    const { slots, leafOf } = vector;
    const { data } = this.records;
    for (let slot = 0; slot < slots.length; slot++) {
      const leaf = leafOf[slot];
      if (!leaf || loaded[slot] === slots[slot]) continue;
      leaf.write(data, slots[slot]!);
      loaded[slot] = slots[slot]!;
    }
  }

  /** Puts the state under consideration into the buffer, to be looked at. */
  show(): void {
    this.vector.bring();
    this.load();
  }

  /** @param footing is to say what the step looks at; null: it was said */
  private perform(actor: number, sent: number, footing: Footing | null): Effect {
    const { system, world } = this.built;
    const { incoming } = this;
    const { data } = this.records;
    this.load();
    this.events.length = 0;
    this.occasions = [];
    this.subjects = [];
    this.strikeAt = data[sent + MESSAGE_WORDS]! - 1;
    const ring = data[sent]!;
    incoming.kind = data[sent + 1]!;
    incoming.id = data[sent + 2]!;
    incoming.argument = data[sent + 3]!;
    incoming.serial = data[sent + 4]!;
    incoming.sender = ring < 0 ? world.geometry.feeder : system.mailboxes.links[ring]!.sender;
    world.meter.most = 0;
    let failure: string | null = null;
    try {
      const step = () => {
        system.actors[actor]!.receive(incoming, system.contexts[actor]!);
        system.contexts[actor]!.step();
        if (footing) this.looked = footing.operations;
        system.actors[actor]!.settle?.(this.looked);
      };
      if (footing) footing.follow(actor, incoming.kind, incoming.id, step);
      else step();
      if (world.meter.most > 1) failure = `one-shared-access: a step made ${world.meter.most}`;
    } catch (error) {
      // Whatever it is: the plan of a protocol of one's own may throw anything, and how it comes to that is to be told.
      failure = `assertion: ${(error as Error).message}`;
    }
    return this.effectOf(actor, sent, failure);
  }
  private effectOf(actor: number, sent: number, failure: string | null): Effect {
    const { vector, loaded, events } = this;
    const { slots, leafOf } = vector;
    const { mailboxes, geometry } = this.built.system;
    const { data } = this.records;
    const pushes = new Map<number, number[]>();
    let hungry = NOBODY;
    mailboxes.drain((ring, kind, id, argument, serial) => {
      const { receiver } = mailboxes.links[ring]!;
      if (receiver === geometry.feeder) hungry = id;
      else pushes.set(receiver, [...(pushes.get(receiver) ?? []), ring, kind, id, argument, serial]);
    });
    const writes: number[] = [];
    for (let slot = 0; slot < slots.length; slot++) {
      const leaf = leafOf[slot];
      if (!leaf || leaf.equals(data, slots[slot]!)) continue;
      loaded[slot] = this.internLeaf(leaf);
      writes.push(slot, loaded[slot]!);
    }
    return {
      actor,
      sent,
      events: events.length === 0 ? 0 : this.intern(events),
      writes,
      pushes: [...pushes].flatMap(([receiver, words]) => [receiver, this.intern(words)]),
      hungry,
      occasions: this.occasions,
      subjects: this.subjects,
      failure,
    };
  }

  /**
   * A step in a state that there need not be: that of the columns `numbers`, but for some writes, and with other own words.
   * @param writes slot and number, in turns
   * @returns what it does, and the slots that it looks at
   */
  performWith(
    actor: number,
    sent: number,
    numbers: Int32Array,
    writes: readonly number[],
    own: number,
  ): [Effect, number[]] {
    const { vector, footing } = this;
    const here = vector.numbers.slice();
    vector.numbers.set(numbers);
    vector.bring();
    vector.numbers.set(here);
    for (let i = 0; i < writes.length; i += 2) vector.slots[writes[i]!] = writes[i + 1]!;
    vector.slots[this.ownSlots[actor]!] = own;
    const effect = this.perform(actor, sent, footing);
    return [effect, footing.path.map((leaf) => vector.slotOf[leaf]!)];
  }

  /**
   * The same step where all that it should not depend on is of other states: each slot as it was when it last was different.
   * @returns the effect; a failure if it differs
   */
  private performElsewhere(effect: Effect, path: readonly number[]): Effect {
    const { vector, built, last, another } = this;
    const { slots, leafOf } = vector;
    const own = this.ownSlots[effect.actor]!;
    for (let slot = 0; slot < slots.length; slot++) {
      const here = slots[slot]!;
      if (last[slot] !== here) another[slot] = last[slot]!;
      last[slot] = here;
      const isNeeded = slot === own || path.includes(slot);
      if (!isNeeded && leafOf[slot] && another[slot] !== 0) slots[slot] = another[slot]!;
    }
    const elsewhere = this.perform(effect.actor, effect.sent, null);
    slots.set(last);
    if (isSame(elsewhere, effect)) return effect;
    const kind = messageKinds[this.records.data[effect.sent + 1]!];
    const who = built.system.geometry.nameOf(effect.actor);
    // The host's plan is the protocol's, which may be anybody's.
    const or =
      effect.actor === built.world.geometry.host ? ', or a plan that it asked for is no pure function' : '';
    return { ...effect, failure: `own-words: ${who} read what is not its own when it took ${kind}${or}` };
  }

  /** What comes next is put into a vCPU's script, and the vCPU is told; null: the script ends. */
  feed(vcpu: number, item: Item | null, choice: number): number {
    const { vector, built } = this;
    const feedings = (this.feedings[vcpu] ??= []);
    const key = (feedings[choice + 1] ??= this.intern([FEEDING, vcpu, choice]));
    const own = this.ownWords(vcpu);
    const known = this.memo.get(own, key);
    if (known !== 0) return known;
    vector.bring();
    this.load();
    this.events.length = 0;
    this.occasions = [];
    this.subjects = [];
    const { scripts, geometry } = built.world;
    scripts.words[vcpu]!.fill(0);
    scripts.length[vcpu] = item === null ? 0 : item.operations.length;
    if (item !== null) scripts.words[vcpu]!.set(item.operations.flatMap(({ word, gvpn }) => [word, gvpn]));
    built.system.contexts[geometry.feeder]!.send(vcpu, message.fed, vcpu);
    const number = this.numberOf(this.effectOf(geometry.feeder, 0, null));
    this.memo.set(own, key, number);
    this.onFed(vcpu, choice, number);
    return number;
  }

  // --- what the actors' contexts lead to

  /** Takes an event of the step under way down. */
  put(
    actor: number,
    kind: number,
    id: number,
    gfn: number,
    destination: number,
    generation: number,
    from: number,
    to: number,
    cause: number,
    result: number,
  ): void {
    this.events.push(
      actor,
      kind,
      id,
      gfn,
      destination,
      generation,
      from,
      to,
      cause,
      TIMED.has(kind) ? 0 : result,
    );
  }
  /** Every message of a talk is an occasion to get lost, where they do, and one to come twice. */
  private mayHarm(context: Context, mayLose: boolean): void {
    const send = context.send.bind(context);
    context.send = (receiver, kind, id, argument, delayNs, serial) => {
      const talk = talkOf(messageKinds[kind]!);
      const deliver = () => send(receiver, kind, id, argument, delayNs, serial);
      if (talk < 0 || receiver === context.self) return deliver();
      const strikes = (harm: Harm) => {
        const fault = talk * harms.length + harms.indexOf(harm);
        this.occasions.push(fault);
        this.subjects.push(receiver);
        if (this.occasions.length - 1 !== this.strikeAt) return false;
        context.trace.fault(fault, id);
        return true;
      };
      if (!mayLose || !strikes('lose')) deliver();
      if (strikes('repeat')) deliver();
    };
  }
  private strikes(actor: number, fault: DeviceFault, id: number, location: number, instead: number): boolean {
    const { restarts } = this.built.world.geometry.spec;
    if (fault === 'hypervisor restart' && restarts !== true) return false;
    const number = numberOf(fault);
    this.occasions.push(number);
    this.subjects.push(NOBODY);
    if (this.occasions.length - 1 !== this.strikeAt) return false;
    // What a message was about that a restart takes along depends on its kind: no name of anything.
    const about = fault === 'hypervisor restart' ? 0 : id;
    this.built.system.contexts[actor]!.trace.fault(number, about, location, instead);
    return true;
  }
}

function isSame(one: Effect, other: Effect): boolean {
  return (
    one.actor === other.actor &&
    one.sent === other.sent &&
    one.events === other.events &&
    one.hungry === other.hungry &&
    one.failure === other.failure &&
    areSame(one.writes, other.writes) &&
    areSame(one.pushes, other.pushes) &&
    areSame(one.occasions, other.occasions) &&
    areSame(one.subjects, other.subjects)
  );
}
function hashOf({ actor, sent, events, writes, pushes, occasions }: Effect): number {
  return mixAll(
    mixAll(mixAll(Math.imul(actor, 31) ^ sent ^ Math.imul(events, 17), writes), pushes),
    occasions,
  );
}
