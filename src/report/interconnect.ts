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
  const store = (location: number) => geometry.spec.stores[geometry.homeOf(location) - geometry.nodes];
  const [source, destination] = [geometry.nodeOf(from), geometry.nodeOf(to)];
  const device = store(from) ?? store(to);
  if (device && costs.stores[device.kind].medium === 'device') return source === destination ? 0 : page;
  const size = (location: number) => {
    const held = store(location);
    return held ? Math.ceil(page / costs.stores[held.kind].ratio) : page;
  };
  return (source === cpuNode ? 0 : size(from)) + (destination === cpuNode ? 0 : size(to));
}
