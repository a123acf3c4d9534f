// A store of a cluster: a host's own, or the one that every host reaches. It owns its slots and moves pages between them
// and frames. The shared one also keeps the record of who owns the guest, which a host can change only from what it last
// knew (as SCSI compare-and-write does): of two hosts that both want the guest one gets it, whatever the network does.
//
// It does as it is told: a host that frees a slot it has handed over destroys the page. Hosts must not.
import type { Actor, Context } from '../../actor/actor.ts';
import type { Arena } from '../../memory/arena.ts';
import type { ClusterWorld } from '../../memory/cluster-world.ts';
import type { StoreCosts } from '../../model/cost.ts';
import { message, type Message } from '../../model/messages.ts';
import { cause, result } from '../../model/words.ts';
import { assert } from '../../stdx/assert.ts';

export class ClusterStore implements Actor {
  private readonly world: ClusterWorld;
  private readonly home: number;
  private readonly costs: StoreCosts;
  private readonly stack: Int32Array;
  private readonly depth: Int32Array;
  /** Epoch of the record and the host that wrote it. */
  private readonly record: Int32Array;

  constructor(arena: Arena, world: ClusterWorld, home: number, costs: StoreCosts) {
    const { homeFirst } = world.geometry;
    this.world = world;
    this.home = home;
    this.costs = costs;
    this.stack = arena.int32(homeFirst[home + 1]! - homeFirst[home]!);
    this.depth = arena.int32(1);
    this.record = arena.int32(2);
  }
  start(): void {
    const { stack } = this;
    const first = this.world.geometry.homeFirst[this.home]!;
    for (let i = 0; i < stack.length; i++) stack[i] = first + stack.length - 1 - i;
    this.depth[0] = stack.length;
  }

  receive(incoming: Message, context: Context): void {
    const { geometry, requests } = this.world;
    const host = geometry.hostOfActor(incoming.sender);
    const gfn = incoming.id;
    switch (incoming.kind) {
      case message.store:
        this.store(host, gfn, context);
        this.done(incoming.sender, gfn, this.costs.writeNs, this.costs.writeOccupancyNs, context);
        return;
      case message.load: {
        const request = requests[host]!;
        const from = request.slot[gfn]!;
        const to = request.frame[gfn]!;
        const { locations, transfer } = this.world;
        context.trace.dataIn(host, gfn, request.generation[gfn]!, from, to, request.cause[gfn]!, host);
        locations.step(to, locations.table.event.fill, context.trace);
        const intact = transfer.moveIn(from, to, request.gfn[gfn]!, request.generation[gfn]!);
        request.result[gfn] =
          intact && locations.checksum[from] === request.checksum[gfn] ? result.OK : result.EIO;
        this.done(incoming.sender, gfn, this.costs.readNs, this.costs.readOccupancyNs, context);
        return;
      }
      case message.release:
        this.release(host, incoming.argument, context);
        return;
      case message.claim:
        this.claim(host, incoming.id, context);
        return;
    }
  }

  private store(host: number, gfn: number, context: Context): void {
    const { locations, transfer, requests } = this.world;
    const request = requests[host]!;
    assert(this.depth[0]! > 0, `store ${this.home} is full: it was laid out with room for everything`);
    const slot = this.stack[--this.depth[0]!]!;
    const from = request.frame[gfn]!;
    context.trace.reserved(host, slot, this.home, cause.pressure, host);
    locations.step(slot, locations.table.event.reserve, context.trace);
    context.trace.dataIn(host, gfn, request.generation[gfn]!, from, slot, cause.none, host);
    locations.step(slot, locations.table.event.fill, context.trace);
    transfer.moveOut(from, slot, gfn, request.generation[gfn]!);
    request.slot[gfn] = slot;
    request.checksum[gfn] = locations.checksum[slot]!;
  }

  private done(host: number, gfn: number, latencyNs: number, occupancyNs: number, context: Context): void {
    context.spend(Math.min(latencyNs, occupancyNs));
    context.send(host, message.done, gfn, 0, Math.max(0, latencyNs - occupancyNs));
  }

  /** Free again, and poisoned: whoever still reads it will be seen. */
  private release(host: number, slot: number, context: Context): void {
    const { locations, transfer } = this.world;
    if (this.depth[0] === this.stack.length || this.stack.subarray(0, this.depth[0]).at(-1) === slot) {
      context.trace.stray(host, slot);
      return;
    }
    context.trace.released(host, slot, this.home);
    locations.step(slot, locations.table.event.release, context.trace);
    locations.gfn[slot] = -1;
    transfer.poison(slot);
    this.stack[this.depth[0]!] = slot;
    this.depth[0]!++;
  }

  /** The record becomes the host's if it still says what the host last knew. */
  private claim(host: number, epoch: number, context: Context): void {
    const { record } = this;
    const answer = record[0] === epoch ? result.OK : result.STALE;
    if (answer === result.OK) {
      record[0] = epoch + 1;
      record[1] = host;
    }
    context.trace.claimed(host, epoch, answer);
    const { readNs } = this.costs;
    context.send(this.world.geometry.hostActor(host), message.claimed, epoch, answer, readNs);
  }
}
