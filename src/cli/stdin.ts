// Standard input can be read once: as a scenario, a topology, or a trace, which is laid down in a temporary file because
// every protocol replays it from its beginning.
import { copyFileSync, createWriteStream, mkdirSync, mkdtempSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../stdx/input-error.ts';
import { OutputError } from './output.ts';

/** More than any scenario or topology: a pipe may have no end. */
const TEXT_BYTES_MAX = 1 << 20;

export class Stdin {
  private taken: string | null = null;
  private folder: string | null = null;

  private take(what: string): void {
    if (this.taken !== null) {
      const hint = `give the ${what} as a file`;
      throw new InputError(
        { file: 'stdin' },
        `standard input is ${this.taken} already`,
        'one use of -',
        hint,
      );
    }
    this.taken = `the ${what}`;
  }
  text(what: string): string {
    this.take(what);
    const text = Buffer.alloc(TEXT_BYTES_MAX + 1);
    let length = 0;
    for (;;) {
      const bytes = readSome(text, length, what);
      length += bytes;
      if (bytes === 0) return text.toString('utf8', 0, length);
      if (length <= TEXT_BYTES_MAX) continue;
      const expected = `a ${what} of at most 1 MiB`;
      throw new InputError({ file: 'stdin' }, 'more than 1 MiB', expected, 'traces are given with --trace -');
    }
  }
  /** @returns path of a file that holds what came in; `release` removes it */
  async spool(what: string): Promise<string> {
    this.take(what);
    let file = tmpdir();
    try {
      this.folder = mkdtempSync(join(file, 'copyless-'));
      file = join(this.folder, 'stdin');
      await pipeline(process.stdin, createWriteStream(file));
      return file;
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      if (syscall === 'write' || syscall === 'mkdtemp') throw new OutputError(file, error);
      throw unreadable(what, code);
    }
  }
  /** Whether a file is what `spool` laid down. */
  owns(file: string): boolean {
    return this.folder !== null && dirname(file) === this.folder;
  }
  /** Copies what `spool` laid down to where it stays. @returns its path there */
  keep(file: string, folder: string): string {
    const kept = join(folder, 'trace-from-stdin');
    try {
      mkdirSync(folder, { recursive: true });
      copyFileSync(file, kept);
    } catch (error) {
      throw new OutputError(kept, error);
    }
    return kept;
  }
  release(): void {
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @returns bytes read into `text` at `length`; 0 at the end */
function readSome(text: Buffer, length: number, what: string): number {
  for (;;) {
    try {
      return readSync(0, text, length, text.length - length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw unreadable(what, code);
      // A pipe that its other end made non-blocking: it has nothing yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function unreadable(what: string, code: string | undefined): InputError {
  return new InputError({ file: 'stdin' }, `cannot be read (${code})`, `the ${what}`, 'give it as a file');
}
