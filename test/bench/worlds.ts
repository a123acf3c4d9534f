// Worlds that benches run: the shipped scenario as `simulate` runs it, and ones of a million pages.
import { fileURLToPath } from 'node:url';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import { Geometry } from '../../src/model/geometry.ts';
import type { GuestShape, ScriptSource, Workload } from '../../src/model/script.ts';
import { protocols } from '../../src/protocols/index.ts';
import { Judged } from '../../src/report/judged.ts';
import { UsedAgain } from '../../src/report/used-again.ts';
import { TimedScheduler } from '../../src/runtime/schedulers/timed.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { assemble } from '../../src/scenarios/assemble.ts';
import { partsOf, workloadOf } from '../../src/scenarios/parts.ts';
import type { Scenario } from '../../src/scenarios/scenario.ts';
import { parseScenario, readScenario } from '../../src/scenarios/scenario-file.ts';
import { present } from '../../src/stdx/assert.ts';
import { stopwatch } from './interleaved.ts';

const SHIPPED = fileURLToPath(new URL('../../examples/two-socket.yaml', import.meta.url));
const PROTOCOL = present(
  protocols.find(({ name }) => name === 'copyless-migrate'),
  'protocol',
);
const MEMORY = 2 ** 36;

export interface BenchWorld {
  parts: Parts;
  workload: Workload;
}

async function worldOf(scenario: Scenario, pageWords?: number): Promise<BenchWorld> {
  const experiment = await assemble(scenario, 'bench', () => '', MEMORY);
  const { costs } = experiment;
  const spec = pageWords === undefined ? experiment.spec : { ...experiment.spec, pageWords };
  const shape: GuestShape = { ...experiment.shape, pageWords: spec.pageWords };
  return { parts: partsOf({ spec, costs }, PROTOCOL), workload: await workloadOf(scenario.workload, shape) };
}

export function shippedWorld(): Promise<BenchWorld> {
  return worldOf(readScenario(SHIPPED, () => '').scenario);
}

/** A guest of 2^20 pages, of 64 bytes each so that they fit, on two nodes that hold three quarters of them. */
export function millionPages(accesses: number): Promise<BenchWorld> {
  const text = `
version: 1
name: million-pages
host: { memory: 1536MiB, newLocation: { kind: nvme, node: 1, size: 4GiB } }
guests: { vcpus: 2 }
workload: { kind: zipf, parameters: { pages: 1048576, accesses: ${accesses} } }
`;
  return worldOf(parseScenario(text, 'million-pages').scenario, 16);
}

/** As a worker of `simulate` has it: else the collector's work for the worlds before falls on whichever run is under way. */
const memory = new UsedAgain();

/** @returns what one run made, and how long the run itself took: without laying out the world */
export async function run(
  { parts, workload }: BenchWorld,
  judged: boolean,
): Promise<{ events: number; steps: number; seconds: number }> {
  const observing = judged ? new Judged(new Geometry(parts.spec), parts, true).observing : [];
  const trace = new Trace(observing, judged);
  const system = create(memory.take(measure(parts)), parts, trace);
  const simulation = new Simulation(system, new TimedScheduler(system.mailboxes, system.contexts));
  const sources: ScriptSource[] = parts.spec.guests.map((_, guest) => workload.open(1 + guest, guest));
  const spent = stopwatch();
  const ending = await simulation.run(sources);
  const seconds = spent();
  for (const source of sources) await source.close?.();
  if (ending !== 'at rest') throw new Error(`the run ended with ${ending}`);
  return { events: trace.length, steps: simulation.steps, seconds };
}
