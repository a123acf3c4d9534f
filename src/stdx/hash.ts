// A 64-bit running hash over 32-bit words, in two independent 32-bit lanes (murmur3's mixers). For telling traces apart,
// not for security.

/** The first lane after a word. */
function first(a: number, word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return (Math.imul(a ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593), 5) + 0xe6546b64) | 0;
}
/** The second, which looks at the first as it is by then. */
function second(b: number, word: number, a: number): number {
  const mixed = Math.imul(word ^ a, 0x85ebca6b);
  return (Math.imul(b ^ ((mixed << 13) | (mixed >>> 19)), 0xc2b2ae35) + word) | 0;
}

export class RunningHash {
  private a = 0x9e3779b9 | 0;
  private b = 0x7f4a7c15 | 0;
  private readonly float = new Float64Array(1);
  private readonly floatWords = new Int32Array(this.float.buffer);

  int(word: number): void {
    const a = first(this.a, word);
    this.b = second(this.b, word, a);
    this.a = a;
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
    this.float[0] = value;
    const w7 = this.floatWords[0]!;
    const w8 = this.floatWords[1]!;
    let { a, b } = this;
    a = first(a, w0);
    b = second(b, w0, a);
    a = first(a, w1);
    b = second(b, w1, a);
    a = first(a, w2);
    b = second(b, w2, a);
    a = first(a, w3);
    b = second(b, w3, a);
    a = first(a, w4);
    b = second(b, w4, a);
    a = first(a, w5);
    b = second(b, w5, a);
    a = first(a, w6);
    b = second(b, w6, a);
    a = first(a, w7);
    b = second(b, w7, a);
    a = first(a, w8);
    this.b = second(b, w8, a);
    this.a = a;
  }
  double(value: number): void {
    this.float[0] = value;
    this.int(this.floatWords[0]!);
    this.int(this.floatWords[1]!);
  }
  text(value: string): this {
    for (let i = 0; i < value.length; i++) this.int(value.charCodeAt(i));
    this.int(value.length);
    return this;
  }
  /** 16 hex digits. */
  digest(): string {
    const hex = (lane: number) => {
      let h = lane ^ (lane >>> 16);
      h = Math.imul(h, 0x85ebca6b);
      h ^= h >>> 13;
      return (Math.imul(h, 0xc2b2ae35) >>> 0).toString(16).padStart(8, '0');
    };
    return hex(this.a) + hex(this.b);
  }
}
