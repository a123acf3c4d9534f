// A recorded run of whole steps, as threads leave one, that is the same every time: made by the simulated executor. For
// tampering with, and for measuring.
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { Actor } from '../../src/actor/actor.ts';
import { event, type Sink } from '../../src/model/events.ts';
import type { ScriptSource, Workload } from '../../src/model/script.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import {
  type Feed,
  inRecord,
  RECORD,
  type RecordedRun,
  StepRecorder,
} from '../../src/runtime/threads/step-record.ts';
import { type Rebuild, validate, type Verdict } from '../../src/runtime/threads/validate.ts';

/** As many words as come, and nothing for the collector to look through. */
class Words {
  private words = new Int32Array(1 << 12);
  length = 0;

  get all(): Int32Array {
    return this.words.slice(0, this.length);
  }
  at(index: number): number {
    return this.words[index]!;
  }
  put(some: ArrayLike<number>): void {
    if (this.length + some.length > this.words.length) {
      const longer = new Int32Array(2 * this.words.length);
      longer.set(this.words);
      this.words = longer;
    }
    this.words.set(some, this.length);
    this.length += some.length;
  }
}

class Recorded implements Sink {
  readonly records: Words[];
  ticket = 0;
  events = 0;

  constructor(actors: number) {
    this.records = Array.from({ length: actors }, () => new Words());
  }
  takePlace(): void {}
  put(actor: number, time: number, kind: number, ...fields: number[]): void {
    const record = new Int32Array(RECORD);
    if (kind !== event.read && kind !== event.wrote) this.ticket++;
    record.set([kind | (actor << 8), this.ticket, ...fields.slice(0, -1), inRecord(fields.at(-1)!)]);
    record.set(new Int32Array(new Float64Array([time]).buffer), RECORD - 2);
    this.records[actor]!.put(record);
    this.events++;
  }
}

/** By actor, two words a step: actor and step that had sent its message, or -1 where that was the feeder or the start. */
export type Causes = readonly Int32Array[];

export function rebuildOf(parts: Parts): Rebuild {
  return (sink) => {
    const buffer = new ArrayBuffer(measure(parts));
    return { system: create(buffer, parts, sink), world: buffer };
  };
}

export function recordedRun(
  parts: Parts,
  workload: Workload,
  seed: number,
): RecordedRun & { causes: Causes } {
  let sink: Sink = { takePlace() {}, put() {} };
  const later: Sink = {
    takePlace: (actor) => sink.takePlace(actor),
    put: (...given) => sink.put(...given),
  };
  const world = new ArrayBuffer(measure(parts));
  const system = create(world, parts, later);
  const recorded = new Recorded(system.geometry.actors);
  // What happens while the world is made is not recorded on threads either.
  sink = recorded;
  const { mailboxes, meter } = system;
  const { ends } = mailboxes as unknown as { ends: { written: number }[] };
  /** Messages ever sent into each ring. */
  const written = () => ends.map((end) => end.written);
  const sentBefore = written();
  const causes = system.actors.map(() => new Words());
  /** By ring: who sent each message, as in `causes`, and how many were taken. */
  const senders = mailboxes.links.map((_, ring) => {
    const sent = new Words();
    for (let at = 0; at < sentBefore[ring]!; at++) sent.put([-1, -1]);
    return sent;
  });
  const taken = new Int32Array(mailboxes.links.length);
  const actors = system.actors.map((actor, self): Actor => {
    const steps = new StepRecorder(
      {
        takeTicket: () => recorded.ticket++,
        nextTicket: () => recorded.ticket,
        putStep(record) {
          recorded.records[self]!.put(record);
          // No two steps overlap.
          recorded.ticket++;
        },
      },
      self,
    );
    const ringFrom = new Map(mailboxes.inbound[self]!.map((ring) => [mailboxes.links[ring]!.sender, ring]));
    return {
      receive(incoming, context) {
        const ring = ringFrom.get(incoming.sender)!;
        const step = causes[self]!.length / 2;
        const sent = 2 * taken[ring]!++;
        const isKnown = sent < senders[ring]!.length;
        causes[self]!.put(isKnown ? [senders[ring]!.at(sent), senders[ring]!.at(sent + 1)] : [-1, -1]);
        const before = written();
        meter.witness = steps;
        steps.begin();
        mailboxes.beginAnswers();
        actor.receive(incoming, context);
        steps.end(ring, incoming, mailboxes.unpublishedHash(), mailboxes.refused);
        written().forEach((head, to) => {
          for (let at = before[to]!; at < head; at++) senders[to]!.put([self, step]);
        });
      },
    };
  });
  const feeds: Feed[] = [];
  const opened = workload.open(seed, 0);
  const source: ScriptSource = {
    read(vcpu, out) {
      const operations = opened.read(vcpu, out) as number;
      feeds.push({ vcpu, operations, words: out.slice(0, operations * 2) });
      return operations;
    },
  };
  new Simulation({ ...system, actors }, new RandomScheduler(mailboxes, seed)).runSync([source], Infinity);
  return {
    records: recorded.records.map(({ all }) => all),
    feeds,
    world,
    causes: causes.map(({ all }) => all),
  };
}

export function verdictOf(run: RecordedRun, parts: Parts): Verdict {
  return validate(run, rebuildOf(parts));
}
