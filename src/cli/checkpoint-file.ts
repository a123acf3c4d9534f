// A search's checkpoint as a file: a line that says which program wrote it, how long its parts are and what their bytes add up
// to, then the parts. It may have been cut off, damaged or written by another version; what would then be gone on with is no
// search of this program's. The parts go out and come in by pieces: a large search is more than one call takes.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Checkpoint } from '../runtime/check/search.ts';
import { InputError } from '../stdx/input-error.ts';
import { attempted, OutputError, refuseUnwritable, writeWhole } from './output.ts';
import { TOOL } from './version.ts';

const HEAD_MAX = 200;
const HEAD = /^checkpoint of .+, crc32 [\da-f]+ of (\d+) (\d+) (\d+) (\d+) bytes\n$/;
/** The system takes and gives less than 2 GiB at a time. */
const PIECE_BYTES = 1 << 30;

/** @returns undefined where there is no such file, and there can be one */
export function readCheckpoint(file: string, pieceBytes = PIECE_BYTES): Checkpoint | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    // Of a device there may be no end.
    if (stats !== undefined)
      return stats.isFile() ? checkpointIn(file, pieceBytes) : refuse(file, 'is no checkpoint');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    refuse(file, `cannot be read (${code})`);
  }
  refuseUnwritable(file);
  return undefined;
}

/** Written beside and renamed: a kill leaves the one before. A full disk or memory is told, and costs the checkpoint only. */
export function wroteCheckpoint(
  file: string,
  save: () => Checkpoint,
  pieceBytes = PIECE_BYTES,
): Promise<boolean> {
  return attempted(() => {
    const parts = partsOf(file, save);
    const pieces = parts.flatMap((part) => [...piecesOf(part, pieceBytes)]);
    writeWhole(file, [Buffer.from(headOf(parts, pieceBytes)), ...pieces], HINT);
  });
}
const HINT = 'name another place with --checkpoint';

function partsOf(file: string, save: () => Checkpoint): Uint8Array[] {
  try {
    const { header, keys, parents, learned } = save();
    const words = [keys, parents, learned].map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
    return [Buffer.from(JSON.stringify(header)), ...words];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OutputError(file, error, 'memory for a copy of the search', 'leave --checkpoint out');
  }
}

function headOf(parts: readonly Uint8Array[], pieceBytes: number): string {
  const lengths = parts.map((part) => part.length).join(' ');
  let sum = crc32(lengths);
  for (const part of parts) for (const piece of piecesOf(part, pieceBytes)) sum = crc32(piece, sum);
  return `checkpoint of ${TOOL}, crc32 ${sum.toString(16)} of ${lengths} bytes\n`;
}

function* piecesOf(part: Uint8Array, pieceBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < part.length; at += pieceBytes) yield part.subarray(at, at + pieceBytes);
}

/** What its first line does not say to be ours is not read any further, whatever its size. */
function checkpointIn(file: string, pieceBytes: number): Checkpoint {
  const source = openSync(file, 'r');
  try {
    const first = Buffer.alloc(HEAD_MAX);
    const length = first.subarray(0, readSync(source, first)).indexOf('\n') + 1;
    const head = first.toString('utf8', 0, length);
    if (!head.startsWith('checkpoint of ')) refuse(file, 'is no checkpoint');
    const lengths = (HEAD.exec(head) ?? []).slice(1).map(Number);
    const end = lengths.reduce((sum, bytes) => sum + bytes, length);
    if (lengths.length === 0 || end !== fstatSync(source).size) return refuse(file, DAMAGED);
    const parts = lengths.map((bytes) => new Uint8Array(bytes));
    let position = length;
    for (const part of parts) {
      for (let at = 0, count = 1; count > 0 && at < part.length; at += count)
        count = readSync(source, part, at, Math.min(pieceBytes, part.length - at), position + at);
      position += part.length;
    }
    // What was cut off meanwhile adds up to something else as well.
    if (head !== headOf(parts, pieceBytes)) return refuse(file, DAMAGED);
    const [header, keys, parents, learned] = parts.map(({ buffer }) => buffer) as [
      ArrayBuffer,
      ArrayBuffer,
      ArrayBuffer,
      ArrayBuffer,
    ];
    return {
      header: JSON.parse(Buffer.from(header).toString()) as Checkpoint['header'],
      keys: new Int32Array(keys),
      parents: new Int32Array(parents),
      learned: new Int32Array(learned),
    };
  } finally {
    closeSync(source);
  }
}
const DAMAGED = 'is a checkpoint that was damaged, or is of another version';

function refuse(file: string, what: string): never {
  const expected = `a file that check --checkpoint of ${TOOL} wrote`;
  throw new InputError({ file }, what, expected, 'remove it, or name another');
}
