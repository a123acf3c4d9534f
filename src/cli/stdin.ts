// Standard input can be read once: as a scenario, a topology, or a trace, which is laid down in a temporary file because
// every protocol replays it from its beginning.
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../stdx/input-error.ts';

export class Stdin {
  private taken: string | null = null;
  private folder: string | null = null;

  private take(what: string): void {
    if (this.taken !== null) {
      throw new InputError({ file: '-' }, `standard input is ${this.taken} already`, 'one use of it', `give the ${what} as a file`);
    }
    this.taken = `the ${what}`;
  }
  text(what: string): string {
    this.take(what);
    return readFileSync(0, 'utf8');
  }
  /** @returns path of a file that holds what came in; `release` removes it */
  async spool(what: string): Promise<string> {
    this.take(what);
    this.folder = mkdtempSync(join(tmpdir(), 'copyless-'));
    const file = join(this.folder, 'stdin');
    await pipeline(process.stdin, createWriteStream(file));
    return file;
  }
  release(): void {
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
