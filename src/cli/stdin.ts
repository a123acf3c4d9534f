// Standard input can be read once: as a scenario, a topology, or a trace, which is laid down in a temporary file because
// every protocol replays it from its beginning.
import { copyFileSync, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../stdx/input-error.ts';
import { makeFolder, OutputError } from './output.ts';

/** More than any scenario or topology: a pipe may have no end. */
const TEXT_BYTES_MAX = 1 << 20;

export class Stdin {
  private taken: string | null = null;
  private folder: string | null = null;
  private fetched = '';

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
  /** Reads it as text, ahead of whoever asks for it with `text`. */
  async fetch(what: string): Promise<void> {
    this.take(what);
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
        length += chunk.length;
        chunks.push(chunk);
        if (length > TEXT_BYTES_MAX) break;
      }
    } catch (error) {
      throw unreadable(what, (error as NodeJS.ErrnoException).code);
    }
    if (length > TEXT_BYTES_MAX) {
      const expected = `a ${what} of at most 1 MiB`;
      throw new InputError({ file: 'stdin' }, 'more than 1 MiB', expected, 'traces are given with --trace -');
    }
    this.fetched = Buffer.concat(chunks).toString('utf8');
  }
  text(): string {
    return this.fetched;
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
      makeFolder(folder);
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

function unreadable(what: string, code: string | undefined): InputError {
  return new InputError({ file: 'stdin' }, `cannot be read (${code})`, `the ${what}`, 'give it as a file');
}
