// How a guest is moved from host to host, as data: what is sent for a page whose content sits on the shared store, and
// the rules that source and destination keep. A mode with one rule taken away is a mutant that some property must catch.
//
//   log writes        a page written after it was described is described again (the dirty log)
//   log swap-ins      so is a page that was described by its slot and has left it since
//   log moves         a balance request moves content from Gfn to Gfn: both are described again (race 22)
//   serials           the destination takes each serial once, however often it arrives
//   versions          ... and of two descriptions of a Gfn the later one, in whatever order they arrive
//   forget            what a migration that was given up has left is dropped before the next one is taken in
//   acknowledged      the destination is let go only when it has acknowledged everything
//   claim             the destination owns the guest when it has changed the owner's record on the shared store
//   claim to cancel   the source, once it has let go, goes on only when it has changed that record first
//   keep mapped       after the handover the source frees what it still has, but not the slots it has handed over
//   check generation  a balance request is refused when the page is not in the generation that the list entry names
//   check host        ... or when the entry is another host's
export const migrationRules = [
  'log writes',
  'log swap-ins',
  'log moves',
  'serials',
  'versions',
  'forget',
  'acknowledged',
  'claim',
  'claim to cancel',
  'keep mapped',
  'check generation',
  'check host',
] as const;
export type MigrationRule = (typeof migrationRules)[number];

export interface MigrationMode {
  name: string;
  sentence: string;
  /** What is sent for a page on the shared store. */
  shared: 'bytes' | 'mapping';
  rules: readonly MigrationRule[];
}

export const migrationModes: readonly MigrationMode[] = [
  {
    name: 'conventional',
    sentence: 'reads every swapped page back in on the source and sends its bytes',
    shared: 'bytes',
    rules: migrationRules,
  },
  {
    name: 'copyless',
    sentence: 'sends where a page is on the shared store, and its bytes only where that does not reach',
    shared: 'mapping',
    rules: migrationRules,
  },
];
