// How fast a recorded run is explained: steps and events a second, beside the simulated executor that makes the same steps
// without comparing anything; by CPU time, the best of some repeats. Prints figures, judges nothing:
//   npx node test/bench/validate.bench.ts
import { create, measure, type Parts } from '../../src/actors/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { present } from '../../src/stdx/assert.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { recordedRun, verdictOf } from '../support/recorded-run.ts';
import { optionsOf } from './options.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';

optionsOf({ name: 'validate.bench', usage: '', command: 'node test/bench/validate.bench.ts' }, {});
const REPEATS = 5;
const spec = smallWorld({ vcpus: 3, pages: 8, frames: 5, slots: 40, listCapacity: 16, pageWords: 16 });

/** Of this process, since others may want the machine too. */
function cpuSeconds(run: () => void): number {
  const began = process.cpuUsage().user;
  run();
  return (process.cpuUsage().user - began) / 1e6;
}

for (const accesses of [2_000, 20_000]) {
  for (const protocol of protocols) {
    const parts: Parts = { spec, protocol, costs, tables };
    const workload = present(workloadNamed('adversary'), 'workload').create(shapeOf(spec), {
      pages: 8,
      focusPages: 4,
      dwell: 10,
      accesses,
    });
    const run = recordedRun(parts, workload, 1);
    let best = Infinity;
    let bare = Infinity;
    let [steps, events] = [0, 0];
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      best = Math.min(
        best,
        cpuSeconds(() => {
          const verdict = verdictOf(run, parts);
          if (verdict.unexplained !== null) throw new Error(verdict.unexplained.lines().join('\n'));
          ({ steps, events } = verdict);
        }),
      );
      bare = Math.min(
        bare,
        cpuSeconds(() => {
          const system = create(new ArrayBuffer(measure(parts)), parts, new Trace([], false));
          new Simulation(system, new RandomScheduler(system.mailboxes, 1)).runSync(
            [workload.open(1, 0)],
            Infinity,
          );
        }),
      );
    }
    const millions = (count: number, of: number) => (count / of / 1e6).toFixed(2);
    console.log(
      `${protocol.name.padEnd(26)} ${String(steps).padStart(8)} steps ${String(events).padStart(8)} events   ${millions(events, best)} M events/s ${millions(steps, best)} M steps/s, ${millions(steps + events, best)} M records/s   simulated ${millions(steps, bare)} M steps/s   ratio ${(bare / best).toFixed(2)}`,
    );
  }
}
