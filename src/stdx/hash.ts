// A 64-bit running hash over 32-bit words, in two independent 32-bit lanes (murmur3's mixers). For telling traces apart,
// not for security.

export class RunningHash {
  private a = 0x9e3779b9 | 0;
  private b = 0x7f4a7c15 | 0;
  private readonly float = new Float64Array(1);
  private readonly floatWords = new Int32Array(this.float.buffer);

  int(word: number): void {
    let a = Math.imul(word, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    this.a = (Math.imul(this.a ^ Math.imul(a, 0x1b873593), 5) + 0xe6546b64) | 0;
    let b = Math.imul(word ^ this.a, 0x85ebca6b);
    b = (b << 13) | (b >>> 19);
    this.b = (Math.imul(this.b ^ b, 0xc2b2ae35) + word) | 0;
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
