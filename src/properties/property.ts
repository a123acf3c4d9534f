// A property is a monitor over trace events. It holds its own picture of what it judges, built from events alone, and
// shares no code with the actors. The same monitor judges simulated runs live and runs on threads afterwards.
import type { PageTable } from '../../machines/index.ts';
import type { EventKind, TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';

/** What a monitor may know besides the events. */
export interface Setting {
  geometry: Geometry;
  /** The page machine, to judge every page's path. */
  page: PageTable;
  /**
   * True where the order of events is the order of what they tell, to the step. On threads only causal order is known,
   * and a monitor must not hold against a run what another order of independent events would excuse.
   */
  totalOrder: boolean;
  /** vNodes may be pinned anew, so that what was right before must be remembered: for `prune`. */
  repins?: boolean;
}

export interface Violation {
  property: string;
  /** What was seen, in one sentence. */
  message: string;
  /** Sequence number of the event that showed it; -1 at the end of the run. */
  sequence: number;
}

export const AT_REST = -1;

/** When it was seen, in words. */
export function whenSeen({ sequence }: Violation): string {
  return sequence === AT_REST ? 'at rest' : `event ${sequence}`;
}

export type Observers = { [K in EventKind]?: (event: TraceEvent) => void };

export abstract class Property {
  abstract readonly name: string;
  readonly kind: 'always' | 'sometimes' = 'always';
  /** About something that a scenario may do without: not reported of a run in which there was nothing of it. */
  readonly ofOption: boolean = false;
  /** Cases judged: a property that examined nothing has shown nothing. */
  examined = 0;
  violation: Violation | null = null;
  /** What it looks at. */
  abstract readonly on: Observers;

  /** The run has come to rest: what must be true then. Not called for a run that was cut short. */
  atRest(): void {}

  /** Drops what no later event can ask for, so that two pictures that judge alike look alike: for a checker. */
  prune(): void {}

  /** The first violation is the one that counts. */
  protected fail(sequence: number, message: string): void {
    this.violation ??= { property: this.name, message, sequence };
  }
}
