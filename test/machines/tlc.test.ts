// The TLA+ export in TLC itself: as many states as the table has. TLC is a jar that no package manager brings; where the
// environment variable TLA2TOOLS names one it is used, else the test is skipped and says so.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exportAs, machineTables } from '../../machines/index.ts';

const jar = process.env['TLA2TOOLS'];
const why =
  jar === undefined
    ? 'TLA2TOOLS names no tla2tools.jar'
    : !existsSync(jar)
      ? `${jar} is not there`
      : spawnSync('java', ['-version']).status === 0
        ? ''
        : 'there is no java';

const folder = mkdtempSync(join(tmpdir(), 'copyless-tlc-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.for(machineTables.map((table) => ({ id: table.id, table, states: table.states.length })))(
  'machine $id: TLC finds $states distinct states, and TypeOK holds',
  ({ id, table, states }, { skip }) => {
    if (why !== '') return skip(why);
    writeFileSync(join(folder, `${id}.tla`), exportAs(table, 'tla'));
    writeFileSync(join(folder, `${id}.cfg`), 'SPECIFICATION Spec\nINVARIANT TypeOK\n');
    const { status, stdout } = spawnSync('java', ['-cp', jar!, 'tlc2.TLC', '-deadlock', id], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 90_000,
    });
    expect(status, stdout).toBe(0);
    expect(Number(/(\d+) distinct states found/.exec(stdout)![1])).toBe(states);
  },
);
