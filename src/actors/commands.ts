// Commands, on the host's side: what a person, a management tool or a device makes happen to one page. A command waits
// while something else has the page, is then carried out as an operation, and is answered when that has ended.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import type { World } from '../memory/world.ts';
import { message } from '../model/messages.ts';
import { command, type CommandKind, commandKinds } from '../model/script.ts';
import { operationKind, result } from '../model/words.ts';
import { residence } from './alias.ts';
import type { HostPages } from './host-pages.ts';

/** Carries a command out. @returns the operation that does it, `atOnce(result)`, or `LATER`: it is answered by `answer` */
export type CarryOut = (gfn: number, vcpu: number, parameter: number, context: Context) => number;

/** The answer of a command that takes no operation. */
export function atOnce(outcome: number): number {
  return -1 - outcome;
}

export const LATER = -1000;

export class HostCommands {
  private readonly world: World;
  private readonly pages: HostPages;
  private readonly carryOut: Record<CommandKind, CarryOut>;
  /** A command is about to be answered. */
  private readonly ending: (kind: number, gfn: number, outcome: number, context: Context) => void;
  /** By vCPU: Gfn + 1 that its command waits for; 0 = none. */
  private readonly awaits: Int32Array;
  /** By operation: vCPU + 1 whose command it carries out; 0 = none. */
  private readonly of: Int32Array;

  constructor(
    arena: Arena,
    world: World,
    pages: HostPages,
    carryOut: Record<CommandKind, CarryOut>,
    ending: HostCommands['ending'],
  ) {
    this.world = world;
    this.pages = pages;
    this.carryOut = carryOut;
    this.ending = ending;
    this.awaits = arena.int32(2 * world.geometry.vcpus);
    this.of = arena.int32(world.operations.count);
  }

  receive(vcpu: number, context: Context): void {
    const { commands } = this.world;
    if (commands.gfn[vcpu]! < 0) return this.answer(vcpu, result.EINVAL, context);
    const gfn = residence(this.world, this.pages, commands.gfn[vcpu]!);
    const pins = commands.kind[vcpu] === command.pin;
    if (this.pages.operationOn(gfn) >= 0 || (pins && this.isDestination(gfn))) {
      this.awaits[vcpu] = gfn + 1;
      return;
    }
    const carryOut = this.carryOut[commandKinds[commands.kind[vcpu]!]!];
    const begun = carryOut(gfn, vcpu, commands.parameter[vcpu]!, context);
    if (begun === LATER) return;
    if (begun < 0) this.answer(vcpu, -1 - begun, context);
    else this.of[begun] = vcpu + 1;
  }

  /** A request waits for the Gfn, to put its page there: what it finds by then it drops, unless that was pinned meanwhile. */
  private isDestination(gfn: number): boolean {
    const { kind, destination, end } = this.world.operations;
    for (let operation = 0; operation < end; operation++)
      if (kind[operation]! - 1 === operationKind.balance && destination[operation] === gfn) return true;
    return false;
  }

  /** An operation has ended: if it was a command's, the vCPU that gave it goes on. */
  ended(operation: number, outcome: number, context: Context): void {
    const vcpu = this.of[operation]! - 1;
    if (vcpu < 0) return;
    this.of[operation] = 0;
    this.answer(vcpu, outcome, context);
  }

  /** A page is free: commands that waited for it are looked at again, one after the other. */
  pageIsFree(gfn: number, context: Context): void {
    for (let vcpu = 0; vcpu < this.awaits.length; vcpu++) {
      if (this.awaits[vcpu] !== gfn + 1) continue;
      this.awaits[vcpu] = 0;
      context.send(this.world.geometry.host, message.command, vcpu);
    }
  }

  answer(vcpu: number, outcome: number, context: Context): void {
    const { commands } = this.world;
    this.ending(commands.kind[vcpu]!, commands.gfn[vcpu]!, outcome, context);
    context.send(this.world.geometry.hypervisor, message.commanded, vcpu, outcome);
  }
}
