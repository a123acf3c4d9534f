// `npm run schema`: writes the published JSON Schemas from the zod schemas that check the real thing. Given a folder, writes
// them there instead.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { resultSchema } from '../report/result.ts';
import { migrationResultSchema } from '../report/migration/migration-result.ts';
import { migrationScenarioSchema } from '../scenarios/migration-scenario.ts';
import { scenarioSchema } from '../scenarios/scenario.ts';

const SCHEMA_FOLDER = fileURLToPath(new URL('../../schema/', import.meta.url));

/** The published schemas by file name. A scenario is described as it may be written, with what has a default left out. */
export function schemas(): Record<string, string> {
  const text = (schema: z.ZodType, io: 'input' | 'output', title: string) =>
    `${JSON.stringify({ title, ...z.toJSONSchema(schema, { target: 'draft-2020-12', io }) }, null, 2)}\n`;
  return {
    'scenario-1.json': text(scenarioSchema, 'input', 'copyless scenario'),
    'result-1.json': text(resultSchema, 'output', 'copyless result'),
    'migration-scenario-1.json': text(migrationScenarioSchema, 'input', 'copyless live migration'),
    'migration-result-1.json': text(migrationResultSchema, 'output', 'copyless live migration result'),
  };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? SCHEMA_FOLDER;
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(schemas())) writeFileSync(join(folder, name), text);
}
