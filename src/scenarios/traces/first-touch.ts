// Gives every page of a trace a number in order of first touch, so that addresses scattered over 2^53 bytes become the
// dense Gvpns of a guest.

/** There are as many pages as there may be. */
export const FULL = -1;

/** Numbers pages 0, 1, 2, ... in order of first touch: open addressing over {low 32 bits, high bits, number + 1}. */
export class FirstTouch {
  count = 0;
  private readonly max: number;
  private slots = new Int32Array(3 * 4096);
  private mask = 4095;

  constructor(max: number) {
    this.max = max;
  }

  /** The number of the page, a new one if it was never touched, or `FULL`. */
  number(low: number, high: number): number {
    const { slots, mask } = this;
    for (let slot = hash(low, high) & mask; ; slot = (slot + 1) & mask) {
      const numbered = slots[3 * slot + 2]!;
      if (numbered === 0) break;
      if (slots[3 * slot] === low && slots[3 * slot + 1] === high) return numbered - 1;
    }
    if (this.count === this.max) return FULL;
    if (2 * this.count > mask) this.grow();
    this.insert(low, high, ++this.count);
    return this.count - 1;
  }

  private insert(low: number, high: number, numbered: number): void {
    let slot = hash(low, high) & this.mask;
    while (this.slots[3 * slot + 2] !== 0) slot = (slot + 1) & this.mask;
    this.slots[3 * slot] = low;
    this.slots[3 * slot + 1] = high;
    this.slots[3 * slot + 2] = numbered;
  }

  private grow(): void {
    const old = this.slots;
    this.mask = 2 * this.mask + 1;
    this.slots = new Int32Array(3 * (this.mask + 1));
    for (let word = 0; word < old.length; word += 3) {
      if (old[word + 2] !== 0) this.insert(old[word]!, old[word + 1]!, old[word + 2]!);
    }
  }
}

function hash(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b9);
  return mixed ^ (mixed >>> 15);
}
