// Exactly-once delivery over a link that loses, doubles and reorders, for one host. A serial has a place in the window; it
// is sent until it is acknowledged, and its place is used again when the link has given the buffer back too. The receiver
// acknowledges a serial when what it says has been carried out, not before: all acknowledged means all done.
//
// The link's promises end there: nothing is delivered in order.
import type { Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { packetKind } from '../../model/cluster.ts';
import { message } from '../../model/messages.ts';

/** What a host's timer messages are for. */
export const timerFor = { turn: 0, retransmission: 1, watch: 2 } as const;

const taken = { not: 0, inHand: 1, done: 2 } as const;

export class Transport {
  private readonly world: ClusterWorld;
  private readonly host: number;
  private readonly window: number;
  /** By peer: migration whose packets are sent, oldest serial that is not acknowledged, next serial. */
  private readonly migration: Int32Array;
  private readonly base: Int32Array;
  private readonly next: Int32Array;
  private readonly strikes: Int32Array;
  private readonly timing: Int32Array;
  /** By place of a peer's window: acknowledged, and when it was last sent. */
  private readonly acknowledged: Int32Array;
  private readonly sentAt: Float64Array;
  /** By packet of this host's: 1 while the link has it. */
  private readonly lent: Int32Array;
  /** Of the migration that comes in: what became of each serial from the floor on. */
  private readonly floor: Int32Array;
  private readonly arrived: Int32Array;

  constructor(arena: Arena, world: ClusterWorld, host: number) {
    const { hosts, migration } = world.geometry.spec;
    this.world = world;
    this.host = host;
    this.window = migration.window;
    this.migration = arena.int32(hosts);
    this.base = arena.int32(hosts);
    this.next = arena.int32(hosts);
    this.strikes = arena.int32(hosts);
    this.timing = arena.int32(hosts);
    this.acknowledged = arena.int32(hosts * this.window);
    this.sentAt = arena.float64(hosts * this.window);
    this.lent = arena.int32(hosts * world.geometry.placesPerDirection);
    this.floor = arena.int32(1);
    this.arrived = arena.int32(this.window);
  }

  // --- sending

  /** Serials begin anew for a migration to `peer`; what an earlier one still had to say is dropped. */
  open(peer: number, migration: number): void {
    this.migration[peer] = migration;
    this.base[peer] = 0;
    this.next[peer] = 0;
    this.strikes[peer] = 0;
  }
  close(peer: number): void {
    this.base[peer] = this.next[peer]!;
  }
  private place(peer: number, serial: number): number {
    return peer * this.window + (serial % this.window);
  }
  private packetAt(peer: number, place: number): number {
    const { geometry } = this.world;
    return geometry.direction(this.host, peer) * geometry.placesPerDirection + place;
  }
  private lentIndex(packet: number): number {
    const { geometry } = this.world;
    return geometry.toOf(packet) * geometry.placesPerDirection + (packet % geometry.placesPerDirection);
  }
  canSend(peer: number): boolean {
    const serial = this.next[peer]!;
    const packet = this.packetAt(peer, serial % this.window);
    return serial < this.base[peer]! + this.window && this.lent[this.lentIndex(packet)] === 0;
  }
  /** The packet of the next serial, to be filled in and sent. Only when `canSend`. */
  draft(peer: number, kind: number): number {
    const serial = this.next[peer]!++;
    const { packets } = this.world;
    const packet = this.packetAt(peer, serial % this.window);
    packets.kind[packet] = kind;
    packets.serial[packet] = serial;
    packets.migration[packet] = this.migration[peer]!;
    packets.again[packet] = 0;
    this.acknowledged[this.place(peer, serial)] = 0;
    return packet;
  }
  send(peer: number, packet: number, context: Context): void {
    this.sentAt[this.place(peer, this.world.packets.serial[packet]!)] = context.now;
    this.lend(peer, packet, context);
    this.arm(peer, context);
  }
  private lend(peer: number, packet: number, context: Context): void {
    this.lent[this.lentIndex(packet)] = 1;
    context.send(this.world.geometry.linkActor(this.host, peer), message.transmit, packet);
  }
  /** A packet that nobody waits for; -1 when every place is taken: then it is not sent. */
  draftUnreliable(peer: number, kind: number, least: number): number {
    for (let place = 2 * this.window - 1; place >= this.window + least; place--) {
      const packet = this.packetAt(peer, place);
      if (this.lent[this.lentIndex(packet)] === 1) continue;
      this.world.packets.kind[packet] = kind;
      this.world.packets.again[packet] = 0;
      return packet;
    }
    return -1;
  }
  sendUnreliable(peer: number, packet: number, context: Context): void {
    this.lend(peer, packet, context);
  }
  /** The link is done with a packet's buffer. @returns the peer it went to */
  givenBack(packet: number): number {
    this.lent[this.lentIndex(packet)] = 0;
    return this.world.geometry.toOf(packet);
  }
  /** @returns whether it was news */
  acknowledge(peer: number, migration: number, serial: number): boolean {
    const open = serial >= this.base[peer]! && serial < this.next[peer]!;
    if (migration !== this.migration[peer] || !open) return false;
    const place = this.place(peer, serial);
    if (this.acknowledged[place] === 1) return false;
    this.acknowledged[place] = 1;
    this.strikes[peer] = 0;
    while (this.base[peer]! < this.next[peer]! && this.acknowledged[this.place(peer, this.base[peer]!)] === 1)
      this.base[peer]!++;
    return true;
  }
  allAcknowledged(peer: number): boolean {
    return this.base[peer] === this.next[peer];
  }
  private arm(peer: number, context: Context): void {
    if (this.timing[peer] === 1) return;
    this.timing[peer] = 1;
    const { timeoutNs } = this.world.geometry.spec.migration;
    context.send(context.self, message.timer, timerFor.retransmission, peer, timeoutNs);
  }
  /** Time to look for what was not acknowledged. @returns false when the peer has been out of reach for too long */
  timer(peer: number, context: Context): boolean {
    const { timeoutNs, patience } = this.world.geometry.spec.migration;
    this.timing[peer] = 0;
    if (this.allAcknowledged(peer)) return true;
    let again = false;
    for (let serial = this.base[peer]!; serial < this.next[peer]!; serial++) {
      const place = this.place(peer, serial);
      if (this.acknowledged[place] === 1 || context.now - this.sentAt[place]! < timeoutNs) continue;
      const packet = this.packetAt(peer, serial % this.window);
      if (this.lent[this.lentIndex(packet)] === 1) continue;
      again = true;
      this.world.packets.again[packet] = 1;
      this.sentAt[place] = context.now;
      this.lend(peer, packet, context);
    }
    // What is still under way is slow and not lost.
    if (again && ++this.strikes[peer]! > patience) return false;
    this.arm(peer, context);
    return true;
  }

  // --- receiving

  /** A migration comes in: no serial of it has been seen. */
  expect(): void {
    this.floor[0] = 0;
    this.arrived.fill(taken.not);
  }
  /** @returns 'new', or what became of the serial when it came before */
  arrive(serial: number): 'new' | 'in hand' | 'done' {
    if (serial < this.floor[0]!) return 'done';
    const place = serial % this.window;
    if (this.arrived[place] === taken.done) return 'done';
    if (this.arrived[place] === taken.inHand) return 'in hand';
    this.arrived[place] = taken.inHand;
    return 'new';
  }
  /** What the packet said is carried out: its serial is acknowledged and its buffer goes back. */
  finish(packet: number, refused: boolean, context: Context): void {
    const { packets } = this.world;
    const serial = packets.serial[packet]!;
    if (!refused) {
      if (serial >= this.floor[0]!) this.arrived[serial % this.window] = taken.done;
      while (this.arrived[this.floor[0]! % this.window] === taken.done) {
        this.arrived[this.floor[0]! % this.window] = taken.not;
        this.floor[0]!++;
      }
    }
    this.answer(packet, refused, context);
  }
  answer(packet: number, refused: boolean, context: Context): void {
    const { packets, geometry } = this.world;
    const peer = geometry.fromOf(packet);
    const ack = this.draftUnreliable(peer, packetKind.ack, 0);
    if (ack >= 0) {
      packets.migration[ack] = packets.migration[packet]!;
      packets.serial[ack] = packets.serial[packet]!;
      packets.argument[ack] = refused ? 1 : 0;
      this.sendUnreliable(peer, ack, context);
    }
    this.consume(packet, context);
  }
  /** Nothing is to be said about it. */
  consume(packet: number, context: Context): void {
    const { geometry } = this.world;
    const peer = geometry.fromOf(packet);
    context.send(geometry.linkActor(this.host, peer), message.consumed, packet);
  }
}
