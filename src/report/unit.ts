// The unit of ensembles and comparisons: one run as plain data, so that it can be done by another thread, or again.
import type { Costs } from '../model/cost.ts';
import type { FaultPlan } from '../model/faults.ts';
import type { GuestShape } from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import type { Experiment } from '../scenarios/assemble.ts';
import { properties } from '../protocols/index.ts';
import type { SchedulerName } from '../runtime/scheduler.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { partsOf, workloadOf } from '../scenarios/parts.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { type RunOptions, type RunReport, runOnce } from './run.ts';

export interface Unit {
  spec: WorldSpec;
  costs: Costs;
  shape: GuestShape;
  workload: Scenario['workload'];
  /** Name, or path of a module. */
  protocol: string;
  seed: number;
  scheduler: SchedulerName;
  choices?: readonly number[] | undefined;
  limit?: number | undefined;
  /** Seeded bugs, by name. */
  flaws?: readonly string[] | undefined;
  /** Judged by every property, claimed or not. */
  beyondClaims?: boolean | undefined;
}

/** The unit of an experiment under one protocol, from one seed. `protocol` is as the user named it. */
export function unitOf(
  experiment: Experiment,
  protocol: string,
  seed: number,
  scheduler: Unit['scheduler'] = 'timed',
  faults: FaultPlan = [],
): Unit {
  const { costs, shape, scenario } = experiment;
  const spec = faults.length === 0 ? experiment.spec : { ...experiment.spec, faults };
  return { spec, costs, shape, workload: scenario.workload, protocol, seed, scheduler };
}

/**
 * Makes a run from its plain data, or makes it again: the same unit, the same trace. `replay` of the library.
 * @param options what the caller adds; a choice of its own goes before the unit's
 * @throws InputError where the protocol or the workload cannot be loaded
 */
export async function runUnit(unit: Unit, options: Omit<RunOptions, 'seed'> = {}): Promise<RunReport> {
  const protocol = await loadProtocol(unit.protocol);
  const parts = partsOf(unit, unit.beyondClaims ? { ...protocol, claims: properties } : protocol);
  const workload = await workloadOf(unit.workload, unit.shape);
  const workloads = unit.spec.guests.map(() => workload);
  const { seed, scheduler, choices, limit } = unit;
  return runOnce(parts, workloads, { seed, scheduler, choices, limit, ...options });
}
