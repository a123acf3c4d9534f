// Small worlds in which the host does more than reclaim: scripts told in words or drawn from a seed, and what became of them.
import { eventKinds, type TraceEvent } from '../../src/model/events.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import type { GuestShape, Workload } from '../../src/model/script.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { explore, type Order, type Small, smallWorld, type SmallRun } from '../support/small-world.ts';

export interface Told extends SmallRun {
  seen: TraceEvent[];
  /** Of what the protocol claims. */
  broken: string[];
  /** Events of a kind. */
  of(kind: number, holds?: (e: TraceEvent) => boolean): TraceEvent[];
}

/** One run, every event kept. */
export function tell(
  world: Small | WorldSpec,
  protocol: Protocol,
  scripts: readonly (readonly string[])[] | ((shape: GuestShape) => Workload),
  order: Order = { kind: 'timed' },
): Told {
  const seen: TraceEvent[] = [];
  const on = Object.fromEntries(
    eventKinds.map((kind) => [kind, (e: TraceEvent) => void seen.push({ ...e })]),
  );
  const spec = 'moveTo' in world ? world : smallWorld(world);
  const workload =
    typeof scripts === 'function' ? scripts : (shape: GuestShape) => scriptWorkload(scripts, shape);
  const done = explore(spec, protocol, workload, order, { limit: 100_000, observing: [{ on }] });
  const broken = done.violations
    .filter(({ property }) => (protocol.claims as readonly string[]).includes(property))
    .map(({ property, message }) => `${property}: ${message}`);
  if (done.ending !== 'at rest') broken.push(`the run ended at its ${done.ending}`);
  return {
    ...done,
    seen,
    broken,
    of: (kind, holds = () => true) => seen.filter((e) => e.kind === kind && holds(e)),
  };
}

/** Scripts of a guest's vCPUs, drawn: accesses, moves between two vNodes, and these commands. */
export function drawn(
  seed: number,
  vcpus: number,
  pages: number,
  commands: readonly string[],
  length = 24,
): string[][] {
  const prng = new Prng().seed(seed);
  const any = (from: readonly string[]) => from[prng.below(from.length)]!;
  return Array.from({ length: vcpus }, () =>
    Array.from({ length }, () => {
      const page = prng.below(pages);
      const chance = prng.below(10);
      if (chance < 3) return `write ${page}.${prng.below(2)}`;
      if (chance < 5) return `read ${page}`;
      if (chance < 6) return `move ${page} to ${prng.below(2)}`;
      const [name, parameter] = any(commands).split(' ');
      return parameter === undefined ? `${name} ${page}` : `${name} ${page} ${parameter}`;
    }),
  );
}

const ORDERS = ['random', 'pct', 'timed'] as const;
export function orderOf(seed: number): Order {
  const kind = ORDERS[seed % ORDERS.length]!;
  return kind === 'timed' ? { kind } : { kind, seed };
}
