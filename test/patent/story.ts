// A run told as a list of events, and what the patent's claims are about found in it: each request with what came before it.
import { isDone, cause, finding, operationKind, requestKinds } from '../../src/model/words.ts';
import { type EventKind, eventKinds, type TraceEvent } from '../../src/model/events.ts';
import type { Geometry } from '../../src/model/geometry.ts';
import type { GuestShape, Workload } from '../../src/model/script.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import type { Observing } from '../../src/runtime/trace.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { present } from '../../src/stdx/assert.ts';
import {
  explore,
  type Order,
  type Small,
  type SmallRun,
  smallWorld,
  tables,
} from '../support/small-world.ts';

export type Told = TraceEvent & { name: EventKind };

export class Story implements Observing {
  readonly events: Told[] = [];
  readonly on = Object.fromEntries(
    eventKinds.map((name) => [name, (e: TraceEvent) => void this.events.push({ ...e, name })]),
  );
  of(name: EventKind): Told[] {
    return this.events.filter((e) => e.name === name);
  }
}

export const protocolNamed = (name: string): Protocol =>
  present(
    protocols.find((protocol) => protocol.name === name),
    name,
  );
export const copyless = protocols.filter(({ guestAsks }) => guestAsks !== 'nothing');

/** A script in which the host moves what the first vCPU wrote, to make room, before the second one comes to touch it. */
export const SCRIPT = [
  [...writes(6), ...writes(6), 'handover 1'],
  ['await', ...reads(6), ...reads(6), ...reads(6), ...reads(6)],
];
export function writes(pages: number): string[] {
  return Array.from({ length: pages }, (_, page) => `write ${page}`);
}
function reads(pages: number): string[] {
  return Array.from({ length: pages }, (_, page) => `read ${page}`);
}
export const orders: Order[] = [
  { kind: 'timed' },
  ...[1, 2, 3].map((seed): Order => ({ kind: 'random', seed })),
  ...[4, 5].map((seed): Order => ({ kind: 'pct', seed })),
];

/** One run of a script, told. A run that breaks what its protocol claims, or does not end, is no evidence. */
export function tell(
  protocol: Protocol,
  small: Small,
  {
    script = SCRIPT,
    order = { kind: 'timed' },
    alter = () => {},
  }: { script?: string[][]; order?: Order; alter?: (spec: WorldSpec) => void } = {},
): { story: Story; run: SmallRun; geometry: Geometry } {
  const spec = smallWorld(small);
  alter(spec);
  const story = new Story();
  const workload = (shape: GuestShape): Workload => scriptWorkload(script, shape);
  const run = explore(spec, protocol, workload, order, { observing: [story] });
  const broken = run.violations.filter(({ property }) => protocol.claims.includes(property as never));
  if (run.ending !== 'at rest' || broken.length > 0)
    throw new Error(`${protocol.name}: ${run.ending}, ${JSON.stringify(broken)}`);
  return { story, run, geometry: run.system.geometry };
}

/** What a request did, in order: 310 or 325 (data), 315 (unmap), 320 (remap), 485 (map). */
export type Deed = 'data' | 'unmap' | 'remap' | 'map';

/** A request that was done, from its page's first migration to the guest's new mapping. */
export interface Balanced {
  vcpu: number;
  kind: string;
  source: number;
  destination: number;
  /** Where the page was. */
  at: number;
  deeds: Deed[];
  /** Everything in the order in which it happened: places in the story. */
  places: {
    movedOut: number;
    listed: number;
    attempt: number;
    inspected: number;
    detected: number;
    requested: number;
    forwarded: number;
    accepted: number;
    answered: number;
    balanced: number;
  };
  /** Actor that passed it on. */
  forwardedBy: number;
  /** Why the page was moved out. */
  because: number;
  /** Arrivals of the page in a frame, from its being moved out until the request was answered. */
  arrivals: Told[];
}

/** Every request in a story that was done, for a page that the host had moved out from where it was asked for. */
export function balancedIn({ events }: Story): Balanced[] {
  const { state, event: on } = tables.page;
  const lastBefore = (end: number, holds: (e: Told) => boolean) => events.slice(0, end).findLastIndex(holds);
  const firstAfter = (start: number, holds: (e: Told) => boolean) => {
    const found = events.slice(start + 1).findIndex(holds);
    return found < 0 ? -1 : start + 1 + found;
  };
  return events.flatMap((end, answered): Balanced[] => {
    if (end.name !== 'answered' || !isDone(end.result)) return [];
    const { id, gfn: source, destination } = end;
    const ofPage = (e: Told) => e.gfn === source;
    const ofRequest = (e: Told) => e.id === id;
    const accepted = lastBefore(answered, (e) => e.name === 'accepted' && ofRequest(e));
    const forwarded = lastBefore(accepted, (e) => e.name === 'forwarded' && ofRequest(e));
    const requested = lastBefore(forwarded, (e) => e.name === 'requested' && ofRequest(e));
    const vcpu = events[requested]!.actor;
    const detected = lastBefore(requested, (e) => e.name === 'page' && ofPage(e) && e.cause === on.detect);
    // A page that was mapped and not touched since can be balanced again: it was not moved out from here.
    if (events[detected]?.from !== state['listed.exported']) return [];
    const inspected = lastBefore(
      detected,
      (e) => e.name === 'inspected' && ofPage(e) && e.id === vcpu && e.result === finding.listed,
    );
    const attempt = lastBefore(
      inspected,
      (e) => e.name === 'seized' && e.from === source && e.actor === vcpu,
    );
    const listed = lastBefore(detected, (e) => e.name === 'listed' && ofPage(e));
    const movedOut = lastBefore(listed, (e) => e.name === 'page' && ofPage(e) && e.cause === on.written);
    const began = lastBefore(
      movedOut,
      (e) => e.name === 'began' && ofPage(e) && e.from === operationKind['swap-out'],
    );
    const balanced = firstAfter(
      answered,
      (e) => e.name === 'balanced' && e.from === source && e.actor === vcpu,
    );
    const at = events[accepted]!.to;
    // The destination Gfn may still be backed by another page: only what this operation does is the request's.
    const operation = lastBefore(
      accepted,
      (e) => e.name === 'began' && ofPage(e) && e.from === operationKind.balance,
    );
    const during = events.slice(accepted, answered).filter((e) => e.id === events[operation]!.id);
    const deeds = during.flatMap((e): Deed[] => {
      if (e.name === 'dataIn') return ['data'];
      if (e.name === 'left') return ['unmap'];
      if (e.name === 'entered') return [e.to === at ? 'remap' : 'map'];
      return [];
    });
    const places = {
      movedOut,
      listed,
      attempt,
      inspected,
      detected,
      requested,
      forwarded,
      accepted,
      answered,
      balanced,
    };
    const isArrival = (e: Told) => e.name === 'dataIn' && e.cause !== cause.none;
    const arrivals = [
      ...events.slice(movedOut, accepted).filter((e) => isArrival(e) && ofPage(e)),
      ...during.filter(isArrival),
    ];
    const kind = requestKinds[end.from]!;
    const forwardedBy = events[forwarded]!.actor;
    return [
      {
        vcpu,
        kind,
        source,
        destination,
        at,
        deeds,
        places,
        forwardedBy,
        because: events[began]!.cause,
        arrivals,
      },
    ];
  });
}
