// I10: for the same accesses every protocol leaves the guest the same memory. It compares runs, so it is no monitor of one;
// what it compares is the hash of guest memory at rest, which depends on the accesses and not on their interleaving.
import type { Check, Run } from './result.ts';

/** @param runs of any protocols; those of one seed are compared, the ones that did not come to rest are left out */
export function differential(runs: readonly Run[]): Check {
  const bySeed = new Map<number, Set<string>>();
  let examined = 0;
  for (const run of runs) {
    if (run.ending !== 'at rest') continue;
    const hashes = bySeed.get(run.seed) ?? new Set();
    if (hashes.size > 0) examined++;
    bySeed.set(run.seed, hashes.add(run.memoryHash));
  }
  const pass = [...bySeed.values()].every((hashes) => hashes.size <= 1);
  return { name: 'I10-differential', kind: 'always', pass, examined };
}
