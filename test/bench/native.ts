// Native limits: a small C program, compiled on the spot into a folder of its own, that measures what it is told to, a line a
// time, so that its measurements can stand between ours. Where there is no compiler there are no native limits.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('native/limits.c', import.meta.url));

/** @returns the compiled program, or null where no compiler makes one */
export function compileNative(): { program: string; remove: () => void } | null {
  const folder = mkdtempSync(join(tmpdir(), 'copyless-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const program = join(folder, 'limits');
  for (const compiler of ['cc', 'gcc', 'clang']) {
    const { status } = spawnSync(compiler, ['-O3', '-march=native', '-pthread', '-o', program, SOURCE]);
    if (status === 0) return { program, remove };
  }
  remove();
  return null;
}

/** A running program of limits, or none. */
export class Native {
  private readonly child: ChildProcess | null;
  private readonly lines: Interface | null;

  constructor(program: string | undefined) {
    this.child = program === undefined ? null : spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = this.child ? createInterface({ input: this.child.stdout! }) : null;
  }
  get isThere(): boolean {
    return this.child !== null;
  }
  /** Has it measure. @returns the figure it answers, NaN where there is no program */
  async ask(...command: readonly (string | number)[]): Promise<number> {
    if (!this.child || !this.lines) return NaN;
    const answer = once(this.lines, 'line');
    this.child.stdin!.write(`${command.join(' ')}\n`);
    const [line] = (await answer) as [string];
    const figure = Number(line);
    if (Number.isNaN(figure)) throw new Error(`limits ${command.join(' ')}: ${line}`);
    return figure;
  }
  end(): void {
    this.child?.stdin!.end();
  }
}
