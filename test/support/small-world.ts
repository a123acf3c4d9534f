// Small worlds for exploration: pages of a few words, bursts of one, every capacity chosen to hurt.
import { frameTable, pageTable, requestTable, vcpuTable } from '../../machines/index.ts';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { System } from '../../src/actor/system.ts';
import { type Costs, resolveCosts } from '../../src/model/cost.ts';
import type { ListPolicy } from '../../src/model/list-policy.ts';
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

export const tables = { page: pageTable, request: requestTable, frame: frameTable, vcpu: vcpuTable };
export const costs: Costs = resolveCosts(skylake);

export interface Small {
  nodes?: number;
  frames?: number;
  pages?: number;
  vcpus?: number;
  guests?: number;
  slots?: number;
  listCapacity?: number;
  far?: boolean;
  batch?: number;
  prefetch?: number;
  hintPages?: number;
  heldFault?: 'refuse' | 'convert';
  pageWords?: number;
  burst?: number;
  /** How the moved list is exported and read. */
  list?: Partial<ListPolicy>;
  /** Guest page frames of each vNode. */
  gfns?: number;
}

/** A world of one guest (or several alike) whose vNode i is pinned to node i, vCPU j on vNode j mod nodes. */
export function smallWorld(small: Small = {}): WorldSpec {
  const {
    nodes = 2,
    frames = 4,
    pages = 6,
    vcpus = 2,
    guests = 1,
    slots = 16,
    listCapacity = 8,
    far = false,
  } = small;
  const hosts = far ? nodes + 1 : nodes;
  return {
    pageWords: small.pageWords ?? 2,
    nodes: Array.from({ length: hosts }, (_, id) => ({
      id,
      frames: id < nodes ? frames : slots,
      hasCpus: id < nodes,
    })),
    distances: Array.from({ length: hosts }, (_, i) =>
      Array.from({ length: hosts }, (_, j) => (i === j ? 10 : 20)),
    ),
    stores: far ? [] : [{ name: 'nvme0', kind: 'nvme', slots, node: 0 }],
    guests: Array.from({ length: guests }, () => ({
      pages,
      vnodes: Array.from({ length: nodes }, (_, node) => ({ node, gfns: small.gfns ?? pages * vcpus })),
      vcpus: Array.from({ length: vcpus }, (_, v) => v % nodes),
    })),
    moveTo: [hosts - (far ? 1 : 0)],
    listCapacity,
    batch: small.batch ?? 4,
    tlbEntries: 4,
    burst: small.burst ?? 1,
    chunk: 16,
    policy: {
      lowWatermarkPercent: 30,
      highWatermarkPercent: 50,
      idleScans: 2,
      scanPerTick: 1,
      accessesPerTick: 8,
      reclaimBatch: 2,
      prefetch: small.prefetch ?? 1,
      hintPages: small.hintPages ?? 2,
      accessesPerScan: 4,
      heldFault: small.heldFault ?? 'refuse',
      attempts: 3,
    },
    ...(small.list ? { list: small.list } : {}),
  };
}

export function shapeOf(spec: WorldSpec, guest = 0): GuestShape {
  const { vcpus, vnodes } = spec.guests[guest]!;
  return { vcpuVnodes: vcpus, vnodes: vnodes.length, pageWords: spec.pageWords };
}

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
  const sources = spec.guests.map((_, guest) => workload(shapeOf(spec, guest)).open(seed + guest));
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
