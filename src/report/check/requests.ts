// What became of requests in a search: where none was ever accepted, nothing of the protocol's plan was looked at, and that
// nothing is violated says nothing about it.
import { event } from '../../model/events.ts';
import type { WorldSystem } from './world-system.ts';

/** In some order one was accepted; some were made, and all refused; none was made. */
export type Requests = 'accepted' | 'refused' | 'none';

/** What a complete search has met. */
export function requestsIn({ happened }: WorldSystem): Requests {
  if (happened[event.accepted] === 1) return 'accepted';
  return happened[event.requested] === 1 ? 'refused' : 'none';
}
