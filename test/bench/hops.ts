// Ten actors in a ring that pass tokens on: the smallest system that a crew of threads can run, all of it mailboxes, bells and the
// actors' loops. Its threads run hops.worker.ts.
import type { Actor } from '../../src/actor/actor.ts';
import { Context } from '../../src/actor/actor.ts';
import type { Roster, Runnable } from '../../src/actor/system.ts';
import { Arena } from '../../src/memory/arena.ts';
import { Mailboxes } from '../../src/memory/mailbox.ts';
import { Meter } from '../../src/memory/meter.ts';
import { Scripts } from '../../src/memory/records.ts';
import type { Sink } from '../../src/model/events.ts';
import { message } from '../../src/model/messages.ts';

export const ACTORS = 10;
/** Messages in flight. */
export const TOKENS = 64;

/** The last of the system is the feeder, whom nobody asks for anything here. */
const geometry: Roster = {
  feeder: ACTORS,
  actors: ACTORS + 1,
  vcpuGuest: [],
  guestVcpu: [0],
  nameOf: (actor) => `actor ${actor}`,
};

export interface Hops extends Runnable {
  /** By actor: when its first message came and its last, ms. */
  times: Float64Array[];
}

/** Passes every token on until its hops are used up. */
class Hop implements Actor {
  private readonly next: number;
  private readonly times: Float64Array;

  constructor(self: number, times: Float64Array) {
    this.next = (self + 1) % ACTORS;
    this.times = times;
  }
  receive({ id, argument }: { id: number; argument: number }, context: Context): void {
    if (this.times[0] === 0) this.times[0] = performance.timeOrigin + performance.now();
    if (argument > 0) context.send(this.next, message.turn, id, argument - 1);
    else this.times[1] = performance.timeOrigin + performance.now();
  }
}

function lay(arena: Arena, sink: Sink): Hops {
  const meter = new Meter();
  const links = Array.from({ length: ACTORS }, (_, sender) => ({
    sender,
    receiver: (sender + 1) % ACTORS,
    bound: TOKENS,
  }));
  const mailboxes = new Mailboxes(arena, links, ACTORS + 1);
  const scripts = new Scripts(arena, 0, 0);
  const times = links.map(() => arena.float64(2));
  const contexts = Array.from(
    { length: ACTORS + 1 },
    (_, self) => new Context(arena, self, mailboxes, meter, sink),
  );
  const actors = times.map((time, self) => new Hop(self, time));
  return { geometry, mailboxes, meter, scripts, actors, contexts, times };
}

const SILENT: Sink = { takePlace() {}, put() {} };

/** @returns the system, with all tokens on their way, and its world */
export function createHops(hops: number): { system: Hops; world: SharedArrayBuffer } {
  const measuring = new Arena(null);
  lay(measuring, SILENT);
  const world = new SharedArrayBuffer(measuring.bytes);
  const system = lay(new Arena(world), SILENT);
  for (let token = 0; token < TOKENS; token++)
    system.contexts[token % ACTORS]!.send((token + 1) % ACTORS, message.turn, token, hops);
  return { system, world };
}
export function attachHops(world: SharedArrayBuffer, sink: Sink): Hops {
  return lay(new Arena(world), sink);
}
