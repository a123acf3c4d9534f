// What the host does on its own account. `listed` adds the moved list; a host without copyless has none.
import type { HostPlans } from './protocol.ts';

const common = {
  firstTouch: ['reserve', 'zero', 'map'],
  dropResident: ['unmap', 'shootdown', 'release'],
  relocate: ['reserve', 'transfer', 'enter', 'release'],
  hostMigrate: ['reserve', 'detach', 'shootdown', 'load', 'map', 'release'],
} as const;

export const unlisted: HostPlans = {
  ...common,
  swapOut: ['reserve', 'protect', 'shootdown', 'store', 'unmap', 'shootdown', 'release'],
  swapIn: ['reserve', 'claim', 'load', 'map', 'release'],
  touchRemapped: ['reserve', 'claim', 'load', 'map', 'release'],
  dropMoved: ['unmap', 'release'],
};

export const listed: HostPlans = {
  ...common,
  swapOut: ['reserve', 'protect', 'shootdown', 'store', 'unmap', 'shootdown', 'release', 'export'],
  swapIn: ['reserve', 'claim', 'retire', 'load', 'map', 'release'],
  touchRemapped: ['reserve', 'claim', 'retire', 'load', 'map', 'release'],
  dropMoved: ['retire', 'unmap', 'release'],
};
