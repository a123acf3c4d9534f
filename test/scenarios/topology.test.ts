// Topologies from outside: what is survived with a warning, what is refused and where, and that nothing crashes.

import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNREACHABLE, type Topology } from '../../src/model/topology.ts';
import { loadTopology, topologyNames } from '../../src/scenarios/topologies/index.ts';
import { parseNumactl } from '../../src/scenarios/topologies/numactl.ts';
import { parseSysfs } from '../../src/scenarios/topologies/sysfs.ts';
import { didYouMean } from '../../src/stdx/did-you-mean.ts';
import { InputError } from '../../src/stdx/input-error.ts';

const two = `available: 2 nodes (0-1)
node 0 cpus: 0 1
node 0 size: 1024 MB
node 0 free: 512 MB
node 1 cpus: 2 3
node 1 size: 2048 MB
node 1 free: 512 MB
node distances:
node   0   1
  0:  10  21
  1:  21  10
`;

/** The text `two` with one line, counted from 1, replaced; with no replacement it is taken out. */
function withLine(line: number, replacement?: string): string {
  const lines = two.split('\n');
  lines.splice(line - 1, 1, ...(replacement === undefined ? [] : [replacement]));
  return lines.join('\n');
}

function noStdin(): string {
  throw new Error('stdin was read');
}

function errorOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('expected an InputError, saw none');
}

function expectWellFormed({ nodes, distances, warnings }: Topology): void {
  expect(nodes.length).toBeGreaterThan(0);
  expect(nodes.map((node) => node.id)).toEqual(
    [...new Set(nodes.map((node) => node.id))].sort((a, b) => a - b),
  );
  expect(distances.length).toBe(nodes.length);
  for (const row of distances) {
    expect(row.length).toBe(nodes.length);
    for (const distance of row) expect(distance >= 10 && distance <= UNREACHABLE).toBe(true);
  }
  for (const warning of warnings) expect(warning).toMatch(/^[A-Z\d].*\.$/);
}

describe('numactl -H text that is fine', () => {
  test('2 nodes: ids, CPUs, memory and distances, without a warning', () => {
    expect(parseNumactl(two, 'hosts/lab.txt')).toEqual({
      name: 'lab',
      nodes: [
        { id: 0, cpus: [0, 1], memoryMiB: 1024 },
        { id: 1, cpus: [2, 3], memoryMiB: 2048 },
      ],
      distances: [
        [10, 21],
        [21, 10],
      ],
      warnings: [],
    });
  });

  test.each([
    ['CRLF line ends', two.replaceAll('\n', '\r\n')],
    ['trailing blanks and blank lines', two.replaceAll('\n', ' \t\n\n')],
    ['indentation', two.replace(/^/gm, '    ')],
    ['no free lines', two.replace(/.*free.*\n/g, '')],
    ['a byte order mark', `\ufeff${two}`],
    ['no line end at the end', two.trimEnd()],
  ])('2 nodes with %s read the same', (_, text) => {
    expect(parseNumactl(text, 'x')).toEqual(parseNumactl(two, 'x'));
  });

  test('sparse ids 1 and 8, columns in another order: distances are by position of the ascending ids', () => {
    const text =
      'available: 2 nodes (1,8)\nnode 8 cpus: 1\nnode 8 size: 1 MB\nnode 1 cpus: 0\nnode 1 size: 1 MB\n';
    const topology = parseNumactl(`${text}node distances:\nnode 8 1\n8: 10 30\n1: 40 10\n`, 'x');
    expect(topology.nodes.map((node) => node.id)).toEqual([1, 8]);
    expect(topology.distances).toEqual([
      [10, 40],
      [30, 10],
    ]);
  });

  test('64 nodes, the most there can be', () => {
    const ids = Array.from({ length: 64 }, (_, id) => id);
    const text = ids.map((id) => `node ${id} cpus: ${id}\nnode ${id} size: 1 MB\n`).join('');
    expectWellFormed(parseNumactl(`available: 64 nodes (0-63)\n${text}`, 'x'));
  });
});

describe('firmware nonsense is survived with one sentence', () => {
  const cases: [what: string, text: string, warning: string][] = [
    ['all distances equal', two.replaceAll('21', '10'), 'All distances are 10'],
    ['asymmetric', withLine(11, '  1:  31  10'), 'asymmetric: node 0 to node 1 is 21, back 31.'],
    ['diagonal not 10', withLine(10, '  0:  11  21'), 'not 10: node 0 is 11 from itself.'],
    [
      'remote as near as local',
      withLine(10, '  0:  10  10'),
      'no farther than the local one: node 0 to node 1',
    ],
    ['unreachable', withLine(11, '  1:  255  10'), 'unreachable: node 1 cannot reach node 0.'],
    ['a CPU in two nodes', withLine(5, 'node 1 cpus: 1 2 3'), 'CPU 1 is in several nodes.'],
    ['a CPU twice in a node', withLine(5, 'node 1 cpus: 2 2'), 'Node 1 lists a CPU more than once.'],
    ['a CPU-less node', withLine(5, 'node 1 cpus:'), 'Node 1 is CPU-less'],
    ['a memory-less node', withLine(6, 'node 1 size: 0 MB'), 'Node 1 is memory-less'],
    [
      'a size that is not available',
      withLine(6, 'node 1 size: <not available>'),
      'size of node 1 is not available',
    ],
    [
      'no distance table',
      two.slice(0, two.indexOf('node distances')),
      '10 to the own node and 20 to the others',
    ],
    [
      'numactl without distances',
      `${two.slice(0, two.indexOf('node dist'))}No distance information available.`,
      '20',
    ],
    ['a header that counts 3 nodes', withLine(1, 'available: 3 nodes (0-2)'), '3 nodes are announced but 2'],
    ['no header', withLine(1), 'line is missing'],
    ['a prompt before it', `$ numactl -H\n${two}`, 'Line 1 was ignored: "$ numactl -H".'],
    [
      'a libnuma warning in the table',
      withLine(11, 'libnuma: Warning: odd\n  1:  21  10'),
      'Line 11 was ignored',
    ],
    ['one node', 'available: 1 nodes (0)\nnode 0 cpus: 0\nnode 0 size: 9 MB', 'only one node'],
  ];
  test.each(cases)('%s', (_, text, warning) => {
    const topology = parseNumactl(text, 'x');
    expectWellFormed(topology);
    expect(topology.warnings.join('\n')).toContain(warning);
  });
});

describe('malformed numactl text is refused with its place', () => {
  const many = Array.from({ length: 65 }, (_, id) => `node ${id} cpus:`).join('\n');
  const cases: [what: string, text: string, place: string, message: string][] = [
    ['empty text', '', '1:1', 'the text is empty'],
    ['blank text', ' \r\n\t\n', '1:1', 'the text is empty'],
    ['another text', '\n  <topology version="2.0">', '2:3', 'this is not numactl output'],
    ['no NUMA', 'No NUMA support available on this system.', '1:1', 'no NUMA support'],
    ['no nodes', 'available: 0 nodes ()', '1:12', 'the text has no nodes'],
    ['a count that is a word', withLine(1, 'available: two nodes'), '1:12', '"two" is not a number of nodes'],
    ['two outputs in one', two + two, '12:1', 'a second "available:" line'],
    ['node x', withLine(2, 'node x cpus: 0 1'), '2:6', '"x" is not a node number'],
    ['node number too large', withLine(2, 'node 1024 cpus: 0 1'), '2:6', 'node number "1024" is too large'],
    ['a CPU that is a word', withLine(2, 'node 0 cpus: 0 one'), '2:16', '"one" is not a CPU number'],
    ['a negative CPU', withLine(2, 'node 0 cpus: -1'), '2:14', '"-1" is not a CPU number'],
    ['a CPU number too large', withLine(2, 'node 0 cpus: 70000'), '2:14', 'CPU number "70000" is too large'],
    ['duplicate node', withLine(5, 'node 0 cpus: 2 3'), '5:6', 'a second "cpus:" line of node 0'],
    ['an unknown attribute', withLine(2, 'node 0 cpu: 0 1'), '2:8', '"cpu:" is not known'],
    ['a node line that ends early', withLine(2, 'node 0'), '2:7', 'the line ends early'],
    ['a node without CPU line', withLine(5), '5:1', 'node 1 has no cpus line'],
    ['a node without size', withLine(6), '5:1', 'node 1 has no size line'],
    ['a size in GB', withLine(3, 'node 0 size: 1 GB'), '3:16', 'unit "GB"'],
    ['a size without unit', withLine(3, 'node 0 size: 1024'), '3:18', 'the unit is missing'],
    ['a size that is a word', withLine(3, 'node 0 size: big MB'), '3:14', '"big" is not a memory size'],
    ['a size too large', withLine(3, `node 0 size: ${'9'.repeat(400)} MB`), '3:14', 'is too large'],
    ['65 nodes', many, '65:1', 'more than 64 nodes'],
    ['heading with an unknown node', withLine(9, 'node   0   7'), '9:12', 'a distance for unknown node 7'],
    ['heading with a node twice', withLine(9, 'node   0   0'), '9:12', 'a second distance column of node 0'],
    ['heading too short', withLine(9, 'node   0  '), '9:9', 'no distance column for node 1'],
    ['no heading', withLine(9), '9:3', 'a distance row without a heading'],
    [
      'distance row too short',
      withLine(10, '  0:  10'),
      '10:9',
      'the distance row of node 0 has 1 value, expected 2',
    ],
    ['distance row too long', withLine(10, '  0:  10  21  31'), '10:15', 'has 3 values, expected 2'],
    ['distance row of an unknown node', withLine(11, '  2:  21  10'), '11:3', 'unknown node 2'],
    ['distance row twice', withLine(11, '  0:  10  21'), '11:3', 'a second distance row of node 0'],
    ['distance row missing', withLine(11), '9:12', 'no distance row for node 1'],
    ['table without rows', two.slice(0, two.indexOf('node   0')), '8:1', 'the distance table is empty'],
    ['distance 0', withLine(10, '  0:  10  0'), '10:11', 'distance 0 is too small'],
    ['distance 256', withLine(10, '  0:  10  256'), '10:11', 'distance "256" is too large'],
    ['distance 12.5', withLine(10, '  0:  10  12.5'), '10:11', '"12.5" is not a distance'],
  ];
  test.each(cases)('%s', (_, text, place, message) => {
    const error = errorOf(() => parseNumactl(text, 'host.txt'));
    expect(error.startsWith(`host.txt:${place}: `), `${error}\nshould be at ${place}`).toBe(true);
    expect(error).toContain(message);
    expect(error).toMatch(/, expected .+, hint: .+/);
  });

  test('a text that is not numactl output says how to get one', () => {
    expect(errorOf(() => parseNumactl('{}', '-'))).toMatch(/^-:1:1: .*run numactl -H > FILE$/);
  });
});

describe('sysfs', () => {
  const files: Record<string, string> = {
    online: '0,2\n',
    'node0/cpulist': '0-1,8,10-11\n',
    'node0/distance': '10 21\n',
    'node0/meminfo': '\nNode 0 MemTotal:  2097152 kB\nNode 0 MemFree: 1 kB\n',
    'node2/cpulist': '\n',
    'node2/distance': '21 10\n',
    'node2/meminfo': 'Node 2 MemTotal:  1024 kB\n',
  };
  const parse = (changes: Record<string, string | undefined>) => {
    const merged: Record<string, string | undefined> = { ...files, ...changes };
    return parseSysfs((path) => merged[path], 'copy');
  };

  test('2 nodes with ids 0 and 2: one distance per online node, a CPU-less node warns', () => {
    expect(parse({})).toEqual({
      name: 'copy',
      nodes: [
        { id: 0, cpus: [0, 1, 8, 10, 11], memoryMiB: 2048 },
        { id: 2, cpus: [], memoryMiB: 1 },
      ],
      distances: [
        [10, 21],
        [21, 10],
      ],
      warnings: ['Node 2 is CPU-less: memory that others use.'],
    });
  });

  test('an old kernel without online and cpulist reads the same from cpumap', () => {
    const old = { online: undefined, 'node0/cpulist': undefined, 'node0/cpumap': '00000000,00000d03\n' };
    expect(parse(old)).toEqual(parse({}));
  });

  test('a kernel without distances: 10 and 20 are assumed with a warning', () => {
    const { distances, warnings } = parse({ 'node0/distance': undefined, 'node2/distance': undefined });
    expect(distances).toEqual([
      [10, 20],
      [20, 10],
    ]);
    expect(warnings[0]).toContain('node 0, 2 are missing');
  });

  test.each([
    ['no nodes', { online: '\n' }, 'copy: ', 'no NUMA nodes'],
    ['a list that is none', { online: '0,x\n' }, 'copy/online:1:3: ', '"x" is not a node number'],
    ['a list out of order', { 'node0/cpulist': '4-7,2\n' }, 'copy/node0/cpulist:1:5: ', 'out of order'],
    ['a range of three', { 'node0/cpulist': '1-2-3\n' }, 'copy/node0/cpulist:1:1: ', 'not a range'],
    ['a row too short', { 'node0/distance': '10\n' }, 'copy/node0/distance:1:3: ', 'has 1 value, expected 2'],
    ['memory in MB', { 'node0/meminfo': 'Node 0 MemTotal: 1 MB' }, 'copy/node0/meminfo:1:20: ', 'unit'],
    ['no MemTotal', { 'node0/meminfo': '' }, 'copy/node0/meminfo: ', 'no MemTotal'],
    ['no CPU list', { 'node0/cpulist': undefined }, 'copy/node0/cpulist: ', 'missing'],
    ['a bad mask', { 'node0/cpulist': undefined, 'node0/cpumap': 'zz' }, 'copy/node0/cpumap:1:1: ', 'mask'],
  ])('%s is refused with its place', (_, changes, place, message) => {
    const error = errorOf(() => parse(changes));
    expect(error.startsWith(place), error).toBe(true);
    expect(error).toContain(message);
  });
});

describe('loading by name', () => {
  test.each(topologyNames)('built-in %s parses', (name) => {
    const topology = loadTopology(name, noStdin);
    expectWellFormed(topology);
    expect(topology.name).toBe(name);
  });

  test('the CXL machine warns of its firmware; the default machine has nothing to warn of', () => {
    const cxl = loadTopology('amd-epyc9224-2s-nps2-cxl-5n', noStdin).warnings.join('\n');
    expect(cxl).toContain('CPU-less');
    expect(cxl).toContain('asymmetric');
    expect(cxl).toContain('node 4 cannot reach node 0 (and 3 more)');
    expect(loadTopology(topologyNames[0]!, noStdin).warnings).toEqual([]);
  });

  test('- is numactl text on stdin', () => {
    expect(loadTopology('-', () => two).name).toBe('stdin');
  });

  test('a text file and a sysfs directory', () => {
    const directory = mkdtempSync(join(tmpdir(), 'topology-'));
    try {
      writeFileSync(join(directory, 'lab.txt'), two);
      expect(loadTopology(join(directory, 'lab.txt'), noStdin).name).toBe('lab');
      expect(errorOf(() => loadTopology(directory, noStdin))).toContain('no NUMA nodes');
      mkdirSync(join(directory, 'node3'));
      writeFileSync(join(directory, 'online'), '3\n');
      writeFileSync(join(directory, 'node3/cpulist'), '0-3\n');
      writeFileSync(join(directory, 'node3/meminfo'), 'Node 3 MemTotal: 4096 kB\n');
      expect(loadTopology(directory, noStdin).nodes).toEqual([{ id: 3, cpus: [0, 1, 2, 3], memoryMiB: 4 }]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test.each([
    ['intel-2s-skylak-2n', 'did you mean intel-2s-skylake-2n?'],
    ['skylake', 'did you mean intel-2s-skylake-2n?'],
    ['this-machin', 'did you mean this-machine?'],
    ['power9', 'run numactl -H > FILE'],
    ['', 'run numactl -H > FILE'],
    ['no\0such', 'run numactl -H > FILE'],
  ])('unknown %j: %s', (name, hint) => {
    const error = errorOf(() => loadTopology(name, noStdin));
    expect(error).toContain(hint);
    for (const known of topologyNames) expect(error).toContain(known);
  });

  test('an endless device is refused', () => {
    expect(errorOf(() => loadTopology('/dev/zero', noStdin))).toContain('no plain file');
  });

  test('didYouMean: swapped neighbours are one edit, nothing is better than far-fetched', () => {
    expect(didYouMean('nvem', ['zram', 'nvme'])).toBe('nvme');
    expect(didYouMean('xyzzy', ['zram', 'nvme'])).toBeUndefined();
    expect(didYouMean('x'.repeat(100_000), ['zram'])).toBeUndefined();
  });
});

describe('300 random mutations of a valid text: a topology or an InputError, seed 12393439', () => {
  const edit = fc.record({
    kind: fc.constantFrom('delete', 'insert', 'replace', 'drop line', 'repeat line'),
    at: fc.nat(1_000),
    piece: fc.oneof(
      fc.constantFrom(
        '0',
        '9',
        '-',
        ':',
        ' ',
        '\n',
        '\r',
        'node ',
        'node distances:',
        '1e9',
        '\0',
        '99999999999',
      ),
      fc.string({ maxLength: 4, unit: 'binary' }),
    ),
  });
  type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

  function mutate(text: string, { kind, at, piece }: Edit): string {
    if (kind === 'drop line' || kind === 'repeat line') {
      const lines = text.split('\n');
      const index = at % lines.length;
      lines.splice(index, 1, ...(kind === 'drop line' ? [] : [lines[index]!, lines[index]!]));
      return lines.join('\n');
    }
    const index = at % (text.length + 1);
    const rest = kind === 'insert' ? index : index + 1;
    return text.slice(0, index) + (kind === 'delete' ? '' : piece) + text.slice(rest);
  }

  test('and each outcome happens sometimes', () => {
    let accepted = 0;
    let refused = 0;
    const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let topology: Topology;
      try {
        topology = parseNumactl(edits.reduce(mutate, two), 'x');
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        refused++;
        return;
      }
      accepted++;
      expectWellFormed(topology);
    });
    fc.assert(property, { seed: 12393439, numRuns: 300 });
    expect(accepted).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(10);
  });
});

const shared = new URL('../../../shared/data/topologies/', import.meta.url);
const why = existsSync(shared) ? '' : ' (skipped: the shared samples are not beside the repository)';

describe.skipIf(why !== '')(`samples of real machines${why}`, () => {
  const list = (folder: string) => (why === '' ? readdirSync(new URL(folder, shared)) : []);
  const textOf = (path: string) => readFileSync(new URL(path, shared), 'utf8');
  const sysfsOf = (name: string): Topology => {
    const { files } = JSON.parse(textOf(`sysfs/${name}.json`)) as { files: Record<string, string> };
    return parseSysfs((path) => files[path], name);
  };
  const sysfsNames = list('sysfs/').map((file) => file.replace('.json', ''));
  const numactlNames = list('numactl/').map((file) => file.replace('.txt', ''));

  test.each(numactlNames)('numactl text of %s parses', (name) => {
    expectWellFormed(parseNumactl(textOf(`numactl/${name}.txt`), name));
  });

  test.each(sysfsNames)('sysfs of %s parses, and agrees with its numactl text', (name) => {
    const topology = sysfsOf(name);
    expectWellFormed(topology);
    if (!numactlNames.includes(name)) return;
    const { nodes, distances } = parseNumactl(textOf(`numactl/${name}.txt`), name);
    expect(topology.distances).toEqual(distances);
    expect(topology.nodes.map(({ id, cpus }) => ({ id, cpus }))).toEqual(
      nodes.map(({ id, cpus }) => ({ id, cpus })),
    );
    for (const [position, node] of topology.nodes.entries()) {
      expect(Math.abs(node.memoryMiB - nodes[position]!.memoryMiB)).toBeLessThanOrEqual(1);
    }
  });

  test('bad-firmware-8n warns of equal distances and shared CPUs, from either source', () => {
    for (const topology of [
      sysfsOf('bad-firmware-8n'),
      parseNumactl(textOf('numactl/bad-firmware-8n.txt'), 'x'),
    ]) {
      expect(topology.warnings).toEqual([
        'CPU 0 is in several nodes (and 7 more).',
        'All distances are 10, own node included: the firmware tells nothing about what is near.',
      ]);
    }
  });

  // shows: variant (28) (29) CPU-less nodes
  test('a CXL box with memory-only tiers and sparse ids warns', () => {
    const topology = sysfsOf('fake-mem-tiers-7n');
    expect(topology.nodes.map((node) => node.id)).toEqual([0, 1, 2, 4, 6, 8, 9]);
    expect(topology.warnings).toEqual(['Nodes 4, 6, 8, 9 are CPU-less: memory that others use.']);
  });

  test.each(topologyNames)('built-in %s has the facts of the sample', (name) => {
    const { nodes, distances } = loadTopology(name, noStdin);
    const sample = parseNumactl(textOf(`numactl/${name}.txt`), name);
    expect({ nodes, distances }).toEqual({ nodes: sample.nodes, distances: sample.distances });
  });
});
