// Counts accesses to shared words: those that another actor may write at the same time. A step may make one (Lipton: a
// handler with receives first, one such access, and sends last is atomic), and the simulated executor fails the run
// whose step makes two. What only the current custodian of a record may touch is not counted.
//
// Which word the access is to, what it found there and what it left there is noted only for those who ask: a checker, which
// forgets before each step what the last one touched, and a witness. A run that is only simulated pays one compare.
import { NOWHERE } from '../model/geometry.ts';
import type { AccessRecord } from './access-record.ts';

export class Meter {
  /** Shared accesses since the last `step`. */
  private accesses = 0;
  /** Most that any step made. */
  most = 0;
  /** Steps seen. */
  steps = 0;
  /** The word that was accessed last, where it was one; and the locations that were looked at or moved last. */
  column: Int32Array | undefined = undefined;
  index = 0;
  readonly locations: [number, number, number] = [NOWHERE, NOWHERE, NOWHERE];
  /** Whether anybody asks more than how many accesses there were. */
  private noting = false;
  private told: AccessRecord | null = null;

  set witness(witness: AccessRecord | null) {
    this.told = witness;
    if (witness !== null) this.noting = true;
  }
  get witness(): AccessRecord | null {
    return this.told;
  }

  /** An access is about to be made, to the word at `index` of a column; left out where it is to more than a word. */
  touch(column?: Int32Array, index = 0): void {
    this.accesses++;
    if (this.noting) this.note(column, index);
  }
  private note(column: Int32Array | undefined, index: number): void {
    this.column = column;
    this.index = index;
    if (this.told !== null) this.told.touch(column, index);
  }
  /** Whether each access must be told: then none may be made behind the meter's back, and counted by `series`. */
  get isNoting(): boolean {
    return this.noting;
  }
  /** As many steps as there were accesses, one in each; the first of the steps had begun, the last has not ended. */
  series(accesses: number): void {
    this.accesses++;
    if (accesses > 1) {
      if (this.accesses > this.most) this.most = this.accesses;
      this.accesses = 1;
      this.steps += accesses - 1;
    }
  }
  /** What the access found; said again, the last word counts (a compare-exchange that was tried again). */
  found(value: number): void {
    if (this.noting && this.told !== null) this.told.find(value);
  }
  /** What it left, where it changed anything. */
  left(value: number): void {
    if (this.noting && this.told !== null) this.told.leave(value);
  }
  /** The bytes, state or header of locations are touched by whoever has them in custody. */
  handle(first: number, second = NOWHERE, third = NOWHERE): void {
    if (!this.noting) return;
    this.locations[0] = first;
    this.locations[1] = second;
    this.locations[2] = third;
  }
  /** Nothing has been seen yet: for who wants to know what a step depends on, from here on. */
  forget(): void {
    this.noting = true;
    this.column = undefined;
    this.handle(NOWHERE);
  }
  /** A step begins: what the last one did is judged. */
  step(): void {
    if (this.accesses > this.most) this.most = this.accesses;
    this.accesses = 0;
    this.steps++;
  }
}
