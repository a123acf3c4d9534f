// What has to be true of a page's life cycle, whoever designed it: no copy-back, no content lost, no hold forgotten. The
// invariants go by the places that the states are tagged with (page.machine.ts), so they judge any machine that is tagged so.
import type { AnyStateMachine } from 'xstate';
import type { ExploreOptions, StateView } from './graph.ts';
import { type PagePlace, pagePlaces, type PageTag } from './page.machine.ts';
import { INITIAL, type Invariant, type Verification, verify } from './verify.ts';

/** Anything with tags: a state of a graph, or the snapshot of a live actor. */
export interface Tagged {
  tags: ReadonlySet<string>;
}

/** The content is in a frame of the page's node, be it mapped or only left there. */
export const isOnSource = (page: Tagged): boolean => at(page, 'home', 'cached');
/** The next arrival, if there is one, is on the page's node. */
export const mayArriveOnSource = (page: Tagged): boolean => at(page, 'to source');
/** The content is, and is nowhere but, at the new location, or on its way to the destination. */
export const isAway = (page: Tagged): boolean => at(page, 'away', 'remapped', 'to destination');
/** A request has been carried out as far as the name goes: the page belongs to its destination. */
export const isBoundForDestination = (page: Tagged): boolean => at(page, 'remapped', 'to destination');
export const isOnList = (page: Tagged): boolean => at(page, 'listed');
export const isHeld = (page: Tagged): boolean => at(page, 'held');

function at({ tags }: Tagged, ...any: PageTag[]): boolean {
  return any.some((tag) => tags.has(tag));
}

/** The one place of a page; null where the tags name none, or several. */
export function placeOf({ tags }: Tagged): PagePlace | null {
  const named = pagePlaces.filter((place) => tags.has(place));
  return named.length === 1 ? named[0]! : null;
}

const leaves = (is: (page: Tagged) => boolean) => (from: StateView, _: string, to: StateView) =>
  is(from) && !is(to);
const enters = (is: (page: Tagged) => boolean) => (from: StateView, _: string, to: StateView) =>
  !is(from) && is(to);
const isDead = (page: Tagged) => at(page, 'dead');
const isHome = (page: Tagged) => at(page, 'home');
const isUnderWay = (page: Tagged) => at(page, 'to source', 'to destination');
const isPoisoned = (page: Tagged) => at(page, 'poisoned');

export const pageInvariants: readonly Invariant[] = [
  {
    name: 'placed',
    sentence: 'every state says by its tags where the content is, and names one place',
    holds: (_from, _event, to) => placeOf(to) !== null,
  },
  {
    name: 'no-copy-back-in-a-hold',
    sentence:
      'a held page starts back to its source only by convert, the implicit request to stay (claim 12)',
    about: (from) => isHeld(from),
    holds: (from, event, to) =>
      !(mayArriveOnSource(to) || isOnSource(to)) ||
      (event === 'convert' && at(from, 'away') && !isOnSource(to)),
  },
  {
    name: 'no-copy-back-after-a-request',
    sentence: 'map and migrate lead to the destination, never to the source',
    about: (_from, event) => event === 'map' || event === 'migrate',
    holds: (_from, _event, to) => isBoundForDestination(to),
  },
  {
    name: 'asked-for-from-the-list',
    sentence: 'a request is for a page that the list shows, or for the copy that read-ahead left',
    about: (_from, event) => event === 'map' || event === 'migrate',
    holds: (from) => isOnList(from) || at(from, 'cached'),
  },
  {
    name: 'map-moves-no-bytes',
    sentence: 'map changes the name and leaves the content where it is; migrate sends it to the destination',
    about: (_from, event) => event === 'map' || event === 'migrate',
    holds: (_from, event, to) => at(to, event === 'map' ? 'remapped' : 'to destination'),
  },
  {
    name: 'renamed-on-request',
    sentence: 'a page goes over to its destination by map or migrate, and by nothing else',
    about: enters(isBoundForDestination),
    holds: (_from, event) => event === 'map' || event === 'migrate',
  },
  {
    name: 'fetched-on-demand',
    sentence: 'a transfer begins for a fault, by demand, or convert in a hold; or for a request, by migrate',
    about: enters(isUnderWay),
    holds: (from, event) =>
      (isAway(from) || at(from, 'cached')) &&
      (event === 'migrate' || event === (isHeld(from) ? 'convert' : 'demand')),
  },
  {
    name: 'no-way-back-from-the-destination',
    sentence:
      'a page that belongs to its destination arrives there, or is lost or freed; it has no source any more',
    about: (from, _event, to) => isBoundForDestination(from) && !isBoundForDestination(to),
    holds: (from, event, to) => isPoisoned(to) || isDead(to) || (isHome(to) && arrives(from, event)),
  },
  {
    name: 'arrives-by-a-transfer',
    sentence: 'content gets to a frame by a transfer that was begun, with arrive',
    about: enters(isHome),
    holds: arrives,
  },
  {
    name: 'read-ahead-is-a-transfer',
    sentence: 'a copy that is only left on the source came by a transfer, with readAhead',
    about: enters((page) => at(page, 'cached')),
    holds: (from, event) => mayArriveOnSource(from) && event === 'readAhead',
  },
  {
    name: 'transfers-end',
    sentence: 'a transfer can arrive and can fail',
    about: (_from, _event, to) => isUnderWay(to),
    holds: (_from, _event, to) => to.accepts('arrive') && to.accepts('fail'),
  },
  {
    name: 'under-way-until-it-ends',
    sentence: 'what is under way can neither be listed nor asked for: it arrives, is lost, or is freed',
    about: (from, _event, to) => isUnderWay(from) && placeOf(from) !== placeOf(to),
    holds: (_from, event, to) =>
      event === 'arrive'
        ? isHome(to)
        : event === 'readAhead'
          ? at(to, 'cached')
          : event === 'fail' || isDead(to),
  },
  {
    name: 'dropped-by-trim',
    sentence: 'a copy that read-ahead left is dropped by trim, and the page is as it was',
    about: (from, _event, to) => at(from, 'cached') && at(to, 'away'),
    holds: (_from, event, to) => event === 'trim' && !isOnList(to),
  },
  {
    name: 'written-before-it-leaves',
    sentence:
      'content leaves its frame only when it has been written elsewhere: from a state that writes, with written',
    about: (from, _event, to) => isHome(from) && !isHome(to) && !isDead(to),
    holds: (from, event, to) => at(from, 'writing') && event === 'written' && at(to, 'away'),
  },
  {
    name: 'listed-pages-are-away',
    sentence: 'what the guest finds on the list has its content at the new location and nowhere else',
    about: (_from, _event, to) => isOnList(to),
    holds: (_from, _event, to) => at(to, 'away', 'remapped'),
  },
  {
    name: 'listed-by-export',
    sentence: 'a page gets on the list by export, or under its new name by map',
    about: enters(isOnList),
    holds: (from, event, to) =>
      at(to, 'remapped') ? event === 'map' : event === 'export' && at(from, 'away'),
  },
  {
    name: 'held-by-detection',
    sentence: 'a hold begins when the guest detects a listed page',
    about: enters(isHeld),
    holds: (from, event, to) => event === 'detect' && isOnList(from) && placeOf(from) === placeOf(to),
  },
  {
    name: 'a-hold-ends-as-it-should',
    sentence: 'a hold ends by the request, by cancel, by convert, or with the page',
    about: leaves(isHeld),
    holds: (_from, event, to) => ['map', 'migrate', 'cancel', 'convert'].includes(event) || isDead(to),
  },
  {
    name: 'a-hold-can-end',
    sentence: 'a held page can be asked for, and can be let go of',
    about: (_from, _event, to) => isHeld(to),
    holds: (_from, _event, to) => to.accepts('cancel') && (to.accepts('map') || to.accepts('migrate')),
  },
  {
    name: 'loss-is-declared',
    sentence: 'a transfer that fails leads to poisoned, and nothing else does',
    about: (_from, event, to) => event === 'fail' || isPoisoned(to),
    holds: (from, event, to) =>
      isPoisoned(to) && (isPoisoned(from) || (event === 'fail' && isUnderWay(from))),
  },
  {
    name: 'lost-is-lost',
    sentence: 'from poisoned a page can only be freed, and from dead there is no way',
    about: (from, event) => event !== INITIAL && (isPoisoned(from) || isDead(from)),
    holds: (from, _event, to) => isPoisoned(from) && (isDead(to) || isPoisoned(to)),
  },
  {
    name: 'dead-by-free',
    sentence: 'a page dies when it is freed, and of nothing else',
    about: enters(isDead),
    holds: (_from, event) => event === 'free',
  },
  {
    name: 'freed-at-any-time',
    sentence: 'a page can be freed in every state, and is dead then',
    holds: (_from, event, to) => isDead(to) || (event !== 'free' && to.accepts('free')),
  },
];

/** `arrive` at the end of a transfer. */
function arrives(from: Tagged, event: string): boolean {
  return event === 'arrive' && isUnderWay(from);
}

/**
 * Judges a page machine that somebody changed, or wrote anew with these tags.
 * @param more invariants of one's own, besides
 * @returns what is broken, each with a shortest path to it; and how much was examined
 */
export function verifyPageMachine(
  machine: AnyStateMachine,
  more: readonly Invariant[] = [],
  options: ExploreOptions = {},
): Verification {
  return verify(machine, [...pageInvariants, ...more], options);
}
