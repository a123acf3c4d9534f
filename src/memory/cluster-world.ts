// The columns of a cluster. Nothing in it is reached by two actors at the same time but the copies of the moved list:
// frames, slots, buffers and records pass from actor to actor with the messages that name them, so their page bytes are
// under a meter of their own that nobody judges.
import type { FrameTable } from '../../machines/index.ts';
import type { ClusterGeometry } from '../model/cluster.ts';
import type { Arena } from './arena.ts';
import { Locations } from './locations.ts';
import { type Link, Mailboxes } from './mailbox.ts';
import { Meter } from './meter.ts';
import { Scripts } from './records.ts';
import { SharedList } from './shared-list.ts';
import { Transfer } from './transfer.ts';

/** A packet's fields. The sender's until `transmit`, readable by the link and the receiver until `sent`. */
export class Packets {
  readonly kind: Int32Array;
  readonly migration: Int32Array;
  readonly serial: Int32Array;
  readonly gfn: Int32Array;
  readonly version: Int32Array;
  readonly generation: Int32Array;
  readonly slot: Int32Array;
  readonly checksum: Int32Array;
  readonly epoch: Int32Array;
  readonly argument: Int32Array;
  readonly again: Int32Array;

  constructor(arena: Arena, count: number) {
    this.kind = arena.int32(count);
    this.migration = arena.int32(count);
    this.serial = arena.int32(count);
    this.gfn = arena.int32(count);
    this.version = arena.int32(count);
    this.generation = arena.int32(count);
    this.slot = arena.int32(count);
    this.checksum = arena.int32(count);
    this.epoch = arena.int32(count);
    this.argument = arena.int32(count);
    this.again = arena.int32(count);
  }
}

/** What a host asks of a store, by Gfn: a page has one such request at most. With the store until it says `done`. */
export class StoreRequests {
  readonly frame: Int32Array;
  readonly slot: Int32Array;
  /** Under which name the content was put into the slot. */
  readonly gfn: Int32Array;
  readonly generation: Int32Array;
  readonly checksum: Int32Array;
  readonly cause: Int32Array;
  readonly result: Int32Array;

  constructor(arena: Arena, gfns: number) {
    this.frame = arena.int32(gfns);
    this.slot = arena.int32(gfns);
    this.gfn = arena.int32(gfns);
    this.generation = arena.int32(gfns);
    this.checksum = arena.int32(gfns);
    this.cause = arena.int32(gfns);
    this.result = arena.int32(gfns);
  }
}

/** vCPU threads: state (theirs while they run, their host's while they are stopped) and what they ask of the host. */
export class VcpuThreads {
  readonly position: Int32Array;
  /** The guest page table, a bit a page: whether it has left the vNode that it began on, which is gvpn % 2. */
  readonly vnodes: Int32Array[];
  readonly gfn: Int32Array;
  readonly gvpn: Int32Array;
  readonly word: Int32Array;
  readonly write: Int32Array;
  readonly destination: Int32Array;
  readonly generation: Int32Array;
  readonly listedBy: Int32Array;

  constructor(arena: Arena, threads: number, pages: number) {
    this.position = arena.int32(threads);
    this.vnodes = Array.from({ length: threads }, () => arena.int32(Math.ceil(pages / 32)));
    this.gfn = arena.int32(threads);
    this.gvpn = arena.int32(threads);
    this.word = arena.int32(threads);
    this.write = arena.int32(threads);
    this.destination = arena.int32(threads);
    this.generation = arena.int32(threads);
    this.listedBy = arena.int32(threads);
  }
  gfnOf(thread: number, gvpn: number): number {
    return 2 * gvpn + (((this.vnodes[thread]![gvpn >>> 5]! >>> (gvpn & 31)) ^ gvpn) & 1);
  }
  /** The page is on the other vNode now. */
  turn(thread: number, gvpn: number): void {
    this.vnodes[thread]![gvpn >>> 5]! ^= 1 << (gvpn & 31);
  }
}

export class ClusterWorld {
  readonly geometry: ClusterGeometry;
  readonly meter = new Meter();
  readonly packets: Packets;
  readonly threads: VcpuThreads;
  /** By host. */
  readonly lists: SharedList[];
  readonly requests: StoreRequests[];
  readonly locations: Locations;
  readonly transfer: Transfer;
  readonly mailboxes: Mailboxes;
  readonly scripts: Scripts;

  constructor(arena: Arena, geometry: ClusterGeometry, frame: FrameTable, links: readonly Link[]) {
    const { spec, gfns } = geometry;
    const hosts = Array.from({ length: spec.hosts });
    const inCustody = new Meter();
    this.geometry = geometry;
    this.packets = new Packets(arena, geometry.packets);
    this.threads = new VcpuThreads(arena, geometry.firstHost, spec.guest.pages);
    this.lists = hosts.map(() => new SharedList(arena, gfns, this.meter));
    this.requests = hosts.map(() => new StoreRequests(arena, gfns));
    this.locations = new Locations(arena, geometry.locations, spec.pageWords, frame, inCustody);
    this.transfer = new Transfer(this.locations, inCustody);
    this.mailboxes = new Mailboxes(arena, links, geometry.actors);
    this.scripts = new Scripts(arena, 0, 1);
  }
}
