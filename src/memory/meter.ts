// Counts accesses to shared words: those that another actor may write at the same time. A step may make one (Lipton: a
// handler with receives first, one such access, and sends last is atomic), and the simulated executor fails the run
// whose step makes two. What only the current custodian of a record may touch is not counted.

/** What of the world is shared, for a checker that must know which of it a step has seen. */
export const shared = { other: 0, pageWords: 1, ept: 2, guestPageTable: 3, list: 4, bytes: 5 } as const;

export class Meter {
  /** What the last access was to; of `bytes` the locations, the second -1 where there is one. */
  what: number = shared.other;
  first = -1;
  second = -1;
  /** Locations whose state was looked at last. */
  handled = -1;
  handledToo = -1;
  /** Shared accesses since the last `step`. */
  private accesses = 0;
  /** Most that any step made. */
  most = 0;
  /** Steps seen. */
  steps = 0;

  touch(what: number = shared.other, first = -1, second = -1): void {
    this.what = what;
    this.first = first;
    this.second = second;
    this.accesses++;
  }
  /** The state and header of a location are looked at by whoever has it in custody: no shared access. */
  handle(location: number, other = -1): void {
    this.handled = location;
    this.handledToo = other;
  }
  /** Nothing has been seen yet. */
  forget(): void {
    this.what = shared.other;
    this.first = this.second = this.handled = this.handledToo = -1;
  }
  /** A step begins: what the last one did is judged. */
  step(): void {
    if (this.accesses > this.most) this.most = this.accesses;
    this.accesses = 0;
    this.steps++;
  }
}
