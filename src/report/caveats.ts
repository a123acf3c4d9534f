// What the figures of a comparison do not say by themselves: what was refused and why, which choices of the baseline they
// hang on, where columns are not of the same work.
import type { Result as Outcome } from '../model/words.ts';
import type { Experiment } from '../scenarios/assemble.ts';
import { isTrace } from '../scenarios/scenario.ts';
import { several, whole } from '../stdx/figures.ts';
import { type Columns, counter, isComparable, mean, sum, titleOf } from './columns.ts';
import type { Run } from './result.ts';
import { asksForSomething } from './unexercised.ts';

/** Of pages balanced: from here on columns are not of the same work. */
const OTHER_WORK = 1 / 100;

export function caveats(experiment: Experiment, columns: Columns): string[] {
  return [...failed(columns), ...notes(experiment, columns), ...baseline(experiment, columns)];
}

/** Reasons in words; what else there is names itself. */
const WHY: Partial<Record<Outcome, string>> = {
  STALE: 'the page was not, or no longer, where the guest looked',
  BUSY: 'another operation had the page',
  NOMEM: 'no room at the destination',
  SHARED: 'the slot is shared',
  PINNED: 'pinned for a device',
  EIO: 'could not be read',
};

/** Requests that were refused, and attempts of guests that came to nothing, by reason. */
function failed({ all }: Columns): string[] {
  const seen = new Set<string>();
  const counts = (runs: readonly Run[], of: (run: Run) => Record<string, number>) => {
    const names = Object.keys(runs[0]!.requests).filter((name) => name !== 'OK' && name !== 'CACHED');
    const found = names.map((name) => [name, sum(runs, (run) => of(run)[name] ?? 0)] as const);
    const some = found.filter(([, count]) => count > 0);
    for (const [name] of some) seen.add(name);
    const total = some.reduce((before, [, count]) => before + count, 0);
    return { total, reasons: some.map(([name, count]) => `${name} ${whole(count)}`).join(', ') };
  };
  const lines = all.flatMap(({ name, runs }) => {
    const refused = counts(runs, (run) => run.requests);
    const given = counts(runs, (run) => run.notBalanced);
    const asked = sum(runs, askedIn);
    const parts = [
      refused.total > 0 ? [`${whole(refused.total)} of ${whole(asked)} requests: ${refused.reasons}`] : [],
      given.total > 0
        ? [`${several(given.total, 'page', whole(given.total))} not balanced: ${given.reasons}`]
        : [],
    ].flat();
    return parts.map((part, i) => `  ${(i === 0 ? titleOf(name) : '').padEnd(18)}${part}`);
  });
  if (lines.length === 0) return [];
  const words = [...seen].flatMap((name) => {
    const why = WHY[name as Outcome];
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  return ['', `Refused or failed (${words.join('; ')})`, ...lines];
}

function notes({ protocols, scenario }: Experiment, columns: Columns): string[] {
  const { all, base } = columns;
  const lines: string[] = [];
  const pages = mean(base, (run) => run.pagesBalanced);
  const others = all.filter(
    (column) =>
      isComparable(column, columns) &&
      Math.abs(mean(column, (run) => run.pagesBalanced) - pages) > pages * OTHER_WORK,
  );
  if (others.length > 0) {
    const names = others.map(({ name }) => titleOf(name)).join(', ');
    lines.push(
      `Note: ${names} balanced a different number of pages,`,
      '      so the ratios compare whole runs, not equal work.',
    );
  }
  const unfinished = all.filter(({ isFinished }) => !isFinished).map(({ name }) => titleOf(name));
  if (unfinished.length > 0 && all.length > 1)
    lines.push(`Note: no ratios where a run did not finish: ${unfinished.join(', ')}.`);
  const runs = all.flatMap((column) => column.runs);
  if (runs.every((run) => counter('pswpout', 'cl_far_out')(run) === 0)) {
    const demoted = runs.some((run) => counter('pgdemote_kswapd')(run) > 0);
    lines.push(
      demoted
        ? 'Note: the host only demoted pages, which stayed mapped (pgdemote_kswapd): there was nothing to avoid.'
        : 'Note: the host moved no page out, so there was nothing to avoid. Try less --memory.',
    );
  }
  const silent = all.filter(({ name, runs: own }) => {
    const protocol = protocols.find((one) => one.name === name)!;
    return asksForSomething(protocol) && own.every((run) => askedIn(run) === 0);
  });
  if (silent.length > 0) {
    const names = silent.map(({ name }) => titleOf(name)).join(', ');
    const { workload } = scenario;
    const rests = isTrace(workload) && workload.files.length === 1 && workload.moveEvery === undefined;
    const why = rests ? ' A single traced task stays where it is; --move-every moves it.' : '';
    lines.push(`Note: no request was made under ${names}, so nothing of the plan was exercised.${why}`);
  }
  if (all.some(({ runs: same }) => isOneRun(same))) {
    lines.push(
      'Note: nothing here depends on the seed (a trace in timed order): these are the same run again and again.',
    );
  }
  return lines.length > 0 ? ['', ...lines] : [];
}

const askedIn = ({ requests }: Run): number => Object.values(requests).reduce((a, b) => a + b, 0);

/** The same trace from every seed. */
function isOneRun(runs: readonly Run[]): boolean {
  const [first] = runs;
  return (
    runs.length > 1 && first!.traceHash !== '' && runs.every((run) => run.traceHash === first!.traceHash)
  );
}

/** How much a copy-back costs depends on what the guest and the host do besides: the choices that change it most. */
function baseline({ spec }: Experiment, { all, base }: Columns): string[] {
  const copyBacks = sum(base.runs, (run) => run.transfers.toSource);
  if (all.length < 2 || base.name !== 'conventional' || copyBacks === 0) return [];
  const reports = spec.policy.guest?.freePageReporting === true;
  const readsAhead = spec.policy.readAhead > 0;
  const choices = [
    ...(reports ? [] : ['guests do not report freed pages']),
    ...(readsAhead ? [] : ['no read-ahead']),
  ];
  if (choices.length === 0) return [];
  const said = `Baseline: ${choices.join(', ')}. The gain may depend on ${choices.length > 1 ? 'both' : 'it'}`;
  if (reports) return ['', `${said} (host.readAhead).`];
  return ['', `${said}:`, 'see examples/two-socket-reporting.yaml, where most of it is gone.'];
}
