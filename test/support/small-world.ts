// One run of one small world under one protocol, in any order, with every monitor on.
import { frameTable, pageTable, requestTable, vcpuTable } from '../../machines/index.ts';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { System } from '../../src/actor/system.ts';
import { type Costs, resolveCosts } from '../../src/model/cost.ts';
import type { GuestShape, Workload } from '../../src/model/script.ts';
import { Geometry } from '../../src/model/geometry.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import { monitors, type Property, type Violation } from '../../src/properties/index.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import type { ChoosingScheduler, Scheduler } from '../../src/runtime/scheduler.ts';
import { PctScheduler } from '../../src/runtime/schedulers/pct.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { ReplayScheduler } from '../../src/runtime/schedulers/replay.ts';
import { TimedScheduler } from '../../src/runtime/schedulers/timed.ts';
import { type Ending, Simulation } from '../../src/runtime/simulate.ts';
import { type Observing, Trace } from '../../src/runtime/trace.ts';
import skylake from '../../src/scenarios/profiles/skylake-2s.ts';
import { shapeOf } from '../../src/scenarios/small-world.ts';

export { shapeOf, type Small, smallWorld } from '../../src/scenarios/small-world.ts';

export const tables = { page: pageTable, request: requestTable, frame: frameTable, vcpu: vcpuTable };
export const costs: Costs = resolveCosts(skylake);

export type Order =
  | { kind: 'timed' }
  | { kind: 'random' | 'pct'; seed: number }
  | { kind: 'replay'; choices: readonly number[] };

export interface SmallRun {
  ending: Ending;
  violations: Violation[];
  properties: Property[];
  hash: string;
  events: number;
  steps: number;
  choices: readonly number[];
  system: System;
}

/** One run of one world under one protocol, in the order asked for, with all monitors on. */
export function explore(
  spec: WorldSpec,
  protocol: Protocol,
  workload: (shape: GuestShape) => Workload,
  order: Order,
  { seed = 1, limit = 400_000, observing = [] as Observing[] } = {},
): SmallRun {
  const parts: Parts = { spec, protocol, costs, tables };
  const probe = monitorsFor(spec);
  const trace = new Trace([...probe, ...observing]);
  const system = create(new ArrayBuffer(measure(parts)), parts, trace);
  const scheduler = schedulerFor(order, system);
  const simulation = new Simulation(system, scheduler);
  const sources = spec.guests.map((_, guest) => workload(shapeOf(spec, guest)).open(seed + guest, guest));
  const ending = simulation.runSync(sources, limit);
  if (ending === 'at rest') for (const property of probe) property.atRest();
  return {
    ending,
    violations: probe.flatMap((property) => (property.violation ? [property.violation] : [])),
    properties: probe,
    hash: trace.digest(),
    events: trace.length,
    steps: simulation.steps,
    choices: (scheduler as Partial<ChoosingScheduler>).choices ?? [],
    system,
  };
}

function monitorsFor(spec: WorldSpec): Property[] {
  return monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
}

function schedulerFor(order: Order, system: System): Scheduler {
  const { mailboxes, contexts, geometry } = system;
  switch (order.kind) {
    case 'timed':
      return new TimedScheduler(mailboxes, contexts);
    case 'random':
      return new RandomScheduler(mailboxes, order.seed);
    case 'pct':
      return new PctScheduler(mailboxes, geometry.actors, order.seed, 4, 4_000);
    case 'replay':
      return new ReplayScheduler(mailboxes, order.choices);
  }
}
