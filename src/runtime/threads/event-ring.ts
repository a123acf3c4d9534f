// The trace of a run on threads: a ring of events for each actor, written by the actor and emptied by the main thread. An
// event's ticket, from one shared counter, is its place in an order that agrees with causality: a ticket is taken after
// what the event depends on was read and before what it tells is made known (see `PageWords` and `Sink.takePlace`).
// Accesses, which are many and are judged by their counts, share the ticket of the event before them.
//
// A full ring stops its actor until the main thread has emptied it: nothing is ever lost.
//
// Where steps are recorded, each step's own record follows its events: see step-record.ts.
import { event, type Sink, type TraceEvent } from '../../model/events.ts';
import type { Bells } from './bells.ts';
import { type Feed, inRecord, isStep, RECORD, type RecordedRun } from './step-record.ts';

const LINE = 16;
/** Events in a ring. */
const CAPACITY = 1 << 13;

export class EventRings {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly actors: number;

  constructor(
    actors: number,
    buffer = new SharedArrayBuffer((LINE + actors * (2 * LINE + CAPACITY * RECORD)) * 4),
  ) {
    this.buffer = buffer;
    this.actors = actors;
    this.words = new Int32Array(buffer);
  }
  headOf(actor: number): number {
    return LINE + actor * 2 * LINE;
  }
  tailOf(actor: number): number {
    return LINE + actor * 2 * LINE + LINE;
  }
  recordOf(actor: number, index: number): number {
    return LINE + this.actors * 2 * LINE + (actor * CAPACITY + (index & (CAPACITY - 1))) * RECORD;
  }
}

/** An actor's end. */
export class EventWriter implements Sink {
  private readonly rings: EventRings;
  private readonly bells: Bells;
  private readonly reader: number;
  private readonly self: number;
  private readonly float = new Float64Array(1);
  private readonly floatWords = new Int32Array(this.float.buffer);
  private head: number;
  private published: number;
  private place = -1;
  private ticket = 0;

  /** @param reader actor number under which the main thread waits */
  constructor(rings: EventRings, bells: Bells, reader: number, self: number) {
    this.rings = rings;
    this.bells = bells;
    this.reader = reader;
    this.self = self;
    this.head = this.published = Atomics.load(rings.words, rings.headOf(self));
  }

  takePlace(): void {
    this.place = Atomics.add(this.rings.words, 0, 1);
  }
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
    const { words } = this.rings;
    if (kind === event.page && this.place >= 0) this.ticket = this.place;
    else if (kind !== event.read && kind !== event.wrote) this.ticket = Atomics.add(words, 0, 1);
    this.place = -1;
    const at = this.next();
    this.float[0] = time;
    words[at] = kind | (actor << 8);
    words[at + 1] = this.ticket;
    words[at + 2] = id;
    words[at + 3] = gfn;
    words[at + 4] = destination;
    words[at + 5] = generation;
    words[at + 6] = from;
    words[at + 7] = to;
    words[at + 8] = cause;
    words[at + 9] = inRecord(result);
    words[at + 10] = this.floatWords[0]!;
    words[at + 11] = this.floatWords[1]!;
    this.head = (this.head + 1) | 0;
  }
  /** Waits for room. @returns where the next record goes */
  private next(): number {
    const { rings, self } = this;
    const { words } = rings;
    const tail = rings.tailOf(self);
    for (;;) {
      const seen = Atomics.load(words, tail);
      if (((this.head - seen) | 0) < CAPACITY) return rings.recordOf(self, this.head);
      this.publish();
      this.bells.ring(this.reader);
      Atomics.wait(words, tail, seen);
    }
  }
  /** Puts down a step, as it stands in a record. */
  putStep(record: Int32Array): void {
    this.rings.words.set(record, this.next());
    this.head = (this.head + 1) | 0;
  }
  /** The main thread, which is the feeder too. */
  wakeReader(): void {
    this.bells.ring(this.reader);
  }
  /** A place in the total order. */
  takeTicket(): number {
    return Atomics.add(this.rings.words, 0, 1);
  }
  /** The ticket that will be the next to be taken: every one before it has been. */
  nextTicket(): number {
    return Atomics.load(this.rings.words, 0);
  }
  /** Makes the events of a handler visible to the main thread. */
  publish(): void {
    const { rings, self } = this;
    if (this.head === this.published) return;
    this.published = this.head;
    Atomics.store(rings.words, rings.headOf(self), this.head);
    if (((this.head - Atomics.load(rings.words, rings.tailOf(self))) | 0) > CAPACITY / 2)
      this.bells.ring(this.reader);
  }
}

/** The main thread's end: keeps every event until the run is judged. */
export class Recording {
  private readonly rings: EventRings;
  private readonly kept: Int32Array[][];
  /** Words that guests have read and written so far. */
  accesses = 0;
  /** What the feeder delivered, where steps are recorded. */
  readonly feeds: Feed[] = [];

  constructor(rings: EventRings) {
    this.rings = rings;
    this.kept = Array.from({ length: rings.actors }, () => []);
  }
  /** Empties all rings. */
  drain(): void {
    const { rings } = this;
    const { words } = rings;
    for (let actor = 0; actor < rings.actors; actor++) {
      const head = Atomics.load(words, rings.headOf(actor));
      let tail = Atomics.load(words, rings.tailOf(actor));
      if (head === tail) continue;
      while (head !== tail) {
        const slot = tail & (CAPACITY - 1);
        const count = Math.min((head - tail) | 0, CAPACITY - slot);
        const at = rings.recordOf(actor, tail);
        for (let record = at; record < at + count * RECORD; record += RECORD) {
          const kind = words[record]! & 0xff;
          if (kind === event.read || kind === event.wrote) this.accesses++;
        }
        this.kept[actor]!.push(words.slice(at, at + count * RECORD));
        tail = (tail + count) | 0;
      }
      Atomics.store(words, rings.tailOf(actor), tail);
      Atomics.notify(words, rings.tailOf(actor));
    }
  }

  /** What the threads have left of a run whose steps were recorded. */
  recorded(world: RecordedRun['world']): RecordedRun {
    return { records: this.kept.map((_, actor) => this.recordsOf(actor)), feeds: this.feeds, world };
  }
  /** All that one actor wrote, in its order. */
  private recordsOf(actor: number): Int32Array {
    const chunks = this.kept[actor]!;
    const records = new Int32Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      records.set(chunk, at);
      at += chunk.length;
    }
    return records;
  }
  /** All events in order of their tickets, an actor's own always in the order in which it made them. */
  *events(): Generator<TraceEvent> {
    const cursors = this.kept.map((chunks) => new Cursor(chunks));
    let sequence = 0;
    for (;;) {
      let first: Cursor | null = null;
      for (const cursor of cursors) {
        if (cursor.ticket >= 0 && (first === null || cursor.ticket < first.ticket)) first = cursor;
      }
      if (first === null) return;
      const e = first.take();
      e.sequence = sequence++;
      yield e;
    }
  }
}

class Cursor {
  private readonly chunks: readonly Int32Array[];
  private chunk = 0;
  private at = 0;
  private readonly float = new Float64Array(1);
  private readonly floatWords = new Int32Array(this.float.buffer);
  private readonly current: TraceEvent = {
    kind: 0,
    actor: 0,
    time: 0,
    sequence: 0,
    id: 0,
    gfn: 0,
    destination: 0,
    generation: 0,
    from: 0,
    to: 0,
    cause: 0,
    result: 0,
  };
  /** Of the next event; -1 when there is none. */
  ticket = -1;

  constructor(chunks: readonly Int32Array[]) {
    this.chunks = chunks;
    this.find();
  }
  /** The next event, if there is one; steps are passed over. */
  private find(): void {
    for (;;) {
      const words = this.chunks[this.chunk];
      if (words === undefined || this.at < words.length) {
        this.ticket = words?.[this.at + 1] ?? -1;
        if (words === undefined || !isStep(words[this.at]!)) return;
        this.at += RECORD;
      } else {
        this.at = 0;
        this.chunk++;
      }
    }
  }
  take(): TraceEvent {
    const words = this.chunks[this.chunk]!;
    const { at, current: e } = this;
    e.kind = words[at]! & 0xff;
    e.actor = words[at]! >> 8;
    e.id = words[at + 2]!;
    e.gfn = words[at + 3]!;
    e.destination = words[at + 4]!;
    e.generation = words[at + 5]!;
    e.from = words[at + 6]!;
    e.to = words[at + 7]!;
    e.cause = words[at + 8]!;
    e.result = words[at + 9]!;
    this.floatWords[0] = words[at + 10]!;
    this.floatWords[1] = words[at + 11]!;
    e.time = this.float[0]!;
    this.at += RECORD;
    this.find();
    return e;
  }
}
