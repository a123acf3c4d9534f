// Lays the world out. Everything that outlives a handler is a column that was taken from one arena, in one fixed order,
// before the first step: walked once without a buffer to learn the size, and again over the buffer in every thread.

const LINE_BYTES = 64;

/** From so many values on a column is as narrow as they are. */
const NARROW_FROM = 1 << 16;
export type Column = Int32Array | Uint16Array | Uint8Array;

export class Arena {
  private readonly buffer: ArrayBuffer | SharedArrayBuffer | null;
  private offset = 0;
  /** Whose the columns are that are taken next: for a checker, which copies and compares them by owner. */
  owner = 'world';
  /** Told of every column. */
  onTake: ((owner: string, column: Int32Array) => void) | null = null;

  /** @param buffer zeroed, at least `bytes` of a measuring walk long; null to measure only */
  constructor(buffer: ArrayBuffer | SharedArrayBuffer | null) {
    this.buffer = buffer;
  }

  /** Whether other threads may have the buffer too. */
  get isShared(): boolean {
    return this.buffer instanceof SharedArrayBuffer;
  }
  /** Bytes taken so far. */
  get bytes(): number {
    return this.offset;
  }

  /** Columns begin on a cache line of their own, so that two actors' columns never share one. */
  private take(bytes: number): number {
    const start = this.offset;
    this.offset = Math.ceil((start + bytes) / LINE_BYTES) * LINE_BYTES;
    return start;
  }
  int32(length: number): Int32Array {
    const start = this.take(length * 4);
    if (!this.buffer) return EMPTY_INT32;
    const column = new Int32Array(this.buffer, start, length);
    this.onTake?.(this.owner, column);
    return column;
  }
  /** A column of values from 0 to `most`: a long one takes no more bytes than they need. */
  upTo(most: number, length: number): Column {
    if (length < NARROW_FROM || most > 0xffff) return this.int32(length);
    const start = this.take(length * (most > 0xff ? 2 : 1));
    if (!this.buffer) return EMPTY_INT32;
    return most > 0xff
      ? new Uint16Array(this.buffer, start, length)
      : new Uint8Array(this.buffer, start, length);
  }
  float64(length: number): Float64Array {
    const start = this.take(length * 8);
    return this.buffer ? new Float64Array(this.buffer, start, length) : EMPTY_FLOAT64;
  }
  /** Bytes as a Buffer, whose partial copies are the fastest native copies Node has. */
  pages(length: number): Buffer {
    const start = this.take(length);
    return this.buffer ? Buffer.from(this.buffer, start, length) : Buffer.alloc(0);
  }
}

const EMPTY_INT32 = new Int32Array(0);
const EMPTY_FLOAT64 = new Float64Array(0);
