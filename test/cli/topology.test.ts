// `--topology`: what the scenario says by node id holds on another machine that has such a node, whose costs are its own.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resultSchema } from '../../src/report/result.ts';
import { EXAMPLES, folder, run } from './command.ts';

const cwd = folder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const AMD = 'amd-epyc9224-2s-nps2-cxl-5n';
const FAR = join(EXAMPLES, 'far-memory.yaml');
const short = [
  '--workload',
  'process-move',
  '--set',
  'pages=64',
  '--set',
  'accesses=2000',
  '-p',
  'copyless-map',
];
const machine = async (...args: string[]) => {
  const { status, stdout, stderr } = await run([...args, ...short, '--json'], { cwd });
  expect(status, stderr).toBe(0);
  return { ...resultSchema.parse(JSON.parse(stdout)), stderr };
};

test('the topology of the scenario, named again: the same world and costs, with the store where it was', async () => {
  const [named, unnamed] = [await machine('--topology', 'intel-2s-skylake-2n'), await machine()];
  expect(named.machine).toEqual(unnamed.machine);
  expect(named.runs[0]!.traceHash).toBe(unnamed.runs[0]!.traceHash);
  expect(named.machine).toMatchObject({
    topology: 'intel-2s-skylake-2n',
    profile: 'skylake-2s',
    nodes: [{ node: 0 }, { node: 1 }],
    newLocation: [{ kind: 'nvme', node: 1 }],
  });
  expect(named.stderr).not.toContain('warning');
});

test('a built-in topology brings its cost profile, unless --profile names another', async () => {
  const amd = await machine('--topology', AMD);
  expect(amd.machine).toMatchObject({ profile: 'epyc9224-cxl', newLocation: [{ kind: 'nvme', node: 1 }] });
  expect(amd.stderr).toContain('each; costs: epyc9224-cxl\n');
  const other = await machine('--topology', AMD, '--profile', 'skylake-2s');
  expect(other.machine).toMatchObject({ profile: 'skylake-2s' });
});

test('the commands that the first screen ends with: each is one line or goes on in the next, and a shell takes them', async () => {
  const { stdout } = await run(short, { cwd });
  const [, more = ''] = /\nMore {3}([\s\S]*)\nAlso {3}--/.exec(stdout)!;
  const commands = more
    .replaceAll(/ \\\n */g, ' ')
    .split('\n')
    .map((line) => line.trim());
  expect(commands.length).toBe(3);
  for (const line of stdout.slice(stdout.indexOf('\nMore')).split('\n'))
    expect(line.length).toBeLessThanOrEqual(80);
  for (const command of commands) {
    const [, words = ''] = /^npm run simulate -- (.*)$/.exec(command)!;
    const { status, stderr } = await run([...words.split(' '), '-p', 'copyless-map'], { cwd });
    expect(status, stderr).toBe(0);
  }
});

test('what a scenario names is kept where it is there: nodes, far memory, and costs, with a warning for these', async () => {
  const same = await machine(FAR, '--topology', AMD);
  expect(same.machine).toMatchObject({
    nodes: [{ node: 0 }, { node: 2 }],
    newLocation: [{ kind: 'far', node: 4 }],
  });
  expect(same.stderr).not.toContain('scenario');
  const eight = await machine(FAR, '--topology', 'amd-8n-opteron');
  expect(eight.machine).toMatchObject({
    nodes: [{ node: 0 }, { node: 2 }],
    newLocation: [{ kind: 'far', node: 4 }],
  });
  const two = await machine(FAR, '--topology', 'intel-2s-skylake-2n');
  expect(two.machine).toMatchObject({
    profile: 'epyc9224-cxl',
    nodes: [{ node: 0 }, { node: 1 }],
    newLocation: [{ kind: 'nvme', node: 0 }],
  });
  const warned = 'warning: intel-2s-skylake-2n: ';
  expect(two.stderr).toContain(
    `${warned}no such nodes as the scenario's 0, 2: vNodes are pinned to 0 and 1\n`,
  );
  expect(two.stderr).toContain(`${warned}no node 4, the scenario's far memory: pages go to nvme on node 0\n`);
  expect(two.stderr).toContain(
    `${warned}costs are epyc9224-cxl, as the scenario says; this machine's own are --profile skylake-2s\n`,
  );
});
