// What the world around the actors may do, and how much of it: which operation comes next in a vCPU's script, when it ends,
// when reclaim wants a page out, and how many devices fail. All of it at any time, within bounds.
import type { Geometry } from '../../model/geometry.ts';
import { argumentOf, BULK_VNODES, commandIn, encode, operation, operationOf } from '../../model/script.ts';
import { waits } from '../../actors/vcpu.ts';
import { Memo, type Records } from '../../runtime/check/interner.ts';
import { inWords } from '../../scenarios/workloads/script.ts';
import { several } from '../../stdx/figures.ts';

/** How much each may do. */
export interface Bounds {
  /**
   * By vCPU: what it does, one after the other; the search then begins with memory that nobody has touched, and `operations`
   * and `moves` say nothing. Left out: each vCPU does whatever it likes.
   */
  scripts?: readonly (readonly Operation[])[];
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
  /** Messages that get lost; the world must have been made for it (`timeouts`). */
  losses?: number;
  /** Things that are said again although somebody has still something to do: as many as losses when it is left out. */
  timeouts?: number;
  /** Times that the hypervisor loses its memory; the world must have been made for it (`restarts`). */
  restarts?: number;
  /** Judges also what the protocol does not claim. */
  beyondClaims?: boolean;
}

/** An operation as a vCPU takes it. */
export interface Operation {
  word: number;
  gvpn: number;
}

/** A script has a command of a kind. */
export function hasCommand(scripts: Bounds['scripts'], kind: number): boolean {
  const isIt = ({ word }: Operation) =>
    operationOf(word) === operation.command && commandIn(argumentOf(word)) === kind;
  return scripts?.some((script) => script.some(isIt)) === true;
}

/** What a vCPU may be given at once: an operation, or as many of its script as a chunk has. */
export interface Item {
  operations: readonly Operation[];
  isMove: boolean;
}

/** A change of what may still be done, as a number. */
export const change = {
  none: 0,
  reclaim: 1,
  fault: 2,
  repeat: 3,
  loss: 4,
  timeout: 5,
  restart: 6,
  first: 8,
} as const;
const CHANGES_PER_VCPU = 4;
/**
 * Of the environment, behind the operations left to each vCPU: moves left, hungry, halted, and what else is left. Behind
 * that a bit for each thing that was said again when nobody had anything to do, and may not be the next one again.
 */
const FIELDS = 9;
const BITS = 31;
const fed = { access: 0, move: 1, end: 2, hungry: 3 } as const;

export class Environment {
  readonly menus: readonly (readonly Item[])[];
  private readonly records: Records;
  private readonly vcpus: number;
  private readonly memo = new Memo();
  private readonly words: Int32Array;
  private readonly losesMessages: boolean;
  private readonly isScripted: boolean;
  private readonly restarts: boolean;

  /** @param things that may time out */
  constructor(geometry: Geometry, records: Records, things: number, scripts: Bounds['scripts']) {
    this.records = records;
    this.isScripted = scripts !== undefined;
    this.losesMessages = geometry.spec.timeouts !== undefined;
    this.restarts = geometry.spec.restarts === true;
    this.vcpus = geometry.vcpus;
    this.words = new Int32Array(geometry.vcpus + FIELDS + Math.ceil(things / BITS));
    this.menus = scripts?.map((script) => chunksOf(script, geometry.spec.chunk)) ?? freeMenus(geometry);
  }

  /** Nothing was done yet, and every vCPU wants the first operation of its script. */
  begin(bounds: Bounds): number {
    const { operations, moves, reclaims, faults, restarts = 0 } = bounds;
    const { repeats = 0, losses = 0, timeouts = losses } = bounds;
    const { vcpus } = this;
    return this.intern([
      ...this.menus.map(({ length }) => (this.isScripted ? length : operations)),
      moves,
      2 ** vcpus - 1,
      0,
      reclaims,
      faults,
      repeats,
      losses,
      timeouts,
      restarts,
      ...this.words.subarray(vcpus + FIELDS).fill(0),
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
  lossesLeft(now: number): number {
    return this.field(now, this.vcpus + 6);
  }
  timeoutsLeft(now: number): number {
    return this.field(now, this.vcpus + 7);
  }
  restartsLeft(now: number): number {
    return this.field(now, this.vcpus + 8);
  }
  /** It was said again already, with nobody having anything to do, while others have not been. */
  hadItsTurn(now: number, thing: number): boolean {
    return (this.field(now, this.turnWord(thing)) & (1 << (thing % BITS))) !== 0;
  }
  private turnWord(thing: number): number {
    return this.vcpus + FIELDS + Math.floor(thing / BITS);
  }
  faultsLeft(now: number): number {
    return this.field(now, this.vcpus + 4);
  }
  /** What a vCPU may be given: indices into its menu, or [-1]: its script ends. */
  choices(now: number, vcpu: number): readonly number[] {
    const left = this.field(now, vcpu);
    if (left === 0) return [-1];
    if (this.isScripted) return [this.menus[vcpu]!.length - left];
    const mayMove = this.field(now, this.vcpus) > 0;
    return this.menus[vcpu]!.flatMap(({ isMove }, choice) => (!isMove || mayMove ? [choice] : []));
  }

  mayGoOn(now: number, vcpu: number): boolean {
    return this.field(now, vcpu) > 0;
  }

  hungers(vcpu: number): number {
    return change.first + vcpu * CHANGES_PER_VCPU + fed.hungry;
  }
  /** A thing is said again since there is nothing else to do. `round`: all that may be had their turns, and it begins anew. */
  says(thing: number, round: boolean): number {
    return change.first + this.vcpus * CHANGES_PER_VCPU + 2 * thing + (round ? 1 : 0);
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
      return [
        `script of vcpu${v}`,
        halted ? 'ended' : `${several(this.field(now, v), 'operation')} to come${wants}`,
      ];
    });
    const left = `moves ${this.field(now, vcpus)}, reclaims ${this.reclaimsLeft(now)}, faults ${this.faultsLeft(now)}, repeats ${this.repeatsLeft(now)}`;
    const lost = `, losses ${this.lossesLeft(now)}, early time-outs ${this.timeoutsLeft(now)}`;
    const again = this.restarts ? `, restarts ${this.restartsLeft(now)}` : '';
    return [...scripts, ['still possible', this.losesMessages ? left + lost + again : left]];
  }
  /** The same where every vCPU has another's place. @param vcpu by vCPU: whose */
  exchanged(now: number, vcpu: readonly number[]): number {
    const { vcpus, records } = this;
    const from = records.data.subarray(now, now + this.words.length);
    const words = Array.from(from);
    words[vcpus + 1] = words[vcpus + 2] = 0;
    words.fill(0, vcpus + FIELDS);
    vcpu.forEach((other, v) => {
      words[other] = from[v]!;
      for (const field of [vcpus + 1, vcpus + 2]) words[field]! |= ((from[field]! >> v) & 1) << other;
    });
    for (let thing = 0; thing < (words.length - vcpus - FIELDS) * BITS; thing++) {
      if (!this.hadItsTurn(now, thing)) continue;
      const v = Math.floor(thing / waits.count);
      const other = v < vcpus ? vcpu[v]! * waits.count + (thing % waits.count) : thing;
      words[this.turnWord(other)]! |= 1 << (other % BITS);
    }
    return this.intern(words);
  }
  after(now: number, what: number): number {
    const known = this.memo.get(now, what);
    if (known !== 0) return known;
    const { vcpus, records } = this;
    const turns = vcpus + FIELDS;
    const words = Array.from(records.data.subarray(now, now + this.words.length));
    if (what === change.reclaim) words[vcpus + 3]!--;
    else if (what === change.fault) words[vcpus + 4]!--;
    else if (what === change.repeat) words[vcpus + 5]!--;
    else if (what === change.loss) words[vcpus + 6]!--;
    else if (what === change.timeout) words[vcpus + 7]!--;
    else if (what === change.restart) words[vcpus + 8]!--;
    else if (what >= change.first + vcpus * CHANGES_PER_VCPU) {
      const thing = (what - change.first - vcpus * CHANGES_PER_VCPU) >> 1;
      if (((what - change.first) & 1) === 1) words.fill(0, turns);
      words[this.turnWord(thing)]! |= 1 << (thing % BITS);
    } else {
      words.fill(0, turns);
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

/** What any vCPU of a guest may do: read, write and move each page. */
function freeMenus({ spec, vcpuGuest }: Geometry): Item[][] {
  return vcpuGuest.map((guest) => {
    const { pages, vnodes } = spec.guests[guest]!;
    return Array.from({ length: pages }, (_, gvpn) => [
      { operations: [{ word: encode(operation.read, 0), gvpn }], isMove: false },
      { operations: [{ word: encode(operation.write, 0), gvpn }], isMove: false },
      ...vnodes.map((_vnode, vnode) => ({
        operations: [{ word: encode(operation.bulkMove, vnode + BULK_VNODES), gvpn }],
        isMove: true,
      })),
    ]).flat();
  });
}
/** A script as it is delivered. No move counts: there are as many as it says. */
function chunksOf(script: readonly Operation[], chunk: number): Item[] {
  return Array.from({ length: Math.ceil(script.length / chunk) }, (_, i) => ({
    operations: script.slice(i * chunk, (i + 1) * chunk),
    isMove: false,
  }));
}

/** What a vCPU is given, in words: `vcpu0 writes page 1`; of what is no access or move of one page, as a script has it. */
export function describeItem(vcpu: number, item: Item | null): string {
  if (item === null) return `vcpu${vcpu}'s script ends`;
  const words = item.operations.map(({ word, gvpn }) => inWords(word, gvpn)).join(', ');
  const [, verb = '', page, vnode] = /^(read|write|move) (\d+)(?: to (\d+))?$/.exec(words) ?? [];
  if (verb === '') return `vcpu${vcpu}: ${words}`;
  return `vcpu${vcpu} ${verb}s page ${page}${vnode === undefined ? '' : ` to vNode ${vnode}`}`;
}
