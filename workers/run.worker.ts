// A pool's worker: one run of a comparison or an ensemble.
import { performance } from 'node:perf_hooks';
import { runUnit, type Unit } from '../src/report/unit.ts';

export default function run(unit: Unit) {
  return runUnit(unit, { clockMs: () => performance.now() });
}
