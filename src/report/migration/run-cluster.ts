// One run of a cluster in the simulated executor: any scheduler, or a recorded list of choices.
import { type ClusterParts, createCluster, measureCluster } from '../../actors/cluster/index.ts';
import { ClusterGeometry } from '../../model/cluster.ts';
import type { TraceEvent } from '../../model/events.ts';
import { clusterMonitors } from '../../properties/cluster/index.ts';
import type { Property, Violation } from '../../properties/index.ts';
import type { ChoosingScheduler } from '../../runtime/scheduler.ts';
import { type Ordering, schedulerFor } from '../../runtime/schedulers/named.ts';
import { type Ending, Simulation } from '../../runtime/simulate.ts';
import { Trace } from '../../runtime/trace.ts';
import { Traffic } from './traffic.ts';

export interface ClusterRunOptions extends Omit<Ordering, 'seed'> {
  onEvent?: ((event: TraceEvent) => void) | undefined;
  limit?: number | undefined;
}

export interface ClusterRun {
  mode: string;
  ending: Ending;
  traceHash: string;
  events: number;
  steps: number;
  traffic: Traffic;
  properties: readonly Property[];
  violations: Violation[];
  choices: readonly number[];
}

const PCT_STEPS = 20_000;
/** Far above what any run takes that ends at all. */
const STEPS_MAX = 100_000_000;

/** To its end, at once. */
export function runCluster(parts: ClusterParts, options: ClusterRunOptions = {}): ClusterRun {
  const { simulation, report } = prepare(parts, options);
  return report(simulation.runSync([], options.limit ?? STEPS_MAX));
}

/** Lets others have a turn now and then; `stopped` is asked then. */
export async function runClusterUntil(
  parts: ClusterParts,
  options: ClusterRunOptions,
  stopped: () => boolean,
): Promise<ClusterRun> {
  const { simulation, report } = prepare(parts, options);
  return report(await simulation.run([], options.limit ?? STEPS_MAX, stopped));
}

function prepare(
  parts: ClusterParts,
  options: ClusterRunOptions,
): { simulation: Simulation; report: (ending: Ending) => ClusterRun } {
  const geometry = new ClusterGeometry(parts.spec);
  const properties = clusterMonitors(geometry, parts.mode.shared === 'mapping');
  const traffic = new Traffic(geometry);
  const trace = new Trace([...properties, traffic]);
  if (options.onEvent) trace.all(options.onEvent);
  const system = createCluster(new ArrayBuffer(measureCluster(parts)), parts, trace);
  const scheduler = schedulerFor(system, { ...options, seed: parts.spec.seed }, PCT_STEPS);
  const simulation = new Simulation(system, scheduler);
  const report = (ending: Ending): ClusterRun => {
    if (ending === 'at rest') for (const property of properties) property.atRest();
    return {
      mode: parts.mode.name,
      ending,
      traceHash: trace.digest(),
      events: trace.length,
      steps: simulation.steps,
      traffic,
      properties,
      violations: properties.flatMap(({ violation }) => (violation ? [violation] : [])),
      choices: (scheduler as Partial<ChoosingScheduler>).choices ?? [],
    };
  };
  return { simulation, report };
}
