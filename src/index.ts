// The library: run comparisons from a program, check the outcome, replay a failure. The life cycles are under
// `copyless/machines`, generators and monitors for one's own tests under `copyless/testing`.
import { differential } from './report/differential.ts';
import { together } from './report/judged.ts';
import type { Check, Run } from './report/result.ts';
import { type RunOptions, runOnce } from './report/run.ts';
import { assemble } from './scenarios/assemble.ts';
import { defineScenario } from './scenarios/define-scenario.ts';
import { partsOf } from './scenarios/parts.ts';
import type { Scenario, ScenarioInput } from './scenarios/scenario.ts';

export type { CostProfile } from './model/cost.ts';
export type { GuestShape, ScriptSource, Workload } from './model/script.ts';
export type { Topology } from './model/topology.ts';
export { completeProtocol as defineProtocol, protocols } from './protocols/index.ts';
export type {
  HostView,
  PageView,
  Plan,
  Protocol,
  ProtocolFile,
  RequestView,
  Step,
} from './protocols/index.ts';
export type { Check, Result, Run } from './report/result.ts';
export { type RunReport } from './report/run.ts';
export { runUnit as replay, type Unit } from './report/unit.ts';
export { defineScenario } from './scenarios/define-scenario.ts';
export type { Scenario, ScenarioInput } from './scenarios/scenario.ts';
export { InputError } from './stdx/input-error.ts';
export type { WorkloadFactory } from './scenarios/workloads/index.ts';

export interface Simulated {
  runs: Run[];
  checks: Check[];
  /** Every claimed property held in every run, and every run came to rest. */
  pass: boolean;
}

/** Memory that a run may take unless told otherwise: bytes. */
const MEMORY_BYTES = 4 * 2 ** 30;

/**
 * Runs a scenario under each of its protocols, one run after another, in virtual time.
 * @param options.signal ends the run under way; what was done by then is returned
 * @param options.memoryBytes bytes of one run's world, 4 GiB by default
 * @returns the runs in order of seed, then protocol; after an abort those that were begun
 * @throws InputError where the scenario is none, or cannot work
 */
export async function simulate(
  scenario: Scenario | ScenarioInput,
  options: Omit<RunOptions, 'seed' | 'choices' | 'stopped'> & {
    signal?: AbortSignal;
    memoryBytes?: number;
  } = {},
): Promise<Simulated> {
  const { signal, memoryBytes = MEMORY_BYTES, ...rest } = options;
  const experiment = await assemble(defineScenario(scenario), 'scenario', () => '', memoryBytes);
  const runs: Run[] = [];
  const checks: Check[][] = [];
  const [first, last] = experiment.scenario.seeds;
  for (let seed = first; seed <= last; seed++) {
    for (const protocol of experiment.protocols) {
      if (signal?.aborted) break;
      const workloads = experiment.spec.guests.map(() => experiment.workload);
      const stopped = () => signal?.aborted ?? false;
      const report = await runOnce(partsOf(experiment, protocol), workloads, { ...rest, seed, stopped });
      runs.push(report.run);
      checks.push(report.checks);
    }
  }
  const all = [...together(checks), differential(runs)];
  const pass =
    all.every((check) => check.kind === 'sometimes' || check.pass) &&
    runs.every((run) => run.ending === 'at rest');
  return { runs, checks: all, pass };
}
