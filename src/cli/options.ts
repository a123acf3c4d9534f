// Flags to scenario: what is given on the command line stands in place of what the scenario says, and is checked by the
// same schema. Every complaint names the flag.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { flawNamed, flawNames } from '../flaws/index.ts';
import {
  newLocationKinds,
  type Scenario,
  type ScenarioInput,
  scenarioSchema,
} from '../scenarios/scenario.ts';
import { deepest, expectation } from '../scenarios/complaint.ts';
import { SEEDS_MAX } from '../scenarios/define-scenario.ts';
import { quote, valueAt } from '../scenarios/quote.ts';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { InputError } from '../stdx/input-error.ts';

export interface Flags {
  protocol?: string[];
  executor: string;
  scheduler: string;
  faults?: string;
  seed?: string;
  topology?: string;
  nodes?: string;
  memory?: string;
  profile?: string;
  /** Where to write how this thread's time was spent. */
  cpuProfile?: string;
  newLocation?: string;
  storeSize?: string;
  vcpus?: string;
  guests?: string;
  listCapacity?: string;
  workload?: string;
  set?: string[];
  trace?: string[];
  pages?: string;
  moveEvery?: string;
  migratePages?: boolean;
  instructions?: string;
  maxBytes?: string;
  maxMemory?: string;
  json?: string | boolean;
  out?: string;
  replay?: string;
  journey?: string;
  validate?: boolean;
}

/** Part of this machine's memory that a run may take. */
export const MEMORY_PART = 0.75;

/** Refuses what a flag was given. */
export const refuse = (flag: string, what: string, expected: string, hint: string): never => {
  throw new InputError({ file: flag }, what, expected, hint);
};

/** @param names of seeded bugs, as `--flaw` was given them */
export function refuseUnknownFlaws(names: readonly string[]): void {
  for (const name of names) {
    if (flawNamed(name)) continue;
    const guess = didYouMean(name, flawNames);
    const hint = guess ? `did you mean ${guess}?` : 'see fuzz --list';
    refuse('--flaw', quote(name), 'a seeded bug by its name', hint);
  }
}

/** `--json` takes the word that follows it: an input given after it would be overwritten. */
export function refuseInputAsJson(
  json: string | boolean | undefined,
  inputs: readonly (string | undefined)[],
): void {
  if (typeof json !== 'string') return;
  const isInput = inputs.some((input) => input !== undefined && resolve(input) === resolve(json));
  if (!isInput && !/\.(ya?ml|gz|ts|mjs|js)$/.test(json)) return;
  refuse('--json', `${quote(json)} is an input`, 'a file for the result', 'give what is read before --json');
}

/** Two outputs in one file: the first would be lost. */
export function refuseOneFile(outputs: Record<string, string | boolean | undefined>): void {
  const files = Object.entries(outputs).flatMap(([flag, file]) =>
    typeof file === 'string' ? [{ flag, file: resolve(file) }] : [],
  );
  for (const [i, { flag, file }] of files.entries()) {
    const before = files.slice(0, i).find((one) => one.file === file);
    if (before) refuse(flag, `is the file of ${before.flag}`, 'a file of its own', 'name another');
  }
}

/** A kept failure has everything in its file. */
export function refuseBesideReplay(what: string): never {
  return refuse(
    '--replay',
    `beside ${quote(what)}`,
    'nothing else',
    'the file has the scenario and all options',
  );
}

/** A whole number as people write it: no sign, no exponent, no leading zero, exact. */
export function wholeNumber(text: string, flag: string, least = 0): number {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(flag, quote(text), `a whole number from ${least} to 2^53 - 1`, 'write it in plain digits');
}

export function seedRange(text: string): [number, number] {
  const [first = '', last, ...rest] = text.split('..');
  if (rest.length > 0) refuse('--seed', quote(text), 'N or A..B', 'such as --seed 1..8');
  const from = wholeNumber(first, '--seed');
  const to = last === undefined ? from : wholeNumber(last, '--seed');
  if (from > to) refuse('--seed', quote(text), 'the smaller seed first', `write ${to}..${from}`);
  if (to - from >= SEEDS_MAX)
    refuse('--seed', `${to - from + 1} seeds`, `at most ${SEEDS_MAX}`, 'split the range');
  return [from, to];
}

/** A path; the name of something shipped stays as it is. */
export function absolute(nameOrFile: string): string {
  return existsSync(nameOrFile) && /[./\\]/.test(nameOrFile) ? resolve(nameOrFile) : nameOrFile;
}

export function oneOf<T extends string>(text: string, flag: string, known: readonly T[]): T {
  return (known as readonly string[]).includes(text)
    ? (text as T)
    : refuse(flag, quote(text), `one of ${known.join(', ')}`, guessed(text, known));
}

function guessed(text: string, known: readonly string[]): string {
  const guess = didYouMean(text, known);
  return guess ? `did you mean ${guess}?` : 'see --help';
}

/** KIND or KIND@NODE. */
function newLocation(
  text: string,
  size: string | undefined,
): NonNullable<ScenarioInput['host']>['newLocation'] {
  const [kindText = '', nodeText, ...rest] = text.split('@');
  if (rest.length > 0) refuse('--new-location', quote(text), 'KIND or KIND@NODE', 'such as nvme@1 or far@4');
  const kind = oneOf(kindText, '--new-location', newLocationKinds);
  const node = nodeText === undefined ? undefined : wholeNumber(nodeText, '--new-location');
  const sized = size === undefined ? {} : { size };
  if (kind === 'far') {
    if (node === undefined)
      return refuse('--new-location', "'far'", 'far@NODE', 'name the memory node that keeps the pages');
    return { kind, node, ...sized };
  }
  return { kind, ...(node === undefined ? {} : { node }), ...sized };
}

/** The scenario's own new location in another size, if one is given. */
function resized({ host }: Scenario, { storeSize }: Flags): Scenario['host']['newLocation'] | undefined {
  const { newLocation: place } = host;
  if (storeSize === undefined) return undefined;
  if (!Array.isArray(place)) return { ...place, size: storeSize };
  return refuse('--store-size', 'of a chain of locations', 'one of them, named with --new-location', 'such as nvme@0, or change their sizes in the file'); // prettier-ignore
}

/** NAME=VALUE of a workload. */
function parameters(pairs: readonly string[]): Record<string, number> {
  const found = new Map<string, number>();
  for (const pair of pairs) {
    const [name = '', value, ...rest] = pair.split('=');
    if (!/^[a-zA-Z]+$/.test(name) || value === undefined || rest.length > 0) {
      refuse('--set', quote(pair), 'NAME=VALUE', 'such as --set pages=1024');
    }
    found.set(name, wholeNumber(value!, `--set ${name}`));
  }
  return Object.fromEntries(found);
}

/** The scenario with the flags in place. */
export function withFlags(base: Scenario, flags: Flags): Scenario {
  const number = (text: string | undefined, flag: string) =>
    text === undefined ? undefined : wholeNumber(text, flag);
  const given = (fields: object) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const host = given({
    topology: flags.topology,
    nodes: flags.nodes?.split(',').map((id) => wholeNumber(id, '--nodes')),
    memory: flags.memory,
    profile: flags.profile,
    newLocation:
      flags.newLocation === undefined
        ? resized(base, flags)
        : newLocation(flags.newLocation, flags.storeSize),
  });
  const guests = given({
    vcpus: number(flags.vcpus, '--vcpus'),
    count: number(flags.guests, '--guests'),
    listCapacity: number(flags.listCapacity, '--list-capacity'),
  });
  const merged = {
    ...base,
    host: { ...base.host, ...host },
    guests: { ...base.guests, ...guests },
    workload: workload(base, flags),
    ...(flags.protocol ? { protocols: flags.protocol } : {}),
    ...(flags.seed === undefined ? {} : { seeds: seedRange(flags.seed) }),
  };
  const parsed = scenarioSchema.safeParse(JSON.parse(JSON.stringify(merged)));
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0]!, merged);
  const flag = flagOf(flags, issue.path) ?? issue.path.join('.');
  return refuse(flag, quote(valueAt(merged, issue.path)), expectation(issue), 'see --help');
}

/** The flag that gave this part of the scenario, if one did. */
export function flagOf(flags: Flags, path: readonly PropertyKey[]): string | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const found = FLAG_OF[path.slice(0, depth).map(String).join('.')]?.find(
      ([key]) => flags[key] !== undefined,
    );
    if (found) return found[1];
  }
  return undefined;
}

/** The flags that make another scenario of the one in the file: all but who is compared, and from which seeds. */
export function changing(flags: Flags): string[] {
  const changes = Object.entries(FLAG_OF).filter(([key]) => key !== 'protocols' && key !== 'seeds');
  const given = changes.flatMap(([, all]) => all.filter(([key]) => flags[key] !== undefined));
  return [...new Set(given.map(([, flag]) => flag))];
}

const FLAG_OF: Readonly<Record<string, readonly (readonly [keyof Flags, string])[]>> = {
  protocols: [['protocol', '--protocol']],
  seeds: [['seed', '--seed']],
  'host.topology': [['topology', '--topology']],
  'host.nodes': [['nodes', '--nodes']],
  'host.memory': [['memory', '--memory']],
  'host.profile': [['profile', '--profile']],
  'host.newLocation': [['newLocation', '--new-location']],
  'host.newLocation.size': [['storeSize', '--store-size']],
  'guests.vcpus': [['vcpus', '--vcpus']],
  'guests.count': [['guests', '--guests']],
  'guests.listCapacity': [['listCapacity', '--list-capacity']],
  workload: [
    ['pages', '--pages'],
    ['set', '--set'],
    ['workload', '--workload'],
    ['trace', '--trace'],
  ],
  'workload.kind': [['workload', '--workload']],
  'workload.parameters': [['set', '--set']],
  'workload.files': [['trace', '--trace']],
  'workload.pages': [['pages', '--pages']],
  'workload.moveEvery': [['moveEvery', '--move-every']],
  'workload.migratePages': [['migratePages', '--migrate-pages']],
  'workload.instructions': [['instructions', '--instructions']],
  'workload.maxBytes': [['maxBytes', '--max-bytes']],
};

function workload(base: Scenario, flags: Flags): Scenario['workload'] {
  const ofTrace = ['pages', 'moveEvery', 'migratePages', 'instructions', 'maxBytes'] as const;
  if (flags.workload !== undefined && flags.trace)
    refuse('--workload', 'together with --trace', 'one of them', 'drop one');
  if (flags.workload === 'trace' || flags.workload === 'script') {
    const hint = flags.workload === 'trace' ? '--trace FILE' : 'a scenario file';
    refuse('--workload', quote(flags.workload), 'a workload by name', `it is given with ${hint}`);
  }
  if (flags.workload !== undefined) {
    for (const flag of ofTrace) {
      const name = FLAG_OF[`workload.${flag}`]![0]![1];
      if (flags[flag] !== undefined)
        refuse(name, 'with a synthetic workload', '--trace', 'synthetic workloads take --set pages=N');
    }
    return { kind: flags.workload, parameters: parameters(flags.set ?? []) };
  }
  const is = base.workload;
  if ('files' in is || flags.trace) {
    if (flags.set) refuse('--set', 'with a trace', '--workload NAME', 'traces have no parameters');
    const trace =
      'files' in is && !flags.trace
        ? is
        : {
            kind: 'trace' as const,
            files: flags.trace!,
            pages: 4096,
            migratePages: false,
            instructions: 'read' as const,
          };
    return {
      ...trace,
      ...(flags.pages === undefined ? {} : { pages: wholeNumber(flags.pages, '--pages', 1) }),
      ...(flags.moveEvery === undefined
        ? {}
        : { moveEvery: wholeNumber(flags.moveEvery, '--move-every', 1) }),
      ...(flags.migratePages === undefined ? {} : { migratePages: flags.migratePages }),
      ...(flags.instructions === undefined
        ? {}
        : { instructions: oneOf(flags.instructions, '--instructions', ['read', 'skip']) }),
      ...(flags.maxBytes === undefined ? {} : { maxBytes: flags.maxBytes }),
    };
  }
  if ('vcpus' in is) {
    if (flags.set) refuse('--set', 'with a script', '--workload NAME', 'scripts have no parameters');
    return is;
  }
  return { ...is, parameters: { ...is.parameters, ...parameters(flags.set ?? []) } };
}
