// For people's own tests: the monitors, the schedulers and the mutants that this project tests itself with.
export { create, measure, type Parts } from './actors/index.ts';
export { event, eventKinds, type TraceEvent } from './model/events.ts';
export { describeFaults, drawFaults, type FaultName, faultNames, type FaultPlan } from './model/faults.ts';
export { resolveCosts } from './model/cost.ts';
export { Geometry } from './model/geometry.ts';
export type { WorldSpec } from './model/spec.ts';
export { monitors, Property, type Setting, type Violation, witnessNames } from './properties/index.ts';
export { mutants } from './protocols/mutate.ts';
export {
  type ClusterLitmus,
  type ClusterResult,
  readClusterLitmus,
  searchCluster,
} from './report/litmus/cluster.ts';
export { type Litmus, parseLitmus, readLitmus } from './report/litmus/file.ts';
export { proofOf, type ProofOptions, witnessOf } from './report/litmus/prove.ts';
export { complaintsOf, type LitmusResult, searchLitmus } from './report/litmus/search.ts';
export type { CheckedWorld, FoundViolation } from './report/check/check-world.ts';
export { type RunOptions, type RunReport, runOnce } from './report/run.ts';
export type { Scheduler } from './runtime/scheduler.ts';
export { PctScheduler } from './runtime/schedulers/pct.ts';
export { RandomScheduler } from './runtime/schedulers/random.ts';
export { ReplayScheduler } from './runtime/schedulers/replay.ts';
export { TimedScheduler } from './runtime/schedulers/timed.ts';
export { Simulation } from './runtime/simulate.ts';
export { type Observing, Trace } from './runtime/trace.ts';
export type { Json } from './runtime/check/alphabet.ts';
export { check, type CheckOptions, type CheckResult, explain, searchOf } from './runtime/check/check.ts';
export {
  type Explorable,
  type Learning,
  Successors,
  type PathText,
  TooNarrow,
} from './runtime/check/explorable.ts';
export type { ModelSource } from './runtime/check/model-source.ts';
export { checkInParallel, type ParallelOptions } from './runtime/check/parallel.ts';
export { checkLiveness, type LivenessResult } from './runtime/check/liveness.ts';
export {
  type Action,
  defineSystem,
  type Definition,
  eventActions,
  interchangeable,
  type On,
  type Outcome,
  type Over,
  part,
  type Part,
  type Parts as SystemParts,
  type Predicate,
  replicas,
} from './runtime/check/parts.ts';
export type { PackedSystem } from './runtime/check/packed.ts';
export {
  type Checkpoint,
  type Progress,
  type SearchResult,
  Search,
  type SearchOptions,
  type Violation as CheckViolation,
} from './runtime/check/search.ts';
export { StateSet } from './runtime/check/state-set.ts';
export { System } from './runtime/check/system.ts';
export { anyCosts } from './scenarios/checked-world.ts';
export { partsOf } from './scenarios/parts.ts';
export { shapeOf, type Small, smallWorld } from './scenarios/small-world.ts';
export { scriptWorkload } from './scenarios/workloads/script.ts';
