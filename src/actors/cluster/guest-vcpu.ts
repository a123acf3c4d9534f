// The thread that plays a vCPU of the guest on one host. Each host has one for each vCPU; the guest's owner has started
// its own, the others wait. Every access is the host's to serve: translations and their shootdown are the single host's
// subject, what matters here is which host serves it, and when.
import type { Actor, Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { type ClusterCosts, GuestScript } from '../../model/cluster.ts';
import { message, type Message } from '../../model/messages.ts';
import { finding, result } from '../../model/words.ts';

const field = { running: 0, waiting: 1, stopping: 2, count: 3 } as const;

export class GuestVcpu implements Actor {
  private readonly world: ClusterWorld;
  private readonly self: number;
  private readonly host: number;
  private readonly costs: ClusterCosts;
  private readonly script: GuestScript;
  private readonly own: Int32Array;

  constructor(arena: Arena, world: ClusterWorld, self: number, costs: ClusterCosts) {
    const { vcpus, spec } = world.geometry;
    this.world = world;
    this.self = self;
    this.host = Math.floor(self / vcpus);
    this.costs = costs;
    this.script = new GuestScript(spec, self % vcpus);
    this.own = arena.int32(field.count);
  }

  receive(incoming: Message, context: Context): void {
    const { own, self, world } = this;
    const { threads } = world;
    switch (incoming.kind) {
      case message.start:
        own[field.running] = 1;
        break;
      case message.stop:
        // An access under way is served first: what the host does for it is not to be done twice.
        if (own[field.waiting] === 1) own[field.stopping] = 1;
        else this.stop(context);
        return;
      case message.accessed:
        own[field.waiting] = 0;
        threads.position[self]!++;
        break;
      case message.answer:
        own[field.waiting] = 0;
        if (incoming.argument === result.OK) threads.turn(self, threads.gvpn[self]!);
        threads.position[self]!++;
        break;
      case message.settled:
        own[field.waiting] = 0;
        break;
      case message.run:
        own[field.waiting] = 0;
        break;
    }
    if (own[field.stopping] === 1) this.stop(context);
    else if (own[field.running] === 1) this.next(incoming.kind === message.settled, context);
  }

  private stop(context: Context): void {
    this.own[field.running] = 0;
    this.own[field.stopping] = 0;
    context.send(this.world.geometry.hostActor(this.host), message.stopped, this.self);
  }

  private next(settled: boolean, context: Context): void {
    const { own, self, world, script } = this;
    const { threads, geometry } = world;
    const host = geometry.hostActor(this.host);
    const position = threads.position[self]!;
    if (position === script.end) {
      own[field.running] = 0;
      context.trace.halted(self);
      return;
    }
    own[field.waiting] = 1;
    if (position === script.settle && !settled) {
      own[field.waiting] = 2;
      context.send(host, message.settle, self);
      return;
    }
    const access = script.at(position);
    const gfn = threads.gfnOf(self, access.gvpn);
    threads.gvpn[self] = access.gvpn;
    threads.gfn[self] = gfn;
    if (access.kind === 'balance') {
      this.balance(gfn, host, context);
      return;
    }
    threads.word[self] = access.word;
    threads.write[self] = access.kind === 'write' ? 1 : 0;
    context.spend(geometry.spec.guest.thinkNs + this.costs.localLatencyNs);
    context.send(host, message.access, self);
  }

  /** Inspects the list, and asks for what it finds there on the other vNode. What is not listed stays where it is. */
  private balance(gfn: number, host: number, context: Context): void {
    const { threads, lists } = this.world;
    const { self } = this;
    const list = lists[this.host]!;
    const listed = list.inspect(gfn);
    context.spend(this.costs.listInspectionNs);
    const found = listed ? finding.listed : finding.resident;
    context.trace.inspected(self, gfn, found, listed ? list.generation : 0);
    if (!listed) {
      threads.position[self]!++;
      context.send(self, message.run, 0);
      return;
    }
    threads.destination[self] = gfn ^ 1;
    threads.generation[self] = list.generation;
    threads.listedBy[self] = list.host;
    context.trace.requested(self, gfn, gfn ^ 1, list.generation, list.host);
    context.spend(this.costs.hypercallNs);
    context.send(host, message.request, self);
  }
}
