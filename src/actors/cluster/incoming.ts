// A host as the destination of a live migration. It takes descriptions in as they come, in any order; what it holds is
// nobody's page until the owner's record on the shared store names it. A mapping is kept as it came: its slot is the
// source's until then, and is not touched; a migration that is given up forgets it.
import type { Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { packetKind } from '../../model/cluster.ts';
import { message } from '../../model/messages.ts';
import { cause, result } from '../../model/words.ts';
import type { MigrationMode } from '../../protocols/migration.ts';
import type { ClusterHost } from './host.ts';
import { page } from './host-pages.ts';
import { timerFor } from './transport.ts';

/** Time-outs between two looks: a source that reads pages in from a disk is slow and not gone. */
const WATCH_TIMEOUTS = 16;
const stage = { none: 0, receiving: 1, claiming: 2, owner: 3, abandoned: 4 } as const;
const field = { stage: 0, migration: 1, commit: 2, watching: 3, quiet: 4, count: 5 } as const;

export class Incoming {
  private readonly world: ClusterWorld;
  private readonly host: ClusterHost;
  private readonly mode: MigrationMode;
  private readonly own: Int32Array;

  constructor(arena: Arena, world: ClusterWorld, host: ClusterHost, mode: MigrationMode) {
    this.world = world;
    this.host = host;
    this.mode = mode;
    this.own = arena.int32(field.count);
  }

  /** A packet of a migration: one with a serial. */
  receive(packet: number, context: Context): void {
    const { own, host, world } = this;
    const { packets } = world;
    const { transport } = host;
    const migration = packets.migration[packet]!;
    if (migration < own[field.migration]!) return transport.consume(packet, context);
    if (migration > own[field.migration]!) {
      // The source gave the one before up, and we had not noticed: nothing of it may be taken for this one's.
      if (own[field.stage] === stage.claiming) transport.answer(own[field.commit]!, true, context);
      const isOpen = own[field.stage] === stage.claiming || own[field.stage] === stage.receiving;
      if (isOpen && this.mode.rules.includes('forget')) this.abandon(context);
      own[field.migration] = migration;
      own[field.stage] = stage.receiving;
      transport.expect();
      host.version.fill(0);
      this.watch(context);
    }
    own[field.quiet] = 0;
    if (own[field.stage] === stage.abandoned) return transport.answer(packet, true, context);
    if (this.mode.rules.includes('serials')) {
      const before = transport.arrive(packets.serial[packet]!);
      if (before === 'done') return transport.answer(packet, false, context);
      if (before === 'in hand') return transport.consume(packet, context);
    }
    switch (packets.kind[packet]) {
      case packetKind.state:
        this.takeState(packet, context);
        return;
      case packetKind.commit:
        this.commit(packet, context);
        return;
      default:
        this.takePage(packet, context);
    }
  }

  // --- pages

  private takePage(packet: number, context: Context): void {
    const { host } = this;
    const { packets } = this.world;
    const gfn = packets.gfn[packet]!;
    if (!host.pages.isBusy(gfn)) return this.apply(packet, context);
    const other = host.pages.parked[gfn]! - 1;
    const isNewer = other < 0 || this.isNewer(packet, packets.version[other]!);
    if (isNewer) host.pages.parked[gfn] = packet + 1;
    const superseded = isNewer ? other : packet;
    if (superseded >= 0) host.transport.finish(superseded, false, context);
    // Who waits for a frame waits for this packet's, or for none. It could be told so when one is found; but the page that
    // gave that one up may have written to the list in the same step, and a step makes one shared access.
    if (isNewer && host.pages.stopWaiting(gfn)) this.unpark(gfn, context);
  }
  private isNewer(packet: number, than: number): boolean {
    return !this.mode.rules.includes('versions') || this.world.packets.version[packet]! > than;
  }
  /** The page has settled and a packet was waiting for it. */
  unpark(gfn: number, context: Context): void {
    const { pages } = this.host;
    const packet = pages.parked[gfn]! - 1;
    if (packet < 0 || pages.isBusy(gfn)) return;
    pages.parked[gfn] = 0;
    this.apply(packet, context);
  }
  private apply(packet: number, context: Context): void {
    const { host } = this;
    const { packets } = this.world;
    const { pages } = host;
    const gfn = packets.gfn[packet]!;
    if (!this.isNewer(packet, host.version[gfn]!)) return host.transport.finish(packet, false, context);
    host.version[gfn] = packets.version[packet]!;
    const isBytes = packets.kind[packet] === packetKind.bytes;
    if (isBytes && pages.state[gfn] === page.resident) {
      this.fill(gfn, packet, pages.location[gfn]!, context);
      return;
    }
    pages.drop(gfn, context);
    if (isBytes) {
      pages.parked[gfn] = packet + 1;
      pages.bringIn(gfn, cause.migration, context);
      return;
    }
    this.settleWithoutFrame(gfn, packet, context);
  }
  /** There is a frame for the bytes in a packet. */
  fill(gfn: number, packet: number, frame: number, context: Context): void {
    const { host } = this;
    const { packets, geometry, transfer, locations } = this.world;
    const generation = packets.generation[packet]!;
    const buffer = geometry.bufferOf(packet);
    const { number } = host;
    context.trace.dataIn(number, gfn, generation, buffer, frame, cause.migration, number);
    locations.step(frame, locations.table.event.fill, context.trace);
    if (!transfer.moveIn(buffer, frame, gfn, generation)) context.trace.stray(number, buffer);
    host.pages.generation[gfn] = generation;
    host.pages.settle(gfn, page.resident, frame, context);
    this.adopted(gfn, packet, frame, context);
  }
  private settleWithoutFrame(gfn: number, packet: number, context: Context): void {
    const { host } = this;
    const { packets, lists } = this.world;
    const { pages } = host;
    const slot = packets.slot[packet]!;
    pages.generation[gfn] = packets.generation[packet]!;
    if (packets.kind[packet] === packetKind.mapping) {
      pages.checksum[gfn] = packets.checksum[packet]!;
      pages.foreign[gfn] = 1;
      pages.settle(gfn, page.swapped, slot, context);
      // The guest will find it listed where it arrives: under this host's name, in the epoch that begins then.
      const version = host.listVersion(gfn, packets.epoch[packet]! + 1);
      lists[host.number]!.update(gfn, host.number, packets.generation[packet]!, true, version);
    }
    this.adopted(gfn, packet, slot, context);
  }
  private adopted(gfn: number, packet: number, location: number, context: Context): void {
    const { packets } = this.world;
    context.trace.adopted(
      packets.serial[packet]!,
      gfn,
      packets.migration[packet]!,
      packets.version[packet]!,
      location,
      packets.kind[packet]!,
    );
    this.host.transport.finish(packet, false, context);
  }

  // --- the guest itself

  private takeState(packet: number, context: Context): void {
    const { packets, geometry, threads, locations } = this.world;
    const thread = geometry.vcpuActor(this.host.number, packets.argument[packet]!);
    const first = (geometry.bufferOf(packet) + 1) * locations.pageWords;
    const vnodes = threads.vnodes[thread]!;
    threads.position[thread] = locations.words[first]!;
    for (let i = 0; i < vnodes.length; i++) vnodes[i] = locations.words[first + 1 + i]!;
    this.adopted(-1, packet, 0, context);
  }
  private commit(packet: number, context: Context): void {
    const { own, host } = this;
    const { packets, geometry } = this.world;
    own[field.commit] = packet;
    own[field.stage] = stage.claiming;
    if (this.mode.rules.includes('claim')) {
      context.send(geometry.sharedStore, message.claim, packets.epoch[packet]!, host.number);
    } else this.takeOver(packet, context);
  }
  claimed(epoch: number, answer: number, context: Context): void {
    const { own } = this;
    const packet = own[field.commit]!;
    if (own[field.stage] !== stage.claiming || epoch !== this.world.packets.epoch[packet]) return;
    if (answer === result.OK) this.takeOver(packet, context);
    else {
      this.host.transport.finish(packet, true, context);
      this.abandon(context);
    }
  }
  private takeOver(packet: number, context: Context): void {
    const { own, host } = this;
    const { packets } = this.world;
    own[field.stage] = stage.owner;
    host.pages.foreign.fill(0);
    host.own(packets.epoch[packet]! + 1, packets.argument[packet]!, packets.version[packet]!);
    this.adopted(-1, packet, 0, context);
    host.startVcpus(context);
    host.migrationEnded(context);
  }

  // --- giving up

  private watch(context: Context): void {
    const { own } = this;
    if (own[field.watching] === 1) return;
    own[field.watching] = 1;
    const { timeoutNs } = this.world.geometry.spec.migration;
    context.send(context.self, message.timer, timerFor.watch, 0, WATCH_TIMEOUTS * timeoutNs);
  }
  /** Has anything come lately? A source that was cut off cannot say that it has given up. */
  watched(context: Context): void {
    const { own } = this;
    own[field.watching] = 0;
    if (own[field.stage] === stage.claiming) this.watch(context);
    if (own[field.stage] !== stage.receiving) return;
    if (++own[field.quiet]! > 2 * this.world.geometry.spec.migration.patience) this.abandon(context);
    else this.watch(context);
  }
  private abandon(context: Context): void {
    const { own, host } = this;
    const { pages } = host;
    own[field.stage] = stage.abandoned;
    for (let gfn = 0; gfn < pages.state.length; gfn++) {
      const packet = pages.parked[gfn]! - 1;
      pages.parked[gfn] = 0;
      if (packet >= 0) host.transport.finish(packet, true, context);
      pages.drop(gfn, context);
    }
  }
}
