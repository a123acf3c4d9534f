// Two ends that send each other messages: the program's own mailboxes and bells on two threads. The peer's thread runs
// mailbox-peer.ts.
import { Arena } from '../../src/memory/arena.ts';
import { Mailboxes } from '../../src/memory/mailbox.ts';
import type { Message } from '../../src/model/messages.ts';
import { Bells } from '../../src/runtime/threads/bells.ts';

/** Messages that may be on their way to the peer. */
export const BOUND = 4096;
/** The peer says so whenever it has taken so many. */
export const CREDIT = 512;
export const SENDER = 0;
export const PEER = 1;
/** Looks at an empty mailbox before going to sleep: two actors, two cores. */
const SPINS = 1000;

export const kinds = { load: 1, credit: 2, ping: 3, pong: 4 } as const;

const LINKS = [
  { sender: SENDER, receiver: PEER, bound: BOUND },
  { sender: PEER, receiver: SENDER, bound: BOUND / CREDIT + 1 },
];

export interface PostBuffers {
  world: SharedArrayBuffer;
  bells: SharedArrayBuffer;
}

function mailboxesIn(arena: Arena): Mailboxes {
  return new Mailboxes(arena, LINKS, 2);
}

export function newPost(): PostBuffers {
  const measuring = new Arena(null);
  mailboxesIn(measuring);
  return { world: new SharedArrayBuffer(measuring.bytes), bells: new Bells(2).buffer };
}

/** One end. */
export class End {
  readonly mailboxes: Mailboxes;
  readonly incoming: Message = { kind: 0, sender: 0, id: 0, argument: 0, serial: 0, time: 0 };
  private readonly bells: Bells;
  private readonly self: number;
  private readonly ring: number;
  private readonly wake: () => void;

  constructor({ world, bells }: PostBuffers, self: number) {
    this.mailboxes = mailboxesIn(new Arena(world));
    this.bells = new Bells(2, bells);
    this.self = self;
    this.ring = this.mailboxes.inbound[self]![0]!;
    this.wake = () => this.bells.ring(1 - self);
  }
  send(kind: number, serial: number): void {
    this.mailboxes.send(this.self, 1 - this.self, kind, 1, 2, serial, 5);
  }
  publish(): void {
    this.mailboxes.publish(this.wake);
  }
  /** Takes a message if there is one. */
  take(): boolean {
    return this.mailboxes.receive(this.ring, this.incoming);
  }
  /** Sleeps until there is a message. */
  await(spins = SPINS): void {
    const { mailboxes, bells, ring, self } = this;
    for (let spin = 0; spin < spins; spin++) if (!mailboxes.isEmpty(ring)) return;
    bells.prepare(self);
    if (mailboxes.isEmpty(ring)) bells.wait(self);
    else bells.cancel(self);
  }
}
