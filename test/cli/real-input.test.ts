// Inputs as people have them: what numactl prints, recorded traces, the machine at hand, each synthetic workload.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { type Result, resultSchema } from '../../src/report/result.ts';
import { readSysfs } from '../../src/scenarios/topologies/sysfs.ts';
import { EXAMPLES, folder, run, SMALL } from './command.ts';

const NUMACTL = `available: 2 nodes (0,2)
node 0 cpus: 0 1 2 3
node 0 size: 64000 MB
node 0 free: 1000 MB
node 2 cpus: 4 5 6 7
node 2 size: 64000 MB
node 2 free: 1000 MB
node distances:
node   0   2
  0:  10  21
  2:  21  10
`;
/** The first 40,000 lines of the shipped trace: enough for pages to be moved. */
const TRACE = gunzipSync(readFileSync(join(EXAMPLES, 'traces', 'phases.lackey.gz')))
  .toString('latin1')
  .split('\n')
  .slice(0, 40_000)
  .join('\n');
const TRACED = ['--protocol', 'copyless-map', '--memory', '1MiB', '--instructions', 'skip'];

const cwd = folder({ 'host.txt': NUMACTL, 't.lackey': `${TRACE}\n` });
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function passing(args: readonly string[], stdin?: string): Promise<Result> {
  const { status, stdout, stderr } = await run([...args, '--json'], { cwd, stdin });
  expect(status, stderr).toBe(0);
  const result = resultSchema.parse(JSON.parse(stdout));
  expect(result.complete && result.pass).toBe(true);
  return result;
}
const hashes = (result: Result) => result.runs.map((one) => one.traceHash);

describe('real input', () => {
  it('numactl -H of two nodes, 0 and 2, by file and by stdin: one result', async () => {
    const byFile = await passing(['--topology', 'host.txt', ...SMALL]);
    const byStdin = await passing(['--topology', '-', ...SMALL], NUMACTL);
    expect(byFile.runs[0]!.numastat.map(({ node }) => node)).toEqual([0, 2]);
    expect(hashes(byStdin)).toEqual(hashes(byFile));
  });

  it('this machine: it runs where there are two nodes, and is refused in one line where there is one', async () => {
    const { nodes } = readSysfs();
    const usable = nodes.filter((node) => node.cpus.length > 0 && node.memoryMiB > 0);
    const { status, stderr } = await run(['--topology', 'this-machine', ...SMALL], { cwd });
    if (usable.length >= 2) return expect(status, stderr).toBe(0);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^copyless: --topology: topology this-machine has \d node.*, expected at least two .*\n$/,
    );
  });

  // shows: variant (28) (29) CPU-less nodes, variant (16) (21) (32) new location
  it('a CPU-less CXL node as far memory: pages go there and none comes back through its source', async () => {
    const args = ['--topology', 'amd-epyc9224-2s-nps2-cxl-5n', '--new-location', 'far@4', ...SMALL];
    const result = await passing(args);
    expect(result.runs[0]!.numastat.map(({ node }) => node)).toContain(4);
    for (const one of result.runs.filter(({ protocol }) => protocol !== 'conventional')) {
      expect(one.transfers.toSource).toBe(0);
    }
  });

  it('a trace of 40,000 lines by file, by stdin and by an absolute path: one traceHash', async () => {
    const byFile = await passing(['--trace', 't.lackey', ...TRACED]);
    const byStdin = await passing(['--trace', '-', ...TRACED], `${TRACE}\n`);
    const byPath = await passing(['--trace', join(cwd, 't.lackey'), ...TRACED]);
    expect(byFile.runs[0]!.accesses).toBeGreaterThan(5_000);
    expect(hashes(byStdin)).toEqual(hashes(byFile));
    expect(hashes(byPath)).toEqual(hashes(byFile));
  });

  it('two traces on two vCPUs: twice the accesses of one', async () => {
    const one = await passing(['--trace', 't.lackey', ...TRACED]);
    const two = await passing(['--trace', 't.lackey', '--trace', 't.lackey', ...TRACED]);
    expect(two.runs[0]!.accesses).toBe(2 * one.runs[0]!.accesses);
  });

  it('a scenario in JSON, indented by tabs, with a trace beside it', async () => {
    const workload = { kind: 'trace', files: ['t.lackey'], instructions: 'skip', pages: 1000 };
    const scenario = { version: 1, host: { memory: '1MiB' }, workload, protocols: ['copyless-migrate'] };
    writeFileSync(join(cwd, 's.json'), JSON.stringify(scenario, null, '\t'));
    expect((await passing(['s.json'])).runs.map(({ protocol }) => protocol)).toEqual(['copyless-migrate']);
  });

  const parameters: Record<string, string[]> = {
    'process-move': ['pages=64', 'hotPages=16', 'accesses=2000'],
    zipf: ['pages=64', 'accesses=2000'],
    uniform: ['pages=64', 'accesses=2000'],
    phased: ['pages=64', 'accesses=4000'],
    adversary: ['accesses=1000'],
  };
  for (const [name, pairs] of Object.entries(parameters)) {
    it(`workload ${name} with ${pairs.join(', ')}: all protocols pass and agree on guest memory`, async () => {
      const sets = pairs.flatMap((pair) => ['--set', pair]);
      const result = await passing(['--workload', name, ...sets, '--memory', '128KiB']);
      expect(result.runs).toHaveLength(4);
      expect(new Set(result.runs.map((one) => one.memoryHash)).size).toBe(1);
    });
  }
});
