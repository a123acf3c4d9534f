// What operations cost. A profile carries every constant with its unit and its origin, for people and reports; `Costs`
// is the plain numbers that actors reckon with and that cross to workers. Constants stand for distributions: they say
// which protocol waits for what, not how long the tail is. SLIT distances are no input here, because they are not time.

import { InputError } from '../stdx/input-error.ts';

export const storeKinds = ['hdd', 'sata', 'nvme', 'optane', 'zram'] as const;
export type StoreKind = (typeof storeKinds)[number];

export interface Sourced {
  value: number;
  unit: 'ns' | 'ratio' | 'MB/s' | '1/s';
  /** Where the figure was published or measured; begins with "unsourced" where it is from memory. */
  source: string;
}

/**
 * How the bytes get to the frame. `device`: DMA straight to it. `ram`: the executing CPU (de)compresses, so what crosses
 * the interconnect depends on that CPU's node.
 */
export type Medium = 'device' | 'ram';

/** One 4 KiB page in or out. */
export interface StoreCost {
  /** Latency of one page alone. */
  read: Sourced;
  write: Sourced;
  /** Pages per second when many are asked for at once. */
  readsPerSecond: Sourced;
  writesPerSecond: Sourced;
  /** Page size over stored size; 1 where nothing is compressed. */
  ratio: Sourced;
  medium: Medium;
}

export interface CostProfile {
  name: string;
  /** What machine this is, in one sentence. */
  sentence: string;
  /** Where the memory figures come from, the latency matrix included. */
  source: string;
  cpu: {
    /** Guest: a hint fault, without the balancing that it starts. */
    hintFault: Sourced;
    /** Exit, host fault handler and entry, the page being resident. */
    eptViolation: Sourced;
    /** A hypercall with a small handler. */
    hypercall: Sourced;
    /** Each further request in a batched hypercall. */
    hypercallEntry: Sourced;
    /** Re-pointing one EPT entry from one Gfn to another. */
    moveEntry: Sourced;
    clearPage: Sourced;
    /** 4 KiB within a node, far memory's own copies included. */
    copyPageLocal: Sourced;
    /** 4 KiB between nodes. */
    copyPageRemote: Sourced;
    /** A TLB shootdown with one target. */
    shootdown: Sourced;
    shootdownTarget: Sourced;
    /** A cache line of the moved list, written by another CPU: one look at a plain list, or one store of its owner. */
    listInspection: Sourced;
    /** Word to a vCPU that the list has changed, or that a copy of it is there: an interrupt. */
    listNotice: Sourced;
    /** An access to the page touched just before; that the others all miss is a declared simplification. */
    cacheHit: Sourced;
    /** One page encrypted or decrypted; default: see `ASSUMED_CIPHER`. */
    cipherPage?: Sourced;
  };
  memory: {
    /** A load that misses the caches, from a CPU of the same node. */
    localLatency: Sourced;
    /** From another node. */
    remoteLatency: Sourced;
    /** From a node without CPUs. */
    farLatency: Sourced;
    /** Reads of one node's memory by its own CPUs, by another node's, and of a CPU-less node's memory. */
    bandwidth: Sourced;
    remoteBandwidth: Sourced;
    farBandwidth: Sourced;
    /**
     * Measured loads, `latencyNs[i][j]` from CPUs of the node at position i to memory at position j. A CPU-less node
     * issues no loads: its row is empty.
     */
    latencyNs?: number[][];
  };
  stores: Record<StoreKind, StoreCost>;
}

/** 4 KiB at 2.5 GB/s on one core. */
const ASSUMED_CIPHER: Sourced = {
  value: 1640,
  unit: 'ns',
  source: 'unsourced: AES-XTS with AES-NI does 1 to 4 GB/s a core in cryptsetup benchmark',
};

export interface StoreCosts {
  readNs: number;
  writeNs: number;
  /** How long a page keeps the store from the next one; less than its latency where requests overlap. */
  readOccupancyNs: number;
  writeOccupancyNs: number;
  ratio: number;
  medium: Medium;
}

/** A profile's numbers. */
export interface Costs {
  hintFaultNs: number;
  eptViolationNs: number;
  hypercallNs: number;
  hypercallEntryNs: number;
  moveEntryNs: number;
  clearPageNs: number;
  copyPageLocalNs: number;
  copyPageRemoteNs: number;
  shootdownNs: number;
  shootdownTargetNs: number;
  listInspectionNs: number;
  listNoticeNs: number;
  cacheHitNs: number;
  /** One page encrypted or decrypted; charged only where slots are encrypted. */
  cipherPageNs: number;
  localLatencyNs: number;
  remoteLatencyNs: number;
  farLatencyNs: number;
  bandwidthMBps: number;
  remoteBandwidthMBps: number;
  farBandwidthMBps: number;
  /** Empty where none was measured; use `latencyMatrix`, which has a value for every pair. */
  latencyNs: number[][];
  stores: Record<StoreKind, StoreCosts>;
}

/**
 * Refuses a profile that would let time stand still or run backwards.
 * @param name what it is called where it is refused: its file, if it has one
 */
export function resolveCosts(profile: CostProfile, name = profile.name): Costs {
  const { cpu, memory, stores } = profile;
  const of = <Part extends object>(part: Part, path: string, unit: Sourced['unit']) => {
    return (field: keyof Part & string) => numberOf(part?.[field], `${path}.${field}`, unit, name);
  };
  const cpuNs = of(cpu, 'cpu', 'ns');
  const memoryNs = of(memory, 'memory', 'ns');
  const memoryMBps = of(memory, 'memory', 'MB/s');
  return {
    hintFaultNs: cpuNs('hintFault'),
    eptViolationNs: cpuNs('eptViolation'),
    hypercallNs: cpuNs('hypercall'),
    hypercallEntryNs: cpuNs('hypercallEntry'),
    moveEntryNs: cpuNs('moveEntry'),
    clearPageNs: cpuNs('clearPage'),
    copyPageLocalNs: cpuNs('copyPageLocal'),
    copyPageRemoteNs: cpuNs('copyPageRemote'),
    shootdownNs: cpuNs('shootdown'),
    shootdownTargetNs: cpuNs('shootdownTarget'),
    listInspectionNs: cpuNs('listInspection'),
    listNoticeNs: cpuNs('listNotice'),
    cacheHitNs: cpuNs('cacheHit'),
    cipherPageNs: numberOf(cpu.cipherPage ?? ASSUMED_CIPHER, 'cpu.cipherPage', 'ns', name),
    localLatencyNs: memoryNs('localLatency'),
    remoteLatencyNs: memoryNs('remoteLatency'),
    farLatencyNs: memoryNs('farLatency'),
    bandwidthMBps: memoryMBps('bandwidth'),
    remoteBandwidthMBps: memoryMBps('remoteBandwidth'),
    farBandwidthMBps: memoryMBps('farBandwidth'),
    latencyNs: checkedMatrix(memory.latencyNs ?? [], name),
    stores: Object.fromEntries(
      storeKinds.map((kind) => [kind, resolveStore(stores?.[kind], `stores.${kind}`, name)]),
    ) as Record<StoreKind, StoreCosts>,
  };
}

/**
 * Nanoseconds of a load from each node to each, by position. A measured matrix is used only on a machine with as many
 * nodes as it was measured on; anything else is local, remote, or far where the memory has no CPUs beside it.
 */
export function latencyMatrix(costs: Costs, hasCpus: readonly boolean[]): number[][] {
  const measured = costs.latencyNs.length === hasCpus.length ? costs.latencyNs : [];
  return hasCpus.map((_, from) =>
    hasCpus.map((near, to) => {
      const assumed = near
        ? from === to
          ? costs.localLatencyNs
          : costs.remoteLatencyNs
        : costs.farLatencyNs;
      return measured[from]?.[to] ?? assumed;
    }),
  );
}

function resolveStore(store: StoreCost, path: string, profile: string): StoreCosts {
  const of = (field: Exclude<keyof StoreCost, 'medium'>, unit: Sourced['unit']) =>
    numberOf(store?.[field], `${path}.${field}`, unit, profile);
  const resolved: StoreCosts = {
    readNs: of('read', 'ns'),
    writeNs: of('write', 'ns'),
    readOccupancyNs: 1e9 / of('readsPerSecond', '1/s'),
    writeOccupancyNs: 1e9 / of('writesPerSecond', '1/s'),
    ratio: of('ratio', 'ratio'),
    medium: store.medium,
  };
  if (resolved.medium !== 'device' && resolved.medium !== 'ram') {
    refuse(profile, `${path}.medium is ${JSON.stringify(store.medium)}`, '"device" or "ram"');
  }
  return resolved;
}

function numberOf(constant: unknown, path: string, unit: Sourced['unit'], profile: string): number {
  const { value, unit: seen } = (constant ?? {}) as Partial<Sourced>;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    refuse(profile, `${path} is ${value}`, 'a positive number');
  }
  if (seen !== unit) refuse(profile, `${path} has the unit ${JSON.stringify(seen)}`, JSON.stringify(unit));
  return value;
}

function checkedMatrix(matrix: number[][], profile: string): number[][] {
  for (const [i, row] of matrix.entries()) {
    const fits = Array.isArray(row) && (row.length === 0 || row.length === matrix.length);
    if (!fits || row.some((ns) => !(Number.isFinite(ns) && ns > 0))) {
      refuse(
        profile,
        `memory.latencyNs[${i}] is ${JSON.stringify(row)}`,
        `${matrix.length} positive numbers or none`,
      );
    }
  }
  return matrix;
}

function refuse(profile: string, what: string, expected: string): never {
  throw new InputError({ file: profile }, what, expected, 'start from a copy of a built-in cost profile');
}
