// Memory that a guest kernel frees, page by page of a batch: a page that munmap takes out of the page table, and the Gfn that
// a migration has left. Where the guest fills what it frees with poison it does that first, and looks whether it is still
// there when the Gfn is taken again.
import type { Context } from '../actor/actor.ts';
import { KMAP_DESTINATION } from '../memory/tlb.ts';
import { command } from '../model/script.ts';
import { cause, purpose, result } from '../model/words.ts';
import { phase } from './balancing-phase.ts';
import type { Balancing } from './balancing.ts';
import type { Vcpu } from './vcpu.ts';

const NONE = -1;

export class Freeing {
  private readonly vcpu: Vcpu;
  private readonly balancing: Balancing;

  constructor(vcpu: Vcpu, balancing: Balancing) {
    this.vcpu = vcpu;
    this.balancing = balancing;
  }

  /** Nobody has a translation of the page any more: the guest page table forgets it, its Gfn is free. */
  leave(slot: number, context: Context): void {
    const { vcpu } = this;
    const gvpn = this.balancing.gvpn[slot]!;
    const gfn = this.balancing.source[slot]!;
    context.trace.freed(vcpu.self, gvpn, gfn);
    vcpu.world.gpt.install(gvpn, NONE);
    context.trace.commanded(vcpu.self, command.free, gfn, result.OK);
    this.release(slot, gfn, context);
    this.balancing.wakeWaiters(slot, gvpn, context);
  }
  /** A Gfn is free: poisoned first if the guest does that, and not if its content was moved away and it reads zero. */
  release(slot: number, gfn: number, context: Context): void {
    const { memory } = this.vcpu;
    const movedAway =
      this.balancing.how[slot] === cause.request && this.balancing.outcome[slot] === result.OK;
    this.balancing.gvpn[slot] = NONE;
    this.balancing.phase[slot] = phase.idle;
    if (gfn === NONE) return;
    if (movedAway || !memory.poisons) {
      this.vcpu.free(gfn, context, false);
      return;
    }
    this.balancing.source[slot] = gfn;
    this.balancing.destination[slot] = NONE;
    this.balancing.phase[slot] = phase.wipe;
  }
  wipe(slot: number, context: Context): void {
    const { vcpu } = this;
    const { ept, tlbs } = vcpu.world;
    const gfn = this.balancing.source[slot]!;
    const found = ept.walk(gfn, true);
    if (found === 0) {
      vcpu.fault(gfn, true, purpose.prepare, context);
      return;
    }
    tlbs[vcpu.self]!.kmap(KMAP_DESTINATION, gfn, found);
    context.trace.tlbFill(vcpu.self, gfn, found >>> 1, 1);
    this.balancing.phase[slot] = phase.poison;
  }
  poison(slot: number, context: Context): void {
    const { vcpu } = this;
    const { tlbs, transfer } = vcpu.world;
    const gfn = this.balancing.source[slot]!;
    const to = tlbs[vcpu.self]!.kmapped(KMAP_DESTINATION, gfn) >>> 1;
    if (to === 0) {
      this.balancing.phase[slot] = phase.wipe;
      return;
    }
    context.trace.wiped(vcpu.self, gfn, to);
    transfer.poison(to);
    context.spend(vcpu.costs.clearPageNs);
    this.balancing.phase[slot] = phase.idle;
    vcpu.free(gfn, context, true);
  }
  /** What was filled with poison when it was freed must still be: else something wrote to free memory. */
  checkPoison(slot: number, context: Context): void {
    const { vcpu } = this;
    const { tlbs, transfer } = vcpu.world;
    const gfn = this.balancing.destination[slot]!;
    const at = tlbs[vcpu.self]!.kmapped(KMAP_DESTINATION, gfn) >>> 1;
    if (at === 0) return this.balancing.mapAgain(slot, phase.mapDestination, context);
    context.trace.poisonChecked(vcpu.self, gfn, at, transfer.isPoison(at) ? 1 : 0);
    vcpu.memory.markWiped(gfn, false);
    this.balancing.phase[slot] = phase.copy;
  }
}
