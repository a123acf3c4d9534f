// Cost profiles: every figure has an origin, and together they give the per-page times that the protocol's authors expect.

import { describe, expect, test } from 'vitest';
import {
  latencyMatrix,
  resolveCosts,
  storeKinds,
  type CostProfile,
  type Costs,
  type Sourced,
  type StoreKind,
} from '../../src/model/cost.ts';
import { loadProfile, profileNames } from '../../src/scenarios/profiles/index.ts';
import { loadTopology, topologyNames } from '../../src/scenarios/topologies/index.ts';
import { InputError } from '../../src/stdx/input-error.ts';

/** Every constant of a profile with its path. */
function constantsOf(part: object, path = ''): [path: string, constant: Sourced][] {
  return Object.entries(part).flatMap(([key, value]): [string, Sourced][] => {
    if (typeof value !== 'object' || Array.isArray(value)) return [];
    return 'value' in value
      ? [[`${path}${key}`, value as Sourced]]
      : constantsOf(value as object, `${path}${key}.`);
  });
}

function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : [];
}

function copyOf(name: string): CostProfile {
  return structuredClone(loadProfile(name));
}

describe.each(profileNames)('built-in profile %s', (name) => {
  const profile = loadProfile(name);
  const costs = resolveCosts(profile);

  test('every constant is positive and finite and says where it is from', () => {
    const constants = constantsOf(profile);
    expect(constants).toHaveLength(13 + 6 + 5 * storeKinds.length);
    for (const [path, { value, source }] of constants) {
      expect(Number.isFinite(value) && value > 0, path).toBe(true);
      expect(source.length, path).toBeGreaterThan(8);
    }
    expect(profile.source).not.toBe('');
    expect(profile.sentence).toMatch(/^[A-Z].*\.$/);
    expect(profile.name).toBe(name);
  });

  test('figures from memory say so, and some have a source', () => {
    const unsourced = constantsOf(profile).filter(([, { source }]) => source.startsWith('unsourced'));
    expect(unsourced.map(([path]) => path)).toContain('cpu.eptViolation');
    expect(unsourced.map(([path]) => path)).not.toContain('memory.localLatency');
  });

  test('costs are plain positive numbers that survive JSON', () => {
    expect(JSON.parse(JSON.stringify(costs))).toEqual(costs);
    for (const number of numbersOf(costs)) expect(number).toBeGreaterThan(0);
  });

  test('near is faster than remote, remote than far, and faster stores come later in the list', () => {
    expect(costs.localLatencyNs).toBeLessThan(costs.remoteLatencyNs);
    expect(costs.remoteLatencyNs).toBeLessThan(costs.farLatencyNs);
    const reads = storeKinds.map((kind) => costs.stores[kind].readNs);
    expect(reads).toEqual(reads.toSorted((a, b) => b - a));
  });

  test.each(topologyNames)(
    'gives a latency to every pair of nodes of %s, whatever its SLIT says',
    (topology) => {
      const { nodes } = loadTopology(topology, () => '');
      const hasCpus = nodes.map((node) => node.cpus.length > 0);
      const matrix = latencyMatrix(costs, hasCpus);
      expect(matrix.map((row) => row.length)).toEqual(nodes.map(() => nodes.length));
      // SLIT / 10 * local is the mistake this guards against: every value is measured or one of the three defaults.
      const { latencyNs, localLatencyNs, remoteLatencyNs, farLatencyNs } = costs;
      const known = new Set([...latencyNs.flat(), localLatencyNs, remoteLatencyNs, farLatencyNs]);
      for (const latency of matrix.flat()) expect(known.has(latency)).toBe(true);
    },
  );
});

describe('latency by pair of nodes', () => {
  test('the matrix of 5 nodes is used on 5 nodes; loads "from" the CPU-less node get the defaults', () => {
    const costs = resolveCosts(loadProfile('epyc9224-cxl'));
    const matrix = latencyMatrix(costs, [true, true, true, true, false]);
    expect(matrix[0]).toEqual([107.5, 117.1, 200.7, 200.7, 279.4]);
    expect(matrix[3]![4]).toBe(363.5);
    expect(matrix[4]).toEqual([200.7, 200.7, 200.7, 200.7, 279.4]);
  });

  test('the matrix of 5 nodes is not used on 3 nodes: local, remote and far', () => {
    const costs = resolveCosts(loadProfile('epyc9224-cxl'));
    expect(latencyMatrix(costs, [true, true, false])[1]).toEqual([200.7, 107.5, 279.4]);
  });
});

describe('the expected microseconds per page, hint-fault path, default profile', () => {
  const costs: Costs = resolveCosts(loadProfile(profileNames[0]!));
  const rows: [
    kind: StoreKind,
    baselineUs: number,
    migrateUs: number,
    savedPercent: number,
    mapSavedPercent: number,
  ][] = [
    ['hdd', 8006, 8003, 0, 0],
    ['sata', 126, 123, 2.1, 0.9],
    ['nvme', 83.9, 81.3, 3.1, 1.3],
    ['optane', 14.8, 12.2, 18, 7],
    ['zram', 7.6, 5.0, 34, 15],
  ];
  test.each(rows)(
    '%s: %d us before, %d us after, %d %% saved, %d %% by mapping',
    (kind, before, after, saved, mapped) => {
      const { readNs } = costs.stores[kind];
      const { hintFaultNs, eptViolationNs, hypercallNs, moveEntryNs, clearPageNs, copyPageRemoteNs } = costs;
      const baseline =
        hintFaultNs + eptViolationNs + readNs + eptViolationNs + clearPageNs + copyPageRemoteNs;
      const migrate = hintFaultNs + hypercallNs + moveEntryNs + readNs;
      const map = migrate + eptViolationNs;
      // The expected figures are rounded, to 1 us for slow stores, and come out 0.1 us above the sum of these costs.
      expect(Math.abs(baseline / 1000 - before)).toBeLessThan(0.3);
      expect(Math.abs(migrate / 1000 - after)).toBeLessThan(0.4);
      expect(Math.abs((100 * (baseline - migrate)) / baseline - saved)).toBeLessThan(1.5);
      expect(Math.abs((100 * (baseline - map)) / baseline - mapped)).toBeLessThan(2);
    },
  );

  test('occupancy is what throughput leaves: an NVMe device takes a page every 5.98 us though each takes 77.9', () => {
    const { readNs, readOccupancyNs } = costs.stores.nvme;
    expect(readNs).toBe(77_900);
    expect(readOccupancyNs).toBeCloseTo(1e9 / 167_200);
  });

  test('compressed RAM is the only store that CPUs serve, and the only one that compresses', () => {
    for (const kind of storeKinds) {
      expect(costs.stores[kind].medium).toBe(kind === 'zram' ? 'ram' : 'device');
      expect(costs.stores[kind].ratio > 1).toBe(kind === 'zram');
    }
  });
});

describe('a profile that cannot be used is refused', () => {
  const broken: [what: string, spoil: (profile: CostProfile) => void, message: string][] = [
    [
      'a missing constant',
      ({ cpu }) => delete (cpu as Partial<typeof cpu>).moveEntry,
      'cpu.moveEntry is undefined',
    ],
    [
      'a missing part',
      (profile) => delete (profile as Partial<CostProfile>).memory,
      'memory.localLatency is undefined',
    ],
    [
      'a missing store',
      ({ stores }) => delete (stores as Partial<typeof stores>).nvme,
      'stores.nvme.read is undefined',
    ],
    ['no time', ({ cpu }) => (cpu.clearPage.value = 0), 'cpu.clearPage is 0, expected a positive number'],
    ['negative time', ({ stores }) => (stores.hdd.read.value = -1), 'stores.hdd.read is -1'],
    ['endless time', ({ memory }) => (memory.farLatency.value = Infinity), 'memory.farLatency is Infinity'],
    ['another unit', ({ memory }) => (memory.bandwidth.unit = 'ns'), 'memory.bandwidth has the unit "ns"'],
    ['a new medium', ({ stores }) => (stores.hdd.medium = 'tape' as 'ram'), 'stores.hdd.medium is "tape"'],
    ['a ragged matrix', ({ memory }) => (memory.latencyNs = [[80], [80, 90]]), 'memory.latencyNs[0] is [80]'],
  ];
  test.each(broken)('%s', (_, spoil, message) => {
    const profile = copyOf('skylake-2s');
    spoil(profile);
    expect(() => resolveCosts(profile)).toThrow(InputError);
    expect(() => resolveCosts(profile)).toThrow(message);
  });

  test.each([
    ['skylake2s', 'did you mean skylake-2s?'],
    ['epyc', 'did you mean epyc9224-cxl?'],
    ['power9', 'leave it out for the default'],
    ['', 'leave it out for the default'],
  ])('unknown name %j: %s', (name, hint) => {
    expect(() => loadProfile(name)).toThrow(InputError);
    expect(() => loadProfile(name)).toThrow(hint);
    expect(() => loadProfile(name)).toThrow(profileNames.join(', '));
  });
});
