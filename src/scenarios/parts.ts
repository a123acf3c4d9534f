// What a run is built from, once its experiment is assembled: this much every thread of a run needs, and no more.
import { frameTable, pageTable, requestTable, vcpuTable } from '../../machines/tables.ts';
import type { Parts } from '../actors/index.ts';
import { alteration } from '../flaws/index.ts';
import type { Tables } from '../memory/world.ts';
import type { GuestShape, Workload } from '../model/script.ts';
import type { Protocol } from '../protocols/index.ts';
import type { Experiment } from './assemble.ts';
import { loadWorkload } from './modules.ts';
import { bytesOf, isScript, isTrace } from './reading.ts';
import type { Scenario } from './scenario.ts';
import { traceWorkload } from './traces/trace-workload.ts';
import { type RefuseScript, scriptWorkload } from './workloads/script.ts';

const tables: Tables = { page: pageTable, request: requestTable, frame: frameTable, vcpu: vcpuTable };

/** What the executors build a world from. */
export function partsOf(
  { spec, costs, flaws = [] }: Pick<Experiment, 'spec' | 'costs'> & { flaws?: readonly string[] | undefined },
  protocol: Protocol,
): Parts {
  return { spec, protocol, costs, tables, alter: alteration(flaws) };
}

/**
 * The workload that a scenario describes, for guests of a shape.
 * @param refuse where the scenario is in a file, for scripts
 */
export async function workloadOf(
  workload: Scenario['workload'],
  shape: GuestShape,
  refuse?: RefuseScript,
): Promise<Workload> {
  if (isTrace(workload)) {
    const maxBytes = workload.maxBytes === undefined ? undefined : bytesOf(workload.maxBytes);
    const { files, pages, moveEvery, migratePages, instructions } = workload;
    return traceWorkload({ files, maxPages: pages, moveEvery, migratePages, instructions, maxBytes, shape });
  }
  if (isScript(workload)) return scriptWorkload(workload.vcpus, shape, refuse);
  return (await loadWorkload(workload.kind)).create(shape, workload.parameters);
}
