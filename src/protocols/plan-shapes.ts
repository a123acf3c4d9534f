// What each plan must have, may have and must not have, and which of its steps depend on which, each with its reason. What
// follows from it is in order.ts.
//
// In steps: 310 is `load` before or between the mapping operations, 325 is `load` after them; 315 is `unmap`, 320 `remap`.
import type { RequestKind } from '../model/words.ts';
import type { HostPlans, Step } from './protocol.ts';

/** A plan by what it is for: one of the host's own, or one for a kind of balance request. */
export type PlanFor = keyof HostPlans | RequestKind;

/** `step` cannot come before `after`. */
export interface Dependency {
  step: Step;
  after: Step;
  because: string;
}

/** What a plan has to be made of. */
export interface Shape {
  /** Each with the reason why it must be there. */
  required: readonly (readonly [Step, string])[];
  optional: readonly Step[];
  /** Steps that other plans have and this one must not, each with the reason. */
  barred: Partial<Record<Step, string>>;
  order: readonly Dependency[];
}

const dependency = (step: Step, after: Step, because: string): Dependency => ({ step, after, because });

const NEVER_TAKEN = 'the operation would not take the page on';
const NOTHING_TO_FILL = 'there would be no frame to fill';
const STAYS_TAKEN = 'what the content was moved from would never be free again';
export const ON_THE_LIST = 'an entry would stay on the list for a page that is not there any more';
const DETOUR = 'a frame of the source node is the detour that copyless is there to avoid';

/** 445 and 450: what every balance request depends on. */
const balanceOrder: readonly Dependency[] = [
  dependency('accept', 'reserve', 'from accept on the request must succeed, and there may be no room'),
  ...(['vacate', 'load', 'unmap', 'remap', 'map', 'release', 'export', 'retire'] as const).map((step) =>
    dependency(step, 'accept', 'a refusal has no effect, and until accept the request may be refused'),
  ),
  dependency('remap', 'unmap', 'two Gfns would name one content'),
  dependency('map', 'unmap', 'two Gfns would have one page'),
  dependency('remap', 'vacate', 'what backs the destination Gfn would be lost without being freed'),
  dependency('map', 'vacate', 'what backs the destination Gfn would be lost without being freed'),
  dependency('map', 'load', 'the guest would see a frame that is not filled yet'),
  dependency('map', 'remap', "the destination's entry would go back from the frame to where the bytes were"),
  dependency('release', 'load', 'what is free is poisoned, and the content would be read from there'),
  dependency('release', 'unmap', "the source's entry would name what is free"),
  dependency('export', 'remap', 'the page is to be listed under its new name'),
  dependency('rekey', 'remap', 'the slot is to be sealed under the new name'),
  dependency('load', 'rekey', 'the slot would be opened under a name that it is not sealed under'),
];
/** With a remap the destination's entry names the old place until `map`. */
const releaseAfterMap = dependency('release', 'map', "the destination's entry would name what is free");

const ACCEPTED = ['accept', NEVER_TAKEN] as const;
const UNMAPPED = ['unmap', "315: the source's entry would go on naming the content"] as const;
const REMAPPED = ['remap', '320: the request asks for a mapping'] as const;
const RETIRED = ['retire', ON_THE_LIST] as const;
const migrated = [
  ['reserve', NOTHING_TO_FILL],
  ['load', '310, 325: the request asks for the data'],
  ['map', 'the guest would find nothing at the destination'],
  ['release', STAYS_TAKEN],
] as const;
const hostsOwn: Partial<Record<Step, string>> = {
  'reserve source': DETOUR,
  claim: 'a request is taken on with accept',
  protect: 'a moved page is not mapped, so there is nothing to protect',
  shootdown: 'a moved page is not mapped, so nobody has a translation of it',
  store: 'the content is out already',
  zero: 'the content would be lost',
};
const NOT_MOVED = 'the request asks for the mapping only';
const RESIDENT = 'a page that is in its frame is not on the list';

const bringIn: Shape = {
  required: [
    ['reserve', NOTHING_TO_FILL],
    ['claim', NEVER_TAKEN],
    ['load', 'the frame would not have the content'],
    ['map', 'the vCPU would fault for ever'],
    ['release', STAYS_TAKEN],
  ],
  optional: ['retire'],
  barred: { 'reserve source': DETOUR },
  order: [
    dependency('claim', 'reserve', 'once claimed the page must arrive, and there may be no room'),
    dependency('load', 'claim', 'the guest may hold the page, or ask for it elsewhere, until it is claimed'),
    dependency('retire', 'claim', 'a page that is still moved would not be on the list'),
    dependency('map', 'load', 'the guest would see a frame that is not filled yet'),
    dependency('release', 'map', 'the entry would name what is free'),
  ],
};

const COPY_STAYS = 'the clean copy would stay taken, and go stale';

/** The same for a touch that only reads: the slot stays as a clean copy. */
const bringInClean: Shape = {
  ...bringIn,
  required: [
    ...bringIn.required.filter(([step]) => step !== 'map' && step !== 'release'),
    ['map clean', 'the vCPU would fault for ever, or write what has a clean copy'],
    ['keep', STAYS_TAKEN],
  ],
  order: [
    ...bringIn.order.filter(({ step }) => step !== 'map' && step !== 'release'),
    dependency('map clean', 'load', 'the guest would see a frame that is not filled yet'),
    dependency('keep', 'map clean', 'the entry would name what is only a copy'),
  ],
};

export const shapes: Record<PlanFor, Shape> = {
  map: {
    required: [
      ACCEPTED,
      UNMAPPED,
      REMAPPED,
      RETIRED,
      ['export', 'a moved page would not be on the list, under its new name'],
    ],
    optional: ['vacate'],
    barred: { ...hostsOwn, reserve: NOT_MOVED, load: NOT_MOVED, map: NOT_MOVED, release: NOT_MOVED },
    order: balanceOrder,
  },
  migrate: {
    required: [ACCEPTED, UNMAPPED, ...migrated, RETIRED],
    optional: ['vacate'],
    barred: { ...hostsOwn, remap: 'the request asks for the data only', export: RESIDENT },
    order: balanceOrder,
  },
  'map-then-migrate': {
    required: [ACCEPTED, UNMAPPED, REMAPPED, ...migrated, RETIRED],
    optional: ['vacate'],
    barred: { ...hostsOwn, export: RESIDENT },
    order: [...balanceOrder, releaseAfterMap],
  },
  swapOut: {
    required: [
      ['reserve', NOTHING_TO_FILL],
      ['protect', 'what the guest writes while the page is copied out would be lost'],
      ['shootdown', 'a vCPU may still have a translation (I8)'],
      ['store', 'the new location would not have the content'],
      ['unmap', 'the page would stay where it is'],
      ['shootdown', 'it takes one after protect and one after unmap (I8)'],
      ['release', STAYS_TAKEN],
    ],
    optional: ['export'],
    barred: { 'reserve source': 'the page is there already' },
    order: [
      dependency('protect', 'reserve', 'there may be no room, and then the page is to stay as it is'),
      dependency('shootdown', 'protect', 'a vCPU would write on through the translation it has'),
      dependency('store', 'shootdown', 'the copy could miss a write'),
      dependency('unmap', 'store', 'the entry would name a place that does not have the content yet'),
      dependency('release', 'shootdown', 'a vCPU may still read the frame when it has another content'),
      dependency('export', 'unmap', 'a page that is in its frame would be on the list'),
    ],
  },
  swapIn: bringIn,
  touchRemapped: bringIn,
  swapInClean: bringInClean,
  touchRemappedClean: bringInClean,
  dirtied: {
    required: [
      ['forget', COPY_STAYS],
      ['permit', 'the vCPU would fault for ever'],
    ],
    optional: [],
    barred: {},
    order: [dependency('permit', 'forget', 'the page would be written while its copy counts as clean')],
  },
  swapOutClean: {
    required: [
      ['protect', 'the page would not be on its way out for those who look'],
      ['unmap', 'the page would stay where it is'],
      ['shootdown', 'a vCPU may still have a translation (I8)'],
      ['release', STAYS_TAKEN],
    ],
    optional: ['export'],
    barred: { reserve: 'its slot is there', store: 'its slot has the content already' },
    order: [
      dependency('unmap', 'protect', 'a write meanwhile would not be noticed'),
      dependency('shootdown', 'unmap', 'a vCPU would walk to the frame again'),
      dependency('release', 'shootdown', 'a vCPU may still read the frame when it has another content'),
      dependency('export', 'unmap', 'a page that is in its frame would be on the list'),
    ],
  },
  readAhead: {
    required: [
      ['reserve', NOTHING_TO_FILL],
      ['claim', NEVER_TAKEN],
      ['load', 'the frame would not have the content'],
      ['cache', 'the frame would belong to nobody'],
    ],
    optional: ['retire'],
    barred: { 'reserve source': DETOUR, map: 'nobody has touched the page', release: 'the slot is its home' },
    order: [
      ...bringIn.order.filter(({ step }) => step !== 'map' && step !== 'release'),
      dependency('cache', 'load', 'a frame that is not filled would count as a copy'),
    ],
  },
  mapCached: {
    required: [
      ['claim', NEVER_TAKEN],
      ['map', 'the vCPU would fault for ever'],
      ['release', STAYS_TAKEN],
    ],
    optional: [],
    barred: { reserve: 'its frame is there', load: 'its frame has the content' },
    order: [
      dependency('map', 'claim', 'somebody else may have the page'),
      dependency('release', 'map', 'the entry would name what is free'),
    ],
  },
  mapCachedClean: {
    required: [
      ['claim', NEVER_TAKEN],
      ['map clean', 'the vCPU would fault for ever, or write what has a clean copy'],
      ['keep', STAYS_TAKEN],
    ],
    optional: [],
    barred: { reserve: 'its frame is there', load: 'its frame has the content' },
    order: [
      dependency('map clean', 'claim', 'somebody else may have the page'),
      dependency('keep', 'map clean', 'the entry would name what is only a copy'),
    ],
  },
  trimCached: {
    required: [
      ['uncache', 'a fault would look for the copy'],
      ['forget', COPY_STAYS],
    ],
    optional: ['export'],
    barred: {},
    order: [
      dependency('forget', 'uncache', 'a fault would find a frame that is free'),
      dependency('export', 'uncache', 'a page of which a copy is back would be on the list'),
    ],
  },
  moveCached: {
    required: [
      ['reserve', NOTHING_TO_FILL],
      ['accept cached', NEVER_TAKEN],
      ['load', 'the request asks for the data'],
      UNMAPPED,
      ['map', 'the guest would find nothing at the destination'],
      ['release', STAYS_TAKEN],
      ['forget', COPY_STAYS],
    ],
    optional: [],
    barred: { ...hostsOwn, remap: 'the copy is moved, not the entry' },
    order: [
      dependency(
        'accept cached',
        'reserve',
        'from accept on the request must succeed, and there may be no room',
      ),
      ...(['load', 'unmap', 'map', 'release', 'forget'] as const).map((step) =>
        dependency(
          step,
          'accept cached',
          'a refusal has no effect, and until accept the request may be refused',
        ),
      ),
      dependency('map', 'load', 'the guest would see a frame that is not filled yet'),
      dependency('map', 'unmap', 'two Gfns would have one page'),
      dependency('release', 'load', 'what is free is poisoned, and the content would be read from there'),
      dependency('forget', 'unmap', "the source's entry would name what is free"),
    ],
  },
  relocate: {
    required: [
      ['reserve', NOTHING_TO_FILL],
      ['transfer', 'the new place would not have the content'],
      ['enter', 'the entry would go on naming the old place'],
      ['release', STAYS_TAKEN],
    ],
    optional: [],
    barred: { claim: 'the page stays moved' },
    order: [
      dependency('transfer', 'reserve', NOTHING_TO_FILL),
      dependency('enter', 'transfer', 'the entry would name a place that does not have the content yet'),
      dependency('release', 'enter', 'the entry would name what is free'),
    ],
  },
  hostMigrate: {
    required: [
      ['reserve', NOTHING_TO_FILL],
      ['detach', 'what the guest writes while the page is copied would be lost'],
      ['shootdown', 'a vCPU may still have a translation (I8)'],
      ['load', 'the frame would not have the content'],
      ['forget', COPY_STAYS],
      ['map', 'the vCPU would fault for ever'],
      ['release', STAYS_TAKEN],
    ],
    optional: [],
    barred: { 'reserve source': DETOUR },
    order: [
      dependency('detach', 'reserve', 'there may be no room, and then the page is to stay as it is'),
      dependency('shootdown', 'detach', 'a vCPU would walk to the frame again'),
      dependency('load', 'shootdown', 'the copy could miss a write'),
      dependency('map', 'load', 'the guest would see a frame that is not filled yet'),
      dependency('map', 'forget', 'the page would be written while its copy counts as clean'),
      dependency('release', 'map', 'the entry would name what is free'),
    ],
  },
  firstTouch: {
    required: [
      ['reserve', NOTHING_TO_FILL],
      ['zero', 'the guest would read what another left there (I3)'],
      ['map', 'the vCPU would fault for ever'],
    ],
    optional: [],
    barred: { 'reserve source': DETOUR },
    order: [
      dependency('zero', 'reserve', NOTHING_TO_FILL),
      dependency('map', 'zero', 'the guest would read what another left there (I3)'),
    ],
  },
  dropResident: {
    required: [
      ['unmap', 'the Gfn would still be backed'],
      ['shootdown', 'a vCPU may still have a translation (I8)'],
      ['release', STAYS_TAKEN],
      ['forget', COPY_STAYS],
    ],
    optional: [],
    barred: {},
    order: [
      dependency('shootdown', 'unmap', 'a vCPU would walk to the frame again'),
      dependency('release', 'shootdown', 'a vCPU may still read the frame when it has another content'),
    ],
  },
  dropMoved: {
    required: [
      ['unmap', 'the Gfn would still be backed'],
      ['release', STAYS_TAKEN],
      ['forget', COPY_STAYS],
    ],
    optional: ['retire'],
    barred: {},
    order: [dependency('release', 'unmap', 'the entry would name what is free')],
  },
};
