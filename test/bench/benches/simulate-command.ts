// `npm run simulate` as a user has it, from the shell to the last line: wall time, and the most memory that its largest process
// had at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../interleaved.ts';
import type { Found } from '../row.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Has every process of the command put down, at its end, the most memory that it had. */
const WITNESS = new URL('../resident.mjs', import.meta.url).href;
const ROUNDS = 2;

export async function measure(): Promise<Found[]> {
  const folder = mkdtempSync(join(tmpdir(), 'copyless-bench-'));
  const walls: number[] = [];
  const peaks: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const file = join(folder, `resident-${round}`);
      const env = { ...process.env, COPYLESS_RESIDENT: file, NODE_OPTIONS: `--import=${WITNESS}` };
      const began = performance.now();
      const child = spawn('npm', ['run', '-s', 'simulate'], { cwd: ROOT, env, stdio: 'ignore' });
      const [code] = (await once(child, 'exit')) as [number | null];
      walls.push((performance.now() - began) / 1000);
      if (code !== 0) throw new Error(`npm run simulate ended with ${code}`);
      peaks.push(Math.max(...readFileSync(file, 'utf8').trim().split('\n').map(Number)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    { measured: Math.min(...walls), limit: null },
    { measured: median(peaks) / 1024, limit: null },
  ];
}
