// A step of a page's life cycle in the shared world: table and compare-exchange on the page's word, as the host makes it, over a
// million pages. Beside it two bare operations on the same words in the same order, and XState's own step of the same machine.
import { initialTransition, transition } from 'xstate';
import { pageMachine, pageTable } from '../../../machines/index.ts';
import { Arena } from '../../../src/memory/arena.ts';
import { Meter } from '../../../src/memory/meter.ts';
import { PageWords } from '../../../src/memory/page-words.ts';
import { Recorder } from '../../../src/model/recorder.ts';
import { against, interleaved, stopwatch } from '../interleaved.ts';
import type { Found } from '../row.ts';

const PAGES = 1 << 20;
const XSTATE_STEPS = 5000;
const PASSES = 4;
const ROUNDS = 7;

/** A cycle of the page machine: every page goes round it. */
function cycle(): { from: number; on: number; to: number }[] {
  const { states, events, next } = pageTable;
  const first = pageTable.initial;
  // Breadth first from the first state back to it.
  const reached: { state: number; path: { from: number; on: number; to: number }[] }[] = [
    { state: first, path: [] },
  ];
  const seen = new Set<number>();
  for (const { state, path } of reached)
    for (let on = 0; on < events.length; on++) {
      const to = next[state * events.length + on]!;
      if (to < 0 || to >= states.length || (to === state && path.length === 0)) continue;
      const longer = [...path, { from: state, on, to }];
      if (to === first) return longer;
      if (!seen.has(to)) reached.push({ state: to, path: longer });
      seen.add(to);
    }
  throw new Error('the page machine has no cycle through its first state');
}

export async function measure(): Promise<Found[]> {
  const round = cycle();
  const meter = new Meter();
  const lay = (arena: Arena) => new PageWords(arena, PAGES, pageTable, meter);
  const measuring = new Arena(null);
  lay(measuring);
  const buffer = new SharedArrayBuffer(measuring.bytes);
  const pages = lay(new Arena(buffer));
  for (let gfn = 0; gfn < PAGES; gfn++) pages.put(gfn, pageTable.initial);
  const sink = { takePlace() {}, put() {} };
  const trace = new Recorder(sink, 0, new Float64Array(1));
  const bareWords = new Int32Array(new SharedArrayBuffer(PAGES * 4));

  let position = 0;
  const steps = () => {
    const spent = stopwatch();
    for (let pass = 0; pass < PASSES; pass++) {
      const { on } = round[position]!;
      position = (position + 1) % round.length;
      for (let gfn = 0; gfn < PAGES; gfn++)
        if (pages.attempt(gfn, on, -1, false, trace) < 0) throw new Error('the page machine refused');
    }
    return (spent() * 1e9) / PAGES / PASSES;
  };
  const bare = () => {
    const spent = stopwatch();
    for (let pass = 0; pass < PASSES; pass++)
      for (let gfn = 0; gfn < PAGES; gfn++) {
        const word = Atomics.load(bareWords, gfn);
        Atomics.compareExchange(bareWords, gfn, word, word + 1);
      }
    return (spent() * 1e9) / PAGES / PASSES;
  };
  let snapshot = initialTransition(pageMachine)[0] as never;
  const xstate = () => {
    const spent = stopwatch();
    for (let i = 0; i < XSTATE_STEPS; i++) {
      const type = pageTable.events[round[i % round.length]!.on]!;
      [snapshot] = transition(pageMachine as never, snapshot, { type } as never) as unknown as [never];
    }
    return (spent() * 1e9) / XSTATE_STEPS;
  };
  const samples = await interleaved(ROUNDS, { steps, bare, xstate });
  const perSecond = (times: readonly number[]) => times.map((ns) => 1000 / ns);
  return [against(samples.steps, samples.bare), against(perSecond(samples.steps), perSecond(samples.xstate))];
}
