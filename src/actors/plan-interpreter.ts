// Carries plans out, a step per turn. A step either touches what the host owns, or sends one message and waits for its
// `done`. The switch in `turn` says what each step asks for, the one in `done` what follows when it has been done.
import type { Context } from '../actor/actor.ts';
import type { World } from '../memory/world.ts';
import type { Costs } from '../model/cost.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message } from '../model/messages.ts';
import { cause, operationKind, result } from '../model/words.ts';
import type { Plan, Step } from '../protocols/protocol.ts';
import { assert } from '../stdx/assert.ts';
import type { Calls } from './calls.ts';
import type { Chain } from './chain.ts';
import { Entries, NOTHING_MORE, UNDO_SWAP_OUT } from './entries.ts';
import type { HostPages } from './host-pages.ts';
import type { Reclaim } from './reclaim.ts';
import { type Relief, Room } from './room.ts';

/** Steps that no protocol names: how an operation that cannot go on is undone, and reclaim's question. */
export type Performed = Step | 'restore' | 'unreserve' | 'age' | 'convert' | 'give up' | 'take back' | 'lose';

const UNDO_RESERVATION: readonly Performed[] = ['unreserve'];
const ASK_AGE: readonly Performed[] = ['age'];
const LOSE: readonly Performed[] = ['lose'];
const LOSE_AND_RETIRE: readonly Performed[] = ['lose', 'retire'];
/** Failed reads of one place after which it is read no more: where there is no copy the content is lost. */
const READS_MAX = 4;

function converted(plan: readonly Performed[]): readonly Performed[] {
  return plan.map((performed) => (performed === 'claim' ? 'convert' : performed) as Performed);
}

/** Whether the page is mapped to its destination before its bytes move, or without their moving at all. */
function mapsFirst(plan: readonly Performed[]): boolean {
  const [remap, load] = [plan.indexOf('remap'), plan.indexOf('load')];
  return remap >= 0 && (load < 0 || remap < load);
}

interface Outcomes extends Relief {
  ended(operation: number, context: Context): void;
  aged(operation: number, context: Context): void;
  /** Begins to drop what backs a Gfn, on behalf of an operation. @returns false when nothing does */
  drop(operation: number, gfn: number, context: Context): boolean;
}

export class PlanInterpreter {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly entries: Entries;
  readonly room: Room;
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
    this.calls = calls;
    this.costs = costs;
    this.outcomes = outcomes;
    this.entries = new Entries(world, pages, calls, costs, this);
    this.room = new Room(world, pages, chain, reclaim, outcomes, this);
  }

  /**
   * Gives every plan that a protocol can lead to its number, in one order: what a search has stored means the same in
   * another thread or another run. A plan that was not foreseen is then refused.
   */
  foresee(plans: readonly (readonly Performed[])[]): void {
    const all = [NOTHING_MORE, ASK_AGE, UNDO_RESERVATION, UNDO_SWAP_OUT, LOSE, LOSE_AND_RETIRE, ...plans];
    for (const lost of [
      [],
      ['give up', 'take back'],
      ['retire'],
      ['give up', 'take back', 'retire'],
    ] as const)
      all.push(['unreserve', ...lost], lost, ['unreserve', ...lost, 'forget']);
    for (const plan of all)
      for (const variant of [plan, converted(plan)])
        if (!this.numbers.has(variant.join())) this.numberOf(variant);
    this.areForeseen = true;
  }
  private areForeseen = false;
  private numberOf(plan: readonly Performed[]): number {
    const known = this.sameList.get(plan);
    if (known !== undefined) return known;
    const key = plan.join();
    let number = this.numbers.get(key);
    if (number === undefined) {
      assert(!this.areForeseen, `the plan ${key} was not foreseen`);
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

  /** Whether an operation that takes a page from a location has its release still before it. */
  willFree(location: number): boolean {
    const { kind, from, plan, step, end } = this.world.operations;
    for (let operation = 0; operation < end; operation++) {
      if (kind[operation] === 0 || from[operation] !== location) continue;
      if (this.plans[plan[operation]!]!.includes('release', step[operation])) return true;
    }
    return false;
  }

  turn(operation: number, context: Context): void {
    const { operations, geometry, pages: words, requests } = this.world;
    const { host, hypervisor } = geometry;
    /** 410: who keeps the moved list; the host itself in a turn of its own. */
    const lister = this.world.listPolicy.owner === 'host' ? host : hypervisor;
    const { event } = words.table;
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
      case 'reserve':
        return this.reserve(operation, performed, context);
      case 'claim':
        return this.claim(operation, context);
      case 'convert':
        return this.convert(operation, context);
      case 'accept':
      case 'accept cached':
        this.entries.accept(operation, mapsFirst(this.plans[operations.plan[operation]!]!), context);
        return;
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
        return this.export(operation, lister, context);
      case 'store':
        if (to === NOWHERE) return this.stray(operation, context);
        this.calls.make(geometry.actorOfHome(geometry.homeOf(to)), message.store, operation, 0, context);
        return;
      case 'load':
        return this.load(operation, context);
      case 'zero':
        if (to === NOWHERE) return this.stray(operation, context);
        this.calls.make(geometry.actorOfHome(geometry.homeOf(to)), message.zero, operation, 0, context);
        return;
      case 'release':
        // A slot that others refer to is left to them.
        if (from !== NOWHERE && this.pages.references[from]! > 0) return this.proceed(operation, context);
        return this.giveBack(operation, from, context);
      case 'keep':
        if (from !== NOWHERE) {
          this.pages.keepCopy(gfn, from);
          context.trace.duplicate(operation, gfn, from);
        }
        this.proceed(operation, context);
        return;
      case 'cache':
        if (to === NOWHERE) return this.stray(operation, context);
        this.entries.cache(operation, context);
        return;
      case 'uncache':
        words.must(gfn, event.trim, false, context.trace);
        this.proceed(operation, context);
        return;
      case 'forget':
        return this.giveBack(operation, this.pages.copyOf(gfn), context);
      case 'transfer': {
        if (to === NOWHERE || from === NOWHERE) return this.stray(operation, context);
        // Read by the host, then written: the read's time passes before the write begins.
        const writer = geometry.actorOfHome(geometry.homeOf(to));
        this.calls.make(writer, message.store, operation, 0, context, this.readNs(from));
        return;
      }
      case 'enter':
        this.entries.enter(operation, context);
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
        return this.vacate(operation, context);
      case 'unmap':
        this.entries.unmap(operation, context);
        return;
      case 'remap':
        this.entries.remap(operation, context);
        return;
      case 'lose':
        this.lost(operation, context);
        return;
      case 'give up':
        this.entries.giveUp(operation, context);
        return;
      case 'take back':
        this.entries.takeBack(operation, context);
        return;
    }
  }

  private reserve(operation: number, performed: 'reserve' | 'reserve source', context: Context): void {
    const { operations, geometry } = this.world;
    if (performed === 'reserve source')
      operations.home[operation] = this.pages.pinOf(operations.gfn[operation]!);
    else if (operations.kind[operation]! - 1 === operationKind.balance)
      operations.home[operation] = this.pages.resolve(operation);
    const node = geometry.actorOfHome(operations.home[operation]!);
    this.calls.make(node, message.reserve, operation, 0, context);
  }
  private claim(operation: number, context: Context): void {
    const { operations, geometry, pages: words } = this.world;
    const kind = operations.kind[operation]! - 1;
    const policy = geometry.spec.policy.heldFault;
    const { demand } = words.table.event;
    const claimed = words.attempt(operations.gfn[operation]!, demand, -1, true, context.trace);
    operations.carried[operation] = claimed;
    // A pin does not touch the page: it ends no hold.
    const touched =
      kind === operationKind.alias ||
      (kind === operationKind.fault && operations.cause[operation] !== cause.dma);
    if (claimed >= 0) this.proceed(operation, context);
    else if (policy === 'convert' && touched) {
      // The page is held: this fault is an implicit request to stay. A turn of its own, for its own shared access.
      operations.plan[operation] = this.numberOf(this.converting(operation));
      context.send(geometry.host, message.turn, operation);
    } else this.abandon(operation, result.STALE, context);
  }
  /** By policy a demand fault ends the guest's hold: an implicit request to stay. */
  private convert(operation: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const { convert } = words.table.event;
    const converted = words.attempt(operations.gfn[operation]!, convert, -1, true, context.trace);
    operations.carried[operation] = converted;
    if (converted >= 0) this.proceed(operation, context);
    else this.abandon(operation, result.STALE, context);
  }
  private export(operation: number, lister: number, context: Context): void {
    const { operations, pages: words } = this.world;
    if (operations.kind[operation]! - 1 === operationKind.balance)
      operations.generation[operation] = operations.headerGeneration[operation]!;
    else words.must(operations.gfn[operation]!, words.table.event.export, false, context.trace);
    const name = operations.headerGfn[operation]!;
    this.pages.listed[name] = operations.generation[operation]! + 1;
    this.calls.make(lister, message.export, operation, name, context);
  }
  private load(operation: number, context: Context): void {
    const { operations, geometry, pages: words } = this.world;
    const { event, state } = words.table;
    const from = operations.from[operation]!;
    const to = operations.to[operation]!;
    if (to === NOWHERE || from === NOWHERE) return this.stray(operation, context);
    if (operations.carried[operation] === state['remapped.mapped']) {
      operations.carried[operation] = state['remapped.migrating'];
      const gfn = operations.gfn[operation]!;
      const name = this.pages.locationOf(gfn) === from ? gfn : operations.destination[operation]!;
      words.must(name, event.migrate, false, context.trace);
    }
    const mover = geometry.isFrame(from) ? geometry.homeOf(to) : geometry.homeOf(from);
    this.calls.make(geometry.actorOfHome(mover), message.load, operation, 0, context);
  }
  /** A place that nothing of this page names any more, if there is one, goes back to whoever owns it. */
  private giveBack(operation: number, location: number, context: Context): void {
    const { geometry } = this.world;
    if (location === NOWHERE) return this.proceed(operation, context);
    if (geometry.isFrame(location)) this.pages.back(location, -1);
    const owner = geometry.actorOfHome(geometry.homeOf(location));
    this.calls.make(owner, message.release, operation, location, context);
  }
  private vacate(operation: number, context: Context): void {
    const { operations } = this.world;
    const destination = operations.destination[operation]!;
    const other = this.pages.operationOn(destination);
    if (other >= 0 && other !== operation) operations.awaitsGfn[operation] = destination + 1;
    else if (!this.outcomes.drop(operation, destination, context)) {
      this.pages.lock(destination, operation);
      this.proceed(operation, context);
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
    return converted(this.plans[this.world.operations.plan[operation]!]!);
  }

  /** The step under way has been done by whoever it was sent to. */
  done(operation: number, context: Context): void {
    const { operations, geometry, pages: words } = this.world;
    const outcome = operations.result[operation]!;
    switch (this.stepOf(operation)) {
      case 'age':
        this.outcomes.aged(operation, context);
        return;
      case 'reserve':
      case 'reserve source':
        this.room.reserved(operation, outcome, context);
        return;
      case 'load':
        if (outcome === result.OK) break;
        this.readAgain(operation, context);
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
        this.room.roomAt(home, context);
        return;
      }
      case 'map':
      case 'map clean':
        this.entries.mapped(operation, context);
        break;
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

  /** A read failed. It is made again, and a request for a copy that read-ahead left then has its slot read. */
  private readAgain(operation: number, context: Context): void {
    const failures = ++this.world.operations.failures[operation]!;
    const another = failures === READS_MAX && this.readsSlot(operation);
    if (failures % READS_MAX === 0 && !another) return this.lost(operation, context);
    context.send(this.world.geometry.host, message.turn, operation);
  }
  /** The slot and its copy in a frame change places: what was to be read is what is forgotten. */
  private readsSlot(operation: number): boolean {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    const slot = this.pages.locationOf(gfn);
    const isMoved =
      operations.copy[operation] === 1 && operations.kind[operation]! - 1 === operationKind.balance;
    if (!isMoved || slot === NOWHERE) return false;
    this.pages.dropCopy(gfn);
    this.pages.keepCopy(gfn, operations.from[operation]!);
    operations.from[operation] = slot;
    return true;
  }

  /** What came back is not what went out. The page is poisoned: the guest is told, and never gets wrong bytes. */
  private lost(operation: number, context: Context): void {
    const { operations, pages: words } = this.world;
    const isRemapped =
      operations.kind[operation]! - 1 === operationKind.balance &&
      this.pages.locationOf(operations.gfn[operation]!) === NOWHERE;
    const gfn = isRemapped ? operations.destination[operation]! : operations.gfn[operation]!;
    const left = this.plans[operations.plan[operation]!]!.slice(operations.step[operation]);
    const { event, state } = words.table;
    if (operations.carried[operation] === state['remapped.mapped']) {
      // A slot that was to be keyed anew was read for that, and no other read can fail: a turn each, for two accesses.
      operations.carried[operation] = state['remapped.migrating'];
      words.must(gfn, event.migrate, false, context.trace);
      return this.follow(operation, left.includes('retire') ? LOSE_AND_RETIRE : LOSE, context);
    }
    words.must(gfn, event.fail, false, context.trace);
    operations.outcome[operation] = result.EIO;
    const undo: Performed[] = operations.to[operation] === NOWHERE ? [] : ['unreserve'];
    // The guest will be told EIO and keep the source: there it must find that the page is lost.
    if (isRemapped) undo.push('give up', 'take back');
    if (left.includes('retire')) undo.push('retire');
    // Nobody is to find a copy of a page that was declared lost.
    if (this.world.geometry.isFrame(this.pages.copyOf(gfn))) undo.push('forget');
    this.follow(operation, undo, context);
  }

  /** An operation has let go of a page: whoever waited for it to do so tries its step again. */
  pageIsFree(gfn: number, context: Context): void {
    const { operations, geometry } = this.world;
    const { kind, awaitsGfn, end } = operations;
    for (let operation = 0; operation < end; operation++) {
      if (awaitsGfn[operation] !== gfn + 1 || kind[operation] === 0) continue;
      awaitsGfn[operation] = 0;
      context.send(geometry.host, message.turn, operation);
    }
    // It may make way now: whoever found every page of the node worked on waits for just that (race 25).
    const location = this.pages.locationOf(gfn);
    if (geometry.isFrame(location)) this.room.makeRoom(context);
  }
}
