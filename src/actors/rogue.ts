// A hostile guest kernel: what `forge P NUMBER` makes a vCPU do that the guest kernel of this program never does. It sends
// balance requests that nobody decided on, and it writes into memory that it shares with the host. It leaves guest page
// tables alone: a guest that spoils its own needs no host for that.
import type { Context } from '../actor/actor.ts';
import type { Arena } from '../memory/arena.ts';
import { PENDING } from '../memory/lists/index.ts';
import { pte, pteKind, ptePayload } from '../memory/guest-page-table.ts';
import { requestKinds } from '../model/words.ts';
import type { Vcpu } from './vcpu.ts';

/** What NUMBER selects. */
export const forgeries = [
  'foreign source', // a Gfn of another guest
  'foreign destination',
  'no hold', // a listed page that it did not claim before
  'wrong generation',
  'twice at once', // two requests for one page to two destinations, in one hypercall
  'out of range', // Gfns that nobody has
  'malformed kind',
  'source is destination',
  'any generation', // a number that means "whichever" inside the host
  'scribble', // on the page word, where the guest's claim stands
  'rewrite', // of every request record of its guest, while the hypervisor may be reading them
  'foreign record', // the number of another guest's request
] as const;
export type Forgery = (typeof forgeries)[number];

const NO_GFN = 1 << 28;
const NO_KIND = 77;

const field = { left: 0, gvpn: 1, number: 2, gfn: 3, generation: 4, turn: 5, count: 6 } as const;

export class Rogue {
  private readonly vcpu: Vcpu;
  private readonly own: Int32Array;

  constructor(arena: Arena, vcpu: Vcpu) {
    this.vcpu = vcpu;
    this.own = arena.int32(field.count);
  }
  get active(): boolean {
    return this.own[field.left] !== 0;
  }
  /** Nothing is being forged: only how often it was counts. */
  settle(): void {
    if (!this.active) this.own.fill(0, field.left, field.turn);
  }
  begin(gvpn: number, number: number): void {
    this.own[field.left] = 3;
    this.own[field.gvpn] = gvpn;
    this.own[field.number] = number % forgeries.length;
    this.own[field.turn]!++;
  }

  /** Looks up the page's Gfn, its generation on the list, and then forges. */
  step(context: Context): void {
    const { own, vcpu } = this;
    const { geometry, gpt } = vcpu.world;
    const guest = geometry.vcpuGuest[vcpu.self]!;
    switch (own[field.left]!--) {
      case 3: {
        const entry = gpt.load(own[field.gvpn]!);
        const mapped = pteKind(entry) === pte.present || pteKind(entry) === pte.hint;
        own[field.gfn] = mapped ? ptePayload(entry) : geometry.guestGfn[guest]!;
        vcpu.view.begin(own[field.gfn]!, context);
        return;
      }
      case 2:
        if (vcpu.view.look(context) === PENDING) own[field.left]!++;
        else own[field.generation] = vcpu.view.generation;
        return;
      case 1:
        this.forge(guest, context);
    }
  }

  private forge(guest: number, context: Context): void {
    const { own, vcpu } = this;
    const { geometry, pages, hypercalls } = vcpu.world;
    const { batch } = geometry.spec;
    const gfn = own[field.gfn]!;
    const generation = own[field.generation]!;
    const what = forgeries[own[field.number]!]!;
    const page = own[field.gvpn]! - geometry.guestGvpn[guest]!;
    const other = (guest + 1) % geometry.guests;
    const foreign = other === guest ? NO_GFN : this.within(other, page);
    const destination = this.within(guest, page + 1 + own[field.turn]!);
    context.trace.forged(vcpu.self, own[field.gvpn]!, gfn, own[field.number]!);
    switch (what) {
      case 'foreign source':
        return this.ask([{ source: foreign, destination, generation }], context);
      case 'foreign destination':
        return this.ask([{ source: gfn, destination: foreign, generation }], context);
      case 'no hold':
        return this.ask([{ source: gfn, destination, generation }], context);
      case 'wrong generation':
        return this.ask([{ source: gfn, destination, generation: generation + 1 }], context);
      case 'twice at once': {
        const again = this.within(guest, page + 7 + own[field.turn]!);
        const twice = [destination, again].map((to) => ({ source: gfn, destination: to, generation }));
        return this.ask(twice.slice(0, batch), context);
      }
      case 'out of range':
        return this.ask(
          [{ source: own[field.turn]! % 2 === 0 ? NO_GFN : -3, destination, generation }],
          context,
        );
      case 'malformed kind':
        return this.ask([{ source: gfn, destination, generation, kind: NO_KIND }], context);
      case 'source is destination':
        return this.ask([{ source: gfn, destination: gfn, generation }], context);
      case 'any generation':
        return this.ask([{ source: gfn, destination, generation: -1 }], context);
      case 'scribble':
        pages.scribble(gfn, own[field.turn]!);
        return;
      case 'rewrite': {
        const first = geometry.guestVcpu[guest]! * batch;
        const end = geometry.guestVcpu[guest + 1]! * batch;
        // The records are the guest's memory, in use by whoever: that is what is wrong with it.
        for (let request = first; request < end; request++) {
          hypercalls.source[request] = foreign;
          hypercalls.kind[request] = NO_KIND;
        }
        return;
      }
      case 'foreign record':
        vcpu.ask([other === guest ? -1 : geometry.guestVcpu[other]! * batch], context);
    }
  }

  /** Some Gfn of a guest, on each vNode in turn. */
  private within(guest: number, number: number): number {
    const { guestVnode, vnodeGfn } = this.vcpu.world.geometry;
    const vnodes = guestVnode[guest + 1]! - guestVnode[guest]!;
    const vnode = guestVnode[guest]! + (number % vnodes);
    const first = vnodeGfn[vnode]!;
    return first + (Math.floor(number / vnodes) % (vnodeGfn[vnode + 1]! - first));
  }

  private ask(
    drafts: { source: number; destination: number; generation: number; kind?: number }[],
    context: Context,
  ): void {
    const { vcpu } = this;
    const { guestAsks } = vcpu.protocol;
    const usual = guestAsks === 'nothing' ? 0 : requestKinds.indexOf(guestAsks);
    const first = vcpu.self * vcpu.world.geometry.spec.batch;
    drafts.forEach(({ source, destination, generation, kind = usual }, slot) => {
      vcpu.draft(first + slot, kind, source, destination, generation, context);
    });
    vcpu.ask(
      drafts.map((_, slot) => first + slot),
      context,
    );
  }
}
