// The hypervisor: the only writer of the EPT, and the door between guests and host. It validates what guests send,
// forwards it, keeps the moved lists unless the host does (exporter.ts), and carries shootdowns to the vCPUs. Its code
// runs on the CPU that exited, so it adds latency but never queues.
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { GENERATION_MASK } from '../memory/page-words.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { LIST_PARTS } from '../model/list-policy.ts';
import { message, type Message } from '../model/messages.ts';
import { requestKinds, result } from '../model/words.ts';
import type { Recovery } from '../memory/records.ts';
import { Served } from './calls.ts';
import { Exporter } from './exporter.ts';
import { Once, tellingOf } from './once.ts';
import { type Forgetful, listTalk, Restart } from './restart.ts';

/** What is only passed on, and needs no memory. */
const PASSED_ON: readonly number[] = [
  message.fault,
  message.tick,
  message.command,
  message.commanded,
  message.resume,
  message.answer,
  // Of a list that nobody knows there is a version as well: the one that says so.
  ...listTalk,
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
  /** Null where the host keeps the lists and this is only their door. */
  readonly exporter: Exporter | null;

  constructor(arena: Arena, world: World, costs: Costs) {
    this.world = world;
    this.costs = costs;
    this.acks = arena.int32(world.operations.count);
    this.silentWords = Math.ceil(world.geometry.vcpus / 32);
    this.silent = arena.int32(world.operations.count * this.silentWords);
    this.served = new Served(arena, world);
    const { geometry } = world;
    this.requestsHeard = new Once(arena, geometry.vcpus * geometry.spec.batch, tellingOf(geometry.spec));
    this.restart = new Restart(arena, world);
    this.exporter =
      world.listPolicy.owner === 'hypervisor'
        ? new Exporter(arena, world, costs, world.geometry.hypervisor)
        : null;
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
      case message.publish:
        this.exporter!.publish(id, context);
        return;
      case message.listPart:
      case message.listNotice:
        context.send(Math.floor(argument / LIST_PARTS), incoming.kind, id, argument);
        return;
      case message.listTaken:
      case message.listWanted:
        if (this.exporter === null) context.send(geometry.host, incoming.kind, id);
        else if (incoming.kind === message.listTaken) this.exporter.takenBy(id, context);
        else this.exporter.wantedBy(id, context);
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
        if (this.restart.hasHappened && this.exporter!.has(argument, operations.generation[id]!)) break;
        this.exporter!.insert(argument, operations.generation[id]!, context);
        break;
      case message.retire:
        this.exporter!.remove(argument, operations.generation[id]!, context);
        break;
    }
    this.done(id, result.OK, context);
  }

  settle(): void {
    this.exporter?.settle();
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
  isValid(request: number, guest: number): boolean {
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

  forget(context: Context): void {
    this.acks.fill(0);
    this.silent.fill(0);
    this.served.forget();
    this.requestsHeard.forget();
    if (this.exporter === null) return;
    this.exporter.restart(context);
    context.trace.forgot();
  }
  remember({ callSerial, requestSerial, generation }: Recovery, context: Context): void {
    this.served.forget(callSerial);
    this.requestsHeard.forget(requestSerial);
    if (this.exporter === null) return;
    this.exporter.rebuild(generation, context);
    context.trace.recalled();
  }
}
