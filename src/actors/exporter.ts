// Keeps the moved lists: the hypervisor's part of an export, or the host's where the list is its own (paragraph 18).
// FIG. 4, from the other side:
//
//   410, 415  a change arrives, which is a partial list: pages that were moved or brought back
//   420       it is completed from what this table has: `wanted` against what is `exported` already
//   425, 430  the list is written, a store a step, or sent to each vCPU in parts; who asked to be told is told
//   485       an entry is retired: a change like any other
//
// With the plainest policy a change is one store, made at once. Otherwise changes are gathered, and readers may see each
// of them late: a stale entry costs a request or a look, never correctness, since the page word decides.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { Announce, MovedList } from '../memory/lists/index.ts';
import type { World } from '../memory/world.ts';
import { isImmediate, LIST_PARTS } from '../model/list-policy.ts';
import type { Costs } from '../model/cost.ts';
import { message } from '../model/messages.ts';

/** Of a list: nothing is being written, or the next change is due, or one is half written. */
const writing = { no: 0, between: 1, change: 2 } as const;
const field = { head: 0, count: 1, writing: 2, given: 3, entries: 4, size: 5 } as const;

export class Exporter {
  private readonly world: World;
  private readonly costs: Costs;
  private readonly self: number;
  private readonly immediate: boolean;
  /** Generation + 1 by Gfn: as the page should be listed, and as it is; 0 = not. */
  private readonly wanted: Int32Array;
  private readonly exported: Int32Array;
  /** Gfns whose change is not exported yet: a ring for each list, and a mark that a Gfn is in it. */
  private readonly changed: Int32Array;
  private readonly isChanged: Int32Array;
  private readonly own: Int32Array[];
  /** By vCPU: what it has not acknowledged, the version it was sent, whether it wants the next one. */
  private readonly outstanding: Int32Array;
  private readonly sent: Int32Array;
  private readonly wants: Int32Array;
  private readonly announce: Announce;
  private context: Context | null = null;
  private list = 0;

  constructor(arena: Arena, world: World, costs: Costs, self: number) {
    const { geometry, listPolicy, lists } = world;
    const gfns = isImmediate(listPolicy) ? 0 : geometry.gfns;
    this.world = world;
    this.costs = costs;
    this.self = self;
    this.immediate = isImmediate(listPolicy);
    this.wanted = arena.int32(gfns);
    this.exported = arena.int32(gfns);
    this.changed = arena.int32(gfns);
    this.isChanged = arena.int32(gfns);
    this.own = lists.map(() => arena.int32(field.size));
    this.outstanding = arena.int32(geometry.vcpus);
    this.sent = arena.int32(geometry.vcpus);
    this.wants = arena.int32(geometry.vcpus);
    this.announce = {
      listed: (gfn, generation) => this.context!.trace.listed(gfn, generation),
      overflowed: (gfn, generation) => this.context!.trace.overflowed(gfn, generation),
      delisted: (gfn, generation) => this.context!.trace.delisted(gfn, generation),
      exported: (version, words, lines) => {
        if (!this.immediate) this.context!.trace.exported(this.list, version, words, lines);
      },
    };
  }

  /** 415: a page that was moved. */
  insert(gfn: number, generation: number, context: Context): void {
    this.take(gfn, generation, false, context);
  }
  /** 485: a page that is no longer where the list says. */
  remove(gfn: number, generation: number, context: Context): void {
    this.take(gfn, generation, true, context);
  }

  /** Whether a page is to be listed in a generation already. */
  has(gfn: number, generation: number): boolean {
    const listed = this.immediate ? this.listOf(gfn).generationOf(gfn) : this.wanted[gfn]! - 1;
    return listed === generation;
  }
  private listOf(gfn: number): MovedList {
    return this.world.lists[this.world.listNumber(gfn)]!;
  }

  /**
   * The owner was started anew and has lost its table: the lists say *unknown* of every page, until `rebuild`. What is on
   * its way to each vCPU is not in that table: it is known from the parcels, which are shared memory.
   */
  restart(context: Context): void {
    const { geometry, lists } = this.world;
    this.context = context;
    for (const list of lists) list.settle(this.announce);
    for (let gfn = 0; gfn < geometry.gfns; gfn++) {
      const generation = this.listOf(gfn).generationOf(gfn);
      if (generation < 0) continue;
      // Of all of them the list cannot say more than *unknown*; some were on their way off it.
      if (this.immediate || this.wanted[gfn] !== 0) context.trace.overflowed(gfn, generation);
      else context.trace.delisted(gfn, generation);
    }
    for (const list of lists) list.forget();
    for (const column of [this.wanted, this.exported]) column.fill(0);
    this.startedAnew(context);
  }
  /** 415, with a complete list: generation + 1 by Gfn of each page that is moved. What is not on it is resident. */
  rebuild(complete: Int32Array, context: Context): void {
    const { geometry, lists } = this.world;
    this.context = context;
    for (let gfn = 0; gfn < geometry.gfns; gfn++) {
      const moved = complete[gfn]!;
      if (!this.immediate) this.wanted[gfn] = this.exported[gfn] = moved;
      if (moved === 0) continue;
      const list = this.listOf(gfn);
      list.change(gfn, moved - 1, false);
      list.settle(this.announce);
    }
    for (const list of lists) list.rebuilt();
    this.startedAnew(context);
  }
  private startedAnew(context: Context): void {
    this.isChanged.fill(0);
    for (const [l, list] of this.world.lists.entries()) {
      this.own[l]!.fill(0);
      if (this.immediate) continue;
      for (let gfn = list.firstGfn; gfn < list.firstGfn + list.gfns; gfn++) {
        if (this.exported[gfn] !== 0) this.own[l]![field.entries]!++;
      }
      context.trace.exported(l, list.version, list.length, Math.ceil(list.length / 16));
      this.finish(l, context);
    }
  }

  settle(): void {
    if (this.immediate) for (const list of this.world.lists) list.settleChange();
  }

  private take(gfn: number, generation: number, goes: boolean, context: Context): void {
    const l = this.world.listNumber(gfn);
    const list = this.world.lists[l]!;
    if (this.immediate) {
      list.change(gfn, generation, goes);
      this.write(l, context);
      return;
    }
    if (goes && this.wanted[gfn] === 0) return;
    this.wanted[gfn] = goes ? 0 : generation + 1;
    context.trace.gathered(gfn, generation, goes ? 0 : 1, l);
    const own = this.own[l]!;
    own[field.given]!++;
    if (this.isChanged[gfn] === 0) {
      this.isChanged[gfn] = 1;
      this.changed[list.firstGfn + ((own[field.head]! + own[field.count]!++) % list.gfns)] = gfn;
    }
    this.exportWhenDue(l, context);
  }

  private exportWhenDue(l: number, context: Context): void {
    const own = this.own[l]!;
    if (own[field.writing] !== writing.no || !this.isDue(own[field.count]!)) return;
    own[field.writing] = writing.between;
    if (this.world.listPolicy.access === 'copy') {
      // Nobody else sees the list while it is written.
      while (this.step(l, context)) continue;
      this.finish(l, context);
    } else context.send(this.self, message.publish, l, 0, this.costs.listInspectionNs);
  }
  /** Enough was gathered. */
  isDue(changes: number): boolean {
    return changes > 0 && changes >= this.world.listPolicy.lag;
  }

  /** `publish`: the next store. */
  publish(l: number, context: Context): void {
    // What was being written when the owner was started anew is no longer.
    if (this.own[l]![field.writing] === writing.no) return;
    if (this.step(l, context)) context.send(this.self, message.publish, l, 0, this.costs.listInspectionNs);
    else this.finish(l, context);
  }
  /** @returns whether more is to be written */
  private step(l: number, context: Context): boolean {
    const own = this.own[l]!;
    if (own[field.writing] === writing.between) {
      if (!this.nextChange(l)) return false;
      own[field.writing] = writing.change;
    }
    if (this.write(l, context)) return true;
    own[field.writing] = writing.between;
    return own[field.count]! > 0;
  }
  private write(l: number, context: Context): boolean {
    this.context = context;
    this.list = l;
    return this.world.lists[l]!.write(this.announce);
  }
  /** Takes the next difference between what is wanted and what is exported in hand. @returns whether there is one */
  private nextChange(l: number): boolean {
    const list = this.world.lists[l]!;
    const own = this.own[l]!;
    while (own[field.count]! > 0) {
      const gfn = this.changed[list.firstGfn + own[field.head]!]!;
      const wanted = this.wanted[gfn]!;
      const exported = this.exported[gfn]!;
      // A page that came back and was moved again in between goes off the list before it comes on.
      const goes = exported !== 0 && exported !== wanted;
      if (exported !== wanted) {
        list.change(gfn, (goes ? exported : wanted) - 1, goes);
        own[field.entries]! += goes ? -1 : 1;
      }
      this.exported[gfn] = goes ? 0 : wanted;
      if (this.exported[gfn] === wanted) {
        this.isChanged[gfn] = 0;
        own[field.head] = (own[field.head]! + 1) % list.gfns;
        own[field.count]!--;
      }
      if (exported !== wanted) return true;
    }
    return false;
  }

  /** 420, 425: what was given is written, with the rest of the table around it. */
  private finish(l: number, context: Context): void {
    const own = this.own[l]!;
    own[field.writing] = writing.no;
    context.trace.completed(l, own[field.given]!, own[field.entries]!);
    own[field.given] = 0;
    const { geometry, lists, listPolicy } = this.world;
    for (const tenant of lists[l]!.tenants) {
      const guest = geometry.guestOf(tenant.first);
      for (let v = geometry.guestVcpu[guest]!; v < geometry.guestVcpu[guest + 1]!; v++) {
        if (listPolicy.inspect !== 'periodic') this.wants[v] = 1;
        this.serve(v, context);
      }
    }
    this.exportWhenDue(l, context);
  }

  // --- towards the guests

  /** A vCPU asks for the next version that it has not got. */
  wantedBy(vcpu: number, context: Context): void {
    this.wants[vcpu] = 1;
    this.serve(vcpu, context);
  }
  /** A vCPU has taken what it was sent. */
  takenBy(vcpu: number, context: Context): void {
    this.outstanding[vcpu] = 0;
    this.serve(vcpu, context);
  }
  /** 425: a copy in parts, or word that there is something new to read; one at a time for each vCPU. */
  private serve(vcpu: number, context: Context): void {
    const { listPolicy, geometry } = this.world;
    const list = this.world.lists[this.world.listNumber(geometry.guestGfn[geometry.vcpuGuest[vcpu]!]!)]!;
    if (this.wants[vcpu] === 0 || this.outstanding[vcpu] === 1 || this.sent[vcpu] === list.version) return;
    if (listPolicy.access === 'copy') this.sendCopy(vcpu, list, context);
    else if (listPolicy.inspect === 'on notify')
      this.send(vcpu, message.listNotice, list.version, 0, context);
    else return;
    this.wants[vcpu] = 0;
    this.outstanding[vcpu] = 1;
    this.sent[vcpu] = list.version;
  }
  /** The parcel is the vCPU's as soon as the parts are sent, until it has said that it has taken them. */
  private sendCopy(vcpu: number, list: MovedList, context: Context): void {
    const { parcels, geometry } = this.world;
    const tenant = list.tenants.find(({ first }) => first === geometry.guestGfn[geometry.vcpuGuest[vcpu]!])!;
    const parcel = parcels[vcpu]!;
    for (let index = 0; index < list.length; index++) {
      parcel[index] = list.mayRead(index, tenant) ? list.words.column[index]! : 0;
    }
    for (let part = 0; part < LIST_PARTS; part++) {
      this.send(vcpu, message.listPart, list.version, part, context);
    }
  }
  private send(vcpu: number, kind: number, version: number, part: number, context: Context): void {
    const { geometry } = this.world;
    const door = this.self === geometry.host ? geometry.hypervisor : vcpu;
    context.send(door, kind, version, vcpu * LIST_PARTS + part, this.costs.listNoticeNs);
  }
}
