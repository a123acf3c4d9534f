// A scenario on another machine than the one it was written for (`--topology`): what it says by node id holds where the machine
// has such a node. Where it has none, the default stands in and a warning says so.
import type { Topology } from '../model/topology.ts';
import { chainOf, type NewLocation, type Scenario } from './scenario.ts';

/** What comes from the command line is for this machine anyway, and is refused where it does not fit. */
export interface GivenAnew {
  nodes: boolean;
  newLocation: boolean;
  profile: boolean;
}

export interface CarriedOver {
  scenario: Scenario;
  warnings: string[];
}

/** @param topology the scenario's own by now */
export function carriedOver(scenario: Scenario, topology: Topology, given: GivenAnew): CarriedOver {
  const warnings: string[] = [];
  const { nodes: wanted, ...host } = scenario.host;
  const usable = topology.nodes.flatMap(({ id, cpus, memoryMiB }) =>
    cpus.length > 0 && memoryMiB > 0 ? [id] : [],
  );
  const keepsNodes = wanted === undefined || given.nodes || wanted.every((id) => usable.includes(id));
  const pinned = (keepsNodes ? wanted : undefined) ?? usable.slice(0, 2);
  if (!keepsNodes)
    warnings.push(
      `no such nodes as the scenario's ${wanted.join(', ')}: vNodes are pinned to ${pinned.join(' and ')}`,
    );
  const moved = (place: NewLocation): NewLocation => {
    const has = topology.nodes.some(({ id }) => id === place.node);
    if (place.kind === 'far') {
      if (has && !pinned.includes(place.node)) return place;
      const why = has ? `vNodes are pinned to node ${place.node}` : `no node ${place.node}`;
      warnings.push(`${why}, the scenario's far memory: pages go to nvme on node ${pinned[0]}`);
      return { kind: 'nvme' };
    }
    if (place.node === undefined || has) return place;
    warnings.push(`no node ${place.node} for the scenario's ${place.kind}: it is on node ${pinned[0]}`);
    const { node: _away, ...rest } = place;
    return rest;
  };
  const newLocation = given.newLocation ? host.newLocation : chainOf(host).map(moved);
  const { profile } = host;
  if (!given.profile && profile !== undefined && profile !== (topology.profile ?? profile))
    warnings.push(
      `costs are ${profile}, as the scenario says; this machine's own are --profile ${topology.profile}`,
    );
  return {
    scenario: { ...scenario, host: { ...host, ...(keepsNodes && wanted && { nodes: wanted }), newLocation } },
    warnings,
  };
}
