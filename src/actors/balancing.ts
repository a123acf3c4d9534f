// The guest kernel's page migration, for a hint fault (one page), `migratepages` (a batch) and a first touch (a page that
// comes from nowhere). FIG. 4, 435 to 490, numbered:
//
//   1 seize     put a migration entry in the guest page table: other vCPUs that touch the page wait (paragraph 23)
//   2 quiesce   no vCPU may still have a translation: flush, unless the hint scan did
//   3 inspect   look the source Gfn up in the moved list: resident, listed(g), unknown
//   4 hold      listed: claim generation g in the page word (claim 12). Lost to a fault or prefetch: look again
//   5 ask       balance requests for everything held, as one hypercall; wait for the answers
//   6 copy      not listed: the guest copies the page itself. A copyless guest must not fault it in to do so: if the host
//               has taken it meanwhile, look again. The conventional guest does just that, and that is the copy-back
//   7 install   the guest page table names the destination Gfn; the source Gfn is free again
//
// By policy (`unmap: before the request`) 3 and 4 come before 1 and 2: the page is held while it is still mapped, so that
// the hold meets the demand faults of other vCPUs, and is taken out of the page table only just before it is asked for.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import { PENDING } from '../memory/lists/index.ts';
import { KMAP_DESTINATION, KMAP_SOURCE } from '../memory/tlb.ts';
import { aliasOf, hasAliases } from '../model/alias.ts';
import { message } from '../model/messages.ts';
import { cause, finding, isDone, purpose, requestKinds, result } from '../model/words.ts';
import { batchField, phase, quiet } from './balancing-phase.ts';
import { Freeing } from './freeing.ts';
import { HugePages } from './huge-pages.ts';
import type { Vcpu } from './vcpu.ts';

const NONE = -1;
/** How a page is moved that munmap takes away: to nowhere. */
const DISCARDED = cause.none;
/** Phases of a page that has been taken out of the page table, and that others may still have translations of. */
const SEIZED: readonly number[] = [phase.inspect, phase.ask, phase.mapSource, phase.discard, phase.rename];

export class Balancing {
  private readonly vcpu: Vcpu;
  private readonly slots: number;
  /** One column a field, one row a page of the batch. */
  readonly phase: Int32Array;
  readonly gvpn: Int32Array;
  readonly expected: Int32Array;
  readonly source: Int32Array;
  readonly destination: Int32Array;
  private readonly generation: Int32Array;
  private readonly tries: Int32Array;
  readonly outcome: Int32Array;
  /** How it is moved: copied, asked for or renamed, as a cause; or `DISCARDED`. */
  readonly how: Int32Array;
  /** What follows when the page has been seized; 1 once it has. */
  private readonly afterSeize: Int32Array;
  private readonly seized: Int32Array;
  /** vCPUs that wait at the page's migration entry, a bit each. */
  private readonly waiters: Int32Array;
  private readonly waiterWords: number;
  /** The batch as a whole: rows in use, quiet state, and what a bulk move has still to do. */
  private readonly batch: Int32Array;
  /** Look and hold come before the page is taken out of the page table. */
  private readonly holdsFirst: boolean;
  /** A page goes to another vNode under another name, and not to another Gfn of the allocator's. */
  private readonly renames: boolean;

  readonly hugePages: HugePages;
  private readonly freeing: Freeing;

  constructor(arena: Arena, vcpu: Vcpu) {
    const slots = vcpu.world.geometry.spec.batch;
    this.vcpu = vcpu;
    this.hugePages = new HugePages(arena, vcpu, this);
    this.freeing = new Freeing(vcpu, this);
    this.slots = slots;
    this.waiterWords = Math.ceil(vcpu.world.geometry.vcpus / 32);
    this.phase = arena.int32(slots);
    this.gvpn = arena.int32(slots);
    this.expected = arena.int32(slots);
    this.source = arena.int32(slots);
    this.destination = arena.int32(slots);
    this.generation = arena.int32(slots);
    this.tries = arena.int32(slots);
    this.outcome = arena.int32(slots);
    this.how = arena.int32(slots);
    this.afterSeize = arena.int32(slots);
    this.seized = arena.int32(slots);
    this.waiters = arena.int32(slots * this.waiterWords);
    this.batch = arena.int32(batchField.count);
    this.renames = hasAliases(vcpu.world.geometry);
    this.holdsFirst =
      !this.renames &&
      vcpu.world.listPolicy.unmap === 'before the request' &&
      vcpu.protocol.guestAsks !== 'nothing';
  }

  get active(): boolean {
    const { batch, hugePages } = this;
    return batch[batchField.used]! > 0 || batch[batchField.bulkLeft]! > 0 || hugePages.isGathering;
  }

  /** No page is being moved: the rows, and the requests that they made, are for whoever comes next. */
  settle(): void {
    const { batch, vcpu, slots } = this;
    const { requests, hypercalls } = vcpu.world;
    for (const column of [this.phase, this.gvpn, this.expected, this.source, this.destination, this.generation]) column.fill(0); // prettier-ignore
    for (const column of [this.tries, this.outcome, this.how, this.afterSeize, this.seized, this.waiters]) column.fill(0); // prettier-ignore
    for (const name of ['quiet', 'sealed', 'bulkNext', 'bulkVnode', 'looking'] as const)
      batch[batchField[name]] = 0;
    if (vcpu.telling.repeats) return;
    const [first, end] = [vcpu.self * slots, (vcpu.self + 1) * slots];
    requests.state.fill(requests.table.initial, first, end);
    const { kind, source, destination, generation, result: outcome } = requests;
    for (const column of [kind, source, destination, generation, outcome]) column.fill(0, first, end);
    for (const column of [hypercalls.kind, hypercalls.source, hypercalls.destination, hypercalls.generation])
      column.fill(0, first, end);
  }

  // --- what starts a migration

  /** First touch: a Gfn of the vCPU's own vNode, cleared. */
  populate(gvpn: number, vnode: number): void {
    this.batch[batchField.quiet] = quiet.done;
    if (this.hugePages.populate(gvpn, vnode)) return;
    this.begin(gvpn, 0, NONE, this.vcpu.memory.takeNear(vnode));
  }
  /** A hint fault. A local page only loses its mark; a remote one comes here. */
  hinted(gvpn: number, entry: number, gfn: number, vnode: number, local: boolean): void {
    if (!local && this.hugePages.gather(gvpn, vnode)) return;
    const destination = local ? NONE : this.target(gfn, vnode);
    const slot = this.begin(gvpn, entry, gfn, destination);
    if (destination === NONE) {
      this.phase[slot] = phase.unhint;
      this.outcome[slot] = local ? result.OK : result.NOMEM;
    }
    this.batch[batchField.quiet] = quiet.check;
  }
  /** `migratepages`: pages from `gvpn` on to a vNode, a batch at a time. */
  bulk(gvpn: number, pages: number, vnode: number): void {
    this.batch[batchField.bulkNext] = gvpn;
    this.batch[batchField.bulkLeft] = pages;
    this.batch[batchField.bulkVnode] = vnode;
  }

  /** munmap: the page leaves the page table as for a migration, and comes back nowhere. Nobody asks where it is. */
  discard(gvpn: number, entry: number, gfn: number): void {
    const slot = this.begin(gvpn, entry, gfn, NONE);
    this.phase[slot] = phase.seize;
    this.how[slot] = DISCARDED;
    this.batch[batchField.quiet] = quiet.flush;
  }

  private target(gfn: number, vnode: number): number {
    return this.renames ? aliasOf(this.vcpu.world.geometry, gfn, vnode) : this.vcpu.memory.take(vnode);
  }
  private isRenamed(slot: number): boolean {
    return this.how[slot] === cause.alias;
  }

  begin(gvpn: number, expected: number, source: number, destination: number): number {
    const slot = this.batch[batchField.used]!++;
    this.phase[slot] = this.holdsFirst && source !== NONE ? phase.inspect : phase.seize;
    this.afterSeize[slot] = phase.inspect;
    this.seized[slot] = 0;
    this.gvpn[slot] = gvpn;
    this.expected[slot] = expected;
    this.source[slot] = source;
    this.destination[slot] = destination;
    this.tries[slot] = 0;
    this.outcome[slot] = result.OK;
    this.how[slot] = cause.copy;
    if (this.renames && source !== NONE && destination !== NONE) {
      this.how[slot] = cause.alias;
      this.afterSeize[slot] = phase.rename;
    }
    this.waiters.fill(0, slot * this.waiterWords, (slot + 1) * this.waiterWords);
    return slot;
  }

  /** The next page of a bulk move: one look at its entry. */
  private fillBatch(context: Context): void {
    const { batch, vcpu } = this;
    const { geometry, gpt } = vcpu.world;
    const gvpn = batch[batchField.bulkNext]!;
    const vnode = batch[batchField.bulkVnode]!;
    batch[batchField.bulkNext]!++;
    batch[batchField.bulkLeft]!--;
    const entry = gpt.load(gvpn);
    const kind = pteKind(entry);
    if (kind !== pte.present && kind !== pte.hint) return;
    const gfn = ptePayload(entry);
    if (geometry.vnodeOf(gfn) === vnode) return;
    const destination = this.target(gfn, vnode);
    if (destination === NONE) {
      context.trace.balanced(vcpu.self, gvpn, gfn, NONE, cause.none, result.NOMEM);
      return;
    }
    this.begin(gvpn, entry, gfn, destination);
    batch[batchField.quiet] = quiet.flush;
  }

  private find(wanted: number): number {
    const used = this.batch[batchField.used]!;
    for (let slot = 0; slot < used; slot++) if (this.phase[slot] === wanted) return slot;
    return NONE;
  }

  /** As `find`, among the pages that are still in the page table. */
  private findMapped(wanted: number): number {
    const used = this.batch[batchField.used]!;
    for (let slot = 0; slot < used; slot++)
      if (this.phase[slot] === wanted && this.seized[slot] === 0) return slot;
    return NONE;
  }
  /** Pages wait that others may still have translations of. */
  private isAnySeized(): boolean {
    return SEIZED.some((wanted) => this.find(wanted) >= 0);
  }

  // --- the steps

  step(context: Context): void {
    const { batch } = this;
    if (batch[batchField.sealed] === 0) {
      if (this.hugePages.isGathering) return this.gatherNext(context);
      if (this.isAtRange()) {
        if (batch[batchField.used]! > 0) batch[batchField.sealed] = 1;
        else this.gatherRange();
        return;
      }
      if (batch[batchField.bulkLeft]! > 0 && batch[batchField.used]! < this.slots) {
        this.fillBatch(context);
        if (batch[batchField.bulkLeft]! > 0 || batch[batchField.used]! > 0) return;
      }
      if (batch[batchField.used] === 0) return;
      batch[batchField.sealed] = 1;
      return;
    }
    let slot: number;
    if ((slot = this.find(phase.unhint)) >= 0) this.unhint(slot, context);
    else if ((slot = this.find(phase.unhold)) >= 0) this.unhold(slot, context);
    else if (this.holdsFirst && (slot = this.findMapped(phase.inspect)) >= 0) this.inspect(slot, context);
    else if (this.holdsFirst && (slot = this.findMapped(phase.hold)) >= 0) this.hold(slot, context);
    else if ((slot = this.find(phase.seize)) >= 0) this.seize(slot, context);
    else if (batch[batchField.quiet] !== quiet.done && this.isAnySeized()) this.quiesce(context);
    else if ((slot = this.find(phase.discard)) >= 0) this.freeing.leave(slot, context);
    else if ((slot = this.find(phase.rename)) >= 0) this.install(slot, context);
    else if ((slot = this.find(phase.inspect)) >= 0) this.inspect(slot, context);
    else if ((slot = this.find(phase.hold)) >= 0) this.hold(slot, context);
    else if (this.find(phase.ask) >= 0) this.ask(context);
    else if ((slot = this.find(phase.mapSource)) >= 0) this.mapSource(slot, context);
    else if ((slot = this.find(phase.mapDestination)) >= 0) this.mapDestination(slot, context);
    else if ((slot = this.find(phase.checkPoison)) >= 0) this.freeing.checkPoison(slot, context);
    else if ((slot = this.find(phase.copy)) >= 0) this.copy(slot, context);
    else if ((slot = this.find(phase.install)) >= 0) this.install(slot, context);
    else if ((slot = this.find(phase.wipe)) >= 0) this.freeing.wipe(slot, context);
    else if ((slot = this.find(phase.poison)) >= 0) this.freeing.poison(slot, context);
    else {
      this.hugePages.settle(context);
      batch[batchField.used] = 0;
      batch[batchField.sealed] = 0;
    }
  }

  /** A bulk move has come to a range that may be a huge page: it is a batch of its own. */
  private isAtRange(): boolean {
    const { batch, hugePages } = this;
    return (
      batch[batchField.bulkLeft]! > 0 &&
      hugePages.isWhole(batch[batchField.bulkNext]!, batch[batchField.bulkLeft]!)
    );
  }
  private gatherRange(): void {
    const { batch, hugePages } = this;
    hugePages.gatherAll(batch[batchField.bulkNext]!, batch[batchField.bulkVnode]!);
    batch[batchField.bulkNext]! += hugePages.pages;
    batch[batchField.bulkLeft]! -= hugePages.pages;
  }
  private gatherNext(context: Context): void {
    if (!this.hugePages.gatherNext(this.batch[batchField.used]!, context)) return;
    this.batch[batchField.quiet] = quiet.flush;
    this.batch[batchField.sealed] = 1;
  }

  private unhint(slot: number, context: Context): void {
    const { vcpu } = this;
    const source = this.source[slot]!;
    vcpu.world.gpt.unhint(this.gvpn[slot]!, source);
    if (this.outcome[slot] !== result.OK) {
      context.trace.balanced(vcpu.self, this.gvpn[slot]!, source, NONE, cause.none, this.outcome[slot]!);
    }
    this.phase[slot] = phase.idle;
  }

  private seize(slot: number, context: Context): void {
    const { vcpu } = this;
    const gvpn = this.gvpn[slot]!;
    const source = this.source[slot]!;
    const destination = this.destination[slot]!;
    if (!vcpu.world.gpt.seize(gvpn, this.expected[slot]!, vcpu.self)) {
      // The entry changed since it was read: another vCPU was first.
      if (destination >= 0 && !this.isRenamed(slot)) vcpu.free(destination, context);
      this.phase[slot] = this.afterSeize[slot] === phase.ask ? phase.unhold : phase.idle;
      this.outcome[slot] = result.BUSY;
      if (this.isDiscarded(slot)) vcpu.again();
      return;
    }
    this.seized[slot] = 1;
    if (this.isDiscarded(slot)) {
      vcpu.world.tlbs[vcpu.self]!.flushGvpn(gvpn);
      this.phase[slot] = phase.discard;
      return;
    }
    context.trace.seized(vcpu.self, gvpn, source, destination);
    vcpu.world.tlbs[vcpu.self]!.flushGvpn(gvpn);
    if (source !== NONE) this.phase[slot] = this.afterSeize[slot]!;
    else if (destination !== NONE) this.phase[slot] = phase.mapDestination;
    else this.fail(slot, result.NOMEM, context);
  }

  /** A page is about to be unmapped, or to be looked at again where another vCPU was first. */
  get isDiscarding(): boolean {
    return this.batch[batchField.used] === 1 && this.isDiscarded(0);
  }
  private isDiscarded(slot: number): boolean {
    return this.how[slot] === DISCARDED;
  }
  private quiesce(context: Context): void {
    const { batch, vcpu } = this;
    if (batch[batchField.quiet] === quiet.check) {
      const guest = vcpu.world.geometry.vcpuGuest[vcpu.self]!;
      batch[batchField.quiet] = vcpu.world.gpt.flushPending(guest) ? quiet.flush : quiet.done;
      return;
    }
    batch[batchField.quiet] = quiet.done;
    vcpu.flushOthers(context);
  }

  private inspect(slot: number, context: Context): void {
    const { vcpu } = this;
    if (vcpu.protocol.guestAsks === 'nothing') {
      this.phase[slot] = phase.mapSource;
      return;
    }
    const { batch } = this;
    if (batch[batchField.looking] !== slot + 1) {
      batch[batchField.looking] = slot + 1;
      vcpu.view.begin(this.source[slot]!, context);
    }
    const found = vcpu.view.look(context);
    if (found === PENDING) return;
    batch[batchField.looking] = 0;
    if (found === finding.listed) {
      this.generation[slot] = vcpu.view.generation;
      if (vcpu.world.geometry.spec.policy.hold) this.phase[slot] = phase.hold;
      else this.seizeThen(slot, phase.ask);
      return;
    }
    // Whatever was asked before and refused: the guest copies it.
    this.how[slot] = cause.copy;
    this.seizeThen(slot, phase.mapSource);
  }

  private hold(slot: number, context: Context): void {
    const { pages } = this.vcpu.world;
    const held = pages.claim(
      this.source[slot]!,
      pages.table.event.detect,
      this.generation[slot]!,
      context.trace,
    );
    if (held >= 0) this.seizeThen(slot, phase.ask);
    else this.lookAgain(slot, result.STALE, context);
  }
  /** Goes on to `wanted`, by way of `seize` where the page is still in the page table. */
  private seizeThen(slot: number, wanted: number): void {
    this.afterSeize[slot] = wanted;
    this.phase[slot] = this.seized[slot] === 0 ? phase.seize : wanted;
  }
  /** A hold that came to nothing: another vCPU has changed the page's entry in the page table. */
  private unhold(slot: number, context: Context): void {
    const { pages } = this.vcpu.world;
    pages.claim(this.source[slot]!, pages.table.event.cancel, this.generation[slot]!, context.trace);
    this.phase[slot] = phase.idle;
  }

  /** What the list said is no longer so. A bounded number of times: somebody may be playing ping-pong. */
  private lookAgain(slot: number, why: number, context: Context): void {
    this.tries[slot]!++;
    if (this.tries[slot]! < this.vcpu.world.geometry.spec.policy.attempts) this.phase[slot] = phase.inspect;
    else this.fail(slot, why, context);
  }

  private ask(context: Context): void {
    const { vcpu } = this;
    const sent: number[] = [];
    for (let slot = 0; slot < this.batch[batchField.used]!; slot++) {
      if (this.phase[slot] !== phase.ask) continue;
      const request = vcpu.self * this.slots + slot;
      this.phase[slot] = phase.asked;
      this.how[slot] = cause.request;
      const kind = requestKinds.indexOf(vcpu.protocol.guestAsks as (typeof requestKinds)[number]);
      const { source, destination, generation } = this;
      vcpu.draft(request, kind, source[slot]!, destination[slot]!, generation[slot]!, context);
      sent.push(request);
    }
    vcpu.ask(sent, context);
  }

  /** All answers are in. */
  answered(context: Context): void {
    const { requests } = this.vcpu.world;
    for (let slot = 0; slot < this.batch[batchField.used]!; slot++) {
      if (this.phase[slot] !== phase.asked) continue;
      const outcome = requests.result[this.vcpu.self * this.slots + slot]!;
      if (isDone(outcome)) this.phase[slot] = phase.install;
      else if (outcome === result.STALE || outcome === result.BUSY) this.lookAgain(slot, outcome, context);
      else this.fail(slot, outcome, context);
    }
  }

  mapSource(slot: number, context: Context): void {
    const { vcpu } = this;
    const { ept, tlbs } = vcpu.world;
    const source = this.source[slot]!;
    const found = ept.walk(source, false);
    if (found !== 0) {
      tlbs[vcpu.self]!.kmap(KMAP_SOURCE, source, found);
      context.trace.tlbFill(vcpu.self, source, found >>> 1, 0);
      this.phase[slot] = phase.mapDestination;
    } else if (vcpu.protocol.guestAsks === 'nothing') vcpu.fault(source, false, purpose.balance, context);
    else this.lookAgain(slot, result.STALE, context);
  }

  private mapDestination(slot: number, context: Context): void {
    const { vcpu } = this;
    const { ept, tlbs } = vcpu.world;
    const destination = this.destination[slot]!;
    const found = ept.walk(destination, true);
    if (found === 0) {
      vcpu.fault(destination, true, purpose.prepare, context);
      return;
    }
    tlbs[vcpu.self]!.kmap(KMAP_DESTINATION, destination, found);
    context.trace.tlbFill(vcpu.self, destination, found >>> 1, 1);
    this.phase[slot] = vcpu.memory.isWiped(destination) ? phase.checkPoison : phase.copy;
  }

  private copy(slot: number, context: Context): void {
    const { vcpu } = this;
    const { tlbs, transfer, geometry } = vcpu.world;
    const source = this.source[slot]!;
    const destination = this.destination[slot]!;
    const tlb = tlbs[vcpu.self]!;
    const to = tlb.kmapped(KMAP_DESTINATION, destination) >>> 1;
    if (source === NONE) {
      if (to === 0) return this.mapAgain(slot, phase.mapDestination, context);
      context.trace.zeroed(NONE, destination, to);
      transfer.clear(to);
      context.spend(vcpu.costs.clearPageNs);
      this.phase[slot] = phase.install;
      return;
    }
    const from = tlb.kmapped(KMAP_SOURCE, source) >>> 1;
    if (from === 0 || to === 0) return this.mapAgain(slot, phase.mapSource, context);
    const node = geometry.vcpuNode[vcpu.self]!;
    context.trace.dataIn(NONE, source, 0, from, to, cause.copy, node);
    if (!transfer.copyPage(from, to)) context.trace.stray(NONE, to);
    const local = geometry.homeOf(from) === geometry.homeOf(to);
    context.spend(local ? vcpu.costs.copyPageLocalNs : vcpu.costs.copyPageRemoteNs);
    this.phase[slot] = phase.install;
  }

  /** Shot down since it was mapped: the host has taken it. Under thrashing that could go on for ever, so it is bounded. */
  mapAgain(slot: number, from: number, context: Context): void {
    this.tries[slot]!++;
    if (this.source[slot] === NONE || this.tries[slot]! < this.vcpu.world.geometry.spec.policy.attempts) {
      this.phase[slot] = from;
    } else this.fail(slot, result.BUSY, context);
  }
  private fail(slot: number, why: number, context: Context): void {
    this.outcome[slot] = why;
    if (this.seized[slot] === 1) {
      this.phase[slot] = phase.install;
      return;
    }
    // Given up while it is still mapped: it only loses its mark.
    const destination = this.destination[slot]!;
    if (destination !== NONE) this.vcpu.free(destination, context);
    this.phase[slot] = phase.unhint;
  }
  /** The page being copied turned out to be lost. */
  machineCheck(gfn: number, context: Context): void {
    for (let slot = 0; slot < this.batch[batchField.used]!; slot++) {
      const touched = this.source[slot] === gfn || this.destination[slot] === gfn;
      if (!touched || this.phase[slot] === phase.idle) continue;
      // A Gfn whose page is lost is not used for another (as the kernel takes a poisoned page out of its allocator).
      if (this.destination[slot] === gfn) this.destination[slot] = NONE;
      // Nor is it filled with poison: it was free already, and stays out of the allocator.
      if (this.gvpn[slot] === NONE) {
        this.phase[slot] = phase.idle;
        continue;
      }
      this.fail(slot, result.EIO, context);
    }
  }

  /** Another vCPU wants to know when the migration of a page has ended. */
  awaited(gvpn: number, who: number, context: Context): void {
    for (let slot = 0; slot < this.batch[batchField.used]!; slot++) {
      if (this.seized[slot] === 1 && this.phase[slot] !== phase.idle && this.gvpn[slot] === gvpn) {
        this.waiters[slot * this.waiterWords + (who >> 5)]! |= 1 << (who & 31);
        return;
      }
    }
    context.send(who, message.migrated, this.vcpu.self, gvpn);
  }

  private install(slot: number, context: Context): void {
    const { vcpu } = this;
    const gvpn = this.gvpn[slot]!;
    const source = this.source[slot]!;
    const destination = this.destination[slot]!;
    const outcome = this.outcome[slot]!;
    const done = outcome === result.OK;
    context.trace.balanced(vcpu.self, gvpn, source, destination, this.how[slot]!, outcome);
    vcpu.world.gpt.install(gvpn, done ? destination : source);
    // Another name of the same page frees nothing.
    this.freeing.release(slot, this.isRenamed(slot) ? NONE : done ? source : destination, context);
    this.wakeWaiters(slot, gvpn, context);
  }

  wakeWaiters(slot: number, gvpn: number, context: Context): void {
    const { vcpu } = this;
    for (let word = 0; word < this.waiterWords; word++) {
      for (let bits = this.waiters[slot * this.waiterWords + word]!; bits !== 0; bits &= bits - 1) {
        context.send(word * 32 + 31 - Math.clz32(bits & -bits), message.migrated, vcpu.self, gvpn);
      }
      this.waiters[slot * this.waiterWords + word] = 0;
    }
  }
}
