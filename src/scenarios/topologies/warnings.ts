// Firmware nonsense that a run survives, said in one sentence each. Nothing here refuses a topology; with 64 nodes there
// are 4032 pairs, so a sentence names the first case and the number of the others.

import { LOCAL, UNREACHABLE, type TopologyNode } from '../../model/topology.ts';

/** What a machine that does not say has: SLIT values that Linux assumes itself (LOCAL_DISTANCE, REMOTE_DISTANCE). */
const ASSUMED_REMOTE = 20;

/** The distances that Linux assumes where firmware gives none. */
export function assumedDistances(count: number): number[][] {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) => (i === j ? LOCAL : ASSUMED_REMOTE)),
  );
}

export function topologyWarnings(nodes: readonly TopologyNode[], distances: readonly number[][]): string[] {
  return [...nodeWarnings(nodes), ...distanceWarnings(nodes, distances)];
}

function nodeWarnings(nodes: readonly TopologyNode[]): string[] {
  const warnings: string[] = [];
  if (nodes.length === 1) warnings.push('There is only one node, so nothing can be balanced.');
  const cpuLess = nodes.filter((node) => node.cpus.length === 0);
  if (cpuLess.length > 0) warnings.push(`${listed(cpuLess)} CPU-less: memory that others use.`);
  const memoryLess = nodes.filter((node) => node.memoryMiB === 0);
  if (memoryLess.length > 0) {
    warnings.push(`${listed(memoryLess)} memory-less: no page can come from there or go there.`);
  }
  const shared = sharedCpus(nodes);
  if (shared.length > 0) {
    warnings.push(`CPU ${shared[0]} is in several nodes${others(shared.length)}.`);
  }
  return warnings;
}

function sharedCpus(nodes: readonly TopologyNode[]): number[] {
  const seen = new Set<number>();
  const shared = new Set<number>();
  for (const node of nodes) {
    for (const cpu of node.cpus) (seen.has(cpu) ? shared : seen).add(cpu);
  }
  return [...shared];
}

function distanceWarnings(nodes: readonly TopologyNode[], distances: readonly number[][]): string[] {
  const first = distances[0]![0]!;
  if (nodes.length > 1 && distances.every((row) => row.every((distance) => distance === first))) {
    return [`All distances are ${first}, own node included: the firmware tells nothing about what is near.`];
  }
  const diagonal: string[] = [];
  const notFarther: string[] = [];
  const unreachable: string[] = [];
  const asymmetric: string[] = [];
  for (const [i, row] of distances.entries()) {
    const from = nodes[i]!.id;
    const own = row[i]!;
    if (own !== LOCAL) diagonal.push(`node ${from} is ${own} from itself`);
    for (const [j, distance] of row.entries()) {
      if (i === j) continue;
      const to = nodes[j]!.id;
      const back = distances[j]![i]!;
      if (distance <= own) notFarther.push(`node ${from} to node ${to} is ${distance}, to itself ${own}`);
      if (distance === UNREACHABLE) unreachable.push(`node ${from} cannot reach node ${to}`);
      if (i < j && distance !== back) {
        asymmetric.push(`node ${from} to node ${to} is ${distance}, back ${back}`);
      }
    }
  }
  return [
    ...sentence(`A node's distance to itself is not ${LOCAL}`, diagonal),
    ...sentence('A remote node is no farther than the local one', notFarther),
    ...sentence('Distances are asymmetric', asymmetric),
    ...sentence(`Distance ${UNREACHABLE} means unreachable`, unreachable),
  ];
}

function sentence(what: string, cases: readonly string[]): string[] {
  return cases.length === 0 ? [] : [`${what}: ${cases[0]}${others(cases.length)}.`];
}

function others(count: number): string {
  return count === 1 ? '' : ` (and ${count - 1} more)`;
}

function listed(nodes: readonly TopologyNode[]): string {
  const ids = nodes.map((node) => node.id).join(', ');
  return nodes.length === 1 ? `Node ${ids} is` : `Nodes ${ids} are`;
}
