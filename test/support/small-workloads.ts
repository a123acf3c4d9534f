// Workloads sized for small worlds, and worlds sized so that they are tight and yet not out of memory.
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { present } from '../../src/stdx/assert.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import type { Small } from './small-world.ts';

export const PAGES = 6;

const cases = {
  adversary: ['adversary', { pages: PAGES, focusPages: 3, dwell: 10, accesses: 80 }],
  'process-move': ['process-move', { pages: PAGES, hotPages: 2, accesses: 40, rounds: 3 }],
  'process-move in bulk': ['process-move', { pages: PAGES, hotPages: 2, accesses: 40, rounds: 3, bulk: 1 }],
  uniform: ['uniform', { pages: PAGES, accesses: 70 }],
} as const;
export type SmallWorkload = keyof typeof cases;
export const smallWorkloads = Object.keys(cases) as SmallWorkload[];

export function smallWorkload(name: SmallWorkload): (shape: GuestShape) => Workload {
  const [factory, parameters] = cases[name];
  return (shape) => present(workloadNamed(factory), factory).create(shape, parameters);
}

/** The same as a scenario names it. */
export function workloadSpec(name: SmallWorkload): { kind: string; parameters: Record<string, number> } {
  const [kind, parameters] = cases[name];
  return { kind, parameters: { ...parameters } };
}

/**
 * Gives a world the fewest Gfns with which every vCPU's share of them lasts for all pages, and so few slots (or far
 * frames) that they run short, but not out: every Gfn that was ever used may stay backed, one page is always on its way.
 * @param spare slots beyond that
 */
export function tight(small: Small, spare: number): Small {
  const { nodes = 2, frames = 4, vcpus = 2, guests = 1, pages = PAGES } = small;
  const gfns = vcpus * (Math.ceil(pages / nodes) + 1);
  const missing = guests * nodes * gfns - nodes * frames;
  return { ...small, pages, gfns, slots: Math.max(2, missing + 1 + spare) };
}
