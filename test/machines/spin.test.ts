// The Promela export in Spin itself: it parses, and Spin's own exhaustive search reaches the same states by the same steps as the
// table does. Where Spin or a C compiler is missing the tests are skipped and say so; CI installs Spin.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setup } from 'xstate';
import { afterAll, describe, expect, test } from 'vitest';
import {
  compile,
  exportAs,
  machineTables,
  pageMachine,
  pageTable,
  rewire,
  step,
  type Table,
} from '../../machines/index.ts';
import { awkwardTable } from './awkward-machine.ts';
import { arrow } from './readers.ts';

const runs = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
const compiler = ['cc', 'gcc', 'clang'].find((name) => runs(name, '--version'));
const missing = [...(runs('spin', '-V') ? [] : ['spin']), ...(compiler ? [] : ['a C compiler'])];
const why = missing.length > 0 ? ` (skipped: no ${missing.join(' and no ')} here)` : '';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Searched {
  stored: number;
  errors: number;
  steps: string[];
  /** Lines of the model that pan never executed. */
  unreached: number[];
}

/** `spin -a`, the compiler, pan. */
function search(model: string): Searched {
  const cwd = mkdtempSync(join(tmpdir(), 'copyless-spin-'));
  folders.push(cwd);
  writeFileSync(join(cwd, 'm.pml'), model);
  const call = (program: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 60_000 });
    expect(status, `${program}: ${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  const said = call('spin', '-a', 'm.pml');
  expect(said).toBe('');
  call(compiler!, '-DSAFETY', '-DPRINTF', '-w', '-o', 'pan', 'pan.c');
  const out = call(join(cwd, 'pan'));
  return {
    stored: Number(/^ *(\d+) states, stored$/m.exec(out)![1]),
    errors: Number(/errors: (\d+)/.exec(out)![1]),
    steps: [...out.matchAll(/^(\w+) (\w+) (\w+)$/gm)].map(([, from, event, to]) => arrow(from!, event!, to!)),
    unreached: [...out.matchAll(/^\tm\.pml:(\d+), state \d+/gm)].map(([, line]) => Number(line)),
  };
}

/** What can be reached by the table: numbers of states, and steps out of them. */
function reachable(table: Table) {
  const states = new Set([table.initial]);
  const steps: [number, number, number][] = [];
  for (const from of states) {
    table.events.forEach((_, event) => {
      const to = step(table, from, event);
      if (to < 0) return;
      steps.push([from, event, to]);
      states.add(to);
    });
  }
  return { states, steps };
}

describe.skipIf(missing.length > 0)(`Spin${why}`, () => {
  test.each(machineTables.map((table) => ({ id: table.id, table, states: table.states.length })))(
    'machine $id: parses, and $states states are reached by the transitions of the table',
    ({ table, states }) => {
      const found = search(exportAs(table, 'promela'));
      // What Spin's formulas have as an operator gets another word.
      const word = (name: string) => (name === 'release' ? 'release_' : name.replaceAll('.', '_'));
      const steps = reachable(table).steps.map(([from, on, to]) =>
        arrow(word(table.states[from]!), word(table.events[on]!), word(table.states[to]!)),
      );
      expect(found.stored).toBe(states);
      expect(found.errors).toBe(0);
      expect(found.steps.toSorted()).toEqual(steps.toSorted());
      // Of the process only its end, after the loop.
      expect(found.unreached).toEqual([exportAs(table, 'promela').trimEnd().split('\n').length]);
    },
  );

  test('names that no language likes: as many states and steps, and the option of the state that is never reached is unreached', () => {
    const model = exportAs(awkwardTable, 'promela');
    const found = search(model);
    const { states, steps } = reachable(awkwardTable);
    expect(states.size).toBe(awkwardTable.states.length - 1);
    expect(found.stored).toBe(states.size);
    expect(found.steps).toHaveLength(steps.length);
    const lines = model.trimEnd().split('\n');
    const never = lines.flatMap((line, index) => (line.includes('state == never_ ') ? [index + 1] : []));
    expect(never).toHaveLength(2);
    expect(new Set(found.unreached)).toEqual(new Set([...never, lines.length]));
  });

  test('a machine that can do nothing: one state', () => {
    const still = compile(setup({}).createMachine({ id: 'still', initial: 'here', states: { here: {} } }));
    expect(search(exportAs(still, 'promela'))).toMatchObject({ stored: 1, errors: 0, steps: [] });
  });

  test('a page machine without detection: Spin reaches the two held states no more', () => {
    const changed = rewire(pageMachine, {
      'listed.exported': { detect: null },
      'remapped.mapped': { detect: null },
    });
    const found = search(exportAs(compile(changed), 'promela'));
    expect(found.stored).toBe(pageTable.states.length - 2);
    expect(found.steps.filter((text) => text.includes('held'))).toEqual([]);
  });
});
