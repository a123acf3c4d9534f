// The first step of a recorded run that no behaviour of the model explains, in words.
import { access, NO_PLACE, type AccessRecord } from '../../memory/access-record.ts';
import { eventKinds } from '../../model/events.ts';
import { type Message, messageKinds } from '../../model/messages.ts';
import { whole } from '../../stdx/figures.ts';
import { countIn, isStep, kindIn, knownIn, RECORD, ringIn, stepField } from './step-record.ts';

export interface Difference {
  what: 'message' | 'handler' | 'event' | 'access' | 'messages' | 'end';
  /** What the model does there. */
  model: string;
  recorded: string;
}

/** Where in the recording. */
export interface Subject {
  actor: number;
  name: string;
  /** Number among the actor's steps, from 0. */
  step: number;
  words: Int32Array;
  /** Where the step's record is. */
  record: number;
  sender: (ring: number) => string;
}

export class Unexplained {
  /** Actor and number of the step among its own; -1 where every step was explained and the end was not. */
  readonly actor: number;
  readonly step: number;
  readonly difference: Difference;
  /** Steps that were explained before. */
  readonly explained: number;
  /** False where so many accesses overlapped that not every order was tried. */
  readonly isSure: boolean;
  private readonly subject: Subject | null;

  constructor(subject: Subject | null, difference: Difference, explained: number, isSure: boolean) {
    this.actor = subject?.actor ?? -1;
    this.step = subject?.step ?? -1;
    this.subject = subject;
    this.difference = difference;
    this.explained = explained;
    this.isSure = isSure;
  }
  static atRest(model: string, recorded: string, explained: number): Unexplained {
    return new Unexplained(null, { what: 'end', model, recorded }, explained, true);
  }

  /** In one sentence. */
  get message(): string {
    const { subject, difference } = this;
    const where =
      subject === null
        ? 'at the end'
        : `${subject.name}, step ${subject.step}, on ${messageText(subject.words, subject.record)}`;
    return `${where}: recorded: ${difference.recorded}; the model: ${difference.model}`;
  }
  /** The block that is printed. */
  lines(): string[] {
    const { subject, difference } = this;
    const found = this.isSure
      ? `first step without an explanation, after ${whole(this.explained)} that have one`
      : `no explanation found for a step, after ${whole(this.explained)} that have one (too many accesses overlapped to try every order)`;
    return [
      found,
      ...(subject === null ? ['  at the end of the run'] : this.aboutStep(subject)),
      `  recorded   ${difference.recorded}`,
      `  the model  ${difference.model}`,
    ];
  }
  private aboutStep({ name, step, words, record, sender }: Subject): string[] {
    const events: string[] = [];
    let first = record;
    while (first >= RECORD && !isStep(words[first - RECORD]!)) first -= RECORD;
    for (let at = first; at < record; at += RECORD) events.push(`    told       ${eventText(words, at)}`);
    return [
      `  actor      ${name}, its step ${step}`,
      `  message    ${messageText(words, record)} from ${sender(ringIn(words[record + stepField.taken]!))}`,
      `    access     ${accessText(words, record)}`,
      ...events,
    ];
  }
}

export function differenceOf(
  what: 'message' | 'access',
  model: { incoming: Message; witness: AccessRecord },
  words: Int32Array,
  record: number,
): Difference {
  if (what === 'message') {
    const { kind, id, argument, serial } = model.incoming;
    return {
      what,
      model: `the head of the ring is ${told(kind, id, argument, serial)}`,
      recorded: `took ${messageText(words, record)}`,
    };
  }
  const { count, place, known, found, left } = model.witness;
  return { what, model: described(count, place, known, found, left), recorded: accessText(words, record) };
}

function told(kind: number, id: number, argument: number, serial: number): string {
  return `${messageKinds[kind] ?? `message ${kind}`}(id ${id}, argument ${argument}, serial ${serial})`;
}
function messageText(words: Int32Array, record: number): string {
  const at = (field: number) => words[record + field]!;
  return told(kindIn(at(stepField.taken)), at(stepField.id), at(stepField.argument), at(stepField.serial));
}

function accessText(words: Int32Array, record: number): string {
  const at = (field: number) => words[record + field]!;
  const taken = at(stepField.taken);
  return described(
    countIn(taken),
    at(stepField.place),
    knownIn(taken),
    at(stepField.found),
    at(stepField.left),
  );
}
function described(count: number, place: number, known: number, found: number, left: number): string {
  if (count === 0) return 'no shared access';
  if (count > 1) return `a step made ${count} shared accesses, at most one is sound`;
  if (place === NO_PLACE) return 'a whole page';
  const parts = [
    ...((known & access.found) !== 0 ? [`found ${found}`] : []),
    ...((known & access.left) !== 0 ? [`left ${left}`] : []),
  ];
  return `word ${place}: ${parts.join(', ')}`;
}

const FIELDS = ['id', 'gfn', 'destination', 'generation', 'from', 'to', 'cause', 'result'] as const;
type Told = { kind: number; time: number } & { [K in (typeof FIELDS)[number]]: number };

/** An event, from a record or as the model tells it. */
export function eventText(told: Told): string;
export function eventText(words: Int32Array, at: number): string;
export function eventText(event: Told | Int32Array, at = 0): string {
  const from = (field: number) => (event as Int32Array)[at + 2 + field]!;
  const isRecord = event instanceof Int32Array;
  const kind = isRecord ? event[at]! & 0xff : event.kind;
  const time = isRecord ? new Float64Array(event.slice(at + 10, at + 12).buffer)[0]! : event.time;
  const fields = FIELDS.map((field, index) => [field, isRecord ? from(index) : event[field]] as const);
  const shown = fields.filter(([, value]) => value !== 0).map(([field, value]) => `${field} ${value}`);
  return `${eventKinds[kind] ?? `event ${kind}`}(${shown.join(', ')}) at ${time} ns`;
}
