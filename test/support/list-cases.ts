// Small worlds for every way to export and read the moved list, by number: neighbours differ in as much as possible.
import type { System } from '../../src/actor/system.ts';
import { isImmediate, listFormats, listPolicyOf, type ListPolicy } from '../../src/model/list-policy.ts';
import type { TraceEvent } from '../../src/model/events.ts';
import { type Protocol, protocols } from '../../src/protocols/index.ts';
import { present } from '../../src/stdx/assert.ts';
import type { Observing } from '../../src/runtime/trace.ts';
import { explore, type Order, type Small, smallWorld, type SmallRun } from './small-world.ts';
import { type SmallWorkload, smallWorkload, smallWorkloads, tight } from './small-workloads.ts';

export interface ListCase {
  list: ListPolicy;
  small: Small;
  workload: SmallWorkload;
  order: Order;
  seed: number;
}

const copyless = protocols.filter(({ guestAsks }) => guestAsks !== 'nothing');

export function protocolOf({ seed }: ListCase): Protocol {
  return present(copyless[seed % copyless.length], 'protocol');
}

/** Case `index` of a format: the mixed radix digits of the index choose the rest. */
export function listCase(format: ListPolicy['format'], index: number): ListCase {
  let left = index;
  const digit = (of: number): number => {
    const value = left % of;
    left = Math.floor(left / of);
    return value;
  };
  const inspect = (['on attempt', 'periodic', 'on notify'] as const)[digit(3)]!;
  const access = (['shared', 'copy'] as const)[digit(2)]!;
  const owner = (['hypervisor', 'host'] as const)[digit(2)]!;
  const lag = [0, 3][digit(2)]!;
  const per = (['guest', 'host'] as const)[digit(2)]!;
  const unmap = (['at discovery', 'before the request'] as const)[digit(2)]!;
  const seed = index + 1;
  const kinds: Order[] = [{ kind: 'random', seed }, { kind: 'pct', seed }, { kind: 'timed' }];
  const small: Small = {
    far: seed % 4 === 1,
    vcpus: 2 + (seed % 5 === 4 ? 1 : 0),
    guests: per === 'host' || seed % 7 === 3 ? 2 : 1,
    frames: 3 + (seed % 3),
    listCapacity: [8, 2, 1][seed % 3]!,
    prefetch: seed % 2,
    heldFault: seed % 5 === 2 ? 'convert' : 'refuse',
    batch: 1 + (seed % 4),
  };
  return {
    list: { format, access, owner, inspect, period: 5, lag, per, unmap },
    small: tight(small, 3),
    workload: smallWorkloads[Math.floor(index / 3) % smallWorkloads.length]!,
    order: kinds[Math.floor(index / 5) % 3]!,
    seed,
  };
}

export function runCase(at: ListCase, observing: Observing[] = [], protocol = protocolOf(at)): SmallRun {
  const spec = smallWorld({ ...at.small, list: at.list });
  return explore(spec, protocol, smallWorkload(at.workload), at.order, { seed: at.seed, observing });
}

/** Content of every page of every guest; one that was never touched is zeroes. */
export function memoryOf(system: System): string {
  const { geometry } = system;
  const { pageWords } = geometry.spec;
  return Array.from({ length: geometry.gvpns }, (_, gvpn) =>
    [...(system.contentOf(gvpn) ?? new Int32Array(pageWords))].join(),
  ).join(';');
}

/** What was found in all looks, and what became of requests. */
export class Looks implements Observing {
  findings = [0, 0, 0];
  copies = 0;
  versions = 0;
  requests = 0;
  readonly on = {
    inspected: (e: TraceEvent) => void this.findings[e.result]!++,
    copied: () => void this.copies++,
    exported: () => void this.versions++,
    requested: () => void this.requests++,
  };
}

export const formats = listFormats;
export function isPlain(at: ListCase): boolean {
  return isImmediate(listPolicyOf(smallWorld({ list: at.list })));
}
