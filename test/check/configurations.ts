// The small worlds that are searched to the last state, and how many states copyless-migrate has in each.
import type { SmallBounds } from './small-searches.ts';

export interface Configuration {
  what: string;
  bounds: SmallBounds;
  /** States of copyless-migrate, to the last one, up to exchange of what is alike. */
  states: number;
  alike?: readonly string[];
  /** Whether everything ends is not asked. */
  safety?: boolean;
  /** Short enough for the other protocols too. */
  all?: boolean;
}

export const configurations: readonly Configuration[] = [
  {
    what: '1 page, 3 nodes, 2 vCPUs; an operation of each, one move among them, one reclaim',
    bounds: { nodes: 3, vcpus: 2, moves: 1, reclaims: 1 },
    alike: ['nodes 1 and 2'],
    states: 115_917,
    all: true,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs; two operations of each, one move among them, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1 },
    alike: ['nodes 1 and 2'],
    states: 1_302_923,
    all: true,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one device failure; two operations of each, one move, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1, faults: 1 },
    alike: ['nodes 1 and 2'],
    states: 3_975_210,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one lost message; two operations of each, one move among them, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['nodes 1 and 2'],
    states: 10_092_983,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one message comes twice; an operation of each, one move, one reclaim',
    bounds: { nodes: 3, vcpus: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['nodes 1 and 2'],
    states: 2_750_515,
  },
  {
    what: '1 page, 3 nodes, 2 vCPUs, one message comes twice; two accesses of each, no move, one reclaim',
    bounds: { nodes: 3, vcpus: 2, operations: 2, reclaims: 1, repeats: 1 },
    alike: ['nodes 1 and 2'],
    states: 1_309_443,
    all: true,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs; two operations of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, moves: 1, reclaims: 1 },
    alike: ['pages 0 and 1'],
    states: 7_581_031,
    all: true,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one device failure; two operations of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, moves: 1, reclaims: 1, faults: 1 },
    alike: ['pages 0 and 1'],
    states: 22_691_333,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one lost message; an operation of each, one move among them, one reclaim',
    bounds: { pages: 2, vcpus: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['pages 0 and 1'],
    states: 1_645_798,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one lost message; two accesses of each, no move, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['pages 0 and 1'],
    states: 1_293_923,
    all: true,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one message comes twice; an operation of each, one move, one reclaim',
    bounds: { pages: 2, vcpus: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['pages 0 and 1'],
    states: 6_902_117,
  },
  {
    what: '2 pages, 2 nodes, 2 vCPUs, one message comes twice; two accesses of each, no move, one reclaim',
    bounds: { pages: 2, vcpus: 2, operations: 2, reclaims: 1, repeats: 1 },
    alike: ['pages 0 and 1'],
    states: 4_100_736,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs; an access of each, no move, one reclaim',
    bounds: { vcpus: 3, reclaims: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 80_132,
    all: true,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs; an operation of each, one move among them, one reclaim',
    bounds: { vcpus: 3, moves: 1, reclaims: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 2_368_410,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one device failure; an operation of each, one move among them, one reclaim',
    bounds: { vcpus: 3, moves: 1, reclaims: 1, faults: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 6_950_210,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one lost message; an operation of each, one move among them, one reclaim',
    bounds: { vcpus: 3, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['vcpu1 and vcpu2'],
    states: 18_336_993,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 1_391_665,
    all: true,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one device failure; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1, faults: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 4_083_786,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one lost message; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['vcpu1 and vcpu2'],
    states: 18_501_396,
  },
  {
    what: '1 page, 2 nodes, 3 vCPUs, one message comes twice; two accesses of each, no move, one reclaim',
    bounds: { vcpus: 3, operations: 2, reclaims: 1, repeats: 1 },
    alike: ['vcpu1 and vcpu2'],
    states: 80_347_207,
    safety: true,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes; two operations of each, one move among them, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1 },
    alike: ['guests 0 and 1'],
    states: 291_039,
    all: true,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes, one device failure; two operations of each, one move, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1, faults: 1 },
    alike: ['guests 0 and 1'],
    states: 908_560,
    all: true,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes, one lost message; two operations of each, one move, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1, losses: 1, timeouts: 0 },
    alike: ['guests 0 and 1'],
    states: 1_871_270,
  },
  {
    what: '2 guests of 1 page and 1 vCPU, 2 nodes, one message comes twice; two operations of each, one move, one reclaim',
    bounds: { guests: 2, operations: 2, moves: 1, reclaims: 1, repeats: 1 },
    alike: ['guests 0 and 1'],
    states: 6_107_191,
  },
  {
    what: '1 page, 2 nodes, 2 vCPUs, one device failure; an operation of each, one move, one reclaim',
    bounds: { vcpus: 2, moves: 1, reclaims: 1, faults: 1 },
    states: 338_474,
    all: true,
  },
  {
    // Any message of a talk may get lost, but one in a run; and one thing may be said again while the answer is on its way.
    what: '1 page, 2 nodes, 1 vCPU, one lost message, one early time-out; a move or an access, one reclaim',
    bounds: { moves: 1, reclaims: 1, losses: 1 },
    states: 210_777,
    all: true,
  },
  {
    what: '1 page, 2 nodes, 2 vCPUs, one lost message, one early time-out; an access of each, one reclaim',
    bounds: { vcpus: 2, reclaims: 1, losses: 1 },
    states: 718_680,
  },
  {
    what: '1 page, 2 nodes, 2 vCPUs, one hypervisor restart; an operation of each, one move among them, one reclaim',
    bounds: { vcpus: 2, moves: 1, reclaims: 1, restarts: 1 },
    states: 1_543_462,
  },
  {
    what: '1 page, 2 nodes, 1 vCPU, one lost message, one hypervisor restart; a move or an access, one reclaim',
    bounds: { moves: 1, reclaims: 1, losses: 1, timeouts: 0, restarts: 1 },
    states: 188_397,
    all: true,
  },
  {
    // Race 8: both may ask for the same page.
    what: '1 page, 2 nodes, 2 vCPUs; an operation of each, both of which may be moves, one reclaim',
    bounds: { vcpus: 2, moves: 2, reclaims: 1 },
    states: 167_891,
  },
  {
    // There and back again.
    what: '1 page, 2 nodes, 1 vCPU, two moves, two reclaims',
    bounds: { operations: 2, moves: 2, reclaims: 2 },
    states: 333_151,
  },
];
