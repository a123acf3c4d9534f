// Events of a simulated run a second, judged by all monitors as `simulate` has it and without anybody looking, beside a loop
// that does nothing but take as many events from a heap and put new ones in.
import { Heap } from '../../../src/stdx/heap.ts';
import { against, interleaved, stopwatch } from '../interleaved.ts';
import type { Found } from '../row.ts';
import { millionPages, run, shippedWorld } from '../worlds.ts';

/** Messages on their way at a time, about as many as in the runs. */
const PENDING = 16;
const ROUNDS = 2;

/** @returns M events/s */
export function emptyLoop(events: number): number {
  const heap = new Heap();
  let sequence = 0;
  let x = 1;
  for (let i = 0; i < PENDING; i++) heap.push(i, sequence++, i);
  const spent = stopwatch();
  for (let i = 0; i < events; i++) {
    const payload = heap.pop();
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
    heap.push(heap.key + (x >>> 20), sequence++, payload);
  }
  return events / spent() / 1e6;
}

export async function measure(): Promise<Found[]> {
  const found: Found[] = [];
  for (const world of [await shippedWorld(), await millionPages(80_000)]) {
    let events = 1_000_000;
    const rate = async (judged: boolean) => {
      const done = await run(world, judged);
      ({ events } = done);
      return done.events / done.seconds / 1e6;
    };
    const samples = await interleaved(ROUNDS, {
      judged: () => rate(true),
      limit: () => emptyLoop(events),
      unjudged: () => rate(false),
    });
    found.push(against(samples.judged, samples.limit), against(samples.unjudged, samples.limit));
  }
  return found;
}
