// New locations as a user writes them down: one or a chain, far memory mapped or not, and what the first screen says where
// there is nothing to gain.
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { assemble } from '../../src/scenarios/assemble.ts';
import { defineScenario } from '../../src/scenarios/define-scenario.ts';
import type { ScenarioInput } from '../../src/scenarios/scenario.ts';
import { folder, run } from '../cli/command.ts';

const GIB = 2 ** 30;
type Host = NonNullable<ScenarioInput['host']>;

const CXL = { topology: 'amd-epyc9224-2s-nps2-cxl-5n', memory: '128KiB' };
async function specOf(host: Host) {
  const workload = { kind: 'process-move', parameters: { pages: 64, hotPages: 16, accesses: 2000 } };
  const scenario = defineScenario({ version: 1, host, workload });
  return (await assemble(scenario, 'test', () => '', GIB)).spec;
}

describe('scenarios', () => {
  // shows: variant (16) (21) (32) new location
  test('a list is a chain, in its order', async () => {
    const spec = await specOf({
      ...CXL,
      newLocation: [
        { kind: 'far', node: 4, size: '64KiB', mode: 'mapped', promoteOnAccess: true },
        { kind: 'zram', size: '64KiB' },
        { kind: 'nvme', node: 1 },
        { kind: 'nvme' },
      ],
      writebackPercent: 50,
    });
    expect(spec.nodes.map(({ id, frames }) => [id, frames])).toEqual([
      [0, 32],
      [1, 32],
      [4, 16],
    ]);
    expect(spec.stores.map(({ name, slots, node }) => [name, slots, node])).toEqual([
      ['zram0', 16, 0],
      ['nvme0', 128, 1],
      ['nvme1', 128, 0],
    ]);
    expect(spec.moveTo).toEqual([2, 3, 4, 5]);
    expect(spec.policy).toMatchObject({ far: 'mapped', promoteOnAccess: true, writebackPercent: 50 });
  });

  test('one new location is as it was: no chain, unmapped, no hold ends by itself, nothing encrypted', async () => {
    const spec = await specOf({ memory: '128KiB' });
    expect(spec.stores.map(({ name }) => name)).toEqual(['nvme0']);
    expect(spec.moveTo).toEqual([2]);
    expect(spec.policy).toMatchObject({
      far: 'unmapped',
      promoteOnAccess: false,
      writebackPercent: 0,
      holdTicks: 0,
      heldFault: 'refuse',
      encryption: 'none',
    });
  });

  const far = { kind: 'far', node: 4 } as const;
  test.each<[string, Host['newLocation'], RegExp]>([
    ['the same node twice', [far, far], /far memory on node 4 twice, expected each node once/],
    ['promotion of what is not mapped', { ...far, promoteOnAccess: true }, /expected mode: mapped/],
    ['a pinned node', [{ kind: 'nvme' }, { kind: 'far', node: 1 }], /a node that no vNode is pinned to/],
    ['no room for a page', [{ kind: 'nvme' }, { kind: 'zram', size: '1KiB' }], /at least 4KiB/],
  ])('%s is refused', async (_what, newLocation, says) => {
    await expect(specOf({ ...CXL, newLocation })).rejects.toThrow(says);
  });
});

describe('the first screen', () => {
  const host = (far: string) => `version: 1
host:
  topology: amd-epyc9224-2s-nps2-cxl-5n
  memory: 128KiB
  newLocation: ${far}
workload: { kind: process-move, parameters: { pages: 64, hotPages: 16, accesses: 2000 } }
`;
  const cwd = folder({
    'mapped.yaml': host('{ kind: far, node: 4, mode: mapped }'),
    'promoted.yaml': host('{ kind: far, node: 4, mode: mapped, promoteOnAccess: true }'),
    'chain.yaml': host('[{ kind: zram, size: 64KiB }, { kind: hdd }]'),
    'bad.yaml': host('[{ kind: zram }, { kind: tape }]'),
  });
  afterAll(() => rmSync(cwd, { recursive: true }));

  // shows: variant (16) (21) (32) new location
  test('mapped far memory: as many transfers under every protocol, and it says that there is nothing to gain', async () => {
    const { status, stdout } = await run(['simulate', 'mapped.yaml'], { cwd });
    expect(status).toBe(0);
    expect(stdout).toContain('idle pages move to mapped far memory on node 4');
    expect(stdout).toMatch(/Page transfers +(\d+) +\1 \(1\.00x\) +\1 \(1\.00x\) +\1 \(1\.00x\)/);
    expect(stdout).toContain('the host only demoted pages, which stayed mapped (pgdemote_kswapd)');
    expect(stdout).toContain('Where the gain ends: here.');
    expect(stdout).toContain('1 transfer(s) a page conventionally, 1 with copyless-migrate.');
    expect(stdout).toContain('There is no copy-back to avoid.');
    const promoted = await run(
      ['simulate', 'promoted.yaml', '--protocol', 'conventional', '--protocol', 'copyless-map'],
      { cwd },
    );
    expect(promoted.stdout).toContain('that copy-back no list can prevent');
  });

  test('a chain is named in its order, and a wrong link of it where it stands', async () => {
    const chain = await run(['simulate', 'chain.yaml', '--protocol', 'copyless-map'], { cwd });
    expect(chain.status).toBe(0);
    expect(chain.stdout).toContain('idle pages move to zram on node 0, then hdd on node 0');
    const bad = await run(['simulate', 'bad.yaml'], { cwd });
    expect(bad.status).toBe(2);
    expect(bad.stderr).toMatch(
      /^copyless: bad\.yaml:5:\d+: .*'tape', expected one of hdd, sata, nvme, optane, zram, far/m,
    );
  });
});
