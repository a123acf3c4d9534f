// The closed word lists of the protocol: request kinds, results, causes, operations. A word's index is its number on the
// wire and in the trace. `numbered` derives both the type and the numbers from one list.

export type Numbered<Names extends readonly string[]> = { readonly [K in Names[number]]: number };

/** `{ name: index }` for a list of names. */
export function numbered<const Names extends readonly string[]>(names: Names): Numbered<Names> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Numbered<Names>;
}

/** What a guest can ask for (FIG. 4: 445, 450, both). */
export const requestKinds = ['map', 'migrate', 'map-then-migrate'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** How a request or a step ends. Everything but OK is a refusal and has no effect. */
export const results = [
  'OK',
  'STALE', // the page is not, or no longer, in the listed generation
  'BUSY', // another operation has the page
  'ALREADY', // an earlier request has moved it
  'NOMEM', // no room at the destination
  'SHARED', // somebody else has a reference to the slot (fork, snapshot)
  'PINNED', // pinned for a device
  'CACHED', // done, from a copy that read-ahead had left on the source
  'EIO', // content could not be read back
  'EINVAL', // not the guest's, out of bounds, or malformed
] as const;
export type Result = (typeof results)[number];
export const result = numbered(results);

/** What the host does with a page. One operation at a time has a page. */
export const operationKinds = [
  'swap-out',
  'fault',
  'prefetch',
  'balance',
  'drop',
  'trim', // a clean copy is given up
  'relocate', // a moved page goes on to another new location, without its guest knowing
  'host-migrate', // a resident page goes to another node and stays mapped: demotion, promotion, host migration
  'bring-in', // a moved page is brought in and nobody touched it: promotion, host migration, swapoff
  'alias', // a page goes to the vNode of another of its aliases, which was touched (HASID)
] as const;
export type OperationKind = (typeof operationKinds)[number];
export const operationKind = numbered(operationKinds);

/** OK, or done in another way than expected: a request that is not a refusal. */
export function isDone(outcome: number): boolean {
  return outcome === result.OK || outcome === result.CACHED;
}

/** Why content moved or a frame was taken. */
export const causes = [
  'none',
  'pressure', // reclaim: the node was below its watermark
  'induced', // reclaim: a copy-back took the node below its watermark
  'idle', // reclaim: the page was idle for long enough
  'demand', // a vCPU touched the page
  'prepare', // the guest is about to overwrite the page: bringing old content back for that is a false read
  'balance', // the guest's own balancing copy touched the page: what copyless is there to avoid
  'prefetch', // the host brought it back on its own
  'request', // a balance request
  'copy', // the guest copied a page between two of its Gfns
  'read-ahead', // the swap layer read it along with a neighbour
  'dma', // it is to be pinned for a device
  'advice', // a command asked for it (MADV_PAGEOUT and the like)
  'promotion', // the host's memory tiering found the page hot
  'host-migration', // the host moves the page to another node (move_pages, cpusets of the host)
  'swapoff', // the store that keeps the page is turned off (try_to_unuse)
  'writeback', // from a fast new location to a slower one (zswap writeback, a demotion chain)
  'migration', // the whole guest is on its way to another host
  'alias', // the guest named another vNode in the page's address
] as const;
export type Cause = (typeof causes)[number];
export const cause = numbered(causes);

/**
 * Why a vCPU touched a page that faulted: for itself, to copy it on, to overwrite it. The host records it as the operation's
 * cause, and tells a vCPU that a page is not present only for `access`.
 */
export const purpose = { access: 0, balance: 1, prepare: 2 } as const;

/** How a guest gives a Gfn back: it only says that it is free; it puts it in the balloon; it is unplugged. */
export const givenBack = { reported: 0, ballooned: 1, unplugged: 2 } as const;

/** What the guest finds when it looks a Gfn up in the moved list. */
export const finding = { resident: 0, listed: 1, unknown: 2 } as const;
