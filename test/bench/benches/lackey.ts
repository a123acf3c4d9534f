// Lines of a recorded trace that are read a second, from a cached file, beside `wc -l` on the same file; and what memory grows
// by while nine tenths of it are read.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LackeyTrace } from '../../../src/scenarios/traces/lackey.ts';
import { against, interleaved } from '../interleaved.ts';
import type { Found } from '../row.ts';

/** Copies of the shipped trace in the file: 15 million lines, 205 MB. */
const COPIES = 40;
const ROUNDS = 5;

async function read(file: string): Promise<{ rate: number; grown: number }> {
  const trace = new LackeyTrace({ file, maxPages: 4096, pageWords: 1024 });
  const out = new Int32Array(8192);
  const began = performance.now();
  let warm = 0;
  let most = 0;
  for (let reads = 0; ; reads++) {
    const got = trace.read(out);
    if ((typeof got === 'number' ? got : await got) === 0) break;
    if (reads % 100 !== 0) continue;
    const resident = process.memoryUsage.rss();
    if (trace.counts.operations < (COPIES / 10) * 378_000) warm = Math.max(warm, resident);
    else most = Math.max(most, resident);
  }
  const seconds = (performance.now() - began) / 1000;
  await trace.close();
  return { rate: trace.counts.lines / seconds / 1e6, grown: (most - warm) / 2 ** 20 };
}

export async function measure(): Promise<Found[]> {
  const text = gunzipSync(
    readFileSync(new URL('../../../examples/traces/phases.lackey.gz', import.meta.url)),
  );
  const folder = mkdtempSync(join(tmpdir(), 'copyless-bench-'));
  try {
    const plain = join(folder, 'trace.lackey');
    const packed = `${plain}.gz`;
    const member = gzipSync(text);
    for (const [file, part] of [
      [plain, text],
      [packed, member],
    ] as const) {
      const descriptor = openSync(file, 'w');
      for (let i = 0; i < COPIES; i++) writeSync(descriptor, part);
      closeSync(descriptor);
    }
    const lines = (COPIES * text.toString('latin1').split('\n').length) / 1e6;
    let grown = -Infinity;
    const samples = await interleaved(ROUNDS, {
      ours: async () => {
        const done = await read(plain);
        grown = Math.max(grown, done.grown);
        return done.rate;
      },
      wc: () => {
        const began = performance.now();
        spawnSync('wc', ['-l', plain]);
        return lines / ((performance.now() - began) / 1000);
      },
      packed: async () => (await read(packed)).rate,
      zcat: () => {
        const began = performance.now();
        spawnSync('sh', ['-c', 'gzip -dc "$0" | wc -l', packed]);
        return lines / ((performance.now() - began) / 1000);
      },
    });
    return [
      against(samples.ours, samples.wc),
      against(samples.packed, samples.zcat),
      { measured: Math.max(0, grown), limit: null },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
