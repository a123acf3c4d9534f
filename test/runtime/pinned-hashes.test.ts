// The trace hash of five scenarios, as it was when it was pinned. Work on speed must leave every one as it is: the hash
// covers every event with its virtual time. A change of one needs a line in CHANGELOG.md that says which behaviour changed
// and why, and then the new value here.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { frameTable } from '../../machines/index.ts';
import { resolveCosts } from '../../src/model/cost.ts';
import { drawFaults, type FaultPlan } from '../../src/model/faults.ts';
import { migrationModes } from '../../src/protocols/migration.ts';
import { runCluster } from '../../src/report/migration/run-cluster.ts';
import { runUnit, type Unit, unitOf } from '../../src/report/unit.ts';
import { assemble } from '../../src/scenarios/assemble.ts';
import { clusterOf, parseMigrationScenario } from '../../src/scenarios/migration-scenario.ts';
import { loadProfile } from '../../src/scenarios/profiles/index.ts';
import { defineScenario } from '../../src/scenarios/define-scenario.ts';
import type { Scenario, ScenarioInput } from '../../src/scenarios/scenario.ts';
import { readScenario, readText } from '../../src/scenarios/scenario-file.ts';

const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const shipped = (name: string): Scenario => readScenario(example(name), () => '').scenario;

interface Pinned {
  title: string;
  scenario: Scenario;
  protocol: string;
  scheduler: Unit['scheduler'];
  seed: number;
  faults?: FaultPlan;
  /** Also by its recorded choices, played again. */
  replayed?: true;
  hash: string;
  events: number;
}

/** Tight memory and few of everything, so that queues fill, lists overflow and pages go on and on. */
const tight = (guests: ScenarioInput['guests'], host: ScenarioInput['host'] = {}): Scenario =>
  defineScenario({
    version: 1,
    host: { memory: '192KiB', newLocation: { kind: 'zram' }, ...host },
    guests: { vcpus: 3, accessesPerScan: 300, hintPages: 32, ...guests },
    workload: { kind: 'phased', parameters: { pages: 96, accesses: 6000 } },
  });

const pinned: Pinned[] = [
  {
    title: 'two-socket, copyless-map-then-migrate, timed',
    scenario: shipped('two-socket.yaml'),
    protocol: 'copyless-map-then-migrate',
    scheduler: 'timed',
    seed: 1,
    hash: 'e7d3c5b04b353f32',
    events: 547_256,
  },
  {
    title: 'far-memory, conventional, random order, and its choices replayed',
    scenario: shipped('far-memory.yaml'),
    protocol: 'conventional',
    scheduler: 'random',
    seed: 5,
    replayed: true,
    hash: 'f9fbe566b8e7aea7',
    events: 149_428,
  },
  {
    title:
      'two stores in a chain, gfn keys, read-ahead, holds that end, ring list in copies, copyless-map, PCT',
    scenario: tight(
      { list: { format: 'ring', access: 'copy' }, asyncFaults: true, freePageReporting: true },
      {
        newLocation: [{ kind: 'zram', size: '256KiB' }, { kind: 'nvme' }],
        encryption: 'gfn',
        readAhead: { pages: 4, by: 'cluster' },
        cachedRequest: 'move',
        writebackPercent: 60,
        holdTicks: 4,
        heldFault: 'convert',
      },
    ),
    protocol: 'copyless-map',
    scheduler: 'pct',
    seed: 3,
    hash: 'd10f35ceb6b894ed',
    events: 43_887,
  },
  {
    title: 'two guests, huge pages, list bitmap for all, faults drawn, copyless-migrate, timed',
    scenario: tight({ count: 2, hugePages: 4, batch: 4, list: { format: 'bitmap', per: 'host', lag: 500 } }),
    protocol: 'copyless-migrate',
    scheduler: 'timed',
    seed: 7,
    faults: drawFaults(7, 'swarm', 12),
    hash: '90d808329e098ce2',
    events: 150_773,
  },
];

test.each(pinned)('$title: hash and number of events', async (one) => {
  const experiment = await assemble(one.scenario, 'pinned', () => '', 2 ** 31);
  const unit = unitOf(experiment, one.protocol, one.seed, one.scheduler, one.faults);
  const { run, choices } = await runUnit(unit);
  expect({ hash: run.traceHash, events: run.events, ending: run.ending }).toEqual({
    hash: one.hash,
    events: one.events,
    ending: 'at rest',
  });
  if (one.replayed !== true) return;
  const again = await runUnit({ ...unit, choices });
  expect(again.run.traceHash).toBe(one.hash);
});

test('live-migration with a network of swarm faults, copyless, timed: hash and number of events', () => {
  const file = example('live-migration.yaml');
  const scenario = parseMigrationScenario(readText(file), file);
  const costs = resolveCosts(loadProfile(scenario.hosts.profile));
  const spec = clusterOf({ ...scenario, faults: 'swarm' }, 2, costs.copyPageLocalNs);
  const mode = migrationModes.find(({ name }) => name === 'copyless')!;
  const run = runCluster({ spec, mode, costs, frame: frameTable });
  expect({ hash: run.traceHash, events: run.events, ending: run.ending }).toEqual({
    hash: '663b6493041d5e32',
    events: 208_289,
    ending: 'at rest',
  });
});
