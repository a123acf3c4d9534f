// A host of a cluster, with its hypervisor: serves the guest's accesses while it owns the guest, swaps its pages, and moves
// it to another host or takes it in.
import type { Actor, Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { type ClusterCosts, packetKind } from '../../model/cluster.ts';
import { countIn, tagIn, tagOf, written } from '../../model/content.ts';
import { message, type Message } from '../../model/messages.ts';
import { cause, result } from '../../model/words.ts';
import type { MigrationMode } from '../../protocols/migration.ts';
import { HostPages, page, type PageListener } from './host-pages.ts';
import { Incoming } from './incoming.ts';
import { Outgoing, phase } from './outgoing.ts';
import { timerFor, Transport } from './transport.ts';

const field = { epoch: 0, owner: 1, moves: 2, served: 3, stopped: 4, restart: 5, count: 6 } as const;
/** What a vCPU of this host waits for. */
const wait = { nothing: 0, access: 1, answer: 2, settle: 3 } as const;
const EPOCH_SHIFT = 16;

export class ClusterHost implements Actor, PageListener {
  readonly number: number;
  readonly pages: HostPages;
  readonly transport: Transport;
  /** By Gfn: how often it was described; the number of the last description, on both sides. */
  readonly version: Int32Array;
  private readonly world: ClusterWorld;
  private readonly mode: MigrationMode;
  private readonly costs: ClusterCosts;
  private readonly outgoing: Outgoing;
  private readonly incoming: Incoming;
  private readonly fields: Int32Array;
  private readonly waits: Int32Array;

  constructor(arena: Arena, world: ClusterWorld, number: number, mode: MigrationMode, costs: ClusterCosts) {
    this.world = world;
    this.number = number;
    this.mode = mode;
    this.costs = costs;
    this.pages = new HostPages(arena, world, number, this);
    this.transport = new Transport(arena, world, number);
    this.version = arena.int32(world.geometry.gfns);
    this.outgoing = new Outgoing(arena, world, this, mode);
    this.incoming = new Incoming(arena, world, this, mode);
    this.fields = arena.int32(field.count);
    this.waits = arena.int32(world.geometry.vcpus);
  }
  start(context: Context): void {
    this.pages.reset();
    if (this.number !== 0) return;
    this.fields[field.owner] = 1;
    this.startVcpus(context);
  }
  get epoch(): number {
    return this.fields[field.epoch]!;
  }
  set epoch(epoch: number) {
    this.fields[field.epoch] = epoch;
  }
  get served(): number {
    return this.fields[field.served]!;
  }

  receive(incoming: Message, context: Context): void {
    switch (incoming.kind) {
      case message.access:
        this.access(incoming.id, context);
        return;
      case message.request:
        this.balance(incoming.id, context);
        return;
      case message.settle:
        this.waits[incoming.id % this.world.geometry.vcpus] = wait.settle;
        this.consider(context);
        return;
      case message.stopped:
        this.stopped(incoming.id, context);
        return;
      case message.done:
        this.pages.done(incoming.id, context);
        return;
      case message.sent:
        this.transport.givenBack(incoming.id);
        this.outgoing.kick(context);
        return;
      case message.deliver:
        this.delivered(incoming.id, context);
        return;
      case message.timer:
        if (incoming.id === timerFor.turn) this.outgoing.turn(context);
        else if (incoming.id === timerFor.watch) this.incoming.watched(context);
        else if (!this.transport.timer(incoming.argument, context)) this.outgoing.outOfReach(context);
        return;
      case message.claimed:
        this.outgoing.claimed(incoming.id, incoming.argument, context);
        this.incoming.claimed(incoming.id, incoming.argument, context);
        return;
    }
  }

  private delivered(packet: number, context: Context): void {
    const { packets, geometry } = this.world;
    switch (packets.kind[packet]) {
      case packetKind.ack: {
        const { migration, serial, argument } = packets;
        const refused = argument[packet] === 1;
        this.outgoing.acknowledged(migration[packet]!, serial[packet]!, refused, context);
        this.transport.consume(packet, context);
        return;
      }
      case packetKind.list: {
        const gfn = packets.gfn[packet]!;
        const said = packets.argument[packet]!;
        const list = this.world.lists[this.number]!;
        const version = packets.version[packet]!;
        const from = geometry.fromOf(packet);
        const taken = list.update(gfn, from, packets.generation[packet]!, said === 1, version);
        context.trace.listUpdated(this.number, gfn, version, taken ? 1 : 0);
        this.transport.consume(packet, context);
        return;
      }
      default:
        this.outgoing.overtaken(packets.migration[packet]!, context);
        this.incoming.receive(packet, context);
    }
  }

  // --- the guest's vCPUs

  startVcpus(context: Context): void {
    const { geometry } = this.world;
    context.trace.guestStarted(this.number, this.epoch);
    for (let vcpu = 0; vcpu < geometry.vcpus; vcpu++)
      context.send(geometry.vcpuActor(this.number, vcpu), message.start, 0);
  }
  stopVcpus(context: Context): void {
    const { geometry } = this.world;
    this.fields[field.stopped] = 0;
    for (let vcpu = 0; vcpu < geometry.vcpus; vcpu++)
      context.send(geometry.vcpuActor(this.number, vcpu), message.stop, 0);
  }
  /** The migration was given up while the vCPUs were stopping. */
  startWhenStopped(): void {
    this.fields[field.restart] = 1;
  }
  private stopped(thread: number, context: Context): void {
    const { fields } = this;
    const { vcpus } = this.world.geometry;
    this.waits[thread % vcpus] = wait.nothing;
    if (++fields[field.stopped]! < vcpus) return;
    context.trace.guestStopped(this.number, this.epoch);
    if (fields[field.restart] === 1) {
      fields[field.restart] = 0;
      this.startVcpus(context);
      this.migrationEnded(context);
    } else this.outgoing.stopped(context);
  }

  private access(thread: number, context: Context): void {
    const { threads, geometry } = this.world;
    const gfn = threads.gfn[thread]!;
    const state = this.pages.state[gfn]!;
    if (state === page.resident) {
      this.serve(thread, context);
      return;
    }
    this.waits[thread % geometry.vcpus] = wait.access;
    context.trace.faulted(thread % geometry.vcpus, gfn, threads.write[thread]!, 0);
    if (state === page.absent || state === page.swapped) this.pages.bringIn(gfn, cause.demand, context);
  }
  private serve(thread: number, context: Context): void {
    const { threads, locations, geometry } = this.world;
    const vcpu = thread % geometry.vcpus;
    const gfn = threads.gfn[thread]!;
    const gvpn = threads.gvpn[thread]!;
    const word = threads.word[thread]!;
    const location = this.pages.location[gfn]!;
    this.pages.touched(gfn);
    if (threads.write[thread] === 1) {
      const before = locations.write(location, word, tagOf(gvpn));
      context.trace.wrote(vcpu, gvpn, word, countIn(written(before, 0)), tagIn(before));
      this.outgoing.wrote(gfn);
    } else {
      const seen = locations.read(location, word);
      context.trace.read(vcpu, gvpn, word, countIn(seen), tagIn(seen));
    }
    this.fields[field.served]!++;
    context.send(thread, message.accessed, gfn);
    this.consider(context);
  }
  /** The vCPUs that wait for the page go on, if it is there. */
  private wake(gfn: number, context: Context): void {
    const { threads, geometry } = this.world;
    for (let vcpu = 0; vcpu < geometry.vcpus; vcpu++) {
      const thread = geometry.vcpuActor(this.number, vcpu);
      const waitsFor = this.waits[vcpu]!;
      if (waitsFor === wait.access && threads.gfn[thread] === gfn) {
        const state = this.pages.state[gfn]!;
        if (state === page.resident) {
          this.waits[vcpu] = wait.nothing;
          context.trace.resumed(vcpu, gfn, result.OK);
          context.spend(this.costs.eptViolationNs);
          this.serve(thread, context);
        } else if (state === page.swapped) this.pages.bringIn(gfn, cause.demand, context);
      } else if (waitsFor === wait.answer && threads.destination[thread] === gfn) {
        if (this.pages.state[gfn] !== page.resident) continue;
        this.waits[vcpu] = wait.nothing;
        this.reply(thread, result.OK, context);
      }
    }
  }

  /** A balance request: the page that the list names goes straight from its slot to the other vNode's node. */
  private balance(thread: number, context: Context): void {
    const { threads, geometry } = this.world;
    const { pages } = this;
    const source = threads.gfn[thread]!;
    const destination = threads.destination[thread]!;
    const refusal = this.refusalOf(thread, source, destination);
    if (refusal !== result.OK) {
      this.reply(thread, refusal, context);
      return;
    }
    const generation = pages.generation[source]!;
    context.trace.accepted(thread, source, destination, generation, 1, pages.location[source]!);
    this.waits[thread % geometry.vcpus] = wait.answer;
    this.outgoing.moved(source, destination);
    pages.rename(source, destination, context);
    this.listed(source, false, context);
  }
  private refusalOf(thread: number, source: number, destination: number): number {
    const { threads } = this.world;
    const { pages } = this;
    const keeps = (rule: 'check generation' | 'check host') => this.mode.rules.includes(rule);
    if (keeps('check host') && threads.listedBy[thread] !== this.number) return result.STALE;
    if (pages.isBusy(source)) return result.BUSY;
    if (pages.state[source] !== page.swapped) return result.STALE;
    if (keeps('check generation') && threads.generation[thread] !== pages.generation[source])
      return result.STALE;
    return pages.state[destination] === page.absent ? result.OK : result.BUSY;
  }
  private reply(thread: number, how: number, context: Context): void {
    const { threads } = this.world;
    const source = threads.gfn[thread]!;
    context.trace.answered(thread, source, threads.destination[thread]!, threads.generation[thread]!, 1, how);
    context.send(thread, message.answer, thread, how);
  }

  // --- what pages tell

  settled(gfn: number, context: Context): void {
    this.outgoing.settled(gfn);
    this.incoming.unpark(gfn, context);
    this.wake(gfn, context);
    this.outgoing.kick(context);
  }
  frameFor(gfn: number, packet: number, frame: number, context: Context): void {
    this.incoming.fill(gfn, packet, frame, context);
  }
  listed(gfn: number, isListed: boolean, context: Context): void {
    const { lists, geometry, packets } = this.world;
    const generation = this.pages.generation[gfn]!;
    if (!isListed) this.outgoing.swappedIn(gfn);
    if (this.fields[field.owner] === 0) return;
    const version = this.listVersion(gfn, this.epoch);
    lists[this.number]!.update(gfn, this.number, generation, isListed, version);
    if (isListed) context.trace.listed(gfn, generation);
    else context.trace.delisted(gfn, generation);
    if (!geometry.spec.shareLists) return;
    for (let peer = 0; peer < geometry.spec.hosts; peer++) {
      if (peer === this.number) continue;
      // Half of the places are kept for acknowledgements. What finds none is not sent: the list advises.
      const packet = this.transport.draftUnreliable(
        peer,
        packetKind.list,
        geometry.spec.migration.window / 2,
      );
      if (packet < 0) continue;
      packets.gfn[packet] = gfn;
      packets.generation[packet] = generation;
      packets.version[packet] = version;
      packets.argument[packet] = isListed ? 1 : 0;
      this.transport.sendUnreliable(peer, packet, context);
    }
  }
  /** Above whatever is known of the Gfn, and above every version of an earlier owner's. */
  listVersion(gfn: number, epoch: number): number {
    return Math.max(epoch << EPOCH_SHIFT, this.world.lists[this.number]!.version[gfn]!) + 1;
  }

  // --- from host to host

  /** Is the next move due? If none is left, vCPUs that wait for the last go on. */
  private consider(context: Context): void {
    const { fields } = this;
    const { spec } = this.world.geometry;
    if (fields[field.owner] === 0 || this.outgoing.phase !== phase.idle || fields[field.restart] === 1)
      return;
    const waiting = this.waits.includes(wait.settle);
    while (fields[field.moves]! < spec.moves.length) {
      const { to, after } = spec.moves[fields[field.moves]!]!;
      if (this.served < after && !waiting) return;
      fields[field.moves]!++;
      if (to === this.number) continue;
      this.outgoing.begin(to, fields[field.moves]!, context);
      return;
    }
    this.waits.forEach((what, vcpu) => {
      if (what !== wait.settle) return;
      this.waits[vcpu] = wait.nothing;
      context.send(this.world.geometry.vcpuActor(this.number, vcpu), message.settled, 0);
    });
  }
  migrationEnded(context: Context): void {
    this.consider(context);
  }
  /** The guest is this host's. `moves`: made or given up so far. */
  own(epoch: number, moves: number, served: number): void {
    this.fields[field.epoch] = epoch;
    this.fields[field.owner] = 1;
    this.fields[field.moves] = moves;
    this.fields[field.served] = served;
    this.waits.fill(wait.nothing);
  }
  disown(): void {
    this.fields[field.owner] = 0;
  }
}
