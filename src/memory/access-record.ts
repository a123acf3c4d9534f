// What the shared access of a step was: to which word, what it found and what it left. Where each step makes one access, this
// is all that a step can learn of the others while it runs, and all that they can learn of it: what a recorded run is
// explained by.

/** What is known of an access. */
export const access = { found: 1, left: 2 } as const;
/** An access to more than a word, or none. */
export const NO_PLACE = -1;

export class AccessRecord {
  /** Accesses of this step. */
  count = 0;
  /** Word of the world's buffer. */
  place = NO_PLACE;
  known = 0;
  found = 0;
  left = 0;

  /** A step begins. */
  begin(): void {
    this.count = 0;
    this.place = NO_PLACE;
    this.known = 0;
    this.found = 0;
    this.left = 0;
  }
  touch(column: Int32Array | undefined, index: number): void {
    this.count++;
    this.place = column === undefined ? NO_PLACE : column.byteOffset / 4 + index;
  }
  /** What an access finds after it has changed the word itself is its own doing. */
  find(value: number): void {
    if ((this.known & access.left) !== 0) return;
    this.known |= access.found;
    this.found = value;
  }
  leave(value: number): void {
    this.known |= access.left;
    this.left = value;
  }
}
