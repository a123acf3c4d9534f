// What happened, one record each: the only thing that properties and reports may look at. Every kind has a method on
// `Recorder` (recorder.ts) that says which fields it fills; unused fields are 0.
import { numbered } from './words.ts';

export const eventKinds = [
  'began', 'ended', 'page', 'illegal', 'born', 'died', 'entered', 'left', // operations and pages
  'reserved', 'released', 'dataIn', 'zeroed', 'stray', 'spilled', 'noRoom', // frames and slots
  'eptSet', 'eptCleared', 'eptProtected', 'tlbFill', 'tlbFlush', // translations
  'listed', 'overflowed', 'delisted', 'inspected', // the moved list
  'requested', 'forwarded', 'accepted', 'answered', // balance requests
  'faulted', 'resumed', 'waited', 'stalled', 'machineCheck', // faults
  'hintsSet', 'hinted', 'seized', 'balanced', // guest balancing
  'read', 'wrote', 'handedOver', 'tookOver', 'halted', // accesses and tasks
  'commanded', 'duplicate', 'shared', 'pinned', // commands, clean copies, references and pins
  'fault', 'forgot', 'recalled', // what went wrong, and was made good
  'placed', 'holdExpired', 'swapoff', // the host's own decisions
  'sealed', 'opened', // encrypted slots
  'freed', 'givenBack', 'takenBack', 'wiped', 'poisonChecked', 'repinned', // guest memory given back, pins
  'forged', 'rejected', 'tampered', // hostile guests
  'deferred', 'readied', 'retried', // asynchronous page faults
  'hugeMapped', 'hugeBegun', 'hugeEnded', 'hugeOut', // huge pages
  'migrating', 'round', 'described', 'adopted', 'claimed', 'migrated', // a guest between hosts
  'guestStarted', 'guestStopped', 'transmitted', 'linkFault', 'listUpdated', // and what is between them
  'gathered', 'completed', 'exported', 'copied', 'inspecting', // the moved list, where it is not exported at once
] as const; // prettier-ignore
/** How far turning a store off has come. */
export const swapoffPhase = { began: 0, waits: 1, ended: 2 } as const;

export type EventKind = (typeof eventKinds)[number];
export const event = numbered(eventKinds);

/** One event. Sinks are handed the same object again and again: read it, do not keep it. */
export interface TraceEvent {
  kind: number;
  actor: number;
  /** Virtual nanoseconds on the actor's clock. */
  time: number;
  /** Position in a total order that extends causality. */
  sequence: number;
  id: number;
  gfn: number;
  destination: number;
  generation: number;
  from: number;
  to: number;
  cause: number;
  result: number;
}

/** Where an actor's events go. */
export interface Sink {
  /** Takes the place in the total order for the actor's next event, which may come or not. */
  takePlace(actor: number): void;
  put(
    actor: number,
    time: number,
    kind: number,
    id: number,
    gfn: number,
    destination: number,
    generation: number,
    from: number,
    to: number,
    cause: number,
    result: number,
  ): void;
}

/** For a world that nobody listens to. */
export const SILENT: Sink = { takePlace() {}, put() {} };
