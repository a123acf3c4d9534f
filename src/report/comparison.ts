// The first screen: protocols side by side, what was checked on how many cases, a verdict, and where the gain ends.
import { namesMessages } from '../model/faults.ts';
import { Geometry } from '../model/geometry.ts';
import type { Experiment } from '../scenarios/assemble.ts';
import { several, whole } from '../stdx/figures.ts';
import { printable } from '../stdx/input-error.ts';
import type { Limits } from './limits.ts';
import type { Result, Run } from './result.ts';

const LABEL = 34;

export function comparison(
  experiment: Experiment,
  result: Result,
  limits: Limits | null,
  wallMs: number,
): string {
  const { runs } = result;
  const names = experiment.protocols
    .map((protocol) => protocol.name)
    .filter((name) => runs.some((run) => run.protocol === name));
  const columns = names.map((name) => runs.filter((run) => run.protocol === name));
  return [
    ...head(experiment, result),
    '',
    ...table(names, columns, result.scheduler),
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
  const place = spec.moveTo
    .map((home) => {
      const store = spec.stores[home - spec.nodes.length];
      return store
        ? `${store.kind} on node ${spec.nodes[store.node]!.id}`
        : `${spec.policy.far} far memory on node ${spec.nodes[home]!.id}`;
    })
    .join(', then ');
  const guests = spec.guests.length === 1 ? 'one guest' : `${spec.guests.length} guests`;
  const each = spec.guests.length === 1 ? '' : ' each';
  const one = result.runs[0];
  const moved = one ? `, ${whole(one.accesses)} accesses` : '';
  return [
    `${result.tool} · ${printable(scenario.name ?? workload.name)} · ${range} · ${result.executor}, ${mode[result.scheduler]}`,
    `${printable(topology.name)}: nodes ${listed(pinned.map(({ id }) => id))} with ${pinned[0]!.frames} frames (${size(pinned[0]!.frames)}) each; idle pages move to ${place}`,
    `${guests} with ${spec.guests[0]!.vcpus.length} vCPUs${each}, ${printable(workload.name)}: at most ${workload.pages} pages${moved}`,
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
}

const mebibytes = (value: number) => `${(value / 2 ** 20).toFixed(2)} MiB`;
const micro = (value: number) => (Number.isNaN(value) ? '-' : `${(value / 1000).toFixed(1)} us`);
const stall = (of: (run: Run) => number) => (run: Run) => (run.stallNs.count === 0 ? Number.NaN : of(run));

const counter =
  (...names: string[]) =>
  (run: Run) =>
    names.reduce((sum, name) => sum + (run.vmstat[name] ?? 0), 0);
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
    of: perPage((run) => run.balancingNs),
    show: micro,
    virtual: true,
    ratio: true,
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

function mean(runs: readonly Run[], of: (run: Run) => number): number {
  return runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
}

/** The column that ratios are against: conventional where it is there. */
const baseline = (names: readonly string[]) => Math.max(0, names.indexOf('conventional'));

function table(
  names: readonly string[],
  columns: readonly (readonly Run[])[],
  scheduler: Result['scheduler'],
): string[] {
  const shown = scheduler === 'timed' ? rows : [...rows.filter((row) => !row.virtual), wallRow];
  const cells = shown.map((row) => {
    const values = columns.map((runs) => mean(runs, (run) => row.of(run)));
    const base = values[baseline(names)]!;
    return values.map((value, column) => {
      const compare = row.ratio && column !== baseline(names) && base > 0;
      return row.show(value) + (compare ? ` (${(value / base).toFixed(2)}x)` : '');
    });
  });
  const titles = names.map((name) => name.replace(/^copyless-/, ''));
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (label: string, row: readonly string[]) =>
    `${label.padEnd(LABEL)}${row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')}`.trimEnd();
  return [
    line(`(x: against ${names[baseline(names)]})`, titles),
    ...shown.map((row, index) => line(row.label, cells[index]!)),
    ...caveats(names, columns),
  ];
}

/** What the figures do not say by themselves. */
function caveats(names: readonly string[], columns: readonly (readonly Run[])[]): string[] {
  const lines: string[] = [];
  const base = mean(columns[baseline(names)]!, (run) => run.pagesBalanced);
  const fewer = names.filter((_, column) => {
    const pages = mean(columns[column]!, (run) => run.pagesBalanced);
    return Math.abs(pages - base) > base / 100;
  });
  if (fewer.length > 0) {
    lines.push(`Note: ${fewer.join(', ')} balanced another number of pages: ratios compare runs, not pages.`);
  }
  const runs = columns.flat();
  if (runs.length > 0 && runs.every((run) => counter('pswpout', 'cl_far_out')(run) === 0)) {
    const demoted = runs.some((run) => counter('pgdemote_kswapd')(run) > 0);
    lines.push(
      demoted
        ? 'Note: the host only demoted pages, which stayed mapped (pgdemote_kswapd): there was nothing to avoid.'
        : 'Note: the host moved no page out, so there was nothing to avoid. Try less --memory.',
    );
  }
  if (
    columns.some(
      (same) =>
        same.length > 1 && same[0]!.traceHash !== '' && new Set(same.map((run) => run.traceHash)).size === 1,
    )
  ) {
    lines.push(
      'Note: nothing here depends on the seed (a trace in timed order): these are the same run again and again.',
    );
  }
  return lines.length > 0 ? ['', ...lines] : [];
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
    ` ${seen.length} of ${total} interesting cases happened (sometimes): the rest is for the test campaign`,
  ];
}

function verdict(result: Result, wallMs: number): string[] {
  const failed = result.runs.flatMap((run) => run.violations.map((violation) => ({ run, violation })));
  const lines = failed.map(
    ({ run, violation }) =>
      `FAIL ${violation.property} · ${run.protocol}, seed ${run.seed}, event ${violation.sequence}\n     ${violation.message}`,
  );
  for (const run of result.runs) {
    if (run.ending === 'stuck')
      lines.push(`STUCK ${run.protocol}, seed ${run.seed}: nothing can go on; is there room for every page?`);
    if (run.ending === 'step limit' || run.ending === 'stopped')
      lines.push(`INCOMPLETE ${run.protocol}, seed ${run.seed}: ${run.ending}`);
  }
  const seconds = (wallMs / 1000).toFixed(1);
  const word = result.pass ? (result.complete ? 'PASS' : 'INCOMPLETE') : 'FAIL';
  const conventional = result.runs.filter((run) => run.protocol === 'conventional');
  const copyBacks = conventional.reduce((sum, run) => sum + run.transfers.toSource, 0);
  const counted = `${several(copyBacks, 'copy-back', whole(copyBacks))} counted`;
  const alarm =
    conventional.length > 0
      ? ` conventional does not claim no-copy-back: ${counted}${conventional.length > 1 ? ' in all' : ''}.`
      : '';
  return [...lines, `${word} in ${seconds} s.${alarm}`];
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
  const line = `Where the gain ends: one page balanced alone, ${protocol} saves about ${saved(here)} of the stall on ${kind}, ${saved(slow)} on sata.`;
  if (!atSource) return [line];
  const [back, direct] = [atSource.conventional.interconnectBytes, atSource.copyless.interconnectBytes];
  const verb =
    direct < back
      ? 'it moves fewer bytes over the interconnect'
      : 'the interconnect carries as much either way';
  return [
    line,
    `With the ${kind} attached to the source node ${verb}: ${back} bytes a page, copyless ${direct}.`,
  ];
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
  return [
    `More   npm run simulate -- ${narrow} | --new-location far@4 --topology amd-epyc9224-2s-nps2-cxl-5n | --workload adversary --memory 64KiB`,
    `       --migrate-pages, --scheduler random --seed 1..8, --executor threads, --json, --help`,
  ];
}
