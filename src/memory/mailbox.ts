// Mailboxes: one ring per sender and receiver, all in the world buffer. The sender owns the head, the receiver the tail,
// each on a cache line of its own. A sender writes its messages and publishes once per handler: the store of the head
// makes them, and every column of the records they hand over, visible (pairs with the load of the head in `receive`).
//
// A ring holds the most messages that its sender can have outstanding, so a send never waits and bounded memory cannot
// deadlock; a full ring is a bug and stops the run.
//
// An atomic operation costs as much as all else that there is to do about a message, so each side keeps what it last saw of
// the other's index, and looks again only when that is used up. The receiver gives room back when it publishes, before what
// it publishes, or when it finds the ring empty: whoever learns from a message that another one was taken finds its room.
import { assert } from '../stdx/assert.ts';
import type { Message } from '../model/messages.ts';
import type { Arena } from './arena.ts';

export interface Link {
  sender: number;
  receiver: number;
  /** Messages that may be outstanding at once. */
  bound: number;
}

const LINE = 16;
/** Rings are so many messages long, or a multiple, so that no two share a cache line. */
const LINE_MESSAGES = 8;
const MESSAGE_WORDS = 4;
const NONE = -1;
/** Answers of a step that are put down, a bit each. */
const ANSWERS = 31;

/** What a thread knows of its ends of a ring, private to it. */
const end = {
  mask: 0,
  sender: 1,
  /** Its first message's place. */
  first: 2,
  // The sender: up to where it has written, and has published; the tail that it last saw.
  written: 3,
  published: 4,
  room: 5,
  // The receiver: up to where it has taken; the head that it last saw.
  taken: 6,
  seen: 7,
  count: 8,
} as const;

export class Mailboxes {
  readonly links: readonly Link[];
  /** Rings into an actor, in order of sender. */
  readonly inbound: readonly (readonly number[])[];
  private readonly ringOf: Int32Array;
  private readonly actors: number;
  /** Whether the two ends of a ring may be on different threads. */
  private readonly isShared: boolean;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  private readonly words: Int32Array;
  private readonly times: Float64Array;
  /** By ring; see `end`. */
  private readonly ends: Int32Array;
  /** Rings with messages that are written and not published. */
  private readonly unpublished: Int32Array;
  private unpublishedCount = 0;
  /** Answers of `hasRoomFor` in this step: how many, and a bit for each of the first `ANSWERS` that was no. */
  private answered = 0;
  refused = 0;
  /** Such bits, where a recorded step is made again: what its thread found of the other's progress. */
  private answers: number | null = null;
  /** The ring, if there is one, whose sender does not know yet how much was taken. */
  private unreleased = NONE;

  constructor(arena: Arena, links: readonly Link[], actors: number) {
    this.links = links;
    this.actors = actors;
    this.ringOf = new Int32Array(actors * actors).fill(-1);
    const inbound: number[][] = Array.from({ length: actors }, () => []);
    links.forEach((link, ring) => {
      this.ringOf[link.sender * actors + link.receiver] = ring;
      inbound[link.receiver]!.push(ring);
    });
    this.inbound = inbound;
    this.isShared = arena.isShared;
    this.ends = new Int32Array(links.length * end.count);
    const masks = links.map((link) => 2 ** Math.ceil(Math.log2(Math.max(2, link.bound))) - 1);
    this.heads = arena.int32(links.length * LINE);
    this.tails = arena.int32(links.length * LINE);
    let messages = 0;
    const firsts = masks.map((mask) => {
      const first = messages;
      messages += Math.max(mask + 1, LINE_MESSAGES);
      return first;
    });
    this.words = arena.int32(messages * MESSAGE_WORDS);
    this.times = arena.float64(messages);
    // A thread that attaches goes on where the creator has published to.
    for (const [ring, { sender }] of links.entries()) {
      const head = this.heads[ring * LINE] ?? 0;
      const tail = this.tails[ring * LINE] ?? 0;
      this.ends.set([masks[ring]!, sender, firsts[ring]!, head, head, tail, tail, tail], ring * end.count);
    }
    this.unpublished = new Int32Array(links.length);
  }

  private endOf(ring: number): {
    mask: number;
    first: number;
    written: number;
    published: number;
    taken: number;
  } {
    const { ends } = this;
    const at = ring * end.count;
    return {
      mask: ends[at + end.mask]!,
      first: ends[at + end.first]!,
      written: ends[at + end.written]!,
      published: ends[at + end.published]!,
      taken: ends[at + end.taken]!,
    };
  }
  private load(column: Int32Array, ring: number): number {
    return this.isShared ? Atomics.load(column, ring * LINE) : column[ring * LINE]!;
  }
  private store(column: Int32Array, ring: number, value: number): void {
    if (this.isShared) Atomics.store(column, ring * LINE, value);
    else column[ring * LINE] = value;
  }

  /** Writes a message into its ring; receivers see it after `publish`. @returns the ring */
  send(
    sender: number,
    receiver: number,
    kind: number,
    id: number,
    argument: number,
    serial: number,
    time: number,
  ): number {
    const ring = this.ringOf[sender * this.actors + receiver]!;
    if (ring < 0) assert(false, `actor ${sender} has no link to actor ${receiver}`);
    const { ends } = this;
    const at = ring * end.count;
    const head = ends[at + end.written]!;
    const mask = ends[at + end.mask]!;
    if (((head - ends[at + end.room]!) | 0) > mask) this.makeRoom(ring);
    const slot = ends[at + end.first]! + (head & mask);
    const { words } = this;
    words[slot * MESSAGE_WORDS] = kind;
    words[slot * MESSAGE_WORDS + 1] = id;
    words[slot * MESSAGE_WORDS + 2] = argument;
    words[slot * MESSAGE_WORDS + 3] = serial;
    this.times[slot] = time;
    ends[at + end.written] = (head + 1) | 0;
    if (head === ends[at + end.published]) this.unpublished[this.unpublishedCount++] = ring;
    return ring;
  }
  /** The ring was full when its sender last looked. Pairs with `release`. */
  private makeRoom(ring: number): void {
    const { ends } = this;
    const at = ring * end.count;
    ends[at + end.room] = this.tailOf(ring);
    const { sender, receiver } = this.links[ring]!;
    const mask = ends[at + end.mask]!;
    assert(
      ((ends[at + end.written]! - ends[at + end.room]!) | 0) <= mask,
      `mailbox ${sender} -> ${receiver}: more than ${mask + 1} messages outstanding`,
    );
  }
  /** Whether less than half of a ring is taken: then one more message that may as well get lost does no harm. */
  hasRoomFor(sender: number, receiver: number): boolean {
    const ring = this.ringOf[sender * this.actors + receiver]!;
    const bit = 1 << this.answered++;
    const isRecorded = this.answers !== null && this.answered <= ANSWERS;
    const has = isRecorded
      ? (this.answers! & bit) === 0
      : this.outstanding(ring) * 2 < this.ends[ring * end.count + end.mask]!;
    if (!has && this.answered <= ANSWERS) this.refused |= bit;
    return has;
  }
  /** A step begins that is recorded, or that is made again with these answers of `hasRoomFor`. */
  beginAnswers(answers: number | null = null): void {
    this.answered = 0;
    this.refused = 0;
    this.answers = answers;
  }
  private outstanding(ring: number): number {
    return (this.ends[ring * end.count + end.written]! - this.tailOf(ring)) | 0;
  }
  /**
   * Whether a ring may have no room for what a step sends (a quarter of it at most): `hasRoomFor` fills half of it, so that its
   * receiver must be behind where it was then.
   */
  isLagging(ring: number): boolean {
    const room = this.ends[ring * end.count + end.mask]! + 1;
    return room - this.outstanding(ring) < Math.max(Math.min(2, room / 2), room / 4);
  }
  /** A hash of what was sent and is not published yet. */
  unpublishedHash(): number {
    let hash = 0;
    for (let i = 0; i < this.unpublishedCount; i++) {
      const ring = this.unpublished[i]!;
      const { mask, first, written, published } = this.endOf(ring);
      for (let at = published; at !== written; at = (at + 1) | 0) {
        const slot = first + (at & mask);
        hash = Math.imul(hash ^ ring, 0x2c1b3c6d) ^ this.times[slot]!;
        const { words } = this;
        for (let word = slot * MESSAGE_WORDS; word < (slot + 1) * MESSAGE_WORDS; word++) {
          hash = Math.imul(hash ^ words[word]!, 0x297a2d39);
          hash ^= hash >>> 15;
        }
      }
    }
    return hash;
  }
  /** Makes everything sent so far visible; `woken` is called once for each ring. */
  publish(woken: (ring: number) => void): void {
    if (this.unreleased !== NONE) this.release();
    for (let i = 0; i < this.unpublishedCount; i++) {
      const ring = this.unpublished[i]!;
      const head = this.ends[ring * end.count + end.written]!;
      this.ends[ring * end.count + end.published] = head;
      this.store(this.heads, ring, head);
      woken(ring);
    }
    this.unpublishedCount = 0;
  }
  /** Up to where a ring's receiver has taken, also where that is this thread and nobody knows yet. */
  private tailOf(ring: number): number {
    if (this.unreleased === ring) this.release();
    return this.load(this.tails, ring);
  }
  /** Gives room back to the sender of the ring that was taken from last. Pairs with `makeRoom`. */
  private release(): void {
    const ring = this.unreleased;
    this.unreleased = NONE;
    this.store(this.tails, ring, this.ends[ring * end.count + end.taken]!);
  }
  /** Takes every message out, those not published among them, in order of rings: for a checker, which keeps them itself. */
  drain(take: (ring: number, kind: number, id: number, argument: number, serial: number) => void): void {
    this.unpublishedCount = 0;
    this.unreleased = NONE;
    for (let ring = 0; ring < this.links.length; ring++) {
      const { words } = this;
      const { mask, first, taken, written } = this.endOf(ring);
      for (let at = taken; at !== written; at = (at + 1) | 0) {
        const word = (first + (at & mask)) * MESSAGE_WORDS;
        take(ring, words[word]!, words[word + 1]!, words[word + 2]!, words[word + 3]!);
      }
      this.ends.fill(0, ring * end.count + end.written, (ring + 1) * end.count);
      this.heads[ring * LINE] = this.tails[ring * LINE] = 0;
    }
  }
  /** Kind of the oldest message of a ring that is not empty. */
  kindIn(ring: number): number {
    const { mask, first, taken } = this.endOf(ring);
    return this.words[(first + (taken & mask)) * MESSAGE_WORDS]!;
  }
  isEmpty(ring: number): boolean {
    return this.load(this.heads, ring) === this.tailOf(ring);
  }
  /** Whether a ring that this thread receives from has a message: for a receiver, who has nothing to do but look. */
  hasMessage(ring: number): boolean {
    const { ends } = this;
    const at = ring * end.count;
    const taken = ends[at + end.taken]!;
    return ends[at + end.seen] !== taken || this.load(this.heads, ring) !== taken;
  }
  /** Takes the oldest message of a ring into `into`. @returns false when the ring is empty */
  receive(ring: number, into: Message): boolean {
    const { ends } = this;
    const at = ring * end.count;
    const tail = ends[at + end.taken]!;
    if (tail === ends[at + end.seen]) {
      const head = this.load(this.heads, ring);
      if (head === tail) {
        if (this.unreleased === ring) this.release();
        return false;
      }
      ends[at + end.seen] = head;
    }
    const slot = ends[at + end.first]! + (tail & ends[at + end.mask]!);
    const { words } = this;
    into.kind = words[slot * MESSAGE_WORDS]!;
    into.id = words[slot * MESSAGE_WORDS + 1]!;
    into.argument = words[slot * MESSAGE_WORDS + 2]!;
    into.serial = words[slot * MESSAGE_WORDS + 3]!;
    into.time = this.times[slot]!;
    into.sender = ends[at + end.sender]!;
    ends[at + end.taken] = (tail + 1) | 0;
    if (this.unreleased !== ring) {
      if (this.unreleased !== NONE) this.release();
      this.unreleased = ring;
    }
    return true;
  }
}
