// A search's checkpoint as a file: a line that says which program wrote it and what its bytes add up to, then the search. It may
// have been cut off, damaged or written by another version; what would then be gone on with is no search of this program's.
import { readFileSync, statSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Checkpoint } from '../runtime/check/search.ts';
import { InputError } from '../stdx/input-error.ts';
import { attempted, refuseUnwritable, writeWhole } from './output.ts';
import { TOOL } from './version.ts';

const headOf = (body: Buffer) => Buffer.from(`checkpoint of ${TOOL}, crc32 ${crc32(body).toString(16)}\n`);
const HEAD_MAX = 200;

/** @returns undefined where there is no such file, and there can be one */
export function readCheckpoint(file: string): Checkpoint | undefined {
  const bytes = bytesIn(file);
  if (bytes === undefined) {
    refuseUnwritable(file);
    return undefined;
  }
  const end = bytes.subarray(0, HEAD_MAX).indexOf('\n') + 1;
  const body = bytes.subarray(end);
  if (end > 0 && bytes.subarray(0, end).equals(headOf(body))) return deserialize(body) as Checkpoint;
  const isOurs = bytes.subarray(0, end).toString('utf8').startsWith('checkpoint of ');
  return refuse(
    file,
    isOurs ? 'is a checkpoint that was damaged, or is of another version' : 'is no checkpoint',
  );
}

/** @returns undefined where there is no such file */
function bytesIn(file: string): Buffer | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    // Of a device there may be no end.
    return stats && (stats.isFile() ? readFileSync(file) : Buffer.alloc(0));
  } catch (error) {
    return refuse(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function refuse(file: string, what: string): never {
  const expected = `a file that check --checkpoint of ${TOOL} wrote`;
  throw new InputError({ file }, what, expected, 'remove it, or name another');
}

/** Written beside and renamed: a kill leaves the one before. A full disk is told, and costs the checkpoint only. */
export function wroteCheckpoint(file: string, checkpoint: Checkpoint): Promise<boolean> {
  const body = serialize(checkpoint);
  return attempted(() => writeWhole(file, Buffer.concat([headOf(body), body])));
}
