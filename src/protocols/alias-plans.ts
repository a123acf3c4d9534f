// What the host does about a touch of a page under another of its aliases: the page goes to the node of that alias' vNode and
// is mapped there. The guest asked nobody; these are no plans of a protocol.
import type { Plan } from './protocol.ts';

export interface AliasPlans {
  /** The page is away: it comes from where it is, and to no other node. */
  away: Plan;
  /** The page is in a frame, mapped under its old alias. */
  resident: Plan;
  /** The same where its new node has no room and can make none: it stays in its frame, under its new name. */
  stays: Plan;
}

const common = {
  resident: ['reserve', 'detach', 'shootdown', 'load', 'forget', 'unmap', 'map', 'release'],
  stays: ['detach', 'shootdown', 'forget', 'unmap', 'map'],
} as const;

export const unlistedAlias: AliasPlans = {
  ...common,
  away: ['reserve', 'claim', 'load', 'forget', 'unmap', 'map', 'release'],
};
/** With a moved list the page's entry is taken off it, under its old name. */
export const listedAlias: AliasPlans = {
  ...common,
  away: ['reserve', 'claim', 'retire', 'load', 'forget', 'unmap', 'map', 'release'],
};
