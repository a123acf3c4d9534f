// From a scenario file to a scenario, or to one line that says where it is wrong: every complaint of the schema is traced
// back to its place in the text.
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { InputError, type Place } from '../stdx/input-error.ts';
import { isTrace, type Scenario, scenarioSchema } from './scenario.ts';

const FILE_BYTES_MAX = 1 << 20;

/** @param file path, or `-` for stdin */
export function readScenario(file: string, readStdin: () => string): Scenario {
  const scenario = parseScenario(file === '-' ? readStdin() : readText(file), file);
  return file === '-' ? scenario : withPaths(scenario, file);
}

function readText(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length <= FILE_BYTES_MAX) return text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'EISDIR' ? 'is a directory' : code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
    throw new InputError({ file }, what, 'a scenario file', 'give a YAML or JSON file, or no file for the shipped scenario');
  }
  throw new InputError({ file }, 'larger than 1 MiB', 'a scenario file', 'give a YAML or JSON scenario');
}

/** Relative paths in a scenario start from its own folder and stay inside it: a scenario from elsewhere reads no others. */
function withPaths(scenario: Scenario, file: string): Scenario {
  const folder = dirname(file);
  const within = (path: string): string => {
    if (path === '-') return path;
    const full = resolve(folder, path);
    const away = relative(folder, full);
    if (isAbsolute(path) || away.startsWith('..')) {
      const hint = 'put it beside the scenario, or give it on the command line';
      throw new InputError({ file }, `names '${path}', outside of its folder`, 'a path inside of it', hint);
    }
    return full;
  };
  const isPath = (name: string) => /[./\\]/.test(name);
  const { host, workload, protocols } = scenario;
  return {
    ...scenario,
    host: {
      ...host,
      topology: isPath(host.topology) ? within(host.topology) : host.topology,
      profile: isPath(host.profile) ? within(host.profile) : host.profile,
    },
    workload: isTrace(workload)
      ? { ...workload, files: workload.files.map(within) }
      : { ...workload, kind: isPath(workload.kind) ? within(workload.kind) : workload.kind },
    ...(protocols && { protocols: protocols.map((name) => (isPath(name) ? within(name) : name)) }),
  };
}

/** @throws InputError with the place of the first complaint */
export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: 0 } as never);
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const [error] = document.errors;
  if (error) {
    throw new InputError(at(error.pos[0]), error.message.split('\n')[0]!.replace(/ at line .*/, ''), 'YAML or JSON', 'check quotes and indentation');
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch {
    throw new InputError(at(0), 'too many aliases', 'a plain scenario', 'write the values out');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new InputError(at(0), 'holds no scenario', 'keys such as version and workload', 'see examples/two-socket.yaml');
  }
  const parsed = scenarioSchema.safeParse(value);
  if (parsed.success) return checked(parsed.data, document, at);
  const issue = deepest(parsed.error.issues[0]!, value);
  throw complaint(issue, document, at);
}

/** Of a union's branches the one that the `kind` in the text belongs to knows what is wrong. */
function deepest(issue: z.core.$ZodIssue, value: unknown): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const at = issue.path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const isTraceText = typeof at === 'object' && at !== null && (at as Record<string, unknown>)['kind'] === 'trace';
  const branch = issue.errors[isTraceText ? 0 : issue.errors.length - 1]!;
  const inner = branch[0]!;
  return deepest({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, value);
}

function complaint(issue: z.core.$ZodIssue, document: Document, at: (offset: number) => Place): InputError {
  const name = issue.path.join('.') || 'the scenario';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const node = issue.path.length === 0 ? document.contents : document.getIn(issue.path, true);
    const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const offset = isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : 0;
    const known = knownKeys(issue.path);
    const guess = didYouMean(key, known);
    const hint = guess ? `did you mean ${guess}?` : 'leave it out';
    return new InputError(at(offset), `unknown key '${key}' in ${name}`, known.length > 0 ? `one of ${known.join(', ')}` : 'a known key', hint);
  }
  // A missing key has no place of its own: its parent's is shown.
  let path = issue.path;
  let node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  while (!node?.range && path.length > 0) {
    path = path.slice(0, -1);
    node = (path.length === 0 ? document.contents : document.getIn(path, true)) as typeof node;
  }
  const missing = path.length < issue.path.length;
  const seen = document.getIn(issue.path);
  const what = missing ? `${name} is missing` : `${name} is ${JSON.stringify(seen) ?? 'unusable'}`;
  return new InputError(at(node?.range?.[0] ?? 0), what, expectation(issue), 'see schema/scenario-1.json');
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    default:
      return issue.message.replace(/^Invalid input: expected /, '');
  }
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = scenarioSchema;
  const unwrap = (s: unknown): unknown => {
    const def = (s as { def?: { type?: string; innerType?: unknown } }).def;
    return def?.innerType ? unwrap(def.innerType) : s;
  };
  for (const key of path) {
    const shape = (unwrap(schema) as { shape?: Record<string, unknown> }).shape;
    schema = shape?.[String(key)];
    if (!schema) return [];
  }
  return Object.keys((unwrap(schema) as { shape?: object }).shape ?? {});
}

function checked(scenario: Scenario, document: Document, at: (offset: number) => Place): Scenario {
  const place = (...path: string[]): Place => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
    return at(node?.range?.[0] ?? 0);
  };
  const { watermarks } = scenario.host;
  if (watermarks.low > watermarks.high) {
    throw new InputError(place('host', 'watermarks'), `low ${watermarks.low} is above high ${watermarks.high}`, 'low at most high', 'swap them');
  }
  const [first, last] = scenario.seeds;
  if (first > last) throw new InputError(place('seeds'), `${first} is above ${last}`, 'first seed at most last', 'swap them');
  return scenario;
}
