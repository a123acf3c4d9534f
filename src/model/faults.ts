// What can go wrong around the actors: a closed list of faults, and plans that say which occasion each one strikes. A plan
// is plain data and counts occasions, not time: the same under every executor, printed in words, and smaller by leaving
// entries out.
import { Prng } from '../stdx/prng.ts';
import type { MessageKind } from './messages.ts';
import { numbered } from './words.ts';

/** What may be lost, sent twice, or overtaken: every conversation that is repeated until it is answered. */
export const talks = [
  'request', // a balance request, from the guest and on to the host
  'answer', // its answer, back the same way
  'call', // whatever the host asks of the hypervisor, a memory node or a store
  'done', // the answer to a call
  'flush', // a shootdown, from the hypervisor to a vCPU
  'flushed', // its acknowledgement
  'fault', // an EPT violation, from the vCPU and on to the host
  'resume', // its end, back the same way
  'tick', // and back: needs no answer, another one comes
] as const;
export type Talk = (typeof talks)[number];
export const harms = ['lose', 'repeat', 'delay'] as const;
export type Harm = (typeof harms)[number];

export const deviceFaults = [
  'read error', // nothing is read, and the device says so
  'write error', // nothing is written, and the device says so
  'short write', // a part of the page is written, and nobody says so
  'bit flip at rest', // what a location holds has changed for good
  'bit flip in flight', // what was read is not what is there
  'misdirected write', // a store writes to the slot beside the one it was told
  'no frame', // a reservation fails although there is room
  'hypervisor restart', // its memory is lost, and the message that it was to take; EPT and lists survive
] as const;
export type DeviceFault = (typeof deviceFaults)[number];

export type FaultName = `${Harm} ${Talk}` | DeviceFault;
/** Every fault; its index is its number in the trace. */
export const faultNames: readonly FaultName[] = [
  ...talks.flatMap((talk) => harms.map((harm) => `${harm} ${talk}` as const)),
  ...deviceFaults,
];
const deviceFault = numbered(deviceFaults);
/** Number of a device fault in the trace. */
export const numberOf = (fault: DeviceFault): number => talks.length * harms.length + deviceFault[fault];

/** `nth`: the how manyth occasion at each actor that has such occasions, counted from 1; or at one actor only. */
export interface PlannedFault {
  readonly fault: FaultName;
  readonly nth: number;
  readonly actor?: number | undefined;
}
export type FaultPlan = readonly PlannedFault[];

const calls: readonly MessageKind[] = [
  ...(['age', 'protect', 'unmap', 'map', 'mapClean', 'restore', 'shootdown', 'export', 'retire'] as const),
  ...(['reserve', 'load', 'store', 'zero', 'release', 'rekey'] as const),
];
/** The talk that a message is part of, or -1 where messages are not harmed. */
export function talkOf(kind: MessageKind): number {
  return talks.indexOf(calls.includes(kind) ? 'call' : (kind as Talk));
}

/** Whether the hypervisor may lose its memory under a plan. */
export function restarts(plan: FaultPlan = []): boolean {
  return plan.some(({ fault }) => fault === 'hypervisor restart');
}
/** Whether messages get lost under a plan, so that what is not answered must be said again. */
export function losesMessages(plan: FaultPlan = []): boolean {
  return restarts(plan) || plan.some(({ fault }) => !(fault in deviceFault));
}

/**
 * A plan drawn from a seed.
 * @param mode `swarm`: only some of the faults, by chance, so that each plan has much of few (Groce et al., ISSTA 2012);
 *   `all`: any of them
 * @param among the faults to draw from
 */
export function drawFaults(
  seed: number,
  mode: 'swarm' | 'all',
  length: number,
  among: readonly FaultName[] = faultNames,
): FaultPlan {
  const random = new Prng().seed(seed, 3);
  const some = mode === 'all' ? among : among.filter(() => random.chance(1, 4));
  const from = some.length > 0 ? some : [among[random.below(among.length)]!];
  const plan: PlannedFault[] = [];
  for (let i = 0; i < length; i++) {
    const fault = from[random.below(from.length)]!;
    // Early occasions more often than late ones, so that short runs meet them.
    const nth = 1 + random.below(2 ** (1 + random.below(6)));
    if (!plan.some((entry) => entry.fault === fault && entry.nth === nth)) plan.push({ fault, nth });
  }
  return plan;
}

function ordinal(n: number): string {
  const teen = Math.floor(n / 10) % 10 === 1;
  return `${n}${(!teen && ['th', 'st', 'nd', 'rd'][n % 10]) || 'th'}`;
}

const inWords: Record<DeviceFault, (nth: string) => string> = {
  'read error': (nth) => `fail the ${nth} read`,
  'write error': (nth) => `fail the ${nth} write`,
  'short write': (nth) => `cut the ${nth} write short`,
  'bit flip at rest': (nth) => `flip a bit at rest before the ${nth} read`,
  'bit flip in flight': (nth) => `flip a bit in the ${nth} read`,
  'misdirected write': (nth) => `send the ${nth} write to the slot beside`,
  'no frame': (nth) => `refuse the ${nth} reservation`,
  'hypervisor restart': (nth) => `restart the hypervisor at its ${nth} message`,
};

/** A plan in one line: `lose the 3rd request, flip a bit in the 2nd read`. */
export function describeFaults(plan: FaultPlan): string {
  if (plan.length === 0) return 'no faults';
  const words = plan.map(({ fault, nth }) => {
    const device = inWords[fault as DeviceFault] as ((nth: string) => string) | undefined;
    if (device) return device(ordinal(nth));
    const [harm, talk] = fault.split(' ');
    return `${harm} the ${ordinal(nth)} ${talk}`;
  });
  return words.join(', ');
}
/** Whether a plan in words has messages that go wrong. */
export function namesMessages(described: string): boolean {
  return harms.some((harm) => described.includes(`${harm} the `));
}
