// The steps of a plan that change what the host knows of a page: its word, which location is entered for its Gfn, and
// under which name its content goes. They touch what the host owns, and one page word at most.
import type { Context } from '../actor/actor.ts';
import { GENERATION_MASK, VACANT } from '../memory/page-words.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message } from '../model/messages.ts';
import { operationKind, result } from '../model/words.ts';
import type { Calls } from './calls.ts';
import type { HostPages } from './host-pages.ts';
import type { Performed, PlanInterpreter } from './plan-interpreter.ts';

/** How a swap-out that cannot go on is undone, and how one whose page has a clean copy: it reserved nothing. */
export const UNDO_SWAP_OUT: readonly Performed[] = ['restore', 'unreserve'];
export const NOTHING_MORE: readonly Performed[] = [];

export class Entries {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly calls: Calls;
  private readonly costs: Costs;
  private readonly interpreter: PlanInterpreter;

  constructor(world: World, pages: HostPages, calls: Calls, costs: Costs, interpreter: PlanInterpreter) {
    this.world = world;
    this.pages = pages;
    this.calls = calls;
    this.costs = costs;
    this.interpreter = interpreter;
  }

  /** The host takes a request on. `mapsFirst`: the page is mapped before its bytes move, or without that they move. */
  accept(operation: number, mapsFirst: boolean, context: Context): void {
    const { operations, pages: words, requests } = this.world;
    const { event } = words.table;
    const gfn = operations.gfn[operation]!;
    const request = operations.request[operation]!;
    const cached = this.interpreter.stepOf(operation) === 'accept cached';
    if (this.pages.isRepinned(operation)) return this.interpreter.abandon(operation, result.BUSY, context);
    const moves = mapsFirst ? event.map : event.migrate;
    // The copy came after the guest had looked: read-ahead moved the generation on by one.
    const generation = requests.generation[request]! + (cached ? 1 : 0);
    const accepted = words.attempt(gfn, moves, generation & GENERATION_MASK, false, context.trace);
    if (accepted < 0) {
      const gone = this.pages.locationOf(gfn) === NOWHERE;
      return this.interpreter.abandon(operation, gone ? result.ALREADY : result.STALE, context);
    }
    if (cached) {
      this.pages.dropCopy(gfn);
      this.pages.keepCopy(gfn, this.pages.locationOf(gfn));
    }
    operations.carried[operation] = accepted;
    operations.generation[operation] = requests.generation[request]!;
    requests.step(request, requests.table.event.accept, context.trace);
    context.trace.accepted(
      request,
      gfn,
      operations.destination[operation]!,
      requests.generation[request]!,
      requests.kind[request]!,
      operations.from[operation]!,
    );
    this.interpreter.proceed(operation, context);
  }

  /** Read-ahead has filled a frame: it is the copy of a page whose entry still names the slot. */
  cache(operation: number, context: Context): void {
    const { operations, pages: words, locations } = this.world;
    const gfn = operations.gfn[operation]!;
    const from = operations.from[operation]!;
    const to = operations.to[operation]!;
    // The frame goes by the slot's header: it may have to be moved on from here.
    this.world.meter.handle(from, to);
    locations.gfn[to] = locations.gfn[from]!;
    locations.generation[to] = locations.generation[from]!;
    locations.checksum[to] = locations.checksum[from]!;
    this.pages.stamps[to] = this.pages.stamps[from]!;
    this.pages.back(to, gfn);
    this.pages.keepCopy(gfn, to);
    words.must(gfn, words.table.event.readAhead, false, context.trace);
    context.trace.duplicate(operation, gfn, to);
    this.interpreter.proceed(operation, context);
  }

  /** A moved page is somewhere else now, under the name that it had. */
  enter(operation: number, context: Context): void {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    const to = operations.to[operation]!;
    this.pages.stamps[to] = operations.headerGeneration[operation]!;
    this.pages.place(gfn, to);
    context.trace.entered(operation, gfn, to, operations.headerGeneration[operation]!);
    this.interpreter.proceed(operation, context);
  }

  /** The source's entry goes. For a swap-out this is the point of no return. */
  unmap(operation: number, context: Context): void {
    const { operations, geometry, pages: words } = this.world;
    const gfn = operations.gfn[operation]!;
    const from = operations.from[operation]!;
    switch (operations.kind[operation]! - 1) {
      case operationKind['swap-out']:
        if (words.attempt(gfn, words.table.event.written, -1, false, context.trace) < 0) {
          // Touched for writing meanwhile: what was written out is old, the page stays.
          operations.outcome[operation] = result.BUSY;
          const clean = this.pages.copyOf(gfn) === operations.to[operation];
          this.interpreter.follow(operation, clean ? NOTHING_MORE : UNDO_SWAP_OUT, context);
          return;
        }
        // Where a clean copy is the page's home again, it is there under the name that it had then.
        if (this.pages.copyOf(gfn) === NOWHERE)
          this.pages.stamps[operations.to[operation]!] = operations.headerGeneration[operation]!;
        this.pages.dropCopy(gfn);
        this.pages.place(gfn, operations.to[operation]!);
        this.pages.takeAway(gfn, this.pages.pinOf(gfn));
        context.trace.entered(
          operation,
          gfn,
          operations.to[operation]!,
          this.pages.stamps[operations.to[operation]!]!,
        );
        this.calls.make(geometry.hypervisor, message.unmap, operation, gfn, context);
        return;
      case operationKind.drop:
        words.put(gfn, VACANT);
        this.pages.place(gfn, NOWHERE);
        this.pages.mapFrom(gfn, -1);
        context.trace.died(gfn, from);
        if (geometry.isFrame(from) && this.pages.backs[from] === gfn + 1) {
          this.calls.make(geometry.hypervisor, message.unmap, operation, gfn, context);
        } else this.interpreter.proceed(operation, context);
        return;
      default:
        // move_swap_pte: the entry is taken out of the source's page table.
        words.put(gfn, VACANT);
        this.pages.place(gfn, NOWHERE);
        this.pages.mapFrom(gfn, -1);
        context.trace.left(operation, gfn, from);
        this.interpreter.proceed(operation, context, this.costs.moveEntryNs);
    }
  }

  /** The destination's entry names the place where the content is. */
  remap(operation: number, context: Context): void {
    const { operations, pages: words, locations } = this.world;
    const gfn = operations.gfn[operation]!;
    const destination = operations.destination[operation]!;
    const from = operations.from[operation]!;
    const generation = words.put(destination, operations.carried[operation]!);
    this.pages.place(destination, from);
    this.pages.mapFrom(destination, this.pages.awayFromOf(gfn));
    this.pages.takeAway(destination, this.pages.pinOf(destination));
    // The content goes by the destination's name from here on: its header says so. Unless it says already that it is
    // not the page which ought to be there.
    const expected = operations.headerGeneration[operation];
    this.world.meter.handle(from);
    if (locations.gfn[from] === gfn && locations.generation[from] === expected) {
      locations.gfn[from] = destination;
      locations.generation[from] = generation;
    }
    this.pages.stamps[from] = generation;
    operations.headerGfn[operation] = destination;
    operations.headerGeneration[operation] = generation;
    context.trace.entered(operation, destination, from, generation);
    this.interpreter.proceed(operation, context);
  }

  /** A page that is lost leaves its destination ... */
  giveUp(operation: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const destination = operations.destination[operation]!;
    words.put(destination, VACANT);
    this.pages.place(destination, NOWHERE);
    this.pages.mapFrom(destination, -1);
    context.trace.left(operation, destination, operations.from[operation]!);
    this.interpreter.proceed(operation, context);
  }
  /** ... and is found lost at its source. */
  takeBack(operation: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const gfn = operations.gfn[operation]!;
    const from = operations.from[operation]!;
    this.pages.place(gfn, from);
    context.trace.entered(operation, gfn, from, words.put(gfn, words.table.state.poisoned));
    this.interpreter.proceed(operation, context);
  }

  /** The hypervisor has mapped the destination to its frame: the page is there. */
  mapped(operation: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const kind = operations.kind[operation]! - 1;
    const gfn = operations.destination[operation]!;
    const to = operations.to[operation]!;
    this.pages.back(to, gfn);
    const wasVacant = this.pages.locationOf(gfn) === NOWHERE;
    this.pages.place(gfn, to);
    this.pages.mapFrom(gfn, -1);
    if (kind === operationKind.fault && wasVacant) {
      // A Gfn without content has a page now.
      words.put(gfn, words.table.initial);
      context.trace.born(gfn, to);
      return;
    }
    context.trace.entered(operation, gfn, to, 0);
    if (kind === operationKind['host-migrate']) return;
    const moves = kind === operationKind.balance || kind === operationKind.alias;
    if (moves && wasVacant) this.arriveAt(operation, gfn, context);
    else words.must(gfn, words.table.event.arrive, false, context.trace);
  }
  /** The page that was between two Gfns is at the destination, and resident. */
  private arriveAt(operation: number, gfn: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const { table } = words;
    const carried = operations.carried[operation]!;
    if (carried === table.initial) {
      // Resident under one name, resident under the other.
      words.put(gfn, carried);
      return;
    }
    const next = carried < 0 ? -1 : table.next[carried * table.events.length + table.event.arrive]!;
    if (next < 0) context.trace.illegal(0, gfn, carried, table.event.arrive);
    const generation = words.put(gfn, next < 0 ? table.initial : next);
    if (next >= 0) context.trace.page(gfn, generation, carried, next, table.event.arrive);
  }
}
