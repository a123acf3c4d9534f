// A litmus file put to the test: many orders of one tiny scenario under every monitor. What must never be seen is looked
// for in all of them, what must sometimes be seen has to turn up, what must always be seen may not be missing once.
import type { Parts } from '../../actors/index.ts';
import { type Costs, resolveCosts } from '../../model/cost.ts';
import { Geometry } from '../../model/geometry.ts';
import type { WorldSpec } from '../../model/spec.ts';
import { monitors, type Property, type Violation } from '../../properties/index.ts';
import { protocols, type Protocol } from '../../protocols/index.ts';
import type { System } from '../../actor/system.ts';
import type { ChoosingScheduler, Scheduler } from '../../runtime/scheduler.ts';
import { PctScheduler } from '../../runtime/schedulers/pct.ts';
import { RandomScheduler } from '../../runtime/schedulers/random.ts';
import { TimedScheduler } from '../../runtime/schedulers/timed.ts';
import { Simulation } from '../../runtime/simulate.ts';
import { Trace } from '../../runtime/trace.ts';
import type { Order } from '../../scenarios/drawn-scenario.ts';
import { partsOf } from '../../scenarios/parts.ts';
import skylake from '../../scenarios/profiles/skylake-2s.ts';
import { shapeOf, smallWorld } from '../../scenarios/small-world.ts';
import { scriptWorkload } from '../../scenarios/workloads/script.ts';
import { present } from '../../stdx/assert.ts';
import { build, firstViolation, STEPS_MAX } from '../fuzz.ts';
import type { Unit } from '../unit.ts';
import { type Fact, FactWatch } from './facts.ts';
import type { Litmus } from './file.ts';

/** The first schedule of each protocol is the timed one; then these in turn. */
const ORDERS: readonly Order[] = ['random', 'pct over rings', 'pct', 'pct over rings'];
/** Changes of priority of PCT plus one, from and up to: races here are of a few things in flight. */
const PCT_DEPTH = [2, 6] as const;
/** Steps with a choice in a run, before one was made. */
const CHOICES_GUESSED = 80;
export const litmusCosts: Costs = resolveCosts(skylake);

export interface Seen {
  text: string;
  verdict: 'never' | 'sometimes' | 'always';
  /** Schedules that saw it. */
  schedules: number;
}
export interface LitmusResult {
  schedules: number;
  steps: number;
  facts: Seen[];
  /** Cases that each monitor judged, over all schedules. */
  examined: Record<string, number>;
  /** The first schedule that broke a property, if any. */
  failure: { violation: Violation; unit: Unit; schedule: number } | null;
}

/** Facts of a file, each with what it is there for. */
export function factsOf({ never, sometimes, always }: Litmus): { fact: Fact; verdict: Seen['verdict'] }[] {
  const isFact = (entry: (typeof never)[number]) => typeof entry !== 'string';
  return [
    ...never.filter(isFact).map((fact) => ({ fact, verdict: 'never' as const })),
    ...sometimes.map((fact) => ({ fact, verdict: 'sometimes' as const })),
    ...always.map((fact) => ({ fact, verdict: 'always' as const })),
  ];
}

/** What does not come out as the file says, a line each. */
export function complaintsOf(
  litmus: Litmus,
  { facts, failure, schedules, examined }: LitmusResult,
): string[] {
  const wrong = facts.flatMap(({ text, verdict, schedules: seen }) => {
    const right = { never: seen === 0, sometimes: seen > 0, always: seen === schedules }[verdict];
    return right ? [] : [`${verdict}: ${text}: seen in ${seen} of ${schedules} schedules`];
  });
  // Chance decides nothing about the properties: they hold in every schedule, and had something to judge.
  for (const entry of litmus.never) {
    if (typeof entry !== 'string' || entry === 'answered' || entry === 'I10-differential') continue;
    if ((examined[entry] ?? 0) === 0)
      wrong.push(`never: ${entry}: nothing to judge in ${schedules} schedules`);
  }
  if (failure) wrong.unshift(`${failure.violation.property}: ${failure.violation.message}`);
  return wrong;
}

/**
 * @param least schedules that are made in any case; more only until everything that sometimes happens has happened
 * @param flaws seeded bugs: the search ends at the first schedule that breaks a property, as without them
 */
export function searchLitmus(
  litmus: Litmus,
  schedules: number,
  flaws: readonly string[] = [],
  least = schedules,
): LitmusResult {
  const facts = factsOf(litmus);
  const spec = smallWorld(litmus.world);
  const result: LitmusResult = {
    schedules: 0,
    steps: 0,
    facts: facts.map(({ fact: { text }, verdict }) => ({ text, verdict, schedules: 0 })),
    examined: {},
    failure: null,
  };
  const among = litmus.protocols.map((name) =>
    present(
      protocols.find((p) => p.name === name),
      name,
    ),
  );
  let choices = { runs: 0, all: 0, scene: Infinity };
  const hasSeenAll = () =>
    result.facts.every(({ verdict, schedules: seen }) => verdict !== 'sometimes' || seen > 0);
  for (let schedule = 0; schedule < schedules && !result.failure; schedule++) {
    if (schedule >= least && hasSeenAll()) break;
    const protocol = among[schedule % among.length]!;
    const round = Math.floor(schedule / among.length);
    const order = round === 0 ? 'timed' : ORDERS[round % ORDERS.length]!;
    const length = choices.runs > 0 ? Math.ceil(choices.all / choices.runs) : CHOICES_GUESSED;
    const first = Math.min(choices.scene, length - 1) % length;
    const ran = runOne(litmus, spec, protocol, { order, seed: schedule + 1, length, first }, flaws);
    if (ran.choices > 0) {
      const scene = Math.min(choices.scene, ran.scene);
      choices = { runs: choices.runs + 1, all: choices.all + ran.choices, scene };
    }
    result.schedules++;
    result.steps += ran.steps;
    ran.seen.forEach((seen, i) => {
      if (seen) result.facts[i]!.schedules++;
    });
    for (const { name, examined } of ran.properties) {
      result.examined[name] = (result.examined[name] ?? 0) + examined;
    }
    if (ran.failure) result.failure = { ...ran.failure, schedule };
  }
  return result;
}

function runOne(
  litmus: Litmus,
  spec: WorldSpec,
  protocol: Protocol,
  chosen: Chosen,
  flaws: readonly string[],
) {
  const { seed } = chosen;
  const parts: Parts = partsOf({ spec, costs: litmusCosts, flaws }, protocol);
  const geometry = new Geometry(spec);
  const properties = monitors({ geometry, page: parts.tables.page, totalOrder: true });
  const claimed = properties.filter(({ name }) => (protocol.claims as readonly string[]).includes(name));
  const watch = new FactWatch(
    factsOf(litmus).map(({ fact }) => fact),
    geometry,
    parts.tables.page,
  );
  let scene = 0;
  const handedOver = () => void (scene ||= contested());
  const system = build(parts, new Trace([...properties, watch, { on: { handedOver } }], false));
  const scheduler = schedulerFor(chosen, system);
  const contested = () => (scheduler instanceof PctScheduler ? scheduler.steps : 0);
  const simulation = new Simulation(system, scheduler);
  const shape = shapeOf(spec);
  const script = scriptWorkload(litmus.vcpus, shape);
  const sources = spec.guests.map((_, guest) => script.open(seed, guest));
  const violation = firstViolation(simulation, sources, properties, claimed, flaws.length > 0);
  const { choices } = scheduler as Partial<ChoosingScheduler>;
  const unit: Unit = {
    spec,
    costs: litmusCosts,
    shape,
    workload: { kind: 'script', vcpus: litmus.vcpus.map((operations) => [...operations]) },
    protocol: protocol.name,
    seed,
    scheduler: 'timed',
    ...(choices ? { choices: [...choices] } : {}),
    limit: STEPS_MAX,
    ...(flaws.length > 0 ? { flaws } : {}),
  };
  return {
    steps: simulation.steps,
    scene,
    choices: contested(),
    seen: watch.seen(witnessed(properties)),
    properties,
    failure: violation ? { violation, unit } : null,
  };
}

interface Chosen {
  order: Order;
  seed: number;
  /** Steps with a choice that runs take, as far as is known: over so many PCT spreads its changes of priority. */
  length: number;
  /** Those before the first handover: what sets the scene. */
  first: number;
}
function schedulerFor(chosen: Chosen, { mailboxes, contexts, geometry }: System): Scheduler {
  const { order, seed, length, first } = chosen;
  const [least, most] = PCT_DEPTH;
  const depth = least + (seed % (most - least + 1));
  switch (order) {
    case 'random':
      return new RandomScheduler(mailboxes, seed);
    case 'pct':
      return new PctScheduler(mailboxes, geometry.actors, seed, depth, length, first);
    case 'pct over rings':
      return new PctScheduler(mailboxes, 0, seed, depth, length, first);
    case 'timed':
      return new TimedScheduler(mailboxes, contexts);
  }
}

/** Witnesses that saw what they are for. */
export function witnessed(properties: readonly Pick<Property, 'kind' | 'name' | 'examined'>[]): Set<string> {
  return new Set(
    properties.filter(({ kind, examined }) => kind === 'sometimes' && examined > 0).map(({ name }) => name),
  );
}
