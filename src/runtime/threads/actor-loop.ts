// One actor on a thread of its own: takes messages from its rings, publishes what each handler sent, and sleeps when there
// is nothing. When a control message is on its way it goes back to the event loop, where comlink answers.
import type { Runnable } from '../../actor/system.ts';
import { blankMessage } from '../../model/messages.ts';
import { Prng } from '../../stdx/prng.ts';
import type { Bells } from './bells.ts';
import type { EventWriter } from './event-ring.ts';
import { StepRecorder } from './step-record.ts';

/** With more actors than cores a spinner only keeps the one that should run from doing so. */
const SPINS = 20;
/** Messages of one sender that are handled before anything is published: no more than wait anyway. */
const BATCH = 64;

export interface Disturbance {
  /** Chance in 1,000 that a handler is followed by a pause of up to 50 us: makes rare interleavings common. */
  yieldsPerMille: number;
  seed: number;
}

export interface LoopStatistics {
  handled: number;
  /** Most shared accesses that one step made. */
  mostSharedAccesses: number;
  wakes: number;
}

export class ActorLoop {
  private readonly system: Runnable;
  private readonly self: number;
  private readonly bells: Bells;
  private readonly events: EventWriter;
  private readonly controlSeen: () => number;
  private readonly incoming = blankMessage();
  private readonly random: Prng;
  private readonly disturbance: Disturbance;
  private readonly pause = new Int32Array(new SharedArrayBuffer(4));
  private readonly steps: StepRecorder | null;
  private readonly wake: (ring: number) => void;
  private readonly rings: readonly number[];
  private nextRing = 0;
  private handled = 0;
  private stopped = false;

  /**
   * @param controlSeen control messages that have reached this thread's event loop
   * @param recordsSteps whether each step is put down, for the run to be explained afterwards
   */
  constructor(
    system: Runnable,
    self: number,
    bells: Bells,
    events: EventWriter,
    controlSeen: () => number,
    disturbance: Disturbance,
    recordsSteps = false,
  ) {
    this.system = system;
    this.self = self;
    this.bells = bells;
    this.events = events;
    this.controlSeen = controlSeen;
    this.disturbance = disturbance;
    this.random = new Prng().seed(disturbance.seed, 100 + self);
    this.steps = recordsSteps ? new StepRecorder(events, self) : null;
    system.meter.witness = this.steps;
    this.rings = system.mailboxes.inbound[self]!;
    const { links } = system.mailboxes;
    const { feeder } = system.geometry;
    this.wake = (ring) => {
      const { receiver } = links[ring]!;
      // A crew may be larger than the world that it runs: the main thread waits at a bell of its own.
      if (receiver === feeder) events.wakeReader();
      else if (receiver !== self) bells.ring(receiver);
    };
  }
  stop(): void {
    this.stopped = true;
  }
  statistics(): LoopStatistics {
    return {
      handled: this.handled,
      mostSharedAccesses: this.system.meter.most,
      wakes: this.bells.wakes(this.self),
    };
  }

  /** Until stopped. */
  async run(): Promise<void> {
    const { bells, self } = this;
    while (!this.stopped) {
      while (bells.controlMessages(self) === this.controlSeen()) if (!this.turn()) this.sleep();
      // A message posted before the bell rang needs a turn or two of the event loop to get here.
      do {
        await new Promise((resume) => setImmediate(resume));
        this.turn();
      } while (bells.controlMessages(self) !== this.controlSeen());
    }
  }

  /**
   * Handles what is in each ring, `BATCH` messages of it at most, and publishes once for all of a ring's: to wake somebody
   * costs more than many a handler. Where the run is to be explained or disturbed it is one message a publication.
   * @returns whether there was any
   */
  private turn(): boolean {
    const { rings, system, incoming, self, steps } = this;
    const { mailboxes, meter } = system;
    const context = system.contexts[self]!;
    const actor = system.actors[self]!;
    const disturbed = this.disturbance.yieldsPerMille > 0;
    const batch = steps === null && !disturbed ? BATCH : 1;
    let any = false;
    for (let i = 0; i < rings.length; i++) {
      const ring = rings[(this.nextRing + i) % rings.length]!;
      let taken = 0;
      while (taken < batch && mailboxes.receive(ring, incoming)) {
        taken++;
        context.advance(incoming.time);
        if (steps !== null) {
          steps.begin();
          mailboxes.beginAnswers();
        }
        actor.receive(incoming, context);
        meter.step();
        steps?.end(ring, incoming, mailboxes.unpublishedHash(), mailboxes.refused);
      }
      if (taken === 0) continue;
      any = true;
      this.handled += taken;
      // What happened becomes visible before the messages that could make somebody else's events depend on it.
      this.events.publish();
      mailboxes.publish(this.wake);
      if (disturbed && this.random.chance(this.disturbance.yieldsPerMille, 1000)) {
        Atomics.wait(this.pause, 0, 0, this.random.below(50) / 1000);
      }
    }
    this.nextRing++;
    return any;
  }
  private isIdle(): boolean {
    const { rings } = this;
    const { mailboxes } = this.system;
    for (let i = 0; i < rings.length; i++) if (mailboxes.hasMessage(rings[i]!)) return false;
    return true;
  }
  private sleep(): void {
    const { bells, self } = this;
    for (let spin = 0; spin < SPINS; spin++) if (!this.isIdle()) return;
    bells.prepare(self);
    if (!this.isIdle() || bells.controlMessages(self) !== this.controlSeen()) {
      bells.cancel(self);
      return;
    }
    bells.wait(self);
  }
}
