// The built-in workloads. A user's own is one file with the same default export, given by its path.

import adversary from './adversary.ts';
import phased from './phased.ts';
import processMove from './process-move.ts';
import uniform from './uniform.ts';
import type { WorkloadFactory } from './workload.ts';
import window from './window.ts';
import zipf from './zipf.ts';

export type { WorkloadFactory } from './workload.ts';

export const workloads: readonly WorkloadFactory[] = [processMove, zipf, uniform, phased, window, adversary];

export function workloadNamed(name: string): WorkloadFactory | undefined {
  return workloads.find((factory) => factory.name === name);
}
