// A host's pages of the guest: where each Gfn's content is, its two memory nodes, swapping to the private and the shared
// store, and the host's copy of the moved list. Everything that has to do with one host; what is said to other hosts is in
// `outgoing.ts` and `incoming.ts`.
//
//   absent     nothing here: zero, if the guest is
//   resident   in a frame of the node that the Gfn's vNode is pinned to
//   writing    on its way out to a store
//   swapped    in a slot; `foreign`: of another host's, told by a mapping, until the guest is this host's
//   awaiting   wants a frame: for zeroes, for its content in a slot, or for a packet that has come (`parked`)
//   loading    on its way in
import type { Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import { NODES_PER_HOST } from '../../model/cluster.ts';
import { message } from '../../model/messages.ts';
import { cause, result } from '../../model/words.ts';

export const page = { absent: 0, resident: 1, writing: 2, swapped: 3, awaiting: 4, loading: 5 } as const;

/** Who is told when a page has come to rest. */
export interface PageListener {
  /** Resident or swapped, and nothing under way. */
  settled(gfn: number, context: Context): void;
  /** A frame was found for a page whose content is in a packet: copy it there. */
  frameFor(gfn: number, packet: number, frame: number, context: Context): void;
  /** What the list says of a Gfn has changed. */
  listed(gfn: number, isListed: boolean, context: Context): void;
}

export class HostPages {
  readonly state: Int32Array;
  readonly location: Int32Array;
  /** Moves that the Gfn's content has made; in a swapped page's slot, under which it was put there. */
  readonly generation: Int32Array;
  readonly checksum: Int32Array;
  readonly foreign: Int32Array;
  /** Not to be evicted: it was read in to be sent. */
  readonly pinned: Int32Array;
  /** Packet + 1 that waits for the page to settle. */
  readonly parked: Int32Array;
  readonly cause: Int32Array;
  /** Gfn under whose name the content that is being loaded was put into its slot. */
  private readonly origin: Int32Array;
  private readonly accessed: Int32Array;
  /** To be dropped as soon as it settles: it belongs to a migration that has ended. */
  private readonly obsolete: Int32Array;
  private readonly world: ClusterWorld;
  private readonly host: number;
  private readonly listener: PageListener;
  /** By node: free frames, Gfns that want one, evictions under way, the clock's hand. */
  private readonly free: Int32Array[];
  private readonly queue: Int32Array[];
  private readonly queued: Int32Array;
  private readonly counts: Int32Array[];

  constructor(arena: Arena, world: ClusterWorld, host: number, listener: PageListener) {
    const { gfns, spec } = world.geometry;
    this.world = world;
    this.host = host;
    this.listener = listener;
    this.state = arena.int32(gfns);
    this.location = arena.int32(gfns);
    this.generation = arena.int32(gfns);
    this.checksum = arena.int32(gfns);
    this.foreign = arena.int32(gfns);
    this.pinned = arena.int32(gfns);
    this.parked = arena.int32(gfns);
    this.cause = arena.int32(gfns);
    this.origin = arena.int32(gfns);
    this.accessed = arena.int32(gfns);
    this.obsolete = arena.int32(gfns);
    this.queued = arena.int32(gfns);
    const nodes = Array.from({ length: NODES_PER_HOST });
    this.free = nodes.map(() => arena.int32(spec.framesPerNode));
    this.queue = nodes.map(() => arena.int32(gfns));
    this.counts = nodes.map(() => arena.int32(count.fields));
  }
  reset(): void {
    const { homeFirst } = this.world.geometry;
    this.free.forEach((free, node) => {
      const first = homeFirst[this.host * NODES_PER_HOST + node]!;
      for (let i = 0; i < free.length; i++) free[i] = first + free.length - 1 - i;
      this.counts[node]![count.free] = free.length;
    });
  }
  isBusy(gfn: number): boolean {
    const state = this.state[gfn]!;
    return state === page.writing || state === page.awaiting || state === page.loading;
  }
  isSharedSlot(gfn: number): boolean {
    return this.state[gfn] === page.swapped && this.world.geometry.isShared(this.location[gfn]!);
  }
  touched(gfn: number): void {
    this.accessed[gfn] = 1;
  }

  // --- frames

  /** The Gfn gets a frame as soon as there is one; what goes into it depends on where its content is. */
  bringIn(gfn: number, because: number, context: Context, origin = gfn): void {
    const node = gfn % NODES_PER_HOST;
    this.state[gfn] = page.awaiting;
    this.cause[gfn] = because;
    this.origin[gfn] = origin;
    const counts = this.counts[node]!;
    if (this.queued[gfn] === 0) {
      this.queued[gfn] = 1;
      const queue = this.queue[node]!;
      queue[(counts[count.head]! + counts[count.waiting]!) % queue.length] = gfn;
      counts[count.waiting]!++;
    }
    this.assign(node, context);
  }
  /** What a page waits for a frame for has been overtaken. @returns whether it did wait */
  stopWaiting(gfn: number): boolean {
    if (this.state[gfn] !== page.awaiting) return false;
    this.state[gfn] = page.absent;
    return true;
  }
  private assign(node: number, context: Context): void {
    const counts = this.counts[node]!;
    const queue = this.queue[node]!;
    while (counts[count.waiting]! > 0 && counts[count.free]! > 0) {
      const gfn = queue[counts[count.head]!]!;
      counts[count.head] = (counts[count.head]! + 1) % queue.length;
      counts[count.waiting]!--;
      this.queued[gfn] = 0;
      if (this.state[gfn] !== page.awaiting) continue;
      const frame = this.free[node]![--counts[count.free]!]!;
      this.grant(gfn, frame, context);
    }
    while (counts[count.waiting]! > counts[count.evicting]! && this.evict(node, context));
  }
  private grant(gfn: number, frame: number, context: Context): void {
    const { locations, transfer, geometry, requests } = this.world;
    const { host } = this;
    context.trace.reserved(host, frame, geometry.nodeHome(host, gfn), this.cause[gfn]!, host);
    locations.step(frame, locations.table.event.reserve, context.trace);
    const packet = this.parked[gfn]! - 1;
    if (packet >= 0) {
      this.parked[gfn] = 0;
      this.listener.frameFor(gfn, packet, frame, context);
      return;
    }
    if (this.location[gfn] === 0) {
      context.trace.zeroed(host, gfn, frame);
      locations.step(frame, locations.table.event.fill, context.trace);
      transfer.clear(frame);
      this.settle(gfn, page.resident, frame, context);
      this.listener.settled(gfn, context);
      return;
    }
    const request = requests[host]!;
    this.state[gfn] = page.loading;
    request.frame[gfn] = frame;
    request.slot[gfn] = this.location[gfn]!;
    request.gfn[gfn] = this.origin[gfn]!;
    request.generation[gfn] = this.generation[gfn]!;
    request.checksum[gfn] = this.checksum[gfn]!;
    request.cause[gfn] = this.cause[gfn]!;
    context.send(geometry.storeActor(geometry.homeOf(this.location[gfn]!)), message.load, gfn);
  }
  /** The Gfn's entry names a place, and its content is there. */
  settle(gfn: number, state: number, location: number, context: Context): void {
    this.state[gfn] = state;
    this.location[gfn] = location;
    this.accessed[gfn] = 1;
    context.trace.entered(this.host, gfn, location, this.generation[gfn]!);
  }
  freeFrame(frame: number, context: Context): void {
    const { locations, transfer, geometry } = this.world;
    const node = geometry.homeOf(frame) % NODES_PER_HOST;
    const counts = this.counts[node]!;
    context.trace.released(this.host, frame, this.host * NODES_PER_HOST + node);
    locations.step(frame, locations.table.event.release, context.trace);
    transfer.poison(frame);
    this.free[node]![counts[count.free]!] = frame;
    counts[count.free]!++;
  }
  private freeSlot(gfn: number, slot: number, context: Context): void {
    const { geometry } = this.world;
    context.send(geometry.storeActor(geometry.homeOf(slot)), message.release, gfn, slot);
  }

  // --- swapping

  /** Second chance: the first page of the node that was not touched since the hand came by. */
  private evict(node: number, context: Context): boolean {
    const { geometry, requests } = this.world;
    const counts = this.counts[node]!;
    for (let looked = 0; looked < geometry.gfns; looked++) {
      const gfn = counts[count.hand]! * NODES_PER_HOST + node;
      counts[count.hand] = (counts[count.hand]! + 1) % (geometry.gfns / NODES_PER_HOST);
      if (this.state[gfn] !== page.resident || this.pinned[gfn] === 1) continue;
      if (this.accessed[gfn] === 1) {
        this.accessed[gfn] = 0;
        continue;
      }
      this.state[gfn] = page.writing;
      this.generation[gfn]!++;
      const request = requests[this.host]!;
      request.frame[gfn] = this.location[gfn]!;
      request.generation[gfn] = this.generation[gfn]!;
      counts[count.evicting]!++;
      context.send(this.storeFor(gfn), message.store, gfn);
      return true;
    }
    return false;
  }
  private storeFor(gfn: number): number {
    const { geometry } = this.world;
    const isShared = ((gfn >>> 1) * 61) % 100 < geometry.spec.sharedPercent;
    return isShared ? geometry.sharedStore : geometry.storeActor(geometry.privateHome(this.host));
  }

  /** A store has done what it was asked for. */
  done(gfn: number, context: Context): void {
    if (this.state[gfn] === page.writing) this.stored(gfn, context);
    else this.loaded(gfn, context);
  }
  private stored(gfn: number, context: Context): void {
    const request = this.world.requests[this.host]!;
    const node = gfn % NODES_PER_HOST;
    const slot = request.slot[gfn]!;
    this.counts[node]![count.evicting]!--;
    this.checksum[gfn] = request.checksum[gfn]!;
    this.foreign[gfn] = 0;
    this.settle(gfn, page.swapped, slot, context);
    this.freeFrame(request.frame[gfn]!, context);
    if (this.obsolete[gfn] === 1) {
      this.obsolete[gfn] = 0;
      this.drop(gfn, context);
    } else if (this.parked[gfn] === 0) this.listener.listed(gfn, true, context);
    this.listener.settled(gfn, context);
    this.assign(node, context);
  }
  private loaded(gfn: number, context: Context): void {
    const request = this.world.requests[this.host]!;
    const frame = request.frame[gfn]!;
    // Not what was put there: the page is lost, and a property will say so.
    if (request.result[gfn] !== result.OK) context.trace.stray(this.host, request.slot[gfn]!);
    this.freeSlot(gfn, this.location[gfn]!, context);
    if (this.cause[gfn] === cause.request) this.generation[gfn]!++;
    this.settle(gfn, page.resident, frame, context);
    if (this.obsolete[gfn] === 1) {
      this.obsolete[gfn] = 0;
      this.drop(gfn, context);
    } else this.listener.listed(gfn, false, context);
    this.listener.settled(gfn, context);
    this.assign(gfn % NODES_PER_HOST, context);
  }

  // --- leaving

  /** The host has the Gfn's content no more: a frame is free again, and so is a slot, unless it is another host's. */
  drop(gfn: number, context: Context, keepsSlot = false): void {
    const state = this.state[gfn]!;
    const location = this.location[gfn]!;
    if (state === page.absent) return;
    if (state === page.writing || state === page.loading) {
      this.obsolete[gfn] = 1;
      return;
    }
    this.state[gfn] = page.absent;
    this.location[gfn] = 0;
    this.pinned[gfn] = 0;
    // A page that waits for its first frame has no entry to lose.
    if (location !== 0) context.trace.left(this.host, gfn, location);
    if (state === page.resident) this.freeFrame(location, context);
    else if (location !== 0 && this.foreign[gfn] === 0 && !keepsSlot) this.freeSlot(gfn, location, context);
    this.foreign[gfn] = 0;
    if (state === page.resident) this.assign(gfn % NODES_PER_HOST, context);
  }
  /** The content of a swapped Gfn goes on under another (a balance request); the first is absent. */
  rename(source: number, destination: number, context: Context): void {
    context.trace.left(this.host, source, this.location[source]!);
    this.location[destination] = this.location[source]!;
    this.checksum[destination] = this.checksum[source]!;
    this.generation[destination] = this.generation[source]!;
    this.foreign[destination] = 0;
    this.state[source] = page.absent;
    this.location[source] = 0;
    this.generation[source]!++;
    this.bringIn(destination, cause.request, context, source);
  }
  unpin(gfn: number, context: Context): void {
    if (this.pinned[gfn] === 0) return;
    this.pinned[gfn] = 0;
    this.assign(gfn % NODES_PER_HOST, context);
  }
}

const count = { free: 0, head: 1, waiting: 2, evicting: 3, hand: 4, fields: 5 } as const;
