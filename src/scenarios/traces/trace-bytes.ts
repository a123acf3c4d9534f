// The bytes of a trace: plain or gzip (told by content, not by name), from a file or from standard input. What a gzip may
// unpack to is bounded, and counted while it is unpacked.

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { present } from '../../stdx/assert.ts';
import { InputError } from '../../stdx/input-error.ts';

export interface TraceBytesOptions {
  /** Path, or `-` for `stdin`. */
  file: string;
  stdin?: Readable | undefined;
  /** Bytes a gzip may unpack to. Given explicitly, it also replaces the limit on the ratio. */
  maxBytes?: number | undefined;
}

const CHUNK_BYTES = 1 << 18;
const UNPACKED_BYTES = 4 * 2 ** 30;
const UNPACKED_RATIO = 200;
/** Below this the ratio says nothing: a short loop's trace packs as well as a bomb does. */
const RATIO_FREE_BYTES = 16 << 20;

/** What becomes of a chunk after the next one has been asked for. */
interface Chunks {
  /** Somebody may still look at it; else it is written over. */
  areKept: boolean;
}

/** The bytes of the trace, unpacked where they are a gzip. A chunk holds until the next one is asked for. */
export async function* traceBytes(options: TraceBytesOptions): AsyncGenerator<Buffer> {
  const { file, stdin, maxBytes } = options;
  const chunks: Chunks = { areKept: true };
  const raw = file === '-' ? streamBytes(present(stdin, "stdin, which '-' names")) : fileBytes(file, chunks);
  try {
    // Standard input may deliver single bytes; the magic takes two.
    let head: Buffer = Buffer.alloc(0);
    while (head.length < 2) {
      const next = await raw.next();
      if (next.done) break;
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    }
    const all = prepend(head, raw);
    const isPacked = head[0] === 0x1f && head[1] === 0x8b;
    // What unpacks holds on to chunks; who reads plain text is done with one before it asks for another.
    chunks.areKept = isPacked;
    if (isPacked) yield* unpacked(file === '-' ? 'stdin' : file, all, maxBytes);
    else yield* all;
  } finally {
    // After an error in mid-stream a read of standard input may be pending, and `return` queues behind it.
    if (file === '-') stdin?.destroy();
    await raw.return(undefined);
  }
}

/** Throws what opening `file` would throw, before anything has been started; and of a pipe, which every run would open. */
export function assertTraceFile(file: string): void {
  let stats: Stats;
  try {
    accessSync(file, constants.R_OK);
    stats = statSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
  if (stats.isDirectory()) throw unreadable(file, { code: 'EISDIR' });
  if (stats.isFIFO())
    throw new InputError(
      { file },
      'this is a pipe, which can be read only once',
      'a file: every run reads the trace from its beginning',
      "give '-' and the trace on standard input, or write it to a file",
    );
}

async function* prepend(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* streamBytes(stream: Readable): AsyncGenerator<Buffer> {
  if (stream.destroyed || stream.readableEnded) {
    throw new InputError(
      { file: 'stdin' },
      'standard input has been read already',
      'one reader of it',
      'save the trace to a file, and give that',
    );
  }
  for await (const chunk of stream) yield chunk as Buffer;
}

async function* fileBytes(file: string, chunks: Chunks): AsyncGenerator<Buffer> {
  assertTraceFile(file);
  const handle = await open(file);
  const read = (chunk: Buffer) => {
    const reading = handle.read(chunk, 0, CHUNK_BYTES, null);
    // Whoever asks for the chunk is told; nobody may ever ask.
    reading.catch(() => {});
    return reading;
  };
  // While one chunk is looked at the next is read; not from a device, which may never answer and must be closed all the same.
  const readsAhead = (await handle.stat()).isFile();
  let reading: ReturnType<typeof read> | null = null;
  let spare: Buffer | null = null;
  try {
    for (;;) {
      const done: { bytesRead: number; buffer: Buffer } = await (reading ?? read(spare ?? freshChunk()));
      if (done.bytesRead === 0) return;
      if (readsAhead) reading = read(spare ?? freshChunk());
      spare = null;
      yield done.buffer.subarray(0, done.bytesRead);
      if (!chunks.areKept) spare = done.buffer;
    }
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    await reading?.catch(() => {});
    await handle.close();
  }
}

const freshChunk = (): Buffer => Buffer.allocUnsafe(CHUNK_BYTES);

async function* unpacked(
  file: string,
  raw: AsyncGenerator<Buffer>,
  maxBytes: number | undefined,
): AsyncGenerator<Buffer> {
  const packed = Readable.from(raw);
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // Errors of either arrive in the loop below; the callback only keeps them from being uncaught.
  pipeline(packed, gunzip, () => {});
  let bytes = 0;
  try {
    for await (const chunk of gunzip) {
      bytes += (chunk as Buffer).length;
      const ratioMax = Math.max(RATIO_FREE_BYTES, UNPACKED_RATIO * gunzip.bytesWritten);
      const allowed = maxBytes ?? Math.min(UNPACKED_BYTES, ratioMax);
      if (bytes > allowed) throw bomb(file, allowed, gunzip.bytesWritten);
      yield chunk as Buffer;
    }
  } catch (error) {
    if (!codeOf(error).startsWith('Z_')) throw error;
    throw new InputError(
      { file },
      `the gzip is damaged or cut off (${(error as Error).message})`,
      'a complete gzip file',
      'check it with gzip -t, and record or copy it again',
    );
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

function bomb(file: string, allowed: number, packedBytes: number): InputError {
  return new InputError(
    { file },
    `the gzip unpacks to more than ${allowed} bytes from ${packedBytes}`,
    `${UNPACKED_BYTES} bytes and ${UNPACKED_RATIO}:1 at most, or what --max-bytes allows`,
    'raise --max-bytes if this is a trace and no zip bomb, or unpack it first',
  );
}

function unreadable(file: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const code = codeOf(error);
  const what =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EISDIR'
        ? 'this is a directory'
        : code === 'EACCES'
          ? 'the file may not be read'
          : `the file cannot be read (${code || String(error)})`;
  return new InputError(
    { file },
    what,
    'a lackey trace, plain or gzip',
    "check the path, or give '-' for standard input",
  );
}

function codeOf(error: unknown): string {
  const code = error !== null && typeof error === 'object' && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}
