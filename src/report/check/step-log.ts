// Steps that one of several threads has run, for the others, who need not run them again: what a step depends on and what it does,
// as words. Whoever lacks a step first reads what is new.
import type { SharedLog } from '../../runtime/check/shared-log.ts';
import type { Effect } from './steps.ts';

/** A step by what it looks at, beside its actor's own words and its message; and what it does. */
export interface ToldStep {
  own: number;
  /** Slot and number, in turns. */
  path: readonly number[];
  effect: Effect;
}

export class StepLog {
  private readonly log: SharedLog;

  constructor(log: SharedLog) {
    this.log = log;
  }

  /** What cannot be told, since it has words for people or finds no room, the others find out by themselves. */
  tell({ own, path, effect }: ToldStep): void {
    const { actor, sent, events, hungry, failure, writes, pushes, occasions, subjects } = effect;
    if (failure !== null) return;
    const lists = [path, writes, pushes, occasions, subjects];
    this.log.put([own, actor, sent, events, hungry, ...lists.flatMap((list) => [list.length, ...list])]);
  }
  /** The next one that was told, by whomever; null: nobody has told more. */
  next(): ToldStep | null {
    const row = this.log.next();
    if (row === null) return null;
    let at = 0;
    const one = () => row[at++]!;
    const list = () => Array.from({ length: one() }, one);
    const own = one();
    const head = { actor: one(), sent: one(), events: one(), hungry: one() };
    const path = list();
    const effect = {
      ...head,
      writes: list(),
      pushes: list(),
      occasions: list(),
      subjects: list(),
      failure: null,
    };
    return { own, path, effect };
  }
}
