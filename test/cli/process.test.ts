// The command line as a process among others: what it prints where, how it ends, and that it can be stopped.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { resultSchema } from '../../src/report/result.ts';
import { EXAMPLES, folder, run, SMALL, START, start } from './command.ts';

const PLAN = "['reserve source', 'accept', 'load', 'unmap', 'map', 'release', 'retire']";
const protocolFile = (more: string) => `export default { name: 'mine', sentence: 'Mine.', ${more} };\n`;

const folders: string[] = [];
const here = (files: Parameters<typeof folder>[0] = {}): string => {
  const path = folder(files);
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});
const resultIn = (text: string) => resultSchema.parse(JSON.parse(text));

describe('what is printed where', () => {
  it('without arguments: the shipped scenario, a table and PASS on stdout, exit 0', async () => {
    const { status, stdout, stderr } = await run([], { cwd: here() });
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^copyless \d+\.\d+\.\d+ .* two-socket · seed 1/);
    expect(stdout).toMatch(/ {2}to the source \(copy-backs\) +[\d,]+ +0 +0 +0\n/);
    expect(stdout).toMatch(/\nPASS in /);
    expect(stderr).toBe('');
  });

  it('--json: one JSON document that the schema accepts on stdout, the text on stderr', async () => {
    const { status, stdout, stderr } = await run([...SMALL, '--json'], { cwd: here() });
    expect(status).toBe(0);
    expect(resultIn(stdout)).toMatchObject({ schemaVersion: 1, complete: true, pass: true });
    expect(stderr).toMatch(/PASS in /);
  });

  it('--json FILE and --out DIR, in folders that are not there yet: both whole, nothing else', async () => {
    const cwd = here();
    const { status, stdout } = await run([...SMALL, '--json', 'a/b/r.json', '--out', 'o'], { cwd });
    expect(status).toBe(0);
    expect(stdout).toMatch(/PASS in /);
    expect(readFileSync(join(cwd, 'a/b/r.json'), 'utf8')).toBe(
      readFileSync(join(cwd, 'o/result.json'), 'utf8'),
    );
    expect(resultIn(readFileSync(join(cwd, 'o/result.json'), 'utf8')).runs).toHaveLength(4);
  });

  it('one seed in two processes: equal trace hashes', async () => {
    const args = [...SMALL, '--seed', '7', '--json'];
    const [a, b] = await Promise.all([run(args, { cwd: here() }), run(args, { cwd: here() })]);
    const hashes = resultIn(a.stdout).runs.map((one) => one.traceHash);
    expect(hashes.every((hash) => /^[0-9a-f]{16}$/.test(hash))).toBe(true);
    expect(resultIn(b.stdout).runs.map((one) => one.traceHash)).toEqual(hashes);
  });

  it('one scenario in two folders: one scenario hash; with a file that is longer or has another name: another', async () => {
    const trace = ' S 1000,8\n S 2000,8\n';
    const traced = { kind: 'trace', files: ['t.lackey'], pages: 4 };
    const uniform = JSON.stringify(new URL('../../src/scenarios/workloads/uniform.ts', import.meta.url).href);
    const module = `export { default } from ${uniform};\n`;
    const own = { kind: './w.mjs', parameters: { pages: 4, accesses: 10 } };
    const hashOf = async (workload: object, files: Record<string, string>) => {
      const cwd = here({ ...files, 's.yaml': JSON.stringify({ version: 1, workload }) });
      const { status, stdout, stderr } = await run(['s.yaml', '-p', 'copyless-map', '--json'], { cwd });
      expect([0, 3], stderr).toContain(status);
      return resultIn(stdout).scenarioHash;
    };
    const hashes = await Promise.all([
      hashOf(traced, { 't.lackey': trace }),
      hashOf(traced, { 't.lackey': trace + trace }),
      hashOf({ ...traced, files: ['u.lackey'] }, { 'u.lackey': trace }),
      hashOf(own, { 'w.mjs': module }),
      hashOf(own, { 'w.mjs': module + module.replace('default', 'default as uniform') }),
    ]);
    expect(new Set(hashes).size).toBe(5);
    expect(await hashOf(traced, { 't.lackey': trace })).toBe(hashes[0]);
    expect(await hashOf(own, { 'w.mjs': module })).toBe(hashes[3]);
  });

  it('a reader that goes away after the first byte: no stack trace, exit 0', async () => {
    const { child, ended } = start([...SMALL, '--json', '--seed', '1..4'], { cwd: here() });
    child.stdout!.once('readable', () => child.stdout!.destroy());
    const { status, stderr } = await ended;
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
    expect(status).toBe(0);
  });
});

describe('stopped in the middle', () => {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    for (const executor of ['simulated', 'threads']) {
      it(`${signal} to 400 seeds, ${executor}: valid JSON, incomplete, exit ${status}, and soon`, async () => {
        const args = ['--seed', '1..400', '--workload', 'uniform', '--executor', executor, '--json'];
        const { child, ended } = start(args, { cwd: here() });
        await new Promise((resume) => setTimeout(resume, 2000));
        const sent = performance.now();
        child.kill(signal);
        const end = await ended;
        // Below 2 s where nothing else runs; the bound here only tells stopping from going on.
        expect(performance.now() - sent).toBeLessThan(10_000);
        expect(end.status, end.stderr).toBe(status);
        expect(resultIn(end.stdout).complete).toBe(false);
        expect(end.stderr).not.toMatch(/\n\s+at |Warning/);
      });
    }
  }
});

describe('exit statuses', () => {
  it('a protocol that copies back: exit 1, the replay line last, and the replay fails alike from another folder', async () => {
    const cwd = here({ 'mine.mjs': protocolFile(`unchecked: true, plan: () => ${PLAN}`) });
    const { status, stdout, stderr } = await run(['--protocol', 'mine.mjs', ...SMALL], { cwd });
    expect(status, stderr).toBe(1);
    const [, file = ''] =
      /^Replay {2}npm run simulate -- --replay (.*)$/.exec(stdout.trimEnd().split('\n').at(-1)!) ?? [];
    expect(existsSync(join(cwd, file))).toBe(true);
    const [, event] = /FAIL no-copy-back · mine, seed 1, event (\d+)/.exec(stdout) ?? [];
    const small = /Replay: {2}npm run copyless -- replay (.*-smallest\.json)\n/.exec(stdout)![1]!;
    expect(stdout).toMatch(
      /\n✗ no-copy-back · mine, .*[\s\S]*Smallest run that still fails: \d\d messages, 1 page /,
    );
    const smallest = await run(['replay', small], { cwd });
    expect(smallest.status, smallest.stderr).toBe(1);
    expect(smallest.stdout).toMatch(
      /FAIL no-copy-back · mine[\s\S]*transition migrate, machines\/page\.machine\.ts:\d+\n/,
    );
    const again = await run(['--replay', join(cwd, file)], { cwd: here() });
    expect(again.status, again.stderr).toBe(1);
    expect(again.stdout).toMatch(new RegExp(`FAIL no-copy-back · mine, seed 1, event ${event}\n`));
  });

  it('the same with a random schedule and a trace from stdin: the choices and the trace are kept', async () => {
    const lines = Array.from({ length: 6000 }, (_, i) => ` S ${((i * 7) % 60) + 16}000,8`);
    const cwd = here({ 'mine.mjs': protocolFile(`unchecked: true, plan: () => ${PLAN}`) });
    const args = [
      '--protocol',
      'mine.mjs',
      '--scheduler',
      'random',
      '--trace',
      '-',
      '--move-every',
      '1500',
      '--memory',
      '64KiB',
    ];
    const { status, stdout, stderr } = await run(args, { cwd, stdin: `${lines.join('\n')}\n` });
    expect(status, stderr).toBe(1);
    const file = /--replay (.*)\n$/.exec(stdout)![1]!;
    const again = await run(['replay', file], { cwd });
    expect(again.status, again.stderr).toBe(1);
  });

  it('a protocol that leaks slots and claims nothing: nothing can go on, exit 4', async () => {
    const leaking = "plan: () => ['reserve', 'accept', 'load', 'unmap', 'map', 'retire']";
    const cwd = here({ 'mine.mjs': protocolFile(`unchecked: true, claims: [], ${leaking}`) });
    const { status, stdout, stderr } = await run(['--protocol', 'mine.mjs', ...SMALL, '--json'], { cwd });
    expect(status, stderr).toBe(4);
    expect(resultIn(stdout)).toMatchObject({ complete: false, pass: true, runs: [{ ending: 'stuck' }] });
  });

  it('a protocol under which the guest goes in circles: the run ends by itself, exit 4, incomplete', async () => {
    const cwd = here({ 'mine.mjs': protocolFile('unchecked: true, claims: [], plan: () => []') });
    const { status, stdout } = await run(['--protocol', 'mine.mjs', ...SMALL, '--json'], { cwd });
    expect(status).toBe(4);
    expect(resultIn(stdout)).toMatchObject({ complete: false, runs: [{ ending: 'step limit' }] });
  });

  const full = '/dev/full';
  it('--json to a device that is full: the result is on stdout all the same, exit 5', async ({ skip }) => {
    if (!existsSync(full)) return skip('there is no device that is always full');
    const { status, stdout, stderr } = await run([...SMALL, '--json', full], { cwd: here() });
    expect(status).toBe(5);
    expect(stdout).toMatch(/PASS in /);
    expect(stderr).toMatch(
      /^copyless: \/dev\/full: could not be written \(ENOSPC\), expected .*, hint: .*\n$/,
    );
    expect(statSync(full).isCharacterDevice()).toBe(true);
  });
  it('--out whose folder becomes a file meanwhile: exit 5', async () => {
    // The protocol's file is loaded again by each run's thread, when the place has been found to be writable.
    const spoil =
      "import { isMainThread } from 'node:worker_threads';\nimport { writeFileSync } from 'node:fs';\nif (!isMainThread) writeFileSync('o', '');\n";
    const vacate = "...(host.destinationBacked ? ['vacate'] : [])";
    const steps = `['reserve', 'accept', ${vacate}, 'load', 'unmap', 'map', 'release', 'retire']`;
    const cwd = here({ 'mine.mjs': `${spoil}${protocolFile(`plan: (request, page, host) => ${steps}`)}` });
    const { status, stdout, stderr } = await run(['--protocol', 'mine.mjs', ...SMALL, '--out', 'o'], { cwd });
    expect(status, stderr).toBe(5);
    expect(stdout).toMatch(/PASS in /);
    expect(stderr).toMatch(/could not be written \((ENOTDIR|EEXIST)\)/);
  });
});

describe('an old Node', () => {
  const old = olderNode();
  it('is told so in one line, exit 2, before anything is loaded', ({ skip }) => {
    if (old === undefined) return skip('there is no Node older than 22.18 on the path');
    const { status, stdout, stderr } = spawnSync(old, [START], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^copyless: Node \d+\.\d+\.\d+ is too old, expected 22\.18 or newer, hint: .*\n$/);
  });

  /** The first one on the path, not counting what npm has put there. */
  function olderNode(): string | undefined {
    const places = (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((place) => !place.includes('node_modules'));
    for (const node of places.map((place) => join(place, 'node')).filter((file) => existsSync(file))) {
      const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout;
      const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
      if (major < 22 || (major === 22 && minor < 18)) return node;
    }
    return undefined;
  }
});

it('the example scenario is the default: naming it changes nothing', async () => {
  const file = join(EXAMPLES, 'two-socket.yaml');
  const small = ['--protocol', 'copyless-map', '--json'];
  const [named, unnamed] = await Promise.all([
    run([file, ...small], { cwd: here() }),
    run(small, { cwd: here() }),
  ]);
  expect(resultIn(named.stdout).runs[0]!.traceHash).toBe(resultIn(unnamed.stdout).runs[0]!.traceHash);
});

it('a signal ends at once what never looks up, and is heard again afterwards', async () => {
  const script = `
    const { Interrupt } = await import(${JSON.stringify(new URL('../../src/cli/interrupt.ts', import.meta.url).href)});
    const interrupt = new Interrupt();
    console.log(interrupt.deaf(() => process.listenerCount('SIGINT')), process.listenerCount('SIGINT'));
    interrupt.deaf(() => { for (;;); });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('exit', (_, signal) => resolve(signal)),
  );
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('0 1\n');
  // The first one may come before it is deaf, and is then nobody's.
  const again = setInterval(() => child.kill('SIGINT'), 50);
  expect(await ended).toBe('SIGINT');
  clearInterval(again);
});
