// A share of a bare loop: random keys into a set that several threads fill, and nothing else.
import { type SharedStates, StateSet } from '../../src/runtime/check/state-set.ts';
import { Prng } from '../../src/stdx/prng.ts';

const BATCH = 2048;

export default function fill({ into, keys, seed }: { into: SharedStates; keys: number; seed: number }): void {
  const set = new StateSet(into.words, {}, into);
  const random = new Prng().seed(seed, 1);
  const batch = new Int32Array(into.words * BATCH);
  const parents = new Int32Array(BATCH).fill(1);
  for (let done = 0; done < keys; done += BATCH) {
    for (let i = 0; i < batch.length; i++) batch[i] = 1 + random.below(2 ** 30);
    set.insertAll(batch, BATCH, parents);
  }
}
