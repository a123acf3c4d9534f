// The trace as it is made: every event goes to whoever asked for its kind, in order, and into the hash. Observers are
// handed one object again and again. Nothing is stored here; who wants to keep events observes them.
import { event, type EventKind, eventKinds, type Sink, type TraceEvent } from '../model/events.ts';
import { RunningHash } from '../stdx/hash.ts';

export type Observer = (event: TraceEvent) => void;
/** What an observer looks at, by kind of event. */
export type Observing = { readonly on: { readonly [K in EventKind]?: Observer } };

export class Trace implements Sink {
  private readonly observers: Observer[][] = eventKinds.map(() => []);
  /** All of them in one, by kind; null where there are none. */
  private readonly tell: (Observer | null)[] = eventKinds.map(() => null);
  private readonly hash = new RunningHash();
  private readonly hashes: boolean;
  private events = 0;
  private readonly current: TraceEvent = {
    kind: 0,
    actor: 0,
    // No small integer: a field that begins as one stays slow when fractions come.
    time: NaN,
    sequence: -1,
    id: 0,
    gfn: 0,
    destination: 0,
    generation: 0,
    from: 0,
    to: 0,
    cause: 0,
    result: 0,
  };

  /** @param hashes false where nobody will ask for the digest */
  constructor(observing: readonly Observing[], hashes = true) {
    this.hashes = hashes;
    for (const { on } of observing) {
      for (const [kind, observer] of Object.entries(on) as [EventKind, Observer][]) {
        this.observers[event[kind]]!.push(observer);
      }
    }
    this.join();
  }
  /** Has every kind of event handed to `observer`. */
  all(observer: Observer): void {
    for (const observers of this.observers) observers.push(observer);
    this.join();
  }
  private join(): void {
    eventKinds.forEach((kind, number) => {
      const observers = this.observers[number]!;
      if (observers.length > 0) this.tell[number] = inTurn(kind, observers);
    });
  }

  /** In a simulation the order of events is the order in which they are made. */
  takePlace(): void {}

  put(
    actor: number,
    time: number,
    kind: number,
    id: number,
    gfn: number,
    destination: number,
    generation: number,
    from: number,
    to: number,
    cause: number,
    result: number,
  ): void {
    const sequence = this.events++;
    if (this.hashes)
      this.hash.record(
        kind | (actor << 8),
        id,
        gfn,
        destination ^ (generation << 16),
        from,
        to,
        (cause << 28) ^ result,
        time,
      );
    const tell = this.tell[kind]!;
    if (tell === null) return;
    const { current: e } = this;
    e.kind = kind;
    e.actor = actor;
    e.time = time;
    e.sequence = sequence;
    e.id = id;
    e.gfn = gfn;
    e.destination = destination;
    e.generation = generation;
    e.from = from;
    e.to = to;
    e.cause = cause;
    e.result = result;
    tell(e);
  }
  /** The same event once more: of a run that was recorded. Its place in the order is that of this trace. */
  again(e: Omit<TraceEvent, 'sequence'>): void {
    const { actor, time, kind, id, gfn, destination, generation, from, to, cause, result } = e;
    this.put(actor, time, kind, id, gfn, destination, generation, from, to, cause, result);
  }
  /** Events so far. */
  get length(): number {
    return this.events;
  }
  digest(): string {
    return this.hash.digest();
  }
}

type Join = (...observers: readonly Observer[]) => Observer;
/** What makes one observer of several, by kind of event and their number. */
const joiners = new Map<string, Join>();

/**
 * Calls all observers of a kind, one after the other. The function is written for the kind: in a loop that all kinds share the
 * engine never knows who is called next, and can neither foresee nor inline it, which was a tenth of what monitors cost.
 */
function inTurn(kind: EventKind, observers: readonly Observer[]): Observer {
  const key = `${kind} ${observers.length}`;
  let join = joiners.get(key);
  if (join === undefined) {
    const names = observers.map((_, i) => `observer${i}`);
    const calls = names.map((name) => `${name}(event);`).join(' ');
    // oxlint-disable-next-line no-implied-eval -- made of names of ours only
    join = new Function(...names, `return function ${kind}(event) { ${calls} };`) as Join;
    joiners.set(key, join);
  }
  return join(...observers);
}
