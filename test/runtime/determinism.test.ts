// Same seed, same run: the trace hash covers every event with its time. Without this no failure could be replayed. The
// recorded choices of a run are the run: replayed, they give the same hash.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { runOnce } from '../../src/report/run.ts';
import { UsedAgain } from '../../src/report/used-again.ts';
import type { HashCase } from '../support/print-hash.ts';
import { costs, explore, type Order, shapeOf, smallWorld, tables } from '../support/small-world.ts';
import { smallWorkload, smallWorkloads, tight } from '../support/small-workloads.ts';

const PRINT_HASH = fileURLToPath(new URL('../support/print-hash.ts', import.meta.url));
const SEEDS = 6;

function orderOf(kind: 'timed' | 'random' | 'pct', seed: number): Order {
  return kind === 'timed' ? { kind } : { kind, seed };
}
/** Worlds alternate between a store and far memory, workloads take turns. */
function caseOf(protocol: string, kind: 'timed' | 'random' | 'pct', seed: number): HashCase {
  return {
    protocol,
    small: tight({ far: seed % 2 === 1, vcpus: 2 + (seed % 2), listCapacity: 2 + seed }, 2),
    workload: smallWorkloads[seed % smallWorkloads.length]!,
    order: orderOf(kind, seed),
    seed,
  };
}
function play({ protocol, small, workload, seed }: HashCase, order: Order) {
  const found = protocols.find(({ name }) => name === protocol)!;
  return explore(smallWorld(small), found, smallWorkload(workload), order, { seed });
}

describe.each(protocols.map(({ name }) => ({ name })))('$name', ({ name }) => {
  test.each(['timed', 'random', 'pct'] as const)(
    `%s: ${SEEDS} seeds, each run twice, give ${SEEDS} hashes, each twice`,
    (kind) => {
      const hashes = new Set<string>();
      for (let seed = 1; seed <= SEEDS; seed++) {
        const one = caseOf(name, kind, seed);
        const first = play(one, one.order);
        const second = play(one, one.order);
        expect(second.hash).toBe(first.hash);
        expect(second.events).toBe(first.events);
        hashes.add(first.hash);
      }
      expect(hashes.size).toBe(SEEDS);
    },
  );

  test.each(['random', 'pct'] as const)(
    `%s: the choices of ${SEEDS} runs, replayed, give the same hashes`,
    (kind) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const one = caseOf(name, kind, seed);
        const { choices, hash, steps } = play(one, one.order);
        const again = play(one, { kind: 'replay', choices });
        expect(choices).toHaveLength(steps);
        expect(again.choices).toEqual(choices);
        expect(again.hash).toBe(hash);
      }
    },
  );
});

test('order and script both tell: one world under 2 orders, and under 2 workload seeds, gives 3 hashes', () => {
  const one = caseOf('copyless-map', 'random', 1);
  const hashes = [
    play(one, { kind: 'random', seed: 1 }).hash,
    play(one, { kind: 'random', seed: 2 }).hash,
    play({ ...one, seed: 2 }, { kind: 'random', seed: 1 }).hash,
  ];
  expect(new Set(hashes).size).toBe(3);
});

test('another process gives the same hash: 3 cases, one of each scheduler', () => {
  const cases = (['timed', 'random', 'pct'] as const).map((kind, k) =>
    caseOf(protocols[k + 1]!.name, kind, 3),
  );
  for (const one of cases) {
    const printed = execFileSync(process.execPath, [PRINT_HASH, JSON.stringify(one)], { encoding: 'utf8' });
    expect(printed).toBe(play(one, one.order).hash);
  }
});

test(`memory that another run has left: 4 protocols, ${SEEDS} seeds, the same traces and memory as in new memory`, async () => {
  const worlds = new UsedAgain();
  const given = new Set<ArrayBuffer>();
  const memory = (bytes: number) => {
    const world = worlds.take(bytes);
    given.add(world);
    return world;
  };
  for (const { name } of protocols)
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { small, workload } = caseOf(name, 'timed', 1);
      const spec = smallWorld(small);
      const parts = { spec, protocol: protocols.find((one) => one.name === name)!, costs, tables };
      const workloads = spec.guests.map((_, guest) => smallWorkload(workload)(shapeOf(spec, guest)));
      const fresh = await runOnce(parts, workloads, { seed });
      const again = await runOnce(parts, workloads, { seed, memory });
      expect(again).toEqual(fresh);
    }
  expect(given.size).toBeLessThan(4 * SEEDS);
  expect(worlds.take(1 << 26)).not.toBe(worlds.take(1 << 26));
});
