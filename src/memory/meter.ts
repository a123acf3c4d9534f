// Counts accesses to shared words: those that another actor may write at the same time. A step may make one (Lipton: a
// handler with receives first, one such access, and sends last is atomic), and the simulated executor fails the run
// whose step makes two. What only the current custodian of a record may touch is not counted.

export class Meter {
  /** Shared accesses since the last `step`. */
  private accesses = 0;
  /** Most that any step made. */
  most = 0;
  /** Steps seen. */
  steps = 0;

  touch(): void {
    this.accesses++;
  }
  /** A step begins: what the last one did is judged. */
  step(): void {
    if (this.accesses > this.most) this.most = this.accesses;
    this.accesses = 0;
    this.steps++;
  }
}
