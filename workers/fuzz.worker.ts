// A pool's worker: some seeds of a campaign.
import { performance } from 'node:perf_hooks';
import { fuzz, type Stretch, type Tally } from '../src/report/fuzz.ts';
import { loadProtocol } from '../src/scenarios/modules.ts';

export default async function run(stretch: Stretch): Promise<{ tally: Tally; ms: number }> {
  const protocols = await Promise.all(stretch.protocols.map(loadProtocol));
  const began = performance.now();
  const tally = fuzz(stretch, protocols);
  return { tally, ms: performance.now() - began };
}
