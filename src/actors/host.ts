// The host: decides what becomes of each page. It turns faults, balance requests and its own wish for free frames into
// operations, one at a time per page, asks the protocol for each one's plan, and carries the plan out a step per turn.
// Its code runs on the CPU that needs it, so it adds latency but never queues.
//
// A request waits for nobody: if the page is busy it is refused, and the guest looks again. A fault waits for whatever
// has the page and is then resumed; the vCPU walks its tables anew and faults again if it must (mmu_invalidate_retry).
import type { Actor, Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { VACANT } from '../memory/page-words.ts';
import type { Costs } from '../model/cost.ts';
import { NOWHERE, type Geometry } from '../model/geometry.ts';
import { message, type Message } from '../model/messages.ts';
import { cause, operationKind, purpose, result } from '../model/words.ts';
import type { Plan, Protocol } from '../protocols/protocol.ts';
import { assert } from '../stdx/assert.ts';
import { Alias, residence } from './alias.ts';
import { Calls } from './calls.ts';
import { Chain } from './chain.ts';
import { atOnce, HostCommands } from './commands.ts';
import { Exporter } from './exporter.ts';
import { GivenBack } from './given-back.ts';
import { Holds } from './holds.ts';
import { HostPages } from './host-pages.ts';
import { MovingOut } from './moving-out.ts';
import { Once, tellingOf } from './once.ts';
import { PlanInterpreter } from './plan-interpreter.ts';
import { Prefetch, prefetchBound } from './prefetch.ts';
import { Reclaim } from './reclaim.ts';
import { References } from './references.ts';
import { Relocation, relocationBound } from './relocation.ts';
import { Requests } from './requests.ts';
import { type Begin, SwapCache } from './swap-cache.ts';
import { Swapoff } from './swapoff.ts';

/** Operation records that a host can need at once: a fault, a command and a batch of requests for each vCPU, a drop for
 * each request, reclaim's with a clean copy given up for each, memory tiering's, and the prefetches. */
export function operationBound(geometry: Geometry): number {
  const { batch, policy } = geometry.spec;
  const { freePageReporting = false, hugePages = 1 } = policy.guest ?? {};
  const reports = (freePageReporting ? geometry.vcpus : 0) + geometry.vcpus * (hugePages - 1);
  return (
    geometry.vcpus * (2 * batch + 2) +
    reports +
    2 * geometry.nodes * policy.reclaimBatch +
    relocationBound(geometry) +
    prefetchBound(geometry)
  );
}

/** By purpose of the touch that faulted. */
const CAUSE_OF_FAULT = [cause.demand, cause.balance, cause.prepare];

/** Why reclaim moves pages out, mapped or not. */
const RECLAIMS: readonly number[] = [cause.pressure, cause.induced, cause.idle, cause.advice];

/** Stands for the plan that a swap-out has before the page's age is known. */
const AGE = 'age';

export class Host implements Actor {
  readonly world: World;
  readonly protocol: Protocol;
  readonly pages: HostPages;
  readonly interpreter: PlanInterpreter;
  readonly reclaim: Reclaim;
  private readonly commands: HostCommands;
  readonly cache: SwapCache;
  readonly references: References;
  readonly chain: Chain;
  readonly relocation: Relocation;
  private readonly holds: Holds;
  private readonly swapoff: Swapoff;
  readonly requests: Requests;
  private readonly movingOut: MovingOut;
  private readonly prefetch: Prefetch;
  readonly givenBack: GivenBack;
  private readonly alias: Alias;
  /** Null where the hypervisor keeps the moved lists. */
  readonly exporter: Exporter | null;
  /** Gfn + 1 that a vCPU's fault waits for; 0 = it has none here. */
  readonly faultAwaits: Int32Array;
  /** By vCPU whose fault waits: which of those that wait for the page came first, counted from 1. */
  private readonly faultTurn: Int32Array;
  /** What was heard of each vCPU's faults; and how the last fault of a vCPU ended. */
  readonly faultsHeard: Once;
  private readonly faultOutcome: Int32Array;
  readonly calls: Calls;

  constructor(arena: Arena, world: World, protocol: Protocol, costs: Costs) {
    this.world = world;
    this.protocol = protocol;
    this.faultAwaits = arena.int32(world.geometry.vcpus);
    this.faultTurn = arena.int32(world.geometry.vcpus);
    this.faultsHeard = new Once(arena, world.geometry.vcpus, tellingOf(world.geometry.spec));
    this.faultOutcome = arena.int32(world.geometry.vcpus);
    this.calls = new Calls(arena, world);
    this.pages = new HostPages(arena, world);
    this.alias = new Alias(this, world);
    const begin: Begin = (...operation) => this.begin(...operation);
    this.chain = new Chain(arena, world, this.pages);
    this.requests = new Requests(arena, this);
    this.movingOut = new MovingOut(this);
    this.prefetch = new Prefetch(arena, this);
    this.cache = new SwapCache(world, protocol, this.pages, this.chain, begin);
    this.references = new References(arena, world, protocol, this.pages, this.cache, begin, (slot) =>
      this.interpreter.willFree(slot),
    );
    this.givenBack = new GivenBack(arena, world, this.pages, (gfn, context) =>
      this.dropPage(gfn, cause.advice, context),
    );
    const { references } = this;
    this.commands = new HostCommands(
      arena,
      world,
      this.pages,
      {
        ...this.givenBack.commands,
        pageout: (gfn, _vcpu, whole, context) => this.movingOut.pageOut(gfn, whole, context),
        share: (gfn, vcpu, _parameter, context) => references.share(gfn, vcpu, context),
        unshare: (gfn, vcpu, _parameter, context) => references.unshare(gfn, vcpu, context),
        pin: (gfn, _vcpu, _parameter, context) => references.pin(gfn, context),
        unpin: (gfn, _vcpu, _parameter, context) =>
          this.alias.unpinned(gfn, references.unpin(gfn, context), context),
        promote: (gfn, _vcpu, _parameter, context) => this.relocation.promote(gfn, context),
        'migrate-host': (gfn, _vcpu, node, context) => this.relocation.migrate(gfn, node, context),
        swapoff: (_gfn, vcpu, store, context) => this.swapoff.begin(store, vcpu, context),
        writeback: (gfn, _vcpu, _parameter, context) => this.relocation.writeBack(gfn, context),
        hold: (gfn, _vcpu, _parameter, context) => this.holdFor(gfn, context),
        free: () => atOnce(result.EINVAL),
        forge: () => atOnce(result.EINVAL),
        repin: (gfn, _vcpu, node, context) => this.repin(gfn, node, context),
      },
      (kind, gfn, outcome, context) => this.givenBack.ended(kind, gfn, outcome, context),
    );
    this.holds = new Holds(arena, world, this.pages, (gfn, context) => this.wake(gfn, result.OK, context));
    this.relocation = new Relocation(arena, world, this.pages, this.cache, this.chain, protocol, begin);
    this.swapoff = new Swapoff(arena, world, this.pages, this.chain, {
      bringIn: (gfn, state, context) =>
        this.relocation.bringIn(gfn, state, this.pages.pinOf(gfn), cause.swapoff, context),
      relocate: (gfn, home, context) => this.relocation.relocate(gfn, home, cause.swapoff, context),
      trim: (home, context) => this.cache.trim(home, context),
      awaits: (gfn, context) => this.holds.awaits(gfn, context),
      answer: (vcpu, outcome, context) => this.commands.answer(vcpu, outcome, context),
    });
    this.reclaim = new Reclaim(arena, world, this.pages, this.chain, (gfn, because, context) => {
      if (this.cache.isCached(gfn)) this.cache.trimFrame(gfn, because, context);
      else this.begin(operationKind['swap-out'], gfn, because, AGE, context);
    });
    this.exporter =
      world.listPolicy.owner === 'host' ? new Exporter(arena, world, costs, world.geometry.host) : null;
    this.interpreter = new PlanInterpreter(world, this.pages, this.chain, this.reclaim, this.calls, costs, {
      ended: (operation, context) => this.ended(operation, context),
      aged: (operation, context) => this.movingOut.aged(operation, context),
      drop: (operation, gfn, context) => this.drop(operation, gfn, context),
      trim: (home, context) => this.cache.trim(home, context),
      moveOut: (operation, home, context) => this.movingOut.moveOut(operation, home, context),
      stay: (operation, context) => this.alias.stay(operation, context),
    });
  }
  start(): void {
    this.pages.reset();
    this.reclaim.reset();
  }

  settle(operations: readonly number[]): void {
    this.calls.settle(operations);
    this.pages.settle(operations);
    this.reclaim.settle();
    this.exporter?.settle();
    this.holds.settle();
  }

  /** Where a Gfn's content is: for checks at rest. */
  locationOf(gfn: number): number {
    return this.pages.locationOf(residence(this.world, this.pages, gfn));
  }

  receive(incoming: Message, context: Context): void {
    switch (incoming.kind) {
      case message.fault:
        if (this.isNewFault(incoming, context)) this.onFault(incoming.id, context);
        return;
      case message.request:
        if (this.requests.isNew(incoming, context)) this.requests.onRequest(incoming.id, context);
        return;
      case message.command:
        this.commands.receive(incoming.id, context);
        return;
      case message.tick:
        this.reclaim.tick(context);
        this.relocation.tick(context);
        this.holds.tick(context);
        context.send(this.world.geometry.hypervisor, message.tick, incoming.id);
        return;
      case message.turn:
        this.interpreter.turn(incoming.id, context);
        return;
      case message.export:
      case message.retire:
        // A call to itself: the first to come of what was said is the call and its answer, and closes it.
        if (this.calls.close(incoming)) this.keepList(incoming, context);
        return;
      case message.publish:
        this.exporter!.publish(incoming.id, context);
        return;
      case message.listTaken:
        this.exporter!.takenBy(incoming.id, context);
        return;
      case message.listWanted:
        this.exporter!.wantedBy(incoming.id, context);
        return;
      case message.done:
        if (this.calls.close(incoming)) this.interpreter.done(incoming.id, context);
        return;
      case message.timeout:
        this.calls.timeout(incoming, context);
        return;
      case message.recover:
        this.recover(incoming.serial, context);
        return;
      case message.look:
        this.holds.look(context);
        return;
      case message.reclaim:
        this.movingOut.reclaim(incoming.id, context);
        return;
      case message.drain:
        this.swapoff.step(context);
        return;
    }
  }

  private keepList({ kind, id, argument }: Message, context: Context): void {
    const generation = this.world.operations.generation[id]!;
    if (kind === message.export) this.exporter!.insert(argument, generation, context);
    else this.exporter!.remove(argument, generation, context);
    this.interpreter.done(id, context);
  }

  // --- what may be told twice, and a hypervisor that forgot

  /** A fault that was heard before is resumed again if it was; that the vCPU faults again is a new one. */
  private isNewFault({ id, serial }: Message, context: Context): boolean {
    const heard = this.faultsHeard.hear(id, serial);
    const { hypervisor } = this.world.geometry;
    if (heard === 'done') context.send(hypervisor, message.resume, id, this.faultOutcome[id], 0, serial);
    return heard === 'new';
  }
  private recover(serial: number, context: Context): void {
    const { geometry, recovery } = this.world;
    recovery.generation.set(this.pages.listed);
    this.requests.heard.copyTo(recovery.requestSerial);
    this.calls.forgottenBy(geometry.hypervisor, recovery.callSerial);
    context.send(geometry.hypervisor, message.recovered, 0, 0, 0, serial);
  }

  // --- faults

  private onFault(vcpu: number, context: Context): void {
    const { faults, pages: words, geometry } = this.world;
    const gfn = faults.gfn[vcpu]!;
    const operation = this.pages.operationOn(gfn);
    this.waitAt(vcpu, gfn);
    if (operation >= 0) {
      // Written to while it is being written out: the swap-out is off (race 5). It notices at its next step.
      const { kind } = this.world.operations;
      if (faults.write[vcpu] === 1 && kind[operation]! - 1 === operationKind['swap-out']) {
        words.attempt(gfn, words.table.event.touch, -1, false, context.trace);
      }
      this.notPresent(vcpu, context);
      return;
    }
    if (this.givenBack.isGone(gfn)) return this.resume(vcpu, result.EIO, context);
    const { protocol, cache } = this;
    const write = faults.write[vcpu] === 1;
    const because = CAUSE_OF_FAULT[faults.purpose[vcpu]!]!;
    if (this.alias.takes(vcpu, gfn, because, context)) return;
    const state = words.state(gfn);
    const s = words.table.state;
    let plan: Plan;
    switch (state) {
      case VACANT:
        plan = protocol.firstTouch;
        break;
      case s['swapped.stored']:
      case s['listed.exported']:
        plan = cache.planFor(gfn, 'swapIn', write);
        break;
      case s['swapped.cached']:
        this.world.operations.node[cache.adopt(gfn, because, write, context)] = geometry.vcpuNode[vcpu]!;
        return;
      case s['listed.held']:
      case s['remapped.held']:
        // Claimed by the guest: bringing it back to the source would be a copy-back. Its page table will tell the vCPU.
        // Or, by policy, the fault waits here for the hold's end and is then looked at again.
        if (this.meetsHold(vcpu, gfn, context)) return;
        plan = cache.planFor(gfn, state === s['listed.held'] ? 'swapIn' : 'touchRemapped', write);
        break;
      case s['remapped.mapped']:
        plan = cache.planFor(gfn, 'touchRemapped', write);
        break;
      case s['resident.present']:
        if (!write || !cache.isClean(gfn)) {
          this.resume(vcpu, result.OK, context);
          return;
        }
        plan = protocol.dirtied;
        break;
      case s.poisoned:
        this.resume(vcpu, result.EIO, context);
        return;
      default:
        // Resolved since the vCPU walked its tables.
        this.resume(vcpu, result.OK, context);
        return;
    }
    const begun = this.begin(operationKind.fault, gfn, because, plan, context);
    this.world.operations.node[begun] = geometry.vcpuNode[vcpu]!;
    if (geometry.spec.policy.unpinned) this.world.operations.home[begun] = geometry.vcpuNode[vcpu]!;
    // Nothing is read for a page that is new, or that is there and only read-only.
    if (state !== VACANT && state !== s['resident.present']) this.notPresent(vcpu, context);
  }

  /** A vCPU's fault is about a page that it may have to wait for. */
  waitAt(vcpu: number, gfn: number): void {
    let turn = 1;
    this.faultAwaits[vcpu] = 0;
    for (let other = 0; other < this.faultAwaits.length; other++)
      if (this.faultAwaits[other] === gfn + 1) turn = Math.max(turn, this.faultTurn[other]! + 1);
    this.faultAwaits[vcpu] = gfn + 1;
    this.faultTurn[vcpu] = turn;
  }
  private firstAwaiting(gfn: number): number {
    let first = -1;
    for (let vcpu = 0; vcpu < this.faultAwaits.length; vcpu++) {
      if (this.faultAwaits[vcpu] !== gfn + 1) continue;
      if (first < 0 || this.faultTurn[vcpu]! < this.faultTurn[first]!) first = vcpu;
    }
    return first;
  }

  /** @returns whether the fault has to do with the hold as it is, by policy; else it may end it */
  meetsHold(vcpu: number, gfn: number, context: Context): boolean {
    const { heldFault } = this.world.geometry.spec.policy;
    if (heldFault === 'convert') return false;
    this.waitAt(vcpu, gfn);
    if (heldFault === 'block') this.holds.awaits(gfn, context);
    else {
      this.holds.met(context);
      this.resume(vcpu, result.BUSY, context);
    }
    return true;
  }

  /** The fault waits for something: the vCPU need not, if the guest can do without it and it is not the kernel's own. */
  notPresent(vcpu: number, context: Context): void {
    const { faults, geometry } = this.world;
    if (geometry.spec.policy.guest?.asyncFaults !== true || faults.purpose[vcpu] !== purpose.access) return;
    context.send(geometry.hypervisor, message.notPresent, vcpu, faults.token[vcpu]);
  }

  resume(vcpu: number, outcome: number, context: Context): void {
    this.faultAwaits[vcpu] = 0;
    this.faultTurn[vcpu] = 0;
    this.faultOutcome[vcpu] = outcome;
    this.faultsHeard.done(vcpu);
    const serial = this.faultsHeard.serialOf(vcpu);
    context.send(this.world.geometry.hypervisor, message.resume, vcpu, outcome, 0, serial);
  }

  // --- operations

  /** Starts an operation on a page that has none. @returns its record */
  begin(
    kind: number,
    gfn: number,
    because: number,
    plan: Plan | typeof AGE,
    context: Context,
    destination = gfn,
  ): number {
    const { operations, pages: words } = this.world;
    const operation = this.pages.takeRecord();
    assert(operation >= 0, 'no operation record left: the bound on operations is wrong');
    const location = this.pages.locationOf(gfn);
    const generation = words.generation(gfn);
    operations.kind[operation] = kind + 1;
    operations.gfn[operation] = gfn;
    operations.destination[operation] = destination;
    operations.generation[operation] = generation;
    // As the host remembers it: what the header of a location says is only believed where the two agree.
    operations.headerGfn[operation] = gfn;
    operations.headerGeneration[operation] = generation;
    operations.cause[operation] = because;
    operations.from[operation] = location;
    operations.to[operation] = NOWHERE;
    operations.home[operation] = this.pages.pinOf(gfn);
    operations.node[operation] = this.pages.pinOf(gfn);
    operations.request[operation] = -1;
    operations.outcome[operation] = result.OK;
    operations.carried[operation] = -1;
    operations.failures[operation] = 0;
    operations.parent[operation] = 0;
    operations.copy[operation] = 0;
    this.pages.lock(gfn, operation);
    if (plan === AGE) {
      this.interpreter.age(operation, context);
      return operation;
    }
    if (this.pages.isMoved(gfn)) operations.headerGeneration[operation] = this.pages.stamps[location]!;
    context.trace.began(operation, kind, gfn, destination, because);
    this.interpreter.follow(operation, plan, context);
    return operation;
  }

  /** The destination Gfn of a balance is still backed: that page is dropped before the other may come. */
  private drop(parent: number, gfn: number, context: Context): boolean {
    const operation = this.dropPage(gfn, cause.request, context);
    if (operation < 0) return false;
    this.world.operations.parent[operation] = parent + 1;
    return true;
  }
  private dropPage(gfn: number, because: number, context: Context): number {
    const { pages: words } = this.world;
    const state = words.state(gfn);
    if (state === VACANT) return -1;
    if (this.pages.pinned[gfn] === 1) return -1;
    const s = words.table.state;
    const { protocol } = this;
    const plan = state === s['resident.present'] ? protocol.dropResident : protocol.dropMoved;
    return this.begin(operationKind.drop, gfn, because, plan, context);
  }

  /** As a guest does that detects the page and is heard of no more: the claim is not the host's own. */
  private holdFor(gfn: number, context: Context): number {
    const { pages: words } = this.world;
    const held = words.claim(gfn, words.table.event.detect, words.generation(gfn), context.trace);
    if (held < 0) return atOnce(result.STALE);
    this.holds.met(context);
    return atOnce(result.OK);
  }

  /** mbind: where the vNode's pages go from now on. What is in frames stays there; requests under way are looked at again. */
  private repin(gfn: number, node: number, context: Context): number {
    const { geometry } = this.world;
    if (node >= geometry.nodes || !geometry.spec.nodes[node]!.hasCpus) return atOnce(result.EINVAL);
    const vnode = geometry.vnodeOf(gfn);
    this.pages.repin(vnode, node);
    context.trace.repinned(vnode, node);
    return atOnce(result.OK);
  }

  private ended(operation: number, context: Context): void {
    const { operations } = this.world;
    const kind = operations.kind[operation]! - 1;
    const gfn = operations.gfn[operation]!;
    const destination = operations.destination[operation]!;
    const outcome = operations.outcome[operation]!;
    const because = operations.cause[operation]!;
    const request = operations.request[operation]!;
    const parent = operations.parent[operation]!;
    const node = operations.node[operation]!;
    const from = operations.from[operation]!;
    const copied = operations.copy[operation] === 1;
    const moves = kind === operationKind.balance || kind === operationKind.alias;
    const at = moves && outcome === result.OK ? destination : gfn;
    context.trace.ended(operation, kind, at, this.pages.locationOf(at), because, outcome);
    this.pages.unlock(gfn);
    if (destination !== gfn && this.pages.operationOn(destination) === operation)
      this.pages.unlock(destination);
    // Whoever is woken below may begin an operation, and be given this record.
    this.pages.giveRecord(operation);
    this.references.ended(operation, gfn, outcome, context);
    this.commands.ended(operation, outcome, context);
    this.relocation.ended(operation);
    this.swapoff.ended(operation, outcome, context);
    if (kind === operationKind.balance) {
      if (outcome === result.OK) this.requests.answer(request, copied ? result.CACHED : outcome, context);
      else this.requests.refuse(request, outcome, context);
    }
    if (parent > 0) {
      this.pages.lock(gfn, parent - 1);
      this.interpreter.proceed(parent - 1, context);
    }
    // A page that could not be written out is still where it was; one that could not be read is lost.
    const lost = outcome === result.EIO && kind !== operationKind['swap-out'];
    this.wake(gfn, lost ? outcome : result.OK, context);
    if (destination !== gfn) this.wake(destination, result.OK, context);
    if (kind === operationKind.prefetch) this.prefetch.ended();
    if (copied && kind === operationKind.trim) this.reclaimed(from, because, true, context);
    const reclaimed = kind === operationKind['host-migrate'] && RECLAIMS.includes(because);
    if (kind === operationKind['swap-out'] || reclaimed)
      this.reclaimed(from, because, outcome === result.OK, context);
    if (kind === operationKind.fault && outcome === result.OK && from !== NOWHERE) {
      this.prefetch.following(gfn, node, context);
      // Nothing was read where the swap cache had it.
      if (!copied) this.prefetch.readAhead(gfn, from, context);
    }
  }

  reclaimed(from: number, because: number, moved: boolean, context: Context): void {
    this.reclaim.ended(from, because, moved, context);
    // It had a claim on the stores' room, which all nodes share.
    this.interpreter.room.makeRoom(context);
  }

  /** Whoever waited for the page goes on, in the order in which they came to wait. */
  wake(gfn: number, outcome: number, context: Context): void {
    for (let vcpu = this.firstAwaiting(gfn); vcpu >= 0; vcpu = this.firstAwaiting(gfn))
      this.resume(vcpu, outcome, context);
    this.commands.pageIsFree(gfn, context);
    this.swapoff.pageIsFree(context);
    this.holds.pageIsFree(gfn, context);
    this.interpreter.pageIsFree(gfn, context);
  }
}
