// Claim 20: a program on a medium. The package is compiled as it is published, put into a folder of its own and run there
// without a terminal: the scenario of claim 1, with a memory node as the new source location.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Result } from '../../src/report/result.ts';
import manifest from '../../package.json' with { type: 'json' };
import { ROOT } from './tags.ts';

// shows: claim 20, claim 1
test('the compiled package, run from its bin: pages of a far node come straight to their destination', () => {
  const medium = mkdtempSync(join(tmpdir(), 'copyless-package-'));
  try {
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const compiled = spawnSync(
      compiler,
      ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(medium, 'dist')],
      { encoding: 'utf8' },
    );
    expect(compiled.stdout + compiled.stderr).toBe('');
    // What begins with ! is left out.
    const published = manifest.files.filter((name) => name !== 'dist' && !name.startsWith('!'));
    for (const name of ['package.json', ...published])
      cpSync(join(ROOT, name), join(medium, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(medium, 'node_modules'));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [manifest.bin.copyless, 'simulate', join('examples', 'far-memory.yaml'), '--json'],
      { cwd: medium, encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
    const { complete, pass, runs } = JSON.parse(stdout) as Result;
    expect([complete, pass]).toEqual([true, true]);
    const [conventional, ...copyless] = runs;
    expect(conventional!.transfers.toSource).toBeGreaterThan(100);
    expect(copyless.length).toBe(3);
    for (const { transfers, violations, bytes } of copyless) {
      expect(transfers.toSource).toBe(0);
      expect(transfers.direct).toBeGreaterThan(100);
      // A memory node, and no disk.
      expect(bytes.storeRead + bytes.storeWritten).toBe(0);
      expect(violations).toEqual([]);
    }
  } finally {
    rmSync(medium, { recursive: true });
  }
});
