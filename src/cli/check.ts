// `check`: a small world, searched exhaustively. Either every order and every choice within the bounds keeps every property,
// or the shortest way to break one is shown, as a run that `replay` makes again.
import { rmSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { WorldSpec } from '../model/spec.ts';
import type { Protocol } from '../protocols/index.ts';
import { protocols as shipped } from '../protocols/index.ts';
import type { Bounds } from '../report/check/environment.ts';
import {
  type CheckedWorld,
  type FoundViolation,
  type SearchCrew,
  WorldCheck,
} from '../report/check/check-world.ts';
import { unitOfPath } from '../report/check/counterexample.ts';
import { type Choice, WorldSystem } from '../report/check/world-system.ts';
import { failureScreen, waitingAfter } from '../report/failure.ts';
import { asksForSomething, unexercised } from '../report/unexercised.ts';
import { runUnit, type Unit } from '../report/unit.ts';
import { searchPool } from '../runtime/check/parallel.ts';
import type { Checkpoint } from '../runtime/check/search.ts';
import { anyCosts, checkedWorld, type WorldBounds } from '../scenarios/checked-world.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { partsOf } from '../scenarios/parts.ts';
import { dismiss } from '../stdx/dismiss.ts';
import { several, whole } from '../stdx/figures.ts';
import { InputError } from '../stdx/input-error.ts';
import { checkedScenario } from './checked-scenario.ts';
import { readCheckpoint, wroteCheckpoint } from './checkpoint-file.ts';
import { exit } from './exit.ts';
import { writeReplay } from './failure.ts';
import { Interrupt } from './interrupt.ts';
import {
  absolute,
  refuse,
  refuseInputAsJson,
  refuseOneFile,
  refuseUnknownFlaws,
  wholeNumber,
} from './options.ts';
import {
  attempted,
  print,
  progressEnds,
  refuseUnwritable,
  sayer,
  SlowProgress,
  writeWhole,
} from './output.ts';

export interface CheckFlags {
  protocol?: string[];
  pages?: string;
  nodes?: string;
  vcpus?: string;
  guests?: string;
  operations?: string;
  moves?: string;
  reclaims?: string;
  faults: string;
  repeats: string;
  losses: string;
  timeouts?: string;
  restarts: string;
  flaw?: string[];
  beyondClaims?: boolean;
  reduction?: boolean;
  symmetry?: boolean;
  workers: string;
  time?: string;
  checkpoint?: string;
  json?: string | boolean;
  explore?: boolean;
  /** Of `--profile`, which somebody else writes. */
  profileFile?: string;
  out?: string;
}

/** Searched between two looks at signals and the terminal. */
const SLICE_MS = 500;
/** Hint where a bound of the search is too large. */
const DOUBLES = 'an exhaustive search doubles with almost anything';
/** Between two writes of the checkpoint: so long, and so many times what the last one took. */
const SAVE_MS = 10_000;
const SAVE_SHARE = 20;
/** Of this machine's memory, for the visited set: the interned parts take as much again. */
const MEMORY_PART = 0.4;

interface Subject {
  name: string;
  protocol: Protocol;
}

interface Campaign {
  subjects: Subject[];
  world: WorldBounds;
  spec: WorldSpec;
  /** In words: what each vCPU does; null: whatever it likes. */
  script: readonly (readonly string[])[] | null;
  bounds: Bounds;
  flaws: readonly string[];
  seconds: number;
  workers: number;
}

export async function check(scenario: string | undefined, flags: CheckFlags): Promise<number> {
  const campaign = await campaignOf(scenario, flags);
  refuseInputAsJson(flags.json, [scenario, flags.checkpoint, ...(flags.protocol ?? [])]);
  refuseOneFile({ '--json': flags.json, '--checkpoint': flags.checkpoint, '--profile': flags.profileFile });
  if (typeof flags.json === 'string') refuseUnwritable(flags.json);
  // What is not asked for is written only where something fails, and then it is early enough to say that it cannot be.
  if (flags.out !== undefined) refuseUnwritable(join(flags.out, 'check.json'));
  if (flags.explore) {
    refuseBesideExplore(flags);
    return exploreWorld(campaign, scenario);
  }
  const say = sayer(flags.json);
  let isHeaded = false;
  // Nothing is said before the first search has begun: until then input may be refused.
  const begun = async () => {
    if (!isHeaded) await say(heading(campaign));
    isHeaded = true;
  };
  const interrupt = new Interrupt();
  const runs: ReturnType<typeof resultOf>[] = [];
  let status: number = exit.ok;
  try {
    for (const subject of campaign.subjects) {
      const found = await checkOne(subject, campaign, flags, interrupt, begun);
      await say(verdict(subject, found.checked));
      const file = found.checked.violation
        ? await explain(subject, campaign, found, flags.out ?? 'out', say)
        : undefined;
      runs.push(resultOf(subject.name, found.checked, file));
      if (found.checked.violation) status = exit.violated;
      else if (!found.checked.complete && status === exit.ok) status = exit.incomplete;
      else if (isMissed(found.checked) && status === exit.ok) status = exit.missed;
      if (found.isUnsaved && status === exit.ok) status = exit.output;
      if (interrupt.signal.aborted) break;
    }
  } finally {
    progressEnds();
    interrupt.release();
  }
  const complete = runs.length === campaign.subjects.length && runs.every((run) => run.complete);
  const isWritten = await attempted(() => writeJson(flags.json, campaign, runs, complete));
  if (!isWritten && status === exit.ok) status = exit.output;
  // A signal that came when all was done stopped nothing.
  return complete ? status : interrupt.status || status;
}

interface Found {
  search: WorldCheck;
  checked: CheckedWorld;
  /** A checkpoint could not be written. */
  isUnsaved: boolean;
}

async function checkOne(
  { name, protocol }: Subject,
  { spec, bounds, flaws, seconds, workers }: Campaign,
  flags: CheckFlags,
  interrupt: Interrupt,
  begun: () => Promise<void>,
): Promise<Found> {
  const began = performance.now();
  const parts = partsOf({ spec, costs: anyCosts, flaws }, protocol);
  const saved = flags.checkpoint === undefined ? undefined : readCheckpoint(flags.checkpoint);
  const pool = workers > 1 ? await searchPool(workers) : undefined;
  const crew = pool && { pool, parts: { spec, costs: anyCosts, protocol: name, flaws } };
  try {
    const search = startSearch(parts, bounds, flags, name, saved, crew);
    await begun();
    return await searchOn(search, name, flags, interrupt, began, seconds, saved !== undefined);
  } catch (error) {
    throw pool ? (await import('./ensemble.ts')).named(error) : error;
  } finally {
    await dismiss(pool);
  }
}

async function searchOn(
  search: WorldCheck,
  name: string,
  flags: CheckFlags,
  interrupt: Interrupt,
  began: number,
  seconds: number,
  isContinued: boolean,
): Promise<Found> {
  // A file that this search has neither read nor written is another's.
  let isOurs = isContinued;
  let written = began;
  let pause = SAVE_MS;
  let isUnsaved = false;
  const progress = new SlowProgress();
  for (;;) {
    const isDone = await search.advanceTogether();
    const now = performance.now();
    const { states, depth } = search.search.result();
    progress.say(`${name}: ${whole(states)} states, depth ${depth}`);
    const stops = isDone || interrupt.signal.aborted || now - began > seconds * 1000;
    // What is done quickly is done again as quickly.
    const saves = isDone ? now - began > SAVE_MS : stops || now - written > pause;
    if (flags.checkpoint !== undefined && saves) {
      isUnsaved = !(await wroteCheckpoint(flags.checkpoint, () => search.search.save()));
      isOurs ||= !isUnsaved;
      written = performance.now();
      pause = Math.max(SAVE_MS, (written - now) * SAVE_SHARE);
    }
    if (stops) {
      if (isDone) progress.say(`${name}: ${whole(states)} states; does everything end?`);
      // Liveness may take as long again and looks at no signal: one ends the program there, and the checkpoint stays.
      const checked = isDone ? interrupt.deaf(() => search.conclude()) : search.conclude();
      progressEnds();
      if (isDone && isOurs && flags.checkpoint !== undefined) rmSync(flags.checkpoint, { force: true });
      // The clock that stops each slice is not the user's.
      if (interrupt.signal.aborted && checked.boundedBy === 'time') delete checked.boundedBy;
      return { search, checked, isUnsaved };
    }
    await new Promise((resume) => setImmediate(resume));
  }
}

function startSearch(
  parts: ConstructorParameters<typeof WorldCheck>[0],
  bounds: Bounds,
  flags: CheckFlags,
  name: string,
  from: Checkpoint | undefined,
  crew: SearchCrew | undefined,
): WorldCheck {
  try {
    const options = {
      clockMs: () => performance.now(),
      timeLimitMs: SLICE_MS,
      memoryBytes: totalmem() * MEMORY_PART,
      reduces: flags.reduction !== false,
      symmetry: flags.symmetry !== false,
      seeded: (flags.flaw ?? []).join(),
      ...(from && { from }),
    };
    return new WorldCheck(parts, bounds, options, crew);
  } catch (error) {
    if (!from || !(error instanceof Error) || !error.message.startsWith('checkpoint:')) throw error;
    throw new InputError(
      { file: flags.checkpoint! },
      'is the checkpoint of another search',
      `one of ${name} within the same bounds`,
      'name another file, or remove it',
    );
  }
}

// --- what is to be checked

async function campaignOf(scenario: string | undefined, flags: CheckFlags): Promise<Campaign> {
  const harms = {
    repeats: within('--repeats', flags.repeats, 0, 4),
    losses: within('--losses', flags.losses, 0, 4),
    timeouts: within('--timeouts', flags.timeouts ?? flags.losses, 0, 4),
    restarts: within('--restarts', flags.restarts, 0, 4),
  };
  const { policies = {}, script = null } =
    scenario === undefined ? {} : await checkedScenario(scenario, harms);
  if (script !== null) refuseBesideScript(flags);
  const world: WorldBounds = {
    pages: within('--pages', flags.pages ?? '1', 1, 8),
    nodes: within('--nodes', flags.nodes ?? '2', 1, 8),
    vcpus: within('--vcpus', flags.vcpus ?? '2', 1, 8),
    guests: within('--guests', flags.guests ?? '1', 1, 4),
  };
  within('--guests x --vcpus', `${world.guests * world.vcpus}`, 1, 8);
  const operations = within('--operations', flags.operations ?? '1', 0, 8);
  const all = world.guests * world.vcpus * operations;
  const bounds: Bounds = {
    operations,
    moves: movesAmong(all, flags),
    // What is to be moved out a script says.
    reclaims: within('--reclaims', flags.reclaims ?? (script === null ? '1' : '0'), 0, 8),
    faults: within('--faults', flags.faults, 0, 4),
    ...harms,
    ...(flags.beyondClaims === true && { beyondClaims: true }),
    ...(script !== null && { scripts: script.scripts, operations: 0, moves: 0 }),
  };
  refuseUnknownFlaws(flags.flaw ?? []);
  const names = flags.protocol ?? shipped.map(({ name }) => name);
  if (flags.checkpoint !== undefined && names.length > 1)
    refuse('--checkpoint', 'with several protocols', 'one --protocol', 'a checkpoint is of one search');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    refuse('--protocol', `protocols ${names.join(', ')}`, 'each protocol once', 'drop the second');
  const subjects = await Promise.all(
    names.map(async (name) => ({ name, protocol: await loadProtocol(name) })),
  );
  const seconds = flags.time === undefined ? Infinity : wholeNumber(flags.time, '--time', 1);
  const workers = within('--workers', flags.workers, 1, 64, 'more threads than cores gain nothing');
  if (flags.profileFile !== undefined && workers > 1)
    refuse('--profile', `of ${workers} workers`, '--workers 1', 'a profile is of one thread');
  const searched =
    script === null
      ? { world, spec: checkedWorld(world, policies, bounds), script }
      : { world: sizesOf(script.spec), spec: script.spec, script: script.words };
  return { subjects, ...searched, bounds, flaws: flags.flaw ?? [], seconds, workers };
}

/** What each vCPU does, and to which pages, is in the file. */
function refuseBesideScript(flags: CheckFlags): void {
  for (const name of ['pages', 'nodes', 'vcpus', 'guests', 'operations', 'moves'] as const)
    if (flags[name] !== undefined) refuse(`--${name}`, 'beside a script', `none: the scenario says it`, `leave --${name} out`); // prettier-ignore
}
/** A walk searches nothing and has no result. */
function refuseBesideExplore({ json, checkpoint, time, workers }: CheckFlags): void {
  const others = { json, checkpoint, time, workers: workers === '1' ? undefined : workers };
  for (const [name, value] of Object.entries(others))
    if (value !== undefined)
      refuse(`--${name}`, 'with --explore', 'one of the two', 'a walk searches nothing and has no result');
}
function sizesOf({ guests }: WorldSpec): WorldBounds {
  const { pages, vnodes, vcpus } = guests[0]!;
  return { pages, nodes: vnodes.length, vcpus: vcpus.length, guests: guests.length };
}

/** @param all operations of all vCPUs, moves among them */
function movesAmong(all: number, { moves }: CheckFlags): number {
  if (moves === undefined) return Math.min(1, all);
  const count = within('--moves', moves, 0, 8);
  if (count > all) refuse('--moves', `is ${count}`, `at most ${all}, the operations of all vCPUs`, 'moves are some of them: raise --operations'); // prettier-ignore
  return count;
}

function within(flag: string, text: string, least: number, most: number, hint = DOUBLES): number {
  const count = wholeNumber(text, flag, least);
  if (count > most) refuse(flag, `is ${count}`, `at most ${most}`, hint);
  return count;
}

async function exploreWorld(campaign: Campaign, scenario: string | undefined): Promise<number> {
  const [subject, ...others] = campaign.subjects;
  if (subject === undefined) return refuse('--explore', 'without a protocol', 'one --protocol', 'see --help');
  if (others.length > 0)
    refuse('--explore', 'with several protocols', 'one --protocol', 'a walk is through the states of one');
  if (scenario === '-')
    refuse('--explore', 'with a scenario from stdin', 'a file', 'what is typed is the way that you go');
  const { name, protocol } = subject;
  const { spec, bounds, flaws } = campaign;
  const parts = partsOf({ spec, costs: anyCosts, flaws }, protocol);
  const { explore } = await import('./explore.ts');
  const io = { input: process.stdin, output: process.stdout, isTTY: process.stdin.isTTY };
  const unitOf = (choices: readonly Choice[]) => unitOfPath(parts, absolute(name), flaws, choices, bounds);
  return explore(new WorldSystem(parts, bounds), io, { unitOf });
}

// --- what is said of it

function heading({ world, spec, script, bounds, flaws }: Campaign): string {
  const { pages, nodes, vcpus, guests } = world;
  const { operations, moves, reclaims, faults } = bounds;
  const who =
    guests === 1 ? several(vcpus, 'vCPU') : `${several(guests, 'guest')} of ${several(vcpus, 'vCPU')}`;
  const what = `${who} with ${several(operations, 'operation')} each, ${several(moves, 'move')} among them in all`;
  const where = `${several(pages, 'page')}${guests === 1 ? '' : ' each'}, ${several(nodes, 'node')}`;
  const lines =
    script === null
      ? [
          `check: ${what}; ${where}; ${several(reclaims, 'reclaim')}; ${several(faults, 'device failure')}${harmsIn(bounds)}`,
          '  every order of deliveries, every operation at any time, every occasion for reclaim and for failures',
        ]
      : [
          `check: a script of ${who}; ${where}, ${roomOf(spec)}; ${several(reclaims, 'reclaim')}; ${several(faults, 'device failure')}${harmsIn(bounds)}`,
          '  every order of deliveries, each vCPU its operations one after the other, from memory that nobody has touched',
        ];
  if (flaws.length > 0) lines.push(`  with seeded bugs: ${flaws.join(', ')}`);
  return lines.join('\n');
}

/** Frames and slots that there are. */
function roomOf({ nodes, stores, guests }: WorldSpec): string {
  const far = nodes
    .slice(guests[0]!.vnodes.length)
    .map(({ frames }) => `${several(frames, 'frame')} far away`);
  const slots = stores.map((store) => several(store.slots, 'slot'));
  return [`${several(nodes[0]!.frames, 'frame')} on each`, ...far, ...slots].join(', ');
}
function harmsIn({ repeats = 0, losses = 0, timeouts = losses, restarts = 0 }: Bounds): string {
  return [
    repeats > 0 ? `; ${several(repeats, 'message')} twice` : '',
    losses > 0 ? `; ${several(losses, 'message')} lost` : '',
    timeouts > 0 ? `; ${several(timeouts, 'early time-out')}` : '',
    restarts > 0 ? `; ${several(restarts, 'hypervisor restart')}` : '',
  ].join('');
}

/** Guests asked and were always refused: then nothing of the plan was looked at. */
function isMissed({ requests }: CheckedWorld): boolean {
  return requests === 'refused';
}

function verdict({ name, protocol }: Subject, checked: CheckedWorld): string {
  const { states, transitions, depth, alike, complete, violation, live, boundedBy } = checked;
  const upTo = alike.length === 0 ? '' : ` up to exchange of ${alike.join(', and of ')}`;
  const counts = `${whole(states)} states${upTo}, ${whole(transitions)} transitions, depth ${depth}`;
  if (violation) return `FAIL ${name}: ${violation.property}, after ${counts}`;
  if (!complete)
    return `INCOMPLETE ${name}: ${counts}; ended by ${boundedBy ?? 'a signal'}; nothing was violated so far`;
  const ends = live ? 'no deadlock, no starvation' : 'liveness was not asked';
  const searched = `complete, ${counts}; ${ends}`;
  if (isMissed(checked)) return `${unexercised(name)}\n     ${searched}`;
  const unasked =
    checked.requests === 'none' && asksForSomething(protocol)
      ? '\n     no request was made, so its plan was not exercised'
      : '';
  return `PASS ${name}: ${searched}${unasked}`;
}

async function explain(
  subject: Subject,
  { flaws, subjects }: Campaign,
  { search, checked }: Found,
  out: string,
  say: (text: string) => Promise<void>,
): Promise<string | undefined> {
  const violation = checked.violation!;
  await say(`     ${violation.message}`);
  const { choices, shortest, cycleFrom } = violation;
  const length = `${several(choices.length, 'step')}; ${shortest ? 'no counterexample is shorter' : 'the shortest among the orders that were searched'}`;
  if (cycleFrom !== undefined) {
    await say(`     ${length}; from step ${cycleFrom + 1} on it repeats for ever`);
    for (const line of await waitingAfter(search.unitOf(violation, absolute(subject.name), flaws)))
      await say(`     at the end of a round ${line}`);
    await say(choices.map(({ text }, i) => `     ${i + 1 === cycleFrom + 1 ? '↻' : ' '} ${text}`).join('\n'));
    return undefined;
  }
  await say(`     ${length}`);
  const unit = search.unitOf(violation, absolute(subject.name), flaws);
  const again = await seenAgain(unit, violation);
  if (again === null) {
    await say(choices.map(({ text }) => `       ${text}`).join('\n'));
    return undefined;
  }
  const of = subjects.length > 1 ? `${subject.protocol.name}-` : '';
  const file = join(out, `check-${of}${again.property}.json`);
  const kept = (await attempted(() => writeReplay(file, unit, again))) ? file : undefined;
  const screen = await failureScreen(unit, again, { replay: kept });
  await say(`\n${screen.join('\n')}`);
  return kept;
}

/** The violation as the simulator sees it in the same run; null where it sees none: a deadlock of the search's, say. */
async function seenAgain(unit: Unit, violation: FoundViolation) {
  const { run } = await runUnit(unit);
  return run.violations.find(({ property }) => property === violation.property) ?? run.violations[0] ?? null;
}

function resultOf(protocol: string, checked: CheckedWorld, replay: string | undefined) {
  const { violation, ...counts } = checked;
  const told = violation && {
    kind: violation.kind,
    property: violation.property,
    message: violation.message,
    shortest: violation.shortest,
    steps: violation.choices.map(({ text }) => text),
    ...(violation.cycleFrom !== undefined && { cycleFrom: violation.cycleFrom }),
    ...(replay !== undefined && { replay }),
  };
  // As the status has it: a plan that was not exercised does not pass. Whether everything was looked at is `complete`.
  const pass = counts.pass && !isMissed(checked);
  return { protocol, ...counts, pass, ...(told && { violation: told }) };
}

async function writeJson(
  target: string | boolean | undefined,
  campaign: Campaign,
  runs: readonly ReturnType<typeof resultOf>[],
  complete: boolean,
): Promise<void> {
  if (target === undefined) return;
  const { world, script, bounds, flaws } = campaign;
  const within = { ...world, ...bounds, ...(script !== null && { scripts: script }) };
  const pass = runs.every((run) => run.pass);
  const text = `${JSON.stringify({ schemaVersion: 1, complete, pass, bounds: within, flaws, runs }, null, 2)}\n`;
  if (target === true) await print(text.trimEnd());
  else writeWhole(target as string, text);
}
