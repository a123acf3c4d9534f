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

export class Hypervisor implements Actor {
  private readonly world: World;
  private readonly costs: Costs;
  /** Acknowledgements that a shootdown still waits for, by operation. */
  private readonly acks: Int32Array;
  /** What stands in the lists, by guest: Gfn + 1 and generation of each entry, and how many moved pages found no room. */
  private readonly held: Int32Array[];
  private readonly heldGeneration: Int32Array[];
  private readonly overflow: Int32Array[];
  /** Moved pages that are not on a list for want of room: generation + 1, by Gfn. */
  private readonly unlisted: Int32Array;

  constructor(arena: Arena, world: World, costs: Costs) {
    this.world = world;
    this.costs = costs;
    this.acks = arena.int32(world.operations.count);
    this.held = world.lists.map((list) => arena.int32(list.capacity));
    this.heldGeneration = world.lists.map((list) => arena.int32(list.capacity));
    this.overflow = world.lists.map((list) => arena.int32(list.capacity));
    this.unlisted = arena.int32(world.geometry.gfns);
  }

  receive(incoming: Message, context: Context): void {
    const { geometry, operations, ept } = this.world;
    const { id, argument } = incoming;
    switch (incoming.kind) {
      case message.fault:
        context.send(geometry.host, message.fault, id);
        return;
      case message.tick:
      case message.command:
        context.send(incoming.sender === geometry.host ? id : geometry.host, incoming.kind, id);
        return;
      case message.commanded:
        context.send(id % geometry.vcpus, message.commanded, id, argument);
        return;
      case message.resume:
        context.send(id, message.resume, id, argument);
        return;
      case message.notPresent:
        context.send(id, message.notPresent, id, argument);
        return;
      case message.request:
        this.forward(id, incoming.sender, context);
        return;
      case message.answer:
        context.send(this.requester(id), message.answer, id);
        return;
      case message.flushed:
        if (--this.acks[id]! === 0) this.done(id, result.OK, context);
        return;
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
      case message.restore:
        context.trace.eptSet(argument, operations.from[id]!);
        ept.set(argument, operations.from[id]!);
        break;
      case message.export:
        this.insert(argument, operations.generation[id]!, context);
        break;
      case message.retire:
        this.remove(argument, operations.generation[id]!, context);
        break;
    }
    this.done(id, result.OK, context);
  }

  private done(operation: number, outcome: number, context: Context): void {
    this.world.operations.result[operation] = outcome;
    context.send(this.world.geometry.host, message.done, operation);
  }
  private requester(request: number): number {
    return Math.floor(request / this.world.geometry.spec.batch);
  }

  /** 455: checks ownership and bounds, forwards; what is not the guest's own never reaches the host. */
  private forward(request: number, sender: number, context: Context): void {
    const { geometry, requests } = this.world;
    if (!this.isOwn(request, sender)) {
      context.trace.rejected(request, sender);
      context.send(sender, message.answer, request);
      return;
    }
    this.copyIn(request);
    const { source, destination, generation, kind, table } = requests;
    if (this.isValid(request, geometry.vcpuGuest[sender]!)) {
      context.trace.forwarded(request);
      requests.step(request, table.event.forward, context.trace);
      context.send(geometry.host, message.request, request);
      return;
    }
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
    context.send(sender, message.answer, request);
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
  private shootdown(operation: number, gfn: number, context: Context): void {
    const { geometry } = this.world;
    const guest = geometry.guestOf(gfn);
    const first = geometry.guestVcpu[guest]!;
    const count = geometry.guestVcpu[guest + 1]! - first;
    const delayNs = this.costs.shootdownNs + this.costs.shootdownTargetNs * (count - 1);
    this.acks[operation] = count;
    for (let vcpu = first; vcpu < first + count; vcpu++) {
      context.send(vcpu, message.flush, operation, gfn, delayNs);
    }
  }

  /** 425: the entry, or an overflow mark where another page has its place. */
  private insert(gfn: number, generation: number, context: Context): void {
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
  private remove(gfn: number, generation: number, context: Context): void {
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
