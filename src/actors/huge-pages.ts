// Huge pages in the guest: an aligned range of Gvpns mapped to an aligned block of Gfns. A first touch maps the whole range if
// there is a block for it; a hint fault on one page, or a bulk move, takes the whole range to another block, as one batch in
// which each base page goes its own way: asked for where it is listed in its own generation, copied where it is resident. If
// not all of them could be moved the huge page is split: those that were are at the block, the others where they were.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import { cause, result } from '../model/words.ts';
import { phase } from './balancing-phase.ts';
import type { Balancing } from './balancing.ts';
import type { Vcpu } from './vcpu.ts';

const NONE = -1;

/** What the batch is to be, and the range that is being looked at. */
const field = { batch: 0, first: 1, block: 2, next: 3, left: 4, wanted: 5, vnode: 6, count: 7 } as const;
const batch = { parts: 0, mapped: 1, moved: 2 } as const;

export class HugePages {
  private readonly vcpu: Vcpu;
  private readonly balancing: Balancing;
  private readonly own: Int32Array;
  /** Base pages of a huge page; 0 = the guest has none. */
  readonly pages: number;
  private readonly firstGvpn: number;
  private readonly endGvpn: number;

  constructor(arena: Arena, vcpu: Vcpu, balancing: Balancing) {
    const { geometry } = vcpu.world;
    const guest = geometry.vcpuGuest[vcpu.self]!;
    this.vcpu = vcpu;
    this.balancing = balancing;
    this.own = arena.int32(field.count);
    this.pages = geometry.spec.policy.guest?.hugePages ?? 0;
    this.firstGvpn = geometry.guestGvpn[guest]!;
    this.endGvpn = geometry.guestGvpn[guest + 1]!;
  }

  get isGathering(): boolean {
    return this.own[field.left]! > 0;
  }
  /** First Gvpn of the aligned range that a page is in, or -1 where the guest ends before the range does. */
  private rangeOf(gvpn: number): number {
    if (this.pages === 0) return NONE;
    const first = gvpn - ((gvpn - this.firstGvpn) % this.pages);
    return first + this.pages <= this.endGvpn ? first : NONE;
  }
  /** Whether a range begins at a page and has not more pages than are left. */
  isWhole(gvpn: number, left: number): boolean {
    return this.pages > 0 && left >= this.pages && this.rangeOf(gvpn) === gvpn;
  }

  /** First touch: the whole range at once. What others populate meanwhile is left to them. @returns whether there is a block */
  populate(gvpn: number, vnode: number): boolean {
    const first = this.rangeOf(gvpn);
    if (first < 0) return false;
    const block = this.vcpu.memory.takeBlock(vnode, this.pages);
    if (block < 0) return false;
    for (let page = 0; page < this.pages; page++) this.balancing.begin(first + page, 0, NONE, block + page);
    this.start(batch.mapped, first, block);
    return true;
  }
  private start(what: number, first: number, block: number): void {
    this.own[field.batch] = what;
    this.own[field.first] = first;
    this.own[field.block] = block;
  }

  /** A hint fault on `wanted`: its range is looked at. @returns false where there is none */
  gather(wanted: number, vnode: number): boolean {
    const first = this.rangeOf(wanted);
    if (first < 0) return false;
    this.gatherAll(first, vnode);
    this.own[field.wanted] = wanted;
    return true;
  }
  /** The range that begins at `first` is to be moved, in whole or in parts. */
  gatherAll(first: number, vnode: number): void {
    this.own[field.next] = first;
    this.own[field.left] = this.pages;
    this.own[field.vnode] = vnode;
    this.own[field.wanted] = NONE;
  }
  /** The next page of the range: one look at its entry. @returns whether that was the last, and all is decided */
  gatherNext(used: number, context: Context): boolean {
    const { balancing, own, vcpu } = this;
    const gvpn = own[field.next]!++;
    const entry = vcpu.world.gpt.load(gvpn);
    const kind = pteKind(entry);
    if (kind === pte.present || kind === pte.hint) {
      balancing.phase[balancing.begin(gvpn, entry, ptePayload(entry), NONE)] = phase.gathered;
      used++;
    }
    if (--own[field.left]! > 0) return false;
    if (used !== this.pages || !this.moveWhole(context)) this.moveParts(used, context);
    return true;
  }

  /** Whether the pages looked at are one aligned block. */
  private isBlock(): boolean {
    const { geometry } = this.vcpu.world;
    const { source } = this.balancing;
    const first = source[0]!;
    const vnode = geometry.vnodeOf(first);
    if ((first - geometry.vnodeGfn[vnode]!) % this.pages !== 0) return false;
    if (first + this.pages > geometry.vnodeGfn[vnode + 1]!) return false;
    for (let page = 0; page < this.pages; page++) if (source[page] !== first + page) return false;
    return true;
  }
  private moveWhole(context: Context): boolean {
    const { balancing, own, vcpu } = this;
    const first = balancing.source[0]!;
    if (!this.isBlock() || vcpu.world.geometry.vnodeOf(first) === own[field.vnode]) return false;
    const block = vcpu.memory.takeBlock(own[field.vnode]!, this.pages);
    if (block < 0) return false;
    for (let page = 0; page < this.pages; page++) {
      balancing.destination[page] = block + page;
      balancing.phase[page] = phase.seize;
    }
    this.start(batch.moved, balancing.gvpn[0]!, block);
    context.trace.hugeBegun(vcpu.self, balancing.gvpn[0]!, first, block);
    return true;
  }
  /** Base pages, each for itself; of a hint fault only the one that was touched. */
  private moveParts(used: number, context: Context): void {
    const { balancing, own, vcpu } = this;
    const { gvpn, source, destination } = balancing;
    const wanted = own[field.wanted]!;
    const vnode = own[field.vnode]!;
    for (let slot = 0; slot < used; slot++) {
      balancing.phase[slot] = phase.idle;
      if (wanted >= 0 && gvpn[slot] !== wanted) continue;
      if (vcpu.world.geometry.vnodeOf(source[slot]!) === vnode) continue;
      destination[slot] = vcpu.memory.take(vnode);
      if (destination[slot] !== NONE) balancing.phase[slot] = phase.seize;
      else if (pteKind(balancing.expected[slot]!) === pte.hint) {
        balancing.outcome[slot] = result.NOMEM;
        balancing.phase[slot] = phase.unhint;
      } else context.trace.balanced(vcpu.self, gvpn[slot]!, source[slot]!, NONE, cause.none, result.NOMEM);
    }
  }

  /** The batch has ended: what became of the huge page. */
  settle(context: Context): void {
    const { balancing, own, vcpu } = this;
    const what = own[field.batch]!;
    own[field.batch] = batch.parts;
    if (what === batch.parts) return;
    let done = 0;
    for (let slot = 0; slot < this.pages; slot++) if (balancing.outcome[slot] === result.OK) done++;
    const first = own[field.first]!;
    if (what === batch.moved) context.trace.hugeEnded(vcpu.self, first, done);
    else context.trace.hugeMapped(vcpu.self, first, own[field.block]!, done);
  }
}
