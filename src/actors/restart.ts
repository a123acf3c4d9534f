// A hypervisor that loses its memory, and gets it back from the host. EPT, guest memory and the words of the lists are not
// in that memory; what the hypervisor knew of the lists is, and what it remembers of requests and calls:
//
//   1 forget    every list says *unknown* of every Gfn (exporter.ts: `restart`)
//   2 ask       the host hands over all it knows, in one record
//   3 remember  the lists are written anew from the host's, which is complete (`rebuild`)
//
// Between 1 and 3 it is not ready: what needs no memory is passed on, everything else is lost, and said again in time.
// A hypervisor that comes up holds its guests while it writes, so that 1 and 3 are a step each. On threads, where nobody
// is held, readers see the words change one by one; formats are written for that.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { Recovery } from '../memory/records.ts';
import type { World } from '../memory/world.ts';
import { message, type Message } from '../model/messages.ts';

/** What there is to forget and to learn again. */
export interface Forgetful {
  forget(context: Context): void;
  /** Serials: nothing up to these is new. Generations: what is on the lists. */
  remember(known: Recovery, context: Context): void;
}

/** What the owner of a list and its readers say to each other. The fault plan does not harm it: the list only advises, and
 * what would be lost or late here shows as an older version, which lags and copies bring about in plenty. */
export const listTalk: readonly number[] = [
  message.publish,
  message.listPart,
  message.listNotice,
  message.listTaken,
  message.listWanted,
];
/** Commands come by another way (the management process), which outlives the hypervisor. */
const outlives: readonly number[] = [message.command, message.commanded, ...listTalk];

const field = {
  /** 1 while not ready. */
  recovering: 0,
  /** How often restarted: what is left over from an earlier recovery is not taken for this one's. It outlives restarts, as
   * the time of day would. */
  times: 1,
  count: 2,
} as const;

export class Restart {
  private readonly world: World;
  private readonly own: Int32Array;

  constructor(arena: Arena, world: World) {
    this.world = world;
    this.own = arena.int32(field.count);
  }
  get isReady(): boolean {
    return this.own[field.recovering] === 0;
  }
  get hasHappened(): boolean {
    return this.own[field.times]! > 0;
  }

  /** @returns true when the message was part of a restart, or lost by one */
  takes({ kind, id, serial }: Message, hypervisor: Forgetful, context: Context): boolean {
    const { own, world } = this;
    if (kind === message.recovered) {
      if (serial !== own[field.times]) return true;
      hypervisor.remember(world.recovery, context);
      own[field.recovering] = 0;
      return true;
    }
    if (outlives.includes(kind) || !context.strikes('hypervisor restart', id)) return false;
    own[field.recovering] = 1;
    own[field.times]!++;
    hypervisor.forget(context);
    context.send(world.geometry.host, message.recover, 0, 0, 0, own[field.times]);
    return true;
  }
}
