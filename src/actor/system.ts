// A system: actors over one world, ready for either executor.
import type { Mailboxes } from '../memory/mailbox.ts';
import type { Meter } from '../memory/meter.ts';
import type { Scripts } from '../memory/records.ts';
import type { Geometry } from '../model/geometry.ts';
import type { Actor, Context } from './actor.ts';

/** What an executor asks of a geometry; a cluster has another than a single host. */
export type Roster = Pick<Geometry, 'feeder' | 'actors'> & {
  readonly vcpuGuest: readonly number[];
  readonly guestVcpu: readonly number[];
  nameOf(actor: number): string;
};

export interface Runnable<G extends Roster = Roster> {
  geometry: G;
  mailboxes: Mailboxes;
  meter: Meter;
  scripts: Scripts;
  /** By actor number; the feeder, which is the executor's own part, has none. */
  actors: readonly Actor[];
  contexts: readonly Context[];
}

/** The system of a single host. */
export interface System extends Runnable<Geometry> {
  /** Page contents as the guest sees them, at rest: the words of a Gvpn, or null where it has no page. */
  contentOf(gvpn: number): Int32Array | null;
}
