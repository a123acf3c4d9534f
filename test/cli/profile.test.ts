// `--profile`: a .cpuprofile of the run, of the same run as without it.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import type { Result } from '../../src/report/result.ts';
import { run, SMALL, start } from './command.ts';

const cwd = mkdtempSync(join(tmpdir(), 'copyless-profile-'));
afterAll(() => rmSync(cwd, { recursive: true }));
const small = ['simulate', ...SMALL, '-p', 'conventional', '-p', 'copyless-map'];

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}
const profileIn = (file: string) => JSON.parse(readFileSync(join(cwd, file), 'utf8')) as CpuProfile;
/** What is the same in every run: all but the times. */
const still = (text: string) => text.replace(/(PASS|FAIL) in [\d.]+ s/, '$1 in N s');

test('simulate --profile FILE.cpuprofile: nodes and samples of the run, whose output is as without it', async () => {
  const plain = await run(small, { cwd });
  const seen = await run([...small, '--profile', 'run.cpuprofile'], { cwd });
  expect(seen.status).toBe(0);
  expect(seen.stderr).toBe('profile: run.cpuprofile\n');
  expect(still(seen.stdout)).toBe(still(plain.stdout));
  const { nodes, samples, timeDeltas } = profileIn('run.cpuprofile');
  expect(samples.length).toBeGreaterThan(10);
  expect(timeDeltas.length).toBe(samples.length);
  const known = new Set(nodes.map(({ id }) => id));
  expect(samples.every((id) => known.has(id))).toBe(true);
  expect(nodes.some(({ callFrame }) => callFrame.url.endsWith('src/runtime/simulate.ts'))).toBe(true);
});

test('beside a cost profile, and without a name: copyless.cpuprofile, and the same trace hashes', async () => {
  const hashes = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as Result).runs.map(({ traceHash }) => traceHash);
  const costs = [...small, '--profile', 'epyc9224-cxl'];
  const plain = await run([...costs, '--json'], { cwd });
  const seen = await run([...costs, '--profile', '--json'], { cwd });
  expect(hashes(seen)).toEqual(hashes(plain));
  expect(profileIn('copyless.cpuprofile').samples.length).toBeGreaterThan(0);
});

test.each([
  ['one long run', ['--set', 'accesses=100000000']],
  ['4000 short ones', ['--seed', '1..4000']],
])(
  'stopped in %s: incomplete, and the profile of what was done',
  async (_, length) => {
    const args = ['simulate', '--workload', 'uniform', ...length, '-p', 'copyless-map'];
    const { child, ended } = start([...args, '--json', '--profile', 'stopped.cpuprofile'], { cwd });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resume) => setTimeout(resume, 2000));
    const sent = performance.now();
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    // Where nothing else runs it is a second; the bound only tells stopping from going on.
    expect(performance.now() - sent).toBeLessThan(20_000);
    expect(status, stderr).toBe(130);
    expect((JSON.parse(stdout) as Result).complete).toBe(false);
    expect(profileIn('stopped.cpuprofile').samples.length).toBeGreaterThan(10);
  },
  60_000,
);

test('check --profile: the search, and its counts as without it', async () => {
  const bounds = ['check', '-p', 'conventional', '--operations', '1', '--moves', '0', '--out', cwd];
  const plain = await run(bounds, { cwd });
  const seen = await run([...bounds, '--profile', 'check.cpuprofile'], { cwd });
  expect(seen.status).toBe(plain.status);
  expect(seen.stdout).toBe(plain.stdout);
  expect(profileIn('check.cpuprofile').nodes.length).toBeGreaterThan(1);
});

test('one that cannot be written in the end does not hide what was found', async () => {
  symlinkSync('/dev/full', join(cwd, 'full.cpuprofile'));
  const broken = ['check', '-p', 'copyless-map', '--flaw', 'no-write-protection', '--out', cwd];
  const { status, stdout, stderr } = await run([...broken, '--profile', 'full.cpuprofile'], { cwd });
  expect(stdout).toContain('FAIL copyless-map: I8-shootdown');
  expect(stderr).toContain('full.cpuprofile: could not be written (ENOSPC)');
  expect(status).toBe(1);
});

test.each([
  [
    'a path below a file',
    ['--profile', 'plain/x.cpuprofile'],
    /^copyless: plain\/x\.cpuprofile: cannot be written/,
  ],
  ['a folder', ['--profile', 'folder.cpuprofile/'], /no such cost profile/],
  ['two of them', ['--profile', 'a.cpuprofile', '--profile', 'b.cpuprofile'], /expected one of a kind/],
  [
    'threads',
    ['--profile', '--executor', 'threads'],
    /^copyless: --profile: of threads, expected --executor simulated/,
  ],
])('%s: one line, exit 2, nothing written', async (_, flags, line) => {
  writeFileSync(join(cwd, 'plain'), '');
  const before = readdirSync(cwd);
  const { status, stdout, stderr } = await run([...small, ...flags], { cwd });
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
  expect(readdirSync(cwd)).toEqual(before);
});

test('check: of several workers one line, exit 2, nothing written', async () => {
  const { status, stdout, stderr } = await run(['check', '--workers', '2', '--profile', 'two.cpuprofile'], {
    cwd,
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^copyless: --profile: of 2 workers, expected --workers 1, hint: .*\n$/);
  expect(existsSync(join(cwd, 'two.cpuprofile'))).toBe(false);
});

test('check: a file of another kind is refused', async () => {
  const { status, stderr } = await run(['check', '--profile', 'x.txt'], { cwd });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^copyless: --profile: 'x\.txt', expected a file that ends in \.cpuprofile/);
  expect(existsSync(join(cwd, 'x.txt'))).toBe(false);
});
