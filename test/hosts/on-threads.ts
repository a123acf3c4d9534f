// One run of a cluster on real threads, judged afterwards by the same monitors. Time-outs are messages, and threads deliver
// a message when they get to it: a time-out there is a turn of the loop and not a millisecond, so patience must be great.
import { type ClusterParts, createCluster, measureCluster } from '../../src/actors/cluster/index.ts';
import { ClusterGeometry } from '../../src/model/cluster.ts';
import { clusterMonitors } from '../../src/properties/cluster/index.ts';
import type { Property, Violation } from '../../src/properties/index.ts';
import type { Disturbance } from '../../src/runtime/threads/actor-loop.ts';
import type { Crew, CrewRun } from '../../src/runtime/threads/crew.ts';
import { validate, type Verdict } from '../../src/runtime/threads/validate.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { Traffic } from '../../src/report/migration/traffic.ts';

export type ClusterThreadParts = ClusterParts & { eventRings: number };

export interface ClusterThreadRun {
  ending: CrewRun['ending'];
  traffic: Traffic;
  properties: readonly Property[];
  violations: Violation[];
  statistics: CrewRun['statistics'];
  /** Of a run that was to be explained. */
  verdict?: Verdict;
}

export async function runClusterOnThreads(
  crew: Crew<ClusterThreadParts>,
  parts: ClusterParts,
  disturbance: Disturbance,
  validating = false,
): Promise<ClusterThreadRun> {
  const world = new SharedArrayBuffer(measureCluster(parts));
  const geometry = new ClusterGeometry(parts.spec);
  const properties = clusterMonitors(geometry, parts.mode.shared === 'mapping');
  const traffic = new Traffic(geometry);
  const trace = new Trace([...properties, traffic]);
  // What happens while the world is made comes before everything that threads do.
  const system = createCluster(world, parts, trace);
  const threadParts = { ...parts, eventRings: geometry.actors };
  const run = await crew.run(system, world, threadParts, [], { disturbance, recordsSteps: validating });
  for (const e of run.recording.events()) trace.again(e);
  if (run.ending === 'at rest') for (const property of properties) property.atRest();
  return {
    ending: run.ending,
    traffic,
    properties,
    violations: properties.flatMap(({ violation }) => (violation ? [violation] : [])),
    statistics: run.statistics,
    ...(validating ? { verdict: explained(run, parts, world) } : {}),
  };
}

/** Whether the run is a behaviour of the model. */
function explained({ recording, ending }: CrewRun, parts: ClusterParts, world: SharedArrayBuffer): Verdict {
  return validate(recording.recorded(ending === 'at rest' ? world : null), (sink) => {
    const buffer = new ArrayBuffer(measureCluster(parts));
    return { system: createCluster(buffer, parts, sink), world: buffer };
  });
}
