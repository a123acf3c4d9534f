// Remapping by alias, the host's side: a guest has put the wanted vNode into the upper bits of a guest physical address, and
// touches it. The Gfn is vacant, and its page is at another alias of the same offset: the host takes the page from there to
// the node of the alias that was touched, and maps it there. No list, no hypercall, no second guest page.
import type { Context } from '../actor/actor.ts';
import type { World } from '../memory/world.ts';
import { aliasOf, hasAliases } from '../model/alias.ts';
import { NOWHERE, type Gfn } from '../model/geometry.ts';
import { cause, operationKind, result } from '../model/words.ts';
import { type AliasPlans, listedAlias, unlistedAlias } from '../protocols/alias-plans.ts';
import { assert } from '../stdx/assert.ts';
import type { Host } from './host.ts';
import type { HostPages } from './host-pages.ts';

/** The alias under which the host has a page, or is about to: the Gfn itself if it has no page, or is no alias. */
export function residence(world: World, pages: HostPages, gfn: Gfn): Gfn {
  const { geometry } = world;
  if (!hasAliases(geometry) || isTaken(pages, gfn)) return gfn;
  const guest = geometry.guestOf(gfn);
  for (let vnode = geometry.guestVnode[guest]!; vnode < geometry.guestVnode[guest + 1]!; vnode++) {
    const alias = aliasOf(geometry, gfn, vnode);
    if (isTaken(pages, alias)) return alias;
  }
  return gfn;
}
const isTaken = (pages: HostPages, gfn: Gfn) =>
  pages.locationOf(gfn) !== NOWHERE || pages.operationOn(gfn) >= 0;

/** Node that a fault must not be served on, or -1: what a page was taken away from for its new name, or by a map. */
export function avoidedNode(world: World, pages: HostPages, operation: number): number {
  const { operations, geometry } = world;
  const gfn = operations.gfn[operation]!;
  if (operations.kind[operation]! - 1 !== operationKind.alias) return pages.sourceOf(gfn);
  const from = operations.from[operation]!;
  return isResident(world, operation) ? geometry.homeOf(from) : pages.awayFromOf(gfn);
}
/** Whether an operation for an alias found the page in a frame and not away. */
export function isResident({ operations, pages }: World, operation: number): boolean {
  return (
    operations.kind[operation]! - 1 === operationKind.alias &&
    operations.carried[operation] === pages.table.initial
  );
}

export class Alias {
  private readonly host: Host;
  private readonly world: World;
  private readonly plans: AliasPlans;

  constructor(host: Host, world: World) {
    const { geometry } = world;
    this.host = host;
    this.world = world;
    this.plans = host.protocol.swapIn.includes('retire') ? listedAlias : unlistedAlias;
    if (!hasAliases(geometry)) return;
    for (const { vnodes } of geometry.spec.guests)
      assert(
        vnodes.every(({ gfns }) => gfns === vnodes[0]!.gfns),
        'a page has one alias in each vNode: all have as many Gfns',
      );
  }

  /** A fault on a Gfn that nothing works on. @returns whether its page is elsewhere: then it is taken care of */
  takes(vcpu: number, gfn: Gfn, because: number, context: Context): boolean {
    const { host, world } = this;
    const at = this.residence(gfn);
    if (at === gfn) return false;
    // Whatever has the page, or a device that it is pinned for, is waited for; then the vCPU looks at its page table again.
    if (host.pages.operationOn(at) >= 0 || host.pages.pinned[at] === 1) {
      host.waitAt(vcpu, at);
      host.notPresent(vcpu, context);
      return true;
    }
    const state = world.pages.state(at);
    const s = world.pages.table.state;
    switch (state) {
      case s['resident.present']:
        this.move(vcpu, at, gfn, context);
        break;
      case s['listed.held']:
      case s['remapped.held']:
        if (host.meetsHold(vcpu, at, context)) break;
        this.begin(vcpu, at, gfn, because, 'away', context);
        break;
      case s['swapped.stored']:
      case s['swapped.cached']:
      case s['listed.exported']:
      case s['remapped.mapped']:
        this.begin(vcpu, at, gfn, because, 'away', context);
        break;
      case s.poisoned:
        host.resume(vcpu, result.EIO, context);
        break;
      default:
        host.resume(vcpu, result.OK, context);
    }
    return true;
  }
  private residence(gfn: Gfn): Gfn {
    return residence(this.world, this.host.pages, gfn);
  }

  /** The page is in a frame of another node: nothing is read, whatever it was touched for. */
  private move(vcpu: number, at: Gfn, gfn: Gfn, context: Context): void {
    const begun = this.begin(vcpu, at, gfn, cause.alias, 'resident', context);
    this.world.operations.carried[begun] = this.world.pages.table.initial;
  }
  private begin(
    vcpu: number,
    at: Gfn,
    gfn: Gfn,
    because: number,
    plan: keyof AliasPlans,
    context: Context,
  ): number {
    const { host, world } = this;
    const { operations, geometry } = world;
    const begun = host.begin(operationKind.alias, at, because, this.planFor(plan), context, gfn);
    host.pages.lock(gfn, begun);
    operations.home[begun] = this.homeFor(vcpu, at, gfn);
    operations.node[begun] = geometry.vcpuNode[vcpu]!;
    host.notPresent(vcpu, context);
    return begun;
  }
  /** Where the page goes: the node of the vNode that the touched alias names. */
  homeFor(vcpu: number, _at: Gfn, gfn: Gfn): number {
    const { geometry } = this.world;
    return geometry.spec.policy.unpinned ? geometry.vcpuNode[vcpu]! : this.host.pages.pinOf(gfn);
  }
  planFor(plan: keyof AliasPlans): AliasPlans[keyof AliasPlans] {
    return this.plans[plan];
  }

  /** The new node is full and can make no room. A page that is in a frame stays there: a spill, without a copy. */
  stay(operation: number, context: Context): void {
    const { host, world } = this;
    const { operations, geometry } = world;
    if (!isResident(world, operation)) return;
    const from = operations.from[operation]!;
    const gfn = operations.destination[operation]!;
    context.trace.spilled(operation, gfn, host.pages.pinOf(gfn), geometry.homeOf(from));
    operations.to[operation] = from;
    host.interpreter.follow(operation, this.planFor('stays'), context);
  }
  /** A device has let go of a page: whoever touched another alias of it meanwhile goes on. */
  unpinned(gfn: Gfn, answer: number, context: Context): number {
    if (hasAliases(this.world.geometry)) this.host.wake(gfn, result.OK, context);
    return answer;
  }
}
