// What the schema complains of, in the words of whoever wrote the scenario: which of a union's branches was meant, what
// would have been right there, and which keys there are.
import type { z } from 'zod';
import { valueAt } from './quote.ts';
import { newLocationKinds, ownKeyed, scenarioSchema } from './scenario.ts';

type Issue = z.core.$ZodIssue;

/** Of a union's branches the one that the `kind` in the text belongs to knows what is wrong. */
export function deepest(issue: Issue, value: unknown): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const isOnePlace = issue.path.at(-1) === 'newLocation' && !Array.isArray(valueAt(value, issue.path));
  const named = ownKeyed.indexOf(valueAt(value, [...issue.path, 'kind']) as string);
  const branch = issue.errors[isOnePlace ? 0 : named] ?? issue.errors.at(-1)!;
  const inner = branch[0]!;
  return deepest({ ...inner, path: [...issue.path, ...inner.path] }, value);
}

/** What would have been right. */
export function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return WORD_OF[issue.expected] ?? `a value of type ${issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? String(issue.values[0])
        : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${UNIT_OF[issue.origin] ?? ''}at least ${String(issue.minimum)}`;
    case 'too_big':
      return `${UNIT_OF[issue.origin] ?? ''}at most ${String(issue.maximum)}`;
    case 'invalid_union':
      return `one of ${newLocationKinds.join(', ')}`;
    default:
      return issue.message.replace(/^Invalid input: expected /, '');
  }
}

const WORD_OF: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a whole number',
  string: 'a text',
  array: 'a list',
  tuple: 'a list of two, such as [1, 8]',
  object: 'keys with values',
  record: 'keys with values',
};
const UNIT_OF: Readonly<Record<string, string>> = { array: 'a length of ', string: 'a length of ' };

/** The keys that the schema has at a path; of a union, those of the branch that the `kind` in the text belongs to. */
export function knownKeys(
  path: readonly PropertyKey[],
  value: unknown,
  of: z.ZodType = scenarioSchema,
): string[] {
  let schemas: unknown[] = branches(of);
  for (const key of path) {
    schemas = schemas.flatMap((schema) => {
      if (typeof key === 'number') return [schema];
      const child = (schema as { shape?: Record<PropertyKey, unknown> }).shape?.[key];
      return child === undefined ? [] : branches(child);
    });
  }
  const kind = valueAt(value, [...path, 'kind']);
  const meant = schemas.find(
    (schema) => (schema as { shape?: { kind?: z.ZodType } }).shape?.kind?.safeParse(kind).success,
  );
  const keys = (meant === undefined ? schemas : [meant]).flatMap((schema) =>
    Object.keys((schema as { shape?: object }).shape ?? {}),
  );
  return [...new Set(keys)];
}

/** A schema without its defaults and wrappers; of a union, each branch. */
function branches(schema: unknown): unknown[] {
  const { def } = schema as {
    def?: { innerType?: unknown; element?: unknown; options?: readonly unknown[] };
  };
  if (def?.innerType !== undefined) return branches(def.innerType);
  if (Array.isArray(def?.options)) return def.options.flatMap(branches);
  if (def?.element !== undefined) return branches(def.element);
  return [schema];
}
