// Carries plans out, a step per turn. A step either touches what the host owns, or sends one message and waits for its
// `done`. The switch in `turn` says what each step asks for, the one in `done` what follows when it has been done.
import type { Context } from '../actor/actor.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { GENERATION_MASK, VACANT } from '../memory/page-words.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message } from '../model/messages.ts';
import { cause, operationKind, result } from '../model/words.ts';
import type { Plan, Step } from '../protocols/protocol.ts';
import { avoidedNode } from './alias.ts';
import type { Calls } from './calls.ts';
import { type Chain, NO_HOME } from './chain.ts';
import type { HostPages } from './host-pages.ts';
import type { Reclaim } from './reclaim.ts';

/** Steps that no protocol names: how an operation that cannot go on is undone, and reclaim's question. */
type Performed = Step | 'restore' | 'unreserve' | 'age' | 'convert' | 'give up' | 'take back';

const UNDO_RESERVATION: readonly Performed[] = ['unreserve'];
const UNDO_SWAP_OUT: readonly Performed[] = ['restore', 'unreserve'];
const ASK_AGE: readonly Performed[] = ['age'];
/** After a reservation failed where there should be room: time for what is on its way to get here. */
const ROOM_AGAIN_NS = 1_000_000;
/** Failed reads of one page that are made again: beyond that its content is lost. */
const READS_AGAIN = 3;
const NOTHING_MORE: readonly Performed[] = [];

/** Whether the page is mapped to its destination before its bytes move, or without that they move. */
function mapsFirst(plan: readonly Performed[]): boolean {
  const [remap, load] = [plan.indexOf('remap'), plan.indexOf('load')];
  return remap >= 0 && (load < 0 || remap < load);
}

interface Outcomes {
  ended(operation: number, context: Context): void;
  aged(operation: number, context: Context): void;
  /** Begins to give up a clean copy in a store. @returns false when there is none that could be */
  trim(home: number, context: Context): boolean;
  /** Begins to drop what backs a Gfn, on behalf of an operation. @returns false when nothing does */
  drop(operation: number, gfn: number, context: Context): boolean;
  /** A page that is being moved out goes to another home than was thought. */
  moveOut(operation: number, home: number, context: Context): void;
  /** There is no room for a page where it is to go, and nowhere else. */
  stay(operation: number, context: Context): void;
}

export class PlanInterpreter {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly chain: Chain;
  private readonly reclaim: Reclaim;
  private readonly calls: Calls;
  private readonly costs: Costs;
  private readonly outcomes: Outcomes;
  /** Plans by number, so that an operation's record holds a plan in one word. Equal plans have one number. */
  private readonly plans: (readonly Performed[])[] = [];
  private readonly numbers = new Map<string, number>();
  /** Most protocols give the same list again and again. */
  private readonly sameList = new WeakMap<readonly Performed[], number>();

  constructor(
    world: World,
    pages: HostPages,
    chain: Chain,
    reclaim: Reclaim,
    calls: Calls,
    costs: Costs,
    outcomes: Outcomes,
  ) {
    this.world = world;
    this.pages = pages;
    this.chain = chain;
    this.reclaim = reclaim;
    this.calls = calls;
    this.costs = costs;
    this.outcomes = outcomes;
  }

  private numberOf(plan: readonly Performed[]): number {
    const known = this.sameList.get(plan);
    if (known !== undefined) return known;
    const key = plan.join();
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.plans.push(plan) - 1;
      this.numbers.set(key, number);
    }
    this.sameList.set(plan, number);
    return number;
  }

  /** Starts a plan at its first step. */
  follow(operation: number, plan: Plan | readonly Performed[], context: Context, delayNs = 0): void {
    const { operations, geometry } = this.world;
    operations.plan[operation] = this.numberOf(plan);
    operations.step[operation] = 0;
    operations.awaitsGfn[operation] = 0;
    operations.awaitsRoom[operation] = 0;
    context.send(geometry.host, message.turn, operation, 0, delayNs);
  }
  age(operation: number, context: Context): void {
    this.follow(operation, ASK_AGE, context);
  }
  /** Goes on with the next step. */
  proceed(operation: number, context: Context, delayNs = 0): void {
    const { operations, geometry } = this.world;
    operations.step[operation]!++;
    context.send(geometry.host, message.turn, operation, 0, delayNs);
  }
  /** Gives up: what was reserved is given back, then the operation ends with `outcome`. */
  abandon(operation: number, outcome: number, context: Context): void {
    const { operations } = this.world;
    operations.outcome[operation] = outcome;
    this.follow(operation, operations.to[operation] === NOWHERE ? NOTHING_MORE : UNDO_RESERVATION, context);
  }

  stepOf(operation: number): Performed | undefined {
    const { operations } = this.world;
    return this.plans[operations.plan[operation]!]![operations.step[operation]!];
  }

  turn(operation: number, context: Context): void {
    const { operations, geometry, pages: words, requests, locations } = this.world;
    const { host, hypervisor } = geometry;
    /** 410: who keeps the moved list; the host itself in a turn of its own. */
    const lister = this.world.listPolicy.owner === 'host' ? host : hypervisor;
    const { event, state } = words.table;
    const kind = operations.kind[operation]! - 1;
    const gfn = operations.gfn[operation]!;
    const destination = operations.destination[operation]!;
    const from = operations.from[operation]!;
    const to = operations.to[operation]!;
    const performed = this.stepOf(operation);
    switch (performed) {
      case undefined:
        this.outcomes.ended(operation, context);
        return;
      case 'age':
      case 'protect':
        if (performed === 'protect') words.must(gfn, event.swapOut, false, context.trace);
        this.calls.make(hypervisor, message[performed], operation, gfn, context);
        return;
      case 'reserve source':
      case 'reserve': {
        if (performed === 'reserve source') operations.home[operation] = this.pages.pinOf(gfn);
        else if (kind === operationKind.balance) operations.home[operation] = this.pages.resolve(operation);
        this.calls.make(
          geometry.actorOfHome(operations.home[operation]!),
          message.reserve,
          operation,
          0,
          context,
        );
        return;
      }
      case 'claim': {
        const policy = geometry.spec.policy.heldFault;
        const claimed = words.attempt(gfn, event.demand, -1, true, context.trace);
        operations.carried[operation] = claimed;
        const touched = kind === operationKind.fault || kind === operationKind.alias;
        if (claimed >= 0) this.proceed(operation, context);
        else if (policy === 'convert' && touched) {
          // The page is held: this fault is an implicit request to stay. A turn of its own, for its own shared access.
          operations.plan[operation] = this.numberOf(this.converting(operation));
          context.send(host, message.turn, operation);
        } else this.abandon(operation, result.STALE, context);
        return;
      }
      case 'convert':
        // By policy a demand fault ends the guest's hold: an implicit request to stay.
        operations.carried[operation] = words.attempt(gfn, event.convert, -1, true, context.trace);
        if (operations.carried[operation] >= 0) this.proceed(operation, context);
        else this.abandon(operation, result.STALE, context);
        return;
      case 'accept':
      case 'accept cached': {
        const request = operations.request[operation]!;
        if (this.pages.isRepinned(operation)) return this.abandon(operation, result.BUSY, context);
        const moves = mapsFirst(this.plans[operations.plan[operation]!]!) ? event.map : event.migrate;
        // The copy came after the guest had looked: read-ahead moved the generation on by one.
        const generation = requests.generation[request]! + (performed === 'accept' ? 0 : 1);
        const accepted = words.attempt(gfn, moves, generation & GENERATION_MASK, false, context.trace);
        if (accepted < 0) {
          const gone = this.pages.locationOf(gfn) === NOWHERE;
          return this.abandon(operation, gone ? result.ALREADY : result.STALE, context);
        }
        if (performed === 'accept cached') {
          this.pages.dropCopy(gfn);
          this.pages.keepCopy(gfn, this.pages.locationOf(gfn));
        }
        operations.carried[operation] = accepted;
        operations.generation[operation] = requests.generation[request]!;
        requests.step(request, requests.table.event.accept, context.trace);
        context.trace.accepted(
          request,
          gfn,
          destination,
          requests.generation[request]!,
          requests.kind[request]!,
          from,
        );
        this.proceed(operation, context);
        return;
      }
      case 'shootdown':
        this.calls.make(hypervisor, message.shootdown, operation, gfn, context);
        return;
      case 'restore':
      case 'permit':
        this.calls.make(hypervisor, message.restore, operation, gfn, context);
        return;
      case 'map':
      case 'map clean':
        if (to === NOWHERE) return this.stray(operation, context);
        this.calls.make(
          hypervisor,
          performed === 'map' ? message.map : message.mapClean,
          operation,
          destination,
          context,
        );
        return;
      case 'retire':
        // Under the name that was asked for, whether or not it has been listed under its new one already.
        if (kind === operationKind.balance)
          operations.generation[operation] = requests.generation[operations.request[operation]!]!;
        this.calls.make(lister, message.retire, operation, gfn, context);
        return;
      case 'export':
        if (kind === operationKind.balance)
          operations.generation[operation] = operations.headerGeneration[operation]!;
        else words.must(gfn, event.export, false, context.trace);
        this.pages.listed[operations.headerGfn[operation]!] = operations.generation[operation]! + 1;
        this.calls.make(lister, message.export, operation, operations.headerGfn[operation]!, context);
        return;
      case 'store':
        if (to === NOWHERE) return this.stray(operation, context);
        this.calls.make(geometry.actorOfHome(geometry.homeOf(to)), message.store, operation, 0, context);
        return;
      case 'load': {
        if (to === NOWHERE || from === NOWHERE) return this.stray(operation, context);
        if (operations.carried[operation] === state['remapped.mapped']) {
          operations.carried[operation] = state['remapped.migrating'];
          words.must(
            this.pages.locationOf(gfn) === from ? gfn : destination,
            event.migrate,
            false,
            context.trace,
          );
        }
        const mover = geometry.isFrame(from) ? geometry.homeOf(to) : geometry.homeOf(from);
        this.calls.make(geometry.actorOfHome(mover), message.load, operation, 0, context);
        return;
      }
      case 'zero':
        if (to === NOWHERE) return this.stray(operation, context);
        this.calls.make(geometry.actorOfHome(geometry.homeOf(to)), message.zero, operation, 0, context);
        return;
      case 'release':
        if (from === NOWHERE) return this.proceed(operation, context);
        if (this.pages.references[from]! > 0) return this.proceed(operation, context);
        if (geometry.isFrame(from)) this.pages.backs[from] = 0;
        this.calls.make(
          geometry.actorOfHome(geometry.homeOf(from)),
          message.release,
          operation,
          from,
          context,
        );
        return;
      case 'keep':
        if (from !== NOWHERE) {
          this.pages.keepCopy(gfn, from);
          context.trace.duplicate(operation, gfn, from);
        }
        this.proceed(operation, context);
        return;
      case 'cache':
        if (to === NOWHERE) return this.stray(operation, context);
        // The frame goes by the slot's header: it may have to be moved on from here.
        locations.gfn[to] = locations.gfn[from]!;
        locations.generation[to] = locations.generation[from]!;
        locations.checksum[to] = locations.checksum[from]!;
        this.pages.stamps[to] = this.pages.stamps[from]!;
        this.pages.backs[to] = gfn + 1;
        this.pages.keepCopy(gfn, to);
        words.must(gfn, event.readAhead, false, context.trace);
        context.trace.duplicate(operation, gfn, to);
        this.proceed(operation, context);
        return;
      case 'uncache':
        words.must(gfn, event.trim, false, context.trace);
        this.proceed(operation, context);
        return;
      case 'forget': {
        const copy = this.pages.copyOf(gfn);
        if (copy === NOWHERE) return this.proceed(operation, context);
        if (geometry.isFrame(copy)) this.pages.backs[copy] = 0;
        this.calls.make(
          geometry.actorOfHome(geometry.homeOf(copy)),
          message.release,
          operation,
          copy,
          context,
        );
        return;
      }
      case 'transfer': {
        if (to === NOWHERE || from === NOWHERE) return this.stray(operation, context);
        // Read by the host, then written: the read's time passes before the write begins.
        const writer = geometry.actorOfHome(geometry.homeOf(to));
        this.calls.make(writer, message.store, operation, 0, context, this.readNs(from));
        return;
      }
      case 'enter':
        this.pages.stamps[to] = operations.headerGeneration[operation]!;
        this.pages.place(gfn, to);
        context.trace.entered(operation, gfn, to, operations.headerGeneration[operation]!);
        this.proceed(operation, context);
        return;
      case 'detach':
        this.calls.make(hypervisor, message.unmap, operation, gfn, context);
        return;
      case 'rekey':
        this.calls.make(geometry.actorOfHome(geometry.homeOf(from)), message.rekey, operation, from, context);
        return;
      case 'unreserve':
        if (to === NOWHERE) return this.stray(operation, context);
        this.calls.make(geometry.actorOfHome(geometry.homeOf(to)), message.release, operation, to, context);
        return;
      case 'vacate':
        if (this.pages.operationOn(destination) >= 0 && this.pages.operationOn(destination) !== operation) {
          operations.awaitsGfn[operation] = destination + 1;
        } else if (!this.outcomes.drop(operation, destination, context)) {
          this.pages.lock(destination, operation);
          this.proceed(operation, context);
        }
        return;
      case 'unmap':
        this.unmap(operation, context);
        return;
      case 'remap': {
        const generation = words.put(destination, operations.carried[operation]!);
        this.pages.place(destination, from);
        this.pages.mapFrom(destination, this.pages.awayFromOf(gfn));
        this.pages.takeAway(destination, this.pages.pinOf(destination));
        // The content goes by the destination's name from here on: its header says so. Unless it says already that it is
        // not the page which ought to be there.
        const expected = operations.headerGeneration[operation];
        if (locations.gfn[from] === gfn && locations.generation[from] === expected) {
          locations.gfn[from] = destination;
          locations.generation[from] = generation;
        }
        this.pages.stamps[from] = generation;
        operations.headerGfn[operation] = destination;
        operations.headerGeneration[operation] = generation;
        context.trace.entered(operation, destination, from, generation);
        this.proceed(operation, context);
        return;
      }
      case 'give up':
        words.put(destination, VACANT);
        this.pages.place(destination, NOWHERE);
        this.pages.mapFrom(destination, -1);
        context.trace.left(operation, destination, from);
        this.proceed(operation, context);
        return;
      case 'take back':
        this.pages.place(gfn, from);
        context.trace.entered(operation, gfn, from, words.put(gfn, state.poisoned));
        this.proceed(operation, context);
        return;
    }
  }

  /** The source's entry goes. For a swap-out this is the point of no return. */
  private unmap(operation: number, context: Context): void {
    const { operations, geometry, pages: words } = this.world;
    const gfn = operations.gfn[operation]!;
    const from = operations.from[operation]!;
    switch (operations.kind[operation]! - 1) {
      case operationKind['swap-out']:
        if (words.attempt(gfn, words.table.event.written, -1, false, context.trace) < 0) {
          // Touched for writing meanwhile: what was written out is old, the page stays.
          operations.outcome[operation] = result.BUSY;
          const clean = this.pages.copyOf(gfn) === operations.to[operation];
          this.follow(operation, clean ? NOTHING_MORE : UNDO_SWAP_OUT, context);
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
        } else this.proceed(operation, context);
        return;
      default:
        // move_swap_pte: the entry is taken out of the source's page table.
        words.put(gfn, VACANT);
        this.pages.place(gfn, NOWHERE);
        this.pages.mapFrom(gfn, -1);
        context.trace.left(operation, gfn, from);
        this.proceed(operation, context, this.costs.moveEntryNs);
    }
  }

  private readNs(from: number): number {
    const { geometry } = this.world;
    if (geometry.isFrame(from)) return this.costs.copyPageRemoteNs;
    const { kind } = geometry.spec.stores[geometry.homeOf(from) - geometry.nodes]!;
    const cipherNs = geometry.spec.policy.encryption === 'none' ? 0 : this.costs.cipherPageNs;
    return this.costs.stores[kind].readNs + cipherNs;
  }

  /** A step that should have had a location and has none: nothing happens, and the trace says so. */
  private stray(operation: number, context: Context): void {
    context.trace.stray(operation, NOWHERE);
    this.proceed(operation, context);
  }

  /** The plan under way with its claim replaced by one that may end a hold. */
  private converting(operation: number): readonly Performed[] {
    const plan = this.plans[this.world.operations.plan[operation]!]!;
    return plan.map((performed) => (performed === 'claim' ? 'convert' : performed) as Performed);
  }

  /** The step under way has been done by whoever it was sent to. */
  done(operation: number, context: Context): void {
    const { operations, geometry, pages: words } = this.world;
    const kind = operations.kind[operation]! - 1;
    const to = operations.to[operation]!;
    const outcome = operations.result[operation]!;
    switch (this.stepOf(operation)) {
      case 'age':
        this.outcomes.aged(operation, context);
        return;
      case 'reserve':
      case 'reserve source':
        this.reserved(operation, outcome, context);
        return;
      case 'load':
        if (outcome === result.OK) break;
        if (++operations.failures[operation]! > READS_AGAIN) return this.lost(operation, context);
        context.send(geometry.host, message.turn, operation);
        return;
      case 'store':
        if (outcome === result.OK) break;
        // Not written, or not as it was to be: the page stays, as if it had been written to meanwhile.
        words.attempt(operations.gfn[operation]!, words.table.event.touch, -1, false, context.trace);
        operations.outcome[operation] = result.EIO;
        this.follow(operation, UNDO_SWAP_OUT, context);
        return;
      case 'retire':
        this.pages.listed[operations.gfn[operation]!] = 0;
        break;
      case 'rekey':
        if (outcome !== result.OK) return this.lost(operation, context);
        break;
      case 'transfer':
        // What arrived is not what was there: the page stays where it is.
        if (outcome !== result.OK) return this.abandon(operation, result.EIO, context);
        break;
      case 'release':
      case 'forget':
      case 'unreserve': {
        const gfn = operations.gfn[operation]!;
        const location = this.released(operation);
        if (this.stepOf(operation) === 'forget') this.pages.dropCopy(gfn);
        const home = geometry.homeOf(location);
        this.pages.free[home]!++;
        this.proceed(operation, context);
        this.roomAt(home, context);
        return;
      }
      case 'map':
      case 'map clean': {
        const gfn = operations.destination[operation]!;
        const { event } = words.table;
        this.pages.backs[to] = gfn + 1;
        const wasVacant = this.pages.locationOf(gfn) === NOWHERE;
        this.pages.place(gfn, to);
        this.pages.mapFrom(gfn, -1);
        if (kind === operationKind.fault && wasVacant) {
          // A Gfn without content has a page now.
          words.put(gfn, words.table.initial);
          context.trace.born(gfn, to);
          break;
        }
        context.trace.entered(operation, gfn, to, 0);
        if (kind === operationKind['host-migrate']) break;
        const moves = kind === operationKind.balance || kind === operationKind.alias;
        if (moves && wasVacant) this.arriveAt(operation, gfn, context);
        else words.must(gfn, event.arrive, false, context.trace);
        break;
      }
      default:
        break;
    }
    this.proceed(operation, context);
  }

  /** What the release under way gives back. */
  private released(operation: number): number {
    const { operations } = this.world;
    switch (this.stepOf(operation)) {
      case 'forget':
        return this.pages.copyOf(operations.gfn[operation]!);
      case 'unreserve':
        return operations.to[operation]!;
      default:
        return operations.from[operation]!;
    }
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

  /** What came back is not what went out. The page is poisoned: the guest is told, and never gets wrong bytes. */
  private lost(operation: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const isRemapped =
      operations.kind[operation]! - 1 === operationKind.balance &&
      this.pages.locationOf(operations.gfn[operation]!) === NOWHERE;
    const gfn = isRemapped ? operations.destination[operation]! : operations.gfn[operation]!;
    words.must(gfn, words.table.event.fail, false, context.trace);
    operations.outcome[operation] = result.EIO;
    const undo: Performed[] = ['unreserve'];
    // The guest will be told EIO and keep the source: there it must find that the page is lost.
    if (isRemapped) undo.push('give up', 'take back');
    const left = this.plans[operations.plan[operation]!]!.slice(operations.step[operation]);
    if (left.includes('retire')) undo.push('retire');
    this.follow(operation, undo, context);
  }

  // --- room

  reserved(operation: number, outcome: number, context: Context): void {
    const { operations, geometry } = this.world;
    const kind = operations.kind[operation]! - 1;
    const home = operations.home[operation]!;
    const because = operations.cause[operation]!;
    if (outcome === result.OK) {
      this.pages.free[home]!--;
      if (home < geometry.nodes && kind !== operationKind['swap-out'] && kind !== operationKind.relocate)
        this.reclaim.taken(home, because, context);
      this.proceed(operation, context);
      return;
    }
    switch (kind) {
      case operationKind['swap-out']: {
        const next = this.chain.next(home);
        if (next === NO_HOME && this.outcomes.trim(home, context)) {
          // A clean copy gives way: its slot is the one that this page gets.
          operations.awaitsRoom[operation] = home + 1;
          return;
        }
        if (next === NO_HOME) return this.abandon(operation, result.NOMEM, context);
        if (this.chain.isMapped(next)) return this.outcomes.moveOut(operation, next, context);
        operations.home[operation] = next;
        context.send(geometry.host, message.turn, operation);
        return;
      }
      case operationKind['host-migrate']: {
        // A demotion that finds its node full goes on down the chain; the rest stays where it is.
        const next = this.chain.isMapped(home) ? this.chain.next(home) : NO_HOME;
        const demotion = because !== cause.promotion && because !== cause['host-migration'];
        if (!demotion || next === NO_HOME) return this.abandon(operation, result.NOMEM, context);
        this.outcomes.moveOut(operation, next, context);
        return;
      }
      case operationKind.fault:
      case operationKind.alias:
        // There should be room: it was a failure, or another's answer is on its way.
        if (this.pages.free[home]! > 0)
          return context.send(geometry.host, message.turn, operation, 0, ROOM_AGAIN_NS);
        operations.awaitsRoom[operation] = home + 1;
        this.makeRoomFor(operation, context);
        return;
      case operationKind.balance:
        this.reclaim.kick(home, context);
        this.abandon(operation, result.NOMEM, context);
        return;
      default:
        this.abandon(operation, result.NOMEM, context);
    }
  }

  /** Room at a home: the first operation that waits for it tries again; at a store, waiting nodes may now reclaim. */
  private roomAt(home: number, context: Context): void {
    const { operations, geometry } = this.world;
    for (let operation = 0; operation < operations.count; operation++) {
      if (operations.kind[operation] === 0 || operations.awaitsRoom[operation] !== home + 1) continue;
      operations.awaitsRoom[operation] = 0;
      context.send(geometry.host, message.turn, operation);
      return;
    }
    this.makeRoom(context);
  }

  /** Whoever still waits for a frame of a node: reclaim goes on for it, or it takes one elsewhere. */
  /** Whoever waits for a frame has reclaim look again. */
  makeRoom(context: Context): void {
    const { operations, geometry } = this.world;
    for (let operation = 0; operation < operations.count; operation++) {
      const home = operations.awaitsRoom[operation]! - 1;
      if (operations.kind[operation] !== 0 && home >= 0 && home < geometry.nodes)
        this.makeRoomFor(operation, context);
    }
  }
  private makeRoomFor(operation: number, context: Context): void {
    const { operations } = this.world;
    const urgent = operations.from[operation] !== NOWHERE;
    if (!this.reclaim.kick(operations.home[operation]!, context, urgent)) this.spill(operation, context);
  }

  /**
   * The node is full and nothing on it can be moved out: the frame comes from the nearest node that has one. Never from
   * the one that a mapped page was taken away from: that would be a copy-back by another name.
   */
  private spill(operation: number, context: Context): void {
    const { operations, geometry } = this.world;
    const { distances } = geometry.spec;
    // Where the page belongs, and not where an earlier spill of the same fault found no room either.
    const gfn = operations.destination[operation]!;
    const wanted = this.pages.pinOf(gfn);
    const source = avoidedNode(this.world, this.pages, operation);
    let nearest = -1;
    for (let node = 0; node < geometry.nodes; node++) {
      const full = (this.pages.free[node] ?? 0) === 0;
      if (node === wanted || node === source || full) continue;
      if (nearest < 0 || distances[wanted]![node]! < distances[wanted]![nearest]!) nearest = node;
    }
    if (nearest < 0) return this.outcomes.stay(operation, context);
    context.trace.spilled(operation, gfn, wanted, nearest);
    operations.awaitsRoom[operation] = 0;
    operations.home[operation] = nearest;
    context.send(geometry.host, message.turn, operation);
  }

  /** An operation has let go of a page: whoever waited for it to do so tries its step again. */
  pageIsFree(gfn: number, context: Context): void {
    const { operations, geometry } = this.world;
    for (let operation = 0; operation < operations.count; operation++) {
      if (operations.kind[operation] === 0 || operations.awaitsGfn[operation] !== gfn + 1) continue;
      operations.awaitsGfn[operation] = 0;
      context.send(geometry.host, message.turn, operation);
    }
    // It may make way now: whoever found every page of the node worked on waits for just that (race 25).
    const location = this.pages.locationOf(gfn);
    if (geometry.isFrame(location)) this.makeRoom(context);
  }
}
