// How a run grows with its guest: the same scenario with 1, 4 and 16.8 million pages, each in a process of its own. Host memory is
// what the process grew by at its peak, from just before the world was laid out. Times for each access and page are CPU time,
// which other work on the machine leaves alone, nearly.
//
//   npm run bench:scale -- [--pages N[,N...]] [--accesses N]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runOnce } from '../../src/report/run.ts';
import { assemble } from '../../src/scenarios/assemble.ts';
import { partsOf, workloadOf } from '../../src/scenarios/parts.ts';
import { readScenario } from '../../src/scenarios/scenario-file.ts';
import { countOf, optionsOf, type Tool } from './options.ts';

const TOOL: Tool = { name: 'bench:scale', usage: '[--pages N[,N...]] [--accesses N]' };
const SCENARIO = fileURLToPath(new URL('../../examples/guest-64g.yaml', import.meta.url));
const WHOLE = 1 << 24;
const ACCESSES = 100_000_000;
/** Fewer leave a node without a frame to spare. */
const PAGES_MIN = 1 << 10;
const ACCESSES_MAX = 1e12;
const MIB = 2 ** 20;

interface Row {
  pages: number;
  accesses: number;
  moved: number;
  balanced: number;
  wallS: number;
  cpuS: number;
  arena: number;
  rss: number;
  events: number;
  violations: string[];
  ending: string;
}

/** The 64 GiB scenario made smaller, everything in proportion. */
async function experimentOf(pages: number, accesses: number) {
  const { scenario } = readScenario(SCENARIO, () => '');
  const part = pages / WHOLE;
  const kib = (mib: number) => `${Math.round(mib * 1024 * part)}KiB`;
  scenario.host.memory = kib(32 * 1024);
  scenario.host.newLocation = { kind: 'nvme', node: 1, size: kib(16 * 1024) };
  scenario.guests.memory = kib(66 * 1024);
  scenario.guests.listCapacity = Math.round((1 << 21) * part);
  scenario.workload = {
    kind: 'window',
    parameters: { pages, hotPages: Math.round(16_384 * part), accesses: Math.floor((accesses - pages) / 2), phases: 64 }, // prettier-ignore
  };
  return assemble(scenario, 'bench', () => '', 64 * 2 ** 30);
}

async function one(pages: number, accesses: number): Promise<Row> {
  const experiment = await experimentOf(pages, accesses);
  const workload = await workloadOf(experiment.scenario.workload, experiment.shape);
  const before = process.memoryUsage.rss();
  const began = performance.now();
  const cpu = process.cpuUsage();
  const { run } = await runOnce(partsOf(experiment, experiment.protocols[0]!), [workload], { seed: 1 });
  const wallS = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    pages,
    accesses: run.accesses,
    moved: run.vmstat['pswpout']!,
    balanced: run.pagesBalanced,
    wallS,
    cpuS: (user + system) / 1e6,
    arena: experiment.bytes,
    rss: process.resourceUsage().maxRSS * 1024 - before,
    events: run.events,
    violations: run.violations.map(({ property, message }) => `${property}: ${message}`),
    ending: run.ending,
  };
}

function line(cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(11)).join(' ');
}

const flags = optionsOf(TOOL, {
  pages: { type: 'string', default: `${1 << 20},${1 << 22},${WHOLE}` },
  accesses: { type: 'string' },
  // One size, in a process of its own.
  one: { type: 'boolean' },
});
const sizes = flags.pages.split(',').map((text) => countOf(TOOL, '--pages', text, PAGES_MIN, WHOLE));
// Each page is touched once before anything else is.
const given =
  flags.accesses === undefined
    ? undefined
    : countOf(TOOL, '--accesses', flags.accesses, Math.max(...sizes) + 2, ACCESSES_MAX);
if (flags.one) {
  process.stdout.write(JSON.stringify(await one(sizes[0]!, given!)));
} else {
  const head = ['pages', 'accesses', 'moved out', '% of pages', 'balanced', 'wall s', 'CPU s', 'us/access', 'us/page', 'arena B/pg', 'RSS B/page', 'RSS MiB']; // prettier-ignore
  process.stdout.write(`${line(head)}\n`);
  for (const pages of sizes) {
    // In proportion, so that time that grows linearly is the same for each access.
    const accesses = given ?? Math.round((ACCESSES / WHOLE) * pages);
    const options = ['--max-semi-space-size=16', '--one', '--pages', String(pages), '--accesses', String(accesses)]; // prettier-ignore
    const child = spawnSync(process.execPath, [options[0]!, fileURLToPath(import.meta.url), ...options.slice(1)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
    if (child.status !== 0) process.exit(1);
    const row = JSON.parse(child.stdout) as Row;
    process.stdout.write(
      `${line([
        row.pages,
        row.accesses,
        row.moved,
        ((100 * row.moved) / row.pages).toFixed(1),
        row.balanced,
        row.wallS.toFixed(1),
        row.cpuS.toFixed(1),
        ((1e6 * row.cpuS) / row.accesses).toFixed(3),
        ((1e6 * row.cpuS) / row.pages).toFixed(2),
        (row.arena / row.pages).toFixed(1),
        (row.rss / row.pages).toFixed(1),
        Math.round(row.rss / MIB),
      ])}\n`,
    );
    if (row.ending !== 'at rest' || row.violations.length > 0) {
      process.stdout.write(`  ${row.ending}: ${row.violations.join('; ')}\n`);
      process.exitCode = 1;
    }
  }
}
