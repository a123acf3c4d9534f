// A ring whose receiver lags: a run on threads is explained step by step, and many steps may have one ticket. And a shared ring,
// whose sender gets hold of lines before it writes there.
import { expect, test } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { Mailboxes } from '../../src/memory/mailbox.ts';
import { blankMessage } from '../../src/model/messages.ts';
import { Prng } from '../../src/stdx/prng.ts';

test.each([
  { bound: 128, lagsFrom: 97 },
  { bound: 16, lagsFrom: 13 },
  { bound: 4, lagsFrom: 3 },
  { bound: 2, lagsFrom: 2 },
])(
  'of $bound messages a ring that has $lagsFrom lags: a step may send more than there is room for',
  ({ bound, lagsFrom }) => {
    const mailboxes = new Mailboxes(new Arena(new ArrayBuffer(1 << 16)), [{ sender: 0, receiver: 1, bound }], 2); // prettier-ignore
    const lags: number[] = [];
    for (let sent = 1; sent <= bound; sent++) {
      mailboxes.send(0, 1, 0, 0, 0, 0, 0);
      mailboxes.publish(() => {});
      if (mailboxes.isLagging(0)) lags.push(sent);
    }
    expect(lags).toEqual(Array.from({ length: bound - lagsFrom + 1 }, (_, i) => lagsFrom + i));
  },
);

test('500 bursts through a shared ring of 256 messages: all arrive as they were sent, also when it was full (seed 1)', () => {
  const world = new SharedArrayBuffer(1 << 16);
  const links = [{ sender: 0, receiver: 1, bound: 256 }];
  const [sender, receiver] = [
    new Mailboxes(new Arena(world), links, 2),
    new Mailboxes(new Arena(world), links, 2),
  ];
  const random = new Prng().seed(1);
  const incoming = blankMessage();
  let [sent, taken, full] = [0, 0, 0];
  for (let burst = 0; burst < 500; burst++) {
    const until = Math.min(sent + random.below(200), taken + 256);
    for (; sent < until; sent++) sender.send(0, 1, sent & 63, sent, -sent, sent * 3, sent / 2);
    sender.publish(() => {});
    if (sent === taken + 256) {
      full++;
      expect(() => sender.send(0, 1, 0, 0, 0, 0, 0)).toThrow('more than 256 messages outstanding');
    }
    for (let take = random.below(200); take > 0 && receiver.receive(0, incoming); take--, taken++)
      expect(incoming).toEqual({
        kind: taken & 63,
        sender: 0,
        id: taken,
        argument: 0 - taken,
        serial: taken * 3,
        time: taken / 2,
      });
    receiver.publish(() => {});
  }
  expect(full).toBeGreaterThan(10);
  expect(taken).toBeGreaterThan(10_000);
});
