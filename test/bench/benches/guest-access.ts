// Accesses of a guest that hit its TLB: fetched from the script, translated, one word of the page read or written, accounted.
// Beside them a loop over a typed array that makes the same accesses of the same script.
import { create, measure as measureWorld } from '../../../src/actors/index.ts';
import { tagOf, written } from '../../../src/model/content.ts';
import { argumentOf, encode, operation, operationOf, type ScriptSource } from '../../../src/model/script.ts';
import { TimedScheduler } from '../../../src/runtime/schedulers/timed.ts';
import { Simulation } from '../../../src/runtime/simulate.ts';
import { Trace } from '../../../src/runtime/trace.ts';
import { Prng } from '../../../src/stdx/prng.ts';
import { costs, smallWorld, tables } from '../../support/small-world.ts';
import { protocols } from '../../../src/protocols/index.ts';
import { against, interleaved, median, stopwatch } from '../interleaved.ts';
import type { Found } from '../row.ts';

const PAGES = 64;
const PAGE_WORDS = 1024;
/** Operations of the script that is made again and again, and how often in a run. */
const STREAM = 4096;
const REPEATS = 250;
const WRITES_PERCENT = 30;
const ROUNDS = 7;

const spec = {
  ...smallWorld({
    pages: PAGES,
    frames: 4 * PAGES,
    vcpus: 1,
    pageWords: PAGE_WORDS,
    burst: 64,
    hintPages: 0,
    accessesPerTick: 1000,
  }),
  tlbEntries: 256,
  chunk: STREAM,
};

/** Each page first, then any word of any page. */
function script(): Int32Array {
  const prng = new Prng().seed(1, 1);
  const words = new Int32Array(2 * STREAM);
  for (let i = 0; i < STREAM; i++) {
    const code = prng.below(100) < WRITES_PERCENT ? operation.write : operation.read;
    words[2 * i] = encode(code, prng.below(PAGE_WORDS));
    words[2 * i + 1] = i < PAGES ? i : prng.below(PAGES);
  }
  return words;
}

/** @returns nanoseconds an access */
function guest(stream: Int32Array): number {
  const parts = { spec, protocol: protocols[0]!, costs, tables };
  const system = create(new ArrayBuffer(measureWorld(parts)), parts, new Trace([], false));
  let left = REPEATS;
  const source: ScriptSource = {
    read(_vcpu, out) {
      if (left-- <= 0) return 0;
      out.set(stream);
      return STREAM;
    },
  };
  const simulation = new Simulation(system, new TimedScheduler(system.mailboxes, system.contexts));
  const spent = stopwatch();
  simulation.runSync([source], Infinity);
  return (spent() * 1e9) / (REPEATS * STREAM);
}

/** @returns nanoseconds an access */
function bare(stream: Int32Array): number {
  const memory = new Int32Array(PAGES * PAGE_WORDS);
  let sum = 0;
  const spent = stopwatch();
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (let i = 0; i < stream.length; i += 2) {
      const word = stream[i]!;
      const gvpn = stream[i + 1]!;
      const at = gvpn * PAGE_WORDS + argumentOf(word);
      if (operationOf(word) === operation.write) memory[at] = written(memory[at]!, tagOf(gvpn));
      else sum = (sum + memory[at]!) | 0;
    }
  }
  const took = spent();
  if (sum === 1) throw new Error('the sum is there to be used');
  return (took * 1e9) / (REPEATS * STREAM);
}

export async function measure(): Promise<Found[]> {
  const stream = script();
  const { ours, limit } = await interleaved(ROUNDS, {
    ours: () => guest(stream),
    limit: () => bare(stream),
  });
  return [{ measured: 1000 / median(ours), limit: 1000 / median(limit) }, against(ours, limit)];
}
