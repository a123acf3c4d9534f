// The hypervisor is started anew in the middle of a run and has lost its table: the list says *unknown* of every page,
// never *resident*, until it was given a complete list (FIG. 4, 415). Everything else goes on.
import { describe, expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import type { Actor } from '../../src/actor/actor.ts';
import { Hypervisor } from '../../src/actors/hypervisor.ts';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { Vcpu } from '../../src/actors/vcpu.ts';
import type { TraceEvent } from '../../src/model/events.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { listFormats, type ListPolicy } from '../../src/model/list-policy.ts';
import { message } from '../../src/model/messages.ts';
import { finding } from '../../src/model/words.ts';
import { monitors } from '../../src/properties/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';
import { smallWorkload, tight } from '../support/small-workloads.ts';

const SEEDS = 12;
const STEPS_MAX = 400_000;
/** Messages to the hypervisor before it is started anew, and before it is told what is moved. */
const [RESTART, REBUILD] = [200, 320];

function runWith(list: Partial<ListPolicy>, seed: number) {
  const spec = smallWorld({ ...tight({ vcpus: 3, guests: list.per === 'host' ? 2 : 1 }, 3), list });
  const parts: Parts = { spec, protocol: protocols[1 + (seed % 3)]!, costs, tables };
  const probe = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
  const looks = { before: new Set<number>(), lost: new Set<number>(), after: new Set<number>() };
  let when: keyof typeof looks = 'before';
  const watch = { on: { inspected: (e: TraceEvent) => void looks[when].add(e.result) } };
  const made = create(new ArrayBuffer(measure(parts)), parts, new Trace([...probe, watch]));
  const { geometry } = made;
  const hypervisor = made.actors[geometry.hypervisor] as Hypervisor;
  const { operations } = (made.actors[0] as Vcpu).world;
  /** What the host knows: the pages that it had exported, by generation. */
  const moved = new Map<number, number>();
  let received = 0;
  const restarted: Actor = {
    receive(incoming, context) {
      const exporter = present(hypervisor.exporter, 'exporter');
      if (incoming.kind === message.export) moved.set(incoming.argument, operations.generation[incoming.id]!);
      if (incoming.kind === message.retire) moved.delete(incoming.argument);
      hypervisor.receive(incoming, context);
      received++;
      if (received === RESTART) {
        exporter.restart(context);
        when = 'lost';
      }
      if (received === REBUILD) {
        exporter.rebuild(moved, context);
        when = 'after';
      }
    },
  };
  const actors = made.actors.map((actor, self) => (self === geometry.hypervisor ? restarted : actor));
  const simulation = new Simulation({ ...made, actors }, new RandomScheduler(made.mailboxes, seed));
  const scripts = spec.guests.map((_, guest) => smallWorkload('adversary')(shapeOf(spec)).open(seed + guest));
  const ending = simulation.runSync(scripts, STEPS_MAX);
  for (const property of probe) if (property.kind === 'always') property.atRest();
  const violations = probe.flatMap(({ violation }) => (violation ? [violation] : []));
  return { ending, violations, looks, rebuilt: received >= REBUILD };
}

// shows: step 415, step 420, race 18, race 23
describe.each(listFormats)('%s', (format) => {
  test.each([
    { what: 'read in place', list: {} },
    { what: 'with gathered changes', list: { lag: 3 } },
    { what: 'in copies that are sent, one list for two guests', list: { access: 'copy', per: 'host' } },
    { what: 'in copies made now and then', list: { inspect: 'periodic', period: 5 } },
  ] as const)(`a hypervisor started anew, ${SEEDS} seeds, list $what`, ({ list }) => {
    let rebuilt = 0;
    const seen = { lost: new Set<number>(), after: new Set<number>() };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = runWith({ format, ...list }, seed);
      expect(run.violations, `seed ${seed}`).toEqual([]);
      expect(run.ending).toBe('at rest');
      if (run.rebuilt) rebuilt++;
      for (const found of run.looks.lost) seen.lost.add(found);
      for (const found of run.looks.after) seen.after.add(found);
    }
    expect(rebuilt).toBe(SEEDS);
    expect(seen.lost).toContain(finding.unknown);
    expect(seen.after).toContain(finding.listed);
    expect(seen.after).toContain(finding.resident);
    // Who looks at the list itself is never told resident while nobody knows.
    if (!('access' in list) && !('inspect' in list)) expect(seen.lost).not.toContain(finding.resident);
  });
});
