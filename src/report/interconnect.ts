// Bytes that one page move takes between different memory nodes. A device moves a page by DMA between the node it is
// attached to and the frame's. Where a CPU copies, the page comes to the CPU's node and goes on from there; compressed
// RAM travels compressed. Sockets are not known to `numactl -H`, so every pair of nodes counts alike.
import type { Costs } from '../model/cost.ts';
import type { Geometry } from '../model/geometry.ts';

export function crossingBytes(
  geometry: Geometry,
  costs: Costs,
  from: number,
  to: number,
  cpuNode: number,
): number {
  const page = geometry.pageBytes;
  const source = storeAt(geometry, from);
  const destination = storeAt(geometry, to);
  const device = source ?? destination;
  const sourceNode = geometry.nodeOf(from);
  const destinationNode = geometry.nodeOf(to);
  if (device && costs.stores[device.kind].medium === 'device')
    return sourceNode === destinationNode ? 0 : page;
  const crossing = (store: Store | undefined, node: number) => {
    if (node === cpuNode) return 0;
    return store ? Math.ceil(page / costs.stores[store.kind].ratio) : page;
  };
  return crossing(source, sourceNode) + crossing(destination, destinationNode);
}

type Store = Geometry['spec']['stores'][number];

/** The store that a location is a slot of. */
function storeAt(geometry: Geometry, location: number): Store | undefined {
  return geometry.isFrame(location)
    ? undefined
    : geometry.spec.stores[geometry.homeOf(location) - geometry.nodes];
}
