// How fast a lackey trace is read, beside `wc -l` on the same file in the same run. Prints figures, judges nothing:
//   npm run bench
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LackeyTrace } from '../../src/scenarios/traces/lackey.ts';

const REPEATS = 40;
const text = gunzipSync(readFileSync(new URL('../../examples/traces/phases.lackey.gz', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'copyless-bench-'));

async function read(file: string): Promise<{ lines: number; seconds: number }> {
  const trace = new LackeyTrace({ file, maxPages: 4096, pageWords: 1024 });
  const out = new Int32Array(8192);
  const began = performance.now();
  while ((await trace.read(out)) > 0);
  const seconds = (performance.now() - began) / 1000;
  await trace.close();
  return { lines: trace.counts.lines, seconds };
}

try {
  const plain = join(folder, 'trace.lackey');
  const packed = `${plain}.gz`;
  const [a, b] = [openSync(plain, 'w'), openSync(packed, 'w')];
  const member = gzipSync(text);
  for (let i = 0; i < REPEATS; i++) {
    writeSync(a, text);
    writeSync(b, member);
  }
  closeSync(a);
  closeSync(b);
  for (const [name, file] of [
    ['plain', plain],
    ['gzip', packed],
  ] as const) {
    const { lines, seconds } = await read(file);
    const began = performance.now();
    spawnSync('wc', ['-l', plain]);
    const wc = lines / ((performance.now() - began) / 1000);
    const speed = lines / seconds;
    const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
    console.log(
      `lackey ${name.padEnd(6)} ${(speed / 1e6).toFixed(1)} M lines/s   wc -l ${(wc / 1e6).toFixed(1)} M lines/s   ratio ${(speed / wc).toFixed(2)}   RSS ${rss} MiB`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
