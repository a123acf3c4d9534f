// `copyless machines` as a user has it: what there is, one machine or all in a format, and a file each.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportAs, extensionOf, formats, machineTables } from '../../machines/index.ts';
import { Batch, type Ended, folder, namesIn, run } from './command.ts';

const ids = machineTables.map(({ id }) => id);

let cwd: string;
let batch: Batch;
beforeAll(() => {
  cwd = folder();
  batch = new Batch();
});
afterAll(() => {
  batch.end();
  rmSync(cwd, { recursive: true });
});
const machines = (...args: string[]): Promise<Ended> => batch.run(['machines', ...args], cwd);

it('without a format: the four machines with their sizes, and how to export them, in a process of its own', async () => {
  const { status, stdout, stderr } = await run(['machines'], { cwd });
  expect(status, stderr).toBe(0);
  const rows = stdout
    .split('\n')
    .slice(1, 5)
    .map((line) => line.trim().split(/ {2,}/));
  expect(rows).toEqual([
    ['page', '12', '15', '40', 'resident.present'],
    ['request', '7', '7', '10', 'drafted'],
    ['frame', '3', '3', '5', 'free'],
    ['vcpu', '7', '11', '11', 'running'],
  ]);
  expect(stdout).toContain(`--format ${formats.join('|')}`);
  expect(stderr).toBe('');
});

describe.each(formats)('--format %s', (format) => {
  it('one machine by its name: the export and nothing else', async () => {
    const { status, stdout, stderr } = await machines('page', '--format', format);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(exportAs(machineTables[0]!, format));
  });

  it('all machines, one after the other', async () => {
    const { status, stdout } = await machines('--format', format);
    expect(status).toBe(0);
    if (format === 'json') {
      expect(JSON.parse(stdout)).toEqual(machineTables.map((table) => JSON.parse(exportAs(table, 'json'))));
    } else {
      let from = 0;
      for (const table of machineTables) {
        const at = stdout.indexOf(exportAs(table, format), from);
        expect(at).toBeGreaterThanOrEqual(from);
        from = at + 1;
      }
    }
  });

  it('--out: a file each, in a folder that is not there yet; their names on stdout', async () => {
    const { status, stdout } = await machines('--format', format, '--out', join('a', format));
    expect(status).toBe(0);
    const names = ids.map((id) => `${id}.${extensionOf(format)}`);
    expect(stdout).toBe(names.map((name) => `${join('a', format, name)}\n`).join(''));
    expect(namesIn(join(cwd, 'a', format))).toEqual(names.toSorted());
    for (const [index, name] of names.entries()) {
      expect(readFileSync(join(cwd, 'a', format, name), 'utf8')).toBe(
        exportAs(machineTables[index]!, format),
      );
    }
  });
});

it('some machines, in the order asked for, each once', async () => {
  const { stdout } = await machines('vcpu', 'frame', 'vcpu', '-f', 'json');
  expect(JSON.parse(stdout).map(({ id }: { id: string }) => id)).toEqual(['vcpu', 'frame']);
});
