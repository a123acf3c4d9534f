// The guest variants on real threads: the same properties, judged afterwards; and a hostile guest beside another one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import type { GuestVariants } from '../../src/model/spec.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { ACCESSES, type Mix, randomScripts, written } from '../support/random-scripts.ts';
import { costs, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';

const RUNS = 8;
const ACTORS = 9;
const MIX: Mix = {
  ...ACCESSES,
  'free P': 2,
  'inflate V': 1,
  'deflate V': 1,
  'repin V 0': 1,
  'repin V 1': 1,
  'pageout P 1': 1,
};
const variants: GuestVariants[] = [
  { freePageReporting: true, asyncFaults: true, hugePages: 4 },
  { poison: 'negotiated', freePageReporting: true, asyncFaults: true },
];

let crew: Crew<ThreadParts>;
beforeAll(() => {
  crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
});
afterAll(() => crew.dismiss());

async function onThreads(run: number, guest: GuestVariants, mixes: readonly Mix[], small: Small = {}) {
  const protocol = protocols[run % protocols.length]!;
  const guests = mixes.length;
  const spec = smallWorld({
    guests,
    guest,
    pages: 8,
    frames: 12,
    gfns: 48,
    slots: 220,
    listCapacity: 32,
    ...small,
  });
  const scripts = randomScripts(spec, run + 1, mixes, { operations: 150 });
  const workload = written(scripts)(shapeOf(spec));
  const parts = { spec, protocol, costs, tables };
  const workloads = spec.guests.map(() => workload);
  const disturbance = { yieldsPerMille: 100, seed: run };
  return runOnThreads(crew, parts, workloads, { protocolName: protocol.name, seed: run, disturbance });
}

// shows: race 11, race 13, race 15, race 21, race 24 on threads
test(`${RUNS} runs on threads with all that guests can do: every property holds`, async () => {
  for (let run = 0; run < RUNS; run++) {
    const { run: done } = await onThreads(run, variants[run % 2]!, [MIX]);
    expect(done.violations, `run ${run}`).toEqual([]);
    expect(done.ending).toBe('at rest');
  }
}, 120_000);

// shows: race 17 on threads
test(`${RUNS} runs on threads beside a guest that forges: what the host must keep is kept`, async () => {
  const kept = ['I1-single-home', 'I4-pin', 'I5-conservation', 'I8-shootdown', 'answered'];
  for (let run = 0; run < RUNS; run++) {
    // A hold that is never let go of would stop its own guest: the host ends it.
    const { run: done } = await onThreads(run, {}, [ACCESSES, { ...ACCESSES, 'forge P N': 8 }], {
      holdTicks: 2,
    });
    expect(
      done.violations.filter(({ property }) => kept.includes(property)),
      `run ${run}`,
    ).toEqual([]);
    expect(done.ending).toBe('at rest');
  }
}, 120_000);
