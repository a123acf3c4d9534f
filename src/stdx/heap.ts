// A binary heap of (key, sequence, payload) in typed arrays. Equal keys leave in order of sequence: that tie-break is what
// makes a replay exact. An entry on its way up or down is held aside and written once, where it comes to rest.

export class Heap {
  private keys = new Float64Array(256);
  private sequences = new Float64Array(256);
  private payloads = new Int32Array(256);
  private size = 0;
  /** Of the last `pop`. */
  key = 0;
  sequence = 0;

  get length(): number {
    return this.size;
  }
  /** Key of the next `pop`. */
  get least(): number {
    return this.size === 0 ? Infinity : this.keys[0]!;
  }

  private grow(): void {
    const more = <T extends Float64Array | Int32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.keys = more(this.keys, new Float64Array(this.size * 2));
    this.sequences = more(this.sequences, new Float64Array(this.size * 2));
    this.payloads = more(this.payloads, new Int32Array(this.size * 2));
  }

  push(key: number, sequence: number, payload: number): void {
    if (this.size === this.keys.length) this.grow();
    const { keys, sequences, payloads } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const parentKey = keys[parent]!;
      if (parentKey < key || (parentKey === key && sequences[parent]! < sequence)) break;
      keys[at] = parentKey;
      sequences[at] = sequences[parent]!;
      payloads[at] = payloads[parent]!;
      at = parent;
    }
    keys[at] = key;
    sequences[at] = sequence;
    payloads[at] = payload;
  }

  /** Takes the least entry out. @returns its payload, or -1 when the heap is empty */
  pop(): number {
    if (this.size === 0) return -1;
    const { keys, sequences, payloads } = this;
    this.key = keys[0]!;
    this.sequence = sequences[0]!;
    const least = payloads[0]!;
    const size = --this.size;
    if (size === 0) return least;
    const key = keys[size]!;
    const sequence = sequences[size]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      let childKey = keys[child]!;
      const right = child + 1;
      if (right < size) {
        const rightKey = keys[right]!;
        if (rightKey < childKey || (rightKey === childKey && sequences[right]! < sequences[child]!)) {
          child = right;
          childKey = rightKey;
        }
      }
      if (key < childKey || (key === childKey && sequence < sequences[child]!)) break;
      keys[at] = childKey;
      sequences[at] = sequences[child]!;
      payloads[at] = payloads[child]!;
      at = child;
    }
    keys[at] = key;
    sequences[at] = sequence;
    payloads[at] = payloads[size]!;
    return least;
  }
}
