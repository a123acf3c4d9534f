// What the world around the actors may do, and how much of it: which operation comes next in a vCPU's script, when it ends,
// when reclaim wants a page out, and how many devices fail. All of it at any time, within bounds.
import type { Geometry } from '../../model/geometry.ts';
import { argumentOf, BULK_VNODES, encode, operation, operationOf } from '../../model/script.ts';
import { Memo, type Records } from '../../runtime/check/interner.ts';

/** How much each may do. */
export interface Bounds {
  /** Operations of each vCPU: accesses, and moves of a page to a vNode. */
  operations: number;
  /** Moves among them, of all vCPUs together. */
  moves: number;
  /** Pages that reclaim moves out. */
  reclaims: number;
  /** Failures of devices, each of any kind and at any occasion. */
  faults: number;
  /** Messages that come twice; the world must have been made for it (`serials`). */
  repeats?: number;
  /** Judges also what the protocol does not claim. */
  beyondClaims?: boolean;
}

/** An operation that a script may have. */
export interface Item {
  word: number;
  gvpn: number;
  isMove: boolean;
}

/** A change of what may still be done, as a number. */
export const change = { none: 0, reclaim: 1, fault: 2, repeat: 3, first: 8 } as const;
const CHANGES_PER_VCPU = 4;
/** Of the environment, behind the operations left to each vCPU: moves left, hungry, halted, and what else is left. */
const FIELDS = 6;
const fed = { access: 0, move: 1, end: 2, hungry: 3 } as const;

export class Environment {
  readonly menus: readonly (readonly Item[])[];
  private readonly records: Records;
  private readonly vcpus: number;
  private readonly memo = new Memo();
  private readonly words: Int32Array;

  constructor(geometry: Geometry, records: Records) {
    this.records = records;
    this.vcpus = geometry.vcpus;
    this.words = new Int32Array(geometry.vcpus + FIELDS);
    this.menus = geometry.vcpuGuest.map((guest) => {
      const { pages, vnodes } = geometry.spec.guests[guest]!;
      return Array.from({ length: pages }, (_, gvpn) => [
        { word: encode(operation.read, 0), gvpn, isMove: false },
        { word: encode(operation.write, 0), gvpn, isMove: false },
        ...vnodes.map((_vnode, vnode) => ({
          word: encode(operation.bulkMove, vnode + BULK_VNODES),
          gvpn,
          isMove: true,
        })),
      ]).flat();
    });
  }

  /** Nothing was done yet, and every vCPU wants the first operation of its script. */
  begin({ operations, moves, reclaims, faults, repeats = 0 }: Bounds): number {
    const { vcpus } = this;
    return this.intern([
      ...Array.from({ length: vcpus }, () => operations),
      moves,
      2 ** vcpus - 1,
      0,
      reclaims,
      faults,
      repeats,
    ]);
  }
  private intern(words: readonly number[]): number {
    this.words.set(words);
    return this.records.intern(this.words, 0, words.length);
  }
  private field(now: number, offset: number): number {
    return this.records.data[now + offset]!;
  }
  isHungry(now: number, vcpu: number): boolean {
    return (this.field(now, this.vcpus + 1) & (1 << vcpu)) !== 0;
  }
  /** It was given an operation, and has not asked for another since. */
  isBusy(now: number, vcpu: number): boolean {
    const idle = this.field(now, this.vcpus + 1) | this.field(now, this.vcpus + 2);
    return (idle & (1 << vcpu)) === 0;
  }
  haveHalted(now: number): boolean {
    return this.field(now, this.vcpus + 2) === 2 ** this.vcpus - 1;
  }
  reclaimsLeft(now: number): number {
    return this.field(now, this.vcpus + 3);
  }
  repeatsLeft(now: number): number {
    return this.field(now, this.vcpus + 5);
  }
  faultsLeft(now: number): number {
    return this.field(now, this.vcpus + 4);
  }
  /** What a vCPU may be given: indices into its menu, or [-1]: its script ends. */
  choices(now: number, vcpu: number): readonly number[] {
    if (this.field(now, vcpu) === 0) return [-1];
    const mayMove = this.field(now, this.vcpus) > 0;
    return this.menus[vcpu]!.flatMap(({ isMove }, choice) => (!isMove || mayMove ? [choice] : []));
  }

  mayGoOn(now: number, vcpu: number): boolean {
    return this.field(now, vcpu) > 0;
  }

  hungers(vcpu: number): number {
    return change.first + vcpu * CHANGES_PER_VCPU + fed.hungry;
  }
  feeds(vcpu: number, choice: number): number {
    const what = choice < 0 ? fed.end : this.menus[vcpu]![choice]!.isMove ? fed.move : fed.access;
    return change.first + vcpu * CHANGES_PER_VCPU + what;
  }
  /** What may still be done, in words: of what, and how much. */
  describe(now: number): [string, string][] {
    const { vcpus } = this;
    const scripts = Array.from({ length: vcpus }, (_, v): [string, string] => {
      const wants = this.isHungry(now, v) ? ', wants the next' : '';
      const halted = (this.field(now, vcpus + 2) & (1 << v)) !== 0;
      return [`script of vcpu${v}`, halted ? 'ended' : `${this.field(now, v)} operations to come${wants}`];
    });
    const left = `moves ${this.field(now, vcpus)}, reclaims ${this.reclaimsLeft(now)}, faults ${this.faultsLeft(now)}, repeats ${this.repeatsLeft(now)}`;
    return [...scripts, ['still possible', left]];
  }
  after(now: number, what: number): number {
    const known = this.memo.get(now, what);
    if (known !== 0) return known;
    const { vcpus, records } = this;
    const words = Array.from(records.data.subarray(now, now + vcpus + FIELDS));
    if (what === change.reclaim) words[vcpus + 3]!--;
    else if (what === change.fault) words[vcpus + 4]!--;
    else if (what === change.repeat) words[vcpus + 5]!--;
    else {
      const vcpu = Math.floor((what - change.first) / CHANGES_PER_VCPU);
      const how = (what - change.first) % CHANGES_PER_VCPU;
      if (how === fed.hungry) words[vcpus + 1]! |= 1 << vcpu;
      else words[vcpus + 1]! &= ~(1 << vcpu);
      if (how === fed.end) words[vcpus + 2]! |= 1 << vcpu;
      if (how === fed.access || how === fed.move) words[vcpu]!--;
      if (how === fed.move) words[vcpus]!--;
    }
    const number = this.intern(words);
    this.memo.set(now, what, number);
    return number;
  }
}

/** An operation in words: `vcpu0 writes page 1`. */
export function describeItem(vcpu: number, item: Item | null): string {
  if (item === null) return `vcpu${vcpu}'s script ends`;
  const code = operationOf(item.word);
  if (code === operation.bulkMove)
    return `vcpu${vcpu} moves page ${item.gvpn} to vNode ${argumentOf(item.word) % BULK_VNODES}`;
  return `vcpu${vcpu} ${code === operation.write ? 'writes' : 'reads'} page ${item.gvpn}`;
}
