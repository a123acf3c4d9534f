// Things in a searched world that are alike where the search begins: two vCPUs that have done nothing, two memory nodes that
// hold nothing, two pages of a guest, two guests. That they stay alike is not assumed here: it is found out (twins.ts).
import type { Built } from '../../actors/index.ts';
import { type Geometry, NOWHERE } from '../../model/geometry.ts';
import { ptePayload } from '../../memory/guest-page-table.ts';

/** Two things trade places, with all that belongs to each. By number of what there is: whose place it takes. */
export interface Exchange {
  /** `vcpu1 and vcpu2`. */
  readonly name: string;
  readonly vcpu: readonly number[];
  readonly node: readonly number[];
  readonly vnode: readonly number[];
  readonly gvpn: readonly number[];
  readonly gfn: readonly number[];
  readonly location: readonly number[];
}

type Names = { readonly [of in Exclude<keyof Exchange, 'name'>]: number[] };

/** All that there are between neighbours, in a world whose pages were written once. */
export function exchangesOf({ world, vcpus }: Built): Exchange[] {
  const { geometry } = world;
  const { spec } = geometry;
  const gfnOf = (gvpn: number) => ptePayload(world.gpt.peek(gvpn));
  const locationOf = (gvpn: number) => world.ept.peek(gfnOf(gvpn));
  const found: Exchange[] = [];
  const gvpns = range(0, geometry.gvpns);
  // Where there is no room for all pages even the first writes were made in an order that matters.
  if (gvpns.some((gvpn) => locationOf(gvpn) === NOWHERE)) return found;
  const exchange = (name: string, trades: (names: Names) => readonly boolean[]) => {
    const names = namesOf(geometry);
    if (trades(names).every((isEven) => isEven)) found.push({ name, ...names });
  };
  const neighbours = (count: number, visit: (one: number, other: number) => void) => {
    for (let one = 0; one + 1 < count; one++) visit(one, one + 1);
  };

  spec.guests.forEach((guest, g) => {
    const first = geometry.guestVcpu[g]!;
    const shareOf = (vcpu: number) =>
      part(geometry.guestGfn, g).filter((gfn) => vcpus[vcpu]!.memory.ownerOf(gfn) === vcpu);
    // The first one has written the pages.
    neighbours(guest.vcpus.length - 1, (one) => {
      const [a, b] = [first + one + 1, first + one + 2] as const;
      exchange(`vcpu${a} and vcpu${b}`, ({ vcpu, gfn }) => [
        swap(vcpu, [a], [b]),
        swap(gfn, shareOf(a), shareOf(b)),
      ]);
    });
    neighbours(guest.pages, (one) => {
      const [a, b] = [geometry.guestGvpn[g]! + one, geometry.guestGvpn[g]! + one + 1] as const;
      exchange(`pages ${one} and ${one + 1}${spec.guests.length > 1 ? ` of guest ${g}` : ''}`, (names) => [
        swap(names.gvpn, [a], [b]),
        swap(names.location, [locationOf(a)], [locationOf(b)]),
        swap(names.gfn, [gfnOf(a)], [gfnOf(b)]),
      ]);
    });
  });
  const isEmpty = (node: number) => gvpns.every((gvpn) => geometry.homeOf(locationOf(gvpn)) !== node);
  neighbours(geometry.nodes, (a, b) => {
    if (!isEmpty(a) || !isEmpty(b) || spec.nodes[a]!.hasCpus !== spec.nodes[b]!.hasCpus) return;
    const vnodesOn = (node: number) =>
      range(0, geometry.vnodes).filter((vnode) => geometry.vnodeNode[vnode] === node);
    const gfnsOf = (node: number) => vnodesOn(node).flatMap((vnode) => part(geometry.vnodeGfn, vnode));
    exchange(`nodes ${a} and ${b}`, ({ node, vnode, gfn, location }) => [
      swap(node, [a], [b]),
      swap(vnode, vnodesOn(a), vnodesOn(b)),
      swap(gfn, gfnsOf(a), gfnsOf(b)),
      swap(location, part(geometry.homeFirst, a), part(geometry.homeFirst, b)),
    ]);
  });
  neighbours(geometry.guests, (a, b) => {
    const gvpnsOf = (guest: number) => part(geometry.guestGvpn, guest);
    exchange(`guests ${a} and ${b}`, ({ gvpn, location, vnode, vcpu, gfn }) => [
      swap(gvpn, gvpnsOf(a), gvpnsOf(b)),
      swap(location, gvpnsOf(a).map(locationOf), gvpnsOf(b).map(locationOf)),
      swap(vnode, part(geometry.guestVnode, a), part(geometry.guestVnode, b)),
      swap(vcpu, part(geometry.guestVcpu, a), part(geometry.guestVcpu, b)),
      swap(gfn, part(geometry.guestGfn, a), part(geometry.guestGfn, b)),
    ]);
  });
  return found;
}

function namesOf(geometry: Geometry): Names {
  const all = (count: number) => range(0, count);
  return {
    vcpu: all(geometry.vcpus),
    node: all(geometry.nodes),
    vnode: all(geometry.vnodes),
    gvpn: all(geometry.gvpns),
    gfn: all(geometry.gfns),
    location: all(geometry.frames + geometry.slots + 1),
  };
}
/** @returns whether there are as many of the ones as of the others */
function swap(names: number[], ones: readonly number[], others: readonly number[]): boolean {
  ones.forEach((one, i) => {
    const other = others[i];
    if (other === undefined) return;
    names[one] = other;
    names[other] = one;
  });
  return ones.length === others.length;
}
/** What belongs to one of those whose first ones are given. */
function part(firsts: readonly number[], of: number): number[] {
  return range(firsts[of]!, firsts[of + 1]!);
}
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
