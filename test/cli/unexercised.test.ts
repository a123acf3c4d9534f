// A protocol none of whose requests is ever accepted does not pass: not one step of its plan was made. `check`, `fuzz` and
// `simulate` say so, and end with status 3.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { progress, SlowProgress } from '../../src/cli/output.ts';
import { EXAMPLES, folder, run, SMALL } from './command.ts';

/** The README's protocol in a world that always looks too full, with a plan that moves pages without unmapping them. */
const hollow = (roomWanted: number, more = '') => `
import example from ${JSON.stringify(pathToFileURL(join(EXAMPLES, 'protocols/stay-when-full.ts')).href)};
export default {
  ...example,
  name: 'hollow',
  ${more}
  plan: (request, page, host) => {
    const plan = host.destinationRoom < ${roomWanted} ? 'NOMEM' : example.plan(request, page, host);
    return typeof plan === 'string' ? plan : plan.filter((step) => step !== 'unmap');
  },
};
`;
const cwd = folder({
  'hollow.mjs': hollow(1000, 'unchecked: true,'),
  'refused.mjs': hollow(1000),
});
afterAll(() => rmSync(cwd, { recursive: true }));
afterEach(() => void vi.unstubAllEnvs());
const copyless = (...args: string[]) => run(args, { cwd });

describe('requests that are always refused', () => {
  test.each([[[]], [['--workers', '2']]])('check: MISSED and status 3, with %j', async (more: string[]) => {
    const { status, stdout } = await copyless('check', '-p', 'hollow.mjs', '--json', 'check.json', ...more);
    expect(stdout).toMatch(
      /^MISSED hollow\.mjs: no request was ever accepted, so its plan was not exercised$/m,
    );
    expect(stdout).toMatch(/^ {5}complete, [\d,]+ states/m);
    expect(stdout).not.toContain('PASS');
    expect(status).toBe(3);
    const { complete, pass, runs } = JSON.parse(readFileSync(join(cwd, 'check.json'), 'utf8'));
    expect({ complete, pass }).toEqual({ complete: true, pass: false });
    expect(runs).toMatchObject([{ pass: false, requests: 'refused' }]);
  });

  test('fuzz: the same, with how many there were', async () => {
    const { status, stdout } = await copyless('fuzz', '-n', '300', '-p', 'hollow.mjs', '--json', 'fuzz.json');
    const result = JSON.parse(readFileSync(join(cwd, 'fuzz.json'), 'utf8'));
    const [[name, { asked, accepted }]] = Object.entries(result.requests) as [
      [string, { asked: number; accepted: number }],
    ];
    expect(accepted).toBe(0);
    expect(result).toMatchObject({ pass: false, violations: {}, unexercised: [name] });
    expect(stdout).toContain(`Requests  0 of ${asked} accepted, ${name}\n`);
    expect(stdout).toContain(`MISSED ${name}: none of ${asked} requests was ever accepted`);
    expect(status).toBe(3);
  });

  test('simulate: the same', async () => {
    const full = ['--workload', 'adversary', '--memory', '64KiB'];
    const { status, stdout } = await copyless('simulate', ...full, '-p', 'hollow.mjs', '--json', 'run.json');
    const result = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8'));
    expect(result).toMatchObject({ complete: true, pass: true, unexercised: ['hollow'] });
    expect(result.runs[0].requestsAccepted).toBe(0);
    expect(stdout).toContain('MISSED hollow: no request was ever accepted, so its plan was not exercised\n');
    expect(stdout).toMatch(/^MISSED in/m);
    expect(status).toBe(3);
  });

  test('a plan that only a roomy destination would show is looked at when the file is loaded', async () => {
    const { status, stderr } = await copyless('check', '-p', 'refused.mjs');
    expect(stderr).toContain('refused.mjs: plan() for map-then-migrate lacks the step unmap');
    expect(status).toBe(2);
  });
});

test('where the guest has nothing to ask, that is said and is no failure', async () => {
  const { status, stdout } = await copyless(
    'check',
    '-p',
    'copyless-map',
    '-p',
    'conventional',
    '--moves',
    '0',
  );
  expect(stdout).toMatch(/^PASS copyless-map: .*\n {5}no request was made, so its plan was not exercised$/m);
  expect(stdout).toMatch(/^PASS conventional: .*\n$/m);
  expect(status).toBe(0);
  const calm = [...SMALL, '--memory', '2MiB'];
  const simulated = await copyless('simulate', ...calm, '-p', 'conventional', '-p', 'copyless-map');
  expect(simulated.stdout).toContain(
    'Note: no request was made under map, so nothing of the plan was exercised.\n',
  );
  expect(simulated.status).toBe(0);
});

test('progress of what takes minutes: a line every ten seconds where there is no terminal, with what is left', () => {
  const lines: string[] = [];
  let now = 0;
  const slowly = new SlowProgress(
    () => now,
    (text) => void lines.push(text),
  );
  for (let done = 1; done <= 40; done++) {
    now += 1000;
    slowly.say(`fuzz  ${done}/40 schedules`, done / 40);
  }
  expect(lines).toEqual([
    'fuzz  10/40 schedules, about 30 s left',
    'fuzz  20/40 schedules, about 20 s left',
    'fuzz  30/40 schedules, about 10 s left',
    'fuzz  40/40 schedules',
  ]);
});

test.each([
  [20, 'copyless-map: 12,34'],
  [1, ''],
  [undefined, 'copyless-map: 12,345 states, depth 17'],
  [200, 'copyless-map: 12,345 states, depth 17'],
])('progress on a terminal of %s columns stays in its row', (columns, shown) => {
  vi.stubEnv('CI', '');
  const { stderr } = process;
  const { isTTY, columns: before } = stderr;
  const write = vi.spyOn(stderr, 'write').mockReturnValue(true);
  Object.assign(stderr, { isTTY: true, columns });
  let written: unknown[][];
  try {
    progress('copyless-map: 12,345 states, depth 17');
    written = write.mock.calls;
  } finally {
    write.mockRestore();
    Object.assign(stderr, { isTTY, columns: before });
  }
  expect(written).toEqual([[`\r\x1b[2K${shown}`]]);
});
