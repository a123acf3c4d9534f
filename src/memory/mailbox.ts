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
//
// The lines that a sender comes to are in the cache of the receiver's core, and one after the other each is waited for. So it
// gets hold of the lines of a whole stretch before it writes there, all of them at the same time.
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
/** A message: its time, then its four words. */
const MESSAGE_DOUBLES = 3;
const MESSAGE_WORDS = 2 * MESSAGE_DOUBLES;
const word = { kind: 2, id: 3, argument: 4, serial: 5 } as const;
/** Messages whose lines a sender gets hold of at once: 24 lines. */
const STRETCH = 64;
const NONE = -1;
/** Answers of a step that are put down, a bit each. */
const ANSWERS = 31;

/** What a thread knows of its ends of a ring, private to it. */
interface End {
  readonly ring: number;
  readonly mask: number;
  readonly sender: number;
  /** Its first message's place. */
  readonly first: number;
  // The sender: up to where it has written, has published, and has claimed; the tail that it last saw.
  written: number;
  published: number;
  claimed: number;
  room: number;
  // The receiver: up to where it has taken; the head that it last saw.
  taken: number;
  seen: number;
}

export class Mailboxes {
  readonly links: readonly Link[];
  /** Rings into an actor, in order of sender. */
  readonly inbound: readonly (readonly number[])[];
  private readonly ends: readonly End[];
  /** By sender and receiver. */
  private readonly between: readonly (End | undefined)[];
  private readonly actors: number;
  /** Whether the two ends of a ring may be on different threads. */
  private readonly isShared: boolean;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  /** Of all messages; `words` is the same memory. */
  private readonly times: Float64Array;
  private readonly words: Int32Array;
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
    const inbound: number[][] = Array.from({ length: actors }, () => []);
    links.forEach(({ receiver }, ring) => inbound[receiver]!.push(ring));
    this.inbound = inbound;
    this.isShared = arena.isShared;
    // To the engine a power is a fraction.
    const masks = links.map(({ bound }) => (2 ** Math.ceil(Math.log2(Math.max(2, bound))) - 1) | 0);
    this.heads = arena.int32(links.length * LINE);
    this.tails = arena.int32(links.length * LINE);
    let messages = 0;
    const firsts = masks.map((mask) => {
      const first = messages;
      messages += Math.max(mask + 1, LINE_MESSAGES);
      return first;
    });
    this.times = arena.float64(messages * MESSAGE_DOUBLES);
    this.words = new Int32Array(this.times.buffer, this.times.byteOffset, this.times.length * 2);
    // A thread that attaches goes on where the creator has published to.
    this.ends = links.map(({ sender }, ring) => {
      const head = this.heads[ring * LINE] ?? 0;
      const tail = this.tails[ring * LINE] ?? 0;
      return {
        ring,
        mask: masks[ring]!,
        sender,
        first: firsts[ring]!,
        written: head,
        published: head,
        claimed: head,
        room: tail,
        taken: tail,
        seen: tail,
      };
    });
    const between: (End | undefined)[] = Array.from({ length: actors * actors });
    links.forEach(({ sender, receiver }, ring) => {
      between[sender * actors + receiver] = this.ends[ring];
    });
    this.between = between;
    this.unpublished = new Int32Array(links.length);
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
    const end = this.endBetween(sender, receiver);
    const { written } = end;
    if (written === end.claimed) this.claim(end);
    end.written = (written + 1) | 0;
    if (written === end.published) this.unpublished[this.unpublishedCount++] = end.ring;
    const place = placeOf(end, written);
    this.times[place * MESSAGE_DOUBLES] = time;
    const { words } = this;
    const at = place * MESSAGE_WORDS;
    words[at + word.kind] = kind;
    words[at + word.id] = id;
    words[at + word.argument] = argument;
    words[at + word.serial] = serial;
    return end.ring;
  }
  private endBetween(sender: number, receiver: number): End {
    const end = this.between[sender * this.actors + receiver];
    if (end === undefined) assert(false, `actor ${sender} has no link to actor ${receiver}`);
    return end;
  }
  /** The next place of a ring is one that its sender has not claimed yet. Pairs with `release`. */
  private claim(end: End): void {
    const { ring, mask, written } = end;
    if (((written - end.room) | 0) > mask) {
      end.room = this.tailOf(ring);
      const { sender, receiver } = this.links[ring]!;
      assert(
        ((written - end.room) | 0) <= mask,
        `mailbox ${sender} -> ${receiver}: more than ${mask + 1} messages outstanding`,
      );
    }
    const free = (end.room + mask + 1 - written) | 0;
    const stretch = this.isShared ? Math.min(free, STRETCH - (written & (STRETCH - 1))) : free;
    end.claimed = (written + stretch) | 0;
    if (this.isShared && stretch === STRETCH) this.fetch(placeOf(end, written));
  }
  /** Gets hold of a stretch's lines: nobody else looks there, and what is in them stays as it is. */
  private fetch(place: number): void {
    const { words } = this;
    const until = (place + STRETCH) * MESSAGE_WORDS;
    for (let at = place * MESSAGE_WORDS; at < until; at += LINE) words[at]! |= 0;
  }
  /** Whether less than half of a ring is taken: then one more message that may as well get lost does no harm. */
  hasRoomFor(sender: number, receiver: number): boolean {
    const end = this.endBetween(sender, receiver);
    const bit = 1 << this.answered++;
    const isRecorded = this.answers !== null && this.answered <= ANSWERS;
    const has = isRecorded ? (this.answers! & bit) === 0 : this.outstanding(end) * 2 < end.mask;
    if (!has && this.answered <= ANSWERS) this.refused |= bit;
    return has;
  }
  /** A step begins that is recorded, or that is made again with these answers of `hasRoomFor`. */
  beginAnswers(answers: number | null = null): void {
    this.answered = 0;
    this.refused = 0;
    this.answers = answers;
  }
  private outstanding({ ring, written }: End): number {
    return (written - this.tailOf(ring)) | 0;
  }
  /**
   * Whether a ring may have no room for what a step sends (a quarter of it at most): `hasRoomFor` fills half of it, so that its
   * receiver must be behind where it was then.
   */
  isLagging(ring: number): boolean {
    const end = this.ends[ring]!;
    const room = end.mask + 1;
    return room - this.outstanding(end) < Math.max(Math.min(2, room / 2), room / 4);
  }
  /** A hash of what was sent and is not published yet. */
  unpublishedHash(): number {
    let hash = 0;
    for (let i = 0; i < this.unpublishedCount; i++) {
      const ring = this.unpublished[i]!;
      const end = this.ends[ring]!;
      for (let at = end.published; at !== end.written; at = (at + 1) | 0) {
        const place = placeOf(end, at);
        hash = Math.imul(hash ^ ring, 0x2c1b3c6d) ^ this.times[place * MESSAGE_DOUBLES]!;
        const { words } = this;
        for (let field = word.kind; field <= word.serial; field++) {
          hash = Math.imul(hash ^ words[place * MESSAGE_WORDS + field]!, 0x297a2d39);
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
      const end = this.ends[ring]!;
      end.published = end.written;
      this.store(this.heads, ring, end.written);
      woken(ring);
    }
    this.unpublishedCount = 0;
  }
  /** Up to where a ring's receiver has taken, also where that is this thread and nobody knows yet. */
  private tailOf(ring: number): number {
    if (this.unreleased === ring) this.release();
    return this.load(this.tails, ring);
  }
  /** Gives room back to the sender of the ring that was taken from last. Pairs with `claim`. */
  private release(): void {
    const ring = this.unreleased;
    this.unreleased = NONE;
    this.store(this.tails, ring, this.ends[ring]!.taken);
  }
  /** Takes every message out, those not published among them, in order of rings: for a checker, which keeps them itself. */
  drain(take: (ring: number, kind: number, id: number, argument: number, serial: number) => void): void {
    this.unpublishedCount = 0;
    this.unreleased = NONE;
    for (let ring = 0; ring < this.links.length; ring++) {
      const { words } = this;
      const end = this.ends[ring]!;
      for (let taken = end.taken; taken !== end.written; taken = (taken + 1) | 0) {
        const at = placeOf(end, taken) * MESSAGE_WORDS;
        take(
          ring,
          words[at + word.kind]!,
          words[at + word.id]!,
          words[at + word.argument]!,
          words[at + word.serial]!,
        );
      }
      end.written = end.published = end.claimed = end.room = end.taken = end.seen = 0;
      this.heads[ring * LINE] = this.tails[ring * LINE] = 0;
    }
  }
  /** Kind of the oldest message of a ring that is not empty. */
  kindIn(ring: number): number {
    const end = this.ends[ring]!;
    return this.words[placeOf(end, end.taken) * MESSAGE_WORDS + word.kind]!;
  }
  isEmpty(ring: number): boolean {
    return this.load(this.heads, ring) === this.tailOf(ring);
  }
  /** Whether a ring that this thread receives from has a message: for a receiver, who has nothing to do but look. */
  hasMessage(ring: number): boolean {
    const { seen, taken } = this.ends[ring]!;
    return seen !== taken || this.load(this.heads, ring) !== taken;
  }
  /** Takes the oldest message of a ring into `into`. @returns false when the ring is empty */
  receive(ring: number, into: Message): boolean {
    const end = this.ends[ring]!;
    const { taken } = end;
    if (taken === end.seen) {
      const head = this.load(this.heads, ring);
      if (head === taken) {
        if (this.unreleased === ring) this.release();
        return false;
      }
      end.seen = head;
    }
    end.taken = (taken + 1) | 0;
    if (this.unreleased !== ring) {
      if (this.unreleased !== NONE) this.release();
      this.unreleased = ring;
    }
    const place = placeOf(end, taken);
    into.sender = end.sender;
    into.time = this.times[place * MESSAGE_DOUBLES]!;
    const { words } = this;
    const at = place * MESSAGE_WORDS;
    into.kind = words[at + word.kind]!;
    into.id = words[at + word.id]!;
    into.argument = words[at + word.argument]!;
    into.serial = words[at + word.serial]!;
    return true;
  }
}

/** Where the message is that a ring's index stands at. */
function placeOf({ first, mask }: End, index: number): number {
  return first + (index & mask);
}
