// The scheduler of a run: the one that `--scheduler` names, or choices to replay.
import type { Runnable } from '../../actor/system.ts';
import type { Scheduler, SchedulerName } from '../scheduler.ts';
import { PctScheduler } from './pct.ts';
import { RandomScheduler } from './random.ts';
import { ReplayScheduler } from './replay.ts';
import { TimedScheduler } from './timed.ts';

export interface Ordering {
  seed: number;
  /** Timed, if it is left out. */
  scheduler?: SchedulerName | undefined;
  /** Choices to replay, instead of a scheduler. */
  choices?: readonly number[] | undefined;
}

/** How many changes of priority PCT makes, plus one; and over how many steps it spreads them. */
const PCT_DEPTH = 4;
const PCT_STEPS = 50_000;

/** @param pctSteps about as many steps as the run has */
export function schedulerFor(
  { mailboxes, contexts, geometry }: Runnable,
  { seed, scheduler = 'timed', choices }: Ordering,
  pctSteps = PCT_STEPS,
): Scheduler {
  if (choices) return new ReplayScheduler(mailboxes, choices);
  switch (scheduler) {
    case 'timed':
      return new TimedScheduler(mailboxes, contexts);
    case 'random':
      return new RandomScheduler(mailboxes, seed);
    case 'pct':
      return new PctScheduler(mailboxes, geometry.actors, seed, PCT_DEPTH, pctSteps);
  }
}
