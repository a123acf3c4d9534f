// The README cannot rot: the protocol it shows is the one in examples/, and the screen it shows is what the program prints.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { flaws, litmusFlaws } from '../src/flaws/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1] ?? '';

test('README: the protocol in 15 lines is examples/protocols/stay-when-full.ts, and it passes', () => {
  const example = readFileSync(`${root}examples/protocols/stay-when-full.ts`, 'utf8');
  const shown = block('ts');
  expect(shown.split('\n').length).toBeLessThanOrEqual(16);
  expect(example.replace(/^\/\/.*\n/gm, '').replace('../../src/index.ts', 'copyless')).toBe(shown);
  const run = spawnSync(
    process.execPath,
    ['src/cli/start.mjs', 'simulate', '-p', 'examples/protocols/stay-when-full.ts', '-w', 'process-move'],
    { cwd: root, encoding: 'utf8' },
  );
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  const checked = spawnSync(
    process.execPath,
    ['src/cli/start.mjs', 'check', '-p', 'examples/protocols/stay-when-full.ts', '--json'],
    { cwd: root, encoding: 'utf8' },
  );
  expect(checked.status, checked.stderr).toBe(0);
  expect(JSON.parse(checked.stdout).runs).toMatchObject([{ pass: true, requests: 'accepted' }]);
}, 60_000);

test('README: the changed page machine breaks what is said beside it', () => {
  const shown = [...readme.matchAll(/```js\n([\s\S]*?)```/g)]
    .map(([, code]) => code!)
    .find((code) => code.includes('verifyPageMachine'))!;
  const [, said = ''] = /^\/\/ (.*)$/m.exec(shown)!;
  const entry = new URL('../machines/index.ts', import.meta.url).href;
  const code = shown.replace('copyless/machines', entry);
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  const [start = '', end = ''] = said.split(' ... ');
  const [line = ''] = run.stdout.split('\n');
  expect(line.startsWith(start)).toBe(true);
  expect(line.endsWith(end)).toBe(true);
  expect(start.length + end.length).toBeGreaterThan(100);
});

test('README: what a program does with the library compiles, and says which property sees a step left out', () => {
  const shown = [...readme.matchAll(/```js\n([\s\S]*?)```/g)]
    .map(([, code]) => code!)
    .find((code) => code.includes('copyless/testing'))!;
  const code = shown
    .replace("'copyless'", `'${root}src/index.ts'`)
    .replace("'copyless/testing'", `'${root}src/testing.ts'`);
  const folder = mkdtempSync(join(tmpdir(), 'copyless-readme-'));
  try {
    const file = join(folder, 'program.mts');
    writeFileSync(file, code);
    const options = {
      noEmit: true,
      rootDir: '/',
      typeRoots: [`${root}node_modules/@types`],
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
    };
    const project = { extends: `${root}tsconfig.json`, compilerOptions: options, include: [file] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const compiler = `${root}node_modules/typescript/bin/tsc`;
    const compiled = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    expect(compiled.stdout).toBe('');
    expect(compiled.status).toBe(0);
    const run = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const [first, ...seen] = run.stdout.trimEnd().split('\n');
    expect(first).toBe('true 4');
    expect(seen).toContain('copyless-map, swapOut without shootdown (step 3): I8-shootdown');
    expect(seen.length).toBeGreaterThan(50);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

test('README: the first screen is what the program prints, but for the seconds', () => {
  const run = spawnSync(process.execPath, ['src/cli/start.mjs', 'simulate'], { cwd: root, encoding: 'utf8' });
  const still = (text: string) => text.replace(/(PASS|FAIL) in [\d.]+ s/, '$1 in N s').trim();
  expect(still(block('text'))).toBe(still(run.stdout));
  expect(run.status).toBe(0);
});

test('README: as many seeded bugs as there are', () => {
  const [, all, fuzzed, others] =
    /each of (\d+) seeded bugs: .*\nthem, `fuzz` finds (\d+), and the other (\d+)/.exec(readme)!;
  expect(Number(all)).toBe(flaws.length + litmusFlaws.length);
  expect(Number(fuzzed)).toBe(flaws.length);
  expect(Number(others)).toBe(litmusFlaws.length);
  expect(readme).toContain(`one of ${flaws.length === 50 ? 'fifty' : flaws.length} seeded bugs`);
});

test('README: what is checked exhaustively is what the program prints', () => {
  const sessions = block('console')
    .split(/^\$ npm run -s copyless -- /m)
    .slice(1);
  expect(sessions.length).toBe(3);
  const out = mkdtempSync(join(tmpdir(), 'copyless-readme-'));
  for (const session of sessions) {
    const [command, ...lines] = session.trimEnd().split('\n');
    const run = spawnSync(process.execPath, ['src/cli/start.mjs', ...command!.split(' '), '--out', out], {
      cwd: root,
      encoding: 'utf8',
    });
    const printed = run.stdout.trimEnd().split('\n');
    const shown = lines.filter((line) => line !== '...');
    if (shown.length === lines.length) expect(printed).toEqual(shown);
    else for (const line of shown) expect(printed).toContain(line);
  }
  rmSync(out, { recursive: true });
}, 120_000);

test('README: nothing is said twice: no two paragraphs begin alike, and exit statuses stand in one place', () => {
  const paragraphs = readme.replace(/```[\s\S]*?```/g, '').split(/\n\s*\n/);
  const begins = paragraphs
    .filter((text) => /^[\w`]/.test(text))
    .map((text) => text.split(/\s+/).slice(0, 5).join(' '));
  expect(begins.filter((text, i) => begins.indexOf(text) !== i)).toEqual([]);
  expect(paragraphs.filter((text) => text.includes('143 interrupted'))).toHaveLength(1);
});
