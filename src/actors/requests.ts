// Balance requests on the host's side (460): each is refused at once or becomes an operation, and is answered once. What is
// told again has no second effect.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { NOWHERE } from '../model/geometry.ts';
import { message, type Message } from '../model/messages.ts';
import { cause, isDone, operationKind, requestKinds, result, results } from '../model/words.ts';
import { vacating } from '../protocols/host-plans.ts';
import type { Plan } from '../protocols/protocol.ts';
import type { Host } from './host.ts';
import type { HostPages } from './host-pages.ts';
import { Once, tellingOf } from './once.ts';

export class Requests {
  private readonly world: World;
  private readonly host: Host;
  private readonly pages: HostPages;
  /** What was heard of each request. */
  readonly heard: Once;

  constructor(arena: Arena, host: Host) {
    const { geometry } = host.world;
    this.world = host.world;
    this.host = host;
    this.pages = host.pages;
    this.heard = new Once(arena, geometry.vcpus * geometry.spec.batch, tellingOf(geometry.spec));
  }

  /** A request that was heard before has no second effect, and gets the same answer again. */
  isNew({ id, serial }: Message, context: Context): boolean {
    const heard = this.heard.hear(id, serial);
    if (heard === 'done') context.send(this.world.geometry.hypervisor, message.answer, id, 0, 0, serial);
    return heard === 'new';
  }

  onRequest(request: number, context: Context): void {
    const { requests, geometry, operations } = this.world;
    const source = requests.source[request]!;
    const destination = requests.destination[request]!;
    if (this.host.givenBack.isGone(source) || this.host.givenBack.isGone(destination))
      return this.refuse(request, result.EINVAL, context);
    if (this.pages.operationOn(source) >= 0 || this.isAskedFor(destination))
      return this.refuse(request, result.BUSY, context);
    if (this.pages.pinned[source] === 1 || this.host.references.isPinned(destination))
      return this.refuse(request, result.PINNED, context);
    const { spec } = geometry;
    const { policy } = spec;
    const cached = this.host.cache.isCached(source);
    if (cached && policy.cachedRequest === 'refuse') return this.refuse(request, result.STALE, context);
    const node = this.pages.pinOf(destination);
    const destinationBacked =
      this.pages.locationOf(destination) !== NOWHERE || this.pages.operationOn(destination) >= 0;
    const plan = this.host.protocol.plan(
      { kind: requestKinds[requests.kind[request]!]! },
      { at: this.pages.kindOf(source) },
      {
        destinationBacked,
        destinationRoom: this.pages.free[node]!,
        keysNamePages: spec.policy.encryption === 'gfn',
      },
    );
    if (typeof plan === 'string') return this.refuse(request, results.indexOf(plan), context);
    const isShared = this.pages.references[this.pages.locationOf(source)]! > 0;
    if (isShared && (policy.sharedRequest === 'refuse' || plan.includes('remap')))
      return this.refuse(request, result.SHARED, context);
    const moves = cached ? this.planForCopy(destinationBacked) : plan;
    const operation = this.host.begin(
      operationKind.balance,
      source,
      cause.request,
      moves,
      context,
      destination,
    );
    if (cached) {
      operations.from[operation] = this.pages.copyOf(source);
      operations.copy[operation] = 1;
    }
    operations.request[operation] = request;
    operations.home[operation] = this.pages.resolve(operation);
    operations.node[operation] = geometry.vcpuNode[Math.floor(request / spec.batch)]!;
    if (this.pages.operationOn(destination) < 0) this.pages.lock(destination, operation);
  }

  /** What read-ahead left on the source is moved from there. */
  private planForCopy(destinationBacked: boolean): Plan {
    const { moveCached } = this.host.protocol;
    return destinationBacked ? vacating(moveCached) : moveCached;
  }

  /** Another request has the Gfn. Two that waited for each other's source would wait for ever; a guest that knows what it
   * does never asks so. */
  private isAskedFor(gfn: number): boolean {
    const operation = this.pages.operationOn(gfn);
    return operation >= 0 && this.world.operations.kind[operation]! - 1 === operationKind.balance;
  }

  refuse(request: number, outcome: number, context: Context): void {
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
    const source = requests.source[request]!;
    if (this.pages.operationOn(source) < 0) this.host.wake(source, result.OK, context);
  }

  answer(request: number, outcome: number, context: Context): void {
    const { requests, geometry } = this.world;
    const { source, destination, generation, kind, table } = requests;
    requests.result[request] = outcome;
    const lost = outcome === result.EIO && requests.state[request] === table.state.accepted;
    const ending = isDone(outcome) ? table.event.complete : lost ? table.event.fail : table.event.refuse;
    requests.step(request, ending, context.trace);
    context.trace.answered(
      request,
      source[request]!,
      destination[request]!,
      generation[request]!,
      kind[request]!,
      outcome,
    );
    this.heard.done(request);
    context.send(geometry.hypervisor, message.answer, request, 0, 0, this.heard.serialOf(request));
  }
}
