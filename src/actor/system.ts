// A system: actors over one world, ready for either executor.
import type { Mailboxes } from '../memory/mailbox.ts';
import type { Meter } from '../memory/meter.ts';
import type { Scripts } from '../memory/records.ts';
import type { Geometry } from '../model/geometry.ts';
import type { Actor, Context } from './actor.ts';

export interface System {
  geometry: Geometry;
  mailboxes: Mailboxes;
  meter: Meter;
  scripts: Scripts;
  /** By actor number; the feeder, which is the executor's own part, has none. */
  actors: readonly Actor[];
  contexts: readonly Context[];
  /** Page contents as the guest sees them, at rest: the words of a Gvpn, or null where it has no page. */
  contentOf(gvpn: number): Int32Array | null;
}
