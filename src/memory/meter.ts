// Counts accesses to shared words: those that another actor may write at the same time. A step may make one (Lipton: a
// handler with receives first, one such access, and sends last is atomic), and the simulated executor fails the run
// whose step makes two. What only the current custodian of a record may touch is not counted.
//
// A witness, if there is one, is told which word the access is to, what it found there and what it left there.
import type { Witness } from './witness.ts';

export class Meter {
  /** Shared accesses since the last `step`. */
  private accesses = 0;
  /** Most that any step made. */
  most = 0;
  /** Steps seen. */
  steps = 0;
  witness: Witness | null = null;

  /** An access is about to be made, to the word at `index` of a column; left out where it is to more than a word. */
  touch(column?: Int32Array, index = 0): void {
    this.accesses++;
    if (this.witness !== null) this.witness.touch(column, index);
  }
  /** What the access found; said again, the last word counts (a compare-exchange that was tried again). */
  found(value: number): void {
    if (this.witness !== null) this.witness.find(value);
  }
  /** What it left, where it changed anything. */
  left(value: number): void {
    if (this.witness !== null) this.witness.leave(value);
  }
  /** A step begins: what the last one did is judged. */
  step(): void {
    if (this.accesses > this.most) this.most = this.accesses;
    this.accesses = 0;
    this.steps++;
  }
}
