// A guest that copies its list whenever it is told of a change gets on with its accesses all the same, where frames are so
// few that every access brings a change about.
import { describe, expect, test } from 'vitest';
import { listFormats } from '../../src/model/list-policy.ts';
import type { GuestShape } from '../../src/model/script.ts';
import { protocols } from '../../src/protocols/index.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { explore, smallWorld } from '../support/small-world.ts';
import { tight } from '../support/small-workloads.ts';

const SEEDS = 60;
const STEPS_MAX = 60_000;

// shows: variant (22) (24) inspect timing
describe.each(listFormats)('%s', (format) => {
  test(`${SEEDS} worlds of three frames a node come to rest, in order of time`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const small = tight(
        {
          pages: 4,
          frames: 3,
          far: seed % 2 === 0,
          guests: seed % 3 === 0 ? 2 : 1,
          prefetch: 2,
          heldFault: 'convert',
          accessesPerTick: 2,
          scanPerTick: 2,
          accessesPerScan: 3,
          list: { format, inspect: 'on notify', lag: seed % 4 },
        },
        seed % 3,
      );
      const protocol = protocols[1 + (seed % 3)]!;
      const options = { seed, limit: STEPS_MAX };
      const parameters = { pages: 4, focusPages: 2, dwell: 4, accesses: 30, bulkPermille: 300 };
      const workload = (shape: GuestShape) =>
        present(workloadNamed('adversary'), 'adversary').create(shape, parameters);
      const run = explore(smallWorld(small), protocol, workload, { kind: 'timed' }, options);
      expect([seed, run.ending, run.violations]).toEqual([seed, 'at rest', []]);
    }
  });
});
