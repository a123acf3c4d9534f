// I7: one effect per request id, and the reply tells the truth: OK when, and only when, the page moved from the source
// Gfn to the destination Gfn, once, and in the way that was asked for: `map` leaves the bytes where they were, `migrate`
// brings them to another place, `map-then-migrate` does the one and then the other. What is taken back has had no effect.
// And the guest is told what was answered, however often either of them had to say it.
import type { TraceEvent } from '../model/events.ts';
import { cause, isDone, operationKind, requestKinds, result } from '../model/words.ts';
import { type Observers, Property } from './property.ts';

interface Request {
  source: number;
  destination: number;
  forwarded: number;
  accepted: number;
  left: number;
  /** Where the content was when it left the source. */
  leftFrom: number;
  /** Entries that the destination got, in order of location. */
  entered: number[];
}

export class ExactlyOnce extends Property {
  readonly name = 'I7-exactly-once';
  private readonly open = new Map<number, Request>();
  /** Balance operations, by record: the open request that each is for. */
  private readonly operations = new Map<number, Request>();
  /** The latest balance operation on a source Gfn. */
  private readonly onSource = new Map<number, number>();
  /** By source Gfn: destination of a request that was answered OK, until the guest goes by it. */
  private readonly told = new Map<number, number>();

  /** Operations of requests that were answered. */
  override prune(): void {
    const open = new Set(this.open.values());
    for (const [operation, request] of this.operations)
      if (!open.has(request)) this.operations.delete(operation);
    for (const [source] of this.onSource)
      if (![...open].some((request) => request.source === source)) this.onSource.delete(source);
  }
  readonly on: Observers = {
    requested: (e) => {
      if (this.open.has(e.id)) this.fail(e.sequence, `request ${e.id} was sent again before it was answered`);
      const request = {
        source: e.gfn,
        destination: e.destination,
        forwarded: 0,
        accepted: 0,
        left: 0,
        leftFrom: -1,
        entered: [],
      };
      this.open.set(e.id, request);
    },
    forwarded: (e) => this.once(e, 'forwarded'),
    accepted: (e) => {
      this.once(e, 'accepted');
      const request = this.open.get(e.id);
      const operation = this.onSource.get(e.gfn);
      if (request && operation !== undefined) this.operations.set(operation, request);
    },
    began: (e) => {
      this.operations.delete(e.id);
      if (e.from !== operationKind.balance) return;
      this.onSource.set(e.gfn, e.id);
      // Until one is accepted it is for some request of that route.
      for (const request of this.open.values())
        if (request.source === e.gfn && request.destination === e.destination)
          this.operations.set(e.id, request);
    },
    left: (e) => {
      const request = this.operations.get(e.id);
      if (!request || request.source !== e.gfn) return;
      request.left++;
      request.leftFrom = e.from;
    },
    entered: (e) => {
      const request = this.operations.get(e.id);
      if (request && request.destination === e.gfn) request.entered.push(e.to);
      else if (request?.source === e.gfn && request.left > 0) {
        request.left--;
        request.entered = [];
      }
    },
    answered: (e) => this.answered(e),
    balanced: (e) => {
      if (e.cause === cause.request) this.believed(e);
    },
  };

  private once(e: TraceEvent, what: 'forwarded' | 'accepted'): void {
    const request = this.open.get(e.id);
    if (!request) return this.fail(e.sequence, `request ${e.id} was ${what} and nobody sent it`);
    if (++request[what] > 1) this.fail(e.sequence, `request ${e.id} was ${what} twice`);
  }
  private answered(e: TraceEvent): void {
    this.examined++;
    const request = this.open.get(e.id);
    if (!request) return this.fail(e.sequence, `request ${e.id} was answered and is not open`);
    this.open.delete(e.id);
    const ok = isDone(e.result);
    if (ok) this.told.set(e.gfn, e.destination);
    const moved = request.left === 1 && request.entered.length >= 1;
    const twice = new Set(request.entered).size !== request.entered.length;
    const entries = requestKinds[e.from] === 'map-then-migrate' ? 2 : 1;
    const name = `request ${e.id} (Gfn ${e.gfn} -> ${e.destination})`;
    if (ok && request.accepted !== 1) this.fail(e.sequence, `${name} was answered OK and never accepted`);
    if (ok && !moved) this.fail(e.sequence, `${name} was answered OK and the page did not move`);
    if (ok && moved) this.asAsked(e, request, name);
    if (request.left > 1 || twice || request.entered.length > entries) {
      this.fail(e.sequence, `${name} took effect more than once`);
    }
    if (!ok && (request.left > 0 || request.entered.length > 0)) {
      this.fail(e.sequence, `${name} was refused and had an effect`);
    }
  }

  /** The guest ends its balancing by what it takes for the answer. */
  private believed(e: TraceEvent): void {
    const told = this.told.get(e.from);
    this.told.delete(e.from);
    const done = e.result === result.OK;
    if (done === (told === e.to)) return;
    const answer = done ? 'OK, which it was not answered' : 'refused, and it was answered OK';
    this.fail(e.sequence, `vcpu${e.id} took its request for Gfn ${e.from} -> ${e.to} for ${answer}`);
  }

  private asAsked(e: TraceEvent, { leftFrom, entered }: Request, name: string): void {
    // A copy that read-ahead left on the source is moved, whatever was asked for.
    const kind = e.result === result.CACHED ? 'migrate' : requestKinds[e.from];
    const mapped = entered[0] === leftFrom;
    const migrated = entered.at(-1) !== leftFrom;
    if (mapped === (kind !== 'migrate') && migrated === (kind !== 'map')) return;
    const seen = mapped && migrated ? 'map-then-migrate' : mapped ? 'map' : 'migrate';
    this.fail(e.sequence, `${name} asked for ${kind} and was answered OK after a ${seen}`);
  }
}
