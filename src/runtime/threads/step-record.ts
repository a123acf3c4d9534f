// What is put down of each step of an actor on a thread, where its run is to be explained afterwards: the message that it took
// and from which ring, what its one shared access found and left, a hash of what it sent, and what it dropped. A record
// follows the events of its step in the actor's ring and is as long as one of them.
//
// `since` is a ticket that was taken just before the access, `until` the next one to be taken just after it: of two accesses
// the one whose `until` is not after the other's `since` came first. Others may have come in either order.
import { AccessRecord } from '../../memory/access-record.ts';
import type { Message } from '../../model/messages.ts';

/** Words of a record, of an event or a step. */
export const RECORD = 12;
/** In place of an event's kind. */
const STEP = 0xff;
const KIND_SHIFT = 16;
const KNOWN_SHIFT = 24;
const COUNT_SHIFT = 26;
const COUNT_MAX = 3;

/** Words of a step's record. */
export const stepField = {
  head: 0,
  since: 1,
  until: 2,
  /** The ring, the message's kind, what is known of the access and how many there were: see below. */
  taken: 3,
  id: 4,
  argument: 5,
  serial: 6,
  place: 7,
  found: 8,
  left: 9,
  sent: 10,
  /** Messages that were dropped for want of room: see `Mailboxes.hasRoomFor`. */
  refused: 11,
} as const;

export function isStep(head: number): boolean {
  return (head & 0xff) === STEP;
}
/** Ring, message kind, what is known of the access and how many there were, in one word. */
export function takenWord(ring: number, kind: number, known: number, count: number): number {
  const some = Math.min(count, COUNT_MAX);
  return ring | (kind << KIND_SHIFT) | (known << KNOWN_SHIFT) | (some << COUNT_SHIFT);
}
export const ringIn = (taken: number) => taken & 0xffff;
export const kindIn = (taken: number) => (taken >>> KIND_SHIFT) & 0xff;
export const knownIn = (taken: number) => (taken >>> KNOWN_SHIFT) & 3;
export const countIn = (taken: number) => (taken >>> COUNT_SHIFT) & COUNT_MAX;

/** An event's result as it stands in a record: a stall can last for longer than a word can say. */
export function inRecord(result: number): number {
  return Math.min(result, 0x7fffffff);
}

/** A chunk of a script, as the feeder delivered it. */
export interface Feed {
  vcpu: number;
  operations: number;
  words: Int32Array;
}

/** What threads have left of a run. */
export interface RecordedRun {
  /** By actor: events and steps, each a record of 12 words, a step after its events. */
  records: readonly Int32Array[];
  feeds: readonly Feed[];
  /** The world as the threads left it, or null where they were stopped before they came to rest. */
  world: ArrayBuffer | SharedArrayBuffer | null;
}

/** Where a thread's steps go. */
export interface StepSink {
  takeTicket(): number;
  nextTicket(): number;
  putStep(record: Int32Array): void;
}

/** An actor's end: the witness of its accesses, which takes tickets around them. */
export class StepRecorder extends AccessRecord {
  private readonly sink: StepSink;
  private readonly record = new Int32Array(RECORD);
  private since = 0;

  constructor(sink: StepSink, actor: number) {
    super();
    this.sink = sink;
    this.record[stepField.head] = STEP | (actor << 8);
  }
  override begin(): void {
    super.begin();
    this.since = this.sink.nextTicket();
  }
  override touch(column: Int32Array | undefined, index: number): void {
    super.touch(column, index);
    this.since = this.sink.takeTicket();
  }
  /** The step has been made and nobody knows of it yet. */
  end(ring: number, taken: Message, sent: number, refused: number): void {
    const { record, sink } = this;
    record[stepField.since] = this.since;
    record[stepField.until] = sink.nextTicket();
    record[stepField.taken] = takenWord(ring, taken.kind, this.known, this.count);
    record[stepField.id] = taken.id;
    record[stepField.argument] = taken.argument;
    record[stepField.serial] = taken.serial;
    record[stepField.place] = this.place;
    record[stepField.found] = this.found;
    record[stepField.left] = this.left;
    record[stepField.sent] = sent;
    record[stepField.refused] = refused;
    sink.putStep(record);
  }
}
