// The campaign that CI runs: thousands of schedules over small worlds whose every capacity is drawn at random, within
// what the host can do at all. A failure is shrunk by fast-check and left as a replay file. A run without its witnesses
// is not a pass: every *sometimes* must have been seen. COPYLESS_SEED draws other worlds.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { witnessNames, type Violation } from '../../src/properties/index.ts';
import { completeProtocol, type Protocol, protocols } from '../../src/protocols/index.ts';
import { runUnit, type Unit } from '../../src/report/unit.ts';
import { readReplay } from '../../src/cli/replay-file.ts';
import { TOOL } from '../../src/cli/version.ts';
import noShootdown from '../support/no-shootdown.protocol.ts';
import {
  costs,
  explore,
  type Order,
  shapeOf,
  type Small,
  smallWorld,
  type SmallRun,
} from '../support/small-world.ts';
import { smallWorkload, smallWorkloads, tight, workloadSpec } from '../support/small-workloads.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 20_250_819);
const SCHEDULES = 2_400;
/** The longest runs take some 50,000: under PCT, which starves an actor for that long. */
const STEPS_MAX = 400_000;
const FAILURES = 'out/failures';

interface Scenario {
  protocol: string;
  workload: (typeof smallWorkloads)[number];
  small: Small;
  order: Order;
  seed: number;
}

const orders: fc.Arbitrary<Order> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('random' as const), seed: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pct' as const), seed: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'timed' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      choices: fc.array(fc.nat({ max: 23 }), { maxLength: 2_000, size: 'max' }),
    }),
  },
);

function scenarios(among: readonly Protocol[]): fc.Arbitrary<Scenario> {
  const worlds = fc.record({
    nodes: fc.integer({ min: 2, max: 3 }),
    vcpus: fc.integer({ min: 1, max: 3 }),
    guests: fc.integer({ min: 1, max: 2 }),
    frames: fc.integer({ min: 3, max: 6 }),
    far: fc.boolean(),
    spare: fc.constantFrom(0, 1, 8),
    listCapacity: fc.integer({ min: 1, max: 8 }),
    batch: fc.integer({ min: 1, max: 4 }),
    prefetch: fc.integer({ min: 0, max: 3 }),
    heldFault: fc.constantFrom('refuse' as const, 'convert' as const),
    swapCache: fc.boolean(),
    readAhead: fc.constantFrom(0, 2, 4),
    readAheadBy: fc.constantFrom('vma' as const, 'cluster' as const),
    cachedRequest: fc.constantFrom('refuse' as const, 'move' as const),
    hold: fc.boolean(),
  });
  return fc
    .record({
      protocol: fc.constantFrom(...among.map(({ name }) => name)),
      chosen: fc.constantFrom(...smallWorkloads),
      world: worlds,
      order: orders,
      seed: fc.nat(),
    })
    .map(({ protocol, chosen, world: { spare, ...small }, order, seed }) => {
      // The others need somebody to fight with, or to move to.
      const workload = small.vcpus === 1 ? 'uniform' : chosen;
      return { protocol, workload, small: tight(small, spare), order, seed };
    });
}

function run({ protocol, small, workload, order, seed }: Scenario, among: readonly Protocol[]): SmallRun {
  const found = among.find(({ name }) => name === protocol)!;
  return explore(smallWorld(small), found, smallWorkload(workload), order, { seed, limit: STEPS_MAX });
}

/** What the run broke of what its protocol claims. */
function brokenIn(done: SmallRun, { protocol }: Scenario, among: readonly Protocol[]): Violation[] {
  const claims: readonly string[] = among.find(({ name }) => name === protocol)!.claims;
  const broken = done.violations.filter(({ property }) => claims.includes(property));
  if (done.ending === 'at rest') return broken;
  return [...broken, { property: 'answered', message: `the run ended at its ${done.ending}`, sequence: -1 }];
}

interface Campaign {
  failed: boolean;
  /** Where the smallest failing run was left. */
  file: string | null;
  report: string;
  schedules: Map<string, number>;
  witnesses: Map<string, number>;
}

function campaign(among: readonly Protocol[], schedules: number, seed: number, folder: string): Campaign {
  const counts: Campaign['schedules'] = new Map();
  const witnesses: Campaign['witnesses'] = new Map(witnessNames.map((name) => [name, 0]));
  const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1);
  const details = fc.check(
    fc.property(scenarios(among), (scenario) => {
      const done = run(scenario, among);
      count(counts, `${scenario.protocol}, ${scenario.order.kind}`);
      for (const { kind, name, examined } of done.properties)
        if (kind === 'sometimes' && examined > 0) count(witnesses, name);
      const [first] = brokenIn(done, scenario, among);
      if (first) throw new Error(`${first.property}: ${first.message}`);
    }),
    { seed, numRuns: schedules },
  );
  const report = details.failed ? (fc.defaultReportMessage(details) ?? '') : '';
  const scenario = details.counterexample?.[0];
  const file = scenario ? leave(scenario, among, seed, folder) : null;
  return { failed: details.failed, file, report, schedules: counts, witnesses };
}

/** Writes the run down with every choice made in it, as `copyless replay` reads it. */
function leave(scenario: Scenario, among: readonly Protocol[], seed: number, folder: string): string | null {
  const done = run(scenario, among);
  const [violation] = brokenIn(done, scenario, among);
  if (!violation) return null;
  const spec = smallWorld(scenario.small);
  const unit: Unit = {
    spec,
    costs,
    shape: shapeOf(spec),
    workload: workloadSpec(scenario.workload, scenario.small.vcpus ?? 2),
    protocol: scenario.protocol,
    seed: scenario.seed,
    scheduler: 'timed',
    ...(scenario.order.kind === 'timed' ? {} : { choices: done.choices }),
    limit: STEPS_MAX,
  };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `exploration-${seed}-${scenario.protocol.replace(/\W+/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify({ replay: 1, tool: TOOL, violation, unit })}\n`);
  return file;
}

function lines(title: string, counts: Map<string, number>): string {
  const rows = [...counts].map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`);
  return `${title}\n${rows.join('\n')}\n`;
}

// shows: claim 12, race 1, race 2, race 4, race 5, race 7, race 8, race 10, race 16, race 18, variant (45) concurrency,
// variant (16) (21) (32) new location
test(`${SCHEDULES} schedules of 4 protocols in worlds of 2 to 3 nodes break no claimed property and show every witness (COPYLESS_SEED=${SEED})`, () => {
  const done = campaign(protocols, SCHEDULES, SEED, FAILURES);
  process.stdout.write(
    `\n${lines('schedules', done.schedules)}${lines('schedules that saw the witness', done.witnesses)}\n`,
  );
  if (done.failed) throw new Error(`${done.report}\nreplay file: ${done.file}`);
  const unseen = [...done.witnesses].filter(([, count]) => count === 0).map(([name]) => name);
  expect(unseen).toEqual([]);
});

test('a campaign of 100 schedules over a protocol without shootdown fails, and its file replays the same violation', async () => {
  // Its name is its path, so that the file can name it.
  const broken = {
    ...completeProtocol(noShootdown),
    name: fileURLToPath(new URL('../support/no-shootdown.protocol.ts', import.meta.url)),
  };
  const folder = mkdtempSync(join(tmpdir(), 'copyless-'));
  try {
    const done = campaign([broken], 100, SEED, folder);
    expect(done.failed).toBe(true);
    const { unit, violation } = await readReplay(done.file!);
    const { run: again } = await runUnit(unit);
    expect(again.violations).toContainEqual(violation);
    expect(violation.property).toMatch(/^I8-shootdown|^I2-read-last-write/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
