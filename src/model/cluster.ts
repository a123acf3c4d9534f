// Several hosts over a network: what a cluster is made of, and how its index spaces are divided. Glossary beyond that of
// geometry.ts (numbers, global to the cluster):
//   Gfn       two for each Gvpn, one on either vNode: 2 * gvpn + vNode. The guest's page table is a bit a page
//   Home      two memory nodes for each host, then a private store for each host, then the one shared store
//   Location  as on one host; packet buffers come after the slots
//   direction from one host to another: from * hosts + to; each has `window` serials and as many places for packets
//             that nobody waits for (acknowledgements, list updates)
//   Actor     vCPU threads (host by host), hosts, private stores, the shared store, links (a pair of hosts each)
import { assert } from '../stdx/assert.ts';
import type { Costs, StoreKind } from './cost.ts';
import { numbered } from './words.ts';

/** What a packet carries. Of `bytes`, `mapping` and `gone` one describes one Gfn. */
export const packetKinds = [
  'bytes', // a page's content
  'mapping', // where on the shared store a page's content is: slot, generation, checksum
  'gone', // the Gfn has no content (any more)
  'state', // a vCPU's state and its part of the guest page table
  'commit', // everything was sent and acknowledged: the destination may take the guest over
  'ack', // of one serial; or that its migration is refused
  'list', // an update of the shared moved list
] as const;
export type PacketKind = (typeof packetKinds)[number];
export const packetKind = numbered(packetKinds);

/** What a network does to packets, each a choice drawn from the seed. */
export const linkFaults = ['loss', 'duplication', 'reordering', 'delay', 'partition'] as const;
export type LinkFault = (typeof linkFaults)[number];
export const linkFault = numbered(linkFaults);

export interface FaultPlan {
  lossPerMille: number;
  duplicationPerMille: number;
  /** A packet is held until later ones have passed it, or for `delayNs`. */
  reorderingPerMille: number;
  delayPerMille: number;
  delayNs: number;
  /** Every packet is lost for `forNs` of the link's clock, from its `afterPackets`-th on. */
  partition: { afterPackets: number; forNs: number } | null;
}

export const noFaults: FaultPlan = {
  lossPerMille: 0,
  duplicationPerMille: 0,
  reorderingPerMille: 0,
  delayPerMille: 0,
  delayNs: 0,
  partition: null,
};

export interface ClusterSpec {
  seed: number;
  hosts: number;
  pageWords: number;
  /** Frames of each of a host's two memory nodes. */
  framesPerNode: number;
  stores: { private: StoreKind; shared: StoreKind };
  /** Of a hundred pages that a host moves out, those that go to the shared store; chosen by Gvpn. */
  sharedPercent: number;
  /** Hosts tell each other of changes of the moved list. */
  shareLists: boolean;
  guest: {
    pages: number;
    vcpus: number;
    /** Accesses of each vCPU after it has written each of its pages once. */
    accesses: number;
    hotPages: number;
    hotPercent: number;
    writePercent: number;
    /** Accesses in a thousand that look a page up in the moved list and ask for it on the other vNode. */
    balancePerMille: number;
    thinkNs: number;
  };
  /** Hosts that the guest is to be moved to, and after how many of its accesses. */
  moves: { to: number; after: number }[];
  migration: {
    /** Rounds at most before the guest is stopped. */
    rounds: number;
    /** It is stopped when so few pages are left. */
    stopPages: number;
    /** Swapped pages that are read in at a time. */
    readDepth: number;
    /** Packets outstanding in one direction. */
    window: number;
    timeoutNs: number;
    /** Time-outs in a row without any progress after which the other host is taken to be out of reach. */
    patience: number;
    handlingNs: number;
  };
  network: { bandwidthMBps: number; latencyNs: number };
  faults: FaultPlan;
}

/** Bytes on the wire, beside a page's content: see docs/design.md. */
export const HEADER_BYTES = 16;
export const MAPPING_BYTES = 24;

export const NODES_PER_HOST = 2;

export class ClusterGeometry {
  readonly spec: ClusterSpec;
  readonly gfns: number;
  readonly vcpus: number;
  readonly homes: number;
  readonly sharedHome: number;
  /** First location of each home, and one past the last. */
  readonly homeFirst: number[] = [];
  readonly firstBuffer: number;
  readonly locations: number;
  readonly packets: number;
  readonly placesPerDirection: number;
  /** Pairs of hosts, smaller number first: a link each. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly firstHost: number;
  readonly firstStore: number;
  readonly sharedStore: number;
  readonly firstLink: number;
  readonly feeder: number;
  readonly actors: number;
  /** Of the executor: nobody asks for a script. */
  readonly vcpuGuest: readonly number[] = [];
  readonly guestVcpu: readonly number[] = [];

  constructor(spec: ClusterSpec) {
    const { hosts, guest, migration, framesPerNode } = spec;
    this.spec = spec;
    this.gfns = 2 * guest.pages;
    this.vcpus = guest.vcpus;
    this.sharedHome = hosts * (NODES_PER_HOST + 1);
    this.homes = this.sharedHome + 1;
    let location = 1;
    for (let home = 0; home < this.homes; home++) {
      this.homeFirst.push(location);
      if (home < hosts * NODES_PER_HOST) location += framesPerNode;
      // Room for every page, and on the shared store for every page of every host: running out is not what this is about.
      else location += home === this.sharedHome ? hosts * (guest.pages + 1) : guest.pages + 1;
    }
    this.homeFirst.push(location);
    this.firstBuffer = location;
    this.placesPerDirection = 2 * migration.window;
    this.packets = hosts * hosts * this.placesPerDirection;
    this.locations = location - 1 + hosts * hosts * migration.window;
    this.pairs = Array.from({ length: hosts }, (_, a) => a).flatMap((a) =>
      Array.from({ length: hosts - a - 1 }, (_, i) => [a, a + 1 + i] as const),
    );
    this.firstHost = hosts * guest.vcpus;
    this.firstStore = this.firstHost + hosts;
    this.sharedStore = this.firstStore + hosts;
    this.firstLink = this.sharedStore + 1;
    this.feeder = this.firstLink + this.pairs.length;
    this.actors = this.feeder + 1;
  }

  hostActor(host: number): number {
    return this.firstHost + host;
  }
  /** The thread that plays a vCPU of the guest on a host. */
  vcpuActor(host: number, vcpu: number): number {
    return host * this.vcpus + vcpu;
  }
  storeActor(home: number): number {
    return this.firstStore + home - this.spec.hosts * NODES_PER_HOST;
  }
  linkActor(a: number, b: number): number {
    const pair = this.pairs.findIndex(([low, high]) => low === Math.min(a, b) && high === Math.max(a, b));
    if (pair < 0) assert(false, `no link between host ${a} and host ${b}`);
    return this.firstLink + pair;
  }
  direction(from: number, to: number): number {
    return from * this.spec.hosts + to;
  }
  fromOf(packet: number): number {
    return Math.floor(packet / this.placesPerDirection / this.spec.hosts);
  }
  toOf(packet: number): number {
    return Math.floor(packet / this.placesPerDirection) % this.spec.hosts;
  }
  /** The page buffer of a packet that has a serial. */
  bufferOf(packet: number): number {
    const { window } = this.spec.migration;
    const direction = Math.floor(packet / this.placesPerDirection);
    return this.firstBuffer + direction * window + (packet % this.placesPerDirection);
  }
  nodeHome(host: number, gfn: number): number {
    return host * NODES_PER_HOST + (gfn % NODES_PER_HOST);
  }
  privateHome(host: number): number {
    return this.spec.hosts * NODES_PER_HOST + host;
  }
  homeOf(location: number): number {
    if (location < 1 || location >= this.firstBuffer)
      assert(false, `location ${location} is no frame and no slot`);
    let home = 0;
    while (location >= this.homeFirst[home + 1]!) home++;
    return home;
  }
  isFrame(location: number): boolean {
    return location >= 1 && location < this.homeFirst[this.spec.hosts * NODES_PER_HOST]!;
  }
  isShared(location: number): boolean {
    return location >= this.homeFirst[this.sharedHome]! && location < this.firstBuffer;
  }
  isBuffer(location: number): boolean {
    return location >= this.firstBuffer;
  }
  hostOfActor(actor: number): number {
    return actor - this.firstHost;
  }
  nameOf(actor: number): string {
    if (actor < this.firstHost) return `host${Math.floor(actor / this.vcpus)} vcpu${actor % this.vcpus}`;
    if (actor < this.firstStore) return `host${actor - this.firstHost}`;
    if (actor < this.sharedStore) return `store of host${actor - this.firstStore}`;
    if (actor === this.sharedStore) return 'shared store';
    const pair = this.pairs[actor - this.firstLink];
    return pair ? `link ${pair[0]}-${pair[1]}` : 'feeder';
  }
  /** A location in words. */
  place(location: number): string {
    if (this.isBuffer(location)) return `packet buffer ${location - this.firstBuffer}`;
    if (location < 1) return 'nowhere';
    const home = this.homeOf(location);
    const offset = location - this.homeFirst[home]!;
    const { hosts } = this.spec;
    if (home < hosts * NODES_PER_HOST) {
      return `host ${Math.floor(home / NODES_PER_HOST)} node ${home % NODES_PER_HOST} frame ${offset}`;
    }
    return home === this.sharedHome
      ? `shared store slot ${offset}`
      : `private store of host ${home - hosts * NODES_PER_HOST} slot ${offset}`;
  }
}

/** One step of a vCPU's script. */
export interface GuestAccess {
  kind: 'read' | 'write' | 'balance';
  gvpn: number;
  word: number;
}

/**
 * A vCPU's script is a function of its position, so that a position is all of a vCPU's state there is to move. It writes
 * its share of the pages, makes its accesses, waits until every move was made, and reads its share of the pages again.
 * A vCPU touches its own pages only: races between vCPUs for the guest page table are the business of the single host.
 */
export class GuestScript {
  readonly share: number;
  readonly settle: number;
  readonly end: number;
  private readonly spec: ClusterSpec;
  private readonly vcpu: number;
  private readonly access: GuestAccess = { kind: 'read', gvpn: 0, word: 0 };

  constructor(spec: ClusterSpec, vcpu: number) {
    const { pages, vcpus, accesses } = spec.guest;
    this.spec = spec;
    this.vcpu = vcpu;
    this.share = Math.ceil((pages - vcpu) / vcpus);
    this.settle = this.share + accesses;
    this.end = this.settle + this.share;
  }
  private page(index: number): number {
    return (index % this.share) * this.spec.guest.vcpus + this.vcpu;
  }

  /** The step at a position below `end`: the same object again and again. */
  at(position: number): GuestAccess {
    const { access, spec } = this;
    const { guest, pageWords } = spec;
    if (position < this.share || position >= this.settle) {
      const index = position < this.share ? position : position - this.settle;
      access.kind = position < this.share ? 'write' : 'read';
      access.gvpn = this.page(index);
      access.word = index % pageWords;
      return access;
    }
    const chance = (of: number) => scramble(spec.seed, this.vcpu, position, of);
    const hot = Math.max(1, Math.min(this.share, Math.floor(guest.hotPages / guest.vcpus)));
    const isHot = chance(1) % 100 < guest.hotPercent;
    access.gvpn = this.page(isHot ? chance(2) % hot : chance(2));
    // The words that the first pass wrote are written and read most, so that a lost write has a reader.
    access.word = chance(3) % Math.min(pageWords, 16);
    access.kind = chance(4) % 100 < guest.writePercent ? 'write' : 'read';
    if (chance(5) % 1000 < guest.balancePerMille) {
      access.kind = 'balance';
      access.gvpn = this.page(chance(6));
    }
    return access;
  }
}

/** 31 bits that depend on all of them: chance that needs no state. */
function scramble(seed: number, vcpu: number, position: number, of: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(vcpu + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15) ^ position, 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 13) ^ Math.imul(of, 0x9e3779b1), 0x297a2d39);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 15)) >>> 1;
}

/** What a cluster's actors cost; from a cost profile. */
export type ClusterCosts = Pick<
  Costs,
  'stores' | 'clearPageNs' | 'localLatencyNs' | 'hypercallNs' | 'listInspectionNs' | 'eptViolationNs'
>;
