// A 64-bit running hash over 32-bit words, in two independent 32-bit lanes (murmur3's mixers). For telling traces apart,
// not for security.

/** Words of a record, and of as many records as are hashed at a time. */
const RECORD = 9;
const BATCH = 256 * RECORD;

export class RunningHash {
  private a = 0x9e3779b9 | 0;
  private b = 0x7f4a7c15 | 0;
  private readonly float = new Float64Array(1);
  private readonly floatWords = new Int32Array(this.float.buffer);
  /** Records that are not hashed yet. A batch in one loop takes two fifths of the time of as many records alone. */
  private batch = new Int32Array(0);
  private waiting = 0;

  int(word: number): void {
    this.settle();
    this.floatWords[0] = word;
    this.mix(this.floatWords, 1);
  }
  words(words: Int32Array): void {
    this.settle();
    this.mix(words, words.length);
  }
  /** Seven words and a double, as so many calls of `int` and one of `double`: for what is hashed millions of times. */
  record(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    w4: number,
    w5: number,
    w6: number,
    value: number,
  ): void {
    if (this.waiting === this.batch.length) this.nextBatch();
    const { batch, floatWords } = this;
    const at = this.waiting;
    this.waiting = at + RECORD;
    this.float[0] = value;
    batch[at] = w0;
    batch[at + 1] = w1;
    batch[at + 2] = w2;
    batch[at + 3] = w3;
    batch[at + 4] = w4;
    batch[at + 5] = w5;
    batch[at + 6] = w6;
    batch[at + 7] = floatWords[0]!;
    batch[at + 8] = floatWords[1]!;
  }
  private nextBatch(): void {
    if (this.batch.length === 0) this.batch = new Int32Array(BATCH);
    this.settle();
  }
  private settle(): void {
    if (this.waiting === 0) return;
    this.mix(this.batch, this.waiting);
    this.waiting = 0;
  }
  /** Both lanes in registers; the second looks at the first as it is by then. */
  private mix(words: Int32Array, count: number): void {
    let { a, b } = this;
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      let mixed = Math.imul(word, 0xcc9e2d51);
      a = (Math.imul(a ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593), 5) + 0xe6546b64) | 0;
      mixed = Math.imul(word ^ a, 0x85ebca6b);
      b = (Math.imul(b ^ ((mixed << 13) | (mixed >>> 19)), 0xc2b2ae35) + word) | 0;
    }
    this.a = a;
    this.b = b;
  }
  double(value: number): void {
    this.settle();
    this.float[0] = value;
    this.mix(this.floatWords, 2);
  }
  text(value: string): this {
    for (let i = 0; i < value.length; i++) this.int(value.charCodeAt(i));
    this.int(value.length);
    return this;
  }
  /** 16 hex digits. */
  digest(): string {
    this.settle();
    const hex = (lane: number) => {
      let h = lane ^ (lane >>> 16);
      h = Math.imul(h, 0x85ebca6b);
      h ^= h >>> 13;
      return (Math.imul(h, 0xc2b2ae35) >>> 0).toString(16).padStart(8, '0');
    };
    return hex(this.a) + hex(this.b);
  }
}
