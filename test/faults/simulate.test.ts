// `simulate --faults`: the plan is printed before the runs and stands in the result; every claim holds all the same.
import { describe, expect, test } from 'vitest';
import { tmpdir } from 'node:os';
import { run } from '../cli/command.ts';

const copyless = (args: readonly string[]) => run(['simulate', ...args], { cwd: tmpdir() });
const SMALL = [
  '--workload',
  'process-move',
  '--set',
  'pages=64',
  '--set',
  'accesses=2000',
  '--memory',
  '128KiB',
];

describe('simulate --faults', () => {
  // shows: race 23
  test('a plan written out is named before the runs and in the result', async () => {
    const { status, stdout, stderr } = await copyless([
      ...SMALL,
      '--faults',
      'lose request:1,lose call:3',
      '--json',
    ]);
    expect(stderr).toMatch(/^faults of seed 1: lose the 1st request, lose the 3rd call$/m);
    const { pass, runs } = JSON.parse(stdout) as { pass: boolean; runs: { faults: string }[] };
    expect({ status, pass }).toEqual({ status: 0, pass: true });
    expect(runs.map(({ faults }) => faults)).toEqual(
      Array(4).fill('lose the 1st request, lose the 3rd call'),
    );
  });
  test('a plan drawn from the seed is the same each time', async () => {
    const drawn = async () => (await copyless([...SMALL, '--faults', 'swarm', '--seed', '7'])).stderr;
    const first = await drawn();
    expect(first).toMatch(/faults of seed 7: \w/);
    expect(await drawn()).toBe(first);
  });
});
