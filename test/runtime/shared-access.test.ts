// One shared access per step, or exploring at message granularity would be unsound for real threads. The simulated
// executor counts, and fails the run of a handler that makes two, by the names of the actor and of the message.
import { describe, expect, test } from 'vitest';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { Actor } from '../../src/actor/actor.ts';
import type { System } from '../../src/actor/system.ts';
import { message, type MessageKind } from '../../src/model/messages.ts';
import { protocols } from '../../src/protocols/index.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { costs, explore, type Order, shapeOf, smallWorld, tables } from '../support/small-world.ts';
import { smallWorkload, smallWorkloads, tight } from '../support/small-workloads.ts';

const SEEDS = 6;
const spec = smallWorld(tight({}, 3));

/** `actor`, whose handler of `kind` makes `accesses` shared accesses besides its own. */
function careless(actor: Actor, { meter }: System, kind: MessageKind, accesses: number): Actor {
  return {
    receive(incoming, context) {
      actor.receive(incoming, context);
      if (incoming.kind !== message[kind]) return;
      for (let access = 0; access < accesses; access++) meter.touch();
    },
  };
}

function runWith(kind: MessageKind, actorOf: (system: System) => number, accesses: number): void {
  const parts: Parts = { spec, protocol: protocols[2]!, costs, tables };
  const made = create(new ArrayBuffer(measure(parts)), parts, new Trace([]));
  const chosen = actorOf(made);
  const actors = made.actors.map((actor, self) =>
    self === chosen ? careless(actor, made, kind, accesses) : actor,
  );
  const system: System = { ...made, actors };
  const simulation = new Simulation(system, new RandomScheduler(system.mailboxes, 1));
  simulation.runSync([smallWorkload('adversary')(shapeOf(spec)).open(1)], 400_000);
}

const broken: { kind: MessageKind; name: string; actorOf: (system: System) => number }[] = [
  { kind: 'tick', name: 'host', actorOf: ({ geometry }) => geometry.host },
  { kind: 'resume', name: 'hypervisor', actorOf: ({ geometry }) => geometry.hypervisor },
  { kind: 'flush', name: 'vcpu1', actorOf: () => 1 },
  { kind: 'reserve', name: 'node0', actorOf: ({ geometry }) => geometry.actorOfHome(0) },
  { kind: 'reserve', name: 'nvme0', actorOf: ({ geometry }) => geometry.actorOfHome(geometry.nodes) },
];

describe('a handler that makes 2 shared accesses', () => {
  test.each(broken)('of $name on $kind fails the run by these names', ({ kind, name, actorOf }) => {
    expect(() => runWith(kind, actorOf, 2)).toThrow(`${name} on ${kind}: a step made 2 shared accesses`);
    expect(() => runWith(kind, actorOf, 1)).not.toThrow();
  });

  test('is one too many for a handler that already makes one: map, by the hypervisor', () => {
    const hypervisor = ({ geometry }: System) => geometry.hypervisor;
    expect(() => runWith('map', hypervisor, 0)).not.toThrow();
    expect(() => runWith('map', hypervisor, 1)).toThrow('hypervisor on map: a step made 2 shared accesses');
  });
});

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  test(`makes at most 1 shared access in each step, over ${SEEDS} seeds of ${smallWorkloads.length} workloads, in bursts of 1 and 4`, () => {
    let steps = 0;
    for (const workload of smallWorkloads) {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const world = smallWorld({ ...tight({ far: seed % 2 === 1 }, 3), burst: seed % 3 === 0 ? 4 : 1 });
        const order: Order = seed % 2 === 0 ? { kind: 'timed' } : { kind: 'random', seed };
        const { system } = explore(world, protocol, smallWorkload(workload), order, { seed });
        expect(system.meter.most).toBe(1);
        steps += system.meter.steps;
      }
    }
    expect(steps).toBeGreaterThan(10_000);
  });
});
