// The first screen: protocols side by side, what was checked on how many cases, a verdict, and where the gain ends.
import { namesMessages } from '../model/faults.ts';
import { Geometry } from '../model/geometry.ts';
import type { Experiment } from '../scenarios/assemble.ts';
import { whenSeen } from '../properties/index.ts';
import { several, whole } from '../stdx/figures.ts';
import { printable } from '../stdx/input-error.ts';
import { caveats } from './caveats.ts';
import { type Columns, columnsOf, counter, isComparable, mean, titleOf } from './columns.ts';
import { commandTo } from './command.ts';
import type { Limits } from './limits.ts';
import { placesOf } from './machine.ts';
import type { Result, Run } from './result.ts';
import { unexercised } from './unexercised.ts';

const LABEL = 34;

export function comparison(
  experiment: Experiment,
  result: Result,
  limits: Limits | null,
  wallMs: number,
): string {
  const columns = columnsOf(
    experiment.protocols.map(({ name }) => name),
    result.runs,
  );
  return [
    ...head(experiment, result),
    '',
    ...table(columns, result.scheduler),
    ...caveats(experiment, columns),
    '',
    ...checks(result),
    '',
    ...verdict(result, wallMs),
    ...(limits ? ['', ...gainEnds(limits)] : []),
    '',
    ...more(experiment, result),
  ].join('\n');
}

function head(experiment: Experiment, result: Result): string[] {
  const { scenario, topology, spec, workload } = experiment;
  const seeds = [...new Set(result.runs.map((run) => run.seed))];
  const range =
    seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${Math.min(...seeds)}..${Math.max(...seeds)}, mean`;
  const mode = {
    timed: 'virtual time',
    random: 'random order',
    pct: 'PCT order',
    threads: 'one thread per actor',
  };
  const pinned = spec.guests[0]!.vnodes.map((vnode) => spec.nodes[vnode.node]!);
  const size = (frames: number) => {
    const bytes = frames * new Geometry(spec).pageBytes;
    return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  };
  const place = placesOf(spec)
    .map(({ kind, node }) => `${kind === 'far' ? `${spec.policy.far} far memory` : kind} on node ${node}`)
    .join(', then ');
  const isOne = spec.guests.length === 1;
  const guests = isOne ? 'one guest' : `${spec.guests.length} guests`;
  const each = isOne ? '' : ' each';
  const one = result.runs[0];
  const moved = one ? `, ${whole(one.accesses)} accesses${isOne ? '' : ' in all'}` : '';
  return [
    `${result.tool} · ${printable(scenario.name ?? workload.name)} · ${range} · ${result.executor}, ${mode[result.scheduler]}`,
    `${printable(topology.name)}: nodes ${listed(pinned.map(({ id }) => id))} with ${pinned[0]!.frames} frames (${size(pinned[0]!.frames)}) each; costs: ${printable(experiment.profile)}`,
    `${guests} with ${several(spec.guests[0]!.vcpus.length, 'vCPU')}${each}, ${printable(workload.name)}: at most ${several(workload.pages, 'page')}${each}${moved}; idle pages move to ${place}`,
    ...faultsIn(result),
  ];
}

/** Numbers in a sentence: 0 and 1; 0, 2 and 3; 0 to 63. */
function listed(numbers: readonly number[]): string {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (numbers.length > 2 && numbers.every((number, i) => number === first + i)) return `${first} to ${last}`;
  return numbers.length < 2 ? `${first}` : `${numbers.slice(0, -1).join(', ')} and ${last}`;
}

/** Every fault is a named choice: what was to go wrong, by seed. */
function faultsIn({ runs }: Result): string[] {
  const bySeed = new Map(runs.flatMap(({ seed, faults }) => (faults ? [[seed, faults] as const] : [])));
  const lines = [...bySeed].map(([seed, faults]) => `faults of seed ${seed}: ${faults}`);
  if ([...bySeed.values()].some(namesMessages))
    lines.push('with messages that go wrong, time is mostly that of time-outs: compare counts, not latency');
  return lines;
}

interface Row {
  label: string;
  of(run: Run): number;
  show(value: number): string;
  /** Only where time is virtual. */
  virtual?: boolean;
  /** Compared with the first column. */
  ratio?: boolean;
  /** Shown only where it happened. */
  rare?: boolean;
}

const mebibytes = (value: number) => `${(value / 2 ** 20).toFixed(2)} MiB`;
const micro = (value: number) => (Number.isNaN(value) ? '-' : `${(value / 1000).toFixed(1)} us`);
const stall = (of: (run: Run) => number) => (run: Run) => (run.stallNs.count === 0 ? Number.NaN : of(run));

const perPage = (of: (run: Run) => number) => (run: Run) => of(run) / Math.max(1, run.pagesBalanced);

const rows: Row[] = [
  { label: 'Pages balanced', of: (run) => run.pagesBalanced, show: whole },
  { label: 'Page transfers', of: (run) => run.transfers.total, show: whole, ratio: true },
  { label: '  copied by the guest', of: (run) => run.transfers.copied, show: whole },
  { label: '  to the source (copy-backs)', of: (run) => run.transfers.toSource, show: whole },
  { label: '  straight to the destination', of: (run) => run.transfers.direct, show: whole },
  { label: 'Source frames allocated for it', of: (run) => run.sourceFramesAllocated, show: whole },
  { label: 'Evictions induced on the source', of: (run) => run.inducedEvictions, show: whole },
  { label: 'Never moved (mapped, untouched)', of: (run) => run.neverMoved, show: whole },
  { label: 'Mapped on, untouched', of: counter('cl_mapped_again'), show: whole, rare: true },
  { label: 'False reads (page overwritten)', of: counter('cl_false_reads'), show: whole },
  {
    label: 'Interconnect, all page moves',
    of: (run) => run.bytes.interconnect,
    show: mebibytes,
    ratio: true,
  },
  { label: 'pswpin, and in from far memory', of: counter('pswpin', 'cl_far_in'), show: whole, ratio: true },
  { label: 'pswpout, and out to far memory', of: counter('pswpout', 'cl_far_out'), show: whole, ratio: true },
  { label: 'pgmigrate_fail', of: counter('pgmigrate_fail'), show: whole },
  {
    label: 'Balancing, a page',
    of: perPage((run) => run.balancingNs + run.firstTouchNs),
    show: micro,
    virtual: true,
    ratio: true,
  },
  {
    label: '  of it, first touch after a map',
    of: perPage((run) => run.firstTouchNs),
    show: micro,
    virtual: true,
    rare: true,
  },
  { label: 'Guest stall on balancing  p50', of: stall((run) => run.stallNs.p50), show: micro, virtual: true },
  { label: '                          p95', of: stall((run) => run.stallNs.p95), show: micro, virtual: true },
  { label: '                          p99', of: stall((run) => run.stallNs.p99), show: micro, virtual: true },
  {
    label: 'Run, virtual time',
    of: (run) => run.virtualNs,
    show: (ns) => `${(ns / 1e6).toFixed(1)} ms`,
    virtual: true,
    ratio: true,
  },
];
const wallRow: Row = {
  label: 'Run, wall time (this program)',
  of: (run) => run.wallMs,
  show: (ms) => `${ms.toFixed(0)} ms`,
};

function table(columns: Columns, scheduler: Result['scheduler']): string[] {
  const { all, base } = columns;
  const runs = all.flatMap((column) => column.runs);
  const some = rows.filter((row) => !row.rare || runs.some((run) => row.of(run) > 0));
  const shown = scheduler === 'timed' ? some : [...some.filter((row) => !row.virtual), wallRow];
  const cells = shown.map((row) => {
    const against = mean(base, (run) => row.of(run));
    return all.map((column) => {
      const value = mean(column, (run) => row.of(run));
      const compare = row.ratio && isComparable(column, columns) && against > 0;
      return row.show(value) + (compare ? ` (${(value / against).toFixed(2)}x)` : '');
    });
  });
  const heads = [all.map(({ name }) => titleOf(name))];
  if (!all.every(({ isFinished }) => isFinished))
    heads.push(all.map(({ isFinished }) => (isFinished ? '' : 'did not finish')));
  const widths = all.map((_, column) => Math.max(...[...heads, ...cells].map((row) => row[column]!.length)));
  const line = (label: string, row: readonly string[]) =>
    `${label.padEnd(LABEL)}${row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`.trimEnd();
  const compared = all.some((column) => isComparable(column, columns));
  return [
    line(compared ? `(x: against ${base.name})` : '', heads[0]!),
    ...heads.slice(1).map((row) => line('', row)),
    ...shown.map((row, index) => line(row.label, cells[index]!)),
  ];
}

function checks(result: Result): string[] {
  const always = result.checks.filter((check) => check.kind === 'always');
  const seen = result.checks.filter((check) => check.kind === 'sometimes' && check.pass);
  const marked = always.map(
    ({ name, pass, examined }) =>
      `${pass ? (examined > 0 ? 'ok  ' : '-   ') : 'FAIL'} ${name} (${examined > 0 ? whole(examined) : 'no case'})`,
  );
  const half = Math.ceil(marked.length / 2);
  const paired = marked
    .slice(0, half)
    .map((cell, i) => ` ${cell.padEnd(38)} ${marked[i + half] ?? ''}`.trimEnd());
  const total = result.checks.length - always.length;
  return [
    'Checks, with the number of cases examined; each protocol is held to what it claims',
    ...paired,
    ` ${seen.length} of the ${total} cases we watch for occurred in this run${seen.length < total ? '; our tests cover the others' : ''}`,
  ];
}

function verdict(result: Result, wallMs: number): string[] {
  const failed = result.runs.flatMap((run) => run.violations.map((violation) => ({ run, violation })));
  const lines = failed.map(
    ({ run, violation }) =>
      `FAIL ${violation.property} · ${run.protocol}, seed ${run.seed}, ${whenSeen(violation)}\n     ${violation.message}`,
  );
  for (const run of result.runs) {
    if (run.ending === 'out of memory')
      lines.push(
        `OUT OF MEMORY ${run.protocol}, seed ${run.seed}: every frame and slot is taken, and a page waits for one;`,
        '     give more --memory, or a larger --store-size',
      );
    if (run.ending === 'stuck')
      lines.push(`STUCK ${run.protocol}, seed ${run.seed}: nothing can go on; is there room for every page?`);
    if (run.ending === 'step limit' || run.ending === 'stopped')
      lines.push(`INCOMPLETE ${run.protocol}, seed ${run.seed}: ${run.ending}`);
  }
  const seconds = (wallMs / 1000).toFixed(1);
  for (const name of result.unexercised) lines.push(unexercised(name));
  const word = wordFor(result);
  const conventional = result.runs.filter((run) => run.protocol === 'conventional');
  const copyBacks = conventional.reduce((sum, run) => sum + run.transfers.toSource, 0);
  const counted = `${several(copyBacks, 'copy-back', whole(copyBacks))} counted`;
  const alarm =
    conventional.length > 0
      ? ` conventional does not claim no-copy-back: ${counted}${conventional.length > 1 ? ' in all' : ''}.`
      : '';
  return [...lines, `${word} in ${seconds} s.${alarm}`];
}

function wordFor({ pass, complete, unexercised: inVain }: Result): string {
  if (!pass) return 'FAIL';
  if (!complete) return 'INCOMPLETE';
  return inVain.length > 0 ? 'MISSED' : 'PASS';
}

function gainEnds({ here, slow, atSource, kind, protocol, mapped }: Limits): string[] {
  if (mapped) {
    const [back, direct] = [here.conventional.transfers, here.copyless.transfers];
    return [
      `Where the gain ends: here. A demoted page stays mapped on ${kind}: the guest copies it from there itself,`,
      `${back} transfer(s) a page conventionally, ${direct} with ${protocol}. ${
        mapped.promoted
          ? 'What was touched is promoted to the source first: that copy-back no list can prevent.'
          : 'There is no copy-back to avoid.'
      }`,
    ];
  }
  // Whole percents: several of the constants behind them have no source better than a range (see the cost profile).
  const saved = ({ conventional, copyless }: Limits['here']) =>
    `${Math.round((1 - copyless.stallNs / conventional.stallNs) * 100)} %`;
  const lines = [
    'Where the gain ends: one page balanced alone',
    `  ${protocol} saves about ${saved(here)} of the stall on ${kind}, ${saved(slow)} on sata`,
  ];
  if (!atSource) return lines;
  const [back, direct] = [atSource.conventional.interconnectBytes, atSource.copyless.interconnectBytes];
  const bytes = (count: number) => `${whole(count)} bytes`;
  const crossing =
    back === direct
      ? `${bytes(back)} cross the interconnect, conventional and copyless alike`
      : `${bytes(back)} cross the interconnect conventionally, ${bytes(direct)} copyless`;
  return [...lines, `  with the ${kind} on the source node ${crossing}`];
}

function more(experiment: Experiment, result: Result): string[] {
  if (result.scheduler === 'random' || result.scheduler === 'pct') {
    return [
      'In an order that looks for races virtual time means nothing, so no latency is given: compare counts and verdicts.',
    ];
  }
  if (result.executor === 'threads') {
    return [
      'On threads order is real: counts differ from run to run, and no latency is given, because wall time here is this',
      "program's and not the machine's. Compare counts and verdicts; for latency use --executor simulated.",
    ];
  }
  const narrow = experiment.protocols.length > 1 ? '--protocol copyless-map' : '--seed 1..4';
  const [first, ...others] = [
    narrow,
    '--workload adversary --memory 64KiB',
    '--topology amd-epyc9224-2s-nps2-cxl-5n --nodes 0,2 \\\n           --new-location far@4',
  ].map((flags) => commandTo('simulate', flags));
  return [
    `More   ${first}`,
    ...others.map((line) => `       ${line}`),
    'Also   --migrate-pages, --scheduler random, --executor threads, --json, --help',
  ];
}
