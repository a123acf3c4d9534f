// Scripts in words drawn at random, as a workload.
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';

export { ACCESSES, type Mix, randomScripts } from '../../src/scenarios/random-scripts.ts';

export function written(scripts: readonly (readonly string[])[]): (shape: GuestShape) => Workload {
  return (shape) => scriptWorkload(scripts, shape);
}
