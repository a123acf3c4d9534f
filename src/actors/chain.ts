// The chain of new source locations: where a page goes when it is moved out, and where it goes on to from there. A memory
// node of the chain keeps pages unmapped, like a store, or mapped, as Linux's demotion does. A store that was turned off
// takes no more pages.
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import type { Home } from '../model/geometry.ts';
import type { HostPages } from './host-pages.ts';

export const NO_HOME: Home = -1;

export class Chain {
  private readonly world: World;
  private readonly pages: HostPages;
  /** By home: 1 when it was turned off. */
  private readonly closed: Int32Array;
  /** By home: what comes after it in the chain; all of the chain for a home that is no part of it. */
  private readonly below: readonly (readonly Home[])[];

  constructor(arena: Arena, world: World, pages: HostPages) {
    const { spec, homes } = world.geometry;
    this.world = world;
    this.pages = pages;
    this.closed = arena.int32(homes);
    this.below = Array.from({ length: homes }, (_, home) => spec.moveTo.slice(spec.moveTo.indexOf(home) + 1));
  }

  isClosed(home: Home): boolean {
    return this.closed[home] === 1;
  }
  close(home: Home, closed: boolean): void {
    this.closed[home] = closed ? 1 : 0;
  }
  /** The open homes to which a page that is at `home` could be moved. */
  homesBelow(home: Home): readonly Home[] {
    return this.below[home]!;
  }
  /** Where a page that is at `home` goes first, or NO_HOME. */
  next(home: Home): Home {
    for (const lower of this.below[home]!) if (this.closed[lower] === 0) return lower;
    return NO_HOME;
  }
  /** Locations that look free at a home that still takes pages. */
  roomAt(home: Home): number {
    return this.closed[home] === 1 ? 0 : this.pages.free[home]!;
  }
  /** A memory node of the chain, whose pages stay mapped. */
  isMapped(home: Home): boolean {
    const { spec, nodes } = this.world.geometry;
    return spec.policy.far === 'mapped' && home >= 0 && home < nodes && spec.moveTo.includes(home);
  }
}
