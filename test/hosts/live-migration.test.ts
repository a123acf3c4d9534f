// What live migration by mapping is good for, in numbers that come from the runs, and where it is good for nothing; the
// scenario, its page and its JSON.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { MAPPING_BYTES } from '../../src/model/cluster.ts';
import { migrationResultSchema } from '../../src/report/migration/migration-result.ts';
import { runCluster } from '../../src/report/migration/run-cluster.ts';
import { parseMigrationScenario } from '../../src/scenarios/migration-scenario.ts';
import { EXAMPLES, run as start } from '../cli/command.ts';
import { drawnCluster } from '../support/drawn-cluster.ts';
import { conventional, copyless, partsOf, smallCluster } from '../support/small-cluster.ts';

const pageBytes = 64;
/** A guest that has written each of its pages and does nothing while it is moved. */
const idle = (sharedPercent: number, framesPerNode = 8) =>
  smallCluster(
    { sharedPercent, framesPerNode, shareLists: false, moves: [{ to: 1, after: 1_000_000 }] },
    { accesses: 0, pages: 40 },
  );

describe('hosts: an idle guest of 40 pages is moved from 16 frames', () => {
  // shows: variant (18) several hosts, variant (28) network
  test('copyless sends what conventional sends, less the bytes of every mapped page, plus its mapping', () => {
    for (const percent of [30, 60, 100]) {
      const [bytes, mapping] = [conventional, copyless].map((mode) =>
        runCluster(partsOf(idle(percent), mode)),
      );
      const mapped = mapping!.traffic.pagesMapped;
      expect(mapped).toBeGreaterThan(3);
      expect(bytes!.traffic.networkBytes - mapping!.traffic.networkBytes).toBe(
        mapped * (pageBytes - MAPPING_BYTES),
      );
      expect(mapping!.traffic.readBack.shared).toBe(0);
      expect(bytes!.traffic.readBack.shared).toBeGreaterThan(3);
      expect(mapping!.traffic.migrationNs).toBeLessThan(bytes!.traffic.migrationNs);
      expect([...bytes!.violations, ...mapping!.violations]).toEqual([]);
    }
  });

  test('with every swapped page in private stores it saves nothing at all', () => {
    const [bytes, mapping] = [conventional, copyless].map((mode) => runCluster(partsOf(idle(0), mode)));
    expect(mapping!.traffic.pagesMapped).toBe(0);
    expect(mapping!.traceHash).toBe(bytes!.traceHash);
  });

  test('with nothing swapped out it saves nothing at all', () => {
    const [bytes, mapping] = [conventional, copyless].map((mode) => runCluster(partsOf(idle(100, 30), mode)));
    expect(bytes!.traffic.swappedBefore).toBe(0);
    expect(mapping!.traceHash).toBe(bytes!.traceHash);
  });
});

describe('hosts: determinism over 12 drawn clusters', () => {
  test('the same seed gives the same trace, another seed another, and a random run replays', () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const { spec, mode } = drawnCluster(seed);
      const once = runCluster(partsOf(spec, mode), { scheduler: 'random' });
      expect(runCluster(partsOf(spec, mode), { scheduler: 'random' }).traceHash).toBe(once.traceHash);
      expect(runCluster(partsOf(spec, mode), { choices: once.choices }).traceHash).toBe(once.traceHash);
      hashes.add(once.traceHash);
    }
    expect(hashes.size).toBe(12);
  });
});

const scenario = (more: string) =>
  `version: 1\nkind: live-migration\nhosts: { memory: 256KiB, sharedPercent: 75 }\nguest: { pages: 256, accesses: 1500, hotPages: 40 }\nmoves: [{ to: 1, after: 600 }]\n${more}`;

describe('hosts: the command line', () => {
  const run = (args: string[]) => start(args, { cwd: tmpdir() });
  const file = (name: string, text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), 'copyless-')), name);
    writeFileSync(path, text);
    return path;
  };

  // shows: variant (18) several hosts, variant (33) cloud, variant (36) clustered
  test('a scenario gives a page with both modes, and JSON that its schema takes', async () => {
    const path = file('move.yaml', scenario('faults: swarm\n'));
    const page = await run(['simulate', path, '--seed', '3']);
    expect(page.status).toBe(0);
    expect(page.stdout).toMatch(/conventional +copyless/);
    expect(page.stdout).toMatch(/Downtime +\d/);
    expect(page.stdout).toMatch(/fired \(copyless\): loss/);
    expect(page.stdout).toMatch(/PASS/);
    const json = await run(['simulate', path, '--seed', '3', '--json']);
    const result = migrationResultSchema.parse(JSON.parse(json.stdout));
    expect(result.runs.map(({ mode }) => mode)).toEqual(['conventional', 'copyless']);
    expect(result.runs[1]!.networkBytes).toBeLessThan(result.runs[0]!.networkBytes);
  });

  test('where there is nothing to gain the page says so', async () => {
    const path = file('private.yaml', scenario('').replace('sharedPercent: 75', 'sharedPercent: 0'));
    const { stdout } = await run(['simulate', path]);
    expect(stdout).toMatch(/No gain here: none of its \d+ swapped pages was on the shared store/);
    const roomy = file('roomy.yaml', scenario('').replace('256KiB', '4MiB'));
    expect((await run(['simulate', roomy])).stdout).toMatch(
      /No gain here: the guest had nothing swapped out/,
    );
  });

  test('a full disk costs the file: the page and the other file are there, status 5', async ({ skip }) => {
    if (!existsSync('/dev/full')) return skip('there is no device that is always full');
    const path = file('move.yaml', scenario(''));
    const out = dirname(path);
    const full = await run(['simulate', path, '--json', '/dev/full', '--out', out]);
    expect(full.status).toBe(5);
    expect(full.stdout).toMatch(/PASS/);
    expect(full.stderr).toMatch(/^copyless: \/dev\/full: could not be written \(ENOSPC\)/);
    expect(existsSync(join(out, 'result.json'))).toBe(true);
  });

  test('what cannot work is one line with its place, and status 2', async () => {
    for (const [more, expected] of [
      ['modes: [sideways]\n', /move\.yaml:6:9: mode 'sideways', expected one of conventional, copyless/],
      ['netwrk: 25gbe\n', /unknown key 'netwrk'.*did you mean network\?/],
      ['network: 1gbe\n', /network is '1gbe', expected one of 10gbe/],
    ] as const) {
      const { status, stderr } = await run(['simulate', file('move.yaml', scenario(more))]);
      expect([status, stderr]).toEqual([2, expect.stringMatching(expected)]);
    }
    const flagged = await run(['simulate', file('move.yaml', scenario('')), '--memory', '4MiB']);
    expect([flagged.status, flagged.stderr]).toEqual([
      2,
      expect.stringMatching(/--memory: with a live migration/),
    ]);
  });

  test('the example is accepted and names its schema in the first line', () => {
    const name = join(EXAMPLES, 'live-migration.yaml');
    const text = readFileSync(name, 'utf8');
    expect(parseMigrationScenario(text, name).kind).toBe('live-migration');
    expect(parse(text)).toHaveProperty('version', 1);
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/migration-scenario-1.json');
  });
});
