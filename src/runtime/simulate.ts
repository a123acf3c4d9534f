// The simulated executor: one thread delivers one message at a time, as the scheduler chooses, to actors that run to
// completion. It counts what each step touched and fails the run whose step made two shared accesses.
import type { Runnable } from '../actor/system.ts';
import { blankMessage, message, messageKinds } from '../model/messages.ts';
import type { ScriptSource } from '../model/script.ts';
import { assert } from '../stdx/assert.ts';
import type { Scheduler } from './scheduler.ts';

/** How a run came to its end. */
export type Ending =
  /** Nothing more to deliver. Whether everything was answered is for a property to say. */
  | 'at rest'
  /** The bound on steps was reached, or on steps without any access. */
  | 'step limit'
  /** Stopped from outside. */
  | 'stopped';

/** Without a look at anything else. */
const STEPS_BETWEEN = 1_000_000;

export class Simulation {
  private readonly system: Runnable;
  private readonly scheduler: Scheduler;
  private readonly incoming = blankMessage();
  private readonly offer: (ring: number) => void;
  steps = 0;

  constructor(system: Runnable, scheduler: Scheduler) {
    this.system = system;
    this.scheduler = scheduler;
    this.offer = (ring) => this.scheduler.offer(ring);
    system.mailboxes.publish(this.offer);
  }

  /**
   * Delivers until a vCPU wants the next chunk of its script, or nothing is left, or `limit` steps have been made.
   * @returns the vCPU, -1 when nothing is left, -2 at the limit
   */
  private deliver(limit: number): number {
    const { system, scheduler, incoming } = this;
    const { actors, contexts, mailboxes, meter, geometry } = system;
    while (this.steps < limit) {
      const receiver = scheduler.next(incoming);
      if (receiver < 0) return -1;
      this.steps++;
      const context = contexts[receiver]!;
      context.advance(incoming.time);
      if (receiver === geometry.feeder) return incoming.id;
      actors[receiver]!.receive(incoming, context);
      context.step();
      if (meter.most > 1) {
        const what = `${geometry.nameOf(receiver)} on ${messageKinds[incoming.kind]}`;
        assert(false, `${what}: a step made ${meter.most} shared accesses, at most one is sound`);
      }
      mailboxes.publish(this.offer);
    }
    return -2;
  }

  /** The next chunk is in the vCPU's column. */
  private fed(vcpu: number, operations: number): void {
    const { scripts, contexts, geometry, mailboxes } = this.system;
    scripts.length[vcpu] = operations;
    contexts[geometry.feeder]!.send(vcpu, message.fed, vcpu);
    mailboxes.publish(this.offer);
  }
  private request(vcpu: number, sources: readonly ScriptSource[]): number | Promise<number> {
    const { geometry, scripts } = this.system;
    const guest = geometry.vcpuGuest[vcpu]!;
    return sources[guest]!.read(vcpu - geometry.guestVcpu[guest]!, scripts.words[vcpu]!);
  }

  /**
   * Runs to the end.
   * @param sources scripts, by guest
   * @param limit steps at most
   * @param stopped asked between chunks and every million steps; true stops the run
   * @param progressed asked every million steps; false, and the run goes in circles
   */
  async run(
    sources: readonly ScriptSource[],
    limit = Infinity,
    stopped = () => false,
    progressed = () => true,
  ): Promise<Ending> {
    let turns = STEPS_BETWEEN;
    for (;;) {
      // Who stops a run is heard only where the event loop turns, and no script that is there at once has it do that.
      if (this.steps >= turns) {
        turns = this.steps + STEPS_BETWEEN;
        await new Promise((resume) => setImmediate(resume));
      }
      if (stopped()) return 'stopped';
      const vcpu = this.deliver(Math.min(limit, this.steps + STEPS_BETWEEN));
      if (vcpu === -1) return 'at rest';
      if (vcpu === -2) {
        if (this.steps >= limit || !progressed()) return 'step limit';
        continue;
      }
      this.fed(vcpu, await this.request(vcpu, sources));
    }
  }
  /** As `run`, for scripts that are there at once. */
  runSync(sources: readonly ScriptSource[], limit: number): Ending {
    for (;;) {
      const vcpu = this.deliver(limit);
      if (vcpu === -1) return 'at rest';
      if (vcpu === -2) return 'step limit';
      const operations = this.request(vcpu, sources);
      assert(typeof operations === 'number', 'a script for a synchronous run must not be a promise');
      this.fed(vcpu, operations);
    }
  }
}
