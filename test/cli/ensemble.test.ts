// Runs on a pool of workers, when they fail.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAllAndPages } from '../../src/cli/ensemble.ts';
import type { OnePageUnit } from '../../src/report/one-page.ts';
import type { Unit } from '../../src/report/unit.ts';
import { costs, shapeOf, smallWorld } from '../support/small-world.ts';
import { folder } from './command.ts';

// Two workers that fail at once answer in the same turn of the event loop: the second answer reached a pool that the first had
// ended, and piscina threw where nobody could catch it. An error that nobody catches fails this file.
test('many runs that all fail end in one error', async () => {
  const protocol = join(folder(), 'gone.mjs');
  const spec = smallWorld({ pages: 4, gfns: 16 });
  const units: Unit[] = Array.from({ length: 12 }, (_, seed) => ({
    spec,
    costs,
    shape: shapeOf(spec),
    workload: { kind: 'uniform', parameters: { pages: 4, accesses: 10 } },
    protocol,
    seed,
    scheduler: 'timed',
  }));
  const pages: OnePageUnit[] = units.map(() => ({
    place: { kind: 'nvme', attached: 'source' },
    protocol,
    costs,
  }));
  for (let round = 0; round < 10; round++) {
    const options = { signal: new AbortController().signal, atOnce: 2, done: () => {} };
    await expect(runAllAndPages(units, options, pages)).rejects.toThrow(/gone\.mjs: no such file/);
  }
});
