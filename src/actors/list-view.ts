// A vCPU's view of its guest's moved list (FIG. 4: 430 to 440): in place, or in a copy of its own that it was sent in
// parts, makes every so many accesses, or makes when it is told that something changed. Looks are for balancing, a step
// at a time; copies are made between accesses. A copy counts only when all of it belongs to one version, and a version
// never gives way to an older one.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import {
  type MovedList,
  PENDING,
  type Reader,
  RingReader,
  type Tenant,
  VERSION,
  Words,
} from '../memory/lists/index.ts';
import type { World } from '../memory/world.ts';
import { isCopied, isImmediate, LIST_PARTS, type ListPolicy } from '../model/list-policy.ts';
import type { Costs } from '../model/cost.ts';
import { message } from '../model/messages.ts';
import { finding } from '../model/words.ts';

/** `copy` reads words, `consume` the log of a ring; `resync` starts a ring's reader anew. */
const phase = { idle: 0, version: 1, copy: 2, check: 3, consume: 4, resync: 5 } as const;
const field = {
  phase: 0,
  cursor: 1,
  /** Version of the words being copied, and tries that did not belong together. */
  copying: 2,
  tries: 3,
  /** Version of this vCPU's copy. */
  version: 4,
  /** Version whose parts are arriving, and how many have. */
  incoming: 5,
  arrived: 6,
  /** Accesses since the last copy; 1 while one was asked for; 1 when another is due. */
  accesses: 7,
  asked: 8,
  due: 9,
  /** Gfn of the look under way. */
  gfn: 10,
  lines: 11,
  count: 12,
} as const;
const COPY_TRIES = 3;
const PAGE_WORDS = 1024;

export class ListView {
  private readonly world: World;
  private readonly self: number;
  private readonly costs: Costs;
  private readonly policy: ListPolicy;
  private readonly list: MovedList;
  private readonly tenant: Tenant;
  readonly reader: Reader;
  private readonly ring: RingReader | null;
  /** Looks go to words that the owner may be writing. */
  private readonly inPlace: boolean;
  private readonly own: Int32Array;
  /** This vCPU's copy, what is to become it, and which parts of that have come. */
  private readonly image: Words;
  private readonly next: Int32Array;
  private readonly parts: Int32Array;

  constructor(arena: Arena, world: World, self: number, costs: Costs) {
    const { geometry, listPolicy } = world;
    const first = geometry.guestGfn[geometry.vcpuGuest[self]!]!;
    const list = world.lists[world.listNumber(first)]!;
    this.world = world;
    this.self = self;
    this.costs = costs;
    this.policy = listPolicy;
    this.list = list;
    this.tenant = list.tenants.find((tenant) => tenant.first === first)!;
    this.inPlace = !isCopied(listPolicy);
    // The log of a ring is read where it is: what it said is kept by the reader.
    const imaged = listPolicy.access === 'copy' || (!this.inPlace && listPolicy.format !== 'ring');
    this.image = new Words(arena.int32(imaged ? list.length : 0), null);
    this.next = arena.int32(imaged ? list.length : 0);
    this.parts = arena.int32(imaged ? LIST_PARTS : 0);
    this.reader = list.reader(arena, imaged ? this.image : list.words, this.tenant);
    this.ring = this.reader instanceof RingReader ? this.reader : null;
    this.own = arena.int32(field.count);
  }

  /** No look is under way. What a ring's reader is in the middle of, beside looks, it goes on with. */
  settle(): void {
    this.own[field.gfn] = 0;
    if (this.isBusy()) return;
    this.own[field.lines] = 0;
    this.reader.settle();
  }

  // --- a look

  /** 435: begins a look at a Gfn; `step` takes it on. */
  begin(gfn: number, context: Context): void {
    this.own[field.gfn] = gfn;
    this.own[field.lines] = 0;
    if (this.inPlace && !isImmediate(this.policy)) context.trace.inspecting(this.self, gfn);
    if (!this.isBusy()) this.reader.begin(gfn);
  }
  /** @returns a finding (440), or PENDING when the look takes another step */
  look(context: Context): number {
    const { own, reader, costs } = this;
    const gfn = own[field.gfn]!;
    let found: number;
    let ns: number;
    let loads: number;
    if (this.isBusy()) {
      found = finding.unknown;
      loads = 0;
      ns = costs.cacheHitNs;
    } else if (this.ring !== null && !this.inPlace && this.policy.access === 'shared') {
      found = this.ring.recall(gfn);
      loads = 0;
      ns = costs.listInspectionNs;
    } else {
      found = reader.step();
      loads = reader.loads;
      ns = reader.lines > own[field.lines]! ? costs.listInspectionNs : costs.cacheHitNs;
      own[field.lines] = reader.lines;
    }
    context.spend(ns);
    if (found === PENDING) return found;
    const generation = found === finding.listed ? reader.generation : 0;
    const plain = isImmediate(this.policy);
    context.trace.inspected(
      this.self,
      gfn,
      found,
      generation,
      plain ? 0 : loads,
      loads === 0 || plain ? 0 : reader.lines,
    );
    if (this.ring?.isBehind && own[field.phase] === phase.idle) {
      own[field.tries] = 0;
      this.begins(phase.resync);
    }
    return found;
  }
  get generation(): number {
    return this.reader.generation;
  }
  /** A ring's reader is in the middle of something else: it knows nothing for now. */
  private isBusy(): boolean {
    return this.ring !== null && this.own[field.phase] !== phase.idle;
  }

  // --- copies

  get active(): boolean {
    return this.own[field.phase] !== phase.idle;
  }
  /** The vCPU made an access: time for a new copy, now and then. */
  accessed(context: Context): void {
    const { own, policy } = this;
    if (policy.inspect !== 'periodic' || ++own[field.accesses]! < policy.period) return;
    own[field.accesses] = 0;
    if (policy.access === 'shared') {
      if (!this.active) this.refresh();
    } else if (own[field.asked] === 0) {
      own[field.asked] = 1;
      context.send(this.world.geometry.hypervisor, message.listWanted, this.self);
    }
  }
  /** Accesses from here to the one after which it is time for a new copy, that one included; or more than `limit`. */
  untilCopy(limit: number): number {
    return this.policy.inspect === 'periodic' ? this.policy.period - this.own[field.accesses]! : limit + 1;
  }
  /** The vCPU made accesses that were fewer. */
  made(accesses: number): void {
    if (this.policy.inspect === 'periodic') this.own[field.accesses]! += accesses;
  }
  /** The owner says that something changed. */
  noticed(context: Context): void {
    context.spend(this.costs.listNoticeNs);
    context.send(this.world.geometry.hypervisor, message.listTaken, this.self);
    if (this.active) this.own[field.due] = 1;
    else this.refresh();
  }
  private refresh(): void {
    this.own[field.tries] = 0;
    this.own[field.due] = 0;
    if (this.ring === null) this.begins(phase.version);
    else if (this.ring.isBehind) this.begins(phase.resync);
    else this.begins(phase.consume);
  }
  private begins(what: number): void {
    this.own[field.phase] = what;
    this.own[field.lines] = 0;
    if (what === phase.consume) this.ring!.beginCatchUp();
    if (what === phase.resync) this.ring!.beginResync();
  }
  private ends(): void {
    this.own[field.phase] = phase.idle;
    if (this.own[field.due] === 1) this.refresh();
  }

  /** The next step of a copy: one load at most. */
  step(context: Context): void {
    const { own, list, next } = this;
    switch (own[field.phase]) {
      case phase.version: {
        const version = list.words.load(VERSION);
        context.spend(this.costs.listInspectionNs);
        own[field.copying] = version;
        own[field.cursor] = VERSION + 1;
        if (version === 2 * own[field.version]!) this.ends();
        else if (version % 2 === 0) own[field.phase] = phase.copy;
        else this.copyAgain();
        return;
      }
      case phase.copy: {
        let index = own[field.cursor]!;
        while (index < list.length && !list.mayRead(index, this.tenant)) next[index++] = 0;
        if (index < list.length) {
          next[index] = list.words.load(index);
          context.spend(index % 16 === 0 ? this.costs.listInspectionNs : this.costs.cacheHitNs);
          index++;
        }
        own[field.cursor] = index;
        if (index === list.length) own[field.phase] = phase.check;
        return;
      }
      case phase.check:
        if (list.words.load(VERSION) !== own[field.copying]) return this.copyAgain();
        next[VERSION] = own[field.copying]!;
        this.adopt(own[field.copying]! / 2, context);
        this.ends();
        return;
      default:
        this.stepRing(context);
    }
  }
  /** Written meanwhile: tried again, a bounded number of times; the copy before stands as it is. */
  private copyAgain(): void {
    if (++this.own[field.tries]! < COPY_TRIES) this.own[field.phase] = phase.version;
    else this.ends();
  }
  private stepRing(context: Context): void {
    const { own, costs } = this;
    const ring = this.ring!;
    const resyncing = own[field.phase] === phase.resync;
    const done = resyncing ? ring.resync() : ring.catchUp();
    context.spend(ring.lines > own[field.lines]! ? costs.listInspectionNs : costs.cacheHitNs);
    own[field.lines] = ring.lines;
    if (!done) return;
    if (!ring.isBehind && !this.inPlace && this.policy.access === 'shared') {
      own[field.version] = ring.position;
      context.trace.copied(this.self, ring.position, ring.loads, ring.lines);
    }
    const again = ring.isBehind && ++own[field.tries]! < COPY_TRIES;
    if (again) this.begins(phase.resync);
    else this.ends();
  }

  /** A part of a copy: it is this vCPU's when all parts of one version have come (430). */
  arrived(version: number, part: number, context: Context): void {
    const { own, parts, next, world } = this;
    const parcel = world.parcels[this.self]!;
    if (!this.isNewer(version)) return;
    if (own[field.incoming] !== version) {
      own[field.incoming] = version;
      own[field.arrived] = 0;
      parts.fill(0);
      context.spend(this.costs.listNoticeNs);
    }
    const words = Math.ceil(parcel.length / LIST_PARTS);
    next.set(parcel.subarray(part * words, (part + 1) * words), part * words);
    context.spend((this.costs.copyPageLocalNs * words) / PAGE_WORDS);
    own[field.arrived]! += 1 - parts[part]!;
    parts[part] = 1;
    if (!this.isWhole(own[field.arrived]!)) return;
    own[field.asked] = 0;
    this.adopt(version, context);
    context.send(world.geometry.hypervisor, message.listTaken, this.self);
  }
  isNewer(version: number): boolean {
    return version > this.own[field.version]!;
  }
  isWhole(arrived: number): boolean {
    return arrived === LIST_PARTS;
  }
  private adopt(version: number, context: Context): void {
    this.image.column.set(this.next);
    this.own[field.version] = version;
    // A look that is under way begins anew; a ring's log goes on where it was.
    if (this.ring === null) this.reader.begin(this.own[field.gfn]!);
    context.trace.copied(this.self, version, this.next.length, Math.ceil(this.next.length / 16));
  }
}
