// The world as something to search: the same actors, every order of deliveries, every choice of the guests, of reclaim
// and of failing devices within bounds, under the same monitors.
//
// An actor's step is a function of its own words, the message, the records in its custody, and at most one shared word. So
// a state is a vector of numbers of interned parts (leaves.ts), each step is computed once for each distinct input and
// looked up afterwards, and the monitors' pictures are parts like any other. What a step depends on is found out while it
// runs: first what its message names, then what the meter says it touched. `distrust` runs every step a second time in a
// world whose other parts are anything, and compares.
import type { Built, Parts } from '../../actors/index.ts';
import { build, measure } from '../../actors/index.ts';
import { shared as touchable } from '../../memory/meter.ts';
import { faultNames, numberOf, type DeviceFault } from '../../model/faults.ts';
import { message, messageKinds, type Message } from '../../model/messages.ts';
import {
  encode,
  operation as scriptOperation,
  operationOf,
  BULK_VNODES,
  argumentOf,
} from '../../model/script.ts';
import { monitors, type Property } from '../../properties/index.ts';
import type { Explorable, Successors } from '../../runtime/check/explorable.ts';
import { Memo, Pairs, Records } from '../../runtime/check/interner.ts';
import { Tree } from '../../runtime/check/tree.ts';
import { Trace } from '../../runtime/trace.ts';
import { populate } from './populate.ts';
import { Leaf, leavesOf, OwnedColumns, type Leaves } from './leaves.ts';
import { MonitorStates } from './monitor-states.ts';

/** What is bounded: how much each may do. */
export interface Bounds {
  /** Operations of each vCPU: accesses and moves of a page to a vNode. */
  operations: number;
  /** ... of which so many may be moves. */
  moves: number;
  /** Pages that reclaim moves out, at any time. */
  reclaims: number;
  /** Failures of devices, each of any kind and at any occasion. */
  faults: number;
}

/** How a state was left. */
export interface Choice {
  kind: 'deliver' | 'feed' | 'end' | 'reclaim';
  /** deliver: ring and the fault's number (-1: none); feed: vCPU and the operation's two words; reclaim: Gfn. */
  ring: number;
  fault: number;
  vcpu: number;
  word: number;
  gvpn: number;
  gfn: number;
  /** In words. */
  text: string;
}

const GROUP = 8;
const NO_FAULT = -1;

/** What a step did. */
interface Effect {
  /** Events, interned; 0 = none. */
  events: number;
  /** Slot and new value, in turns. */
  writes: number[];
  /** Receiver and messages (interned), in turns. */
  pushes: number[];
  /** vCPUs that want the next operation of their script, a bit each. */
  hungry: number;
  /** Device faults that could have struck. */
  occasions: readonly number[];
  /** Why the step cannot be made at all, or null. */
  failure: string | null;
}

const CHOICES: Choice[] = [];

export class WorldSystem implements Explorable {
  readonly words = 2;
  readonly hash: string;
  readonly built: Built;
  readonly bounds: Bounds;
  private readonly leaves: Leaves;
  private readonly records: Records;
  private readonly pairs: Pairs;
  private readonly memo = new Memo();
  private readonly effects: Effect[] = [];
  /** By node of the look-up: slot (or GROUP_CODE + group) that is looked at next. */
  private readonly nodes: number[] = [0];
  private readonly monitors: readonly Property[];
  private readonly states: readonly MonitorStates[];
  private readonly trace: Trace;
  private readonly events: number[] = [];
  /** Slots of the vector. */
  private readonly slotCount: number;
  private readonly groupCount: number;
  private readonly slots: Int32Array;
  private readonly groups: Int32Array;
  private readonly slotOfLeaf: number[] = [];
  private readonly leafOfSlot: (Leaf | null)[] = [];
  private readonly queueSlot: number[] = [];
  private readonly environmentSlot: number;
  private readonly monitorSlot: number;
  private readonly recordGroup: number;
  /** Groups of the left half of the vector: the guests' side, so that both halves have few values. */
  private readonly leftGroups: number;
  private readonly left: Tree;
  private readonly right: Tree;
  private readonly operationGroups: number[] = [];
  /** Record that each leaf of the buffer holds now. */
  private readonly loaded: Int32Array;
  private readonly scratch: Int32Array;
  private occasions: number[] = [];
  private strikeAt = -1;
  private readonly menus: { word: number; gvpn: number; isMove: boolean }[][];
  private readonly gfns: readonly number[];
  /** Steps that were run rather than looked up. */
  misses = 0;
  monitorMisses = 0;
  private readonly violations: string[] = [''];
  private readonly monitorMemo = new Memo();
  private readonly pictureMemos: Memo[];
  private readonly headMemo = new Memo();
  private readonly heads: number[] = [0];
  private readonly pushMemo = new Memo();
  private readonly environmentMemo = new Memo();
  private start: Int32Array;
  /** Set by whoever wants the choices of the states that are expanded. */
  choices: Choice[] | null = null;
  readonly distrust: boolean;
  private readonly incoming: Message = { kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: 0 };

  constructor(parts: Parts, bounds: Bounds, { pairBits = 27, recordWords = 1 << 28, distrust = false } = {}) {
    this.bounds = bounds;
    this.distrust = distrust;
    this.hash = JSON.stringify([parts.spec, parts.protocol.name, bounds]);
    this.records = new Records(recordWords);
    this.pairs = new Pairs(pairBits);
    const columns = new OwnedColumns(new ArrayBuffer(measure(parts)));
    const sink = {
      takePlace() {},
      put: (
        ...event: [number, number, number, number, number, number, number, number, number, number, number]
      ) => this.put(...event),
    };
    this.built = build(columns.arena, parts, sink);
    const { system, world } = this.built;
    const { geometry } = world;
    this.leaves = leavesOf(this.built, columns);
    this.monitors = monitors({ geometry, page: world.tables.page, totalOrder: true }).filter(
      ({ kind }) => kind === 'always',
    );
    this.states = this.monitors.map((property) => new MonitorStates(property, this.records));
    this.pictureMemos = this.monitors.map(() => new Memo());
    this.trace = new Trace(this.monitors, false);
    for (const context of system.contexts) {
      context.strikes = (fault, id, location = 0, instead = 0) =>
        this.strikes(context.self, fault, id, location, instead);
    }
    // --- the vector
    const { leaves } = this;
    const actors = geometry.feeder;
    const order: (number | 'queue' | 'environment' | 'monitors' | null)[] = [];
    const queues: number[] = [];
    const groupEnd = () => {
      while (order.length % GROUP !== 0) order.push(null);
    };
    const put = (leaf: number) => order.push(leaf);
    const queue = (actor: number) => {
      queues.push(actor);
      order.push('queue');
    };
    for (let v = 0; v < geometry.vcpus; v++) {
      put(leaves.actor[v]!);
      queue(v);
    }
    order.push('environment');
    groupEnd();
    this.recordGroup = order.length / GROUP;
    for (const leaf of leaves.records) put(leaf);
    groupEnd();
    this.leftGroups = order.length / GROUP;
    for (const actor of [geometry.hypervisor, geometry.host]) {
      put(leaves.actor[actor]!);
      queue(actor);
    }
    put(leaves.pageWords);
    put(leaves.ept);
    put(leaves.list);
    order.push('monitors');
    groupEnd();
    const firstOperations = order.length / GROUP;
    for (const leaf of leaves.operations) put(leaf);
    groupEnd();
    for (let group = firstOperations; group < order.length / GROUP; group++) this.operationGroups.push(group);
    for (let actor = geometry.host + 1; actor < actors; actor++) {
      put(leaves.actor[actor]!);
      queue(actor);
    }
    put(leaves.guestPageTable);
    groupEnd();
    for (const leaf of leaves.locations) put(leaf);
    groupEnd();
    this.slotCount = order.length;
    this.groupCount = order.length / GROUP;
    this.left = new Tree(this.pairs, 0, this.leftGroups);
    this.right = new Tree(this.pairs, this.leftGroups, this.groupCount - this.leftGroups);
    this.slots = new Int32Array(this.slotCount);
    this.groups = new Int32Array(this.groupCount);
    let nextQueue = 0;
    let environment = -1;
    let monitor = -1;
    order.forEach((what, slot) => {
      this.leafOfSlot.push(typeof what === 'number' ? leaves.all[what]! : null);
      if (typeof what === 'number') this.slotOfLeaf[what] = slot;
      else if (what === 'queue') this.queueSlot[queues[nextQueue++]!] = slot;
      else if (what === 'environment') environment = slot;
      else if (what === 'monitors') monitor = slot;
    });
    this.environmentSlot = environment;
    this.monitorSlot = monitor;
    this.loaded = new Int32Array(this.slotCount);
    this.scratch = new Int32Array(Math.max(64, ...leaves.all.map(({ length }) => length)) + 4096);
    this.gfns = Array.from({ length: geometry.gfns }, (_, gfn) => gfn);
    this.menus = geometry.vcpuGuest.map((guest) => this.menuOf(guest));
    this.start = this.begin();
  }

  private menuOf(guest: number): { word: number; gvpn: number; isMove: boolean }[] {
    const { geometry } = this.built.world;
    const { pages, vnodes } = geometry.spec.guests[guest]!;
    const menu: { word: number; gvpn: number; isMove: boolean }[] = [];
    for (let gvpn = 0; gvpn < pages; gvpn++) {
      menu.push({ word: encode(scriptOperation.read, 0), gvpn, isMove: false });
      menu.push({ word: encode(scriptOperation.write, 0), gvpn, isMove: false });
      vnodes.forEach((_, vnode) =>
        menu.push({ word: encode(scriptOperation.bulkMove, vnode + BULK_VNODES), gvpn, isMove: true }),
      );
    }
    return menu;
  }

  // --- the start: every page was written once by its guest's first vCPU, and everything came to rest

  private begin(): Int32Array {
    const { system, world } = this.built;
    const { geometry } = world;
    this.monitorEvents = true;
    populate(system);
    this.monitorEvents = false;
    system.mailboxes.drain((ring) => {
      throw new Error(`ring ${ring} holds a message after the start`);
    });
    void world;
    for (const actor of system.actors) actor.settle?.();
    const { slots } = this;
    slots.fill(0);
    this.leafOfSlot.forEach((leaf, slot) => {
      if (leaf !== null) slots[slot] = this.loaded[slot] = this.internLeaf(leaf);
    });
    const { vcpus } = geometry;
    const environment = [...new Array<number>(vcpus).fill(this.bounds.operations), ...new Array<number>(vcpus).fill(this.bounds.moves), 2 ** vcpus - 1, 0, this.bounds.reclaims, this.bounds.faults]; // prettier-ignore
    slots[this.environmentSlot] = this.internList(environment);
    slots[this.monitorSlot] = this.internList(this.states.map((state) => state.take()));
    const into = new Int32Array(2);
    this.packAll(slots, into);
    return into;
  }
  private monitorEvents = false;

  initial(into: (state: Int32Array) => void): void {
    into(this.start);
  }

  // --- packing

  private internLeaf(leaf: Leaf): number {
    const length = leaf.read(this.scratch);
    return this.records.intern(this.scratch, 0, length);
  }
  private internList(words: readonly number[]): number {
    for (let i = 0; i < words.length; i++) this.scratch[i] = words[i]!;
    return this.records.intern(this.scratch, 0, words.length);
  }
  private packAll(slots: Int32Array, into: Int32Array): void {
    const { left, right } = this;
    for (let group = 0; group < this.groupCount; group++)
      (group < this.leftGroups ? left : right).set(group, this.records.intern(slots, group * GROUP, GROUP));
    into[0] = left.repack();
    into[1] = right.repack();
  }
  private unpack(left: number, right: number): void {
    const { slots, groups, groupCount } = this;
    this.left.unpack(left, groups);
    this.right.unpack(right, groups);
    const { data } = this.records;
    for (let group = 0, slot = 0; group < groupCount; group++) {
      const at = groups[group]!;
      for (let i = 0; i < GROUP; i++) slots[slot++] = data[at + i]!;
    }
  }

  // --- successors

  expand(states: Int32Array, at: number, out: Successors): void {
    this.unpack(states[at]!, states[at + 1]!);
    const { slots, queueSlot } = this;
    const { geometry } = this.built.world;
    if (this.deliverLocal(out)) return;
    for (let actor = 0; actor < geometry.feeder; actor++) {
      const queue = slots[queueSlot[actor]!]!;
      if (queue !== 0) this.deliverTo(actor, queue, out);
    }
    this.environmentChoices(out);
  }

  /** Memory nodes and stores: see `isLocal`. @returns whether there was such a step, which is then the only one */
  private deliverLocal(out: Successors): boolean {
    const { slots, queueSlot } = this;
    const { geometry } = this.built.world;
    for (let actor = geometry.host + 1; actor < geometry.feeder; actor++) {
      const queue = slots[queueSlot[actor]!]!;
      if (queue === 0 || !this.reduces) continue;
      this.deliverTo(actor, queue, out);
      return true;
    }
    return false;
  }
  reduces = true;

  /** Heads of an actor's rings: message and the queue without it, in turns. */
  private headsOf(queue: number): number {
    const known = this.headMemo.get(queue, 0);
    if (known !== 0) return known;
    const found = this.findHeads(queue);
    const at = this.heads.length;
    this.heads.push(found.length, ...found);
    this.headMemo.set(queue, 0, at);
    return at;
  }
  private findHeads(queue: number): number[] {
    const { data } = this.records;
    const length = this.records.lengthOf(queue);
    const words = Array.from(data.subarray(queue, queue + length));
    const heads: number[] = [];
    let ring = -1;
    for (let i = 0; i < length; i += 5) {
      if (words[i] === ring) continue;
      ring = words[i]!;
      const rest = [...words.slice(0, i), ...words.slice(i + 5)];
      heads.push(
        this.internList([...words.slice(i, i + 5), 0]),
        rest.length === 0 ? 0 : this.internList(rest),
      );
    }
    return heads;
  }
  private pushed(queue: number, messages: number): number {
    const known = this.pushMemo.get(queue, messages);
    if (known !== 0) return known;
    const { data } = this.records;
    const all: number[][] = [];
    for (const record of [queue, messages]) {
      if (record === 0) continue;
      for (let i = 0; i < this.records.lengthOf(record); i += 5)
        all.push(Array.from(data.subarray(record + i, record + i + 5)));
    }
    // By ring, and within a ring as they came: sorting is stable.
    all.sort((a, b) => a[0]! - b[0]!);
    const number = this.internList(all.flat());
    this.pushMemo.set(queue, messages, number);
    return number;
  }

  private deliverTo(actor: number, queue: number, out: Successors): void {
    const first = this.headsOf(queue);
    const { heads } = this;
    for (let i = first + 1, end = first + 1 + heads[first]!; i < end; i += 2) {
      const sent = heads[i]!;
      const rest = heads[i + 1]!;
      const effect = this.step(actor, sent, NO_FAULT);
      const ring = this.records.data[sent]!;
      this.emit(actor, rest, effect, ring, 0, out);
      if (this.choices !== null) this.note('deliver', ring, NO_FAULT, sent);
      if (effect.occasions.length === 0 || this.faultsLeft() === 0) continue;
      for (let o = 0; o < effect.occasions.length; o++) {
        this.emit(actor, rest, this.step(actor, sent, o), ring, FAULT, out);
        if (this.choices !== null) this.note('deliver', ring, effect.occasions[o]!, sent);
      }
    }
  }

  /** The step of an actor on a message, looked up or run. */
  private step(actor: number, sent: number, strike: number): Effect {
    const { memo, nodes, slots } = this;
    const key = strike === NO_FAULT ? sent : this.struck(sent, strike);
    let found = memo.get(slots[this.slotOfLeaf[this.leaves.actor[actor]!]!]!, key);
    while (found < 0) {
      const code = nodes[-found]!;
      found = memo.get(found, code < GROUP_CODE ? slots[code]! : this.groups[code - GROUP_CODE]!);
    }
    return this.effects[(found > 0 ? found : this.learn(actor, sent, key, strike)) - 1]!;
  }
  private struck(sent: number, strike: number): number {
    const { data } = this.records;
    return this.internList([...Array.from(data.subarray(sent, sent + 5)), strike + 1]);
  }

  /** Runs a step, and remembers what it depended on and what it did. */
  private learn(actor: number, sent: number, key: number, strike: number): number {
    const { data } = this.records;
    const [ring, kind, id, argument, serial] = data.subarray(sent, sent + 5) as unknown as [number, number, number, number, number]; // prettier-ignore
    this.misses++;
    const effect = this.perform(actor, ring, kind, id, argument, serial, strike);
    const path = this.dependencies(actor, kind, id);
    const number = this.effects.push(effect);
    const { memo, nodes, slots } = this;
    let a = slots[this.slotOfLeaf[this.leaves.actor[actor]!]!]!;
    let b = key;
    for (const code of path) {
      let next = memo.get(a, b);
      if (next === 0) {
        next = -nodes.length;
        nodes.push(code);
        memo.set(a, b, next);
      }
      a = next;
      b = code < GROUP_CODE ? slots[code]! : this.groups[code - GROUP_CODE]!;
    }
    memo.set(a, b, number);
    if (this.distrust) this.runInAnotherWorld(actor, sent, strike, path, effect);
    return number;
  }

  /** What a step may read beside the actor's own words: first by its message, then by what it touched. */
  private dependencies(actor: number, kind: number, id: number): number[] {
    const { geometry, meter, locations } = this.built.world;
    const { leaves, slotOfLeaf } = this;
    const path: number[] = [];
    const leaf = (index: number) => {
      const slot = slotOfLeaf[index]!;
      if (!path.includes(slot)) path.push(slot);
    };
    if (actor < geometry.vcpus) leaf(leaves.records[actor]!);
    else if (actor === geometry.host) {
      path.push(GROUP_CODE + this.recordGroup);
      for (const group of this.operationGroups) path.push(GROUP_CODE + group);
    } else if (actor === geometry.hypervisor) {
      if (kind === message.request) leaf(leaves.records[Math.floor(id / geometry.spec.batch)]!);
      else if (CALLS.has(kind)) leaf(leaves.operations[id]!);
      if (kind === message.export || kind === message.retire) leaf(leaves.list);
    } else leaf(leaves.operations[id]!);
    switch (meter.what) {
      case touchable.pageWords:
        leaf(leaves.pageWords);
        break;
      case touchable.ept:
        leaf(leaves.ept);
        break;
      case touchable.guestPageTable:
        leaf(leaves.guestPageTable);
        break;
      case touchable.list:
        leaf(leaves.list);
        break;
    }
    for (const location of [meter.handled, meter.first, meter.second])
      if (location > 0 && location <= locations.count) leaf(leaves.locations[location - 1]!);
    return path;
  }

  private load(): void {
    const { slots, loaded, leafOfSlot } = this;
    const { data } = this.records;
    for (let slot = 0; slot < this.slotCount; slot++) {
      const leaf = leafOfSlot[slot];
      if (!leaf || loaded[slot] === slots[slot]) continue;
      leaf.write(data, slots[slot]!);
      loaded[slot] = slots[slot]!;
    }
  }

  private perform(
    actor: number,
    ring: number,
    kind: number,
    id: number,
    argument: number,
    serial: number,
    strike: number,
  ): Effect {
    const { system, world } = this.built;
    const { incoming, events } = this;
    this.load();
    events.length = 0;
    this.occasions = [];
    this.strikeAt = strike;
    incoming.kind = kind;
    incoming.id = id;
    incoming.argument = argument;
    incoming.serial = serial;
    incoming.sender = ring < 0 ? world.geometry.feeder : system.mailboxes.links[ring]!.sender;
    incoming.time = 0;
    world.meter.forget();
    const before = world.meter.most;
    world.meter.most = 0;
    let failure: string | null = null;
    try {
      system.actors[actor]!.receive(incoming, system.contexts[actor]!);
      system.contexts[actor]!.step();
      if (world.meter.most > 1) failure = `one shared access a step: ${world.meter.most} were made`;
      system.actors[actor]!.settle?.();
    } catch (error) {
      failure = `the program's own assertion: ${(error as Error).message}`;
    }
    world.meter.most = before;
    return this.effectOf(failure);
  }
  private effectOf(failure: string | null): Effect {
    const { events, slots, loaded, leafOfSlot } = this;
    const { mailboxes, geometry } = this.built.system;
    const { data } = this.records;
    const pushes = new Map<number, number[]>();
    let hungry = 0;
    mailboxes.drain((ring, kind, id, argument, serial) => {
      const { receiver } = mailboxes.links[ring]!;
      if (receiver === geometry.feeder) hungry |= 1 << id;
      else pushes.set(receiver, [...(pushes.get(receiver) ?? []), ring, kind, id, argument, serial]);
    });
    const writes: number[] = [];
    for (let slot = 0; slot < this.slotCount; slot++) {
      const leaf = leafOfSlot[slot];
      if (!leaf || leaf.equals(data, slots[slot]!)) continue;
      loaded[slot] = this.internLeaf(leaf);
      writes.push(slot, loaded[slot]!);
    }
    return {
      events: events.length === 0 ? 0 : this.internList(events),
      writes,
      pushes: [...pushes].flatMap(([receiver, words]) => [receiver, this.internList(words)]),
      hungry,
      occasions: this.occasions,
      failure,
    };
  }
  /** The same step where everything that it should not depend on is of another state. */
  private runInAnotherWorld(
    actor: number,
    sent: number,
    strike: number,
    path: readonly number[],
    effect: Effect,
  ): void {
    const { data } = this.records;
    const [ring, kind, id, argument, serial] = data.subarray(sent, sent + 5) as unknown as [number, number, number, number, number]; // prettier-ignore
    const kept = this.slots.slice();
    const needed = new Set([this.slotOfLeaf[this.leaves.actor[actor]!]!]);
    for (const code of path) {
      if (code < GROUP_CODE) needed.add(code);
      else for (let i = 0; i < GROUP; i++) needed.add((code - GROUP_CODE) * GROUP + i);
    }
    this.another ??= kept.slice();
    for (let slot = 0; slot < this.slotCount; slot++)
      if (!needed.has(slot) && this.leafOfSlot[slot]) this.slots[slot] = this.another[slot]!;
    const again = this.perform(actor, ring, kind, id, argument, serial, strike);
    const same = JSON.stringify([effect.events, effect.writes, effect.pushes, effect.hungry, effect.failure]);
    const other = JSON.stringify([again.events, again.writes, again.pushes, again.hungry, again.failure]);
    if (same !== other)
      throw new Error(
        `${this.built.system.geometry.nameOf(actor)} on ${messageKinds[kind]}: the step depends on more than ${[...needed].map((slot) => this.leafOfSlot[slot]?.name).join(', ')}: ${same} / ${other}`,
      );
    this.slots.set(kept);
    if (this.misses % 7 === 0) this.another = kept;
  }
  private another: Int32Array | null = null;

  private emit(
    actor: number,
    queue: number,
    effect: Effect,
    action: number,
    environmentChange: number,
    out: Successors,
  ): void {
    const { slots, queueSlot, environmentSlot, monitorSlot } = this;
    if (effect.failure !== null) return out.violate(action, effect.failure);
    if (actor >= 0) this.change(queueSlot[actor]!, queue);
    const { writes, pushes } = effect;
    for (let i = 0; i < writes.length; i += 2) this.change(writes[i]!, writes[i + 1]!);
    for (let i = 0; i < pushes.length; i += 2) {
      const slot = queueSlot[pushes[i]!]!;
      this.change(slot, this.pushed(slots[slot]!, pushes[i + 1]!));
    }
    if (effect.hungry !== 0) this.change(environmentSlot, this.environment(slots[environmentSlot]!, HUNGRY + effect.hungry)); // prettier-ignore
    if (environmentChange !== 0)
      this.change(environmentSlot, this.environment(slots[environmentSlot]!, environmentChange));
    let broken = 0;
    if (effect.events !== 0) {
      const after = this.judgeEvents(slots[monitorSlot]!, effect.events);
      if (after < 0) broken = -after;
      else this.change(monitorSlot, after);
    }
    if (broken === 0) this.pack(out.place(action), out);
    else out.violate(action, this.violations[broken]!);
    this.dirty = 0;
    while (this.changes > 0) {
      this.changes--;
      slots[this.changedSlots[this.changes]!] = this.changedFrom[this.changes]!;
    }
  }
  private pack(into: number, { keys }: Successors): void {
    const { slots, records, left, right, leftGroups } = this;
    for (let bits = this.dirty; bits !== 0; bits &= bits - 1) {
      const group = 31 - Math.clz32(bits & -bits);
      const number = records.intern(slots, group * GROUP, GROUP);
      if (group < leftGroups) left.set(group, number);
      else right.set(group, number);
    }
    keys[into] = left.repack();
    keys[into + 1] = right.repack();
  }
  /** Groups that the step under way has changed, a bit each; and what was changed, to be taken back. */
  private dirty = 0;
  private changes = 0;
  private readonly changedSlots = new Int32Array(64);
  private readonly changedFrom = new Int32Array(64);
  private change(slot: number, value: number): void {
    const { slots } = this;
    this.changedSlots[this.changes] = slot;
    this.changedFrom[this.changes++] = slots[slot]!;
    slots[slot] = value;
    this.dirty |= 1 << (slot >> 3);
  }

  // --- the environment: [operations left by vCPU, moves left by vCPU, hungry, halted, reclaims left, faults left]

  private faultsLeft(): number {
    return this.records.data[this.slots[this.environmentSlot]! + 2 * this.built.world.geometry.vcpus + 3]!;
  }
  private environment(now: number, change: number): number {
    const known = this.environmentMemo.get(now, change);
    if (known !== 0) return known;
    const { vcpus } = this.built.world.geometry;
    const { data } = this.records;
    const words = Array.from(data.subarray(now, now + 2 * vcpus + 4));
    const at = 2 * vcpus;
    if (change >= HUNGRY) words[at]! |= change - HUNGRY;
    else if (change === FAULT) words[at + 3]!--;
    else if (change === RECLAIM) words[at + 2]!--;
    else {
      const vcpu = (change - 1) >> 2;
      const what = (change - 1) & 3;
      words[at]! &= ~(1 << vcpu);
      if (what === FEED_END) words[at + 1]! |= 1 << vcpu;
      else words[vcpu]!--;
      if (what === FEED_MOVE) words[vcpus + vcpu]!--;
    }
    const number = this.internList(words);
    this.environmentMemo.set(now, change, number);
    return number;
  }

  private environmentChoices(out: Successors): void {
    const { vcpus, host } = this.built.world.geometry;
    const { data } = this.records;
    const now = this.slots[this.environmentSlot]!;
    const hungry = data[now + 2 * vcpus]!;
    for (let v = 0; v < vcpus; v++) {
      if ((hungry & (1 << v)) === 0) continue;
      const left = data[now + v]!;
      const moves = data[now + vcpus + v]!;
      if (left === 0) this.feed(v, -1, out);
      else
        this.menus[v]!.forEach(({ isMove }, choice) => {
          if (!isMove || moves > 0) this.feed(v, choice, out);
        });
    }
    if (data[now + 2 * vcpus + 2]! > 0) {
      for (const gfn of this.gfns) {
        const sent = this.reclaimMessage(gfn);
        const effect = this.step(host, sent, NO_FAULT);
        if (effect.pushes.length === 0 && effect.writes.length === 0) continue;
        this.emit(-1, 0, effect, NO_FAIRNESS, RECLAIM, out);
        this.note('reclaim', -1, NO_FAULT, 0, 0, 0, 0, gfn);
      }
    }
  }
  private readonly reclaimMessages: number[] = [];
  private reclaimMessage(gfn: number): number {
    return (this.reclaimMessages[gfn] ??= this.internList([-1, message.reclaim, gfn, 0, 0, 0]));
  }
  private feed(vcpu: number, choice: number, out: Successors): void {
    const item = choice < 0 ? null : this.menus[vcpu]![choice]!;
    const effect = this.feeding(vcpu, choice);
    const what = item === null ? FEED_END : item.isMove ? FEED_MOVE : FEED;
    this.emit(-1, 0, effect, NO_FAIRNESS, 1 + vcpu * 4 + what, out);
    this.note(item === null ? 'end' : 'feed', -1, NO_FAULT, 0, vcpu, item?.word ?? 0, item?.gvpn ?? 0);
  }
  /** The next operation is put into a vCPU's script, and it is told. */
  private feeding(vcpu: number, choice: number): Effect {
    const slot = this.slotOfLeaf[this.leaves.actor[vcpu]!]!;
    const key = this.feedKey(choice);
    const known = this.memo.get(this.slots[slot]!, key);
    if (known !== 0) return this.effects[known - 1]!;
    const { world, system } = this.built;
    this.load();
    this.events.length = 0;
    this.occasions = [];
    const item = choice < 0 ? null : this.menus[vcpu]![choice]!;
    world.scripts.words[vcpu]!.fill(0);
    world.scripts.length[vcpu] = item === null ? 0 : 1;
    if (item !== null) world.scripts.words[vcpu]!.set([item.word, item.gvpn]);
    system.contexts[world.geometry.feeder]!.send(vcpu, message.fed, vcpu);
    const number = this.effects.push(this.effectOf(null));
    this.memo.set(this.slots[slot]!, key, number);
    return this.effects[number - 1]!;
  }
  private feedKey(choice: number): number {
    return (this.feedKeys[choice + 1] ??= this.internList([-2, choice]));
  }
  private readonly feedKeys: number[] = [];

  // --- the monitors

  private put(
    actor: number,
    _time: number,
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
    if (this.monitorEvents) {
      this.trace.put(
        actor,
        0,
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
      return;
    }
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
  private strikes(actor: number, fault: DeviceFault, id: number, location: number, instead: number): boolean {
    const number = numberOf(fault);
    if (this.monitorEvents || fault === 'hypervisor restart') return false;
    this.occasions.push(number);
    if (this.occasions.length - 1 !== this.strikeAt) return false;
    this.built.system.contexts[actor]!.trace.fault(number, id, location, instead);
    return true;
  }

  /** @returns the monitors' pictures after some events, or minus the number of what they broke */
  private judgeEvents(before: number, events: number): number {
    const known = this.monitorMemo.get(before, events);
    if (known !== 0) return known;
    const { data } = this.records;
    const after: number[] = [];
    let broken = 0;
    for (let m = 0; m < this.states.length && broken === 0; m++) {
      const picture = this.pictureAfter(m, data[before + m]!, events);
      if (picture < 0) broken = picture;
      after.push(picture);
    }
    const number = broken < 0 ? broken : this.internList(after);
    this.monitorMemo.set(before, events, number);
    return number;
  }
  private pictureAfter(m: number, picture: number, events: number): number {
    const memo = this.pictureMemos[m]!;
    const known = memo.get(picture, events);
    if (known !== 0) return known;
    this.monitorMisses++;
    const state = this.states[m]!;
    state.put(picture);
    this.show(state.property, events);
    const { violation } = state.property;
    state.touch();
    const number = violation ? this.broken(violation.property, violation.message) : state.take();
    memo.set(picture, events, number);
    return number;
  }
  private broken(property: string, text: string): number {
    return -(this.violations.push(`${property}: ${text}`) - 1);
  }
  private show(property: Property, events: number): void {
    const { data } = this.records;
    const length = this.records.lengthOf(events);
    const { current } = this;
    for (let i = events; i < events + length; i += EVENT_WORDS) {
      current.actor = data[i]!;
      current.kind = data[i + 1]!;
      current.id = data[i + 2]!;
      current.gfn = data[i + 3]!;
      current.destination = data[i + 4]!;
      current.generation = data[i + 5]!;
      current.from = data[i + 6]!;
      current.to = data[i + 7]!;
      current.cause = data[i + 8]!;
      current.result = data[i + 9]!;
      property.on[eventNames[current.kind]!]?.(current);
      if (property.violation) return;
    }
  }
  private readonly current = { kind: 0, actor: 0, time: 0, sequence: 0, id: 0, gfn: 0, destination: 0, generation: 0, from: 0, to: 0, cause: 0, result: 0 }; // prettier-ignore

  /** A state in which nothing is under way and nothing is wanted: what must hold at rest. */
  judge(states: Int32Array, at: number): string | null {
    this.unpack(states[at]!, states[at + 1]!);
    if (!this.isAtRest()) return null;
    const { data } = this.records;
    const pictures = this.slots[this.monitorSlot]!;
    const known = this.restMemo.get(pictures);
    if (known !== undefined) return known;
    let broken: string | null = null;
    this.states.forEach((state, m) => {
      state.put(data[pictures + m]!);
      state.property.atRest();
      const { violation } = state.property;
      state.touch();
      if (violation) broken ??= `${violation.property}: ${violation.message}`;
    });
    this.restMemo.set(pictures, broken);
    return broken;
  }
  private readonly restMemo = new Map<number, string | null>();
  private isAtRest(): boolean {
    const { geometry } = this.built.world;
    for (let actor = 0; actor < geometry.feeder; actor++)
      if (this.slots[this.queueSlot[actor]!] !== 0) return false;
    const now = this.slots[this.environmentSlot]!;
    return this.records.data[now + 2 * geometry.vcpus + 1] === 2 ** geometry.vcpus - 1;
  }
  isEnd(states: Int32Array, at: number): boolean {
    this.unpack(states[at]!, states[at + 1]!);
    return this.isAtRest();
  }

  // --- for people

  private note(
    kind: Choice['kind'],
    ring: number,
    fault: number,
    sent: number,
    vcpu = 0,
    word = 0,
    gvpn = 0,
    gfn = 0,
  ): void {
    if (this.choices === null) return;
    this.choices.push({ kind, ring, fault, vcpu, word, gvpn, gfn, text: '' });
    const choice = this.choices[this.choices.length - 1]!;
    choice.text = this.textOf(choice, sent);
  }
  private textOf(choice: Choice, sent: number): string {
    const { system } = this.built;
    const { geometry, mailboxes } = system;
    switch (choice.kind) {
      case 'deliver': {
        const link = mailboxes.links[choice.ring]!;
        const { data } = this.records;
        const struck =
          choice.fault === NO_FAULT ? '' : `, and ${faultNames[choice.fault] ?? 'a device'} strikes`;
        return `${geometry.nameOf(link.receiver)} takes ${messageKinds[data[sent + 1]!]} ${data[sent + 2]} from ${geometry.nameOf(link.sender)}${struck}`;
      }
      case 'end':
        return `vcpu${choice.vcpu}'s script ends`;
      case 'reclaim':
        return `reclaim wants the page of Gfn ${choice.gfn}`;
      case 'feed': {
        const code = operationOf(choice.word);
        const what =
          code === scriptOperation.bulkMove
            ? `moves page ${choice.gvpn} to vNode ${argumentOf(choice.word) % BULK_VNODES}`
            : `${code === scriptOperation.write ? 'writes' : 'reads'} page ${choice.gvpn}`;
        return `vcpu${choice.vcpu} ${what}`;
      }
    }
  }
  choicesOf(states: Int32Array, at: number, out: Successors): Choice[] {
    const choices = (this.choices = CHOICES.slice());
    this.expand(states, at, out);
    this.choices = null;
    return choices;
  }
  describeAction(states: Int32Array, at: number, k: number): string {
    return this.choicesOf(states, at, this.spare())[k]!.text;
  }
  private spare(): Successors {
    return { place: () => 0, keys: new Int32Array(2), violate() {} } as unknown as Successors;
  }
  describe(states: Int32Array, at: number): string {
    this.unpack(states[at]!, states[at + 1]!);
    return this.leafOfSlot.map((leaf, slot) => (leaf ? `${leaf.name} ${this.slots[slot]}` : '')).join(' ');
  }
  get bytes(): number {
    return this.pairs.size * 8 + this.records.words * 4;
  }
  get sizes(): { pairs: number; records: number; words: number; effects: number } {
    return {
      pairs: this.pairs.size,
      records: this.records.size,
      words: this.records.words,
      effects: this.effects.length,
    };
  }
}

import { event, eventKinds } from '../../model/events.ts';

const eventNames = eventKinds;
const EVENT_WORDS = 10;
const GROUP_CODE = 1000;
const HUNGRY = 1 << 20;
const RECLAIM = 1 << 18;
const FAULT = 1 << 19;
const FEED = 0;
const FEED_MOVE = 1;
const FEED_END = 2;
const NO_FAIRNESS = -1;
/** Events that tell a time, which a search does not have. */
const TIMED: ReadonlySet<number> = new Set([event.stalled]);
/** Calls of the host to the hypervisor: the record of the operation is handed over with them. */
const CALLS: ReadonlySet<number> = new Set([message.age, message.protect, message.unmap, message.map, message.mapClean, message.restore, message.shootdown, message.export, message.retire, message.flushed]); // prettier-ignore
