// What the host does on its own account. `listed` adds the moved list; a host without copyless has none.
import type { HostPlans, Plan } from './protocol.ts';

const common = {
  firstTouch: ['reserve', 'zero', 'map'],
  dropResident: ['unmap', 'shootdown', 'release', 'forget'],
  dirtied: ['forget', 'permit'],
  mapCached: ['claim', 'map', 'release'],
  mapCachedClean: ['claim', 'map clean', 'keep'],
  moveCached: ['reserve', 'accept cached', 'load', 'unmap', 'map', 'release', 'forget'],
  relocate: ['reserve', 'transfer', 'enter', 'release'],
  hostMigrate: ['reserve', 'detach', 'shootdown', 'load', 'forget', 'map', 'release'],
} as const;

export const unlisted: HostPlans = {
  ...common,
  swapOut: ['reserve', 'protect', 'shootdown', 'store', 'unmap', 'shootdown', 'release'],
  swapOutClean: ['protect', 'unmap', 'shootdown', 'release'],
  swapIn: ['reserve', 'claim', 'load', 'map', 'release'],
  swapInClean: ['reserve', 'claim', 'load', 'map clean', 'keep'],
  touchRemapped: ['reserve', 'claim', 'load', 'map', 'release'],
  touchRemappedClean: ['reserve', 'claim', 'load', 'map clean', 'keep'],
  dropMoved: ['unmap', 'release', 'forget'],
  readAhead: ['reserve', 'claim', 'load', 'cache'],
  trimCached: ['uncache', 'forget'],
};

export const listed: HostPlans = {
  ...common,
  swapOut: ['reserve', 'protect', 'shootdown', 'store', 'unmap', 'shootdown', 'release', 'export'],
  swapOutClean: ['protect', 'unmap', 'shootdown', 'release', 'export'],
  swapIn: ['reserve', 'claim', 'retire', 'load', 'map', 'release'],
  swapInClean: ['reserve', 'claim', 'retire', 'load', 'map clean', 'keep'],
  touchRemapped: ['reserve', 'claim', 'retire', 'load', 'map', 'release'],
  touchRemappedClean: ['reserve', 'claim', 'retire', 'load', 'map clean', 'keep'],
  dropMoved: ['retire', 'unmap', 'release', 'forget'],
  readAhead: ['reserve', 'claim', 'retire', 'load', 'cache'],
  trimCached: ['uncache', 'forget', 'export'],
};

/** As `moveCached`, for a destination that something still backs: that is dropped as soon as the request is accepted. */
export function vacating(moveCached: Plan): Plan {
  return moveCached.flatMap((step) => (step === 'accept cached' ? [step, 'vacate'] : [step]));
}

/** The names of all of them. Taken from an object that has each, so that none can be left out. */
export const hostPlans = Object.keys(unlisted) as (keyof HostPlans)[];
