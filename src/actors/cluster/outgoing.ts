// A host as the source of a live migration (pre-copy). It describes every page to the destination while the guest runs,
// then again what has changed since (the dirty log), round by round; stops the guest when little is left or the rounds
// are used up; describes the rest and the vCPUs; and lets go. A page is described by its bytes or, where the mode says so
// and it sits on the shared store, by where it is.
//
//   1 copying     rounds, guest running
//   2 stopping    until every vCPU says that it has stopped
//   3 last        the rest, guest stopped
//   4 draining    until the destination has acknowledged everything
//   5 committed   the destination may take the guest over; nothing here may touch it any more
//   6 claiming    the destination is out of reach: who changes the owner's record first has the guest
import type { Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { packetKind } from '../../model/cluster.ts';
import { message } from '../../model/messages.ts';
import { cause, result } from '../../model/words.ts';
import type { MigrationMode, MigrationRule } from '../../protocols/migration.ts';
import type { ClusterHost } from './host.ts';
import { page } from './host-pages.ts';
import { timerFor } from './transport.ts';

export const phase = {
  idle: 0,
  copying: 1,
  stopping: 2,
  last: 3,
  draining: 4,
  committed: 5,
  claiming: 6,
} as const;

const field = {
  phase: 0,
  peer: 1,
  migration: 2,
  round: 3,
  pending: 4,
  dirty: 5,
  cursor: 6,
  reading: 7,
  turning: 8,
  stopped: 9,
  statesSent: 10,
  count: 11,
} as const;

export class Outgoing {
  private readonly world: ClusterWorld;
  private readonly host: ClusterHost;
  private readonly mode: MigrationMode;
  private readonly own: Int32Array;
  /** By Gfn: to be described in this round, in the next; last described as a mapping that still holds. */
  private readonly pending: Int32Array;
  private readonly dirty: Int32Array;
  private readonly mapped: Int32Array;

  constructor(arena: Arena, world: ClusterWorld, host: ClusterHost, mode: MigrationMode) {
    const { gfns } = world.geometry;
    this.world = world;
    this.host = host;
    this.mode = mode;
    this.own = arena.int32(field.count);
    this.pending = arena.int32(gfns);
    this.dirty = arena.int32(gfns);
    this.mapped = arena.int32(gfns);
  }
  get phase(): number {
    return this.own[field.phase]!;
  }
  private keeps(rule: MigrationRule): boolean {
    return this.mode.rules.includes(rule);
  }

  begin(to: number, migration: number, context: Context): void {
    const { own, host } = this;
    own[field.phase] = phase.copying;
    own[field.peer] = to;
    own[field.migration] = migration;
    own[field.round] = 0;
    own[field.dirty] = 0;
    own[field.pending] = 0;
    own[field.reading] = 0;
    own[field.stopped] = 0;
    own[field.statesSent] = 0;
    this.dirty.fill(0);
    this.mapped.fill(0);
    this.pending.forEach((_, gfn) => {
      this.pending[gfn] = host.pages.state[gfn] === page.absent ? 0 : 1;
      if (this.pending[gfn] === 1) own[field.pending]!++;
    });
    host.transport.open(to, migration);
    context.trace.migrating(migration, host.number, to);
    context.trace.round(migration, 0, own[field.pending]!, 0);
    this.kick(context);
  }

  // --- the dirty log

  wrote(gfn: number): void {
    if (this.phase !== phase.idle && this.keeps('log writes')) this.mark(gfn);
  }
  /** A page has left its slot. */
  swappedIn(gfn: number): void {
    if (this.phase === phase.idle || this.mapped[gfn] === 0) return;
    if (this.keeps('log swap-ins')) {
      this.mapped[gfn] = 0;
      this.mark(gfn);
    }
  }
  /** Content went from Gfn to Gfn. */
  moved(source: number, destination: number): void {
    if (this.phase === phase.idle || !this.keeps('log moves')) return;
    this.mapped[source] = 0;
    this.mark(source);
    this.mark(destination);
  }
  private mark(gfn: number): void {
    if (this.dirty[gfn] === 1) return;
    this.dirty[gfn] = 1;
    this.own[field.dirty]!++;
  }

  // --- rounds

  /** Something has changed that a turn may have waited for. */
  kick(context: Context): void {
    const { own } = this;
    const at = own[field.phase]!;
    if (at === phase.draining) this.drained(context);
    else if ((at === phase.copying || at === phase.last) && own[field.turning] === 0) {
      own[field.turning] = 1;
      const { handlingNs } = this.world.geometry.spec.migration;
      context.send(context.self, message.timer, timerFor.turn, 0, handlingNs);
    }
  }
  /** Describes one page, or has one read in, or ends the round. */
  turn(context: Context): void {
    const { own, host } = this;
    own[field.turning] = 0;
    const at = own[field.phase]!;
    if (at !== phase.copying && at !== phase.last) return;
    if (own[field.pending] === 0) {
      if (at === phase.last) this.sendStates(context);
      else this.endRound(context);
      return;
    }
    if (!host.transport.canSend(own[field.peer]!)) return;
    const gfn = this.nextPending();
    if (gfn < 0) return;
    if (this.mustRead(gfn)) {
      own[field.reading]!++;
      host.pages.pinned[gfn] = 1;
      host.pages.bringIn(gfn, cause.migration, context);
    } else this.describe(gfn, context);
    this.kick(context);
  }
  /** A pending page that can be dealt with now, from the cursor on; -1: none. */
  private nextPending(): number {
    const { own, host } = this;
    const { gfns } = this.world.geometry;
    for (let looked = 0; looked < gfns; looked++) {
      const gfn = (own[field.cursor]! + looked) % gfns;
      if (this.pending[gfn] === 0 || host.pages.isBusy(gfn)) continue;
      if (this.mustRead(gfn) && own[field.reading]! >= this.world.geometry.spec.migration.readDepth) continue;
      own[field.cursor] = gfn;
      return gfn;
    }
    return -1;
  }
  private mustRead(gfn: number): boolean {
    const { pages } = this.host;
    if (pages.state[gfn] !== page.swapped) return false;
    return this.mode.shared === 'bytes' || !pages.isSharedSlot(gfn);
  }
  /** A page has settled: one that was read in to be sent is sent at the next turn. */
  settled(gfn: number): void {
    const { pages } = this.host;
    if (pages.cause[gfn] !== cause.migration || pages.state[gfn] !== page.resident) return;
    if (this.phase === phase.idle) pages.pinned[gfn] = 0;
    else this.own[field.reading] = Math.max(0, this.own[field.reading]! - 1);
    pages.cause[gfn] = cause.none;
  }

  private describe(gfn: number, context: Context): void {
    const { own, host, world } = this;
    const { pages, transport } = host;
    const { packets, geometry, transfer } = world;
    const peer = own[field.peer]!;
    const state = pages.state[gfn]!;
    const location = pages.location[gfn]!;
    const kind =
      state === page.absent
        ? packetKind.gone
        : state === page.resident
          ? packetKind.bytes
          : packetKind.mapping;
    const packet = transport.draft(peer, kind);
    const version = ++host.version[gfn]!;
    packets.gfn[packet] = gfn;
    packets.version[packet] = version;
    packets.generation[packet] = pages.generation[gfn]!;
    packets.slot[packet] = kind === packetKind.mapping ? location : 0;
    packets.checksum[packet] = pages.checksum[gfn]!;
    packets.epoch[packet] = host.epoch;
    if (kind === packetKind.bytes) {
      const buffer = geometry.bufferOf(packet);
      context.trace.dataIn(
        host.number,
        gfn,
        pages.generation[gfn]!,
        location,
        buffer,
        cause.migration,
        host.number,
      );
      transfer.moveOut(location, buffer, gfn, pages.generation[gfn]!);
    }
    this.mapped[gfn] = kind === packetKind.mapping ? 1 : 0;
    this.pending[gfn] = 0;
    own[field.pending]!--;
    context.trace.described(packets.serial[packet]!, gfn, peer, version, location, kind);
    transport.send(peer, packet, context);
    pages.unpin(gfn, context);
  }

  private endRound(context: Context): void {
    const { own } = this;
    const { rounds, stopPages } = this.world.geometry.spec.migration;
    if (own[field.dirty]! <= stopPages || own[field.round]! + 1 >= rounds) {
      own[field.phase] = phase.stopping;
      this.host.stopVcpus(context);
      return;
    }
    this.nextRound(0, context);
  }
  private nextRound(last: number, context: Context): void {
    const { own } = this;
    own[field.round]!++;
    for (let gfn = 0; gfn < this.dirty.length; gfn++) {
      if (this.dirty[gfn] === 1 && this.pending[gfn] === 0) {
        this.pending[gfn] = 1;
        own[field.pending]!++;
      }
      this.dirty[gfn] = 0;
    }
    own[field.dirty] = 0;
    context.trace.round(own[field.migration]!, own[field.round]!, own[field.pending]!, last);
    this.kick(context);
  }
  /** Every vCPU has stopped. */
  stopped(context: Context): void {
    this.own[field.phase] = phase.last;
    this.nextRound(1, context);
  }

  // --- letting go

  private sendStates(context: Context): void {
    const { own, host, world } = this;
    const { packets, geometry, threads, locations } = world;
    const peer = own[field.peer]!;
    while (own[field.statesSent]! < geometry.vcpus) {
      if (!host.transport.canSend(peer)) return;
      const vcpu = own[field.statesSent]!++;
      const thread = geometry.vcpuActor(host.number, vcpu);
      const packet = host.transport.draft(peer, packetKind.state);
      packets.gfn[packet] = -1;
      packets.argument[packet] = vcpu;
      const first = (geometry.bufferOf(packet) + 1) * locations.pageWords;
      locations.words[first] = threads.position[thread]!;
      locations.words.set(threads.vnodes[thread]!, first + 1);
      context.trace.described(packets.serial[packet]!, -1, peer, 0, 0, packetKind.state);
      host.transport.send(peer, packet, context);
    }
    own[field.phase] = phase.draining;
    this.drained(context);
  }
  private drained(context: Context): void {
    const { own, host } = this;
    const { packets } = this.world;
    const peer = own[field.peer]!;
    if (this.keeps('acknowledged') && !host.transport.allAcknowledged(peer)) return;
    if (!host.transport.canSend(peer)) return;
    own[field.phase] = phase.committed;
    const packet = host.transport.draft(peer, packetKind.commit);
    packets.gfn[packet] = -1;
    packets.epoch[packet] = host.epoch;
    packets.version[packet] = host.served;
    packets.argument[packet] = own[field.migration]!;
    context.trace.described(packets.serial[packet]!, -1, peer, 0, 0, packetKind.commit);
    host.transport.send(peer, packet, context);
  }

  /** The destination has carried out a packet; `refused`: it has given the migration up. */
  acknowledged(migration: number, serial: number, refused: boolean, context: Context): void {
    const { own, host } = this;
    const at = own[field.phase]!;
    if (at === phase.idle || migration !== own[field.migration]) return;
    if (refused) return this.outOfReach(context);
    if (!host.transport.acknowledge(own[field.peer]!, migration, serial)) return;
    // The commit is the last of them, and acknowledged when the destination owns the guest.
    const committed = at === phase.committed || at === phase.claiming;
    if (committed && host.transport.allAcknowledged(own[field.peer]!)) this.handedOver(context);
    else this.kick(context);
  }
  /** A later migration comes in: whoever began it had the guest, so ours was completed, though nobody has told us yet. */
  overtaken(by: number, context: Context): void {
    if (this.phase !== phase.idle && by > this.own[field.migration]!) this.handedOver(context);
  }
  /** Nothing has come back for too long. Before the commit the guest is still ours; after it that is to be found out. */
  outOfReach(context: Context): void {
    const { own, host } = this;
    // Who has the guest is being asked: that the other refuses and that it is silent may be noticed one after the other.
    if (own[field.phase] === phase.idle || own[field.phase] === phase.claiming) return;
    if (own[field.phase] !== phase.committed || !this.keeps('claim to cancel')) {
      this.cancel(context);
      return;
    }
    own[field.phase] = phase.claiming;
    context.send(this.world.geometry.sharedStore, message.claim, host.epoch, host.number);
  }
  /** What the owner's record says. (Of an earlier epoch it has been said before: what the store answers comes in order.) */
  claimed(epoch: number, answer: number, context: Context): void {
    const { own, host } = this;
    if (own[field.phase] !== phase.claiming || epoch !== host.epoch) return;
    if (answer !== result.OK) return this.handedOver(context);
    host.epoch++;
    this.cancel(context);
  }
  private cancel(context: Context): void {
    const { own, host } = this;
    const wasStopped = own[field.phase]! >= phase.last;
    const stopping = own[field.phase] === phase.stopping;
    this.end(result.STALE, context);
    if (wasStopped) host.startVcpus(context);
    else if (stopping) host.startWhenStopped();
    host.migrationEnded(context);
  }
  private handedOver(context: Context): void {
    const { own, host } = this;
    const kept = this.keeps('keep mapped') ? this.mapped : null;
    own[field.phase] = phase.idle;
    for (let gfn = 0; gfn < this.mapped.length; gfn++) host.pages.drop(gfn, context, kept?.[gfn] === 1);
    this.end(result.OK, context);
    host.disown();
  }
  private end(how: number, context: Context): void {
    const { own, host } = this;
    own[field.phase] = phase.idle;
    host.transport.close(own[field.peer]!);
    for (let gfn = 0; gfn < this.pending.length; gfn++) host.pages.unpin(gfn, context);
    context.trace.migrated(own[field.migration]!, host.number, own[field.peer]!, how);
  }
}
