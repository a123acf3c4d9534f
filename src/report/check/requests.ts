// What became of requests in a search: where none was ever accepted, nothing of the protocol's plan was looked at, and that
// nothing is violated says nothing about it.
import { event } from '../../model/events.ts';
import { Successors } from '../../runtime/check/explorable.ts';
import type { Search } from '../../runtime/check/search.ts';
import type { WorldSystem } from './world-system.ts';

/** In some order one was accepted; some were made, and all refused; none was made. */
export type Requests = 'accepted' | 'refused' | 'none';

/**
 * What a complete search has met.
 * @param knowsAll the system has found every step out by itself. Otherwise other threads have, or an earlier process: where it
 *   has seen no acceptance, states are expanded again until there is one
 */
export function requestsIn(search: Search, knowsAll: boolean): Requests {
  const system = search.model as WorldSystem;
  if (!knowsAll) lookAgain(search, system);
  if (system.happened[event.accepted] === 1) return 'accepted';
  return system.happened[event.requested] === 1 ? 'refused' : 'none';
}

function lookAgain(search: Search, system: WorldSystem): void {
  const out = new Successors(system.words);
  const { keys, count } = search.set;
  for (let id = 1; id <= count && system.happened[event.accepted] === 0; id++)
    out.of(system, keys, id * system.words, id);
}
