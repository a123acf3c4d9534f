// The screen of a live migration: modes side by side, what the network did, what was checked, and where the gain ends.
import type { ClusterSpec } from '../../model/cluster.ts';
import { whenSeen } from '../../properties/index.ts';
import { whole } from '../../stdx/figures.ts';
import { printable } from '../../stdx/input-error.ts';
import type { MigrationResult, MigrationRun } from './migration-result.ts';

const LABEL = 36;
const PLAN_LINES = 15;
const kibibytes = (value: number) => `${whole(value / 1024)} KiB`;
const micro = (ns: number) => `${whole(ns / 1000)} us`;

interface Row {
  label: string;
  of(run: MigrationRun): number;
  show(value: number): string;
  ratio?: boolean;
  virtual?: boolean;
}
const rows: Row[] = [
  { label: 'Migrations completed', of: (run) => run.completed, show: whole },
  { label: 'Migrations given up', of: (run) => run.givenUp, show: whole },
  { label: 'Bytes over the network', of: (run) => run.networkBytes, show: kibibytes, ratio: true },
  { label: '  sent again after a time-out', of: (run) => run.againBytes, show: kibibytes },
  { label: 'Pages sent', of: (run) => run.pagesSent, show: whole, ratio: true },
  { label: 'Pages mapped (slot, not bytes)', of: (run) => run.pagesMapped, show: whole },
  { label: 'Read in only to be sent: shared', of: (run) => run.readBack.shared, show: whole },
  { label: '                        private', of: (run) => run.readBack.private, show: whole },
  { label: 'Read from stores meanwhile', of: (run) => run.storeReadBytes, show: kibibytes, ratio: true },
  { label: 'Rounds', of: (run) => run.rounds, show: whole },
  { label: 'Downtime', of: (run) => run.downtimeNs, show: micro, ratio: true, virtual: true },
  { label: 'Total migration time', of: (run) => run.migrationNs, show: micro, ratio: true, virtual: true },
  { label: 'Balance requests carried out', of: (run) => run.balanced, show: whole },
  { label: '  refused (entry stale, page busy)', of: (run) => run.refused, show: whole },
];

function mean(runs: readonly MigrationRun[], of: (run: MigrationRun) => number): number {
  return runs.reduce((sum, run) => sum + of(run), 0) / Math.max(1, runs.length);
}

export function migrationPage(
  name: string,
  network: string,
  spec: ClusterSpec,
  result: MigrationResult,
): string {
  const names = [...new Set(result.runs.map((run) => run.mode))];
  const columns = names.map((mode) => result.runs.filter((run) => run.mode === mode));
  return [
    ...head(name, network, spec, result),
    '',
    ...table(names, columns, result.scheduler === 'timed'),
    '',
    ...plans(result.runs),
    ...checks(result),
    '',
    ...verdict(result),
    ...gain(columns),
  ].join('\n');
}

function head(name: string, network: string, spec: ClusterSpec, result: MigrationResult): string[] {
  const seeds = [...new Set(result.runs.map((run) => run.seed))];
  const range = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]}..${seeds.at(-1)}, mean`;
  const { guest, framesPerNode, stores, moves } = spec;
  const mib = (pages: number) => `${((pages * spec.pageWords * 4) / 2 ** 20).toFixed(1)} MiB`;
  return [
    `${result.tool} · ${printable(name)} · ${range} · simulated, ${result.scheduler === 'timed' ? 'virtual time' : `${result.scheduler} order`}`,
    `${spec.hosts} hosts with ${mib(2 * framesPerNode)} for the guest each, private ${stores.private}, shared ${stores.shared} (${spec.sharedPercent} % of what is moved out)`,
    `guest of ${mib(guest.pages)}, ${guest.vcpus} vCPUs, live migration to host ${moves.map(({ to }) => to).join(', then ')}`,
    `network ${network}: ${spec.network.bandwidthMBps} MB/s, ${spec.network.latencyNs / 1000} us one way (assumed)`,
  ];
}

function table(names: readonly string[], columns: readonly MigrationRun[][], timed: boolean): string[] {
  const shown = timed ? rows : rows.filter((row) => !row.virtual);
  const cells = shown.map((row) => {
    const values = columns.map((runs) => mean(runs, (run) => row.of(run)));
    const base = values[0]!;
    return values.map((value, column) => {
      const compare = row.ratio && column > 0 && base > 0;
      return row.show(value) + (compare ? ` (${(value / base).toFixed(2)}x)` : '');
    });
  });
  const widths = names.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (label: string, row: readonly string[]) =>
    `${label.padEnd(LABEL)}${row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`.trimEnd();
  return [line(`(x: against ${names[0]})`, names), ...shown.map((row, i) => line(row.label, cells[i]!))];
}

function plans(runs: readonly MigrationRun[]): string[] {
  const bySeed = new Map(runs.map((run) => [run.seed, run]));
  const lines = [...bySeed.values()].flatMap(({ seed, plan }) => {
    const { partition } = plan;
    const chances = [
      plan.lossPerMille,
      plan.duplicationPerMille,
      plan.reorderingPerMille,
      plan.delayPerMille,
    ];
    if (!partition && chances.every((chance) => chance === 0)) return [];
    const [loss, duplication, reordering, delay] = chances;
    const cut = partition
      ? `cut after ${whole(partition.afterPackets)} packets for ${micro(partition.forNs)}`
      : 'no cut';
    const drawn = `loss ${loss}, duplication ${duplication}, reordering ${reordering}, delay ${delay} per mille, ${cut}`;
    const fired = runs
      .filter((run) => run.seed === seed)
      .map(({ mode, faults }) => {
        const counts = Object.entries(faults).map(([fault, times]) => `${fault} ${whole(times)}`);
        return `   fired (${mode}): ${counts.join(', ')}`;
      });
    return [` seed ${seed}: ${drawn}`, ...fired];
  });
  if (lines.length === 0) return ['The network loses nothing in this plan (faults: swarm draws some)', ''];
  const more = lines.length > PLAN_LINES ? [` and ${lines.length - PLAN_LINES} lines more: see --json`] : [];
  return ['Faults of the network, drawn from the seed', ...lines.slice(0, PLAN_LINES), ...more, ''];
}

function checks({ checks: all }: MigrationResult): string[] {
  const marked = all
    .filter((check) => check.kind === 'always')
    .map(
      ({ name, pass, examined }) =>
        `${pass ? (examined > 0 ? 'ok  ' : '-   ') : 'FAIL'} ${name} (${examined > 0 ? whole(examined) : 'no case'})`,
    );
  const half = Math.ceil(marked.length / 2);
  const seen = all.filter((check) => check.kind === 'sometimes');
  return [
    'Checks, with the number of cases examined',
    ...marked.slice(0, half).map((cell, i) => ` ${cell.padEnd(38)} ${marked[i + half] ?? ''}`.trimEnd()),
    ` ${seen.filter((check) => check.pass).length} of the ${seen.length} cases we watch for occurred in this run`,
  ];
}

function verdict(result: MigrationResult): string[] {
  const failed = result.runs.flatMap((run) =>
    run.violations.map(
      (violation) =>
        `FAIL ${violation.property} · ${run.mode}, seed ${run.seed}, ${whenSeen(violation)}\n     ${violation.message}`,
    ),
  );
  const cut = result.runs
    .filter((run) => run.ending !== 'at rest')
    .map((run) => `INCOMPLETE ${run.mode}, seed ${run.seed}: ${run.ending}`);
  return [...failed, ...cut, result.pass ? (result.complete ? 'PASS' : 'INCOMPLETE') : 'FAIL'];
}

/** In what way it helped, and where it did not: from the runs, and in so many words. */
function gain(columns: readonly MigrationRun[][]): string[] {
  const mapping = columns.flat().find((run) => run.mode === 'copyless');
  if (!mapping) return [];
  if (columns.some((runs) => runs.every((run) => run.completed === 0)))
    return ['Note: a mode completed no migration here, so the figures compare attempts.'];
  if (mapping.pagesMapped > 0) {
    return [
      'A mapped page is read where the guest touches it next: that read is put off, and saved only for what it does not touch.',
      'Downtime is for what the guest wrote last: mapping what is cold does not shorten it.',
    ];
  }
  const why =
    mapping.swappedBefore === 0
      ? 'the guest had nothing swapped out'
      : `none of its ${whole(mapping.swappedBefore)} swapped pages was on the shared store`;
  return [`No gain here: ${why}, so there was no mapping to send instead of bytes.`];
}
