// A pool's worker: one run of a comparison or an ensemble, or one of a single page.
import { performance } from 'node:perf_hooks';
import { type OnePageUnit, runOnePage } from '../src/report/one-page.ts';
import { runUnit, type Unit } from '../src/report/unit.ts';
import { UsedAgain } from '../src/report/used-again.ts';

const worlds = new UsedAgain();

export default function run(unit: Unit) {
  return runUnit(unit, { clockMs: () => performance.now(), memory: (bytes) => worlds.take(bytes) });
}

export function onePage(unit: OnePageUnit) {
  return runOnePage(unit);
}
