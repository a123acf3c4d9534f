// A guest that claims a page by a load and a separate store, where the page word asks for one compare-exchange: a step of
// two shared accesses. Whoever changes the word between them loses the change.
import type { Built } from '../../src/actors/index.ts';
import { override } from '../../src/flaws/flaw.ts';

export interface Torn {
  /** What happens between the two accesses. */
  between: () => void;
  /** Whether the second access is counted, as the rule asks for. */
  counted: boolean;
}

const STATE = 0xf;

export function tornClaim({ world: { pages, meter } }: Built, { between, counted }: Torn): void {
  const { words } = pages as unknown as { words: Int32Array };
  const { table } = pages;
  override(pages, 'claim', () => (gfn, on, generation, trace) => {
    meter.touch(words, gfn);
    const word = Atomics.load(words, gfn);
    meter.found(word);
    const state = (word & STATE) - 1;
    if (state < 0 || state >= table.states.length || word >>> 4 !== generation) return -1;
    const next = table.next[state * table.events.length + on]!;
    if (next < 0) return -1;
    trace.takePlace();
    between();
    if (counted) meter.touch(words, gfn);
    const claimed = (word & ~STATE) | (next + 1);
    Atomics.store(words, gfn, claimed);
    meter.left(claimed);
    trace.page(gfn, generation, state, next, on);
    return next;
  });
}
