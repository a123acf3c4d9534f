// What shrinking tries: a unit with its scripts apart, so that operations can be taken out of them one by one.
import { argumentOf, BULK_VNODES, operation, operationOf } from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import { inWords, waitsInVain } from '../scenarios/workloads/script.ts';
import type { Unit } from './unit.ts';

/** One operation of a script. */
export interface Op {
  word: number;
  gvpn: number;
}
/** A unit with its scripts apart, a list for each vCPU of all guests. */
export interface Candidate {
  unit: Unit;
  ops: readonly (readonly Op[])[];
}

/** The unit with its scripts written out as its workload. */
export function literal({ unit, ops }: Candidate, limit: number): Unit {
  const vcpus = ops.map((list) => list.map(({ word, gvpn }) => inWords(word, gvpn)));
  return { ...unit, workload: { kind: 'script', vcpus }, limit };
}

export function pagesIn(ops: Candidate['ops']): Set<number> {
  return new Set(
    ops.flat().flatMap(({ word, gvpn }) => Array.from({ length: reach(word) }, (_, i) => gvpn + i)),
  );
}
/** How many pages an operation names. */
export function reach(word: number): number {
  const code = operationOf(word);
  if (code === operation.handover || code === operation.await) return 0;
  return code === operation.bulkMove ? Math.floor(argumentOf(word) / BULK_VNODES) : 1;
}
export function withSpec(unit: Unit, changed: Partial<WorldSpec>): Unit {
  return { ...unit, spec: { ...unit.spec, ...changed } };
}

/** Nobody waits for a task that nobody hands over. */
export function balanced(ops: Candidate['ops'], unit: Unit): boolean {
  return waitsInVain(ops, unit.shape.vcpuVnodes.length) < 0;
}
/** What a vCPU was to do after a task that had not come by the end of the run was never begun. */
export function withoutWaiting(ops: Candidate['ops'], unit: Unit): Candidate['ops'] {
  const waiting = () => waitsInVain(ops, unit.shape.vcpuVnodes.length);
  for (let vcpu = waiting(); vcpu >= 0; vcpu = waiting()) {
    const list = ops[vcpu]!;
    ops = ops.with(
      vcpu,
      list.slice(
        0,
        list.findLastIndex(({ word }) => operationOf(word) === operation.await),
      ),
    );
  }
  return ops;
}
export const count = (ops: Candidate['ops']) => ops.reduce((sum, list) => sum + list.length, 0);
