// Mailboxes: one ring per sender and receiver, all in the world buffer. The sender owns the head, the receiver the tail,
// each on a cache line of its own. A sender writes its messages and publishes once per handler: the store of the head
// makes them, and every column of the records they hand over, visible (pairs with the load of the head in `receive`).
//
// A ring holds the most messages that its sender can have outstanding, so a send never waits and bounded memory cannot
// deadlock; a full ring is a bug and stops the run.
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
const MESSAGE_WORDS = 4;

export class Mailboxes {
  readonly links: readonly Link[];
  /** Rings into an actor, in order of sender. */
  readonly inbound: readonly (readonly number[])[];
  /** Most messages that were in a ring at once, as its sender saw it. */
  readonly highWater: Int32Array;
  private readonly ringOf: Int32Array;
  private readonly actors: number;
  private readonly masks: number[];
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  private readonly words: Int32Array[];
  private readonly times: Float64Array[];
  /** Written but unpublished heads, private to the sender's thread. */
  private readonly written: Int32Array;
  private readonly unpublished: number[] = [];

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
    this.masks = links.map((link) => 2 ** Math.ceil(Math.log2(Math.max(2, link.bound))) - 1);
    this.heads = arena.int32(links.length * LINE);
    this.tails = arena.int32(links.length * LINE);
    this.highWater = arena.int32(links.length);
    this.words = this.masks.map((mask) => arena.int32((mask + 1) * MESSAGE_WORDS));
    this.times = this.masks.map((mask) => arena.float64(mask + 1));
    // A thread that attaches goes on where the creator has published to.
    this.written = Int32Array.from(links, (_, ring) => this.heads[ring * LINE] ?? 0);
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
    assert(ring >= 0, `actor ${sender} has no link to actor ${receiver}`);
    const head = this.written[ring]!;
    const outstanding = (head - Atomics.load(this.tails, ring * LINE)) | 0;
    const mask = this.masks[ring]!;
    assert(
      outstanding <= mask,
      `mailbox ${sender} -> ${receiver}: more than ${mask + 1} messages outstanding`,
    );
    if (outstanding >= this.highWater[ring]!) this.highWater[ring] = outstanding + 1;
    const slot = head & mask;
    const words = this.words[ring]!;
    words[slot * MESSAGE_WORDS] = kind;
    words[slot * MESSAGE_WORDS + 1] = id;
    words[slot * MESSAGE_WORDS + 2] = argument;
    words[slot * MESSAGE_WORDS + 3] = serial;
    this.times[ring]![slot] = time;
    this.written[ring] = (head + 1) | 0;
    this.unpublished.push(ring);
    return ring;
  }
  /** Whether less than half of a ring is taken: then one more message that may as well get lost does no harm. */
  hasRoomFor(sender: number, receiver: number): boolean {
    const ring = this.ringOf[sender * this.actors + receiver]!;
    const outstanding = (this.written[ring]! - Atomics.load(this.tails, ring * LINE)) | 0;
    return outstanding * 2 < this.masks[ring]!;
  }
  /** A hash of what was sent and is not published yet. */
  unpublishedHash(): number {
    const { unpublished } = this;
    let hash = 0;
    for (let i = 0; i < unpublished.length; i++) {
      const ring = unpublished[i]!;
      if (unpublished.indexOf(ring) < i) continue;
      for (let at = this.heads[ring * LINE]!; at !== this.written[ring]!; at = (at + 1) | 0) {
        const slot = at & this.masks[ring]!;
        hash = Math.imul(hash ^ ring, 0x2c1b3c6d) ^ this.times[ring]![slot]!;
        const words = this.words[ring]!;
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
    const { unpublished } = this;
    for (let i = 0; i < unpublished.length; i++) {
      const ring = unpublished[i]!;
      if (Atomics.load(this.heads, ring * LINE) === this.written[ring]) continue;
      Atomics.store(this.heads, ring * LINE, this.written[ring]!);
      woken(ring);
    }
    unpublished.length = 0;
  }
  /** Takes every message out, those not published among them, in order of rings: for a checker, which keeps them itself. */
  drain(take: (ring: number, kind: number, id: number, argument: number, serial: number) => void): void {
    this.unpublished.length = 0;
    for (let ring = 0; ring < this.links.length; ring++) {
      const words = this.words[ring]!;
      const mask = this.masks[ring]!;
      for (let at = this.tails[ring * LINE]!; at !== this.written[ring]; at = (at + 1) | 0) {
        const word = (at & mask) * MESSAGE_WORDS;
        take(ring, words[word]!, words[word + 1]!, words[word + 2]!, words[word + 3]!);
      }
      this.written[ring] = this.heads[ring * LINE] = this.tails[ring * LINE] = 0;
    }
  }
  /** Kind of the oldest message of a ring that is not empty. */
  kindIn(ring: number): number {
    return this.words[ring]![(this.tails[ring * LINE]! & this.masks[ring]!) * MESSAGE_WORDS]!;
  }
  isEmpty(ring: number): boolean {
    return Atomics.load(this.heads, ring * LINE) === Atomics.load(this.tails, ring * LINE);
  }
  /** Takes the oldest message of a ring into `into`. @returns false when the ring is empty */
  receive(ring: number, into: Message): boolean {
    const tail = this.tails[ring * LINE]!;
    if (Atomics.load(this.heads, ring * LINE) === tail) return false;
    const slot = tail & this.masks[ring]!;
    const words = this.words[ring]!;
    into.kind = words[slot * MESSAGE_WORDS]!;
    into.id = words[slot * MESSAGE_WORDS + 1]!;
    into.argument = words[slot * MESSAGE_WORDS + 2]!;
    into.serial = words[slot * MESSAGE_WORDS + 3]!;
    into.time = this.times[ring]![slot]!;
    into.sender = this.links[ring]!.sender;
    Atomics.store(this.tails, ring * LINE, (tail + 1) | 0);
    return true;
  }
}
