// The timed scheduler beside the plainest one there is: a list that is looked through for what is due first.
import { expect, test } from 'vitest';
import type { Context } from '../../src/actor/actor.ts';
import { Arena } from '../../src/memory/arena.ts';
import { type Link, Mailboxes } from '../../src/memory/mailbox.ts';
import { blankMessage } from '../../src/model/messages.ts';
import { TimedScheduler } from '../../src/runtime/schedulers/timed.ts';
import { Prng } from '../../src/stdx/prng.ts';

const ACTORS = 4;
const STEPS = 20_000;
const links: Link[] = Array.from({ length: ACTORS * ACTORS }, (_, link) => ({
  sender: link % ACTORS,
  receiver: Math.floor(link / ACTORS),
  bound: 64,
}));

/** The next of what is on its way, as the scheduler has it: a message whose receiver is busy waits until it is not. */
function due(waiting: { id: number; receiver: number; time: number }[], clocks: readonly number[]) {
  for (;;) {
    // Sorting is stable, and ids go up: ties are in order of sending.
    waiting.sort((a, b) => a.time - b.time || a.id - b.id);
    const first = waiting[0]!;
    if (clocks[first.receiver]! <= first.time) return waiting.shift()!;
    first.time = clocks[first.receiver]!;
  }
}

test(`${STEPS} messages between ${ACTORS} actors that are often busy come in order of time, ties in order of sending`, () => {
  const mailboxes = new Mailboxes(new Arena(new ArrayBuffer(1 << 20)), links, ACTORS);
  const clocks: number[] = Array.from({ length: ACTORS }, () => 0);
  const contexts = clocks.map((_, actor) => ({
    get now() {
      return clocks[actor]!;
    },
  })) as unknown as Context[];
  const scheduler = new TimedScheduler(mailboxes, contexts);
  const prng = new Prng().seed(1);
  const waiting: { id: number; receiver: number; time: number }[] = [];
  let sent = 0;
  const send = (sender: number, now: number) => {
    const message = { id: sent++, receiver: prng.below(ACTORS), time: now + prng.below(5) };
    waiting.push(message);
    mailboxes.send(sender, message.receiver, 0, message.id, 0, 0, message.time);
    mailboxes.publish((ring) => scheduler.offer(ring));
  };
  for (let i = 0; i < 8; i++) send(0, 0);
  for (let step = 0; step < STEPS; step++) {
    const incoming = blankMessage();
    const receiver = scheduler.next(incoming);
    expect({ id: incoming.id, receiver, time: incoming.time }).toEqual(due(waiting, clocks));
    clocks[receiver] = incoming.time + prng.below(4);
    const more = waiting.length < 4 ? 2 : waiting.length > 24 ? 0 : prng.below(3);
    for (let i = 0; i < more; i++) send(receiver, clocks[receiver]);
  }
});
