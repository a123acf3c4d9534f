// The machine that a scenario and its options come to on a topology, for whoever reads the result.
import { Geometry } from '../model/geometry.ts';
import type { WorldSpec } from '../model/spec.ts';
import type { Experiment } from '../scenarios/assemble.ts';
import type { Result } from './result.ts';

export function machineOf({ spec, topology, profile }: Experiment): NonNullable<Result['machine']> {
  const { pageBytes } = new Geometry(spec);
  return {
    topology: topology.name,
    profile,
    nodes: spec.guests[0]!.vnodes.map(({ node }) => {
      const { id, frames } = spec.nodes[node]!;
      return { node: id, bytes: frames * pageBytes };
    }),
    newLocation: placesOf(spec).map(({ kind, node, pages }) => ({ kind, node, bytes: pages * pageBytes })),
  };
}

/** Where idle pages go, in order: what it is, the kernel's id of the node, and its room. */
export function placesOf({
  moveTo,
  nodes,
  stores,
}: WorldSpec): { kind: string; node: number; pages: number }[] {
  return moveTo.map((home) => {
    const store = stores[home - nodes.length];
    if (store) return { kind: store.kind, node: nodes[store.node]!.id, pages: store.slots };
    return { kind: 'far', node: nodes[home]!.id, pages: nodes[home]!.frames };
  });
}
