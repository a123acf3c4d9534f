// How a scenario is read that its schema has let through: without the schema, which the threads of a run have no use for.
import type { NewLocation, Scenario } from './scenario.ts';

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;
export const SIZE = /^(\d{1,9})(B|KiB|MiB|GiB|TiB)$/;

/** Bytes of a size such as 64MiB; undefined where it is none. */
export function bytesOf(size: string): number | undefined {
  const match = SIZE.exec(size);
  return match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : undefined;
}

export type TraceWorkloadSpec = Extract<Scenario['workload'], { kind: 'trace'; files: string[] }>;

export function isTrace(workload: Scenario['workload']): workload is TraceWorkloadSpec {
  return 'files' in workload;
}

export type ScriptWorkloadSpec = Extract<Scenario['workload'], { kind: 'script'; vcpus: string[][] }>;

export function isScript(workload: Scenario['workload']): workload is ScriptWorkloadSpec {
  return 'vcpus' in workload;
}

/** New locations in the order in which pages go through them. */
export function chainOf({ newLocation }: Scenario['host']): NewLocation[] {
  return Array.isArray(newLocation) ? newLocation : [newLocation];
}
