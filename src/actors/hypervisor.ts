// The hypervisor: the only writer of the EPT and of the moved lists, and the door between guests and host. It validates
// what guests send, forwards it, collects the list (FIG. 4: 420) and carries shootdowns to the vCPUs. Its code runs on
// the CPU that exited, so it adds latency but never queues.
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { GENERATION_MASK } from '../memory/page-words.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { message, type Message } from '../model/messages.ts';
import { requestKinds, result } from '../model/words.ts';
import type { Recovery } from '../memory/records.ts';
import { Served } from './calls.ts';
import { Once } from './once.ts';
import { type Forgetful, Restart } from './restart.ts';

/** What is only passed on, and needs no memory. */
const PASSED_ON: readonly number[] = [
  message.fault,
  message.tick,
  message.command,
  message.commanded,
  message.resume,
  message.answer,
];

export class Hypervisor implements Actor, Forgetful {
  private readonly world: World;
  private readonly costs: Costs;
  /** Acknowledgements that a shootdown still waits for, by operation. */
  readonly acks: Int32Array;
  /** ... and from whom: a bit for each vCPU of the guest, some words for each operation. */
  private readonly silent: Int32Array;
  private readonly silentWords: number;
  readonly served: Served;
  readonly requestsHeard: Once;
  readonly restart: Restart;
  /** What stands in the lists, by guest: Gfn + 1 and generation of each entry, and how many moved pages found no room. */
  private readonly held: Int32Array[];
  private readonly heldGeneration: Int32Array[];
  readonly overflow: Int32Array[];
  /** Moved pages that are not on a list for want of room: generation + 1, by Gfn. */
  private readonly unlisted: Int32Array;

  constructor(arena: Arena, world: World, costs: Costs) {
    this.world = world;
    this.costs = costs;
    this.acks = arena.int32(world.operations.count);
    this.silentWords = Math.ceil(world.geometry.vcpus / 32);
    this.silent = arena.int32(world.operations.count * this.silentWords);
    this.served = new Served(arena, world);
    this.requestsHeard = new Once(arena, world.geometry.vcpus * world.geometry.spec.batch);
    this.restart = new Restart(arena, world);
    this.held = world.lists.map((list) => arena.int32(list.capacity));
    this.heldGeneration = world.lists.map((list) => arena.int32(list.capacity));
    this.overflow = world.lists.map((list) => arena.int32(list.capacity));
    this.unlisted = arena.int32(world.geometry.gfns);
  }

  receive(incoming: Message, context: Context): void {
    const { geometry, operations, ept } = this.world;
    const { id, argument, serial } = incoming;
    if (this.restart.takes(incoming, this, context)) return;
    if (!this.restart.isReady && !PASSED_ON.includes(incoming.kind)) return;
    switch (incoming.kind) {
      case message.fault:
        context.send(geometry.host, message.fault, id, 0, 0, serial);
        return;
      case message.tick:
      case message.command:
        context.send(incoming.sender === geometry.host ? id : geometry.host, incoming.kind, id);
        return;
      case message.commanded:
        context.send(id % geometry.vcpus, message.commanded, id, argument);
        return;
      case message.resume:
        context.send(id, message.resume, id, argument, 0, serial);
        return;
      case message.notPresent:
        context.send(id, message.notPresent, id, argument);
        return;
      case message.request:
        this.forward(id, serial, incoming.sender, context);
        return;
      case message.answer:
        context.send(this.requester(id), message.answer, id, 0, 0, serial);
        return;
      case message.flushed:
        if (!this.served.isUnderWay(incoming) || !this.isHeardFrom(incoming.sender, id)) return;
        if (--this.acks[id]! === 0) this.done(id, result.OK, context);
        return;
    }
    if (!this.served.isNew(incoming, context)) {
      if (incoming.kind === message.shootdown && this.served.isUnderWay(incoming))
        this.flush(id, argument, context);
      return;
    }
    switch (incoming.kind) {
      case message.shootdown:
        this.shootdown(id, argument, context);
        return;
      case message.age:
        this.done(id, ept.young(argument) ? result.BUSY : result.OK, context);
        return;
      case message.protect:
        context.trace.eptProtected(argument);
        ept.protect(argument);
        break;
      case message.unmap:
        context.trace.eptCleared(argument);
        ept.clear(argument);
        break;
      case message.map:
        context.trace.eptSet(argument, operations.to[id]!);
        ept.set(argument, operations.to[id]!);
        break;
      case message.mapClean:
        context.trace.eptSet(argument, operations.to[id]!);
        context.trace.eptProtected(argument);
        ept.set(argument, operations.to[id]!, false);
        break;
      case message.restore:
        context.trace.eptSet(argument, operations.from[id]!);
        ept.set(argument, operations.from[id]!);
        break;
      case message.export:
        // The host may have named it after a restart already.
        if (this.restart.hasHappened && this.has(argument, operations.generation[id]!)) break;
        this.insert(argument, operations.generation[id]!, context);
        break;
      case message.retire:
        this.remove(argument, operations.generation[id]!, context);
        break;
    }
    this.done(id, result.OK, context);
  }

  done(operation: number, outcome: number, context: Context): void {
    this.world.operations.result[operation] = outcome;
    this.served.answer(operation, context);
  }
  private requester(request: number): number {
    return Math.floor(request / this.world.geometry.spec.batch);
  }

  /** 455: checks ownership and bounds, forwards; what is not the guest's own never reaches the host. */
  private forward(request: number, serial: number, sender: number, context: Context): void {
    const { geometry, requests } = this.world;
    if (!this.isOwn(request, sender)) {
      context.trace.rejected(request, sender);
      context.send(sender, message.answer, request, 0, 0, serial);
      return;
    }
    const heard = this.requestsHeard.hear(request, serial);
    if (heard === 'old') return;
    if (heard === 'done') return context.send(sender, message.answer, request, 0, 0, serial);
    // The draft may be looked at once: what was copied is the host's from then on. Once more after a restart, which finds
    // it as it left it, forwarded or refused; had the host heard of it, the hypervisor would know.
    if (heard === 'pending') return context.send(geometry.host, message.request, request, 0, 0, serial);
    this.copyIn(request);
    const { source, destination, generation, kind, table } = requests;
    if (this.isValid(request, geometry.vcpuGuest[sender]!)) {
      if (requests.state[request] !== table.state.forwarded) {
        context.trace.forwarded(request);
        requests.step(request, table.event.forward, context.trace);
      }
      context.send(geometry.host, message.request, request, 0, 0, serial);
      return;
    }
    this.requestsHeard.done(request);
    if (requests.state[request] !== table.state.refused) {
      requests.step(request, table.event.refuse, context.trace);
      requests.result[request] = result.EINVAL;
      context.trace.answered(
        request,
        source[request]!,
        destination[request]!,
        generation[request]!,
        kind[request]!,
        result.EINVAL,
      );
    }
    context.send(sender, message.answer, request, 0, 0, serial);
  }
  /** Another's record is not even looked at. */
  private isOwn(request: number, sender: number): boolean {
    return this.requester(request) === sender;
  }
  /** Each field once, before any of them is checked: the guest may change them at any time (race 17). */
  private copyIn(request: number): void {
    const { requests, hypercalls } = this.world;
    requests.kind[request] = hypercalls.kind[request]!;
    requests.source[request] = hypercalls.source[request]!;
    requests.destination[request] = hypercalls.destination[request]!;
    requests.generation[request] = hypercalls.generation[request]!;
  }
  private isValid(request: number, guest: number): boolean {
    const { geometry, requests } = this.world;
    const owns = (gfn: number) => gfn >= geometry.guestGfn[guest]! && gfn < geometry.guestGfn[guest + 1]!;
    const source = requests.source[request]!;
    const destination = requests.destination[request]!;
    const generation = requests.generation[request]!;
    const kind = requests.kind[request]!;
    return (
      owns(source) &&
      owns(destination) &&
      source !== destination &&
      generation >= 0 &&
      generation <= GENERATION_MASK &&
      kind >= 0 &&
      kind < requestKinds.length
    );
  }

  /** Every vCPU of the guest may cache the page: all of them drop it and acknowledge before the host goes on (I8). */
  shootdown(operation: number, gfn: number, context: Context): void {
    const { geometry } = this.world;
    const guest = geometry.guestOf(gfn);
    const first = geometry.guestVcpu[guest]!;
    const count = geometry.guestVcpu[guest + 1]! - first;
    this.acks[operation] = count;
    for (let vcpu = first; vcpu < first + count; vcpu++) this.expect(vcpu, operation);
    this.flush(operation, gfn, context);
  }
  /** Tells every vCPU of which nothing was heard yet. */
  flush(operation: number, gfn: number, context: Context): void {
    const { geometry } = this.world;
    const guest = geometry.guestOf(gfn);
    const first = geometry.guestVcpu[guest]!;
    const end = geometry.guestVcpu[guest + 1]!;
    const delayNs = this.costs.shootdownNs + this.costs.shootdownTargetNs * (end - first - 1);
    const serial = this.served.serialOf(operation);
    for (let vcpu = first; vcpu < end; vcpu++) {
      if (this.isSilent(vcpu, operation)) context.send(vcpu, message.flush, operation, gfn, delayNs, serial);
    }
  }
  expect(vcpu: number, operation: number): void {
    this.silent[operation * this.silentWords + (vcpu >> 5)]! |= 1 << (vcpu & 31);
  }
  private isSilent(vcpu: number, operation: number): boolean {
    return (this.silent[operation * this.silentWords + (vcpu >> 5)]! & (1 << (vcpu & 31))) !== 0;
  }
  /** @returns whether it is the first time */
  isHeardFrom(vcpu: number, operation: number): boolean {
    if (!this.isSilent(vcpu, operation)) return false;
    this.silent[operation * this.silentWords + (vcpu >> 5)]! &= ~(1 << (vcpu & 31));
    return true;
  }

  // --- restarts (restart.ts)

  forget(): void {
    this.acks.fill(0);
    this.silent.fill(0);
    this.served.forget();
    this.requestsHeard.forget();
    for (const columns of [this.held, this.heldGeneration, this.overflow])
      for (const column of columns) column.fill(0);
    this.unlisted.fill(0);
  }
  remember({ callSerial, requestSerial }: Recovery): void {
    this.served.forget(callSerial);
    this.requestsHeard.forget(requestSerial);
  }
  /** The mark is one more page that found no room in the entry, of which nothing else is known. */
  markUnknown(guest: number, entry: number, isUnknown: boolean): void {
    const overflow = this.overflow[guest]!;
    overflow[entry]! += isUnknown ? 1 : -1;
    const occupant = this.held[guest]![entry]! - 1;
    this.world.lists[guest]!.write(
      entry,
      occupant,
      this.heldGeneration[guest]![entry]!,
      overflow[entry]! > 0,
    );
  }
  private has(gfn: number, generation: number): boolean {
    const guest = this.world.geometry.guestOf(gfn);
    const entry = this.world.lists[guest]!.entryOf(gfn);
    const isListed = this.held[guest]![entry] === gfn + 1;
    const listed = isListed ? this.heldGeneration[guest]![entry]! + 1 : this.unlisted[gfn]!;
    return listed === generation + 1;
  }

  /** 425: the entry, or an overflow mark where another page has its place. */
  insert(gfn: number, generation: number, context: Context): void {
    const guest = this.world.geometry.guestOf(gfn);
    const list = this.world.lists[guest]!;
    const held = this.held[guest]!;
    const overflow = this.overflow[guest]!;
    const entry = list.entryOf(gfn);
    if (held[entry] === 0 || held[entry] === gfn + 1) {
      held[entry] = gfn + 1;
      this.heldGeneration[guest]![entry] = generation;
      context.trace.listed(gfn, generation);
      list.write(entry, gfn, generation, overflow[entry]! > 0);
      return;
    }
    const occupant = held[entry]! - 1;
    this.unlisted[gfn] = generation + 1;
    overflow[entry]!++;
    context.trace.overflowed(gfn, generation);
    list.write(entry, occupant, this.heldGeneration[guest]![entry]!, true);
  }

  /** 485: the entry goes; a moved page that had found no room takes its place (420: the hypervisor completes the list). */
  remove(gfn: number, generation: number, context: Context): void {
    const { geometry } = this.world;
    const guest = geometry.guestOf(gfn);
    const list = this.world.lists[guest]!;
    const held = this.held[guest]!;
    const overflow = this.overflow[guest]!;
    const entry = list.entryOf(gfn);
    if (held[entry] !== gfn + 1 && this.unlisted[gfn] === 0) return;
    context.trace.delisted(gfn, generation);
    if (this.unlisted[gfn] !== 0) {
      this.unlisted[gfn] = 0;
      overflow[entry]!--;
      const occupant = held[entry]! - 1;
      list.write(entry, occupant, this.heldGeneration[guest]![entry]!, overflow[entry]! > 0);
      return;
    }
    let next = -1;
    if (overflow[entry]! > 0) {
      const end = geometry.guestGfn[guest + 1]!;
      for (let other = geometry.guestGfn[guest]! + entry; other < end && next < 0; other += list.capacity) {
        if (this.unlisted[other] !== 0) next = other;
      }
    }
    held[entry] = next + 1;
    if (next < 0) {
      list.write(entry, -1, 0, overflow[entry]! > 0);
      return;
    }
    const nextGeneration = this.unlisted[next]! - 1;
    this.heldGeneration[guest]![entry] = nextGeneration;
    this.unlisted[next] = 0;
    overflow[entry]!--;
    context.trace.listed(next, nextGeneration);
    list.write(entry, next, nextGeneration, overflow[entry]! > 0);
  }
}
