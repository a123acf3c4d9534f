// What a vCPU does for its script: takes its operations one by one, and makes each access in micro-steps, a walk of the
// guest page table, a walk of the EPT that fills the TLB, one word of the page. With asynchronous page faults an access may
// be put aside, and is made again when its page is there.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import type { World } from '../memory/world.ts';
import { countIn, tagIn, tagOf, written } from '../model/content.ts';
import { latencyMatrix } from '../model/cost.ts';
import { message } from '../model/messages.ts';
import { argumentOf, BULK_VNODES, operation, operationOf } from '../model/script.ts';
import { purpose, result } from '../model/words.ts';
import type { Vcpu } from './vcpu.ts';
import { field } from './vcpu-column.ts';

/** A tick that did not come back for so many ticks is given up for lost. */
const LOST_TICKS = 16;

export class Accesses {
  private readonly vcpu: Vcpu;
  private readonly world: World;
  private readonly self: number;
  private readonly own: Int32Array;
  /** When the access under way was first tried. */
  private readonly stallStart: Float64Array;
  /** Latency of a load by node, from this vCPU's. */
  private readonly latencyNs: number[];

  constructor(arena: Arena, vcpu: Vcpu) {
    const { world, self } = vcpu;
    const { geometry } = world;
    this.vcpu = vcpu;
    this.world = world;
    this.self = self;
    this.own = vcpu.own;
    this.stallStart = arena.float64(1);
    const hasCpus = geometry.spec.nodes.map((node) => node.hasCpus);
    this.latencyNs = latencyMatrix(vcpu.costs, hasCpus)[geometry.vcpuNode[self]!]!;
  }

  /** One micro-step of the access under way, or the start of the next. */
  step(context: Context): void {
    const { own, world, self } = this;
    if (own[field.busy] === 0) {
      if (this.vcpu.asyncFaults.isReady) this.retry(context);
      else if (!this.fetch(context)) return;
    }
    const gvpn = own[field.gvpn]!;
    const write = own[field.write] === 1;
    const found = world.tlbs[self]!.lookup(gvpn);
    if (found !== 0 && (!write || (found & 1) === 1)) this.touch(found >>> 1, context);
    else if (own[field.walked]! < 0) this.walkGuest(gvpn, context);
    else this.walkEpt(gvpn, write, context);
  }

  /**
   * Accesses in a row through the TLB, each a micro-step of its own, exactly as `step` makes them: what `step` writes down of
   * an access under way is left out, because none of these is ever interrupted. Ends before whatever else comes: a miss,
   * an operation that is no access, the end of the chunk, a scan, a tick, a copy of the list.
   * @param limit micro-steps at most
   * @returns micro-steps that were made; the first of them had begun
   */
  hits(limit: number, context: Context): number {
    const { own, world, self, latencyNs, vcpu } = this;
    if (own[field.busy] !== 0 || vcpu.asyncFaults.isOpen) return 0;
    const { geometry, locations, scripts } = world;
    const { policy } = geometry.spec;
    const { view } = vcpu;
    const tlb = world.tlbs[self]!;
    const words = scripts.words[self]!;
    const length = scripts.length[self]!;
    const { pageWords } = locations;
    const { trace } = context;
    const first = geometry.guestGvpn[geometry.vcpuGuest[self]!]!;
    const scanAt = policy.hintPages > 0 ? policy.accessesPerScan : Infinity;
    // `step` makes the access with which a scan or a tick is due, and what comes of it.
    let left = Math.min(limit, scanAt - 1 - own[field.sinceScan]!, this.untilTick() - 1, view.untilCopy - 1);
    let position = own[field.position]!;
    left = Math.min(left, length - position);
    const begun = position;
    let last = own[field.lastGvpn]!;
    for (let made = 0; made < left; made++) {
      const word = words[position * 2]!;
      const code = operationOf(word);
      if (code > operation.write) break;
      const gvpn = first + words[position * 2 + 1]!;
      const found = tlb.lookup(gvpn);
      if (found === 0 || (code === operation.write && (found & 1) === 0)) break;
      if (made > 0) context.step();
      position++;
      const location = found >>> 1;
      const at = argumentOf(word) % pageWords;
      if (code === operation.write) {
        const before = locations.write(location, at, tagOf(gvpn));
        trace.wrote(self, gvpn, at, countIn(written(before, 0)), tagIn(before));
      } else {
        const seen = locations.read(location, at);
        trace.read(self, gvpn, at, countIn(seen), tagIn(seen));
      }
      context.spend(gvpn === last ? vcpu.costs.cacheHitNs : latencyNs[geometry.homeOf(location)]!);
      last = gvpn;
    }
    const made = position - begun;
    if (made === 0) return 0;
    own[field.position] = position;
    own[field.lastGvpn] = last;
    if (policy.hintPages > 0) own[field.sinceScan]! += made;
    own[field.sinceTick]! += made;
    view.made(made);
    return made;
  }
  /** Accesses from here to the one with which a tick is due, that one included. */
  private untilTick(): number {
    const { own } = this;
    const { accessesPerTick } = this.world.geometry.spec.policy;
    const isOut = own[field.ticking] === 1;
    if (isOut && !this.vcpu.retries.needed) return Infinity;
    return accessesPerTick * (isOut ? LOST_TICKS : 1) - own[field.sinceTick]!;
  }

  /** Takes the next operation of the script. @returns whether there is an access to make */
  private fetch(context: Context): boolean {
    const { own, world, self } = this;
    const words = world.scripts.words[self]!;
    const position = own[field.position]!;
    if (this.vcpu.asyncFaults.isOutstanding && !this.canGoOn(position)) return this.block();
    if (position >= world.scripts.length[self]!) {
      own[field.hungry] = 1;
      this.vcpu.become(world.tables.vcpu.event.park);
      context.send(world.geometry.feeder, message.hungry, self);
      return false;
    }
    own[field.position] = position + 1;
    const word = words[position * 2]!;
    const argument = argumentOf(word);
    const guest = world.geometry.vcpuGuest[self]!;
    const gvpn = world.geometry.guestGvpn[guest]! + words[position * 2 + 1]!;
    switch (operationOf(word)) {
      case operation.handover: {
        const to = world.geometry.guestVcpu[guest]! + argument;
        context.trace.handedOver(self, to);
        context.send(to, message.handover, self);
        return false;
      }
      case operation.await:
        if (own[field.tasks]! > 0) {
          own[field.tasks]!--;
          context.trace.tookOver(self);
        } else this.vcpu.become(world.tables.vcpu.event.park);
        return false;
      case operation.bulkMove: {
        const vnode = world.geometry.guestVnode[guest]! + (argument % BULK_VNODES);
        this.vcpu.balancing.bulk(gvpn, Math.floor(argument / BULK_VNODES), vnode);
        return false;
      }
      case operation.command:
        this.vcpu.command(argument, gvpn, context);
        return false;
      default:
        own[field.busy] = 1;
        own[field.stalled] = 0;
        own[field.walked] = -1;
        own[field.gvpn] = gvpn;
        own[field.word] = argument % world.locations.pageWords;
        own[field.write] = operationOf(word) === operation.write ? 1 : 0;
        this.stallStart[0] = context.now;
        return true;
    }
  }

  /** One word of the page, through a live translation. */
  private touch(location: number, context: Context): void {
    const { own, world, self } = this;
    const { locations, geometry } = world;
    const gvpn = own[field.gvpn]!;
    const word = own[field.word]!;
    if (own[field.write] === 1) {
      const before = locations.write(location, word, tagOf(gvpn));
      context.trace.wrote(self, gvpn, word, countIn(written(before, 0)), tagIn(before));
    } else {
      const seen = locations.read(location, word);
      context.trace.read(self, gvpn, word, countIn(seen), tagIn(seen));
    }
    if (own[field.stalled] === 1)
      context.trace.stalled(self, gvpn, Math.round(context.now - this.stallStart[0]!));
    const near = own[field.lastGvpn] === gvpn;
    context.spend(near ? this.vcpu.costs.cacheHitNs : this.latencyNs[geometry.homeOf(location)]!);
    own[field.lastGvpn] = gvpn;
    own[field.busy] = 0;
    const { policy } = geometry.spec;
    if (policy.hintPages > 0 && ++own[field.sinceScan]! >= policy.accessesPerScan) {
      own[field.sinceScan] = 0;
      this.vcpu.scan.begin();
    }
    this.vcpu.view.accessed(context);
    const due = policy.accessesPerTick * (own[field.ticking] === 1 ? LOST_TICKS : 1);
    if (++own[field.sinceTick]! >= due && (own[field.ticking] === 0 || this.vcpu.retries.needed)) {
      own[field.sinceTick] = 0;
      own[field.ticking] = 1;
      context.send(geometry.hypervisor, message.tick, self);
    }
  }

  private walkGuest(gvpn: number, context: Context): void {
    const { own, world, self } = this;
    const { geometry } = world;
    const entry = world.gpt.load(gvpn);
    const payload = ptePayload(entry);
    if (this.vcpu.asyncFaults.isOpen && pteKind(entry) !== pte.present) return this.putBack();
    switch (pteKind(entry)) {
      case pte.none:
        own[field.stalled] = 1;
        this.vcpu.balancing.populate(gvpn, geometry.vcpuVnode[self]!);
        return;
      case pte.present:
        own[field.walked] = payload;
        return;
      case pte.hint: {
        own[field.stalled] = 1;
        context.spend(this.vcpu.costs.hintFaultNs);
        const local = geometry.vnodeOf(payload) === geometry.vcpuVnode[self]!;
        context.trace.hinted(self, gvpn, payload, local ? 1 : 0);
        this.vcpu.balancing.hinted(gvpn, entry, payload, geometry.vcpuVnode[self]!, local);
        return;
      }
      case pte.migration:
        own[field.stalled] = 1;
        this.vcpu.awaitMigration(gvpn, payload, context);
        return;
    }
  }

  /** A walk of the EPT fills the TLB, or is an EPT violation. */
  walkEpt(gvpn: number, write: boolean, context: Context): void {
    const { own, world, self } = this;
    const gfn = own[field.walked]!;
    const found = world.ept.walk(gfn, write);
    if (found === 0) {
      own[field.walked] = -1;
      if (this.vcpu.asyncFaults.isOpen) return this.putBack();
      this.vcpu.fault(gfn, write, purpose.access, context);
      return;
    }
    world.tlbs[self]!.fill(gvpn, gfn, found);
    context.trace.tlbFill(self, gfn, found >>> 1, found & 1);
  }

  // --- asynchronous page faults

  /** Not present: the access waits, the vCPU does not. */
  defer(context: Context): void {
    const { own } = this;
    const access = { gvpn: own[field.gvpn]!, word: own[field.word]!, write: own[field.write]! };
    context.trace.deferred(this.self, access.gvpn, this.world.faults.gfn[this.self]!);
    this.vcpu.asyncFaults.defer(access, this.stallStart[0]!);
    own[field.busy] = 0;
    this.vcpu.become(this.world.tables.vcpu.event.resume);
  }
  /** @returns whether the vCPU waited for it */
  readied(outcome: number, context: Context): boolean {
    const gfn = this.world.faults.gfn[this.self]!;
    const lost = outcome === result.EIO;
    context.trace.resumed(this.self, gfn, outcome);
    context.trace.readied(this.self, this.vcpu.asyncFaults.gvpn, gfn);
    if (lost) context.trace.machineCheck(this.self, gfn);
    return this.vcpu.asyncFaults.complete(lost);
  }
  private retry(context: Context): void {
    const { own } = this;
    const access = { gvpn: 0, word: 0, write: 0 };
    this.stallStart[0] = this.vcpu.asyncFaults.takeUp(access);
    own[field.busy] = 1;
    own[field.stalled] = 1;
    own[field.walked] = -1;
    own[field.gvpn] = access.gvpn;
    own[field.word] = access.word;
    own[field.write] = access.write;
    context.trace.retried(this.self, access.gvpn);
  }
  private canGoOn(position: number): boolean {
    const { geometry, scripts } = this.world;
    if (position >= scripts.length[this.self]!) return false;
    const words = scripts.words[this.self]!;
    const first = geometry.guestGvpn[geometry.vcpuGuest[this.self]!]!;
    return this.vcpu.asyncFaults.mayGoOn(words[position * 2]!, first + words[position * 2 + 1]!);
  }
  /** Nothing can be done beside the token. */
  private block(): false {
    this.vcpu.asyncFaults.block();
    this.vcpu.become(this.world.tables.vcpu.event.fault);
    return false;
  }
  /** The access would fault, and there is a token: it is looked at again when that is done. */
  private putBack(): void {
    this.vcpu.again();
    this.own[field.busy] = 0;
    if (this.vcpu.asyncFaults.isOutstanding) this.block();
  }
}
