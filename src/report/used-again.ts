// The memory of a thread's last world, for its next one. A world that is thrown away is no memory of the heap's, but the
// collector goes through the whole heap to be rid of it: of an ensemble of small runs it did so every few of them, on the
// cores that the runs want.

/** What is longer is made anew each time: to zero it is to touch it, also where no run ever would. */
const LONGEST = 1 << 25;

export class UsedAgain {
  private kept = new ArrayBuffer(0);

  /** So many bytes, all zero. Those that were given out before are given up. */
  take(bytes: number): ArrayBuffer {
    if (bytes > LONGEST) return new ArrayBuffer(bytes);
    if (this.kept.byteLength === bytes) new Uint8Array(this.kept).fill(0);
    else this.kept = new ArrayBuffer(bytes);
    return this.kept;
  }
}
