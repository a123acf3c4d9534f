// What the host brings in beside a page that a fault has wanted: the Gfns that follow it, or what lies beside it in the
// store. Bounded, and nobody waits for it.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE, type Geometry } from '../model/geometry.ts';
import { cause, operationKind } from '../model/words.ts';
import type { Host } from './host.ts';
import type { HostPages } from './host-pages.ts';

/** Prefetches and read-aheads that may be in flight at once: beyond that the host does not bother. */
export function prefetchBound(geometry: Geometry): number {
  const { prefetch, readAhead } = geometry.spec.policy;
  return geometry.vcpus * (prefetch + readAhead);
}

export class Prefetch {
  private readonly world: World;
  private readonly host: Host;
  private readonly pages: HostPages;
  /** Prefetches in flight, in the only element. */
  private readonly inFlight: Int32Array;

  constructor(arena: Arena, host: Host) {
    this.world = host.world;
    this.host = host;
    this.pages = host.pages;
    this.inFlight = arena.int32(1);
  }

  /** The host brings back the Gfns that follow one that was just wanted, if it finds them moved. */
  following(gfn: number, node: number, context: Context): void {
    const { geometry } = this.world;
    const end = Math.min(
      gfn + geometry.spec.policy.prefetch,
      geometry.vnodeGfn[geometry.vnodeOf(gfn) + 1]! - 1,
    );
    for (let next = gfn + 1; next <= end; next++) {
      if (!this.pages.isMoved(next) || this.pages.operationOn(next) >= 0 || this.host.cache.isCached(next))
        continue;
      if (this.inFlight[0] === prefetchBound(geometry)) return;
      const begun = this.host.begin(
        operationKind.prefetch,
        next,
        cause.prefetch,
        this.host.protocol.swapIn,
        context,
      );
      this.inFlight[0]!++;
      this.world.operations.node[begun] = node;
    }
  }

  /** The swap layer reads along what lies beside a page that a fault has read. */
  readAhead(gfn: number, from: number, context: Context): void {
    const { geometry } = this.world;
    if (geometry.spec.policy.readAhead === 0 || from === NOWHERE || geometry.isFrame(from)) return;
    const room = prefetchBound(geometry) - this.inFlight[0]!;
    this.inFlight[0]! += this.host.cache.readAhead(gfn, from, room, context);
  }
  ended(): void {
    this.inFlight[0]!--;
  }
}
