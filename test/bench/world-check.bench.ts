// How fast the world is searched: the shipped actors under all their monitors, against a bare loop that inserts as many random
// keys of the same width into such a set. Ratios of one run; a machine that others use too varies by a third. What one thread
// does is measured by the process's CPU time, its compiler's and collector's threads included; several workers by wall time.
//   npm run bench:world [-- --json FILE] [--small]
import { writeFileSync } from 'node:fs';
import { Piscina } from 'piscina';
import { protocols } from '../../src/protocols/index.ts';
import { WorldCheck } from '../../src/report/check/check-world.ts';
import { searchPool } from '../../src/runtime/check/parallel.ts';
import { StateSet } from '../../src/runtime/check/state-set.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { optionsOf, refuseLost, type Tool } from './options.ts';

const TOOL: Tool = { name: 'bench:world', usage: '[--json FILE] [--small]' };
const values = optionsOf(TOOL, { json: { type: 'string' }, small: { type: 'boolean' } });
refuseLost(TOOL, values.json);
const NAME = 'copyless-migrate';
const spec = checkedWorld({ pages: 2, nodes: 2, vcpus: 2, guests: 1 });
const bounds = { operations: values.small ? 1 : 2, moves: 1, reclaims: 1, faults: 0 };
const parts = () =>
  partsOf(
    { spec, costs: anyCosts },
    protocols.find(({ name }) => name === NAME)!,
  );
const figures: { figure: string; value: number; unit: string }[] = [];
const tell = (figure: string, value: number, unit = '') => {
  figures.push({ figure, value, unit });
  process.stdout.write(
    `${figure.padEnd(64)} ${value.toLocaleString('en-US', { maximumFractionDigits: 2 })} ${unit}\n`,
  );
};
const seconds = async (work: () => unknown): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};
const cpuSeconds = (work: () => unknown): number => {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
};

const safetyAlone = { symmetry: false, liveness: false };
let check: WorldCheck | null = null;
tell('world made, tables extracted: start of a search', cpuSeconds(() => (check = new WorldCheck(parts(), bounds, safetyAlone))) * 1000, 'ms'); // prettier-ignore
const safety = cpuSeconds(() => check!.advance());
const { states, transitions, bytes, computed } = check!.conclude();
const { words } = check!.system;
tell(`2 pages x 2 nodes x 2 vCPUs, ${bounds.operations} operation(s) each: states`, states);
tell('transitions', transitions);
tell('distinct states a second, one thread, all monitors, traces kept', states / safety);
const bare = cpuSeconds(() => {
  const set = new StateSet(words, { states: 100_000 });
  const random = new Prng().seed(1, 1);
  const keys = new Int32Array(words * 2048);
  const parents = new Int32Array(2048).fill(1);
  for (let done = 0; done < states; done += 2048) {
    for (let i = 0; i < keys.length; i++) keys[i] = 1 + random.below(2 ** 30);
    set.ensure(2048);
    set.insertAll(keys, 2048, parents);
  }
});
tell('... of a bare loop that inserts as many random keys', bare / safety);
tell('bytes a state: the visited set, with traces', bytes.states / states);
tell('bytes a state: interned parts and tables of steps', bytes.parts / states);
tell('steps computed, of all transitions', computed.steps / transitions);
// From here on as a search has it that is the only one: states that are kept take memory from the others.
check = null;
tell('liveness and safety over safety', cpuSeconds(() => new WorldCheck(parts(), bounds, { symmetry: false }).run()) / safety); // prettier-ignore
let exchanged: WorldCheck | null = new WorldCheck(parts(), bounds, { liveness: false });
const foldedSafety = cpuSeconds(() => exchanged!.advance());
const folded = exchanged.conclude();
exchanged = null;
tell(`states up to exchange of ${folded.alike.join(', ')}`, folded.states);
tell('... that search over the one without symmetry, CPU time', foldedSafety / safety);
const alone = (symmetry: boolean): Promise<number> => {
  const search = new WorldCheck(parts(), bounds, { liveness: false, symmetry });
  return seconds(() => search.advance());
};
/** The calling thread is one of the two. */
const pool = await searchPool(2);
const together = async (symmetry: boolean): Promise<number> => {
  const crew = { pool, parts: { spec, costs: anyCosts, protocol: NAME, flaws: [] } };
  const search = new WorldCheck(parts(), bounds, { liveness: false, symmetry }, crew);
  const took = await seconds(() => search.advanceTogether());
  if (search.conclude().states !== (symmetry ? folded.states : states))
    throw new Error('two workers counted otherwise');
  return took;
};
const bareTogether = async (threads: number): Promise<number> => {
  const filename = new URL('bare-set.worker.ts', import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
  const set = new StateSet(words, { states: Math.ceil(1.1 * states) });
  set.open();
  const shares = Array.from({ length: threads }, (_, seed) => ({ into: set.share(), keys: states / threads, seed })); // prettier-ignore
  const took = await seconds(() => Promise.all(shares.map((share) => pool.run(share))));
  await pool.destroy();
  return took;
};
// In turns, the best round of each: who waits for a core keeps the other waiting. So neither has code to compile, as in the
// rounds of any bench; both find out all steps anew.
for (const symmetry of [false, true]) {
  const [one, two]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    one.push(await alone(symmetry));
    two.push(await together(symmetry));
  }
  tell(`two workers over one${symmetry ? ', with symmetry' : ''}`, Math.min(...one) / Math.min(...two));
}
await pool.destroy();
tell('... of two that insert random keys into one set, and do nothing else', (await bareTogether(1)) / (await bareTogether(2))); // prettier-ignore
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
