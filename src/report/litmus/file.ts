// Litmus files: a race as a question in English, a world of a few pages, scripts in words, and what must never, sometimes
// and always be seen. A bad file is one line, `file:line:col`.
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { type PageTable, pageTable } from '../../../machines/index.ts';
import { flawNames } from '../../flaws/index.ts';
import { faultNames, type FaultName } from '../../model/faults.ts';
import { protocols, properties, type PropertyName } from '../../protocols/index.ts';
import { expectation } from '../../scenarios/complaint.ts';
import { quote } from '../../scenarios/quote.ts';
import { nodeAt } from '../../scenarios/scenario-file.ts';
import { shapeOf, type Small, smallWorld } from '../../scenarios/small-world.ts';
import { scriptWorkload } from '../../scenarios/workloads/script.ts';
import { InputError } from '../../stdx/input-error.ts';
import { type Fact, FORMS, parseFact } from './facts.ts';

export interface Litmus {
  race: number;
  question: string;
  /** Ids of what it shows: `race 4`, `claim 12`. */
  shows: readonly string[];
  world: Small;
  protocols: readonly string[];
  /** Operations in words, a list for each vCPU. */
  vcpus: readonly (readonly string[])[];
  never: readonly (PropertyName | Fact)[];
  sometimes: readonly Fact[];
  always: readonly Fact[];
  bugs: readonly Bug[];
}
/** A seeded bug, and the properties of which one must be the first to see it. */
export interface Bug {
  flaw: string;
  caughtBy: readonly PropertyName[];
}

/** Only what the script says happens: no reclaim, no scans, no prefetch, unless the file asks for them. */
const QUIET: Small = {
  pages: 2,
  idleScans: 0,
  hintPages: 0,
  prefetch: 0,
  lowWatermarkPercent: 0,
  highWatermarkPercent: 0,
};
const COPYLESS = protocols.filter(({ guestAsks }) => guestAsks !== 'nothing').map(({ name }) => name);

const text = z.string().min(1).max(400);
const list = z.array(text).max(16).default([]);
const one = <T extends z.ZodType>(schema: T) =>
  z.union([schema.transform((value) => [value]), z.array(schema).min(1).max(8)]);
const scalar = z.union([z.int().min(0).max(4096), z.boolean(), z.string().max(40)]);
const value = z.union([
  scalar,
  z.array(z.int().min(1).max(4096)).max(8),
  z.record(z.string().max(40), scalar),
]);

const litmusSchema = z.strictObject({
  race: z.int().min(1).max(25),
  question: text,
  shows: z.array(text).max(16).default([]),
  world: z.record(z.string().max(40), value).default({}),
  protocols: z.array(z.enum(protocols.map(({ name }) => name))).default([...COPYLESS]),
  faults: z.array(text).max(64).optional(),
  vcpus: z.array(z.array(text).max(64)).min(1).max(16),
  never: list,
  sometimes: z.array(text).min(1).max(16),
  always: list,
  bugs: z
    .partialRecord(z.enum(flawNames), one(z.enum(properties)))
    .refine((bugs) => Object.keys(bugs).length > 0),
});

/** @throws InputError with the place of the first complaint */
export function readLitmus(file: string): Litmus {
  return parseLitmus(readFileSync(file, 'utf8'), file);
}

/** Complains about what stands at a path of a file. */
export type Refuse = (path: readonly PropertyKey[], what: string, expected: string, hint: string) => never;

/** @throws InputError with the place of the first complaint */
export function parseYaml<Schema extends z.ZodType>(
  schema: Schema,
  source: string,
  file: string,
): { data: z.output<Schema>; refuse: Refuse } {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const refuseAt = (offset: number, what: string, expected: string, hint: string): never => {
    const { line, col } = lines.linePos(offset);
    throw new InputError({ file, line: Math.max(line, 1), column: Math.max(col, 1) }, what, expected, hint);
  };
  const refuse: Refuse = (path, what, expected, hint) =>
    refuseAt(nodeAt(document, path).offset, what, expected, hint);
  const [error] = document.errors;
  if (error) refuseAt(error.pos[0], error.message.split('\n')[0]!, 'YAML', 'check quotes and indentation');
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 10 }));
  if (parsed.success) return { data: parsed.data, refuse };
  const issue = parsed.error.issues[0]!;
  const { path } = issue;
  const { depth, source: seen } = nodeAt(document, path);
  const name = path.join('.') || 'the file';
  const what =
    issue.code === 'unrecognized_keys'
      ? `unknown key ${quote(issue.keys[0])}`
      : depth < path.length
        ? `${name} is missing`
        : `${name} is ${quote(seen ?? document.getIn(path))}`;
  return refuse(path, what, expectation(issue), 'see test/litmus');
}

/** @throws InputError with the place of the first complaint */
export function parseLitmus(source: string, file: string, table: PageTable = pageTable): Litmus {
  const { data, refuse } = parseYaml(litmusSchema, source, file);
  const fact = (of: 'never' | 'sometimes' | 'always', words: string, i: number): Fact => {
    const made = parseFact(words, table);
    if (!('wrong' in made)) return made;
    const { wrong } = made;
    return refuse([of, i], `${quote(wrong)} is no fact`, `one of: ${FORMS.join(', ')}`, 'join steps by ->');
  };
  const world = worldOf(data.world, data.vcpus.length, data.faults, refuse);
  const spec = smallWorld(world);
  const own = spec.guests[0]!.vcpus.length;
  const { pages } = scriptWorkload(data.vcpus, shapeOf(spec), (at, what, expected) =>
    refuse(['vcpus', ...at], what, expected, `${own} vCPUs a guest`),
  );
  const most = spec.guests[0]!.pages;
  if (pages > most) refuse(['vcpus'], `page ${pages - 1}`, `at most ${most} pages`, 'pages: N');
  return {
    race: data.race,
    question: data.question,
    shows: data.shows,
    world,
    protocols: data.protocols,
    vcpus: data.vcpus,
    never: data.never.map((words, i) =>
      (properties as readonly string[]).includes(words) ? (words as PropertyName) : fact('never', words, i),
    ),
    sometimes: data.sometimes.map((words, i) => fact('sometimes', words, i)),
    always: data.always.map((words, i) => fact('always', words, i)),
    bugs: Object.entries(data.bugs).map(([flaw, caughtBy]) => ({ flaw, caughtBy: caughtBy! })),
  };
}

function worldOf(
  given: Record<string, z.output<typeof value>>,
  scripts: number,
  faults: readonly string[] | undefined,
  refuse: Refuse,
): Small {
  const known = new Set([...SIZES, ...Object.keys(smallWorld().policy)]);
  for (const key of Object.keys(given)) {
    if (!known.has(key))
      refuse(['world', key], `unknown key ${quote(key)}`, [...known].join(', '), 'see Small');
  }
  const vcpus = scripts / Number(given['guests'] ?? 1);
  const plan = faults?.map((words, i) => {
    const [, fault = '', nth] = /^(.*) ([1-9]\d{0,3})$/.exec(words) ?? [];
    if (!(faultNames as readonly string[]).includes(fault))
      refuse(
        ['faults', i],
        `${quote(words)} is no fault`,
        `NAME NTH, of ${faultNames.join(', ')}`,
        'count from 1',
      );
    return { fault: fault as FaultName, nth: Number(nth) };
  });
  return { ...QUIET, vcpus, ...given, ...(plan ? { faults: plan } : {}) };
}

/** Of a small world what is not policy. */
const SIZES = [
  'nodes', 'frames', 'pages', 'vcpus', 'guests', 'slots', 'listCapacity', 'far', 'batch', 'pageWords', 'burst', 'gfns', 'mapped', 'chain', 'guest', 'list',
] as const satisfies readonly (keyof Small)[]; // prettier-ignore
