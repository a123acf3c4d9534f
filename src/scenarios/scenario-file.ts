// From a scenario file to a scenario, or to one line that says where it is wrong: every complaint of the schema is traced
// back to its place in the text.
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { InputError, type Place } from '../stdx/input-error.ts';
import { deepest, expectation, knownKeys } from './complaint.ts';
import { consistent } from './define-scenario.ts';
import { brief, quote, valueAt } from './quote.ts';
import { isScript, isTrace, type Scenario, scenarioSchema } from './scenario.ts';
import { SEE_SCRIPTS } from './workloads/script.ts';

/** Where in its text a scenario says something; of what it leaves out, where its parent is. */
export type PlaceOf = (...path: PropertyKey[]) => Place;

export interface ReadScenario {
  scenario: Scenario;
  placeOf: PlaceOf;
}

const FILE_BYTES_MAX = 1 << 20;

/** @param file path, or `-` for stdin */
export function readScenario(file: string, readStdin: () => string): ReadScenario {
  if (file === '-') return parseScenario(readStdin(), 'stdin');
  const { scenario, placeOf } = parseScenario(readText(file), file);
  return { scenario: withPaths(scenario, file, placeOf), placeOf };
}

export function readText(file: string): string {
  const refuse = (what: string, hint: string): never => {
    throw new InputError({ file: file || '""' }, what, 'a scenario file', hint);
  };
  const give = 'give a YAML or JSON file, or none for the shipped scenario';
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) return refuse('is a directory', give);
    if (!stats.isFile() && !stats.isFIFO()) return refuse('is no plain file', give);
    if (stats.size > FILE_BYTES_MAX) return refuse('larger than 1 MiB', 'traces are given with --trace FILE');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return refuse(`cannot be read (${code})`, give);
    if (!isWord(file)) return refuse('no such file', 'check the path, or give none for the shipped scenario');
    const what = 'no such verb, and no such file';
    throw new InputError({ file }, what, 'a verb or a scenario file', verbHint(file));
  }
}

const verbs = ['simulate', 'fuzz', 'check', 'replay', 'machines', 'help'];

const isWord = (text: string) => /^[a-z]+$/i.test(text);

function verbHint(word: string): string {
  const guess = didYouMean(word, verbs);
  return guess ? `did you mean the verb ${guess}?` : `verbs are ${verbs.join(', ')}`;
}

/** Relative paths in a scenario start from its own folder and stay inside it: a scenario from elsewhere reads no others. */
function withPaths(scenario: Scenario, file: string, placeOf: PlaceOf): Scenario {
  const folder = dirname(file);
  const within = (path: string, ...at: PropertyKey[]): string => {
    if (path === '-') return path;
    const full = resolve(folder, path);
    const away = relative(folder, full);
    if (isAbsolute(path) || isAbsolute(away) || away.startsWith('..')) {
      const hint = 'put it beside the scenario, or give it on the command line';
      throw new InputError(
        placeOf(...at),
        `${quote(path)} is outside of the scenario's folder`,
        'a path inside of it',
        hint,
      );
    }
    return full;
  };
  const ifPath = (name: string, ...at: PropertyKey[]) => (/[./\\]/.test(name) ? within(name, ...at) : name);
  const { host, workload, protocols } = scenario;
  return {
    ...scenario,
    host: {
      ...host,
      topology: ifPath(host.topology, 'host', 'topology'),
      ...(host.profile !== undefined && { profile: ifPath(host.profile, 'host', 'profile') }),
    },
    workload: isTrace(workload)
      ? { ...workload, files: workload.files.map((name, i) => within(name, 'workload', 'files', i)) }
      : isScript(workload)
        ? workload
        : { ...workload, kind: ifPath(workload.kind, 'workload', 'kind') },
    ...(protocols && { protocols: protocols.map((name, i) => ifPath(name, 'protocols', i)) }),
  };
}

/** @throws InputError with the place of the first complaint */
export function parseScenario(text: string, file: string): ReadScenario {
  const { value, placeOf } = parseAs(scenarioSchema, text, file);
  return { scenario: consistent(value, placeOf), placeOf };
}

/** A text that a schema describes; for every kind of scenario there is. */
export function parseAs<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  file: string,
): { value: z.output<Schema>; placeOf: PlaceOf } {
  refuseOther(text, file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const placeOf: PlaceOf = (...path) => at(nodeAt(document, path).offset);
  const [error] = document.errors;
  if (error) throw unreadable(error, at);
  refuseUnsafe(document, at);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch {
    throw new InputError(at(0), 'too many aliases', 'a plain scenario', 'write the values out');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new InputError(
      at(0),
      'holds no scenario',
      'keys such as version and workload',
      'see examples/two-socket.yaml',
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw complaint(deepest(parsed.error.issues[0]!, value), value, document, at, schema);
  return { value: parsed.data, placeOf };
}

/** What is no text, and the text that is another input: YAML would complain of some byte in it. */
function refuseOther(text: string, file: string): void {
  const refuse = (what: string, hint: string): never => {
    throw new InputError({ file }, what, 'YAML or JSON', hint);
  };
  // Only what is no text has a NUL, or bytes that are no UTF-8, which read as U+FFFD.
  if (/[\0\uFFFD]/.test(text))
    refuse('is no text', 'this looks like a binary file; traces are given with --trace FILE');
  if (/^(==\d+==|I {2}[\da-f]+,\d+$| [SLM] [\da-f]+,\d+$)/m.test(text.slice(0, HEAD)))
    refuse(
      'is a trace that lackey printed',
      `give it with --trace ${file === 'stdin' ? '-' : brief(file, FILE_MAX)}`,
    );
}
/** Characters that tell what a file is. */
const HEAD = 4096;
const FILE_MAX = 100;
/** Of what the YAML reader says, which may quote a whole line. */
const WHY_MAX = 120;

function unreadable(
  { message, code, pos }: Document['errors'][number],
  at: (offset: number) => Place,
): InputError {
  if (/call stack/.test(message)) {
    return new InputError(
      at(pos[0]),
      'nested too deeply',
      'four levels of keys',
      'see examples/two-socket.yaml',
    );
  }
  if (code === 'MULTIPLE_DOCS') {
    return new InputError(
      at(pos[0]),
      'a second document',
      'one scenario a file',
      "leave out what follows '---'",
    );
  }
  const what = message
    .split('\n')[0]!
    .replace(/ at line .*/, '')
    .replace(/:$/, '');
  const hint =
    code === 'TAB_AS_INDENT' ? 'indent with spaces' : (HINT_OF[code] ?? 'check quotes and indentation');
  return new InputError(at(pos[0]), brief(what, WHY_MAX), 'YAML or JSON', hint);
}

const HINT_OF: Partial<Record<string, string>> = { DUPLICATE_KEY: 'keep one of them' };

/** What YAML takes and reads in a way of its own: a number that is not written in plain digits, and a key that objects have. */
function refuseUnsafe(document: Document, at: (offset: number) => Place): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return;
      throw new InputError(
        at(key.range?.[0] ?? 0),
        "unknown key '__proto__'",
        'a key of the scenario',
        'leave it out',
      );
    },
    Scalar(key, { value, source, range }) {
      if (key === 'key' || typeof value !== 'number' || /^-?(0|[1-9]\d*)(\.\d+)?$/.test(source ?? '')) return;
      const hint = 'no leading zeros, exponents or other bases; sizes are written with a unit, such as 64MiB';
      throw new InputError(
        at(range?.[0] ?? 0),
        `saw ${quote(source ?? value)}`,
        'a whole number in plain digits',
        hint,
      );
    },
  });
}

/** The node at a path, or the nearest above it that is in the text. */
export function nodeAt(
  document: Document,
  path: readonly PropertyKey[],
): { offset: number; depth: number; source?: string } {
  for (let depth = path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    const { range, source } = (node ?? {}) as { range?: [number, number, number]; source?: string };
    if (range) return { offset: range[0], depth, ...(source === undefined ? {} : { source }) };
  }
  return { offset: 0, depth: 0 };
}

function complaint(
  issue: z.core.$ZodIssue,
  value: unknown,
  document: Document,
  at: (offset: number) => Place,
  schema: z.ZodType,
): InputError {
  const name = issue.path.join('.') || 'the scenario';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const node = issue.path.length === 0 ? document.contents : document.getIn(issue.path, true);
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    const offset = isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
    const known = knownKeys(issue.path, value, schema);
    const guess = didYouMean(key, known);
    const hint = guess ? `did you mean ${guess}?` : 'leave it out';
    return new InputError(
      at(offset),
      `unknown key ${quote(key)} in ${name}`,
      `one of ${known.join(', ')}`,
      hint,
    );
  }
  const { offset, depth, source } = nodeAt(document, issue.path);
  const missing = depth < issue.path.length;
  const isList = issue.code === 'too_big' && issue.origin === 'array';
  const seen = valueAt(value, issue.path);
  const what = missing
    ? `${name} is missing`
    : isList && Array.isArray(seen)
      ? `${name} has a length of ${seen.length}`
      : `${name} is ${quote(source ?? document.getIn(issue.path))}`;
  const hint =
    missing && name === 'version'
      ? 'begin with version: 1'
      : name.startsWith('workload.vcpus')
        ? SEE_SCRIPTS
        : 'see schema/scenario-1.json';
  return new InputError(at(offset), what, expectation(issue), hint);
}
