// `check` of a scenario with a script: searched as it stands, stopped and gone on with, by several threads, by hand; and what
// cannot be searched is one line that says where.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'copyless-'));
const copyless = (args: readonly string[], stdin?: string) =>
  run(['check', ...args], { cwd: folder, ...(stdin !== undefined && { stdin }) });

function scenario(name: string, vcpus: readonly (readonly string[])[], rest = ''): string {
  const file = join(folder, `${name}.yaml`);
  const lists = vcpus.map((list) => `    - [${list.join(', ')}]`).join('\n');
  writeFileSync(file, `version: 1\n${rest}workload:\n  kind: script\n  vcpus:\n${lists}\n`);
  return file;
}
const contested = scenario(
  'contested',
  [
    ['write 0', 'pageout 0', 'handover 1', 'write 0'],
    ['await', 'move 0 to 1', 'read 0'],
  ],
  'host: { memory: 64KiB }\n',
);
const MIGRATE = ['-p', 'copyless-migrate'];
const PASS = /^PASS copyless-migrate: complete, 4,633 states, 7,487 transitions, depth 149; no deadlock, no starvation$/m; // prettier-ignore

test('every order of a script is searched, and what was searched is said', async () => {
  const { status, stdout, stderr } = await copyless([contested, ...MIGRATE]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^check: a script of 2 vCPUs; 1 page, 2 nodes, 4 frames on each, 2 slots; 0 reclaims; 0 device failures$/m,
  );
  expect(stdout).toMatch(PASS);
}, 60_000);

test('a scenario that comes through a pipe is read once', async () => {
  const pipe = join(folder, 'scenario.pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', 'cat "$0" > "$1"', scenario('piped', [['write 0'], []]), pipe]);
  const { status, stdout } = await copyless([pipe, ...MIGRATE]);
  writer.kill();
  expect(stdout).toContain('PASS copyless-migrate: complete');
  expect(status).toBe(0);
});

test('a seeded bug is found in it, the file replays, and JSON has the script in words', async () => {
  const json = join(folder, 'result.json');
  const flaw = ['--flaw', 'fault-ignores-hold', '--out', folder, '--json', json];
  const { status, stdout } = await copyless([contested, ...MIGRATE, ...flaw]);
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL copyless-migrate: no-copy-back');
  expect(stdout).toContain('vcpu1: await, move 0 to 1, read 0');
  const again = await run(['replay', join(folder, 'check-no-copy-back.json')], { cwd: folder });
  expect(again.status).toBe(1);
  const { bounds } = JSON.parse(readFileSync(json, 'utf8')) as { bounds: { scripts: string[][] } };
  expect(bounds.scripts[1]).toEqual(['await', 'move 0 to 1', 'read 0']);
}, 60_000);

test('an entry of the EPT that names no place is for those to judge who miss what was there', async () => {
  const { status, stdout } = await copyless([contested, ...MIGRATE, '--flaw', 'shootdown-not-awaited']);
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL copyless-migrate: I8-shootdown');
}, 60_000);

test('two threads count the same', async () => {
  expect((await copyless([contested, ...MIGRATE, '--workers', '2'])).stdout).toMatch(PASS);
}, 60_000);

test('stopped by the clock it goes on from its checkpoint; that of another script is refused', async () => {
  const long = scenario('long', [
    ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'read 0', 'read 1', 'write 0'],
    ['write 1', 'move 0..1 to 1', 'read 0', 'write 1', 'pageout 0', 'read 0'],
  ]);
  const file = join(folder, 'script.bin');
  const search = [long, ...MIGRATE, '--reclaims', '1', '--checkpoint', file, '--time', '1', '--json'];
  const statesOf = ({ stdout }: { stdout: string }) =>
    (JSON.parse(stdout) as { runs: { states: number }[] }).runs[0]!.states;
  const first = await copyless(search);
  expect(first.status).toBe(4);
  const second = await copyless(search);
  expect(second.status).toBe(4);
  expect(statesOf(second)).toBeGreaterThan(statesOf(first));
  const other = await copyless([contested, ...MIGRATE, '--reclaims', '1', '--checkpoint', file]);
  expect(other.status).toBe(2);
  expect(other.stderr).toContain('is the checkpoint of another search');
}, 60_000);

test('--explore walks through it by hand, each vCPU with the next of its operations', async () => {
  const walk = await copyless([contested, ...MIGRATE, '--explore'], 'q\n');
  expect(walk.status).toBe(0);
  expect(walk.stdout).toContain('  1  vcpu0 writes page 0\n  2  vcpu1: await\n');
  expect(walk.stdout).not.toContain('reclaim');
}, 60_000);

const words = scenario('words', [['write 0'], ['read 0.99']]);
const forged = scenario('forged', [['write 0', 'forge 0 10'], []]);
const wide = scenario('wide', [['write 7'], ['read 0']]);
const many = scenario(
  'many',
  Array.from({ length: 9 }, () => ['write 0']),
  'guests: { vcpus: 9 }\n',
);
const large = scenario('large', [['write 7'], ['read 0']], 'guests: { memory: 64KiB }\n');
const absent = scenario('absent', [['write 0'], ['read 0', 'swapoff 0 5']]);
const elsewhere = scenario('elsewhere', [['write 0', 'migrate-host 0 2'], []], 'host:\n  topology: arm-kunpeng-4n\n  newLocation: { kind: nvme, node: 3 }\n'); // prettier-ignore
const behind = scenario('behind', [['write 0'], []], 'host:\n  nodes: [0, 1]\n  topology: arm-kunpeng-4n\n  newLocation: [{ kind: nvme }, { kind: far, node: 3 }]\n'); // prettier-ignore

test.each([
  [[contested, '--operations', '2'], '--operations: beside a script, expected none'],
  [[contested, '--moves', '0'], '--moves: beside a script, expected none'],
  [[contested, '--pages', '1'], '--pages: beside a script, expected none'],
  [[words], `${words}:6:8: word 99 of a page, expected at most 15`],
  [[forged], `${forged}:5:17: 'forge 0 10', expected another forgery`],
  [[wide], `${wide}:3:3: 2 vCPUs and 32 Gfns of all vNodes, expected at most 30 together`],
  [[large], `${large}:2:19: 2 vCPUs and 32 Gfns of all vNodes, expected at most 30 together`],
  [[absent], `${absent}:6:16: 'swapoff 0 5' of vCPU 1 names store 5, expected store 0`],
  [[elsewhere], `${elsewhere}:8:17: 'migrate-host 0 2' of vCPU 0 names node 2, expected node 0 or 1`],
  [[many], `${many}:2:9: 9 vCPUs, expected at most 8`],
  [[behind], `${behind}:5:16: a memory node behind another place, expected far memory in front`],
])('bad input: %j', async (args, line) => {
  const { status, stdout, stderr } = await copyless([...args, ...MIGRATE]);
  expect(stderr).toContain(line);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});
