// Writing results: stdout carries the result and nothing else, files appear whole or not at all.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InputError, printable } from '../stdx/input-error.ts';

/** A result was there and could not be put where it was wanted: exit status 5. */
export class OutputError extends Error {
  override name = 'OutputError';

  constructor(
    where: string,
    error: unknown,
    expected = 'a writable place',
    hint = 'choose another with --out or --json FILE',
  ) {
    const { code, message } = error as NodeJS.ErrnoException;
    super(
      printable(`${where}: could not be written (${code ?? message}), expected ${expected}, hint: ${hint}`),
    );
  }
}

/** Something that takes bytes and is no file, such as a pipe: there is nothing to put in place of it. */
function isDevice(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

/**
 * Makes a folder and those above it, one by one: Node's own recursive mkdir never returns where the kernel refuses with
 * ENOENT, as below /proc. @returns the topmost folder that was made, if any
 */
export function makeFolder(folder: string): string | undefined {
  if (existsSync(folder)) return undefined;
  const above = dirname(folder);
  const made = above === folder ? undefined : makeFolder(above);
  mkdirSync(folder);
  return made ?? folder;
}

/** @param content what is larger than a call takes comes in pieces */
export function writeWhole(file: string, content: string | readonly Uint8Array[], hint?: string): void {
  const temporary = `${file}.${process.pid}.part`;
  try {
    makeFolder(dirname(file));
    if (isDevice(file)) {
      put(file, content);
      return;
    }
    put(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    // Not even the attempt to clean up may hide what went wrong.
    try {
      rmSync(temporary, { force: true });
    } catch {}
    throw new OutputError(file, error, undefined, hint);
  }
}

function put(file: string, content: string | readonly Uint8Array[]): void {
  if (typeof content === 'string') return writeFileSync(file, content);
  const destination = openSync(file, 'w');
  try {
    for (const piece of content) writeFileSync(destination, piece);
  } finally {
    closeSync(destination);
  }
}

/** Before anything runs: can there be a file at all? Leaves nothing behind. */
export function refuseUnwritable(file: string): void {
  const refuse = (what: string): never => {
    throw new InputError(
      { file: file || '""' },
      what,
      'a writable place',
      'nothing was run; choose another path',
    );
  };
  const folder = resolve(dirname(file));
  const probe = `${file}.${process.pid}.probe`;
  let made: string | undefined;
  try {
    if (isDevice(file)) return accessSync(file, constants.W_OK);
    if (file === '' || statSync(file, { throwIfNoEntry: false })?.isDirectory())
      return refuse('is no file name');
    made = makeFolder(folder);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    if (error instanceof InputError) throw error;
    refuse(`cannot be written (${(error as NodeJS.ErrnoException).code})`);
  } finally {
    if (made !== undefined) removeEmpty(folder, made);
  }
}

/** The folders from `last` up to `first`, which were made for a probe. */
function removeEmpty(last: string, first: string): void {
  for (let folder = last; folder.length >= first.length; folder = dirname(folder)) rmdirSync(folder);
}

/** Waits until stdout has taken the text: a pipe may be slow, and the process must not end before it. */
export function print(text: string): Promise<void> {
  return new Promise((done, reject) => {
    process.stdout.write(`${text}\n`, (error) => {
      // A reader that went away (`| head`) has what it wanted.
      if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') done();
      else reject(new OutputError('stdout', error));
    });
  });
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Where words for people go: to stdout, or beside it where `--json` has that. */
export function sayer(json: string | boolean | undefined): (text: string) => Promise<void> {
  return json === true ? (text) => Promise.resolve(note(text)) : print;
}

/**
 * Nothing is lost when a file cannot be written: what is in it is on the screen, and that it could not is a smaller thing
 * than what the result says.
 * @returns whether it could be written; if not, that is said
 */
export async function attempted(write: () => Promise<void> | void): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    progressEnds();
    note(`copyless: ${error.message}`);
    return false;
  }
}

const overwrites = (): boolean => process.stderr.isTTY && !process.env['CI'];

/** A line that overwrites itself, on a terminal only. */
export function progress(text: string): void {
  if (overwrites()) process.stderr.write(`\r\x1b[2K${cut(text, process.stderr.columns)}`);
}

/** What does not fit into a row would go on in the next, which nothing clears. A terminal may not say how wide it is. */
export function cut(text: string, columns: number | undefined): string {
  return columns ? text.slice(0, Math.max(0, columns - 1)) : text;
}

export function progressEnds(): void {
  progress('');
}

/** Between two lines of progress where they do not overwrite one another. */
const LINE_MS = 10_000;

/** Progress of what takes minutes: on a terminal as ever, elsewhere a line now and then; with how long it will take. */
export class SlowProgress {
  private readonly clockMs: () => number;
  private readonly write: (text: string) => void;
  private readonly began: number;
  private last: number;

  constructor(clockMs = () => performance.now(), write = overwrites() ? progress : note) {
    this.clockMs = clockMs;
    this.write = write;
    this.began = this.last = clockMs();
  }
  /** @param done part of the whole, 0 to 1; 0: nobody knows */
  say(text: string, done = 0): void {
    const now = this.clockMs();
    if (this.write !== progress && now - this.last < LINE_MS) return;
    this.last = now;
    const leftS = done > 0 ? Math.round(((now - this.began) * (1 / done - 1)) / 1000) : 0;
    const left = leftS < 100 ? `${leftS} s` : `${Math.round(leftS / 60)} min`;
    this.write(done > 0 && done < 1 ? `${text}, about ${left} left` : text);
  }
}
