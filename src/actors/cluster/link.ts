// The link between two hosts: a queue for each direction that drains at the link's rate, then a latency; and the faults
// of the plan, drawn packet by packet from a stream of its own. A packet stays in its sender's buffer while it is on its
// way; the link lends it to the receiver, twice if it is duplicated, and gives it back when nobody reads it any more.
import type { Actor, Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { HEADER_BYTES, linkFault, MAPPING_BYTES, packetKind } from '../../model/cluster.ts';
import { message, type Message } from '../../model/messages.ts';
import { Prng, PRNG_WORDS } from '../../stdx/prng.ts';

/** Packets that one direction can hold back at a time. */
export const HOLD = 4;
const NOTHING = -1;

export class NetworkLink implements Actor {
  private readonly world: ClusterWorld;
  private readonly number: number;
  private readonly random: Prng;
  /** Packets of the two hosts, by number: how many copies are out. */
  private readonly copies: Int32Array;
  /** Held back, by direction. */
  private readonly held: Int32Array[];
  /** 1 while a place's timer is out: it is not used again before that has come. */
  private readonly timing: Int32Array;
  private readonly busyUntil: Float64Array;
  /** Packets taken so far; 1 once the partition has begun. */
  private readonly counts: Int32Array;
  private readonly partitionEnds: Float64Array;

  constructor(arena: Arena, world: ClusterWorld, number: number) {
    this.world = world;
    this.number = number;
    this.random = new Prng(arena.int32(PRNG_WORDS));
    this.copies = arena.int32(world.geometry.packets);
    this.held = [arena.int32(HOLD), arena.int32(HOLD)];
    this.timing = arena.int32(2 * HOLD);
    this.busyUntil = arena.float64(2);
    this.counts = arena.int32(2);
    this.partitionEnds = arena.float64(1);
  }
  start(): void {
    this.random.seed(this.world.geometry.spec.seed, 50 + this.number);
    for (const held of this.held) held.fill(NOTHING);
  }

  receive(incoming: Message, context: Context): void {
    switch (incoming.kind) {
      case message.transmit:
        this.transmit(incoming.id, context);
        return;
      case message.consumed:
        if (--this.copies[incoming.id]! === 0) this.giveBack(incoming.id, 0, context);
        return;
      case message.timer: {
        const place = incoming.argument;
        const held = this.held[Math.floor(place / HOLD)]!;
        this.timing[place] = 0;
        if (held[place % HOLD] === incoming.id) this.letGo(held, place % HOLD, 0, context);
        return;
      }
    }
  }

  private transmit(packet: number, context: Context): void {
    const { geometry, packets } = this.world;
    const { faults, network } = geometry.spec;
    const { random } = this;
    const from = geometry.fromOf(packet);
    const to = geometry.toOf(packet);
    const side = from < to ? 0 : 1;
    const kind = packets.kind[packet]!;
    const serial = packets.serial[packet]!;
    const bytes = this.bytesOf(kind);
    context.trace.transmitted(serial, from, to, kind, bytes, packets.again[packet]!);
    const free = Math.max(context.now, this.busyUntil[side]!);
    this.busyUntil[side] = free + (bytes * 1000) / network.bandwidthMBps;
    let delayNs = this.busyUntil[side] - context.now + network.latencyNs;
    // Every packet draws the same number of times: a fault that is taken out of the plan leaves the others where they were.
    const lost = random.chance(faults.lossPerMille, 1000);
    const doubled = random.chance(faults.duplicationPerMille, 1000);
    const passed = random.chance(faults.reorderingPerMille, 1000);
    const late = random.chance(faults.delayPerMille, 1000);
    const extraNs = random.below(Math.max(1, faults.delayNs));
    const apart = this.isApart(context);
    if (apart || lost) {
      const fault = apart ? linkFault.partition : linkFault.loss;
      context.trace.linkFault(serial, from, to, fault, kind);
      this.giveBack(packet, delayNs, context);
      return;
    }
    if (late) {
      context.trace.linkFault(serial, from, to, linkFault.delay, kind);
      delayNs += extraNs;
    }
    this.copies[packet] = 1;
    const held = this.held[side]!;
    const place = held.findIndex((other, i) => other === NOTHING && this.timing[side * HOLD + i] === 0);
    if ((passed || doubled) && place >= 0) {
      const fault = doubled ? linkFault.duplication : linkFault.reordering;
      context.trace.linkFault(serial, from, to, fault, kind);
      if (doubled) {
        this.copies[packet] = 2;
        this.deliver(packet, delayNs, context);
      }
      held[place] = packet;
      this.timing[side * HOLD + place] = 1;
      context.send(context.self, message.timer, packet, side * HOLD + place, delayNs + extraNs);
      return;
    }
    this.deliver(packet, delayNs, context);
    // What was held back comes after what has just passed it.
    const waiting = held.findIndex((other) => other !== NOTHING);
    if (waiting >= 0 && random.chance(1, 3)) this.letGo(held, waiting, delayNs + 1, context);
  }

  private letGo(held: Int32Array, place: number, delayNs: number, context: Context): void {
    const packet = held[place]!;
    held[place] = NOTHING;
    this.deliver(packet, delayNs, context);
  }
  private deliver(packet: number, delayNs: number, context: Context): void {
    const { geometry } = this.world;
    context.send(geometry.hostActor(geometry.toOf(packet)), message.deliver, packet, 0, delayNs);
  }
  private giveBack(packet: number, delayNs: number, context: Context): void {
    const { geometry } = this.world;
    context.send(geometry.hostActor(geometry.fromOf(packet)), message.sent, packet, 0, delayNs);
  }

  private isApart(context: Context): boolean {
    const { partition } = this.world.geometry.spec.faults;
    this.counts[0]!++;
    if (!partition) return false;
    if (this.counts[1] === 0 && this.counts[0]! > partition.afterPackets) {
      this.counts[1] = 1;
      this.partitionEnds[0] = context.now + partition.forNs;
    }
    return this.counts[1] === 1 && context.now < this.partitionEnds[0]!;
  }

  private bytesOf(kind: number): number {
    const { pageWords } = this.world.geometry.spec;
    if (kind === packetKind.bytes || kind === packetKind.state) return HEADER_BYTES + pageWords * 4;
    return kind === packetKind.mapping ? HEADER_BYTES + MAPPING_BYTES : HEADER_BYTES;
  }
}
