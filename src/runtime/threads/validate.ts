// Trace validation: is what a run on threads left behind a behaviour of the model? The world is laid out once more, in one
// thread, and every step that a thread recorded is made again by the same actor code, one after another: with the same
// message at the head of the same ring, finding the same value in the same word, leaving the same value, telling the same
// events, sending the same messages. If all of them can be made, and the two worlds are then equal to the last word, the
// run was an interleaving of whole steps: one that the simulation and the checker can make too.
//
// Nothing is searched while steps are made: in which order those that overlapped reached a word was found beforehand from
// what each of them found there (access-order.ts), and what an actor has in private follows from what its steps found.
import type { Runnable } from '../../actor/system.ts';
import { access, AccessRecord } from '../../memory/access-record.ts';
import type { Sink } from '../../model/events.ts';
import { blankMessage, message } from '../../model/messages.ts';
import { AssertionError } from '../../stdx/assert.ts';
import { orderAccesses, RecordedSteps } from './access-order.ts';
import {
  countIn,
  inRecord,
  kindIn,
  knownIn,
  RECORD,
  type RecordedRun,
  ringIn,
  stepField,
} from './step-record.ts';
import { type Difference, differenceOf, eventText, type Subject, Unexplained } from './unexplained.ts';

/** A fresh world with the same parts, whose events go to `sink`. */
export type Rebuild = (sink: Sink) => { system: Runnable; world: ArrayBuffer };

export interface Verdict {
  /** Why the run is no behaviour of the model, or null when it is one. */
  unexplained: Unexplained | null;
  /** Steps and events that were explained. */
  steps: number;
  events: number;
  /** Groups of overlapping accesses that came in another order than their tickets. */
  reordered: number;
}

export function validate(run: RecordedRun, rebuild: Rebuild): Verdict {
  const validation = new Validation(run, rebuild);
  const unexplained = validation.explain();
  const { steps, events, reordered } = validation;
  return { unexplained, steps, events, reordered };
}

class Validation implements Sink {
  private readonly run: RecordedRun;
  private readonly system: Runnable;
  private readonly world: Int32Array;
  private readonly order: RecordedSteps;
  private readonly witness = new AccessRecord();
  private readonly incoming = blankMessage();
  /** By actor: number of its next step, and how many steps wait that were to be made before. */
  private readonly next: Int32Array;
  private readonly waits: Int32Array;
  /** Actors whose steps wait. */
  private waiting = 0;
  /** Whose step was made last. */
  private wrong = -1;
  /** The times in the records, which lie at even words. */
  private readonly times: readonly Float64Array[];
  /** By actor: where the record of its next event is. */
  private readonly cursor: Int32Array;
  private readonly isMade: Uint8Array;
  private readonly published: (ring: number) => void;
  /** By actor: the rings that it sends to. */
  private readonly outbound: readonly (readonly number[])[];
  private words: Int32Array = new Int32Array(0);
  private wordTimes: Float64Array = new Float64Array(0);
  private at = 0;
  /** Where the record of the step under way is; its events end there. */
  private end = -1;
  private isHungry = true;
  private fed = 0;
  private difference: Difference | null = null;
  steps = 0;
  events = 0;

  constructor(run: RecordedRun, rebuild: Rebuild) {
    const { system, world } = rebuild(this);
    this.run = run;
    this.system = system;
    this.world = new Int32Array(world, 0, world.byteLength >> 2);
    this.order = new RecordedSteps(run.records);
    this.next = this.order.first.slice(0, run.records.length);
    this.waits = new Int32Array(run.records.length);
    this.times = run.records.map((records) => new Float64Array(records.buffer, records.byteOffset, records.length / 2)); // prettier-ignore
    this.cursor = new Int32Array(run.records.length);
    this.isMade = new Uint8Array(this.order.count + 1);
    const { links } = system.mailboxes;
    const { feeder } = system.geometry;
    this.outbound = run.records.map((_, actor) =>
      links.flatMap(({ sender, receiver }, ring) => (sender === actor && receiver !== actor ? [ring] : [])),
    );
    this.published = (ring) => {
      if (links[ring]!.receiver === feeder) this.isHungry = true;
    };
    system.meter.witness = this.witness;
    system.mailboxes.publish(this.published);
  }
  get reordered(): number {
    return this.order.reordered;
  }

  explain(): Unexplained | null {
    const turns = this.order.turns();
    orderAccesses(this.order, turns, this.world);
    for (let turn = 0; turn < turns.length; turn++) {
      const actor = turns[turn]!;
      if (this.waiting > 0 && this.isOverdue(actor)) break;
      if (this.waits[actor]! > 0) this.waits[actor]!++;
      else if (!this.make(actor)) {
        if (this.difference !== null) return this.notExplained(actor);
        this.waits[actor] = 1;
        this.waiting++;
      } else {
        if (this.isHungry) this.feed();
        if (this.waiting > 0) this.catchUp();
      }
      if (this.difference !== null) return this.notExplained(this.wrong);
    }
    return this.waiting > 0 ? this.overdue() : this.atTheEnd();
  }

  // --- which step

  /** What an actor's next step says of itself. */
  private nextOf(actor: number, field: number): number {
    return this.run.records[actor]![this.order.at[this.next[actor]!]! + field]!;
  }
  /** Steps that could not be made when it was their turn, as far as they can be now, the earliest ticket first. */
  private catchUp(): void {
    for (let again = true; again;) {
      again = false;
      const actors = this.waitingActors();
      for (let i = 0; i < actors.length && !again && this.difference === null; i++)
        again = this.makeLate(actors[i]!);
      if (this.isHungry) this.feed();
    }
  }
  private makeLate(actor: number): boolean {
    if (!this.make(actor)) return false;
    if (--this.waits[actor]! === 0) this.waiting--;
    return true;
  }
  private waitingActors(): number[] {
    const actors: number[] = [];
    for (let actor = 0; actor < this.waits.length; actor++) if (this.waits[actor]! > 0) actors.push(actor);
    return actors.sort((a, b) => this.nextOf(a, stepField.since) - this.nextOf(b, stepField.since));
  }
  /** Whether a step that waits had ended before the one whose turn it is began: what it waits for will not come. */
  private isOverdue(actor: number): boolean {
    if (this.waits[actor]! > 0) return false;
    const since = this.nextOf(actor, stepField.since);
    for (let other = 0; other < this.waits.length; other++)
      if (this.waits[other]! > 0 && this.nextOf(other, stepField.until) < since) return true;
    return false;
  }

  // --- a step

  /** @returns whether it was made; if not, and without a difference, it must wait */
  private make(actor: number): boolean {
    const { system, witness, incoming, order } = this;
    const { mailboxes, contexts, actors, meter } = system;
    const step = this.next[actor]!;
    const after = order.after[step + 1]!;
    if (after !== 0 && this.isMade[after] === 0) return false;
    const words = this.run.records[actor]!;
    const record = order.at[step]!;
    const taken = words[record + stepField.taken]!;
    const ring = ringIn(taken);
    this.wrong = actor;
    if (mailboxes.links[ring]?.receiver !== actor)
      return this.differs('message', 'takes from rings of its own', `took from ring ${ring}`);
    // Somebody who was not behind on threads is behind here: its turn comes first.
    if (contexts[actor]!.mayDrop && this.outbound[actor]!.some((own) => mailboxes.isLagging(own)))
      return false;
    if (!mailboxes.receive(ring, incoming)) return false;
    mailboxes.beginAnswers(words[record + stepField.refused]);
    this.words = words;
    this.wordTimes = this.times[actor]!;
    this.at = this.cursor[actor]!;
    this.end = record;
    if (
      incoming.kind !== kindIn(taken) ||
      incoming.id !== words[record + stepField.id] ||
      incoming.argument !== words[record + stepField.argument] ||
      incoming.serial !== words[record + stepField.serial]
    )
      return this.differsFrom('message', words, record);
    const context = contexts[actor]!;
    context.advance(incoming.time);
    witness.begin();
    try {
      actors[actor]!.receive(incoming, context);
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      this.difference = null;
      return this.differs('handler', `stops: ${error.message}`, 'went on');
    }
    meter.step();
    // What the access found comes before what was made of it.
    if (
      witness.count !== countIn(taken) ||
      witness.count > 1 ||
      witness.place !== words[record + stepField.place] ||
      witness.known !== knownIn(taken) ||
      ((witness.known & access.found) !== 0 && witness.found !== words[record + stepField.found]) ||
      ((witness.known & access.left) !== 0 && witness.left !== words[record + stepField.left])
    ) {
      this.difference = null;
      return this.differsFrom('access', words, record);
    }
    if (this.difference !== null) return false;
    if (this.at !== this.end) return this.differs('event', 'nothing more', eventText(words, this.at));
    const sent = mailboxes.unpublishedHash();
    if (sent !== words[record + stepField.sent])
      return this.differs('messages', `sends (hash ${sent >>> 0})`, `sent others (hash ${words[record + stepField.sent]! >>> 0})`); // prettier-ignore
    mailboxes.publish(this.published);
    this.end = -1;
    this.cursor[actor] = record + RECORD;
    this.isMade[step + 1] = 1;
    this.next[actor] = step + 1;
    this.steps++;
    return true;
  }

  takePlace(): void {}
  /** An event of the step under way: the next one that was recorded is the same. */
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
  ): void {
    // What happens while the world is made was not recorded.
    if (this.end < 0 || this.difference !== null) return;
    const { words, at } = this;
    if (
      at === this.end ||
      words[at] !== (kind | (actor << 8)) ||
      words[at + 2] !== id ||
      words[at + 3] !== gfn ||
      words[at + 4] !== destination ||
      words[at + 5] !== generation ||
      words[at + 6] !== from ||
      words[at + 7] !== to ||
      words[at + 8] !== cause ||
      words[at + 9] !== inRecord(result) ||
      this.wordTimes[(at + 10) >> 1] !== time
    ) {
      const told = { time, kind, id, gfn, destination, generation, from, to, cause, result };
      this.differs('event', eventText(told), at === this.end ? 'nothing more' : eventText(words, at));
      return;
    }
    this.at = at + RECORD;
    this.events++;
  }

  /** Delivers the chunks that have been asked for: the feeder's part, which has no actor. */
  private feed(): void {
    const { system, run, incoming } = this;
    const { mailboxes, geometry, contexts, scripts } = system;
    this.isHungry = false;
    for (; this.fed < run.feeds.length; this.fed++) {
      const { vcpu, operations, words } = run.feeds[this.fed]!;
      const ring = mailboxes.inbound[geometry.feeder]!.find((each) => mailboxes.links[each]!.sender === vcpu);
      if (ring === undefined || !mailboxes.receive(ring, incoming)) return;
      const context = contexts[geometry.feeder]!;
      context.advance(incoming.time);
      scripts.length[vcpu] = operations;
      scripts.words[vcpu]!.set(words);
      context.send(vcpu, message.fed, vcpu);
      mailboxes.publish(this.published);
    }
  }

  // --- what is not explained

  private differs(what: Difference['what'], model: string, recorded: string): false {
    this.difference ??= { what, model, recorded };
    return false;
  }
  private differsFrom(what: 'message' | 'access', words: Int32Array, record: number): false {
    this.difference ??= differenceOf(what, { incoming: this.incoming, witness: this.witness }, words, record);
    return false;
  }
  private subjectOf(actor: number): Subject {
    const step = this.next[actor]!;
    return {
      actor,
      name: this.system.geometry.nameOf(actor),
      step: step - this.order.first[actor]!,
      words: this.run.records[actor]!,
      record: this.order.at[step]!,
      sender: (ring) => {
        const link = this.system.mailboxes.links[ring];
        return link === undefined ? `ring ${ring}` : this.system.geometry.nameOf(link.sender);
      },
    };
  }
  private notExplained(actor: number): Unexplained {
    const isSure = this.order.abandoned === 0 || this.difference?.what !== 'access';
    return new Unexplained(this.subjectOf(actor), this.difference!, this.steps, isSure);
  }
  /** Of the steps that wait the first: it took a message that was not there. */
  private overdue(): Unexplained {
    const actor = this.waitingActors()[0]!;
    const difference: Difference = {
      what: 'message',
      model: 'nobody has sent it a message that it could take from that ring by then',
      recorded: 'took one',
    };
    return new Unexplained(this.subjectOf(actor), difference, this.steps, this.order.abandoned === 0);
  }
  /** Everything was made again: then the worlds are the same, and no message is left that threads have not taken. */
  private atTheEnd(): Unexplained | null {
    const { run, system, world } = this;
    if (run.world === null) return null;
    const { mailboxes, geometry } = system;
    const full = mailboxes.links.findIndex((_, ring) => !mailboxes.isEmpty(ring));
    if (full >= 0) {
      const { sender, receiver } = mailboxes.links[full]!;
      const [from, to] = [geometry.nameOf(sender), geometry.nameOf(receiver)];
      return Unexplained.atRest(
        `a message from ${from} is waiting for ${to}`,
        'every ring was empty',
        this.steps,
      );
    }
    const left = new Int32Array(run.world, 0, world.length);
    for (let word = 0; word < world.length; word++) {
      if (world[word] === left[word]) continue;
      return Unexplained.atRest(
        `word ${word} of the world is ${world[word]}`,
        `it was ${left[word]}`,
        this.steps,
      );
    }
    return null;
  }
}
