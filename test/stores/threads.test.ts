// The same on real threads: relocation, demotion, promotion, swapoff and expiring holds race with vCPUs that are vCPUs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { costs, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';
import { drawn } from './story.ts';

const RUNS = 40;
const PAGES = 5;
/** 3 vCPUs, hypervisor, host, 3 nodes at most, 2 stores. */
const ACTORS = 10;

let crew: Crew<ThreadParts>;
beforeAll(() => {
  crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
});
afterAll(() => crew.dismiss());

const worlds: Small[] = [
  { chain: [40], writebackPercent: 10, encryption: 'gfn', heldFault: 'block' },
  { far: true, mapped: true, promoteOnAccess: true, chain: [40] },
  { chain: [40], encryption: 'slot', heldFault: 'convert' },
  { far: true, chain: [40], writebackPercent: 50 },
];

// shows: claim 12, race 19, race 20
test(`threads: ${RUNS} drawn runs with all of the host's commands keep what they claim`, async () => {
  const counted = { cl_written_back: 0, pgdemote_kswapd: 0, pgpromote_success: 0, cl_swapoff_in: 0 };
  for (let seed = 1; seed <= RUNS; seed++) {
    const protocol = protocols[seed % protocols.length]!;
    const spec = smallWorld({
      ...worlds[Math.floor(seed / 4) % worlds.length]!,
      frames: 6,
      slots: 40,
      pages: PAGES,
      gfns: 3 * (PAGES + 1),
      vcpus: 3,
      pageWords: 16,
      holdTicks: 4,
    });
    const commands = ['pageout', 'pageout', 'promote', 'migrate-host 1', 'writeback', 'hold', 'swapoff 0'];
    // A store that is switched off early leaves little to bring in or to write back: in most runs it goes towards the end.
    const late = seed % 4 !== 0;
    const scripts = drawn(seed, 3, PAGES, late ? commands.slice(0, -1) : commands, 40);
    if (late) scripts[0]!.push('swapoff 0');
    const workload = scriptWorkload(scripts, shapeOf(spec));
    const parts = { spec, protocol, costs, tables };
    const disturbance = { yieldsPerMille: 100, seed };
    const { run } = await runOnThreads(crew, parts, [workload], {
      protocolName: protocol.name,
      seed,
      disturbance,
    });
    expect({ seed, ending: run.ending, violations: run.violations }).toEqual({
      seed,
      ending: 'at rest',
      violations: [],
    });
    for (const name of Object.keys(counted) as (keyof typeof counted)[]) counted[name] += run.vmstat[name]!;
  }
  expect(Object.entries(counted).filter(([, count]) => count === 0)).toEqual([]);
});
