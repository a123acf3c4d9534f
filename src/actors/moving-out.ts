// The first migration of a page: because reclaim found it untouched, or because somebody said so. It goes to the first home
// of the chain, swapped out; or demoted with its mapping, where that is a memory node that keeps pages mapped.
import type { Context } from '../actor/actor.ts';
import type { World } from '../memory/world.ts';
import { cause, operationKind, result } from '../model/words.ts';
import type { Plan } from '../protocols/protocol.ts';
import { NO_HOME } from './chain.ts';
import { atOnce } from './commands.ts';
import type { Host } from './host.ts';
import type { HostPages } from './host-pages.ts';

export class MovingOut {
  private readonly world: World;
  private readonly host: Host;
  private readonly pages: HostPages;

  constructor(host: Host) {
    this.world = host.world;
    this.host = host;
    this.pages = host.pages;
  }

  /** Reclaim asked whether the page was touched lately, and it was not: it goes out. */
  aged(operation: number, context: Context): void {
    const { operations, geometry } = this.world;
    if (operations.kind[operation]! - 1 === operationKind['host-migrate']) {
      if (this.host.relocation.isHot(operation)) this.migrateHost(operation, context);
      else this.leave(operation, context);
      return;
    }
    const home = this.host.chain.next(geometry.homeOf(operations.from[operation]!));
    if (
      operations.result[operation] !== result.OK ||
      home === NO_HOME ||
      this.host.cache.isStranded(operations.gfn[operation]!) ||
      !this.host.reclaim.accepts(operation)
    ) {
      const [from, because] = [operations.from[operation]!, operations.cause[operation]!];
      this.leave(operation, context);
      this.host.reclaimed(from, because, false, context);
      return;
    }
    this.moveOut(operation, home, context);
  }

  /** Nothing is done about the page of an operation that only asked for its age. */
  private leave(operation: number, context: Context): void {
    const gfn = this.world.operations.gfn[operation]!;
    this.pages.unlock(gfn);
    this.pages.giveRecord(operation);
    this.host.relocation.ended(operation);
    this.host.wake(gfn, result.OK, context);
  }

  /** The first migration of a page to a home of the chain; to a memory node that keeps pages mapped it is a demotion. */
  moveOut(operation: number, home: number, context: Context): void {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    operations.home[operation] = home;
    if (this.host.chain.isMapped(home)) return this.migrateHost(operation, context);
    operations.kind[operation] = operationKind['swap-out'] + 1;
    context.trace.began(operation, operationKind['swap-out'], gfn, gfn, operations.cause[operation]!);
    this.host.interpreter.follow(operation, this.outPlan(gfn), context);
    this.whereTo(operation, gfn, home);
  }

  /** A page goes out: one that still has a clean copy goes there, any other to the first home with room. */
  private outPlan(gfn: number): Plan {
    return this.host.cache.isClean(gfn) ? this.host.protocol.swapOutClean : this.host.protocol.swapOut;
  }
  private whereTo(operation: number, gfn: number, home: number): void {
    const { operations } = this.world;
    operations.home[operation] = home;
    operations.to[operation] = this.pages.copyOf(gfn);
  }
  private migrateHost(operation: number, context: Context): void {
    const { operations } = this.world;
    const gfn = operations.gfn[operation]!;
    operations.kind[operation] = operationKind['host-migrate'] + 1;
    context.trace.began(operation, operationKind['host-migrate'], gfn, gfn, operations.cause[operation]!);
    this.host.relocation.placed(operation, context);
    this.host.interpreter.follow(operation, this.host.protocol.hostMigrate, context);
  }

  /** MADV_PAGEOUT: out it goes, young or not; `whole` (1): with all of its huge page, if there is room for that. */
  pageOut(gfn: number, whole: number, context: Context): number {
    if (this.pages.kindOf(gfn) !== 'frame') return atOnce(result.ALREADY);
    if (whole === 1) this.pageOutRest(gfn, context);
    return this.advise(gfn, context);
  }
  /** From outside: a page that nobody is working on goes out, or the copy of it that nobody maps. */
  reclaim(gfn: number, context: Context): void {
    const { host, pages } = this;
    if (pages.operationOn(gfn) >= 0) return;
    if (pages.kindOf(gfn) === 'frame') this.advise(gfn, context);
    else if (host.cache.isCached(gfn)) {
      host.reclaim.advised(this.world.geometry.homeOf(pages.copyOf(gfn)));
      host.cache.trimFrame(gfn, cause.advice, context);
    }
  }
  private advise(gfn: number, context: Context): number {
    const { geometry } = this.world;
    if (this.pages.pinned[gfn] === 1) return atOnce(result.PINNED);
    if (this.host.cache.isStranded(gfn)) return atOnce(result.BUSY);
    const node = geometry.homeOf(this.pages.locationOf(gfn));
    const home = this.host.chain.next(node);
    if (home === NO_HOME) return atOnce(result.NOMEM);
    this.host.reclaim.advised(node);
    const mapped = this.host.chain.isMapped(home);
    const kind = operationKind[mapped ? 'host-migrate' : 'swap-out'];
    const plan = mapped ? this.host.protocol.hostMigrate : this.outPlan(gfn);
    const begun = this.host.begin(kind, gfn, cause.advice, plan, context);
    if (mapped) this.world.operations.home[begun] = home;
    else this.whereTo(begun, gfn, home);
    if (mapped) this.host.relocation.placed(begun, context);
    return begun;
  }
  /** The other pages of a huge page. Where not all of them can go, it is split and only the one asked for goes. */
  private pageOutRest(gfn: number, context: Context): void {
    const { geometry } = this.world;
    const { moveTo, policy } = geometry.spec;
    const pages = policy.guest?.hugePages ?? 0;
    if (pages === 0) return;
    const vnode = geometry.vnodeOf(gfn);
    const first = gfn - ((gfn - geometry.vnodeGfn[vnode]!) % pages);
    const all = Array.from({ length: pages }, (_, page) => first + page);
    const canGo = all.every(
      (page) =>
        page < geometry.vnodeGfn[vnode + 1]! &&
        this.pages.kindOf(page) === 'frame' &&
        this.pages.operationOn(page) < 0,
    );
    const goes = canGo && this.pages.free[moveTo[0]!]! > pages;
    context.trace.hugeOut(first, goes ? pages : 1);
    if (goes) for (const page of all) if (page !== gfn) this.advise(page, context);
  }
}
