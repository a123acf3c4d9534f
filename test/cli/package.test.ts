// The package as it is installed: made by `npm pack`, compiled, below a node_modules; and what it prints names commands that
// there are.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder, SMALL } from './command.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  bin: { copyless: string };
  dependencies: Record<string, string>;
  exports: Record<string, { types: string; default: string } | string>;
  files: string[];
  scripts: Record<string, string>;
  version: string;
};

const cwd = folder();
const installed = join(cwd, 'node_modules', 'copyless');
const done = (command: string, args: readonly string[], at: string) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: at, encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
  return stdout;
};
beforeAll(() => {
  // As `npm run build` does, elsewhere: what others run meanwhile may have been built before.
  const staged = folder();
  const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'];
  done(process.execPath, [...tsc, '--outDir', join(staged, 'dist')], root);
  done(process.execPath, ['src/cli/write-examples.ts', join(staged, 'dist/examples')], root);
  for (const part of ['package.json', ...manifest.files.filter((name) => !/^(!|dist$)/.test(name))])
    cpSync(join(root, part), join(staged, part), { recursive: true });
  done('npm', ['pack', '--ignore-scripts', '--offline', '--loglevel', 'error'], staged);
  mkdirSync(installed, { recursive: true });
  done('tar', ['-xzf', join(staged, `copyless-${manifest.version}.tgz`), '--strip-components=1'], installed);
  rmSync(staged, { recursive: true, force: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!(name in manifest.dependencies)) continue;
    mkdirSync(dirname(join(cwd, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name));
  }
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const copyless = (...args: string[]) =>
  spawnSync(process.execPath, [join(installed, manifest.bin.copyless), ...args], { cwd, encoding: 'utf8' });

test('packing builds first, and everything that the package offers is in it', () => {
  expect(manifest.scripts['prepack']).toBe('npm run build');
  expect(manifest.scripts['build']).toBe('tsc -p tsconfig.build.json && node src/cli/write-examples.ts');
  const offered = Object.values(manifest.exports).flatMap((one) =>
    typeof one === 'string' ? [] : Object.values(one),
  );
  expect([...offered, manifest.bin.copyless].filter((file) => !existsSync(join(installed, file)))).toEqual(
    [],
  );
});

test('a failure: the line that replays it and the place of the transition are those of the package', () => {
  const { status, stdout } = copyless('check', '-p', 'copyless-migrate', '--flaw', 'no-write-protection');
  expect(status).toBe(1);
  expect(stdout).not.toContain('npm run');
  const [, place = '', line] = /transition \S+, copyless\/(\S+):(\d+)\n/.exec(stdout)!;
  expect(readFileSync(join(installed, place), 'utf8').split('\n').length).toBeGreaterThan(Number(line));
  const [, replay = ''] = /^Replay: {2}npx copyless (replay .*)$/m.exec(stdout)!;
  expect(copyless(...replay.split(' ')).status).toBe(1);
});

test('what to try next begins with npx copyless', () => {
  const { status, stdout } = copyless(...SMALL);
  expect(status).toBe(0);
  expect(stdout).toContain('\nMore   npx copyless simulate --');
  expect(stdout).not.toContain('npm run');
});

test('a protocol that cannot be right: the file that says which can is one of the package', () => {
  writeFileSync(
    join(cwd, 'wrong.mjs'),
    "export default { name: 'wrong', sentence: 's', plan: () => ['map'] };\n",
  );
  const { status, stderr } = copyless(...SMALL, '-p', 'wrong.mjs');
  expect(status).toBe(2);
  const [, file = ''] = /hint: see copyless\/(\S+); add unchecked/.exec(stderr)!;
  expect(existsSync(join(installed, file))).toBe(true);
});

test('TypeScript in the package: one line that says to copy it out', () => {
  const example = 'node_modules/copyless/dist/examples/protocols/stay-when-full.ts';
  const { status, stderr } = copyless(...SMALL, '-p', example);
  expect(status).toBe(2);
  expect(stderr).toBe(
    `copyless: ${example}: is TypeScript below node_modules, which Node does not run, expected a file elsewhere, hint: copy it out of node_modules\n`,
  );
  copyFileSync(join(cwd, example), join(cwd, 'mine.ts'));
  expect(copyless(...SMALL, '-p', 'mine.ts').status).toBe(0);
});

test('the example systems, copied out of the package into a project, run there', () => {
  const packed = globSync('**/*.ts', { cwd: join(installed, 'dist/examples') }).sort();
  expect(packed).toEqual(globSync('**/*.ts', { cwd: join(root, 'examples') }).sort());
  expect(globSync('examples/**/*.ts', { cwd: installed })).toEqual([]);
  for (const name of ['two-phase-commit.ts', 'readers-writers.ts']) {
    copyFileSync(join(installed, 'dist/examples', name), join(cwd, name));
    const own = done(process.execPath, [join(root, 'examples', name)], root);
    expect(own).not.toBe('');
    expect(done(process.execPath, [name], cwd)).toBe(own);
  }
  // Its types are all that the protocol takes of the package, and Node strips them unseen.
  const protocol = readFileSync(join(installed, 'dist/examples/protocols/stay-when-full.ts'), 'utf8');
  expect(protocol).toContain("from 'copyless';");
});

test('types: with skipLibCheck: false they need those of Node, and nothing else', () => {
  const own = join(cwd, 'types.ts');
  writeFileSync(own, "import { check } from 'copyless/testing';\nvoid check;\n");
  const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext', own];
  const tsc = [join(root, 'node_modules/typescript/bin/tsc'), ...options];
  const without = spawnSync(process.execPath, tsc, { cwd, encoding: 'utf8' });
  expect(without.stdout).toContain('npm i --save-dev @types/node');
  for (const name of ['@types/node', 'undici-types']) {
    mkdirSync(dirname(join(cwd, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name));
  }
  expect(done(process.execPath, [...tsc, '--types', 'node'], cwd)).toBe('');
});
