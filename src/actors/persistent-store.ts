// A persistent store: HDD, SATA or NVMe SSD, Optane, or compressed RAM. It owns its slots and moves pages between them and
// frames: a device by DMA, straight to the frame it is told; compressed RAM by the copying CPU. It is busy for as long as
// its rate allows one request (occupancy), and answers after its latency.
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import type { StoreCosts } from '../model/cost.ts';
import { message, type Message } from '../model/messages.ts';
import { Served } from './calls.ts';
import { Pool } from './pool.ts';

export class PersistentStore implements Actor {
  private readonly world: World;
  private readonly costs: StoreCosts;
  private readonly cipherNs: number;
  readonly pool: Pool;
  readonly served: Served;

  /** @param cipherNs of encrypting or decrypting a page; 0 = slots are not encrypted */
  constructor(arena: Arena, world: World, home: number, costs: StoreCosts, cipherNs: number) {
    this.world = world;
    this.costs = costs;
    this.cipherNs = cipherNs;
    this.pool = new Pool(arena, world, home);
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
    const { operations } = this.world;
    const operation = incoming.id;
    let latencyNs = 0;
    switch (incoming.kind) {
      case message.reserve:
        operations.result[operation] = this.pool.reserve(operation, context);
        break;
      case message.release:
        this.pool.release(operation, incoming.argument, context);
        break;
      case message.load:
        operations.result[operation] = this.pool.fill(message.load, operation, context);
        latencyNs = this.cipherNs + this.serve(this.costs.readNs, this.costs.readOccupancyNs, context);
        break;
      case message.store:
        operations.result[operation] = this.pool.fill(message.store, operation, context);
        latencyNs = this.cipherNs + this.serve(this.costs.writeNs, this.costs.writeOccupancyNs, context);
        break;
      case message.rekey: {
        const { readNs, writeNs, readOccupancyNs, writeOccupancyNs } = this.costs;
        operations.result[operation] = this.pool.rekey(operation, incoming.argument, context);
        latencyNs =
          2 * this.cipherNs + this.serve(readNs + writeNs, readOccupancyNs + writeOccupancyNs, context);
        break;
      }
    }
    this.served.answer(operation, context, latencyNs);
  }

  /** @returns what is left of the latency after the time the store is busy with the request */
  private serve(latencyNs: number, occupancyNs: number, context: Context): number {
    context.spend(Math.min(latencyNs, occupancyNs));
    return Math.max(0, latencyNs - occupancyNs);
  }
}
