// A binary heap of (key, sequence, payload) in typed arrays. Equal keys leave in order of sequence: that tie-break is what
// makes a replay exact.

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

  private before(a: number, b: number): boolean {
    const ka = this.keys[a]!;
    const kb = this.keys[b]!;
    return ka < kb || (ka === kb && this.sequences[a]! < this.sequences[b]!);
  }
  private swap(a: number, b: number): void {
    const { keys, sequences, payloads } = this;
    const key = keys[a]!;
    keys[a] = keys[b]!;
    keys[b] = key;
    const sequence = sequences[a]!;
    sequences[a] = sequences[b]!;
    sequences[b] = sequence;
    const payload = payloads[a]!;
    payloads[a] = payloads[b]!;
    payloads[b] = payload;
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
    let at = this.size++;
    this.keys[at] = key;
    this.sequences[at] = sequence;
    this.payloads[at] = payload;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  /** Takes the least entry out. @returns its payload, or -1 when the heap is empty */
  pop(): number {
    if (this.size === 0) return -1;
    this.key = this.keys[0]!;
    this.sequence = this.sequences[0]!;
    const payload = this.payloads[0]!;
    this.size--;
    if (this.size > 0) this.swap(0, this.size);
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.size) return payload;
      const right = left + 1;
      const child = right < this.size && this.before(right, left) ? right : left;
      if (!this.before(child, at)) return payload;
      this.swap(child, at);
      at = child;
    }
  }
}
