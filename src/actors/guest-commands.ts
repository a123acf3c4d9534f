// Commands that the guest kernel carries out itself on the vCPU that was given them: munmap, the balloon driver, virtio-mem.
// What the host must know of it is told with the same message as any other command.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import { hasAliases } from '../model/alias.ts';
import { command } from '../model/script.ts';
import { result } from '../model/words.ts';
import type { Vcpu } from './vcpu.ts';

const NONE = -1;

export class GuestCommands {
  private readonly vcpu: Vcpu;
  /** By vNode: first Gfn that this vCPU put into the balloon; the others are threaded as free ones are. */
  private readonly balloon: Int32Array;

  constructor(arena: Arena, vcpu: Vcpu) {
    const { geometry } = vcpu.world;
    const guest = geometry.vcpuGuest[vcpu.self]!;
    this.vcpu = vcpu;
    this.balloon = arena.int32(geometry.guestVnode[guest + 1]! - geometry.guestVnode[guest]!);
  }
  reset(): void {
    this.balloon.fill(NONE);
  }

  /** @returns whether the guest kernel knows the command */
  begin(kind: number, gvpn: number, parameter: number, context: Context): boolean {
    const { geometry } = this.vcpu.world;
    const guest = geometry.vcpuGuest[this.vcpu.self]!;
    const vnode = gvpn - geometry.guestGvpn[guest]!;
    switch (kind) {
      case command.free:
        this.free(gvpn, context);
        return true;
      case command.inflate:
      case command.unplug:
        this.give(kind, vnode, context);
        return true;
      case command.deflate:
        this.deflate(vnode, context);
        return true;
      case command.forge:
        this.vcpu.rogue.begin(gvpn, parameter);
        return true;
      case command.repin:
        // A vNode goes by its first Gfn.
        this.vcpu.askHost(kind, geometry.vnodeGfn[geometry.guestVnode[guest]! + vnode]!, parameter, context);
        return true;
    }
    return false;
  }

  /** munmap, by one look at the page table. A page under migration is waited for (race 24). */
  private free(gvpn: number, context: Context): void {
    const { vcpu } = this;
    const entry = vcpu.world.gpt.load(gvpn);
    switch (pteKind(entry)) {
      case pte.none:
        context.trace.commanded(vcpu.self, command.free, NONE, result.ALREADY);
        return;
      case pte.migration:
        vcpu.again();
        vcpu.awaitMigration(gvpn, ptePayload(entry), context);
        return;
      default:
        vcpu.balancing.discard(gvpn, entry, ptePayload(entry));
    }
  }

  /** A free Gfn goes to the host. The last one of a list stays with the guest, as in a driver that fears running out. */
  private give(kind: number, vnode: number, context: Context): void {
    const { vcpu } = this;
    const { geometry } = vcpu.world;
    // Where a vNode is a name in the address, no vNode has memory of its own to give.
    if (hasAliases(geometry)) return context.trace.commanded(vcpu.self, kind, NONE, result.EINVAL);
    const gfn = vcpu.memory.takeSpare(geometry.guestVnode[geometry.vcpuGuest[vcpu.self]!]! + vnode);
    if (gfn < 0) {
      context.trace.commanded(vcpu.self, kind, NONE, result.NOMEM);
      return;
    }
    this.forget(gfn);
    vcpu.askHost(kind, gfn, 0, context);
  }
  /** What is given away comes back as zeroes: whatever poison it held is not to be looked for. */
  private forget(gfn: number): void {
    this.vcpu.memory.markWiped(gfn, false);
  }
  /** The host is told before the Gfn is used again (VIRTIO_BALLOON_F_MUST_TELL_HOST). */
  private deflate(vnode: number, context: Context): void {
    const { vcpu } = this;
    const gfn = this.balloon[vnode]!;
    if (gfn < 0) {
      context.trace.commanded(vcpu.self, command.deflate, NONE, result.NOMEM);
      return;
    }
    this.balloon[vnode] = vcpu.memory.nextOf(gfn);
    vcpu.askHost(command.deflate, gfn, 0, context);
  }

  /** The host has carried a command out. */
  commanded(kind: number, gfn: number, outcome: number): void {
    const { vcpu } = this;
    const { geometry } = vcpu.world;
    const refused = outcome !== result.OK;
    switch (kind) {
      case command.inflate:
        if (refused) vcpu.memory.give(gfn);
        else {
          const vnode = geometry.vnodeOf(gfn) - geometry.guestVnode[geometry.vcpuGuest[vcpu.self]!]!;
          vcpu.memory.thread(gfn, this.balloon[vnode]!);
          this.balloon[vnode] = gfn;
        }
        break;
      case command.unplug:
        if (refused) vcpu.memory.give(gfn);
        break;
      case command.deflate:
        vcpu.memory.give(gfn);
        break;
    }
  }
}
