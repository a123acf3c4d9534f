// `copyless fuzz` as a user has it: what it says, how it ends, and that a failure it leaves behind can be run again.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { flaws } from '../../src/flaws/index.ts';
import { folder, namesIn, run, start } from './command.ts';

let cwd: string;
beforeEach(() => {
  cwd = folder();
});
afterEach(() => rmSync(cwd, { recursive: true }));

test('the self-test finds every seeded bug, and 5,000 schedules nothing, with every witness', async () => {
  const { status, stdout, stderr } = await run(['fuzz', '--self-test', '--schedules', '5000'], { cwd });
  expect(stderr.replaceAll(/^fuzz {2}\S+ (schedules|seeded bugs)(, about .* left)?\n/gm, '')).toBe('');
  for (const { name } of flaws)
    expect(stdout).toMatch(new RegExp(`^${name} +\\S+ +\\d+ +\\d+ +[\\d.]+ s$`, 'm'));
  expect(stdout).toContain(`${flaws.length} of ${flaws.length} seeded bugs found`);
  expect(stdout).toMatch(/^5,000 of 5,000 schedules, [\d,]+ steps in [\d.]+ s: [\d,]+ schedules\/s$/m);
  expect(stdout).toMatch(/Violations {2}0\n$/);
  expect(status).toBe(0);
  expect(namesIn(cwd)).toEqual([]);
});

test('a bug that is none is reported as not found, with status 1', async () => {
  const args = ['fuzz', '--self-test', '--flaw', 'canary', '--schedules', '20', '--faults', 'none'];
  const { status, stdout } = await run(args, { cwd });
  expect(stdout).toMatch(/^canary +NOT FOUND +- +\d+ /m);
  expect(stdout).toContain('0 of 1 seeded bugs found');
  expect(stdout).toMatch(/NOT FOUND canary\n$/);
  expect(status).toBe(1);
});

test('a flaw fails with status 1, and the file named in the last line replays the same violation', async () => {
  const failed = await run(['fuzz', '--flaw', 'no-write-protection', '--schedules', '400', '--out', 'kept'], {
    cwd,
  });
  expect(failed.status).toBe(1);
  const [, property] = /^FAIL (\S+)/m.exec(failed.stdout)!;
  const [, file] = /Replay {2}npm run copyless -- replay (\S+)\n$/.exec(failed.stdout)!;
  expect(JSON.parse(readFileSync(join(cwd, file!), 'utf8')).unit.flaws).toEqual(['no-write-protection']);
  const again = await run(['replay', file!], { cwd });
  expect(again.stdout).toContain(`FAIL ${property}`);
  expect(again.status).toBe(1);
});

test('any worlds show what small ones cannot, and what they show is shrunk and replayed', async () => {
  const flawed = ['fuzz', '--flaw', 'pin-forgotten', '--schedules'];
  const small = await run([...flawed, '400'], { cwd });
  expect(small.stdout).toMatch(/Violations {2}0\n$/);
  const { status, stdout } = await run([...flawed, '40', '--worlds', 'any'], { cwd });
  expect(stdout).toMatch(/^FAIL I8-shootdown/m);
  expect(status).toBe(1);
  const [, file] = /Replay {2}npm run copyless -- replay (\S+)\n$/.exec(stdout)!;
  const [, smallest] = /^Replay: +npm run copyless -- replay (\S+)$/m.exec(stdout)!;
  expect(JSON.parse(readFileSync(join(cwd, smallest!), 'utf8')).unit.workload.vcpus.flat()).toContain(
    'pin 0',
  );
  for (const kept of [file!, smallest!]) {
    const again = await run(['replay', kept], { cwd });
    expect(again.stdout).toMatch(/^FAIL I8-shootdown/);
    expect(again.status).toBe(1);
  }
});

test('the clean protocols break nothing in any worlds', async () => {
  const { status, stdout, stderr } = await run(['fuzz', '--worlds', 'any', '--schedules', '400', '--json'], {
    cwd,
  });
  expect(stderr).toContain('every option of README, "Variants"');
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ worlds: 'any', complete: true, pass: true, schedules: 400, violations: {} });
  expect(result.witnesses['fault: lose call']).toBeGreaterThan(5);
  expect(status).toBe(0);
});

test('worlds of another kind are refused', async () => {
  const { status, stderr } = await run(['fuzz', '--worlds', 'all'], { cwd });
  expect(stderr).toContain('one of small, any');
  expect(status).toBe(2);
});

test('what was found is the same every time', async () => {
  // Some batches more are under way when the first fails.
  const args = ['fuzz', '--flaw', 'prefetch-ignores-hold', '--schedules', '3000', '--json'];
  const results = await Promise.all([run(args, { cwd }), run(args, { cwd })]);
  const [first, second] = results.map(({ stdout }) => {
    const { wallMs, ...result } = JSON.parse(stdout);
    return { failures: result.failures, text: JSON.stringify(result), wallMs };
  });
  expect(first!.failures[0]).toMatchObject({ property: 'no-copy-back' });
  expect(first!.wallMs).toBeGreaterThan(0);
  expect(second!.text).toBe(first!.text);
});

test('a smallest run that cannot be kept costs nothing else', async () => {
  mkdirSync(join(cwd, 'few', 'failure-fuzz-3-smallest.json'), { recursive: true });
  const args = ['fuzz', '--flaw', 'no-write-protection', '--schedules', '400', '-o', 'few'];
  const { status, stdout, stderr } = await run(args, { cwd });
  expect(stderr).toContain('few/failure-fuzz-3-smallest.json: could not be written (EISDIR)');
  expect(stdout).toMatch(/^FAIL I8-shootdown/m);
  expect(stdout).toContain('Replay  npm run copyless -- replay few/failure-fuzz-3.json');
  expect(status).toBe(1);
});

test('--json gives the counts, by fault and by witness', async () => {
  const { status, stdout, stderr } = await run(['fuzz', '--schedules', '300', '--json'], { cwd });
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({
    schemaVersion: 1,
    complete: true,
    pass: true,
    schedules: 300,
    violations: {},
  });
  expect(result.witnesses['a page was moved out']).toBeGreaterThan(200);
  expect(result.witnesses['fault: lose call']).toBeGreaterThan(10);
  expect(stderr).toContain('copyless fuzz · 300 schedules from seed 1');
  expect(status).toBe(0);
});

test('--time ends a campaign early, as incomplete', async () => {
  const { status, stdout } = await run(['fuzz', '--schedules', '1000000', '--time', '1', '--json'], { cwd });
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ complete: false, pass: true, violations: {} });
  expect(result.schedules).toBeLessThan(1_000_000);
  expect(status).toBe(0);
});

test('off a terminal a line every ten seconds says how far it is', async () => {
  const { status, stderr } = await run(['fuzz', '--schedules', '1000000', '--time', '12'], { cwd });
  expect(stderr).toMatch(/^fuzz {2}[\d,]+\/1,000,000 schedules, about \d+ (s|min) left\n$/);
  expect(status).toBe(0);
});

test('Ctrl-C gives what there is, with status 130', async () => {
  const { child, ended } = start(['fuzz', '--schedules', '1000000', '--json'], { cwd });
  await new Promise((heard) => child.stderr!.once('data', heard));
  setTimeout(() => child.kill('SIGINT'), 1_500);
  const { status, stdout } = await ended;
  expect(JSON.parse(stdout)).toMatchObject({ complete: false, violations: {} });
  expect(status).toBe(130);
});

test('--list names them all', async () => {
  const { status, stdout } = await run(['fuzz', '--list'], { cwd });
  for (const { name, sentence } of flaws)
    expect(stdout).toContain(`${name.padEnd(30)} ${sentence}`.slice(0, 60));
  expect(status).toBe(0);
});

test('a failure that cannot be kept is told all the same; a time beyond all timers does not end at once', async () => {
  const args = ['fuzz', '--flaw', 'no-write-protection', '--schedules', '400', '--time', '3000000', '--json'];
  const seed = /failure-fuzz-(\d+)\.json/;
  const [, first] = seed.exec((await run(args, { cwd })).stdout)!;
  rmSync(join(cwd, 'out'), { recursive: true });
  for (let n = 0; n < 400; n++) mkdirSync(join(cwd, 'out', `failure-fuzz-${n}.json`), { recursive: true });
  const { status, stdout, stderr } = await run(args, { cwd });
  expect(stderr).toContain(`out/failure-fuzz-${first}.json: could not be written (EISDIR)`);
  expect(stderr).toMatch(/^FAIL /m);
  expect(stdout).not.toMatch(seed);
  expect(JSON.parse(stdout)).toMatchObject({ pass: false });
  expect(status).toBe(1);
});
