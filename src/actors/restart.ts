// A hypervisor that loses its memory, and gets it back from the host. EPT, guest memory and the pages of the lists are not
// in that memory; what the hypervisor knew of the lists is, and what it remembers of requests and calls. A step at a time:
//
//   1 wipe      every entry of every list says *unknown*: nothing is known of any Gfn
//   2 ask       the host hands over all it knows, in one record
//   3 insert    every moved page is listed again; the entries still say *unknown* beside what they name
//   4 complete  entry by entry the mark goes that stood for what was not known
//
// Until then it is not ready: what needs no memory is passed on, everything else is lost, and said again in time.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { Recovery } from '../memory/records.ts';
import type { World } from '../memory/world.ts';
import { message, type Message } from '../model/messages.ts';

/** What there is to forget and to learn again. */
export interface Forgetful {
  forget(): void;
  /** Serials: nothing up to these is new. */
  remember(known: Recovery): void;
  insert(gfn: number, generation: number, context: Context): void;
  /** Sets the mark that an entry's list is not complete, or takes it away. */
  markUnknown(guest: number, entry: number, isUnknown: boolean): void;
}

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
  private readonly entries: number;

  constructor(arena: Arena, world: World) {
    this.world = world;
    this.own = arena.int32(field.count);
    this.entries = world.lists.reduce((sum, list) => sum + list.capacity, 0);
  }
  get isReady(): boolean {
    return this.own[field.recovering] === 0;
  }
  get hasHappened(): boolean {
    return this.own[field.times]! > 0;
  }

  /** @returns true when the message was part of a restart, or lost by one */
  takes(incoming: Message, hypervisor: Forgetful, context: Context): boolean {
    const { own } = this;
    const { kind, id, serial } = incoming;
    if (kind === message.rebuild || kind === message.recovered) {
      if (serial !== own[field.times]) return true;
      if (kind === message.recovered) hypervisor.remember(this.world.recovery);
      this.step(kind === message.recovered ? this.entries : id, hypervisor, context);
      return true;
    }
    // Commands come by another way (the management process), which outlives the hypervisor.
    if (kind === message.command || kind === message.commanded) return false;
    if (!context.strikes('hypervisor restart', id)) return false;
    own[field.recovering] = 1;
    own[field.times]!++;
    hypervisor.forget();
    this.next(0, context);
    return true;
  }

  private next(step: number, context: Context): void {
    context.send(context.self, message.rebuild, step, 0, 0, this.own[field.times]);
  }
  /** One word of one list. Steps are numbered through: so many entries, so many Gfns, so many entries again. */
  private step(step: number, hypervisor: Forgetful, context: Context): void {
    const { entries, own } = this;
    const { geometry, recovery } = this.world;
    if (step < entries) {
      this.mark(step, true, hypervisor);
      if (step + 1 < entries) return this.next(step + 1, context);
      context.trace.forgot();
      context.send(geometry.host, message.recover, 0, 0, 0, own[field.times]);
      return;
    }
    let gfn = step - entries;
    while (gfn < geometry.gfns && recovery.generation[gfn] === 0) gfn++;
    if (gfn < geometry.gfns) {
      hypervisor.insert(gfn, recovery.generation[gfn]! - 1, context);
      return this.next(entries + gfn + 1, context);
    }
    const entry = Math.max(0, step - entries - geometry.gfns);
    this.mark(entry, false, hypervisor);
    if (entry + 1 < entries) return this.next(entries + geometry.gfns + entry + 1, context);
    own[field.recovering] = 0;
    context.trace.recalled();
  }
  private mark(index: number, isUnknown: boolean, hypervisor: Forgetful): void {
    let entry = index;
    let guest = 0;
    while (entry >= this.world.lists[guest]!.capacity) entry -= this.world.lists[guest++]!.capacity;
    hypervisor.markUnknown(guest, entry, isUnknown);
  }
}
