// Workloads sized for small worlds.
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { present } from '../../src/stdx/assert.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import type { Unit } from '../../src/report/unit.ts';
import type { Small } from '../../src/scenarios/small-world.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';

export { tight } from '../../src/scenarios/small-world.ts';

export const PAGES = 6;

const cases = {
  adversary: ['adversary', { pages: PAGES, focusPages: 3, dwell: 10, accesses: 80 }],
  'process-move': ['process-move', { pages: PAGES, hotPages: 2, accesses: 40, rounds: 3 }],
  'process-move in bulk': ['process-move', { pages: PAGES, hotPages: 2, accesses: 40, rounds: 3, bulk: 1 }],
  uniform: ['uniform', { pages: PAGES, accesses: 70 }],
  // Read-ahead against a request: one vCPU asks for a page whose neighbour another one faults in.
  neighbours: ['script', {}],
} as const;
export type SmallWorkload = keyof typeof cases;
export const smallWorkloads = Object.keys(cases) as SmallWorkload[];

/** The host moves pages that it was told to move, resident ones and moved ones, while two vCPUs use them. */
export function hostMoves({ vcpuVnodes }: GuestShape): string[][] {
  const rounds = [0, 1].flatMap((page) => [
    `write ${page}`,
    `migrate-host ${page} 1`,
    `write ${page}`,
    `pageout ${page}`,
    `writeback ${page}`,
    // It is brought in, and leaves a clean copy: which the host's own migration has to forget.
    `read ${page}`,
    `promote ${page}`,
    `migrate-host ${page} 1`,
    `write ${page}`,
    `migrate-host ${page} 0`,
  ]);
  const uses = [0, 1, 0, 1].flatMap((page) => [`read ${page}`, `write ${page}.1`, `read ${page}`]);
  return vcpuVnodes.map((_, vcpu) => (vcpu === 0 ? [...rounds, ...rounds] : [...uses, ...uses, ...uses]));
}

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
const ODD = EIGHT.filter((page) => page % 2 === 1);
const writtenAndOut = ['write', 'pageout'].flatMap((what) => EIGHT.map((page) => `${what} ${page}`));
/** One vCPU reads every other page while the other moves all of them, whose neighbours read-ahead then has copies of. */
export const staleLooks: string[][] = [
  [
    ...[1, 0, 1].flatMap(() => [
      ...writtenAndOut,
      'handover 1',
      ...ODD.map((page) => `read ${page}`),
      'await',
    ]),
    // What read-ahead has a copy of is freed and reported.
    ...writtenAndOut,
    ...ODD.flatMap((page) => [`read ${page}`, `free ${page - 1}`]),
    ...ODD.flatMap((page) => [`read ${page}`, `write ${page - 1}`]),
  ],
  [1, 0, 1].flatMap((vnode) => ['await', `move 0..7 to ${vnode}`, 'handover 0']),
];
export const roomForStaleLooks: Small = {
  pages: EIGHT.length,
  frames: 12,
  gfns: 16,
  slots: 32,
  batch: EIGHT.length,
  readAhead: 2,
  cachedRequest: 'move',
  hold: false,
  guest: { freePageReporting: true },
  prefetch: 0,
  hintPages: 0,
  idleScans: 0,
  lowWatermarkPercent: 0,
};

export function smallWorkload(name: SmallWorkload): (shape: GuestShape) => Workload {
  const [factory, parameters] = cases[name];
  if (factory === 'script') return (shape) => scriptWorkload(neighbours(shape.vcpuVnodes.length), shape);
  return (shape) => present(workloadNamed(factory), factory).create(shape, parameters);
}

function neighbours(vcpus: number): string[][] {
  const rounds = ['write 0', 'write 1', 'pageout 0', 'pageout 1'];
  const first = [0, 1, 0].flatMap((at) => [...rounds, 'handover 1', `move 0 to ${1 - at}`, 'await']);
  // To and fro: the Gfn that is taken again is still backed, by a page with a clean copy.
  first.push('move 0 to 0', 'pageout 0', 'read 0', 'move 0 to 1', 'pageout 0', 'move 0 to 0', 'read 0');
  const second = [0, 1, 0].flatMap(() => ['await', 'read 1', 'write 1', 'handover 0']);
  const roles = vcpus === 1 ? [rounds] : [first, second];
  return Array.from({ length: vcpus }, (_, vcpu) => roles[vcpu] ?? []);
}

/** The same as a scenario names it. */
export function workloadSpec(name: SmallWorkload, vcpus: number): Unit['workload'] {
  const [kind, parameters] = cases[name];
  if (kind === 'script') return { kind, vcpus: neighbours(vcpus) };
  return { kind, parameters: { ...parameters } };
}
