// A memory node: owns its frames, hands them out, clears, fills and takes them back. As a new source location ("far
// memory") it keeps moved pages unmapped, exactly as a store keeps them in slots.
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message, type Message } from '../model/messages.ts';
import { result } from '../model/words.ts';
import { Served } from './calls.ts';
import { Pool } from './pool.ts';

export class MemoryNode implements Actor {
  private readonly world: World;
  private readonly costs: Costs;
  private readonly node: number;
  readonly pool: Pool;
  readonly served: Served;

  constructor(arena: Arena, world: World, node: number, costs: Costs) {
    this.world = world;
    this.costs = costs;
    this.node = node;
    this.pool = new Pool(arena, world, node);
    this.served = new Served(arena, world);
  }
  start(): void {
    this.pool.reset();
  }

  settle(): void {
    this.pool.settle();
  }

  receive(incoming: Message, context: Context): void {
    if (!this.served.isNew(incoming, context)) return;
    const { operations, geometry } = this.world;
    const operation = incoming.id;
    const location = incoming.argument;
    let latencyNs = 0;
    switch (incoming.kind) {
      case message.reserve:
        operations.result[operation] = this.pool.reserve(operation, context);
        break;
      case message.release:
        this.pool.release(operation, location, context);
        break;
      case message.zero:
        operations.result[operation] = this.zero(operation, context);
        latencyNs = this.costs.clearPageNs;
        break;
      case message.load:
      case message.store: {
        const from = operations.from[operation]!;
        operations.result[operation] = this.pool.fill(incoming.kind, operation, context);
        const local = from !== NOWHERE && geometry.nodeOf(from) === this.node;
        latencyNs = this.serve(local, context);
        break;
      }
    }
    this.served.answer(operation, context, latencyNs);
  }

  /** The node is busy for as long as its bandwidth makes a page last. @returns what is left of the copy's latency then */
  private serve(local: boolean, context: Context): number {
    const { copyPageLocalNs, copyPageRemoteNs, bandwidthMBps, remoteBandwidthMBps } = this.costs;
    const latencyNs = local ? copyPageLocalNs : copyPageRemoteNs;
    const busyNs = (this.world.geometry.pageBytes * 1000) / (local ? bandwidthMBps : remoteBandwidthMBps);
    context.spend(Math.min(latencyNs, busyNs));
    return Math.max(0, latencyNs - busyNs);
  }

  private zero(operation: number, context: Context): number {
    const { operations, locations, transfer } = this.world;
    const to = operations.to[operation]!;
    if (to === NOWHERE) {
      context.trace.stray(operation, to);
      return result.OK;
    }
    context.trace.zeroed(operation, operations.gfn[operation]!, to);
    transfer.clear(to);
    locations.step(to, locations.table.event.fill, context.trace);
    return result.OK;
  }
}
