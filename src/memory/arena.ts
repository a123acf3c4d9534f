// Lays the world out. Everything that outlives a handler is a column that was taken from one arena, in one fixed order,
// before the first step: walked once without a buffer to learn the size, and again over the buffer in every thread.

const LINE_BYTES = 64;

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
