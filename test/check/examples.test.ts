// The examples that people start from: their counts are pinned, each seeded mistake is found by its shortest way.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readersWriters } from '../../examples/readers-writers.ts';
import { twoPhaseCommit } from '../../examples/two-phase-commit.ts';
import { check, type CheckResult } from '../../src/testing.ts';

const bare = ({ violation }: CheckResult) => violation?.actions.map((action) => action.split(' (')[0]);

describe('two-phase commit', () => {
  for (const [managers, states, orbits] of [
    [3, 288, 80],
    [4, 1568, 166],
    [5, 8832, 314],
  ] as const)
    test(`${managers} managers: ${states} states, the count of the public TLA+ specification; ${orbits} up to symmetry`, () => {
      expect(check(twoPhaseCommit(managers), { symmetry: false })).toMatchObject({
        complete: true,
        pass: true,
        states,
      });
      expect(check(twoPhaseCommit(managers))).toMatchObject({ complete: true, pass: true, states: orbits });
    });

  test('a coordinator that commits early: found in seven steps, with and without symmetry', () => {
    for (const symmetry of [true, false]) {
      const result = check(twoPhaseCommit(3, 'early'), { symmetry });
      expect(result.violation).toMatchObject({
        kind: 'property',
        name: 'no manager commits while another aborts',
      });
      expect(bare(result)!.length).toBe(7);
      expect(bare(result)!.slice(-2)).toEqual(['coordinator commits', 'manager is told to commit']);
    }
  });

  const missing = ['spin', 'gcc'].filter((tool) => spawnSync(tool, ['--version']).error);
  test.skipIf(missing.length > 0)(
    `its Promela twin has as many states in Spin${missing.length > 0 ? ` (not installed: ${missing.join(', ')})` : ''}`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'copyless-spin-'));
      try {
        copyFileSync(new URL('two-phase-commit.pml', import.meta.url), join(folder, 'twin.pml'));
        for (const managers of [3, 5]) {
          const run = (command: string, ...args: string[]) => {
            const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
            expect(status, stderr + stdout).toBe(0);
            return stdout;
          };
          run('spin', '-a', `-DN=${managers}`, 'twin.pml');
          run('gcc', '-O1', '-DSAFETY', '-o', 'pan', 'pan.c');
          const stored = /(\d+) states, stored/.exec(run('./pan', '-E'))![1];
          expect(Number(stored)).toBe(check(twoPhaseCommit(managers), { symmetry: false }).states);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

describe('readers-writers lock', () => {
  test('2 readers, 2 writers: safe and live; every mistake is found by its shortest way', () => {
    expect(check(readersWriters(2, 2))).toMatchObject({ complete: true, pass: true, states: 45 });
    expect(check(readersWriters(2, 2), { symmetry: false })).toMatchObject({
      complete: true,
      pass: true,
      states: 105,
    });
    const overlooks = check(readersWriters(2, 2, 'overlooks'));
    expect(overlooks.violation!.name).toBe('no reader beside a writer');
    expect(bare(overlooks)).toEqual(['reader asks', 'writer asks', 'writer enters', 'reader enters']);
    const greedy = check(readersWriters(2, 2, 'greedy'));
    expect(greedy.violation).toMatchObject({
      kind: 'starvation',
      name: 'a waiting writer (writer 1) stays pending',
      cycleFrom: 1,
    });
    expect(bare(greedy)).toEqual(['writer asks', 'reader asks', 'reader enters', 'reader leaves']);
    const forgets = check(readersWriters(1, 1, 'forgets'));
    expect(forgets.violation).toMatchObject({ kind: 'deadlock' });
    expect(bare(forgets)).toEqual(['reader asks', 'writer asks', 'writer enters', 'writer leaves']);
  });

  test('the examples are short: under 80 lines each', () => {
    for (const name of ['two-phase-commit', 'readers-writers']) {
      const text = readFileSync(new URL(`../../examples/${name}.ts`, import.meta.url), 'utf8');
      expect(text.trimEnd().split('\n').length).toBeLessThan(80);
    }
  });
});
