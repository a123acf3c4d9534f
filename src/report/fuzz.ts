// A campaign: many drawn scenarios, one after the other, under every monitor. What it makes of a run is a fold, so that
// parts of a campaign that were run elsewhere can be added up.
import { create, type Parts } from '../actors/index.ts';
import type { System } from '../actor/system.ts';
import { flawNamed } from '../flaws/index.ts';
import type { Sink } from '../model/events.ts';
import { faultNames } from '../model/faults.ts';
import { Geometry } from '../model/geometry.ts';
import type { Workload } from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import { faultWitness, monitors, type Property, type Violation, witnessNames } from '../properties/index.ts';
import type { Protocol } from '../protocols/index.ts';
import type { ChoosingScheduler, Scheduler } from '../runtime/scheduler.ts';
import { PctScheduler } from '../runtime/schedulers/pct.ts';
import { RandomScheduler } from '../runtime/schedulers/random.ts';
import { TimedScheduler } from '../runtime/schedulers/timed.ts';
import { Simulation } from '../runtime/simulate.ts';
import { Trace } from '../runtime/trace.ts';
import { drawAnyWorld } from '../scenarios/any-world.ts';
import {
  type DrawnScenario,
  type DrawnScript,
  type DrawnWorkload,
  drawScenario,
  type Mix,
} from '../scenarios/drawn-scenario.ts';
import { partsOf } from '../scenarios/parts.ts';
import { workloadNamed } from '../scenarios/workloads/index.ts';
import { scriptWorkload } from '../scenarios/workloads/script.ts';
import { AssertionError, present } from '../stdx/assert.ts';
import type { Asked } from './unexercised.ts';
import type { Unit } from './unit.ts';

export const worldsKinds = ['small', 'any'] as const;
export type Worlds = (typeof worldsKinds)[number];

/** Some seeds of a campaign: plain data but for the protocols, which a worker loads by name. */
export interface Stretch {
  from: number;
  count: number;
  /** `small` (the default): those with few options at once; `any`: those in which any options and commands meet. */
  worlds?: Worlds;
  /** `half`: swarm for even seeds, everything on for odd ones; in any worlds faults for half of them. */
  mix: Mix | 'half';
  protocols: readonly string[];
  flaws: readonly string[];
  /** Pages are held as stamps. */
  stamped?: boolean;
  /** Ends the stretch at the first violation. */
  untilFound: boolean;
}

type Drawn = DrawnScenario<DrawnWorkload | DrawnScript>;

export interface Failure {
  violation: Violation;
  /** The run again, with every choice made in it. */
  unit: Unit;
}

/** What a campaign, or a part of it, came to. */
export interface Tally {
  schedules: number;
  steps: number;
  /** Requests by protocol, as it is named in the stretch. */
  requests: Record<string, Asked>;
  /** Schedules that saw each witness. */
  witnesses: Record<string, number>;
  /** Schedules that broke each property. */
  violations: Record<string, number>;
  /** The first of them, by seed. */
  failures: Failure[];
}

/** Failures that a tally keeps. */
const FAILURES_MAX = 8;
/** Steps of a run at most; clean ones take hundreds, under PCT thousands. */
export const STEPS_MAX = 60_000;
/** Steps between two looks at whether the run is lost already. */
const SLICE = 1_000;
/** Over how many steps PCT spreads its changes of priority, and their number plus one. */
const PCT_STEPS = 500;
const PCT_DEPTH = 4;
/** Scripts of any worlds are longer. */
const BOUNDS: Record<Worlds, { steps: number; pctSteps: number }> = {
  small: { steps: STEPS_MAX, pctSteps: PCT_STEPS },
  any: { steps: 150_000, pctSteps: 4_000 },
};

export function emptyTally(): Tally {
  return {
    schedules: 0,
    steps: 0,
    requests: {},
    witnesses: Object.fromEntries(
      [...witnessNames, ...faultNames.map(faultWitness)].map((name) => [name, 0]),
    ),
    violations: {},
    failures: [],
  };
}

/** Adds a part to the whole. */
export function addUp(whole: Tally, part: Tally): Tally {
  const sum = (a: Record<string, number>, b: Record<string, number>) => {
    for (const [name, count] of Object.entries(b)) a[name] = (a[name] ?? 0) + count;
  };
  whole.schedules += part.schedules;
  whole.steps += part.steps;
  for (const [name, { asked, accepted }] of Object.entries(part.requests)) {
    const before = whole.requests[name] ?? { asked: 0, accepted: 0 };
    whole.requests[name] = { asked: before.asked + asked, accepted: before.accepted + accepted };
  }
  sum(whole.witnesses, part.witnesses);
  sum(whole.violations, part.violations);
  whole.failures = [...whole.failures, ...part.failures]
    .toSorted((a, b) => a.unit.seed - b.unit.seed)
    .slice(0, FAILURES_MAX);
  return whole;
}

/** Runs the seeds of a stretch. @param stopped asked before each */
export function fuzz(stretch: Stretch, protocols: readonly Protocol[], stopped = () => false): Tally {
  const tally = emptyTally();
  const { from, count, worlds = 'small', mix, flaws, untilFound } = stretch;
  const needs = Object.assign({}, ...flaws.map((name) => present(flawNamed(name), name).needs)) as object;
  const names = stretch.protocols;
  for (let seed = from; seed < from + count && !stopped(); seed++) {
    const drawn =
      worlds === 'any'
        ? drawAnyWorld(seed, mix, names, needs)
        : drawScenario(seed, mix === 'half' ? (seed % 2 === 0 ? 'swarm' : 'all') : mix, names, needs);
    const failure = fuzzOne(
      stretch.stamped === true ? stampedScenario(drawn) : drawn,
      present(protocols[names.indexOf(drawn.protocol)], 'protocol'),
      flaws,
      BOUNDS[worlds],
      tally,
    );
    if (!failure) continue;
    const { property } = failure.violation;
    tally.violations[property] = (tally.violations[property] ?? 0) + 1;
    if (tally.failures.length < FAILURES_MAX) tally.failures.push(failure);
    if (untilFound) break;
  }
  return tally;
}

/** The same scenario with pages held as stamps: an access is to a page and not to one of its words. */
function stampedScenario(drawn: Drawn): Drawn {
  const spec: WorldSpec = { ...drawn.spec, pageWords: 1, contents: 'stamps' };
  return { ...drawn, spec, shape: { ...drawn.shape, pageWords: 1 } };
}

/** The buffer of the world before: to be cleared costs less than to be laid out anew. */
let kept = new ArrayBuffer(1 << 16);
const KEPT_MAX = 1 << 26;

/** A world in the kept buffer. Measuring it first would take as long as building it, so one that does not fit is seen then. */
export function build(parts: Parts, sink: Sink): System {
  for (;;) {
    new Uint8Array(kept).fill(0);
    try {
      return create(kept, parts, sink);
    } catch (error) {
      if (!(error instanceof RangeError) || kept.byteLength >= KEPT_MAX) throw error;
      kept = new ArrayBuffer(2 * kept.byteLength);
    }
  }
}

function fuzzOne(
  drawn: Drawn,
  protocol: Protocol,
  flaws: readonly string[],
  bounds: (typeof BOUNDS)[Worlds],
  tally: Tally,
): Failure | null {
  const { spec, costs, shape, workload, seed } = drawn;
  const parts: Parts = partsOf({ spec, costs, flaws }, protocol);
  const properties = monitors({ geometry: new Geometry(spec), page: parts.tables.page, totalOrder: true });
  const claimed = properties.filter(({ name }) => (protocol.claims as readonly string[]).includes(name));
  const requests = (tally.requests[drawn.protocol] ??= { asked: 0, accepted: 0 });
  const counting = {
    on: { requested: () => void requests.asked++, accepted: () => void requests.accepted++ },
  };
  const system = build(parts, new Trace([...properties, counting], false));
  const scheduler = schedulerFor(drawn, system, bounds.pctSteps);
  const simulation = new Simulation(system, scheduler);
  const scripts = workloadFor(workload, shape);
  const sources = spec.guests.map((_, guest) => scripts.open(seed + guest, guest));
  const violation = firstViolation(simulation, sources, properties, claimed, flaws.length > 0, bounds.steps);
  tally.schedules++;
  tally.steps += simulation.steps;
  for (const { kind, name, examined } of properties) {
    if (kind === 'sometimes' && examined > 0) tally.witnesses[name] = (tally.witnesses[name] ?? 0) + 1;
  }
  if (!violation) return null;
  const { choices } = scheduler as Partial<ChoosingScheduler>;
  const unit: Unit = {
    spec,
    costs,
    shape,
    workload,
    protocol: drawn.protocol,
    seed,
    scheduler: 'timed',
    ...(choices ? { choices } : {}),
    limit: bounds.steps,
    ...(flaws.length > 0 ? { flaws } : {}),
  };
  return { violation, unit };
}

/** With a flaw a run may break what the program relies on before any property sees it: that is no finding. */
export function firstViolation(
  simulation: Simulation,
  sources: Parameters<Simulation['runSync']>[0],
  properties: readonly Property[],
  claimed: readonly Property[],
  flawed: boolean,
  stepsMax = STEPS_MAX,
): Violation | null {
  const broken = () =>
    claimed.flatMap(({ violation }) => violation ?? []).toSorted((a, b) => a.sequence - b.sequence)[0] ??
    null;
  try {
    for (let limit = SLICE; limit <= stepsMax; limit += SLICE) {
      if (simulation.runSync(sources, limit) === 'at rest') {
        const seen = broken();
        if (seen) return seen;
        for (const property of properties) property.atRest();
        return broken();
      }
      const seen = broken();
      if (seen) return seen;
    }
    return { property: 'answered', message: 'the run ended at its step limit', sequence: -1 };
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    const seen = broken();
    if (!seen && !flawed) throw error;
    return seen;
  }
}

/** Workloads are drawn from few kinds and shapes; making one is cheap. */
function workloadFor(workload: Drawn['workload'], shape: Drawn['shape']): Workload {
  if ('vcpus' in workload) return scriptWorkload(workload.vcpus, shape);
  const { kind, parameters } = workload;
  return present(workloadNamed(kind), `workload ${kind}`).create(shape, parameters);
}

function schedulerFor(
  { order, seed }: Pick<Drawn, 'order' | 'seed'>,
  system: System,
  pctSteps: number,
): Scheduler {
  const { mailboxes, contexts, geometry } = system;
  switch (order) {
    case 'random':
      return new RandomScheduler(mailboxes, seed);
    case 'pct':
      return new PctScheduler(mailboxes, geometry.actors, seed, PCT_DEPTH, pctSteps);
    case 'pct over rings':
      return new PctScheduler(mailboxes, 0, seed, PCT_DEPTH, pctSteps);
    case 'timed':
      return new TimedScheduler(mailboxes, contexts);
  }
}
