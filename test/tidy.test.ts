// The house rules that a machine can check: who may import whom, who may look at the clock, that no file is dead.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** Imports go leftwards only. */
const LAYERS = [
  'machines',
  'src/stdx',
  'src/model',
  'src/memory',
  'src/actor',
  'src/protocols',
  'src/actors',
  'src/flaws',
  'src/properties',
  'src/runtime',
  'src/scenarios',
  'src/report',
  'src',
  'src/cli',
  'workers',
  'test',
];
/** Where a layer sees less than all that is to its left. */
const NARROWED: Record<string, string[]> = {
  machines: [],
  'src/stdx': [],
  'src/model': ['src/stdx'],
  'src/protocols': ['src/stdx', 'src/model'],
  'src/properties': ['machines', 'src/stdx', 'src/model'],
  'src/runtime': ['machines', 'src/stdx', 'src/model', 'src/memory', 'src/actor'],
};
const PLATFORM = /\b(Math\.random|Date\b(?!:)|performance\b|setTimeout|process\.|console\.)/;
const MAY_SEE_PLATFORM = ['src/cli', 'src/runtime/threads', 'workers', 'test', 'examples'];
const MAY_USE_ATOMICS = ['src/memory', 'src/runtime/check', 'src/runtime/threads', 'test'];

function filesBelow(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(ROOT, path)).isDirectory()) return filesBelow(path);
    return /\.(ts|mjs)$/.test(name) ? [path] : [];
  });
}
const files = ['machines', 'src', 'workers', 'test', 'examples'].flatMap(filesBelow);
const text = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
/** Code without comments, strings and template literals. */
const code = new Map(
  [...text].map(([file, source]) => [
    file,
    source
      .replaceAll(/\/\*[\s\S]*?\*\//g, '')
      .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''")
      .replaceAll(/`(?:[^`\\]|\\.)*`/g, '``')
      .replaceAll(/\/\/.*$/gm, ''),
  ]),
);

function importsOf(file: string): string[] {
  const source = text.get(file)!;
  const found = [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) => match[1]!);
  const urls = [...source.matchAll(/new URL\(\s*[`']([^`']+)[`'],\s*import\.meta\.url/g)].map((match) =>
    match[1]!.replace('${extension}', 'ts'),
  );
  return [...found, ...urls].map((path) => relative(ROOT, resolve(ROOT, dirname(file), path)));
}
function layerOf(file: string): string {
  const layers = LAYERS.filter((layer) => file.startsWith(`${layer}/`));
  return layers.toSorted((a, b) => b.length - a.length)[0] ?? 'test';
}
const inAny = (file: string, folders: readonly string[]) =>
  folders.some((folder) => file.startsWith(`${folder}/`));

describe(`tidy: ${files.length} files`, () => {
  test('no layer imports to its right, and the narrow ones see only what they may', () => {
    const wrong: string[] = [];
    for (const file of files) {
      if (inAny(file, ['test', 'examples'])) continue;
      const own = layerOf(file);
      for (const imported of importsOf(file)) {
        if (!imported.endsWith('.ts') || imported.startsWith('workers/')) continue;
        const other = layerOf(imported);
        if (own === other) continue;
        const allowed = NARROWED[own] ?? LAYERS.slice(0, LAYERS.indexOf(own));
        if (!allowed.includes(other)) wrong.push(`${file} -> ${imported}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('workers are started by URL and imported by nobody', () => {
    const wrong = files.filter((file) => /from '[^']*\/workers\//.test(text.get(file)!));
    expect(wrong).toEqual([]);
  });

  test('xstate is imported in machines/ and by tests only', () => {
    const wrong = files.filter(
      (file) => !inAny(file, ['machines', 'test']) && /from 'xstate/.test(text.get(file)!),
    );
    expect(wrong).toEqual([]);
  });

  test('chance, clock, timers, process and console stay at the edge', () => {
    const wrong = files.flatMap((file) => {
      if (inAny(file, MAY_SEE_PLATFORM)) return [];
      const seen = PLATFORM.exec(code.get(file)!);
      return seen ? [`${file}: ${seen[0]}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test('Atomics stay in the memory layer and the thread runtime', () => {
    const wrong = files.filter(
      (file) => !inAny(file, MAY_USE_ATOMICS) && /\bAtomics\./.test(code.get(file)!),
    );
    expect(wrong).toEqual([]);
  });

  test('no file is dead: each is imported, started, an entry point or a test', () => {
    const used = new Set(files.flatMap(importsOf));
    const entries = new Set([
      'src/index.ts',
      'src/testing.ts',
      'src/cli/main.ts',
      'src/cli/start.mjs',
      'src/cli/require-node.mjs',
    ]);
    const manifest =
      readFileSync(join(ROOT, 'package.json'), 'utf8') + readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8');
    const dead = files.filter(
      (file) =>
        !used.has(file) &&
        !entries.has(file) &&
        !manifest.includes(file) &&
        !/\.(test|d|bench)\.ts$/.test(file) &&
        !inAny(file, ['examples', 'test/support']),
    );
    expect(dead).toEqual([]);
  });

  test('every file says what it is for in its first line', () => {
    const silent = files.filter((file) => !/^(#!.*\n)?\/\//.test(text.get(file)!));
    expect(silent).toEqual([]);
  });

  test('files are one idea each: 600 lines of program at most, named with a noun of the field', () => {
    const long = files.filter(
      (file) => !file.startsWith('test/') && text.get(file)!.split('\n').length > 600,
    );
    const vague = files.filter((file) =>
      /(^|[/-])(util|utils|helper|helpers|manager|data|misc|common)[.-]/.test(file),
    );
    expect([...long, ...vague]).toEqual([]);
  });

  test('nothing committed names a path of a machine or a registry', () => {
    const wrong = files.filter((file) =>
      /\/(root|home|work)\/|registry\.npmjs/.test(text.get(file)!.replaceAll('registry\\.npmjs', '')),
    );
    expect(wrong.filter((file) => file !== 'test/tidy.test.ts')).toEqual([]);
  });
});
