// The first screen says what its figures are of: what was refused, what did not finish, what was put off, and which scenario
// it was.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Result, Run } from '../../src/report/result.ts';
import { Batch, EXAMPLES, folder, SMALL } from './command.ts';

const cwd = folder({
  // Two pages leave node 0 mapped; one is touched afterwards, the other goes on untouched.
  'put-off.yaml': `version: 1
host: { memory: 64KiB }
guests: { hintPages: 0 }
workload:
  kind: script
  vcpus:
    - [write 0, write 1, pageout 0, pageout 1, handover 1]
    - [await, move 0..1 to 1, move 1 to 0, move 1 to 1, read 0]
`,
  // Both nodes and the store hold five pages fewer than the guest's Gfns, backed as long as nobody says they are free.
  'full.yaml': `version: 1
name: full
host: { memory: 16KiB, newLocation: { kind: nvme, size: 4KiB }, idleScans: 0 }
guests: { hintPages: 0 }
workload:
  kind: script
  vcpus:
    - [${Array.from({ length: 7 }, (_, page) => `write ${page}`).join(', ')}, handover 1]
    - [await, move 0..6 to 1, ${Array.from({ length: 7 }, (_, page) => `write ${page}`).join(', ')}]
`,
});
const batch = new Batch();
afterAll(() => {
  batch.end();
  rmSync(cwd, { recursive: true });
});
const simulate = (...args: string[]) => batch.run(['simulate', ...args], cwd);
const line = (text: string, start: string) =>
  text.split('\n').find((one) => one.trimStart().startsWith(start)) ?? '';
const resultIn = (file: string) => JSON.parse(readFileSync(join(cwd, file), 'utf8')) as Result;

describe('the comparison is of equal things, or says that it is not', () => {
  test('a map puts the read off, and "Balancing, a page" has it all the same', async () => {
    const { stdout } = await simulate('put-off.yaml', '--json', 'put-off.json');
    const runs = Object.fromEntries(resultIn('put-off.json').runs.map((run) => [run.protocol, run]));
    const map: Run = runs['copyless-map']!;
    const migrate: Run = runs['copyless-migrate']!;
    expect(migrate.firstTouchNs).toBe(0);
    // At least the read itself, which is most of what the migration took.
    expect(map.firstTouchNs).toBeGreaterThan(50_000);
    expect(map.balancingNs + map.firstTouchNs).toBeGreaterThan(migrate.balancingNs / 4);
    const shown = ((map.balancingNs + map.firstTouchNs) / map.pagesBalanced / 1000).toFixed(1);
    expect(line(stdout, 'Balancing, a page')).toContain(` ${shown} us`);
    expect(line(stdout, 'of it, first touch after a map')).toContain(
      ` ${(map.firstTouchNs / map.pagesBalanced / 1000).toFixed(1)} us`,
    );
    // All that was balanced is accounted for.
    expect(map.vmstat['cl_mapped_again']).toBeGreaterThan(0);
    const { copied, direct } = map.transfers;
    expect(copied + direct + map.neverMoved + map.vmstat['cl_mapped_again']!).toBe(map.pagesBalanced);
    expect(line(stdout, 'Mapped on, untouched')).toContain(` ${map.vmstat['cl_mapped_again']!} `);
  });

  test('requests that were refused stand below the table, with their reason and out of how many', async () => {
    const trace = ['--workload', 'adversary', '--memory', '64KiB', '-p', 'copyless-migrate'];
    const { stdout } = await simulate(...trace, '--json', 'refused.json');
    const [run] = resultIn('refused.json').runs;
    const asked = Object.values(run!.requests).reduce((a, b) => a + b, 0);
    const refused = asked - run!.requests.OK - run!.requests.CACHED;
    expect(refused).toBeGreaterThan(0);
    expect(stdout).toMatch(new RegExp(`^ +migrate +${refused} of ${asked} requests: `, 'm'));
    expect(Object.values(run!.notBalanced).reduce((a, b) => a + b, 0)).toBe(run!.vmstat['pgmigrate_fail']);
  });

  test('out of memory is called that: exit 4, no violation, and no ratio against a run that did not finish', async () => {
    const { status, stdout, stderr } = await simulate('full.yaml', '--json', 'full.json');
    expect(stderr).toBe('');
    expect(status).toBe(4);
    const { complete, pass, runs } = resultIn('full.json');
    expect({ complete, pass }).toEqual({ complete: false, pass: true });
    const out = runs.filter(({ ending }) => ending === 'out of memory');
    expect(out.map(({ protocol }) => protocol)).toContain('conventional');
    for (const run of out) {
      expect(run.violations).toEqual([]);
      expect(run.virtualNs).toBeGreaterThan(0);
    }
    expect(stdout).toContain('OUT OF MEMORY conventional, seed 1: every frame and slot is taken');
    expect(stdout).toContain('did not finish');
    expect(stdout).not.toMatch(/\d\.\d\dx/);
    expect(stdout).not.toContain('FAIL');
    expect(stdout).toMatch(/^INCOMPLETE in/m);
  });

  test('the title says which flags made another scenario of the file', async () => {
    const plain = await simulate('full.yaml', '-p', 'copyless-map', '--seed', '2');
    expect(plain.stdout).toMatch(/^copyless \S+ · full · seed 2 · /);
    const other = await simulate(
      'full.yaml',
      '-p',
      'copyless-map',
      '--memory',
      '64KiB',
      '--new-location',
      'nvme',
    );
    expect(other.stdout).toMatch(/^copyless \S+ · full with --memory --new-location · seed 1 · /);
  });

  test('with the store on the source node: bytes of one page balanced alone, which the table above is not', async () => {
    const { stdout } = await simulate(...SMALL, '-p', 'conventional', '-p', 'copyless-migrate');
    expect(stdout).toContain('Where the gain ends: one page balanced alone\n');
    expect(stdout).toContain(
      '  with the nvme on the source node 4,096 bytes cross the interconnect, conventional and copyless alike\n',
    );
  });

  test('the baseline is named with what the gain depends on, as far as it is so', async () => {
    const example = (name: string) =>
      simulate(join(EXAMPLES, name), '-p', 'conventional', '-p', 'copyless-map');
    const shipped = await example('two-socket.yaml');
    expect(shipped.stdout).toContain(
      'Baseline: guests do not report freed pages, no read-ahead. The gain may depend on both:\n' +
        'see examples/two-socket-reporting.yaml, where most of it is gone.\n',
    );
    const reporting = await example('two-socket-reporting.yaml');
    expect(reporting.stdout).toContain(
      'Baseline: no read-ahead. The gain may depend on it (host.readAhead).\n',
    );
  });
});
