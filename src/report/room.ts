// How full the host is, from the trace: whether a run that cannot go on has simply run out of memory.
import { swapoffPhase, type TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';
import { result } from '../model/words.ts';
import type { Observing } from '../runtime/trace.ts';
import { marksTo, type NumberSet } from '../stdx/numbers.ts';

/** What the host keeps free of all new locations together: a place for a page whose fault frees another. */
const KEPT = 1;

export class Room implements Observing {
  /** Nodes that vNodes are pinned to; all other homes take what is moved out of them. */
  private readonly pinned: ReadonlySet<number>;
  /** By home: frames or slots that nobody has taken. */
  private readonly free: number[];
  /** Pages that have a content. */
  private pages = 0;
  /** Operations whose last reservation found no room; by operation, the Gfn that it is about. */
  private readonly waiting = new Set<number>();
  private readonly gfnOf = new Map<number, number>();
  /** Gfns whose pages are in a new location. */
  private readonly away: NumberSet;
  private readonly geometry: Geometry;

  constructor(geometry: Geometry) {
    const { homes, homeFirst, vnodeNode } = geometry;
    this.geometry = geometry;
    this.pinned = new Set(vnodeNode);
    this.away = marksTo(geometry.gfns);
    this.free = Array.from({ length: homes }, (_, home) => homeFirst[home + 1]! - homeFirst[home]!);
  }
  readonly on = {
    born: () => void this.pages++,
    began: (e: TraceEvent) => void this.gfnOf.set(e.id, e.gfn),
    entered: (e: TraceEvent) => {
      if (this.pinned.has(this.geometry.homeOf(e.to))) this.away.delete(e.gfn);
      else this.away.add(e.gfn);
    },
    left: (e: TraceEvent) => void this.away.delete(e.gfn),
    died: (e: TraceEvent) => {
      this.pages--;
      this.away.delete(e.gfn);
    },
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

  /**
   * Every frame of the guests' nodes and every slot that may be used has a page of its own, and something waits for one. What is
   * kept may be used for a page that is away, since its slot becomes free by that: who waits for such a page waits for
   * something else. And where a page has two places the host could give one up.
   */
  get isExhausted(): boolean {
    const { homeFirst } = this.geometry;
    let elsewhere = 0;
    let places = 0;
    for (const [home, free] of this.free.entries()) {
      if (this.pinned.has(home) && free > 0) return false;
      if (free < 0) continue;
      if (!this.pinned.has(home)) elsewhere += free;
      places += homeFirst[home + 1]! - homeFirst[home]!;
    }
    if (this.waiting.size === 0) return false;
    const mayUseAll = [...this.waiting].some((operation) => this.away.has(this.gfnOf.get(operation)!));
    const kept = mayUseAll ? 0 : KEPT;
    return elsewhere <= kept && this.pages >= places - kept;
  }
}
