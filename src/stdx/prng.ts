// Seeded chance. sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state in four Int32 words of a caller's array, so
// that the state of an actor's stream lies in the world buffer like the rest of it. Integers only: no rounding to differ.

/** Words of state that a stream takes. */
export const PRNG_WORDS = 4;

export class Prng {
  private readonly words: Int32Array;
  private readonly base: number;

  /** The stream whose state is the four words of `words` from `base` on; `seed` them once. */
  constructor(words: Int32Array = new Int32Array(PRNG_WORDS), base = 0) {
    this.words = words;
    this.base = base;
  }

  /** Starts the stream of (`seed`, `stream`). Two streams of one seed are independent for our purposes. */
  seed(seed: number, stream = 0): this {
    const { words, base } = this;
    words[base] = seed | 0;
    words[base + 1] = Math.imul(stream + 1, 0x9e3779b9);
    words[base + 2] = (seed / 0x1_0000_0000) | 0;
    words[base + 3] = 1;
    for (let warmUp = 0; warmUp < 12; warmUp++) this.next();
    return this;
  }

  /** The next 32 bits, as an unsigned integer. */
  next(): number {
    const { words, base } = this;
    const a = words[base]!;
    const b = words[base + 1]!;
    const c = words[base + 2]!;
    const counter = words[base + 3]!;
    const result = (((a + b) | 0) + counter) | 0;
    words[base + 3] = (counter + 1) | 0;
    words[base] = b ^ (b >>> 9);
    words[base + 1] = (c + (c << 3)) | 0;
    words[base + 2] = ((c << 21) | (c >>> 11)) + result;
    return result >>> 0;
  }

  /** An integer in [0, `bound`), `bound` >= 1. The bias, below bound / 2^32, is accepted for its single multiplication. */
  below(bound: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * bound);
  }

  /** True with probability `numerator` / `denominator`. */
  chance(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator;
  }
}
