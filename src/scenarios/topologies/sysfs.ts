// Reads /sys/devices/system/node, of the running machine or copied from another one. The parser is pure and is given the
// files, so that a copy in any form will do. Old kernels have no `online` and no `cpulist`: nodes are then looked for by
// number, and CPUs are read from the mask in `cpumap`.

import { readFileSync } from 'node:fs';
import type { Topology, TopologyNode } from '../../model/topology.ts';
import { InputError } from '../../stdx/input-error.ts';
import { assumedDistances, topologyWarnings } from './warnings.ts';
import {
  CPU_MAX,
  MEMORY_MIB_MAX,
  NODES_MAX,
  NODE_ID_MAX,
  distanceRow,
  linesOf,
  quote,
  wholeNumber,
  type Word,
} from './words.ts';

const HINT = 'copy the whole of /sys/devices/system/node, or use numactl -H > FILE';

/** The machine whose node directory is `root`. */
export function readSysfs(root = '/sys/devices/system/node'): Topology {
  return parseSysfs((path) => readIfThere(`${root}/${path}`), root);
}

/**
 * @param read the text of the file at a path relative to the root ("node0/cpulist"), undefined where there is none
 * @param root names the machine and, before the path, the files in errors
 */
export function parseSysfs(read: (path: string) => string | undefined, root: string): Topology {
  const directory: Directory = { read, root };
  const ids = onlineNodes(directory);
  const nodes = ids.map((id): TopologyNode => {
    return { id, cpus: cpusOf(directory, id), memoryMiB: memoryMiBOf(directory, id) };
  });
  const distances = assumedDistances(ids.length);
  const assumed: number[] = [];
  for (const [position, id] of ids.entries()) {
    const row = distancesOf(directory, id, ids.length);
    if (row === undefined) assumed.push(id);
    else distances[position] = row;
  }
  const warnings = topologyWarnings(nodes, distances);
  if (assumed.length > 0 && ids.length > 1) {
    const of = assumed.join(', ');
    warnings.unshift(
      `Distances of node ${of} are missing: 10 to the own node and 20 to the others are assumed.`,
    );
  }
  return { name: root, nodes, distances, warnings };
}

interface Directory {
  read: (path: string) => string | undefined;
  root: string;
}

function onlineNodes({ read, root }: Directory): number[] {
  const file = `${root}/online`;
  const online = read('online');
  const ids = online === undefined ? probe(read) : idList(online, file, 'node number', NODE_ID_MAX);
  if (ids.length === 0) throw new InputError({ file: root }, 'no NUMA nodes', 'node0, node1, ...', HINT);
  if (ids.length > NODES_MAX) {
    throw new InputError(
      { file: root },
      `${ids.length} nodes`,
      `at most ${NODES_MAX}`,
      'describe fewer nodes',
    );
  }
  return ids;
}

function probe(read: (path: string) => string | undefined): number[] {
  const numbers = Array.from({ length: NODE_ID_MAX + 1 }, (_, id) => id);
  return numbers.filter((id) => read(`node${id}/meminfo`) !== undefined);
}

function cpusOf({ read, root }: Directory, id: number): number[] {
  const list = read(`node${id}/cpulist`);
  if (list !== undefined) return idList(list, `${root}/node${id}/cpulist`, 'CPU number', CPU_MAX);
  const mask = read(`node${id}/cpumap`);
  if (mask !== undefined) return maskBits(mask, `${root}/node${id}/cpumap`);
  throw new InputError({ file: `${root}/node${id}/cpulist` }, 'the file is missing', 'a CPU list', HINT);
}

/** `0-3,8,10-11`, in ascending order as the kernel prints it; an empty list is none. */
function idList(text: string, file: string, what: string, max: number): number[] {
  const ids: number[] = [];
  const [line] = linesOf(text, file);
  let column = 0;
  for (const part of line?.words[0]!.text.split(',') ?? []) {
    const word = { ...line!.words[0]!, column: line!.words[0]!.column + column };
    column += part.length + 1;
    const [from = '', to = from, ...rest] = part.split('-');
    if (rest.length > 0) throw new InputError(word, `${quote(part)} is not a range`, '"0-3"', HINT);
    const first = wholeNumber(word, what, max, from);
    const last = wholeNumber(word, what, max, to);
    if (last < first || first <= (ids.at(-1) ?? -1)) {
      throw new InputError(word, `${quote(part)} is out of order`, 'ascending numbers', HINT);
    }
    for (let number = first; number <= last; number++) ids.push(number);
  }
  const extra = line?.words[1];
  if (extra !== undefined)
    throw new InputError(extra, `${quote(extra.text)} after the list`, 'one list', HINT);
  return ids;
}

/** `00000000,000000ff`: hexadecimal words of 32 bits, the lowest last. */
function maskBits(text: string, file: string): number[] {
  const word = linesOf(text, file)[0]?.words[0];
  if (word === undefined) return [];
  const cpus: number[] = [];
  for (const [index, part] of word.text.split(',').toReversed().entries()) {
    if (!/^[0-9a-f]{1,8}$/i.test(part) || index * 32 > CPU_MAX) {
      throw new InputError(word, `${quote(word.text)} is not a CPU mask`, 'hexadecimal words', HINT);
    }
    const bits = Number.parseInt(part, 16);
    for (let bit = 0; bit < 32; bit++) if ((bits >>> bit) & 1) cpus.push(index * 32 + bit);
  }
  return cpus;
}

/** From the line `Node 0 MemTotal:  16769836 kB`. */
function memoryMiBOf({ read, root }: Directory, id: number): number {
  const file = `${root}/node${id}/meminfo`;
  const lines = linesOf(read(`node${id}/meminfo`) ?? '', file);
  const line = lines.find(({ words }) => words[2]?.text === 'MemTotal:');
  const [amount, unit]: (Word | undefined)[] = line?.words.slice(3) ?? [];
  if (line === undefined || amount === undefined) {
    throw new InputError(line?.end ?? { file }, 'no MemTotal', `"Node ${id} MemTotal: N kB"`, HINT);
  }
  const kiB = wholeNumber(amount, 'memory size', MEMORY_MIB_MAX * 1024);
  if (unit?.text !== 'kB') throw new InputError(unit ?? line.end, 'unit of MemTotal', '"kB"', HINT);
  return Math.floor(kiB / 1024);
}

/** One value per online node, in order of node id; nothing where the kernel has none. */
function distancesOf({ read, root }: Directory, id: number, count: number): number[] | undefined {
  const file = `${root}/node${id}/distance`;
  const line = linesOf(read(`node${id}/distance`) ?? '', file)[0];
  return line && distanceRow(line.words, count, `the distance row of node ${id}`, line.end);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new InputError({ file: path }, `cannot be read (${code})`, 'a readable file', HINT);
  }
}
