// What tracing and all monitors cost on the shipped scenario, beside the same run with neither.
import { against, interleaved } from '../interleaved.ts';
import type { Found } from '../row.ts';
import { run, shippedWorld } from '../worlds.ts';

/** Code is still being compiled in the first four: the median is to be one of the others. */
const ROUNDS = 16;

export async function measure(): Promise<Found[]> {
  const world = await shippedWorld();
  const samples = await interleaved(ROUNDS, {
    on: async () => (await run(world, true)).seconds,
    off: async () => (await run(world, false)).seconds,
  });
  return [against(samples.on, samples.off)];
}
