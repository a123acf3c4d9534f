// `simulate` on a scenario of the kind live-migration: the migration modes side by side.
import { join } from 'node:path';
import { frameTable } from '../../machines/tables.ts';
import { resolveCosts } from '../model/cost.ts';
import { migrationModes } from '../protocols/migration.ts';
import { commandTo, shellWord } from '../report/command.ts';
import { together } from '../report/judged.ts';
import {
  type MigrationResult,
  type MigrationRun,
  migrationRunOf,
} from '../report/migration/migration-result.ts';
import { migrationPage } from '../report/migration/page.ts';
import { runClusterUntil } from '../report/migration/run-cluster.ts';
import type { Check } from '../report/result.ts';
import { schedulerNames } from '../runtime/scheduler.ts';
import { clusterOf, parseMigrationScenario } from '../scenarios/migration-scenario.ts';
import { loadProfile } from '../scenarios/profiles/index.ts';
import { exit } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { type Flags, oneOf, refuse, refuseInputAsJson, seedRange } from './options.ts';
import { attempted, note, print, progress, progressEnds, refuseUnwritable, writeWhole } from './output.ts';
import { TOOL } from './version.ts';

/** Flags that mean something here; the others belong to a single host. */
const known: readonly (keyof Flags)[] = ['executor', 'scheduler', 'seed', 'json', 'out', 'cpuProfile'];

export async function migrate(text: string, file: string, flags: Flags): Promise<number> {
  for (const flag of Object.keys(flags) as (keyof Flags)[]) {
    if (known.includes(flag)) continue;
    const name = `--${flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    refuse(name, 'with a live migration', 'a key of the scenario', `change it in ${file}`);
  }
  oneOf(flags.executor, '--executor', ['simulated']);
  const scheduler = oneOf(flags.scheduler, '--scheduler', schedulerNames);
  const scenario = parseMigrationScenario(text, file);
  const [first, last] = flags.seed === undefined ? scenario.seeds : seedRange(flags.seed);
  const costs = resolveCosts(loadProfile(scenario.hosts.profile));
  refuseInputAsJson(flags.json, [file]);
  const outFile = flags.out === undefined ? undefined : join(flags.out, 'result.json');
  for (const output of [outFile, flags.json]) if (typeof output === 'string') refuseUnwritable(output);
  const modes = scenario.modes
    ? scenario.modes.flatMap((name) => migrationModes.filter((mode) => mode.name === name))
    : migrationModes;
  const runs: MigrationRun[] = [];
  const all: Check[][] = [];
  const interrupt = new Interrupt();
  const stopped = () => interrupt.signal.aborted;
  for (let seed = first; seed <= last && !stopped(); seed++) {
    const spec = clusterOf(scenario, seed, costs.copyPageLocalNs);
    for (const mode of modes) {
      progress(`simulate  ${runs.length}/${(last - first + 1) * modes.length} runs`);
      // A run is short; a signal is heard between two of them, and in a long one now and then.
      await new Promise((resume) => setImmediate(resume));
      const parts = { spec, mode, costs, frame: frameTable };
      const run = await runClusterUntil(parts, { scheduler }, stopped);
      // What was stopped in the middle is no result.
      if (run.ending === 'stopped') break;
      runs.push(migrationRunOf(run, seed, spec.faults, spec.pageWords * 4));
      all.push(
        run.properties.map(({ name, kind, violation, examined }) => ({
          name,
          kind,
          pass: kind === 'sometimes' ? examined > 0 : violation === null,
          examined,
        })),
      );
    }
  }
  progressEnds();
  interrupt.release();
  const checks = together(all);
  checks.sort((a, b) => Number(a.kind === 'sometimes') - Number(b.kind === 'sometimes'));
  const result: MigrationResult = {
    schemaVersion: 1,
    kind: 'live-migration',
    tool: TOOL,
    complete:
      runs.length === (last - first + 1) * modes.length && runs.every((run) => run.ending === 'at rest'),
    pass: checks.every((check) => check.kind === 'sometimes' || check.pass),
    scheduler,
    runs,
    checks,
  };
  const page =
    runs.length === 0
      ? 'Interrupted before the first run was done.'
      : migrationPage(
          scenario.name ?? 'live migration',
          scenario.network,
          clusterOf(scenario, first, costs.copyPageLocalNs),
          result,
        );
  const json = JSON.stringify(result, null, 2);
  if (flags.json === true) {
    await print(json);
    note(page);
  } else await print(page);
  let areWritten = true;
  for (const output of [outFile, flags.json]) {
    if (typeof output !== 'string') continue;
    if (!(await attempted(() => writeWhole(output, `${json}\n`)))) areWritten = false;
  }
  for (const run of runs) {
    if (run.violations.length > 0)
      note(
        `Replay  ${commandTo('simulate', `${shellWord(file)} --seed ${run.seed} --scheduler ${scheduler}`)}`,
      );
  }
  if (interrupt.status !== 0 && !result.complete) return interrupt.status;
  if (!result.pass) return exit.violated;
  if (!result.complete) return exit.incomplete;
  return areWritten ? exit.ok : exit.output;
}
