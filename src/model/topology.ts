// A host's NUMA layout as its firmware and kernel tell it. Distances are SLIT values, which order nodes and say nothing
// about nanoseconds: latency comes from a cost profile (`cost.ts`).

export interface TopologyNode {
  /** The kernel's node id; ids may be sparse. */
  id: number;
  /** Logical CPU numbers; empty for a CPU-less node (CXL memory, GPU). */
  cpus: number[];
  /** Installed memory in MiB; 0 for a memory-less node, which can be no source and no destination. */
  memoryMiB: number;
}

export interface Topology {
  name: string;
  nodes: TopologyNode[];
  /** SLIT: `distances[i][j]` from `nodes[i]` to `nodes[j]`, by position and not by id; 10 local, 255 unreachable. May be asymmetric. */
  distances: number[][];
  /** Built-in name of the cost profile of this machine, where there is one. */
  profile?: string;
  /** Firmware nonsense that was survived: one sentence each. */
  warnings: string[];
}

/** SLIT value by which firmware says that a node cannot be reached (ACPI 6.5, 5.2.17). */
export const UNREACHABLE = 255;
/** SLIT value of a node to itself (ACPI 6.5, 5.2.17). */
export const LOCAL = 10;
