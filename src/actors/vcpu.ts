// A vCPU with the guest kernel code that runs on it: executes its script through TLB, guest page table and EPT, takes
// faults and hint faults, scans for NUMA balancing, and answers shootdowns whatever else it is doing.
//
// It runs in micro-steps, each with at most one shared access: a walk of the guest page table, a walk of the EPT that
// fills the TLB, one word of a page. A message may come between any two. What a walk read in an earlier micro-step is
// forgotten when a flush comes in, as hardware forgets a walk that an invalidation overtakes.
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { LIST_PARTS } from '../model/list-policy.ts';
import { message, type Message } from '../model/messages.ts';
import { commandIn, parameterIn } from '../model/script.ts';
import { result } from '../model/words.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { assert } from '../stdx/assert.ts';
import { Accesses } from './accesses.ts';
import { AsyncFaults } from './async-faults.ts';
import { Balancing } from './balancing.ts';
import { GuestCommands } from './guest-commands.ts';
import { type GfnMarks, GuestMemory } from './guest-memory.ts';
import { ListView } from './list-view.ts';
import { HintScan } from './hint-scan.ts';
import { nextSerial, type Telling, tellingOf } from './once.ts';
import { Reporting } from './reporting.ts';
import { Retries } from './retries.ts';
import { Rogue } from './rogue.ts';
import { field } from './vcpu-column.ts';

/** What a vCPU may wait for an answer to. */
export const waits = { fault: 0, ask: 1, count: 2 } as const;
/** Accesses between two ticks that no run makes. */
const NO_TICKS = 2 ** 29;

export class Vcpu implements Actor {
  readonly world: World;
  readonly self: number;
  readonly costs: Costs;
  readonly protocol: Protocol;
  readonly memory: GuestMemory;
  readonly own: Int32Array;
  /** By slot of the batch: serial of its last request, and 1 while that one is not answered. */
  readonly asked: Int32Array;
  readonly unanswered: Int32Array;
  readonly retries: Retries;
  readonly telling: Telling;
  readonly balancing: Balancing;
  readonly scan: HintScan;
  private readonly guestCommands: GuestCommands;
  readonly reporting: Reporting;
  readonly rogue: Rogue;
  readonly asyncFaults: AsyncFaults;
  readonly accesses: Accesses;
  readonly view: ListView;
  private readonly others: number[] = [];

  constructor(
    arena: Arena,
    world: World,
    self: number,
    protocol: Protocol,
    costs: Costs,
    freeGfns: Int32Array,
    marks: GfnMarks,
  ) {
    const { geometry } = world;
    this.world = world;
    this.self = self;
    this.costs = costs;
    this.protocol = protocol;
    this.own = arena.int32(field.count);
    this.asked = arena.int32(geometry.spec.batch);
    this.unanswered = arena.int32(geometry.spec.batch);
    this.retries = new Retries(arena, world, waits.count);
    this.telling = tellingOf(geometry.spec);
    this.memory = new GuestMemory(arena, world, self, freeGfns, marks);
    this.balancing = new Balancing(arena, this);
    this.scan = new HintScan(arena, this);
    this.guestCommands = new GuestCommands(arena, this);
    this.asyncFaults = new AsyncFaults(arena);
    this.accesses = new Accesses(arena, this);
    this.rogue = new Rogue(arena, this);
    this.reporting = new Reporting(arena, this);
    this.view = new ListView(arena, world, self, costs);
    const guest = geometry.vcpuGuest[self]!;
    for (let v = geometry.guestVcpu[guest]!; v < geometry.guestVcpu[guest + 1]!; v++) {
      if (v !== self) this.others.push(v);
    }
  }

  start(context: Context): void {
    const { own } = this;
    this.memory.reset();
    this.scan.reset();
    this.guestCommands.reset();
    own[field.state] = this.world.tables.vcpu.initial;
    own[field.walked] = -1;
    own[field.lastGvpn] = -1;
    this.requeue(context);
  }

  receive(incoming: Message, context: Context): void {
    const { world, own, self } = this;
    const tlb = world.tlbs[self]!;
    const { event } = world.tables.vcpu;
    switch (incoming.kind) {
      case message.run:
        own[field.queued] = 0;
        break;
      case message.flush:
        tlb.flushGfn(incoming.argument);
        context.trace.tlbFlush(self, incoming.argument);
        context.send(world.geometry.hypervisor, message.flushed, incoming.id, 0, 0, incoming.serial);
        return;
      case message.guestFlush:
        tlb.flushAll();
        own[field.walked] = -1;
        context.send(incoming.sender, message.guestFlushed, self);
        return;
      case message.guestFlushed:
        if (--own[field.outstanding]! > 0) return;
        this.become(event.flushed);
        break;
      case message.awaitMigration:
        this.balancing.awaited(incoming.argument, incoming.sender, context);
        return;
      case message.tick:
        own[field.ticking] = 0;
        return;
      case message.listPart:
        this.view.arrived(incoming.id, incoming.argument % LIST_PARTS, context);
        return;
      case message.listNotice:
        this.view.noticed(context);
        return;
      case message.freed:
        this.takeBack(incoming.argument >> 1, (incoming.argument & 1) === 1, context);
        return;
      case message.handover:
        own[field.tasks]!++;
        if (!this.isParked() || own[field.hungry] === 1) return;
        own[field.tasks]!--;
        context.trace.tookOver(self);
        this.become(event.unpark);
        break;
      case message.fed:
        own[field.position] = 0;
        own[field.hungry] = 0;
        this.become(event.unpark);
        if (world.scripts.length[self] === 0) {
          context.trace.halted(self);
          this.become(event.halt);
          return;
        }
        break;
      case message.migrated:
        this.become(event.migrated);
        break;
      case message.notPresent:
        if (this.own[field.state] !== world.tables.vcpu.state.faulted) return;
        if (!this.asyncFaults.isCurrent(incoming.argument)) return;
        this.accesses.defer(context);
        break;
      case message.resume:
        if (incoming.serial !== own[field.faults]) return;
        if (this.asyncFaults.isOutstanding) {
          if (!this.accesses.readied(incoming.argument, context)) return;
          this.become(event.resume);
          break;
        }
        if (!this.isFaulted()) return;
        this.become(event.resume);
        this.resumed(incoming.argument, context);
        break;
      case message.commanded:
        if (incoming.id !== self) return this.reporting.reported(context);
        context.trace.commanded(
          self,
          world.commands.kind[self]!,
          world.commands.gfn[self]!,
          incoming.argument,
        );
        this.guestCommands.commanded(
          world.commands.kind[self]!,
          world.commands.gfn[self]!,
          incoming.argument,
        );
        this.become(event.answered);
        break;
      case message.answer:
        if (!this.isAnswered(incoming)) return;
        if (--own[field.outstanding]! > 0) return;
        this.become(event.answered);
        this.balancing.answered(context);
        break;
      case message.timeout:
        this.timeout(incoming, context);
        return;
      default:
        return;
    }
    this.run(context);
  }

  private isRunning(): boolean {
    return this.own[field.state] === this.world.tables.vcpu.state.running;
  }
  private isFaulted(): boolean {
    return this.own[field.state] === this.world.tables.vcpu.state.faulted;
  }
  private isParked(): boolean {
    return this.own[field.state] === this.world.tables.vcpu.state.parked;
  }
  become(on: number): void {
    const table = this.world.tables.vcpu;
    const state = this.own[field.state]!;
    const after = table.next[state * table.events.length + on]!;
    if (after < 0) assert(false, `vcpu ${this.self}: ${table.events[on]} in state ${table.states[state]}`);
    this.own[field.state] = after;
  }

  settle(): void {
    const { own, self, world } = this;
    const { repeats } = this.telling;
    const { state } = world.tables.vcpu;
    const { faults, commands, scripts, geometry } = world;
    own[field.lastGvpn] = -1;
    if (geometry.spec.policy.hintPages === 0) own[field.sinceScan] = 0;
    if (geometry.spec.policy.accessesPerTick >= NO_TICKS) own[field.sinceTick] = 0;
    if (own[field.busy] === 0) {
      own[field.write] = own[field.gvpn] = own[field.word] = own[field.stalled] = 0;
      own[field.walked] = -1;
    }
    if (!this.isFaulted() && !this.asyncFaults.isOpen && !repeats)
      for (const column of [faults.gfn, faults.write, faults.purpose, faults.token]) column[self] = 0;
    // "Not present" comes over the ring that "ready" comes over, before it.
    const isSettled = !this.isFaulted() && !this.asyncFaults.isOpen && !repeats;
    if (isSettled || geometry.spec.policy.guest?.asyncFaults !== true) this.asyncFaults.forget();
    if (geometry.spec.policy.guest?.freePageReporting !== true) this.memory.reportNothing();
    if (own[field.state] !== state.asking)
      commands.kind[self] = commands.gfn[self] = commands.parameter[self] = 0;
    if (!repeats && own[field.state] !== state.asking) own[field.asks] = 0;
    this.rogue.settle();
    const forges = this.rogue.active || own[field.state] === state.asking;
    if (!this.balancing.active && !forges) {
      if (!repeats) this.asked.fill(0);
      world.tlbs[self]!.unmapKernel();
      this.balancing.settle();
      this.view.settle();
    }
    world.tlbs[self]!.settle();
    if (own[field.position]! < scripts.length[self]! || own[field.busy] === 1) return;
    // What may be looked at once more must still be there then.
    if (this.balancing.isDiscarding) return;
    scripts.words[self]!.fill(0);
    if (own[field.hungry] === 1) own[field.position] = scripts.length[self] = 0;
  }
  /** As many micro-steps as a burst has, or until something must be waited for. */
  private run(context: Context): void {
    const { burst } = this.world.geometry.spec;
    for (let i = 0; i < burst; i++) {
      if (!this.isRunning()) return;
      context.step();
      if (this.balancing.active) this.balancing.step(context);
      // Between accesses: else a page that was brought in for one is gone again by the time that its list is copied.
      else if (this.view.active && this.own[field.busy] === 0) this.view.step(context);
      else if (this.scan.active) this.scan.step(context);
      else if (this.rogue.active) this.rogue.step(context);
      else {
        const hits = burst > 1 ? this.accesses.hits(burst - i, context) : 0;
        if (hits > 0) i += hits - 1;
        else this.accesses.step(context);
      }
    }
    if (this.isRunning()) this.requeue(context);
  }
  private requeue(context: Context): void {
    if (this.own[field.queued] === 1) return;
    this.own[field.queued] = 1;
    context.send(this.self, message.run, 0);
  }

  // --- commands and waits

  /** The Gfn that a command is about, by one look at the page table; then the host is asked. */
  command(argument: number, gvpn: number, context: Context): void {
    const { world } = this;
    if (this.guestCommands.begin(commandIn(argument), gvpn, parameterIn(argument), context)) return;
    const entry = world.gpt.load(gvpn);
    if (pteKind(entry) === pte.migration) {
      this.again();
      this.awaitMigration(gvpn, ptePayload(entry), context);
      return;
    }
    const gfn = pteKind(entry) === pte.none ? -1 : ptePayload(entry);
    this.askHost(commandIn(argument), gfn, parameterIn(argument), context);
  }
  /** The operation of the script that is being looked at is to be looked at once more. */
  again(): void {
    this.own[field.position]!--;
  }
  askHost(kind: number, gfn: number, parameter: number, context: Context): void {
    const { commands, geometry, tables } = this.world;
    commands.kind[this.self] = kind;
    commands.gfn[this.self] = gfn;
    commands.parameter[this.self] = parameter;
    this.become(tables.vcpu.event.ask);
    context.send(geometry.hypervisor, message.command, this.self);
  }

  /** migration_entry_wait: whoever moves the page says when it has done so. */
  awaitMigration(gvpn: number, owner: number, context: Context): void {
    context.trace.waited(this.self, gvpn, owner);
    this.become(this.world.tables.vcpu.event.wait);
    context.send(owner, message.awaitMigration, this.self, gvpn);
  }

  // --- for accesses, balancing and scan, which run on this vCPU

  /** EPT violation: exits to the hypervisor and waits until the page may be there. */
  fault(gfn: number, write: boolean, why: number, context: Context): void {
    const { faults, geometry, tables } = this.world;
    this.own[field.stalled] = 1;
    faults.gfn[this.self] = gfn;
    faults.write[this.self] = write ? 1 : 0;
    faults.purpose[this.self] = why;
    faults.token[this.self] = this.asyncFaults.next();
    context.trace.faulted(this.self, gfn, write ? 1 : 0, why);
    context.spend(this.costs.eptViolationNs);
    this.become(tables.vcpu.event.fault);
    const serial = nextSerial(this.own[field.faults]!, this.telling);
    this.own[field.faults] = serial;
    context.send(geometry.hypervisor, message.fault, this.self, 0, 0, serial);
    this.retries.said(waits.fault, serial, context);
  }
  private resumed(outcome: number, context: Context): void {
    const gfn = this.world.faults.gfn[this.self]!;
    context.trace.resumed(this.self, gfn, outcome);
    if (outcome !== result.EIO) return;
    context.trace.machineCheck(this.self, gfn);
    if (this.balancing.active) this.balancing.machineCheck(gfn, context);
    else this.own[field.busy] = 0;
  }

  /** Sends a TLB flush to the guest's other vCPUs, if there are any, and waits for all of them. */
  flushOthers(context: Context): void {
    if (this.others.length === 0) return;
    for (const other of this.others) context.send(other, message.guestFlush, this.self);
    context.spend(this.costs.shootdownNs + this.costs.shootdownTargetNs * (this.others.length - 1));
    this.own[field.outstanding] = this.others.length;
    this.become(this.world.tables.vcpu.event.flush);
  }
  /** Writes a request down and traces that it is about to be sent. */
  draft(
    request: number,
    kind: number,
    source: number,
    destination: number,
    generation: number,
    context: Context,
  ): void {
    const { hypercalls, requests } = this.world;
    const { event, initial } = requests.table;
    if (requests.state[request] !== initial) requests.step(request, event.reuse, context.trace);
    hypercalls.kind[request] = kind;
    hypercalls.source[request] = source;
    hypercalls.destination[request] = destination;
    hypercalls.generation[request] = generation;
    context.trace.requested(request, source, destination, generation, kind);
    requests.step(request, event.send, context.trace);
  }
  /** Sends the drafted requests as one hypercall and waits for all answers. */
  ask(requests: readonly number[], context: Context): void {
    const { geometry, tables } = this.world;
    context.spend(this.costs.hypercallNs + this.costs.hypercallEntryNs * (requests.length - 1));
    this.own[field.outstanding] = requests.length;
    this.become(tables.vcpu.event.ask);
    for (const request of requests) {
      const slot = request % geometry.spec.batch;
      this.unanswered[slot] = 1;
      const serial = nextSerial(this.asked[slot]!, this.telling);
      this.asked[slot] = serial;
      context.send(geometry.hypervisor, message.request, request, requests.length, 0, serial);
    }
    this.own[field.asks] = nextSerial(this.own[field.asks]!, this.telling);
    this.retries.said(waits.ask, this.own[field.asks]!, context);
  }
  /** @returns whether an answer is to what was asked last, and was not heard before */
  isAnswered({ id, serial }: Message): boolean {
    const slot = id % this.world.geometry.spec.batch;
    if (this.unanswered[slot] === 0 || this.asked[slot] !== serial) return false;
    this.unanswered[slot] = 0;
    return true;
  }
  /** What was not answered is said again, as it was, until it is. */
  private timeout(incoming: Message, context: Context): void {
    const { own, self } = this;
    const { hypervisor, spec } = this.world.geometry;
    const { state } = this.world.tables.vcpu;
    if (incoming.id === waits.fault) {
      const open = this.isFaulted() || this.asyncFaults.isOutstanding ? own[field.faults]! : 0;
      if (!this.retries.isDue(incoming, open, context)) return;
      context.send(hypervisor, message.fault, self, 0, 0, open);
      return;
    }
    const open = own[field.state] === state.asking ? own[field.asks]! : 0;
    if (!this.retries.isDue(incoming, open, context)) return;
    for (let slot = 0; slot < spec.batch; slot++) {
      if (this.unanswered[slot] === 0) continue;
      context.send(hypervisor, message.request, self * spec.batch + slot, 0, 0, this.asked[slot]);
    }
  }
  /** @param isWiped whether the Gfn is full of poison; left out: as it was when it was taken from this vCPU's own list */
  free(gfn: number, context: Context, isWiped?: boolean): void {
    const owner = this.memory.ownerOf(gfn);
    if (owner === this.self) this.takeBack(gfn, isWiped, context);
    // The notes on a Gfn are its owner's: nobody else writes them.
    else context.send(owner, message.freed, this.self, 2 * gfn + (isWiped === true ? 1 : 0));
  }
  private takeBack(gfn: number, isWiped: boolean | undefined, context: Context): void {
    const { memory } = this;
    if (memory.poisons && isWiped !== undefined) memory.markWiped(gfn, isWiped);
    memory.give(gfn);
    this.reporting.pump(context);
  }
}
