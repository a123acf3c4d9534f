// The published schemas are generated, committed, and held here to what they are generated from.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { schemas } from '../../src/cli/write-schemas.ts';
import { simulate } from '../../src/index.ts';
import { readScenario } from '../../src/scenarios/scenario-file.ts';
import { EXAMPLES } from './command.ts';

describe('published schemas', () => {
  for (const [name, text] of Object.entries(schemas())) {
    it(`schema/${name} is what npm run schema writes`, () => {
      const committed = readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8');
      expect(committed, 'stale: run npm run schema').toBe(text);
    });
  }
  it('the scenario schema asks for version and workload only, and takes no unknown key', () => {
    const schema = JSON.parse(schemas()['scenario-1.json']!) as Record<string, unknown>;
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema['required']).toEqual(['version', 'workload']);
    expect(schema['additionalProperties']).toBe(false);
  });
});

describe('schema/result-1.json', () => {
  it('says of each counter of ours what it counts, and of no other', async () => {
    const { runs } = await simulate({
      version: 1,
      host: { memory: '64KiB' },
      workload: { kind: 'script', vcpus: [['write 0'], []] },
      protocols: ['copyless-map'],
    });
    const ours = Object.keys(runs[0]!.vmstat).filter((name) => name.startsWith('cl_'));
    const schema = JSON.parse(schemas()['result-1.json']!);
    const properties: Record<string, { description: string }> =
      schema.properties.runs.items.properties.vmstat.properties;
    expect(Object.keys(properties).sort()).toEqual(ours.sort());
    for (const { description } of Object.values(properties)) expect(description.length).toBeGreaterThan(20);
  });
});

// Live migrations have a schema of their own: test/hosts/live-migration.test.ts.
const examples = readdirSync(EXAMPLES).filter((name) => /\.ya?ml$/.test(name) && !/migration/.test(name));

describe(`examples, ${examples.length} scenarios`, () => {
  for (const name of examples) {
    it(`${name} is accepted and names its schema in the first line`, () => {
      const file = join(EXAMPLES, name);
      const text = readFileSync(file, 'utf8');
      const { scenario } = readScenario(file, () => '');
      expect(scenario.version).toBe(1);
      expect(parse(text)).toHaveProperty('version', 1);
      expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/scenario-1.json');
    });
  }
});
