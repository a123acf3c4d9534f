// How full the host is, from the trace: whether a run that cannot go on has simply run out of memory.
import { swapoffPhase, type TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';
import { result } from '../model/words.ts';
import type { Observing } from '../runtime/trace.ts';

/** What the host keeps free of all new locations together: a place for a page whose fault frees another. */
const KEPT = 1;

export class Room implements Observing {
  /** Nodes that vNodes are pinned to; all other homes take what is moved out of them. */
  private readonly pinned: ReadonlySet<number>;
  /** By home: frames or slots that nobody has taken. */
  private readonly free: number[];
  /** Operations whose last reservation found no room. */
  private readonly waiting = new Set<number>();

  constructor({ homes, homeFirst, vnodeNode }: Geometry) {
    this.pinned = new Set(vnodeNode);
    this.free = Array.from({ length: homes }, (_, home) => homeFirst[home + 1]! - homeFirst[home]!);
  }
  readonly on = {
    reserved: (e: TraceEvent) => {
      this.free[e.destination]!--;
      this.waiting.delete(e.id);
    },
    released: (e: TraceEvent) => void this.free[e.destination]!++,
    noRoom: (e: TraceEvent) => void this.waiting.add(e.id),
    ended: (e: TraceEvent) => void this.waiting.delete(e.id),
    swapoff: (e: TraceEvent) => {
      // Its slots are nobody's any more.
      const isOff = e.from === swapoffPhase.ended && e.result === result.OK;
      if (isOff) this.free[e.id] = -Infinity;
    },
  };

  /** Every frame of the guests' nodes and every slot that may be used is taken, and something waits for one. */
  get isExhausted(): boolean {
    let elsewhere = 0;
    for (const [home, free] of this.free.entries()) {
      if (!this.pinned.has(home)) elsewhere += Math.max(0, free);
      else if (free > 0) return false;
    }
    return this.waiting.size > 0 && elsewhere <= KEPT;
  }
}
