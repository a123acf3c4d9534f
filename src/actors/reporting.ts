// Free page reporting, the guest's side (mm/page_reporting.c): a vCPU tells the host of Gfns on its free lists, one at a
// time. A Gfn that is being reported is on no list, so nobody can allocate it under the host's hands. The last free Gfn of
// a list stays: reporting must not make an allocation fail.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { message } from '../model/messages.ts';
import { command } from '../model/script.ts';
import type { Vcpu } from './vcpu.ts';

export class Reporting {
  private readonly vcpu: Vcpu;
  /** Gfn + 1 whose report is on its way, in the only element. */
  private readonly underWay: Int32Array;

  constructor(arena: Arena, vcpu: Vcpu) {
    this.vcpu = vcpu;
    this.underWay = arena.int32(1);
  }

  /** A guest that wants to find its poison again must not have its pages dropped by a host that does not know of it. */
  get enabled(): boolean {
    const { guest } = this.vcpu.world.geometry.spec.policy;
    return guest?.freePageReporting === true && guest.poison !== 'unnegotiated';
  }

  /** Something was freed: the next Gfn is reported, if none is on its way. */
  pump(context: Context): void {
    if (!this.enabled || this.underWay[0] !== 0) return;
    const { memory, world, self } = this.vcpu;
    const gfn = memory.takeUnreported();
    if (gfn < 0) return;
    this.underWay[0] = gfn + 1;
    const { commands, geometry } = world;
    const id = geometry.vcpus + self;
    commands.kind[id] = command.report;
    commands.gfn[id] = gfn;
    commands.parameter[id] = 0;
    context.send(geometry.hypervisor, message.command, id);
  }

  /** The host has dropped the Gfn, or let it be: it can be allocated again. */
  reported(context: Context): void {
    const gfn = this.underWay[0]! - 1;
    this.underWay[0] = 0;
    this.vcpu.memory.give(gfn);
    this.vcpu.memory.markReported(gfn);
    this.pump(context);
  }
}
