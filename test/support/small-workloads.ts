// Workloads sized for small worlds.
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { present } from '../../src/stdx/assert.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';

export { tight } from '../../src/scenarios/small-world.ts';

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
