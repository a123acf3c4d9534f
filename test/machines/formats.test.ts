// What is exported is the table: read back by readers of the formats' own, every state and every transition is there, and no
// other; for our machines, and for one whose names no language likes.
import { setup } from 'xstate';
import { describe, expect, test } from 'vitest';
import {
  compile,
  exportAs,
  extensionOf,
  type Format,
  formats,
  machineTables,
  pageTable,
  step,
  type Table,
} from '../../machines/index.ts';
import { awkwardTable } from './awkward-machine.ts';
import {
  arrow,
  type Read,
  readDot,
  readJson,
  readMermaid,
  readPromela,
  readScxml,
  readTla,
} from './readers.ts';

const readers: Record<Format, (text: string) => Read> = {
  mermaid: readMermaid,
  dot: readDot,
  json: readJson,
  scxml: readScxml,
  promela: readPromela,
  tla: readTla,
};

/** A name as a word. */
const word = (name: string) => name.replaceAll(/\W/g, '_');
/** How each format writes our names. */
const spelled: Record<Format, { state: (name: string) => string; event: (name: string) => string }> = {
  mermaid: { state: (name) => name, event: (name) => name },
  dot: { state: (name) => name, event: (name) => name },
  json: { state: (name) => name, event: (name) => name },
  scxml: { state: (name) => name, event: word },
  // An operator of Spin's formulas.
  promela: { state: word, event: (name) => (name === 'release' ? 'release_' : word(name)) },
  tla: { state: (name) => name, event: word },
};

function expected(table: Table, format: Format): Read {
  const { state, event } = spelled[format];
  return {
    initial: state(table.states[table.initial]!),
    states: table.states.map(state),
    steps: table.states.flatMap((from, row) =>
      table.events.flatMap((on, column) => {
        const to = step(table, row, column);
        return to < 0 ? [] : [arrow(state(from), event(on), state(table.states[to]!))];
      }),
    ),
  };
}

describe.each(machineTables.map((table) => ({ table, id: table.id })))('machine $id', ({ table }) => {
  test.each(formats)('%s: read back, it is the table', (format) => {
    const text = exportAs(table, format);
    const read = readers[format](text);
    const { initial, states, steps } = expected(table, format);
    expect(read.initial).toBe(initial);
    expect(read.states).toEqual(states);
    expect(read.steps.toSorted()).toEqual(steps.toSorted());
    expect(text.endsWith('\n')).toBe(true);
    expect(text).not.toMatch(/undefined|\t| $/m);
  });
});

test('the page machine has 40 transitions in every format', () => {
  const counts = formats.map((format) => readers[format](exportAs(pageTable, format)).steps.length);
  expect(counts).toEqual([40, 40, 40, 40, 40, 40]);
});

test('a file of each format has an extension of its own', () => {
  expect(formats.map(extensionOf)).toEqual(['mmd', 'dot', 'json', 'scxml', 'pml', 'tla']);
});

describe(`names that no language likes: ${awkwardTable.states.length} states in three levels, ${awkwardTable.events.length} events`, () => {
  /** Whatever the words are: the k-th of the export is the k-th of the table. */
  test.each(formats)(
    '%s: as many states, each with its own word, and the same steps between them',
    (format) => {
      const read = readers[format](exportAs(awkwardTable, format));
      expect(new Set(read.states).size).toBe(awkwardTable.states.length);
      const number = new Map(read.states.map((name, index) => [name, index]));
      const bare = (steps: readonly string[]) =>
        steps.map((text) => {
          const [, from = '', , to = ''] = /^(.*) -(.*)-> (.*)$/.exec(text)!;
          return `${number.get(from)} ${number.get(to)}`;
        });
      const own = awkwardTable.states.flatMap((_, row) =>
        awkwardTable.events.flatMap((__, column) => {
          const to = step(awkwardTable, row, column);
          return to < 0 ? [] : [`${row} ${to}`];
        }),
      );
      expect(number.get(read.initial)).toBe(awkwardTable.initial);
      expect(bare(read.steps).toSorted()).toEqual(own.toSorted());
    },
  );

  test.each(['mermaid', 'dot', 'json'] as const)('%s: the names themselves come back', (format) => {
    const read = readers[format](exportAs(awkwardTable, format));
    const { states, steps } = expected(awkwardTable, format);
    expect(read.states).toEqual(states);
    expect(read.steps.toSorted()).toEqual(steps.toSorted());
  });
});

test('a machine that can do nothing is exported too', () => {
  const still = compile(setup({}).createMachine({ id: 'still', initial: 'here', states: { here: {} } }));
  const read = formats
    .filter((format) => format !== 'promela' && format !== 'tla')
    .map((format) => readers[format](exportAs(still, format)));
  for (const one of read) expect(one).toEqual({ initial: 'here', states: ['here'], steps: [] });
  expect(exportAs(still, 'tla')).toContain('Next ==\n  \\/ FALSE\n');
  expect(exportAs(still, 'promela')).toContain('mtype:state state = here;');
});

describe('the readers are no rubber stamps: they refuse', () => {
  const spoilt: [Format, string, string][] = [
    ['mermaid', '  listed_held -->', '  listed_hold -->'],
    ['mermaid', ' : swapOut', ' : swap;Out'],
    ['dot', '[label="held"];', '[label="hold"];'],
    ['scxml', 'target="listed.held"', 'target="listed.hold"'],
    ['scxml', '</scxml>', ''],
    ['promela', 'state = listed_held }', 'state = listed_hold }'],
    ['tla', '  \\/ detect', '  \\/ detekt'],
    ['json', '"version": 1', '"version": 2'],
  ];
  test.each(spoilt)('%s with %s spoilt', (format, from, to) => {
    const text = exportAs(pageTable, format);
    expect(text).toContain(from);
    expect(() => readers[format](text.replace(from, to))).toThrow();
  });
});
