// The formats side by side on one scenario: the same guest memory, the same properties hold, and what differs is the
// cost, which the run prints. Written as a user writes it, and assembled as the program does.
import { describe, expect, test } from 'vitest';
import { listAccesses, listFormats, listInspections, plainList } from '../../src/model/list-policy.ts';
import { runOnce, type RunReport } from '../../src/report/run.ts';
import { assemble } from '../../src/scenarios/assemble.ts';
import { defineScenario } from '../../src/scenarios/define-scenario.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import type { ScenarioInput } from '../../src/scenarios/scenario.ts';

type List = NonNullable<NonNullable<ScenarioInput['guests']>['list']>;

/** Two guests of two vCPUs; a table as large as the Gfns, so that no page is without an entry. */
async function runWith(list: List | undefined, listCapacity?: number): Promise<RunReport> {
  const scenario = defineScenario({
    version: 1,
    host: { memory: '256KiB', newLocation: { kind: 'zram' } },
    guests: {
      count: 2,
      ...(list ? { list } : {}),
      ...(listCapacity ? { listCapacity } : {}),
      hintPages: 32,
      accessesPerScan: 500,
    },
    workload: { kind: 'process-move', parameters: { pages: 64, hotPages: 16, accesses: 4000, rounds: 3 } },
    protocols: ['copyless-migrate'],
  });
  const experiment = await assemble(scenario, 'test', () => '', 2 ** 30);
  if (!list) expect(experiment.spec.list).toBeUndefined();
  const parts = partsOf(experiment, experiment.protocols[0]!);
  return runOnce(parts, [experiment.workload, experiment.workload], { seed: 1 });
}

// shows: variant (22) list format, variant (22),(24) inspect timing, variant (27) list access
describe('2 guests of 64 pages in 256 KiB a node, compressed RAM', () => {
  test('every format, read in place, in copies and on notice: same memory, same properties, other cost', async () => {
    const plain = await runWith(undefined);
    const rows: string[] = [];
    const costs = new Map<string, number>();
    for (const format of listFormats) {
      for (const access of listAccesses) {
        for (const inspect of listInspections) {
          const { run, checks } = await runWith({ format, access, inspect, period: 200 });
          const name = `${format}, ${access}, ${inspect}`;
          expect(run.violations, name).toEqual([]);
          expect(run.memoryHash, name).toBe(plain.run.memoryHash);
          expect(run.pagesBalanced, name).toBeGreaterThan(0);
          expect(
            checks.filter(({ kind }) => kind === 'always').map(({ name: of, pass }) => [of, pass]),
          ).toEqual(plain.checks.filter(({ kind }) => kind === 'always').map(({ name: of }) => [of, true]));
          const { list } = run;
          const a = (ns: number, of: number) => (ns / Math.max(1, of)).toFixed(0).padStart(8);
          costs.set(name, list.lookNs + list.copyNs + list.exportNs);
          rows.push(
            `${name.padEnd(30)}${a(list.loads * 100, list.looks)}${a(list.lookNs, list.looks)}${a(list.exportNs, list.changes)}${a(list.words * 400, list.changes)}${String(list.copies).padStart(8)}${a(list.copyNs, list.copies)}${a(list.copiedBytes, list.copies)}${String(list.stalenessNs.p50).padStart(10)}${String(list.stalenessNs.p99).padStart(10)}`,
          );
        }
      }
    }
    process.stdout.write(
      `\n${'format, access, inspect'.padEnd(30)}loads/100  ns/look  ns/chg  B/100chg  copies  ns/copy  B/copy   stale p50       p99\n${rows.join('\n')}\n`,
    );
    // Copies that are sent are sent whenever something changed: on attempt and on notice are one and the same.
    for (const format of listFormats) {
      expect(costs.get(`${format}, copy, on attempt`)).toBe(costs.get(`${format}, copy, on notify`));
    }
    expect(new Set(costs.values()).size).toBe(costs.size - listFormats.length);
    // A look at a table is one cache line; at a bitmap two for a moved page, at a snapshot two and its version twice.
    const of = async (format: (typeof listFormats)[number]) => {
      const { list } = (await runWith({ format, lag: 2 })).run;
      return list.lookNs / list.looks;
    };
    expect(await of('table')).toBeLessThan(await of('bitmap'));
    expect(await of('bitmap')).toBeLessThan(await of('snapshot'));
  });

  test('a list that lags costs looks and requests that come to nothing, and nothing else', async () => {
    const prompt = await runWith({ lag: 0 });
    const late = await runWith({ lag: 24 });
    expect(late.run.violations).toEqual([]);
    expect(late.run.memoryHash).toBe(prompt.run.memoryHash);
    expect(prompt.run.list.stalenessNs.count).toBe(0);
    expect(late.run.list.stalenessNs.p99).toBeGreaterThan(0);
  });

  // shows: variant (23) guest removes its mapping, variant (24) detection starts the hold
  test('a guest that holds before it unmaps meets demand faults in its holds, and has the same memory', async () => {
    const [first, second] = [await runWith(undefined), await runWith({ unmap: 'before the request' })];
    expect(second.run.violations).toEqual([]);
    expect(second.run.memoryHash).toBe(first.run.memoryHash);
    expect(second.run.requests['OK']).toBeGreaterThan(0);
  });
});

test('what a scenario leaves out of guests.list is the plain list', () => {
  const scenario = defineScenario({
    version: 1,
    guests: { list: { lag: 3 } },
    workload: { kind: 'uniform' },
  });
  expect(scenario.guests.list).toEqual({ ...plainList, lag: 3 });
});
