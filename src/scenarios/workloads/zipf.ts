// All vCPUs access one set of pages by Zipf's law: few hot pages that everybody wants, and a long tail that turns idle
// and is swapped out, from where single pages are wanted again and again.

import { present } from '../../stdx/assert.ts';
import type { Prng } from '../../stdx/prng.ts';
import {
  accesses,
  scripts,
  sharedStream,
  stream,
  withDefaults,
  type Stretch,
  type WorkloadFactory,
} from './workload.ts';

const name = 'zipf';
const defaults = {
  pages: 1024,
  /** Per vCPU. */
  accesses: 20_000,
  writePercent: 30,
  /** The page of rank k is accessed in proportion to 1 / k^(exponentPercent / 100). */
  exponentPercent: 99,
};

const factory: WorkloadFactory<keyof typeof defaults> = {
  name,
  sentence:
    'All vCPUs access shared pages by a Zipf law: few are hot, a long tail turns idle and comes back.',
  defaults,
  create(shape, given = {}) {
    const parameters = withDefaults(name, defaults, given);
    const { pages, writePercent, exponentPercent } = parameters;
    const cumulative = cumulativeZipf(pages, exponentPercent);

    function* script(vcpu: number, seed: number, pageOfRank: Int32Array): Generator<Stretch, void> {
      const prng = stream(seed, vcpu);
      yield accesses(
        parameters.accesses,
        prng,
        writePercent,
        shape.pageWords,
        () => pageOfRank[rankOf(cumulative, prng.next())]!,
      );
    }

    return {
      name,
      sentence: factory.sentence,
      pages,
      open(seed) {
        // Hot pages lie scattered, as they do in a heap: neighbours must not be hot together.
        const pageOfRank = shuffled(pages, sharedStream(seed));
        return scripts(shape.vcpuVnodes.length, (vcpu) => script(vcpu, seed, pageOfRank));
      },
    };
  },
};

export default factory;

/** `table[rank]`: the draws of 32 bits that fall on this rank or a lower one, as their number. */
function cumulativeZipf(ranks: number, exponentPercent: number): Float64Array {
  const table = new Float64Array(ranks);
  let sum = 0;
  for (let rank = 0; rank < ranks; rank++) table[rank] = sum += 1 / power(rank + 1, exponentPercent);
  for (let rank = 0; rank < ranks; rank++) table[rank] = Math.floor((table[rank]! / sum) * 2 ** 32);
  table[ranks - 1] = 2 ** 32;
  return table;
}

/**
 * base^(percent / 100) by multiplications and square roots only. IEEE 754 rounds those exactly, so that the table is the
 * same on every machine; `Math.pow` may differ in the last bit from one engine to the next.
 */
function power(base: number, percent: number): number {
  let result = 1;
  for (let whole = Math.floor(percent / 100); whole > 0; whole--) result *= base;
  let rest = percent % 100;
  let root = base;
  for (let bit = 0; bit < 32; bit++) {
    root = Math.sqrt(root);
    rest *= 2;
    if (rest >= 100) {
      rest -= 100;
      result *= root;
    }
  }
  return result;
}

/** The lowest rank whose share the draw falls below. */
function rankOf(cumulative: Float64Array, draw: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (draw < cumulative[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** 0 .. length - 1 in random order (Fisher and Yates). */
function shuffled(length: number, prng: Prng): Int32Array {
  const order = Int32Array.from({ length }, (_, index) => index);
  for (let index = length - 1; index > 0; index--) {
    const other = prng.below(index + 1);
    const moved = present(order[index], 'page');
    order[index] = present(order[other], 'page');
    order[other] = moved;
  }
  return order;
}
