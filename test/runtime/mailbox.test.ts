// A ring whose receiver lags: a run on threads is explained step by step, and many steps may have one ticket.
import { expect, test } from 'vitest';
import { Arena } from '../../src/memory/arena.ts';
import { Mailboxes } from '../../src/memory/mailbox.ts';

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
