// Exact percentiles of whole nanoseconds: values are counted, not binned, since virtual time repeats itself.

export class Percentiles {
  private readonly counts = new Map<number, number>();
  private total = 0;

  add(value: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    this.total++;
  }
  get size(): number {
    return this.total;
  }
  /** The least value that at least `part` of all values do not exceed (nearest rank); 0 when there are none. */
  at(part: number): number {
    const rank = Math.ceil(part * this.total);
    let seen = 0;
    for (const value of [...this.counts.keys()].toSorted((a, b) => a - b)) {
      seen += this.counts.get(value)!;
      if (seen >= rank) return value;
    }
    return 0;
  }
}
