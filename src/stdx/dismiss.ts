// Ends a pool of worker threads.
import { setImmediate } from 'node:timers/promises';

/**
 * For every pool. Its idle threads wait for messages: a thread that is ended at the moment at which it begins to wait by `Atomics`,
 * as piscina's do by default, may wait for ever, and its pool never ends.
 */
export const ENDS = { atomics: 'disabled' } as const;

/**
 * Not before the answers that have come are heard: two workers that fail at once answer in one turn of the event loop, the first
 * answer's rejection leads here, and piscina (5.3) throws at an answer to a pool that it has ended meanwhile.
 */
export async function dismiss(pool: { destroy(): Promise<void> } | undefined): Promise<void> {
  await setImmediate();
  await pool?.destroy();
}
