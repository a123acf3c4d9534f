// What a live migration cost, counted from the trace: bytes on the network and from the stores, pages sent and mapped,
// rounds, downtime and total time in virtual time.
import { ClusterGeometry, linkFaults, type PacketKind, packetKinds } from '../../model/cluster.ts';
import { cause, result } from '../../model/words.ts';
import type { Observers } from '../../properties/property.ts';

export class Traffic {
  private readonly geometry: ClusterGeometry;
  readonly bytesBy: Record<PacketKind, number> = zeroes(packetKinds);
  readonly packetsBy: Record<PacketKind, number> = zeroes(packetKinds);
  readonly faults: Record<(typeof linkFaults)[number], number> = zeroes(linkFaults);
  resent = 0;
  resentBytes = 0;
  pagesSent = 0;
  pagesMapped = 0;
  pagesGone = 0;
  rounds = 0;
  accesses = 0;
  completed = 0;
  givenUp = 0;
  /** Pages read from a store to be sent, by kind of store; and all pages that went in and out. */
  readBack = { private: 0, shared: 0 };
  storeReads = 0;
  /** Of them, between a migration's beginning and the guest's start on the other side. */
  readsMeanwhile = 0;
  storeWrites = 0;
  migrationNs = 0;
  downtimeNs = 0;
  private beganAt = 0;
  private stoppedAt = 0;
  private isStopped = false;
  private isMoving = false;
  /** Pages out of frames when the first migration began. */
  swappedBefore = -1;
  private swappedNow = 0;
  balanced = 0;
  refused = 0;

  constructor(geometry: ClusterGeometry) {
    this.geometry = geometry;
  }
  readonly on: Observers = {
    transmitted: (e) => {
      const kind = packetKinds[e.cause]!;
      this.bytesBy[kind] += e.result;
      this.packetsBy[kind]++;
      if (e.generation === 1) {
        this.resent++;
        this.resentBytes += e.result;
      }
    },
    linkFault: (e) => {
      this.faults[linkFaults[e.cause]!]++;
    },
    described: (e) => {
      const kind = packetKinds[e.to];
      if (kind === 'bytes') this.pagesSent++;
      else if (kind === 'mapping') this.pagesMapped++;
      else if (kind === 'gone') this.pagesGone++;
    },
    migrating: (e) => {
      this.beganAt = e.time;
      this.isMoving = true;
      if (this.swappedBefore < 0) this.swappedBefore = this.swappedNow;
    },
    round: () => {
      this.rounds++;
    },
    guestStopped: (e) => {
      this.stoppedAt = e.time;
      this.isStopped = true;
    },
    guestStarted: (e) => {
      if (this.isStopped) this.downtimeNs += e.time - this.stoppedAt;
      this.isStopped = false;
      this.isMoving = false;
    },
    migrated: (e) => {
      this.isMoving = false;
      this.migrationNs += e.time - this.beganAt;
      if (e.result === result.OK) this.completed++;
      else this.givenUp++;
    },
    dataIn: (e) => {
      const { geometry } = this;
      if (geometry.isBuffer(e.from) || geometry.isBuffer(e.to)) return;
      if (geometry.isFrame(e.from)) {
        this.storeWrites++;
        this.swappedNow++;
        return;
      }
      this.storeReads++;
      this.swappedNow--;
      if (this.isMoving) this.readsMeanwhile++;
      if (e.cause === cause.migration) this.readBack[geometry.isShared(e.from) ? 'shared' : 'private']++;
    },
    answered: (e) => {
      if (e.result === result.OK) this.balanced++;
      else this.refused++;
    },
    read: () => {
      this.accesses++;
    },
    wrote: () => {
      this.accesses++;
    },
  };
  /** Bytes that moving the guest put on the network: everything but the hosts' talk about the list. */
  get networkBytes(): number {
    return Object.entries(this.bytesBy).reduce(
      (sum, [kind, bytes]) => (kind === 'list' ? sum : sum + bytes),
      0,
    );
  }
}

function zeroes<const Names extends readonly string[]>(names: Names): Record<Names[number], number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Names[number], number>;
}
