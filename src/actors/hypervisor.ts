// The hypervisor: the only writer of the EPT, and the door between guests and host. It validates
// what guests send, forwards it, keeps the moved lists unless the host does (exporter.ts), and carries shootdowns to the
// vCPUs. Its code runs on the CPU that exited, so it adds latency but never queues.
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { LIST_PARTS } from '../model/list-policy.ts';
import { message, type Message } from '../model/messages.ts';
import { requestKinds, result } from '../model/words.ts';
import { Exporter } from './exporter.ts';

export class Hypervisor implements Actor {
  private readonly world: World;
  private readonly costs: Costs;
  /** Acknowledgements that a shootdown still waits for, by operation. */
  private readonly acks: Int32Array;
  /** Null where the host keeps the lists and this is only their door. */
  readonly exporter: Exporter | null;

  constructor(arena: Arena, world: World, costs: Costs) {
    this.world = world;
    this.costs = costs;
    this.acks = arena.int32(world.operations.count);
    this.exporter =
      world.listPolicy.owner === 'hypervisor'
        ? new Exporter(arena, world, costs, world.geometry.hypervisor)
        : null;
  }

  receive(incoming: Message, context: Context): void {
    const { geometry, operations, ept } = this.world;
    const { id, argument } = incoming;
    switch (incoming.kind) {
      case message.fault:
        context.send(geometry.host, message.fault, id);
        return;
      case message.tick:
        context.send(incoming.sender === geometry.host ? id : geometry.host, message.tick, id);
        return;
      case message.resume:
        context.send(id, message.resume, id, argument);
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
        this.exporter!.insert(argument, operations.generation[id]!, context);
        break;
      case message.retire:
        this.exporter!.remove(argument, operations.generation[id]!, context);
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
    const guest = geometry.vcpuGuest[sender]!;
    const owns = (gfn: number) => gfn >= geometry.guestGfn[guest]! && gfn < geometry.guestGfn[guest + 1]!;
    const source = requests.source[request]!;
    const destination = requests.destination[request]!;
    const valid =
      this.requester(request) === sender &&
      owns(source) &&
      owns(destination) &&
      source !== destination &&
      requests.kind[request]! >= 0 &&
      requests.kind[request]! < requestKinds.length;
    if (valid) {
      context.trace.forwarded(request);
      requests.step(request, requests.table.event.forward, context.trace);
      context.send(geometry.host, message.request, request);
      return;
    }
    requests.step(request, requests.table.event.refuse, context.trace);
    requests.result[request] = result.EINVAL;
    const { generation, kind } = requests;
    context.trace.answered(request, source, destination, generation[request]!, kind[request]!, result.EINVAL);
    context.send(sender, message.answer, request);
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
}
