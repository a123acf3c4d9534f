// The cost model checks itself: one page moved out and balanced, in simulated runs, against the reference table of
// per-page costs that was summed up by hand from the same sources (docs/design.md, "Costs"). Nothing here computes a
// formula: every figure is the stall of one access in a run.
//
// Differences, and why: our baseline for Optane and NAND is 0.1 to 0.2 us below the table, which rounds the sum of its
// parts up, and a look at the list (0.06 us) stands in our copyless figures and not in the table's. Far DRAM: the table
// reads it in 0.7 us, we charge the 1.0 us of a copy across sockets for either read, so that both figures are 0.3 us
// higher and the part saved is smaller (36 % against 40 %). On an HDD the touch also queues behind the disk's other work.
import { describe, expect, test } from 'vitest';
import { resolveCosts, type StoreKind } from '../../src/model/cost.ts';
import { protocols } from '../../src/protocols/index.ts';
import { type NewPlace, onePage } from '../../src/report/one-page.ts';
import skylake from '../../src/scenarios/profiles/skylake-2s.ts';
import { present } from '../../src/stdx/assert.ts';

const costs = resolveCosts(skylake);
const named = (name: string) =>
  present(
    protocols.find((protocol) => protocol.name === name),
    name,
  );
const at = (
  kind: StoreKind | 'far',
  attached: 'source' | 'destination' | 'third' = 'destination',
): NewPlace => (kind === 'far' ? { kind } : { kind, attached });

/** Percent of the conventional stall saved by migrate and by map-then-touch; baseline and migrate in us. */
const table: [
  StoreKind | 'far',
  { baseline?: number; migrate?: number; saved: number; mapSaved: number; within: number },
][] = [
  ['hdd', { saved: 0.0, mapSaved: 0.0, within: 0.1 }],
  ['sata', { baseline: 126, migrate: 123, saved: 2.1, mapSaved: 0.9, within: 0.3 }],
  ['nvme', { baseline: 83.9, migrate: 81.3, saved: 3.1, mapSaved: 1.3, within: 0.3 }],
  ['optane', { baseline: 14.8, migrate: 12.2, saved: 18, mapSaved: 7, within: 1.5 }],
  ['zram', { baseline: 7.6, migrate: 5.0, saved: 34, mapSaved: 15, within: 3 }],
  ['far', { baseline: 6.5, migrate: 3.9, saved: 40, mapSaved: 17, within: 5 }],
];

describe('cost model: one page balanced by a hint fault', () => {
  // shows: claim 11, variant (16) (21) (32) new location, variant (14) baseline
  test.each(table)('%s: stall saved by migrate and by map-then-touch', async (kind, expected) => {
    const conventional = await onePage(at(kind), named('conventional'), costs);
    const migrate = await onePage(at(kind), named('copyless-migrate'), costs);
    const map = await onePage(at(kind), named('copyless-map'), costs);
    const saved = (ns: number) => (1 - ns / conventional.stallNs) * 100;
    expect(Math.abs(saved(migrate.stallNs) - expected.saved)).toBeLessThanOrEqual(expected.within);
    expect(Math.abs(saved(map.stallNs) - expected.mapSaved)).toBeLessThanOrEqual(expected.within);
    if (expected.baseline)
      expect(Math.abs(conventional.stallNs / 1000 - expected.baseline)).toBeLessThan(0.7);
    if (expected.migrate) expect(Math.abs(migrate.stallNs / 1000 - expected.migrate)).toBeLessThan(0.7);
    expect([conventional.transfers, migrate.transfers, map.transfers]).toEqual([2, 1, 1]);
  });

  // shows: variant (17) interconnect
  test.each([
    ['source', 4096, 4096],
    ['destination', 8192, 0],
    ['third', 8192, 4096],
  ] as const)(
    'interconnect bytes with an NVMe attached to the %s node: %i against %i',
    async (attached, back, direct) => {
      const conventional = await onePage(at('nvme', attached), named('conventional'), costs);
      const migrate = await onePage(at('nvme', attached), named('copyless-migrate'), costs);
      expect([conventional.interconnectBytes, migrate.interconnectBytes]).toEqual([back, direct]);
    },
  );

  // shows: variant (17) interconnect
  test('interconnect bytes with compressed RAM on the source: 1.5 KiB cross compressed, 8 KiB are saved', async () => {
    const conventional = await onePage(at('zram', 'source'), named('conventional'), costs);
    const migrate = await onePage(at('zram', 'source'), named('copyless-migrate'), costs);
    const compressed = Math.ceil(4096 / costs.stores.zram.ratio);
    expect([conventional.interconnectBytes, migrate.interconnectBytes]).toEqual([
      compressed + 8192,
      compressed,
    ]);
  });
});
