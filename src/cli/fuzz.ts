// `fuzz`: thousands of drawn schedules in small worlds on all cores; with `--self-test`, first the search for every seeded
// bug, which shows that the properties would see one.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import { type Flaw, flawNamed, flaws as allFlaws } from '../flaws/index.ts';
import { deviceFaults, harms, talks } from '../model/faults.ts';
import { protocols as shipped } from '../protocols/index.ts';
import { commandTo, shellWord } from '../report/command.ts';
import { inVain, unexercised } from '../report/unexercised.ts';
import {
  addUp,
  emptyTally,
  type Failure,
  type Stretch,
  type Tally,
  type Worlds,
  worldsKinds,
} from '../report/fuzz.ts';
import { variedInAny } from '../scenarios/any-world.ts';
import { features, mixes, varied } from '../scenarios/drawn-scenario.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { dismiss, ENDS } from '../stdx/dismiss.ts';
import { whenSeen } from '../properties/index.ts';
import { several, whole } from '../stdx/figures.ts';
import { named } from './ensemble.ts';
import { exit } from './exit.ts';
import { explainFailure, writeReplay } from './failure.ts';
import { Interrupt } from './interrupt.ts';
import { absolute, oneOf, refuse, refuseInputAsJson, refuseUnknownFlaws, wholeNumber } from './options.ts';
import {
  attempted,
  print,
  progressEnds,
  refuseUnwritable,
  sayer,
  SlowProgress,
  writeWhole,
} from './output.ts';
import { TOOL } from './version.ts';

export interface FuzzFlags {
  schedules: string;
  seed: string;
  protocol?: string[];
  worlds: string;
  faults?: string;
  flaw?: string[];
  selfTest?: boolean;
  list?: boolean;
  time?: string;
  json?: string | boolean;
  out?: string;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const WORKER = new URL(`../../workers/fuzz.worker.${extension}`, import.meta.url).href;

/** Seeds that a worker is given at a time: a fraction of a second. */
const BATCH: Record<Worlds, number> = { small: 200, any: 40 };
/** Seeds after which a flaw counts as not found. */
const SEARCH_MAX = 2_000;
/** Schedules after which everything that can happen should have happened: the rarest does in one of 600. */
const WITNESSED_FROM = 5_000;

/** A longer timer ends at once: three weeks and a half. */
const TIMER_MAX_MS = 2 ** 31 - 1;

interface Found {
  flaw: Flaw;
  failure: Failure | undefined;
  schedules: number;
  ms: number;
}

export async function fuzz(flags: FuzzFlags): Promise<number> {
  if (flags.list) {
    if (flags.json !== undefined)
      refuse('--json', 'beside --list', 'one of the two', 'the list is for people');
    await print(flawList());
    return exit.ok;
  }
  const campaign = await checked(flags);
  const say = sayer(flags.json);
  await say(heading(campaign));
  const interrupt = new Interrupt();
  const timer =
    campaign.seconds > 0
      ? setTimeout(() => interrupt.stop(), Math.min(campaign.seconds * 1000, TIMER_MAX_MS))
      : undefined;
  const threads = availableParallelism();
  const pool = new Piscina<Stretch, { tally: Tally; ms: number }>({
    filename: WORKER,
    minThreads: threads,
    maxThreads: threads,
    ...ENDS,
  });
  try {
    const crew: Crew = { pool, threads, signal: interrupt.signal };
    const found = flags.selfTest ? await findAll(campaign, crew, say) : [];
    const began = performance.now();
    const tally = await campaignOf(campaign, crew);
    progressEnds();
    const ms = performance.now() - began;
    await say(summary(campaign, tally, ms));
    const complete = tally.schedules === campaign.schedules || tally.failures.length > 0;
    const unseen = complete && isWhole(campaign, tally) ? neverSeen(tally) : [];
    for (const name of unseen) await say(`MISSED ${name}: not once in ${whole(tally.schedules)} schedules`);
    const vain = inVain(tally.requests);
    for (const name of vain) await say(unexercised(name, tally.requests[name]!.asked));
    const lost = found.filter(({ failure }) => !failure).map(({ flaw }) => flaw.name);
    if (lost.length > 0 && !interrupt.signal.aborted) await say(`NOT FOUND ${lost.join(', ')}`);
    let status = statusOf(tally, lost, [...unseen, ...vain], complete ? 0 : interrupt.status);
    const { lines, files } = await keep(tally, campaign.out);
    const result = resultOf(campaign, tally, ms, found, { unseen, unexercised: vain }, complete, files);
    const isWritten = await attempted(() => writeJson(flags.json, result));
    if (!isWritten && status === exit.ok) status = exit.output;
    for (const line of lines) await say(line);
    return status;
  } finally {
    clearTimeout(timer);
    progressEnds();
    interrupt.release();
    await dismiss(pool);
  }
}

interface Campaign {
  schedules: number;
  from: number;
  protocols: readonly string[];
  worlds: Worlds;
  mix: Stretch['mix'];
  flaws: readonly string[];
  selfTest: boolean;
  /** 0: no limit. */
  seconds: number;
  out: string;
}

interface Crew {
  pool: Piscina<Stretch, { tally: Tally; ms: number }>;
  threads: number;
  signal: AbortSignal;
}

async function checked(flags: FuzzFlags): Promise<Campaign> {
  const protocols = flags.protocol?.map(absolute) ?? shipped.map(({ name }) => name);
  for (const name of protocols) await loadProtocol(name);
  refuseUnknownFlaws(flags.flaw ?? []);
  const schedules = wholeNumber(flags.schedules, '--schedules', 1);
  const from = wholeNumber(flags.seed, '--seed');
  const last = from + (flags.selfTest ? Math.max(schedules, SEARCH_MAX) : schedules);
  if (!Number.isSafeInteger(last))
    refuse('--seed', `${from} and ${schedules} schedules`, 'seeds up to 2^53 - 1', 'begin lower');
  refuseInputAsJson(flags.json, flags.protocol ?? []);
  if (typeof flags.json === 'string') refuseUnwritable(flags.json);
  if (flags.out !== undefined) refuseUnwritable(join(flags.out, 'fuzz.json'));
  return {
    schedules,
    from,
    protocols,
    worlds: oneOf(flags.worlds, '--worlds', worldsKinds),
    mix: flags.faults === undefined ? 'half' : oneOf(flags.faults, '--faults', mixes),
    flaws: flags.flaw ?? [],
    selfTest: flags.selfTest === true,
    seconds: flags.time === undefined ? 0 : wholeNumber(flags.time, '--time', 1),
    out: flags.out ?? 'out',
  };
}

/**
 * The clean protocols, or those with the flaws asked for, a batch of seeds at a time. What comes out does not depend on who was
 * done first: batches are added up in the order of their seeds, up to the first in which something failed.
 */
async function campaignOf(
  { schedules, from, protocols, worlds, mix, flaws: switched, selfTest }: Campaign,
  crew: Crew,
): Promise<Tally> {
  const end = from + schedules;
  const flaws = selfTest ? [] : switched;
  const parts: Tally[] = [];
  let next = from;
  let done = 0;
  let hasFailed = false;
  const slowly = new SlowProgress();
  await lanes(crew, async () => {
    while (next < end && !hasFailed && !crew.signal.aborted) {
      const count = Math.min(BATCH[worlds], end - next);
      const stretch = { from: next, count, worlds, mix, protocols, flaws, untilFound: false };
      const place = (next - from) / BATCH[worlds];
      next += count;
      const part = await given(crew, stretch);
      if (part === null) continue;
      parts[place] = part.tally;
      done += part.tally.schedules;
      hasFailed ||= part.tally.failures.length > 0;
      slowly.say(`fuzz  ${whole(done)}/${whole(schedules)} schedules`, done / schedules);
    }
  });
  const total = emptyTally();
  // What was interrupted is missing among them.
  for (const part of Object.values(parts)) if (total.failures.length === 0) addUp(total, part);
  return total;
}

/** Each flaw by itself, in small worlds from the first seed on, until a property that the protocol claims is broken. */
async function findAll(
  campaign: Campaign,
  crew: Crew,
  say: (text: string) => Promise<void>,
): Promise<Found[]> {
  const wanted = campaign.flaws.length > 0 ? campaign.flaws.map((name) => flawNamed(name)!) : allFlaws;
  const { from, protocols, mix } = campaign;
  const found: Found[] = [];
  const slowly = new SlowProgress();
  let next = 0;
  await lanes(crew, async () => {
    while (next < wanted.length && !crew.signal.aborted) {
      const index = next++;
      const flaw = wanted[index]!;
      const search = { from, count: SEARCH_MAX, mix, protocols, flaws: [flaw.name], untilFound: true };
      const done = await given(crew, search);
      if (!done) return;
      found[index] = { flaw, failure: done.tally.failures[0], schedules: done.tally.schedules, ms: done.ms };
      const { length } = Object.keys(found);
      slowly.say(`fuzz  ${length}/${wanted.length} seeded bugs`, length / wanted.length);
    }
  });
  progressEnds();
  const all = Object.values(found);
  await say(foundTable(all, wanted.length));
  return all;
}

async function lanes({ threads }: Crew, lane: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: threads }, lane));
}

/** @returns null for what was interrupted */
async function given({ pool, signal }: Crew, stretch: Stretch): Promise<{ tally: Tally; ms: number } | null> {
  try {
    return await pool.run(stretch, { signal });
  } catch (error) {
    if (signal.aborted) return null;
    throw named(error);
  }
}

// --- what is said

function heading({ schedules, from, protocols, worlds, mix, flaws, selfTest }: Campaign): string {
  const mixed = {
    half:
      worlds === 'any'
        ? 'half the schedules none, a quarter some of them, a quarter any of them'
        : 'half the schedules some of them, half any of them',
    swarm: 'some of them in each schedule',
    all: 'any of them in each schedule',
    none: 'none',
  };
  const faults = mix === 'none' ? 'none' : `${mixed[mix]}: ${faultClasses}`;
  return [
    `copyless fuzz · ${whole(schedules)} schedules from seed ${from} · ${protocols.join(', ')}`,
    ...(worlds === 'any'
      ? [`Varied    ${variedInAny}`]
      : [`Varied    ${varied}`, `Features  ${features.join(', ')}`]),
    `Faults    ${faults}`,
    ...(flaws.length > 0 && !selfTest ? [`Flaws     ${flaws.join(', ')}`] : []),
    '',
  ].join('\n');
}

/** Every fault, in few words. */
const faultClasses = `${harms.join(', ')}: ${talks.join(', ')}; devices: ${deviceFaults.join(', ')}`;

function flawList(): string {
  const width = Math.max(...allFlaws.map(({ name }) => name.length));
  return [
    `${allFlaws.length} seeded bugs, for --flaw NAME:`,
    ...allFlaws.map(({ name, sentence }) => `  ${name.padEnd(width)}  ${sentence}`),
  ].join('\n');
}

function foundTable(all: readonly Found[], wanted: number): string {
  const rows = [
    ['seeded bug', 'caught by', 'seed', 'schedules', 'time'],
    ...all.map(({ flaw, failure, schedules, ms }) => [
      flaw.name,
      failure?.violation.property ?? 'NOT FOUND',
      failure ? String(failure.unit.seed) : '-',
      String(schedules),
      `${(ms / 1000).toFixed(2)} s`,
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  const hits = all.filter(({ failure }) => failure).length;
  return `${lines.join('\n')}\n${hits} of ${wanted} seeded bugs found\n`;
}

function summary(campaign: Campaign, tally: Tally, ms: number): string {
  const { schedules, steps, witnesses, violations } = tally;
  const perSecond = whole((schedules / Math.max(ms, 1)) * 1000);
  const broken = Object.entries(violations);
  return [
    `${whole(schedules)} of ${whole(campaign.schedules)} schedules, ${whole(steps)} steps in ${(ms / 1000).toFixed(1)} s: ${perSecond} schedules/s`,
    ...Object.entries(tally.requests).flatMap(([name, { asked, accepted }]) =>
      asked === 0 ? [] : [`Requests  ${whole(accepted)} of ${whole(asked)} accepted, ${name}`],
    ),
    'Schedules that saw',
    ...Object.entries(witnesses).map(([name, count]) => `  ${whole(count).padStart(9)}  ${name}`),
    ...(broken.length === 0
      ? ['Violations  0']
      : ['Schedules that broke', ...broken.map(([name, count]) => `  ${whole(count).padStart(9)}  ${name}`)]),
  ].join('\n');
}

/** Some protocols never meet some cases; all of them together must meet them all. */
function isWhole({ protocols, mix }: Campaign, { schedules }: Tally): boolean {
  return (
    schedules >= WITNESSED_FROM && mix !== 'none' && shipped.every(({ name }) => protocols.includes(name))
  );
}
function neverSeen({ witnesses }: Tally): string[] {
  return Object.entries(witnesses).flatMap(([name, count]) => (count === 0 ? [name] : []));
}

function statusOf(tally: Tally, lost: readonly string[], unseen: readonly string[], stopped: number): number {
  if (tally.failures.length > 0) return exit.violated;
  if (stopped !== 0) return stopped;
  if (lost.length > 0) return exit.violated;
  return unseen.length > 0 ? exit.missed : exit.ok;
}

/** Writes the failing runs down, and shows the first one made small. @returns the line that replays that one last */
async function keep(
  { failures, violations }: Tally,
  out: string,
): Promise<{ lines: string[]; files: (string | undefined)[] }> {
  // What is found is told, also where it cannot be written.
  const files: (string | undefined)[] = [];
  for (const { violation, unit } of failures) {
    const file = join(out, `failure-fuzz-${unit.seed}.json`);
    files.push((await attempted(() => writeReplay(file, unit, violation))) ? file : undefined);
  }
  const lines = failures.flatMap(({ violation, unit }) => {
    return [
      `FAIL ${violation.property} · ${unit.protocol}, seed ${unit.seed}, ${whenSeen(violation)}`,
      `     ${violation.message}`,
    ];
  });
  const more = Object.values(violations).reduce((sum, count) => sum + count, 0) - failures.length;
  if (more > 0)
    lines.push(
      `     and ${several(more, 'other', whole(more))}: the first ${failures.length} by seed are told and kept`,
    );
  const [first] = failures;
  const screen = first
    ? await explainFailure(
        first.unit,
        first.violation,
        files[0] === undefined
          ? {}
          : { keep: join(out, `failure-fuzz-${first.unit.seed}-smallest.json`), replay: files[0] },
      )
    : [];
  const replays = files
    .flatMap((file) => (file === undefined ? [] : [`Replay  ${commandTo('replay', shellWord(file))}`]))
    .toReversed();
  return { lines: [...lines, ...(screen.length > 0 ? ['', ...screen, ''] : []), ...replays], files };
}

function resultOf(
  { from, protocols, worlds, mix, flaws }: Campaign,
  tally: Tally,
  ms: number,
  found: readonly Found[],
  missed: { unseen: readonly string[]; unexercised: readonly string[] },
  complete: boolean,
  files: readonly (string | undefined)[],
) {
  const { schedules, steps, requests, witnesses, violations } = tally;
  const isAllSeen = missed.unseen.length === 0 && missed.unexercised.length === 0;
  return {
    schemaVersion: 1,
    tool: TOOL,
    complete,
    pass: tally.failures.length === 0 && isAllSeen && found.every(({ failure }) => failure),
    seed: from,
    protocols,
    worlds,
    faults: mix,
    flaws,
    schedules,
    steps,
    wallMs: Math.round(ms),
    requests,
    witnesses,
    violations,
    ...missed,
    failures: tally.failures.map(({ violation, unit }, index) => ({
      ...violation,
      protocol: unit.protocol,
      seed: unit.seed,
      file: files[index],
    })),
    selfTest: found.map(({ flaw, failure, schedules: tried, ms: took }) => ({
      flaw: flaw.name,
      property: failure?.violation.property ?? null,
      seed: failure?.unit.seed ?? null,
      schedules: tried,
      wallMs: Math.round(took),
    })),
  };
}

async function writeJson(json: string | boolean | undefined, result: object): Promise<void> {
  const text = JSON.stringify(result, null, 2);
  if (json === true) await print(text);
  else if (typeof json === 'string') writeWhole(json, `${text}\n`);
}
