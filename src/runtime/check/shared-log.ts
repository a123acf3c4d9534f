// Rows of words that several threads tell each other: written once, in memory that all of them see, and read by each at its own pace.

/** Int32 words for all rows, 64 MiB; what was never written to takes no memory. */
const WORDS = 2 ** 24;

export class SharedLog {
  /** Word 0: where the next row goes. Each is behind its length, which is written last. */
  private readonly words: Int32Array;
  /** How far it has been read here. */
  private at = 1;

  constructor(shared: SharedArrayBuffer) {
    this.words = new Int32Array(shared);
    Atomics.compareExchange(this.words, 0, 0, 1);
  }
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * 4);
  }

  /** @returns whether there was room for it */
  put(row: readonly number[]): boolean {
    const { words } = this;
    if (Atomics.load(words, 0) >= words.length) return false;
    const at = Atomics.add(words, 0, row.length + 1);
    if (at + row.length >= words.length) return false;
    words.set(row, at + 1);
    Atomics.store(words, at, row.length);
    return true;
  }
  /** The next row, by whomever, of one word or more; null: there is none yet. */
  next(): Int32Array | null {
    const { words, at } = this;
    const length = at < words.length ? Atomics.load(words, at) : 0;
    if (length === 0) return null;
    this.at += length + 1;
    return words.subarray(at + 1, at + 1 + length);
  }
}
