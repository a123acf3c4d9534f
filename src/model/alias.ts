// HASID aliases (US 10,613,990): where a guest names the vNode in upper bits of the guest physical address, every page of it
// has one address for each vNode. Upper bits are no memory: Gfns with the same offset in their vNodes are one page.
import type { Geometry, Gfn } from './geometry.ts';

export function hasAliases({ spec }: Geometry): boolean {
  return spec.policy.guest?.remap === 'hasid-alias';
}

/** The same page in another vNode (global number) of the same guest. */
export function aliasOf(geometry: Geometry, gfn: Gfn, vnode: number): Gfn {
  return gfn - geometry.vnodeGfn[geometry.vnodeOf(gfn)]! + geometry.vnodeGfn[vnode]!;
}
