// Part of `npm run build`: the TypeScript examples as they are packed. In a checkout they import the sources beside them; in a
// package they import the package, so that a copy of one runs in anybody's project. Given a folder, writes them there instead.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from '../stdx/assert.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const PACKED = fileURLToPath(new URL('../../dist/examples/', import.meta.url));
/** What the package exports of the sources. */
const EXPORTED: Readonly<Record<string, string>> = { index: 'copyless', testing: 'copyless/testing' };

function asPacked(text: string): string {
  const packed = text.replaceAll(/'(?:\.\.\/)+src\/(\w+)\.ts'/g, (own, name: string) =>
    name in EXPORTED ? `'${EXPORTED[name]!}'` : own,
  );
  assert(!/from '\.\.\//.test(packed), `an example imports what the package does not export:\n${packed}`);
  return packed;
}

const folder = process.argv[2] ?? PACKED;
for (const name of globSync('**/*.ts', { cwd: EXAMPLES })) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, asPacked(readFileSync(join(EXAMPLES, name), 'utf8')));
}
