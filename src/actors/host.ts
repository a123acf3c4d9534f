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
import { cause, operationKind, requestKinds, result, results } from '../model/words.ts';
import type { Plan, Protocol } from '../protocols/protocol.ts';
import { assert } from '../stdx/assert.ts';
import { Exporter } from './exporter.ts';
import { HostPages } from './host-pages.ts';
import { PlanInterpreter } from './plan-interpreter.ts';
import { Reclaim } from './reclaim.ts';

/** Prefetches that may be in flight at once: beyond that the host does not bother. */
export function prefetchBound(geometry: Geometry): number {
  return geometry.vcpus * geometry.spec.policy.prefetch;
}

/** Operation records that a host can need at once: a fault and a batch of requests for each vCPU, a drop for each
 * request, reclaim's, and the prefetches. */
export function operationBound(geometry: Geometry): number {
  const { batch, policy } = geometry.spec;
  return geometry.vcpus * (2 * batch + 1) + geometry.nodes * policy.reclaimBatch + prefetchBound(geometry);
}

/** By purpose of the touch that faulted. */
const CAUSE_OF_FAULT = [cause.demand, cause.balance, cause.prepare];

/** Stands for the plan that a swap-out has before the page's age is known. */
const AGE = 'age';

export class Host implements Actor {
  private readonly world: World;
  private readonly protocol: Protocol;
  private readonly pages: HostPages;
  private readonly interpreter: PlanInterpreter;
  private readonly reclaim: Reclaim;
  /** Null where the hypervisor keeps the moved lists. */
  private readonly exporter: Exporter | null;
  /** Gfn + 1 that a vCPU's fault waits for; 0 = it has none here. */
  private readonly faultAwaits: Int32Array;
  /** Prefetches in flight, in the only element. */
  private readonly prefetching: Int32Array;

  constructor(arena: Arena, world: World, protocol: Protocol, costs: Costs) {
    this.world = world;
    this.protocol = protocol;
    this.faultAwaits = arena.int32(world.geometry.vcpus);
    this.prefetching = arena.int32(1);
    this.pages = new HostPages(arena, world);
    this.reclaim = new Reclaim(arena, world, this.pages, (gfn, because, context) => {
      this.begin(operationKind['swap-out'], gfn, because, AGE, context);
    });
    this.exporter =
      world.listPolicy.owner === 'host' ? new Exporter(arena, world, costs, world.geometry.host) : null;
    this.interpreter = new PlanInterpreter(world, this.pages, this.reclaim, costs, {
      ended: (operation, context) => this.ended(operation, context),
      aged: (operation, context) => this.aged(operation, context),
      drop: (operation, gfn, context) => this.drop(operation, gfn, context),
    });
  }
  start(): void {
    this.reclaim.reset();
  }

  /** Where a Gfn's content is: for checks at rest. */
  locationOf(gfn: number): number {
    return this.pages.locationOf(gfn);
  }

  receive(incoming: Message, context: Context): void {
    switch (incoming.kind) {
      case message.fault:
        this.onFault(incoming.id, context);
        return;
      case message.request:
        this.onRequest(incoming.id, context);
        return;
      case message.tick:
        this.reclaim.tick(context);
        context.send(this.world.geometry.hypervisor, message.tick, incoming.id);
        return;
      case message.turn:
        this.interpreter.turn(incoming.id, context);
        return;
      case message.export:
        this.exporter!.insert(incoming.argument, this.world.operations.generation[incoming.id]!, context);
        this.interpreter.done(incoming.id, context);
        return;
      case message.retire:
        this.exporter!.remove(incoming.argument, this.world.operations.generation[incoming.id]!, context);
        this.interpreter.done(incoming.id, context);
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
        this.interpreter.done(incoming.id, context);
        return;
    }
  }

  // --- faults

  private onFault(vcpu: number, context: Context): void {
    const { faults, pages: words, geometry } = this.world;
    const gfn = faults.gfn[vcpu]!;
    const operation = this.pages.operationOn(gfn);
    this.faultAwaits[vcpu] = gfn + 1;
    if (operation >= 0) {
      // Written to while it is being written out: the swap-out is off (race 5). It notices at its next step.
      const { kind } = this.world.operations;
      if (faults.write[vcpu] === 1 && kind[operation]! - 1 === operationKind['swap-out']) {
        words.attempt(gfn, words.table.event.touch, -1, false, context.trace);
      }
      return;
    }
    const { protocol } = this;
    const state = words.state(gfn);
    const s = words.table.state;
    let plan: Plan;
    switch (state) {
      case VACANT:
        plan = protocol.firstTouch;
        break;
      case s['swapped.stored']:
      case s['listed.exported']:
        plan = protocol.swapIn;
        break;
      case s['listed.held']:
      case s['remapped.held']:
        // Claimed by the guest: bringing it back to the source would be a copy-back. Its page table will tell the vCPU.
        if (geometry.spec.policy.heldFault === 'refuse') {
          this.resume(vcpu, result.BUSY, context);
          return;
        }
        plan = state === s['listed.held'] ? protocol.swapIn : protocol.touchRemapped;
        break;
      case s['remapped.mapped']:
        plan = protocol.touchRemapped;
        break;
      case s.poisoned:
        this.resume(vcpu, result.EIO, context);
        return;
      default:
        // Resolved since the vCPU walked its tables.
        this.resume(vcpu, result.OK, context);
        return;
    }
    const because = CAUSE_OF_FAULT[faults.purpose[vcpu]!]!;
    const begun = this.begin(operationKind.fault, gfn, because, plan, context);
    this.world.operations.node[begun] = geometry.vcpuNode[vcpu]!;
  }

  private resume(vcpu: number, outcome: number, context: Context): void {
    this.faultAwaits[vcpu] = 0;
    context.send(this.world.geometry.hypervisor, message.resume, vcpu, outcome);
  }

  /** The host brings back the Gfns that follow one that was just wanted, if it finds them moved. */
  private prefetch(gfn: number, node: number, context: Context): void {
    const { geometry } = this.world;
    const end = Math.min(
      gfn + geometry.spec.policy.prefetch,
      geometry.vnodeGfn[geometry.vnodeOf(gfn) + 1]! - 1,
    );
    for (let next = gfn + 1; next <= end; next++) {
      if (!this.pages.isMoved(next) || this.pages.operationOn(next) >= 0) continue;
      if (this.prefetching[0] === prefetchBound(geometry)) return;
      const begun = this.begin(operationKind.prefetch, next, cause.prefetch, this.protocol.swapIn, context);
      this.prefetching[0]!++;
      this.world.operations.node[begun] = node;
    }
  }

  // --- balance requests (460)

  private onRequest(request: number, context: Context): void {
    const { requests, geometry, operations } = this.world;
    const source = requests.source[request]!;
    const destination = requests.destination[request]!;
    if (this.pages.operationOn(source) >= 0) return this.refuse(request, result.BUSY, context);
    const { spec } = geometry;
    const node = geometry.pinOf(destination);
    const plan = this.protocol.plan(
      { kind: requestKinds[requests.kind[request]!]! },
      { at: this.pages.kindOf(source) },
      {
        destinationBacked:
          this.pages.locationOf(destination) !== NOWHERE || this.pages.operationOn(destination) >= 0,
        destinationRoom: this.pages.free[node]!,
      },
    );
    if (typeof plan === 'string') return this.refuse(request, results.indexOf(plan), context);
    const operation = this.begin(operationKind.balance, source, cause.request, plan, context, destination);
    operations.request[operation] = request;
    operations.home[operation] = node;
    operations.node[operation] = geometry.vcpuNode[Math.floor(request / spec.batch)]!;
    if (this.pages.operationOn(destination) < 0) this.pages.lock(destination, operation);
  }

  private refuse(request: number, outcome: number, context: Context): void {
    const { requests, pages: words } = this.world;
    // The guest's hold ends with its request; the page is listed as before.
    words.attempt(
      requests.source[request]!,
      words.table.event.cancel,
      requests.generation[request]!,
      false,
      context.trace,
    );
    this.answer(request, outcome, context);
  }

  private answer(request: number, outcome: number, context: Context): void {
    const { requests, geometry } = this.world;
    const { source, destination, generation, kind, table } = requests;
    requests.result[request] = outcome;
    requests.step(request, outcome === result.OK ? table.event.complete : table.event.refuse, context.trace);
    context.trace.answered(
      request,
      source[request]!,
      destination[request]!,
      generation[request]!,
      kind[request]!,
      outcome,
    );
    context.send(geometry.hypervisor, message.answer, request);
  }

  // --- operations

  /** Starts an operation on a page that has none. @returns its record */
  private begin(
    kind: number,
    gfn: number,
    because: number,
    plan: Plan | typeof AGE,
    context: Context,
    destination = gfn,
  ): number {
    const { operations, geometry, locations, pages: words } = this.world;
    const operation = this.pages.takeRecord();
    assert(operation >= 0, 'no operation record left: the bound on operations is wrong');
    const location = this.pages.locationOf(gfn);
    const generation = words.generation(gfn);
    operations.kind[operation] = kind + 1;
    operations.gfn[operation] = gfn;
    operations.destination[operation] = destination;
    operations.generation[operation] = generation;
    operations.headerGfn[operation] = gfn;
    operations.headerGeneration[operation] = generation;
    operations.cause[operation] = because;
    operations.from[operation] = location;
    operations.to[operation] = NOWHERE;
    operations.home[operation] = geometry.pinOf(gfn);
    operations.node[operation] = geometry.pinOf(gfn);
    operations.request[operation] = -1;
    operations.outcome[operation] = result.OK;
    operations.carried[operation] = -1;
    operations.parent[operation] = 0;
    this.pages.lock(gfn, operation);
    if (plan === AGE) {
      this.interpreter.age(operation, context);
      return operation;
    }
    if (this.pages.isMoved(gfn)) operations.headerGeneration[operation] = locations.generation[location]!;
    context.trace.began(operation, kind, gfn, destination, because);
    this.interpreter.follow(operation, plan, context);
    return operation;
  }

  /** Reclaim asked whether the page was touched lately, and it was not: it goes out. */
  private aged(operation: number, context: Context): void {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    if (operations.result[operation] !== result.OK || !this.reclaim.accepts(operation)) {
      this.pages.unlock(gfn);
      this.pages.giveRecord(operation);
      this.wake(gfn, result.OK, context);
      this.reclaimed(operation, false, context);
      return;
    }
    operations.home[operation] = this.world.geometry.spec.moveTo[0]!;
    context.trace.began(operation, operationKind['swap-out'], gfn, gfn, operations.cause[operation]!);
    this.interpreter.follow(operation, this.protocol.swapOut, context);
  }

  /** The destination Gfn of a balance is still backed: that page is dropped before the other may come. */
  private drop(parent: number, gfn: number, context: Context): boolean {
    const { operations, pages: words } = this.world;
    const state = words.state(gfn);
    if (state === VACANT) return false;
    const s = words.table.state;
    const { protocol } = this;
    const plan = state === s['resident.present'] ? protocol.dropResident : protocol.dropMoved;
    const operation = this.begin(operationKind.drop, gfn, cause.request, plan, context);
    operations.parent[operation] = parent + 1;
    return true;
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
    const at = kind === operationKind.balance && outcome === result.OK ? destination : gfn;
    context.trace.ended(operation, kind, at, this.pages.locationOf(at), because, outcome);
    this.pages.unlock(gfn);
    if (destination !== gfn && this.pages.operationOn(destination) === operation)
      this.pages.unlock(destination);
    this.pages.giveRecord(operation);
    if (kind === operationKind.balance) {
      if (outcome === result.OK) this.answer(request, outcome, context);
      else this.refuse(request, outcome, context);
    }
    if (parent > 0) {
      this.pages.lock(gfn, parent - 1);
      this.interpreter.proceed(parent - 1, context);
    }
    this.wake(gfn, outcome === result.EIO ? outcome : result.OK, context);
    if (destination !== gfn) this.wake(destination, result.OK, context);
    if (kind === operationKind.prefetch) this.prefetching[0]!--;
    if (kind === operationKind['swap-out']) this.reclaimed(operation, outcome === result.OK, context);
    if (kind === operationKind.fault && outcome === result.OK && operations.from[operation] !== NOWHERE) {
      this.prefetch(gfn, node, context);
    }
  }

  private reclaimed(operation: number, moved: boolean, context: Context): void {
    this.interpreter.makeRoomAt(this.reclaim.ended(operation, moved, context), context);
  }

  /** Whoever waited for the page goes on. */
  private wake(gfn: number, outcome: number, context: Context): void {
    for (let vcpu = 0; vcpu < this.faultAwaits.length; vcpu++) {
      if (this.faultAwaits[vcpu] === gfn + 1) this.resume(vcpu, outcome, context);
    }
    this.interpreter.pageIsFree(gfn, context);
  }
}
