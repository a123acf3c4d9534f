// The guest's NUMA scan (task_numa_work): marks pages so that their next touch takes a hint fault. All vCPUs must have
// dropped their translations before a marked page may be migrated without a flush of its own; while they have not, the
// scan is counted as pending (mm_tlb_flush_pending) and whoever migrates flushes for itself.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { Vcpu } from './vcpu.ts';

const field = { phase: 0, cursor: 1, left: 2, marked: 3, count: 4 } as const;
const phase = { off: 0, begin: 1, mark: 2, flush: 3, end: 4 } as const;

export class HintScan {
  private readonly vcpu: Vcpu;
  private readonly own: Int32Array;
  private readonly guest: number;
  private readonly first: number;
  private readonly pages: number;

  constructor(arena: Arena, vcpu: Vcpu) {
    const { geometry } = vcpu.world;
    this.vcpu = vcpu;
    this.own = arena.int32(field.count);
    this.guest = geometry.vcpuGuest[vcpu.self]!;
    this.first = geometry.guestGvpn[this.guest]!;
    this.pages = geometry.guestGvpn[this.guest + 1]! - this.first;
  }
  reset(): void {
    this.own.fill(0);
  }
  get active(): boolean {
    return this.own[field.phase] !== phase.off;
  }
  begin(): void {
    this.own[field.phase] = phase.begin;
    this.own[field.left] = Math.min(this.vcpu.world.geometry.spec.policy.hintPages, this.pages);
    this.own[field.marked] = 0;
  }
  step(context: Context): void {
    const { own, vcpu } = this;
    const { gpt, tlbs } = vcpu.world;
    switch (own[field.phase]) {
      case phase.begin:
        gpt.flushBegins(this.guest);
        own[field.phase] = phase.mark;
        return;
      case phase.mark: {
        const gvpn = this.first + own[field.cursor]!;
        own[field.cursor] = (own[field.cursor]! + 1) % this.pages;
        if (gpt.hint(gvpn)) own[field.marked]!++;
        tlbs[vcpu.self]!.flushGvpn(gvpn);
        if (--own[field.left]! === 0) own[field.phase] = phase.flush;
        return;
      }
      case phase.flush:
        context.trace.hintsSet(vcpu.self, own[field.marked]!);
        own[field.phase] = phase.end;
        if (own[field.marked]! > 0) vcpu.flushOthers(context);
        return;
      case phase.end:
        gpt.flushEnded(this.guest);
        own[field.phase] = phase.off;
        return;
    }
  }
}
