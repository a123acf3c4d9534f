// Where a page of a batch stands in the guest kernel's migration: see balancing.ts for the numbered steps, and guest memory
// that is freed for what comes after them.
export const phase = {
  idle: 0,
  unhint: 1,
  seize: 2,
  inspect: 3,
  hold: 4,
  ask: 5,
  asked: 6,
  mapSource: 7,
  mapDestination: 8,
  copy: 9,
  install: 10,
  discard: 11,
  checkPoison: 12,
  wipe: 13,
  poison: 14,
  gathered: 15,
  unhold: 16,
  /** Only the address changes (HASID): nothing to look up, to ask for or to copy. */
  rename: 17,
} as const;

/** How much a batch still needs before nobody else can reach its pages. */
export const quiet = { flush: 0, check: 1, done: 2 } as const;

/** Fields of the batch as a whole. */
export const batchField = {
  used: 0,
  quiet: 1,
  sealed: 2,
  bulkNext: 3,
  bulkLeft: 4,
  bulkVnode: 5,
  /** Slot + 1 whose look is under way. */
  looking: 6,
  count: 7,
} as const;
