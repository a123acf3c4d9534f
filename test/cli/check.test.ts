// `check` at the command line: verdicts, a counterexample that replays, a search that is stopped and goes on, bad input.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readCheckpoint, wroteCheckpoint } from '../../src/cli/checkpoint-file.ts';
import type { Checkpoint } from '../../src/runtime/check/search.ts';
import { run, start } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'copyless-'));
const copyless = (args: readonly string[]) => run(args, { cwd: folder });
const small = ['check', '-p', 'copyless-migrate'];

test('the clean protocol passes, and says what was searched', async () => {
  const { status, stdout } = await copyless([...small]);
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^check: 2 vCPUs with 1 operation each, 1 move among them in all; 1 page, 2 nodes; 1 reclaim; 0 device failures$/m,
  );
  expect(stdout).toMatch(
    /^PASS copyless-migrate: complete, 115,917 states, 208,273 transitions, depth 115; no deadlock, no starvation$/m,
  );
}, 120_000);

test('a seeded bug is found, drawn in lanes, and the file replays', async () => {
  const { status, stdout } = await copyless([...small, '--flaw', 'no-write-protection', '--out', folder]);
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL copyless-migrate: I8-shootdown');
  expect(stdout).toContain('steps; no counterexample is shorter');
  // Nobody's clock made that order.
  expect(stdout).toMatch(/^FIG\. 4 {3}host \(401\)/m);
  expect(stdout).not.toMatch(/^.{7} +us /m);
  const file = join(folder, 'check-I8-shootdown.json');
  expect(stdout).toContain(file);
  const again = await copyless(['replay', file]);
  expect(again.status).toBe(1);
  expect(again.stdout).toContain('FAIL I8-shootdown');
}, 120_000);

test.each([
  ['waiter-not-woken', 'vcpu1', []],
  ['never-said-again', 'vcpu0', ['--losses', '1', '--vcpus', '1']],
])(
  '%s: the fault that is never served is a line, and whoever waits has a lane',
  async (flaw, who, more) => {
    const out = mkdtempSync(join(folder, 'hangs-'));
    const { status, stdout } = await copyless([...small, '--flaw', flaw, ...more, '--out', out]);
    expect(status).toBe(1);
    expect(stdout).toContain('FAIL copyless-migrate: deadlock');
    const drawn = stdout.split('\n');
    const lanes = drawn.findIndex((line) => line.startsWith('FIG. 4'));
    const faults = drawn.filter((line) => line.includes('faults, and waits'));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/<-+\| .* faults, and waits until Gfn 0 may be written: never served$/);
    expect(faults[0]![drawn[lanes]!.indexOf(who) + Math.floor(who.length / 2)]).toBe('|');
    const again = await copyless(['replay', join(out, 'check-answered.json')]);
    expect(again.status).toBe(1);
    expect(again.stdout).toMatch(/^FAIL answered · copyless-migrate, seed 1, at the end$/m);
    expect(again.stdout).toContain('never served');
  },
  120_000,
);

test('what goes round for ever: who waits, and for what, beside the steps', async () => {
  const { status, stdout } = await copyless([
    ...small,
    ...'--moves 0 --timeouts 1 --flaw waiter-not-woken'.split(' '),
  ]);
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL copyless-migrate: starvation');
  expect(stdout).toMatch(
    /it repeats for ever\n {5}at the end of a round vcpu1 faults, and waits until Gfn 0 may be written\n/,
  );
}, 120_000);

// shows: race 23 (a message lost anywhere, and what is said again)
test('lost messages and early time-outs are searched, named in a counterexample, and replayed', async () => {
  const one = [...small, '--vcpus', '1', '--losses', '1'];
  const clean = await copyless([...one, '--moves', '0']);
  expect(clean.status).toBe(0);
  expect(clean.stdout).toMatch(/; 0 device failures; 1 message lost; 1 early time-out$/m);
  expect(clean.stdout).toMatch(
    /^PASS copyless-migrate: complete, 16,332 states, .* no deadlock, no starvation$/m,
  );
  const flaw = ['--timeouts', '0', '--flaw', 'retry-is-a-new-request', '--out', folder];
  const { status, stdout } = await copyless([...one, ...flaw]);
  expect(status).toBe(1);
  expect(stdout).toMatch(/; 1 message lost$/m);
  expect(stdout).toContain('FAIL copyless-migrate: I7-exactly-once');
  expect(stdout).toMatch(/^ {2}lose the 1st (request|answer) of (vcpu0|hypervisor|host)$/m);
  expect(stdout).toMatch(/^ {2}time-out of vcpu0$/m);
  const file = join(folder, 'check-I7-exactly-once.json');
  expect((await copyless(['replay', file])).status).toBe(1);
  const kept = JSON.parse(readFileSync(file, 'utf8')) as {
    unit: { spec: { timeouts: { actor: number; thing: number }[] } };
  };
  for (const [timeout, line] of [
    [{ actor: 9, thing: 0 }, 'unit.spec.timeouts.actor is 9'],
    [{ actor: 1, thing: 0 }, 'unit.spec.timeouts.actor is the hypervisor'],
    [{ actor: 2, thing: 99 }, 'unit.spec.timeouts.thing is 99'],
  ] as const) {
    kept.unit.spec.timeouts = [timeout];
    writeFileSync(join(folder, 'edited.json'), JSON.stringify(kept));
    const edited = await copyless(['replay', join(folder, 'edited.json')]);
    expect(edited.status).toBe(2);
    expect(edited.stderr).toContain(line);
  }
}, 120_000);

test('the conventional protocol copies back: drawn, and replayed, where it is asked beyond its claims', async () => {
  const one = ['check', '-p', 'conventional', '--vcpus', '1'];
  expect((await copyless(one)).status).toBe(0);
  const { status, stdout } = await copyless([...one, '--beyond-claims', '--out', folder]);
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL conventional: no-copy-back');
  expect(stdout).toMatch(/✗ .* COPY-BACK: store nvme0 slot 0 -> node 0 frame 0, its source node$/m);
  const again = await copyless(['replay', join(folder, 'check-no-copy-back.json')]);
  expect(again.status).toBe(1);
  expect(again.stdout).toContain('COPY-BACK');
}, 120_000);

test('stopped by the clock it is incomplete, and goes on from its checkpoint to the same counts', async () => {
  const file = join(folder, 'search.bin');
  // Many times what a fast machine searches in a second.
  const bounds = ['check', '-p', 'copyless-map', '--nodes', '3', '--faults', '1', '--reclaims', '2'];
  const counts = (text: string) => {
    const { states, transitions, depth, complete } = (JSON.parse(text) as { runs: Record<string, unknown>[] })
      .runs[0]!;
    return { states, transitions, depth, complete };
  };
  let stops = 0;
  const seconds = ['1', '2'];
  for (let status: number | null = 4; status === 4;) {
    const time = seconds[stops] ?? '250';
    const ended = await copyless([...bounds, '--time', time, '--checkpoint', file, '--json']);
    status = ended.status;
    if (status === 0) {
      expect(counts(ended.stdout)).toEqual(counts((await copyless([...bounds, '--json'])).stdout));
      break;
    }
    stops++;
    expect(status).toBe(4);
    expect(counts(ended.stdout).complete).toBe(false);
    expect(existsSync(file)).toBe(true);
    if (stops > 1) continue;
    const other = await copyless(['check', '-p', 'copyless-map', '--checkpoint', file]);
    expect(other.status).toBe(2);
    expect(other.stderr).toContain('is the checkpoint of another search');
    for (const change of [['--no-reduction'], ['--flaw', 'wrong-pin']]) {
      const changed = await copyless([...bounds, ...change, '--checkpoint', file]);
      expect(changed.status).toBe(2);
    }
  }
  expect(stops).toBeGreaterThan(0);
  expect(existsSync(file)).toBe(false);
}, 300_000);

test('JSON has the counts and the steps', async () => {
  const file = join(folder, 'result.json');
  await copyless([...small, '--flaw', 'no-write-protection', '--out', folder, '--json', file]);
  const { pass, runs } = JSON.parse(readFileSync(file, 'utf8')) as {
    pass: boolean;
    runs: { violation: { property: string; steps: string[]; replay: string } }[];
  };
  expect(pass).toBe(false);
  expect(runs[0]!.violation.property).toBe('I8-shootdown');
  expect(runs[0]!.violation.steps.at(-1)).toBe('nvme0 takes store 0 from host');
}, 120_000);

// shows: race 23 (a hypervisor that restarts at any moment)
test('restarts of the hypervisor are searched, named in a counterexample, and replayed', async () => {
  const one = [...small, '--vcpus', '1', '--restarts', '1'];
  const clean = await copyless(one);
  expect(clean.status).toBe(0);
  expect(clean.stdout).toMatch(/; 0 device failures; 1 hypervisor restart$/m);
  expect(clean.stdout).toMatch(
    /^PASS copyless-migrate: complete, 32,138 states, .* no deadlock, no starvation$/m,
  );
  const { status, stdout } = await copyless([...one, '--flaw', 'restart-empties-list', '--out', folder]);
  expect(status).toBe(1);
  expect(stdout).toContain('FAIL copyless-migrate: I6-advisory-list');
  expect(stdout).toMatch(/^ {2}restart the hypervisor at its \d+th message of hypervisor$/m);
  expect((await copyless(['replay', join(folder, 'check-I6-advisory-list.json')])).status).toBe(1);
}, 120_000);

test.each([
  [['--restarts', '5'], '--restarts: is 5, expected at most 4'],
  [['--pages', '0'], "--pages: '0', expected a whole number from 1"],
  [['--pages', '9'], '--pages: is 9, expected at most 8'],
  [['--losses', '5'], '--losses: is 5, expected at most 4'],
  [['--losses', '-1'], "--losses: '-1', expected a whole number from 0"],
  [['--timeouts', 'soon'], "--timeouts: 'soon', expected a whole number from 0"],
  [
    ['--flaw', 'wrong-pim'],
    "--flaw: 'wrong-pim', expected a seeded bug by its name, hint: did you mean wrong-pin?",
  ],
  [['--checkpoint', join(folder, 'x.bin'), '-p', 'conventional'], '--checkpoint: with several protocols'],
  [['--explore', '--json'], '--json: with --explore, expected one of the two'],
  [['--explore', '--workers', '2'], '--workers: with --explore, expected one of the two'],
  [['--explore', '--checkpoint', 'walk.bin'], '--checkpoint: with --explore, expected one of the two'],
  [['--explore', '--time', '9'], '--time: with --explore, expected one of the two'],
  [
    ['-p', 'copyless-migrate'],
    '--protocol: protocols copyless-migrate, copyless-migrate, expected each protocol once',
  ],
  [['--out', '/proc/nowhere'], 'expected a writable place'],
  [['--json', '/proc/nowhere/x.json'], 'expected a writable place'],
  [['-p', 'copyless-nap'], 'copyless-nap'],
])('bad input: %j', async (flags, line) => {
  const { status, stderr, stdout } = await copyless([...small, ...flags]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(line);
});

test('a file that is no checkpoint is refused and left alone', async () => {
  const file = join(folder, 'not.bin');
  writeFileSync(file, 'hello');
  const { status, stderr } = await copyless([...small, '--checkpoint', file]);
  expect(status).toBe(2);
  expect(stderr).toContain('is no checkpoint');
  expect(readFileSync(file, 'utf8')).toBe('hello');
});

test('a checkpoint that was damaged is refused', async () => {
  const file = join(folder, 'damaged.bin');
  const search = [...small, '--operations', '2', '--faults', '1', '--checkpoint', file, '--time', '1'];
  expect((await copyless(search)).status).toBe(4);
  const bytes = readFileSync(file);
  for (const at of [0, bytes.length >> 1]) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 4;
    writeFileSync(file, damaged);
    const { status, stderr } = await copyless(search);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^copyless: \S+damaged\.bin: is (no checkpoint|a checkpoint that was damaged)/);
  }
}, 120_000);

test('--explore walks by hand; a scenario gives policies', async () => {
  const walk = await run([...small, '--explore'], { cwd: folder, stdin: '9\nb\nq\n' });
  expect(walk.status).toBe(0);
  expect(walk.stdout).toContain('depth 1: reclaim wants the page of Gfn 0');
  const scenario = join(folder, 'policies.yaml');
  const text = (list: string) =>
    `version: 1\nworkload: { kind: uniform }\nhost: { heldFault: convert }\nguests: { list: ${list} }\n`;
  writeFileSync(scenario, text('{ format: table }'));
  const converts = await copyless([...small, scenario]);
  expect(converts.stderr).toBe('');
  expect(converts.status).toBe(0);
  writeFileSync(scenario, text('{ access: copy }'));
  const copies = await copyless([...small, scenario, '--vcpus', '1']);
  expect(copies).toMatchObject({ status: 0, stderr: '' });
}, 120_000);

test('a checkpoint of 17 bytes a piece, 4096 or one piece: the same file, and read by any the same checkpoint', async () => {
  const words = (length: number) => Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b9));
  const waiting: [number, number][] = [[5, 9]];
  const finding = { kind: 'property' as const, name: 'I1', id: 3, k: -1, beyond: 1 };
  const counts = {
    words: 2,
    states: 500,
    transitions: 900,
    depth: 7,
    levelEnd: 9,
    olderHits: 0,
    findings: 1,
  };
  const checkpoint: Checkpoint = {
    header: { version: 1, hash: 'of \n a model', waiting, finding, ...counts },
    keys: words(1000),
    // Not at the beginning of its memory, and nothing.
    parents: words(600).subarray(100),
    learned: words(0),
  };
  const sizes = [17, 4096, undefined];
  const files = sizes.map((size) => join(folder, `pieces-${size}.bin`));
  for (const [i, file] of files.entries()) {
    expect(await wroteCheckpoint(file, () => checkpoint, sizes[i])).toBe(true);
    expect(readFileSync(file)).toEqual(readFileSync(files[0]!));
    for (const size of sizes) expect(readCheckpoint(file, size)).toEqual(checkpoint);
  }
  const whole = readFileSync(files[0]!);
  for (const part of [whole.subarray(0, -1), Buffer.concat([whole, whole]), whole.subarray(0, 60)]) {
    writeFileSync(files[0]!, part);
    expect(() => readCheckpoint(files[0]!, 17)).toThrow(/is (no checkpoint|a checkpoint that was damaged)/);
  }
});

test('a checkpoint for which there is no memory leaves the one before, and the search', async () => {
  const file = join(folder, 'no-memory.bin');
  writeFileSync(file, 'the one before');
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const isWritten = await wroteCheckpoint(file, () => {
    throw new RangeError('Array buffer allocation failed');
  });
  const lines = said.mock.calls.join('');
  said.mockRestore();
  expect(isWritten).toBe(false);
  expect(lines).toMatch(
    /^copyless: \S+no-memory\.bin: could not be written \(Array buffer allocation failed\), expected memory .*\n$/,
  );
  expect(readFileSync(file, 'utf8')).toBe('the one before');
});

test('3 GiB of zeros are no checkpoint, which their first bytes tell', async () => {
  const file = join(folder, 'zeros.bin');
  writeFileSync(file, '');
  truncateSync(file, 3 * 2 ** 30);
  const { status, stderr, ms } = await copyless([...small, '--checkpoint', file]);
  rmSync(file);
  expect(stderr).toMatch(/^copyless: \S+zeros\.bin: is no checkpoint, expected .*\n$/);
  expect(status).toBe(2);
  expect(ms).toBeLessThan(10_000);
}, 60_000);

test('killed in the middle it goes on from what it had saved', async () => {
  const file = join(folder, 'killed.bin');
  // A minute's: it is saved after ten seconds, and killed then.
  const search = [...small, '--pages', '2', '--operations', '2', '--faults', '1', '--checkpoint', file];
  const { child, ended } = start(search, { cwd: folder });
  while (!existsSync(file) && child.exitCode === null) await new Promise((resume) => setTimeout(resume, 100));
  child.kill('SIGKILL');
  expect((await ended).status).toBeNull();
  const { stdout } = await copyless([...search, '--time', '1', '--json']);
  const { states } = (JSON.parse(stdout) as { runs: { states: number }[] }).runs[0]!;
  const { stdout: short } = await copyless([...search.slice(0, -2), '--time', '1', '--json']);
  expect(states).toBeGreaterThan((JSON.parse(short) as { runs: { states: number }[] }).runs[0]!.states);
}, 180_000);

test('a protocol of one plan is searched; each failing protocol keeps a file, which replays from any folder', async () => {
  const plan = "['reserve', 'accept', 'vacate', 'load', 'unmap', 'map', 'release', 'retire']";
  const forgetful = plan.replace("'map', ", '');
  const own = (name: string, rest: string) =>
    writeFileSync(
      join(folder, `${name}.mjs`),
      `export default { name: '${name}', sentence: 's', ${rest} };\n`,
    );
  own('whole', `plan: () => ${plan}`);
  own('first', `unchecked: true, plan: () => ${forgetful}`);
  own('second', `unchecked: true, plan: () => ${forgetful}`);
  expect((await copyless(['check', '-p', 'whole.mjs'])).status).toBe(0);
  const args = ['check', '-p', 'first.mjs', '-p', 'second.mjs', '--out', 'kept'];
  expect((await copyless(args)).status).toBe(1);
  for (const name of ['first', 'second']) {
    const file = join(folder, 'kept', `check-${name}-I1-single-home.json`);
    const again = await run(['replay', file], { cwd: tmpdir() });
    expect(again.stdout).toContain(`FAIL I1-single-home · ${name}`);
    expect(again.status).toBe(1);
  }
}, 120_000);

test('where nothing can be written, what need not be written is searched all the same; a failure is told', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'copyless-test-'));
  // In the way of the folder that replay files go to; a superuser may write where nobody else may.
  writeFileSync(join(cwd, 'out'), '');
  const clean = await run([...small, '--operations', '0'], { cwd });
  expect(clean.stderr).toBe('');
  expect(clean.status).toBe(0);
  const failing = await run([...small, '--flaw', 'no-write-protection'], { cwd });
  expect(failing.stdout).toContain('\n     18 steps; no counterexample is shorter\n');
  expect(failing.stderr).toMatch(/^copyless: out\/check-.*: could not be written \((ENOTDIR|EEXIST)\)/);
  expect(failing.status).toBe(1);
  const asked = await run([...small, '--operations', '0', '--out', 'out'], { cwd });
  expect(asked.status).toBe(2);
  const drawn = await run(['fuzz', '--schedules', '20'], { cwd });
  expect(drawn.status, drawn.stderr).toBe(0);
  rmSync(cwd, { recursive: true });
}, 120_000);

test('stopped by a signal: incomplete, and nothing was violated', async () => {
  const { child, ended } = start([...small, '--operations', '2', '--faults', '1', '--json'], { cwd: folder });
  await new Promise<void>((begun) => child.stderr!.once('data', () => begun()));
  child.kill('SIGINT');
  const { status, stdout } = await ended;
  expect(JSON.parse(stdout)).toMatchObject({
    complete: false,
    pass: true,
    runs: [{ complete: false, pass: true }],
  });
  expect(status).toBe(130);
}, 120_000);

test('a checkpoint that cannot be written costs no more than itself', async () => {
  const file = join(folder, 'in-the-way.bin');
  const { child, ended } = start([...small, '--operations', '2', '--faults', '1', '--checkpoint', file], {
    cwd: folder,
  });
  await new Promise<void>((begun) => child.stdout!.once('data', () => begun()));
  mkdirSync(file);
  child.kill('SIGINT');
  const { status, stdout, stderr } = await ended;
  expect(stdout).toMatch(
    /^INCOMPLETE copyless-migrate: .*; ended by a signal; nothing was violated so far$/m,
  );
  expect(stderr).toContain(`copyless: ${file}: could not be written (EISDIR)`);
  expect(status).toBe(130);
}, 120_000);

test('a search that is done leaves a checkpoint that is not its own: one that came meanwhile, and a link to nowhere', async () => {
  // A second's: it writes nothing itself.
  const search = [...small, '--vcpus', '1', '--restarts', '1', '--checkpoint'];
  const file = join(folder, 'shared.bin');
  const { child, ended } = start([...search, file], { cwd: folder });
  await new Promise<void>((begun) => child.stdout!.once('data', () => begun()));
  writeFileSync(file, 'of another');
  expect((await ended).status).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('of another');
  const link = join(folder, 'link.bin');
  symlinkSync('nowhere', link);
  expect((await copyless([...search, link])).status).toBe(0);
  expect(readlinkSync(link)).toBe('nowhere');
}, 60_000);

test('a protocol that goes wrong on another thread only is refused in one line', async () => {
  const text = `import { isMainThread } from 'node:worker_threads';
if (!isMainThread) throw new Error('not here');
export default { name: 'p', sentence: 's', plan: () => 'NOMEM' };
`;
  writeFileSync(join(folder, 'late.mjs'), text);
  const { status, stderr } = await copyless([
    'check',
    '-p',
    'late.mjs',
    '--workers',
    '2',
    '--operations',
    '2',
  ]);
  expect(stderr).toMatch(/^copyless: late\.mjs:2:26: does not load: 'not here', expected .+, hint: .+\n$/);
  expect(status).toBe(2);
}, 60_000);
