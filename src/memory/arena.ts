// Lays the world out. Everything that outlives a handler is a column that was taken from one arena, in one fixed order,
// before the first step: walked once without a buffer to learn the size, and again over the buffer in every thread.
//
// A buffer of some size does not begin at a page of the machine, but behind the header of the allocator that Node takes it from
// (glibc's; a buffer cannot be asked for its address). Where that is another one, nothing depends on it but speed.

const HEADER_BYTES = 16;
const LINE_BYTES = 64;
const PAGE_BYTES = 4096;

/** From so many values on a column is as narrow as they are. */
const NARROW_FROM = 1 << 16;
export type Column = Int32Array | Uint16Array | Uint8Array;

export class Arena {
  private readonly buffer: ArrayBuffer | SharedArrayBuffer | null;
  /** Where the next column may begin: from the beginning of the header, a multiple of a line. */
  private next = LINE_BYTES;
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
    return this.next - HEADER_BYTES;
  }

  /** Columns begin on a cache line of their own, so that two actors' columns never share one. */
  private take(bytes: number, alignment = LINE_BYTES): number {
    const start = Math.ceil(this.next / alignment) * alignment;
    this.next = Math.ceil((start + bytes) / LINE_BYTES) * LINE_BYTES;
    return start - HEADER_BYTES;
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
  /**
   * Bytes as a Buffer, whose partial copies are the fastest native copies Node has; from a page of the machine on: a page of ours
   * that lies in two of them needs two translations.
   */
  pages(length: number): Buffer {
    const start = this.take(length, PAGE_BYTES);
    return this.buffer ? Buffer.from(this.buffer, start, length) : Buffer.alloc(0);
  }
}

const EMPTY_INT32 = new Int32Array(0);
const EMPTY_FLOAT64 = new Float64Array(0);
