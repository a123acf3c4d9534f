// What a receiver remembers in order to do once what it may be told several times: of each thing the last serial it heard,
// and whether it has answered. Where nothing goes wrong nothing is told twice, and there is nothing to remember.
import type { Arena } from '../memory/arena.ts';
import { losesMessages } from '../model/faults.ts';
import type { WorldSpec } from '../model/spec.ts';

/** Serial of everything that is said once. */
const ONLY = 1;
/** Serials of one thing before they come again: of two of them the one less than half of that ahead is the newer. */
const SERIALS = 2 ** 29;

/** Whether anything is told twice in a world, and how its serials go round. */
export interface Telling {
  repeats: boolean;
  serials: number;
}
export function tellingOf({ faults, serials, timeouts }: WorldSpec): Telling {
  const repeats = serials !== undefined || timeouts !== undefined || losesMessages(faults);
  return { repeats, serials: serials ?? SERIALS };
}

/** The serial after another, of the same thing. */
export function nextSerial(serial: number, { repeats, serials }: Telling): number {
  return repeats ? (serial % serials) + 1 : ONLY;
}

export class Once {
  private readonly last: Int32Array;
  private readonly isDone: Int32Array;
  private readonly repeats: boolean;
  private readonly serials: number;

  constructor(arena: Arena, things: number, { repeats, serials }: Telling) {
    this.repeats = repeats;
    this.serials = serials;
    this.last = arena.int32(repeats ? things : 0);
    this.isDone = arena.int32(repeats ? things : 0);
  }
  /**
   * Something is said about a thing.
   * @returns `new`: for the first time, to be done; `pending`: again, before it was done; `done`: again, so its answer got
   *   lost or is on its way; `old`: again, and whoever said it has had the answer
   */
  hear(thing: number, serial: number): 'new' | 'pending' | 'done' | 'old' {
    if (!this.repeats) return 'new';
    const { last, serials } = this;
    const ahead = (serial - last[thing]! + serials) % serials;
    if (last[thing] === 0 || (ahead > 0 && ahead <= serials / 2)) {
      this.last[thing] = serial;
      this.isDone[thing] = 0;
      return 'new';
    }
    if (ahead !== 0) return 'old';
    return this.isDone[thing] === 1 ? 'done' : 'pending';
  }
  /** This serial was heard last, and is not done yet. */
  isPending(thing: number, serial: number): boolean {
    return !this.repeats || (this.last[thing] === serial && this.isDone[thing] === 0);
  }
  done(thing: number): void {
    if (this.repeats) this.isDone[thing] = 1;
  }
  /** Serial of what was heard last. */
  serialOf(thing: number): number {
    return this.repeats ? this.last[thing]! : ONLY;
  }
  get serialsHeard(): Int32Array {
    return this.last;
  }
  copyTo(serials: Int32Array): void {
    serials.set(this.last);
  }
  /** A restart: all is forgotten. Once they are `known` again, no serial before those is new. */
  forget(known?: Int32Array): void {
    if (known) this.last.set(known);
    else this.last.fill(0);
    this.isDone.fill(0);
  }
}
