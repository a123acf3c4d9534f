// How shrinking makes a world simpler, one thing at a time: fewer guests, vCPUs, pages, frames and slots, less policy.
import { argumentOf, encode, operation, operationOf } from '../model/script.ts';
import type { GuestVariants, WorldSpec } from '../model/spec.ts';
import { type Candidate, type Op, pagesIn, withSpec } from './candidate.ts';

type Simplification = (from: Candidate) => Candidate | null;

const half = (value: number, least: number) => Math.max(least, value >> 1);
const lessOne = (value: number, least: number) => Math.max(least, value - 1);

/** A number of the spec made smaller, by halves or by ones, where `smaller` says how; null where it is small already. */
function numberOf(change: (spec: WorldSpec) => Partial<WorldSpec>): Simplification {
  return ({ unit, ops }) => {
    const smaller = withSpec(unit, change(unit.spec));
    return JSON.stringify(smaller.spec) === JSON.stringify(unit.spec) ? null : { unit: smaller, ops };
  };
}
const policy = (change: (policy: WorldSpec['policy']) => Partial<WorldSpec['policy']>): Simplification =>
  numberOf((spec) => ({ policy: { ...spec.policy, ...change(spec.policy) } }));

/** Guests without one of their options. */
const plainGuest = (name: keyof GuestVariants): Simplification =>
  policy(({ guest = {} }) => {
    if (guest[name] === undefined) return {};
    return { guest: Object.fromEntries(Object.entries(guest).filter(([option]) => option !== name)) };
  });

const dropGuest: Simplification = ({ unit, ops }) => {
  const { guests } = unit.spec;
  if (guests.length === 1) return null;
  const own = unit.shape.vcpuVnodes.length;
  return { unit: withSpec(unit, { guests: guests.slice(0, -1) }), ops: ops.slice(0, -own) };
};

/** The last vCPU of each guest, where it has nothing to do. */
const dropVcpu: Simplification = ({ unit, ops }) => {
  const own = unit.shape.vcpuVnodes.length;
  const isLast = (vcpu: number) => vcpu % own === own - 1;
  const needed = ops.some((list, vcpu) =>
    isLast(vcpu)
      ? list.length > 0
      : list.some(({ word }) => operationOf(word) === operation.handover && argumentOf(word) === own - 1),
  );
  if (own === 1 || needed) return null;
  const guests = unit.spec.guests.map((guest) => ({ ...guest, vcpus: guest.vcpus.slice(0, own - 1) }));
  const shape = { ...unit.shape, vcpuVnodes: unit.shape.vcpuVnodes.slice(0, own - 1) };
  return { unit: { ...withSpec(unit, { guests }), shape }, ops: ops.filter((_, vcpu) => !isLast(vcpu)) };
};

/** A vCPU with nothing to do comes last: then it can go. */
const idleLast: Simplification = ({ unit, ops }) => {
  const own = unit.shape.vcpuVnodes.length;
  const idle = ops.findIndex((list, vcpu) => list.length === 0 && vcpu % own < own - 1);
  const tasks = ops.flat().some(({ word }) => operationOf(word) === operation.handover);
  if (idle < 0 || ops.length > own || tasks || ops[own - 1]!.length === 0) return null;
  return { unit, ops: ops.with(idle, ops[own - 1]!).with(own - 1, []) };
};

/** As many pages as are named. */
const fewerPages: Simplification = ({ unit, ops }) => {
  const pages = Math.max(1, ...[...pagesIn(ops)].map((page) => page + 1));
  if (unit.spec.guests.every((guest) => guest.pages === pages)) return null;
  return { unit: withSpec(unit, { guests: unit.spec.guests.map((guest) => ({ ...guest, pages })) }), ops };
};

const shorterPages: Simplification = ({ unit, ops }) => {
  if (unit.spec.pageWords <= 2) return null;
  const short = (op: Op): Op => {
    const code = operationOf(op.word);
    const access = code === operation.read || code === operation.write;
    return access ? { ...op, word: encode(code, argumentOf(op.word) % 2) } : op;
  };
  const shape = { ...unit.shape, pageWords: 2 };
  return { unit: { ...withSpec(unit, { pageWords: 2 }), shape }, ops: ops.map((list) => list.map(short)) };
};

/** What makes all further runs cheaper. */
export const roomFirst: readonly Simplification[] = [shorterPages];

export const simplifications: readonly Simplification[] = [
  shorterPages,
  fewerPages,
  dropGuest,
  idleLast,
  dropVcpu,
  ...[half, lessOne].flatMap((less): Simplification[] => [
    numberOf((spec) => ({
      guests: spec.guests.map((guest) => ({
        ...guest,
        vnodes: guest.vnodes.map((vnode) => ({ ...vnode, gfns: less(vnode.gfns, 1) })),
      })),
    })),
    numberOf((spec) => ({ stores: spec.stores.map((store) => ({ ...store, slots: less(store.slots, 1) })) })),
    numberOf((spec) => ({
      nodes: spec.nodes.map((node) => ({ ...node, frames: less(node.frames, Math.min(node.frames, 1)) })),
    })),
    numberOf((spec) => ({ listCapacity: less(spec.listCapacity, 1) })),
  ]),
  numberOf(() => ({ batch: 1 })),
  numberOf(() => ({ tlbEntries: 4 })),
  numberOf((spec) => ({ chunk: Math.min(spec.chunk, 16) })),
  policy(() => ({ prefetch: 0 })),
  policy(() => ({ hintPages: 0 })),
  policy(({ hintPages }) => ({ hintPages: Math.min(1, hintPages) })),
  policy(() => ({ idleScans: 0 })),
  policy(() => ({ lowWatermarkPercent: 0, highWatermarkPercent: 0 })),
  policy(() => ({ reclaimBatch: 1 })),
  ...(['freePageReporting', 'poison', 'asyncFaults', 'hugePages', 'remap'] as const).map(plainGuest),
  policy(() => ({ encryption: 'none' as const })),
  policy(({ writebackPercent, writebackScans }) =>
    writebackPercent + writebackScans > 0 ? { writebackPercent: 0, writebackScans: 0 } : {},
  ),
];
