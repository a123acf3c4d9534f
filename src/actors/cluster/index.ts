// Builds the actors of a cluster over a buffer, or measures the buffer that they take: the same walk in the same order on
// every thread, as for a single host.
import type { FrameTable } from '../../../machines/index.ts';
import { type Actor, Context } from '../../actor/actor.ts';
import type { Runnable } from '../../actor/system.ts';
import { Arena } from '../../memory/arena.ts';
import { ClusterWorld } from '../../memory/cluster-world.ts';
import type { Link } from '../../memory/mailbox.ts';
import { type ClusterCosts, ClusterGeometry, type ClusterSpec } from '../../model/cluster.ts';
import { SILENT, type Sink } from '../../model/events.ts';
import type { MigrationMode } from '../../protocols/migration.ts';
import { GuestVcpu } from './guest-vcpu.ts';
import { ClusterHost } from './host.ts';
import { HOLD, NetworkLink } from './link.ts';
import { ClusterStore } from './store.ts';

/** Plain data throughout: a thread is sent it as it is. */
export interface ClusterParts {
  spec: ClusterSpec;
  mode: MigrationMode;
  costs: ClusterCosts;
  frame: FrameTable;
}

export type ClusterSystem = Runnable<ClusterGeometry>;

/** Who sends to whom, and how many messages can be outstanding. */
function linksOf(geometry: ClusterGeometry): Link[] {
  const { spec, gfns, vcpus, sharedStore, placesPerDirection } = geometry;
  const links: Link[] = [];
  const both = (a: number, b: number, there: number, back: number) => {
    links.push({ sender: a, receiver: b, bound: there }, { sender: b, receiver: a, bound: back });
  };
  for (let number = 0; number < spec.hosts; number++) {
    const host = geometry.hostActor(number);
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      const thread = geometry.vcpuActor(number, vcpu);
      both(thread, host, 4, 4);
      links.push({ sender: thread, receiver: thread, bound: 2 });
    }
    // A page is asked for once, a slot freed once; and a claim or two.
    const slots = 3 * gfns + 4;
    both(host, geometry.storeActor(geometry.privateHome(number)), slots, gfns);
    both(host, sharedStore, slots, gfns + 4);
    links.push({ sender: host, receiver: host, bound: spec.hosts + 4 });
  }
  for (const [a, b] of geometry.pairs) {
    const link = geometry.linkActor(a, b);
    for (const host of [a, b]) {
      // Out: each packet once; and back what came in, which may have come twice.
      both(geometry.hostActor(host), link, 4 * placesPerDirection, 4 * placesPerDirection);
    }
    links.push({ sender: link, receiver: link, bound: 2 * HOLD });
  }
  return links;
}

function walk(arena: Arena, parts: ClusterParts, sink: Sink): ClusterSystem & { world: ClusterWorld } {
  const { spec, mode, costs, frame } = parts;
  const geometry = new ClusterGeometry(spec);
  const world = new ClusterWorld(arena, geometry, frame, linksOf(geometry));
  const numbers = Array.from({ length: spec.hosts }, (_, host) => host);
  const actors: Actor[] = Array.from(
    { length: geometry.firstHost },
    (_, self) => new GuestVcpu(arena, world, self, costs),
  );
  for (const host of numbers) actors.push(new ClusterHost(arena, world, host, mode, costs));
  for (const host of numbers) {
    const home = geometry.privateHome(host);
    actors.push(new ClusterStore(arena, world, home, costs.stores[spec.stores.private]));
  }
  actors.push(new ClusterStore(arena, world, geometry.sharedHome, costs.stores[spec.stores.shared]));
  geometry.pairs.forEach((_, pair) => actors.push(new NetworkLink(arena, world, pair)));
  const contexts = Array.from(
    { length: geometry.actors },
    (_, self) => new Context(arena, self, world.mailboxes, world.meter, sink),
  );
  const { mailboxes, meter, scripts } = world;
  return { geometry, mailboxes, meter, scripts, actors, contexts, world };
}

export function measureCluster(parts: ClusterParts): number {
  const arena = new Arena(null);
  walk(arena, parts, SILENT);
  return arena.bytes;
}

/** Over a fresh, zeroed buffer: the first messages are sent. */
export function createCluster(
  buffer: ArrayBuffer | SharedArrayBuffer,
  parts: ClusterParts,
  sink: Sink,
): ClusterSystem {
  const system = walk(new Arena(buffer), parts, sink);
  system.world.locations.reset();
  system.actors.forEach((actor, self) => actor.start?.(system.contexts[self]!));
  return system;
}

/** Over a buffer that another thread has created a cluster in. */
export function attachCluster(buffer: SharedArrayBuffer, parts: ClusterParts, sink: Sink): ClusterSystem {
  return walk(new Arena(buffer), parts, sink);
}
