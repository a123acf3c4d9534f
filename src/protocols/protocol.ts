// A protocol is data: lists of steps that the host interprets one per turn. What a variant does differently stands in
// its lists, and every list with one step deleted is a mutant that some property must catch.
//
// The steps (numerals of FIG. 3 and FIG. 4 in brackets):
//   reserve         take a frame or slot where the content is to go; NOMEM ends the operation, a demand fault waits
//   reserve source  the same on the source's own node: the detour that copyless is there to avoid
//   claim           the page is the host's to bring in: its list entry is dead, a held page is left alone
//   accept          [460] the request is taken on; it can be refused until here and has no effect if it is
//   protect         write-protect the page in the EPT
//   shootdown       every vCPU that may cache a translation of the page drops it and says so
//   store           [405] copy the page out to what was reserved
//   load            [310, 325, 475] copy the content from where it is to what was reserved: one read, one write
//   zero            clear what was reserved
//   unmap           [315, 465] the Gfn's entry no longer names the frame or location it named
//   remap           [320, 470] the destination Gfn's entry names the content where it is; no bytes move
//   map             [480, 485] the EPT maps the Gfn to what was reserved and filled
//   vacate          whatever still backs the destination Gfn is dropped
//   release         what the content was moved from is free again (and poisoned)
//   export          [410-425] the hypervisor puts the page on the moved list; after a remap, under its new name
//   retire          [485] the hypervisor takes the page's entry off the list
//   map clean       as map, but read-only: the page still has a clean copy elsewhere, which a write makes stale
//   keep            what the content was moved from stays as that copy (the swap slot of a page that was only read)
//   forget          the clean copy, slot or frame, is free again
//   permit          the page may be written: it has no clean copy any more
//   cache           what was filled stays unmapped, a clean copy beside the slot (the swap cache)
//   uncache         that copy is no longer the page's
//   accept cached   as accept, for a page whose clean copy came back to the source after the guest had looked
//   transfer        a moved page is copied on to what was reserved, under its name, and compared with what it was
//   enter           the Gfn's entry names what was reserved; its page stays moved, in the same generation
//   detach          the EPT maps the Gfn no more; its page stays where it is, and whoever touches it waits
//   rekey           the slot's content, sealed for the source Gfn, is sealed anew for the destination
import type { RequestKind, Result } from '../model/words.ts';

export const steps = [
  'reserve',
  'reserve source',
  'claim',
  'accept',
  'protect',
  'shootdown',
  'store',
  'load',
  'zero',
  'unmap',
  'remap',
  'map',
  'vacate',
  'release',
  'export',
  'retire',
  'map clean',
  'keep',
  'forget',
  'permit',
  'cache',
  'uncache',
  'accept cached',
  'transfer',
  'enter',
  'detach',
  'rekey',
] as const;
export type Step = (typeof steps)[number];
export type Plan = readonly Step[];

/** The properties a protocol can claim; names of `src/properties`. */
export const properties = [
  'no-copy-back',
  'I1-single-home',
  'I2-read-last-write',
  'I3-isolation',
  'I4-pin',
  'I5-conservation',
  'I6-advisory-list',
  'I7-exactly-once',
  'I8-shootdown',
  'I10-differential',
  'legal-lifecycle',
  'answered',
  'I11-sealed-slots',
  'given-back',
  'async-faults',
  'huge-pages',
] as const;
export type PropertyName = (typeof properties)[number];

/** A balance request, as its plan sees it. */
export interface RequestView {
  readonly kind: RequestKind;
}
/** The page asked for. */
export interface PageView {
  /** Kind of the new source location. */
  readonly at: 'slot' | 'far frame' | 'frame' | 'nowhere';
}
/** What the host knows at that moment. Room is a hint: only a reservation makes it certain. */
export interface HostView {
  /** Something still backs the destination Gfn (the guest freed it without saying so). */
  readonly destinationBacked: boolean;
  /** Frames that look free on the destination node. */
  readonly destinationRoom: number;
  /** Slots are encrypted under the name of the page in them: whoever remaps a page in a slot must `rekey` it. */
  readonly keysNamePages?: boolean;
}

/** What the host does on its own account, in every protocol. */
export interface HostPlans {
  /** First migration: reclaim moves an idle page out. */
  swapOut: Plan;
  /** A demand fault, or the host's own prefetch, on a moved page. */
  swapIn: Plan;
  /** A touch of a Gfn that has no content. */
  firstTouch: Plan;
  /** The first touch after a map. */
  touchRemapped: Plan;
  /** The guest reuses a Gfn that is still backed: by a frame, or by content that is elsewhere. */
  dropResident: Plan;
  dropMoved: Plan;
  /** Swap cache. The same for a touch that only reads: the slot stays as a clean copy. */
  swapInClean: Plan;
  touchRemappedClean: Plan;
  /** The first write after that; and the slot is wanted for another page. */
  dirtied: Plan;
  /** First migration of a page that still has its clean copy: nothing is written. */
  swapOutClean: Plan;
  /** Read-ahead leaves an unmapped copy on the source node; a write or a read finds it there; reclaim wants its frame. */
  readAhead: Plan;
  mapCached: Plan;
  mapCachedClean: Plan;
  trimCached: Plan;
  /** A request for such a page, where the policy moves its copy (CACHED). */
  moveCached: Plan;
  /** A moved page goes on to another new location. */
  relocate: Plan;
  /** A resident page goes to another node and stays mapped: demotion, promotion, host migration. */
  hostMigrate: Plan;
}

export interface Protocol extends HostPlans {
  name: string;
  sentence: string;
  /** What the guest sends when it finds a page on the list; `nothing`: it does not look and copies the page itself. */
  guestAsks: RequestKind | 'nothing';
  /** Properties that must hold in every run of it. */
  claims: readonly PropertyName[];
  /** True: it may be loaded although its plans cannot be right (see `order.ts`), to watch a property being violated. */
  unchecked?: boolean;
  /**
   * The steps for one balance request, or a refusal. A pure function: no state, no clock, no bytes.
   * Steps before `accept` may be refused; from `accept` on the request will succeed.
   */
  plan(request: RequestView, page: PageView, host: HostView): Plan | Result;
}

/** What a protocol file must export as its default; the rest is that of copyless-migrate. */
export type ProtocolFile = Pick<Protocol, 'name' | 'sentence' | 'plan'> & Partial<Protocol>;
