// Reads the text that `numactl -H` prints. What firmware may have got wrong becomes a warning; what cannot be numactl's
// writing is refused with its place. Numactl's "MB" are MiB (it shifts bytes by 20), and `free` is of no interest here.

import type { Topology, TopologyNode } from '../../model/topology.ts';
import { InputError } from '../../stdx/input-error.ts';
import { assumedDistances, topologyWarnings } from './warnings.ts';
import {
  CPU_MAX,
  HINT,
  MEMORY_MIB_MAX,
  NODES_MAX,
  NODE_ID_MAX,
  distanceRow,
  linesOf,
  quote,
  wholeNumber,
  type Line,
  type Word,
} from './words.ts';

/** @param file names the text in errors and, less folder and ending, the topology; `-` is stdin */
export function parseNumactl(text: string, file: string): Topology {
  const lines = linesOf(text, file);
  const first = lines[0]?.words[0];
  if (first === undefined) {
    throw new InputError({ file, line: 1, column: 1 }, 'the text is empty', 'numactl -H output', HINT);
  }
  const reading: Reading = { nodes: new Map(), announced: undefined, table: undefined, warnings: [] };
  for (const line of lines) readLine(reading, line);

  const place = reading.announced ?? reading.table?.start;
  if (reading.nodes.size === 0) {
    if (place === undefined)
      throw new InputError(first, 'this is not numactl output', '"available: N nodes"', HINT);
    throw new InputError(place, 'the text has no nodes', '"node 0 cpus: ..." lines', HINT);
  }
  return topologyOf(reading, file);
}

/** What has been read of one node; both lines must come. */
interface NodeLines {
  start: Word;
  cpus?: number[];
  memoryMiB?: number;
  free?: true;
}

interface DistanceTable {
  start: Word;
  /** The heading: node ids with their places. */
  columns: { id: number; word: Word }[] | undefined;
  rows: Map<number, number[]>;
}

interface Reading {
  nodes: Map<number, NodeLines>;
  /** The number in "available: N nodes". */
  announced: Word | undefined;
  table: DistanceTable | undefined;
  warnings: string[];
}

function readLine(reading: Reading, line: Line): void {
  const [first, second] = line.words as [Word, ...Word[]];
  const { table } = reading;
  const sentence = line.words.map((word) => word.text).join(' ');
  if (first.text === 'available:') {
    readHeader(reading, line);
  } else if (first.text === 'node' && second?.text === 'distances:') {
    if (table !== undefined) throw new InputError(first, 'a second distance table', 'one', HINT);
    reading.table = { start: first, columns: undefined, rows: new Map() };
  } else if (first.text === 'node' && table !== undefined && table.columns === undefined) {
    table.columns = readHeading(reading, line);
  } else if (first.text === 'node') {
    readNodeLine(reading, line);
  } else if (table !== undefined && first.text.endsWith(':') && first.text !== 'libnuma:') {
    readRow(reading, table, line);
  } else if (/^No NUMA/i.test(sentence)) {
    throw new InputError(
      first,
      'this machine has no NUMA support',
      'a NUMA machine',
      'use a built-in topology',
    );
  } else if (!/^No distance information/i.test(sentence)) {
    // A prompt, a libnuma warning, or a line of a later numactl: nothing that we need.
    reading.warnings.push(`Line ${first.line} was ignored: ${quote(sentence)}.`);
  }
}

function readHeader(reading: Reading, line: Line): void {
  const count = line.words[1];
  if (reading.announced !== undefined) {
    throw new InputError(line.words[0]!, 'a second "available:" line', 'the output of one machine', HINT);
  }
  if (count === undefined) throw new InputError(line.end, 'no number of nodes', '"available: N nodes"', HINT);
  wholeNumber(count, 'number of nodes', Number.MAX_SAFE_INTEGER);
  reading.announced = count;
}

/** `node 0 cpus: 0 1 2`, `node 0 size: 1024 MB` or `node 0 free: 512 MB`. */
function readNodeLine(reading: Reading, line: Line): void {
  const [start, idWord, attribute, ...values] = line.words as [Word, ...Word[]];
  if (idWord === undefined) throw new InputError(line.end, 'no node number', '"node 0 cpus: ..."', HINT);
  const id = wholeNumber(idWord, 'node number', NODE_ID_MAX);
  const node = nodeLines(reading, id, start);
  const twice = (seen: unknown) => {
    if (seen === undefined) return;
    throw new InputError(idWord, `a second "${attribute?.text}" line of node ${id}`, 'one', HINT);
  };
  switch (attribute?.text) {
    case 'cpus:':
      twice(node.cpus);
      node.cpus = readCpus(reading, id, values);
      return;
    case 'size:':
      twice(node.memoryMiB);
      node.memoryMiB = readMiB(reading, id, values, line);
      return;
    case 'free:':
      twice(node.free);
      readMiB(undefined, id, values, line);
      node.free = true;
      return;
  }
  const what = attribute === undefined ? 'the line ends early' : `${quote(attribute.text)} is not known`;
  throw new InputError(attribute ?? line.end, what, '"cpus:", "size:" or "free:"', HINT);
}

function nodeLines(reading: Reading, id: number, start: Word): NodeLines {
  const known = reading.nodes.get(id);
  if (known !== undefined) return known;
  if (reading.nodes.size === NODES_MAX) {
    throw new InputError(
      start,
      `more than ${NODES_MAX} nodes`,
      `at most ${NODES_MAX}`,
      'take out nodes you do not use',
    );
  }
  const node: NodeLines = { start };
  reading.nodes.set(id, node);
  return node;
}

function readCpus(reading: Reading, id: number, values: readonly Word[]): number[] {
  const cpus = values.map((word) => wholeNumber(word, 'CPU number', CPU_MAX));
  const distinct = new Set(cpus);
  if (distinct.size < cpus.length) reading.warnings.push(`Node ${id} lists a CPU more than once.`);
  return [...distinct];
}

/** Numactl writes `<not available>` where the kernel does not say: no memory that we could use. */
function readMiB(reading: Reading | undefined, id: number, values: readonly Word[], line: Line): number {
  const [amount, unit, extra] = values;
  if (amount?.text === '<not' && unit?.text === 'available>') {
    reading?.warnings.push(`The size of node ${id} is not available and is taken as 0.`);
    return 0;
  }
  if (amount === undefined) throw new InputError(line.end, 'no amount of memory', 'a number and "MB"', HINT);
  const memoryMiB = wholeNumber(amount, 'memory size', MEMORY_MIB_MAX);
  if (unit?.text !== 'MB') {
    const what = unit === undefined ? 'the unit is missing' : `unit ${quote(unit.text)}`;
    throw new InputError(unit ?? line.end, what, '"MB"', HINT);
  }
  if (extra !== undefined)
    throw new InputError(extra, `${quote(extra.text)} after the unit`, 'the line to end', HINT);
  return memoryMiB;
}

function readHeading(reading: Reading, line: Line): { id: number; word: Word }[] {
  const seen = new Set<number>();
  const columns = line.words.slice(1).map((word) => {
    const id = wholeNumber(word, 'node number', NODE_ID_MAX);
    requireNode(reading, id, word);
    if (seen.has(id)) throw new InputError(word, `a second distance column of node ${id}`, 'one', HINT);
    seen.add(id);
    return { id, word };
  });
  const missing = [...reading.nodes.keys()].find((id) => !seen.has(id));
  if (missing !== undefined) {
    throw new InputError(line.end, `no distance column for node ${missing}`, 'one per node', HINT);
  }
  return columns;
}

function readRow(reading: Reading, table: DistanceTable, line: Line): void {
  const [label, ...values] = line.words as [Word, ...Word[]];
  const id = wholeNumber(label, 'node number', NODE_ID_MAX, label.text.slice(0, -1));
  requireNode(reading, id, label);
  if (table.columns === undefined) {
    throw new InputError(label, 'a distance row without a heading', 'a "node 0 1 ..." line above it', HINT);
  }
  if (table.rows.has(id)) throw new InputError(label, `a second distance row of node ${id}`, 'one', HINT);
  table.rows.set(id, distanceRow(values, table.columns.length, `the distance row of node ${id}`, line.end));
}

function requireNode(reading: Reading, id: number, word: Word): void {
  if (reading.nodes.has(id)) return;
  const known = [...reading.nodes.keys()].join(', ');
  throw new InputError(word, `a distance for unknown node ${id}`, `one of the nodes ${known}`, HINT);
}

function topologyOf(reading: Reading, file: string): Topology {
  const nodes: TopologyNode[] = [];
  for (const [id, { start, cpus, memoryMiB }] of reading.nodes) {
    if (cpus === undefined || memoryMiB === undefined) {
      const line = cpus === undefined ? 'cpus' : 'size';
      throw new InputError(start, `node ${id} has no ${line} line`, `"node ${id} ${line}: ..."`, HINT);
    }
    nodes.push({ id, cpus, memoryMiB });
  }
  nodes.sort((a, b) => a.id - b.id);
  const distances = distancesOf(reading, nodes);
  const warnings = [...reading.warnings, ...headerWarnings(reading, nodes.length)];
  if (reading.table === undefined && nodes.length > 1) {
    warnings.push('There is no distance table: 10 to the own node and 20 to the others are assumed.');
  }
  return {
    name: nameOf(file),
    nodes,
    distances,
    warnings: [...warnings, ...topologyWarnings(nodes, distances)],
  };
}

function distancesOf(reading: Reading, nodes: readonly TopologyNode[]): number[][] {
  const { table } = reading;
  if (table === undefined) return assumedDistances(nodes.length);
  const { columns, rows, start } = table;
  if (columns === undefined) {
    throw new InputError(start, 'the distance table is empty', 'a heading and one row per node', HINT);
  }
  const missing = columns.find(({ id }) => !rows.has(id));
  if (missing !== undefined) {
    throw new InputError(missing.word, `no distance row for node ${missing.id}`, 'one per node', HINT);
  }
  // A node described only after the table has no column: it is unknown there, not unreachable.
  const late = nodes.find((node) => !rows.has(node.id));
  if (late !== undefined)
    throw new InputError(start, `no distances for node ${late.id}`, 'one row per node', HINT);
  const position = new Map(columns.map(({ id }, index) => [id, index]));
  return nodes.map((from) => nodes.map((to) => rows.get(from.id)![position.get(to.id)!]!));
}

function headerWarnings(reading: Reading, count: number): string[] {
  const announced = reading.announced?.text;
  if (announced === undefined) return ['The "available: N nodes" line is missing.'];
  return Number(announced) === count ? [] : [`${announced} nodes are announced but ${count} are described.`];
}

function nameOf(file: string): string {
  if (file === '-') return 'stdin';
  return file.replace(/^.*[/\\]/, '').replace(/\.txt$/, '') || file;
}
