// Twins that one of several threads has found, for the others: who searches with a part of a state that another has made needs
// its twin, too. So does whoever must know that two things are not alike after all.
import { OutOfMemory } from '../../runtime/check/interner.ts';
import type { SharedLog } from '../../runtime/check/shared-log.ts';

/** A row of a table of twins: which table of which exchange, its two keys, and the twin. */
export type ToldTwin = readonly [exchange: number, table: number, a: number, b: number, twin: number];

/** In place of a table: the things of the exchange are not alike. */
export const UNLIKE = -1;

export class TwinLog {
  private readonly log: SharedLog;

  constructor(log: SharedLog) {
    this.log = log;
  }
  tell(...told: ToldTwin): void {
    if (!this.log.put(told)) throw new OutOfMemory('more twins than several threads have room for');
  }
  /** The next one that was told, by whomever; null: nobody has told more. */
  next(): ToldTwin | null {
    const row = this.log.next();
    return row && [row[0]!, row[1]!, row[2]!, row[3]!, row[4]!];
  }
}
