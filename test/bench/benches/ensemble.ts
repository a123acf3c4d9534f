// An ensemble of 64 seeds as `simulate --seed 1..64` runs it, pool and all, by two workers against one: of runs of 10 ms, which are
// over when a worker has just come up to speed, and of ten times as long ones. The limit is what two bare threads do against one at
// the same time.
import module from 'node:module';
import { availableParallelism } from 'node:os';
import { runAll } from '../../../src/cli/ensemble.ts';
import { unitOf } from '../../../src/report/unit.ts';
import { assemble } from '../../../src/scenarios/assemble.ts';
import { parseScenario } from '../../../src/scenarios/scenario-file.ts';
import { interleaved, median } from '../interleaved.ts';
import type { Native } from '../native.ts';
import type { Found } from '../row.ts';

const SEEDS = 64;
const ROUNDS = 2;
const scenarioOf = (accesses: number) => `
version: 1
name: ensemble
host: { memory: 512KiB }
guests: { vcpus: 2 }
workload: { kind: zipf, parameters: { pages: 256, accesses: ${accesses} } }
`;

// As the command does.
const { directory } = module.enableCompileCache();
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] = directory;

export async function measure(native: Native): Promise<Found[]> {
  if (availableParallelism() < 2) throw new Error('two workers need two cores');
  return [await twoOverOne(native, 2000), await twoOverOne(native, 20_000)];
}

async function twoOverOne(native: Native, accesses: number): Promise<Found> {
  const { scenario } = parseScenario(scenarioOf(accesses), 'ensemble');
  const experiment = await assemble(scenario, 'ensemble', () => '', 2 ** 32);
  const units = Array.from({ length: SEEDS }, (_, seed) => unitOf(experiment, 'copyless-migrate', 1 + seed));
  const by = async (workers: number) => {
    const began = performance.now();
    const reports = await runAll(units, {
      signal: new AbortController().signal,
      atOnce: workers,
      done: () => {},
    });
    if (reports.some((report) => report?.run.ending !== 'at rest')) throw new Error('a run did not end');
    return (performance.now() - began) / 1000;
  };
  const samples = await interleaved(
    ROUNDS,
    {
      one: () => by(1),
      cores: () => native.ask('cores', 100),
      two: () => by(2),
    },
    false,
  );
  const limit = native.isThere ? median(samples.cores) : null;
  // The best of each: a worker that has to wait for a core is somebody else's doing.
  return { measured: Math.min(...samples.one) / Math.min(...samples.two), limit };
}
