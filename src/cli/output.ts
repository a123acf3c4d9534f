// Writing results: stdout carries the result and nothing else, files appear whole or not at all.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../stdx/input-error.ts';

/** A result was there and could not be put where it was wanted: exit status 5. */
export class OutputError extends Error {
  override name = 'OutputError';
}

export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OutputError(`${file}: could not be written (${code ?? message}), expected a writable place, hint: choose another with --out or --json FILE`);
  }
}

/** Before anything runs: can there be a file at all? */
export function refuseUnwritable(file: string): void {
  const probe = `${file}.${process.pid}.probe`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError({ file }, `cannot be written (${code})`, 'a writable place', 'nothing was run; choose another path');
  }
}

/** Waits until stdout has taken the text: a pipe may be slow, and the process must not end before it. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error) => {
      const { code } = (error ?? {}) as NodeJS.ErrnoException;
      if (!error || code === 'EPIPE') resolve();
      else reject(new OutputError(`stdout: could not be written (${code})`));
    });
  });
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A line that overwrites itself, on a terminal only. */
export function progress(text: string): void {
  if (process.stderr.isTTY && !process.env['CI']) process.stderr.write(`\r\x1b[2K${text}`);
}
export function progressEnds(): void {
  progress('');
}
