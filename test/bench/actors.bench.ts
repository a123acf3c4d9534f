// Actors on threads: how long a crew takes to its first result, beside as many threads that do nothing, and what accesses come to
// as actors get more than there are cores. Each figure is the least of several rounds, and CPU time is all threads'.
//
//   npm run bench:actors -- [--rounds N]
import module from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { resolveCosts } from '../../src/model/cost.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import skylake from '../../src/scenarios/profiles/skylake-2s.ts';
import { shapeOf, smallWorld } from '../../src/scenarios/small-world.ts';
import phased from '../../src/scenarios/workloads/phased.ts';
import { countOf, optionsOf, type Tool } from './options.ts';

// As the command does.
const { directory } = module.enableCompileCache();
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] = directory;

const TOOL: Tool = { name: 'bench:actors', usage: '[--rounds N]' };
const flags = optionsOf(TOOL, { rounds: { type: 'string', default: '3' } });
const rounds = countOf(TOOL, '--rounds', flags.rounds, 1, 1000);
const costs = resolveCosts(skylake);
const protocol = protocols.find(({ name }) => name === 'copyless-migrate')!;

/** vCPUs, hypervisor, host, 4 nodes and a store: so many actors. */
function worldOf(actors: number) {
  const vcpus = actors - 7;
  return smallWorld({ nodes: 4, pages: 4 * vcpus, vcpus, frames: 4 + 2 * vcpus, slots: 16 * vcpus, listCapacity: 64, burst: 64, accessesPerTick: 500, accessesPerScan: 500 }); // prettier-ignore
}
async function timed(what: () => Promise<void>): Promise<{ ms: number; cpuMs: number }> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  await what();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
}
async function round(actors: number) {
  const spec = worldOf(actors);
  const parts = partsOf({ spec, costs }, protocol);
  const crews: Crew<ThreadParts>[] = [];
  let made = 0;
  const run = async (each: number) => {
    const workload = phased.create(shapeOf(spec), {
      pages: spec.guests[0]!.pages,
      accesses: each,
      phases: 4,
    });
    const { run: ran } = await runOnThreads(crews[0]!, parts, [workload], { protocolName: protocol.name, seed: 1, disturbance: { yieldsPerMille: 0, seed: 1 } }); // prettier-ignore
    if (ran.ending !== 'at rest' || ran.violations.length > 0) throw new Error(JSON.stringify(ran));
    made = ran.accesses;
  };
  const idle = await timed(async () => {
    const exits = Array.from({ length: actors }, () => new Promise((done) => new Worker('', { eval: true }).on('exit', done))); // prettier-ignore
    await Promise.all(exits);
  });
  const first = await timed(async () => {
    crews.push(new Crew<ThreadParts>(ACTOR_WORKER, new Geometry(spec).feeder));
    await run(10);
  });
  const all = await timed(() => run(Math.round(40_000 / (actors - 7))));
  await crews[0]!.dismiss();
  return { idle, first, all, perSecond: (1000 * made) / all.ms, perCpuSecond: (1000 * made) / all.cpuMs };
}

const line = (cells: readonly (string | number)[]) =>
  process.stdout.write(`${cells.map((cell) => String(cell).padStart(12)).join(' ')}\n`);
process.stdout.write(`${availableParallelism()} cores, ${rounds} rounds\n`);
line(['actors', 'first ms', 'idle ms', 'ratio', 'first CPU', 'idle CPU', 'acc/s', 'acc/CPU s']);
const sizes = [8, 12, 16, 32];
const seen = sizes.map((): Awaited<ReturnType<typeof round>>[] => []);
for (let r = 0; r < rounds; r++)
  for (const [i, actors] of sizes.entries()) seen[i]!.push(await round(actors));
for (const [i, actors] of sizes.entries()) {
  const least = (of: (one: (typeof seen)[0][0]) => number) => Math.min(...seen[i]!.map(of));
  const [first, idle] = [least((one) => one.first.ms), least((one) => one.idle.ms)];
  line([
    actors,
    first.toFixed(0),
    idle.toFixed(0),
    (first / idle).toFixed(1),
    least((one) => one.first.cpuMs).toFixed(0),
    least((one) => one.idle.cpuMs).toFixed(0),
    (-least((one) => -one.perSecond)).toFixed(0),
    (-least((one) => -one.perCpuSecond)).toFixed(0),
  ]);
}
