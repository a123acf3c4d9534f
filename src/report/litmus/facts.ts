// Facts: what a litmus file can say about a run. A fact is a chain of steps, `looked 0 listed -> faulted 0 -> answered 0
// STALE`: events that happened in this order, whatever else happened between them. A step may ask what state the page was
// in just before: `faulted 0 while listed.held`. Pages are named by number (Gvpn), wherever they are at that moment.
import type { PageTable } from '../../../machines/index.ts';
import { event, type EventKind, type TraceEvent } from '../../model/events.ts';
import { faultNames, type FaultName } from '../../model/faults.ts';
import type { Geometry } from '../../model/geometry.ts';
import { type CommandKind, commandKinds } from '../../model/script.ts';
import { cause, causes, finding, operationKind, operationKinds, results } from '../../model/words.ts';
import { Property, type Setting, witnessNames } from '../../properties/index.ts';
import type { Observers } from '../../properties/property.ts';
import { SCENE, Scene } from './scene.ts';

export interface Fact {
  /** As it was written. */
  text: string;
  /** One after the other; none where the fact is a witness. */
  steps: readonly Step[];
  /** Name of the monitor that sees it, where it is one. */
  witness?: string;
}
interface Step {
  kind: EventKind;
  holds(e: TraceEvent, scene: Scene): boolean;
  /** State, or first part of it, that the page is in before. */
  state?: string;
}

type Made = Pick<Step, 'kind' | 'holds'> | undefined;
interface Form {
  text: string;
  pattern: RegExp;
  readonly make: (words: readonly string[]) => Made;
}
const forms: Form[] = [];

const WORDS: Record<string, string> = {
  P: '(\\d{1,4})',
  Q: '(\\d{1,4})',
  N: '(\\d{1,2})',
  V: '(\\d{1,2})',
  RESULT: `(${results.join('|')})`,
  CAUSE: `(${causes.join('|')})`,
  FOUND: `(${Object.keys(finding).join('|')})`,
  STATE: '([a-z]+(?:\\.[a-z]+)?)',
  EVENT: '([a-zA-Z]+)',
  COMMAND: `(${commandKinds.join('|')})`,
  OPERATION: `(${operationKinds.join('|')})`,
  FAULT: `(${faultNames.join('|')})`,
};

/** @param text such as `answered P RESULT`; `make` is handed what stands for the words in capitals */
function form(text: string, make: Form['make']): void {
  const pattern = text.replaceAll(/\b[A-Z]+\b/g, (word) => WORDS[word]!);
  forms.push({ text, pattern: new RegExp(`^${pattern}$`), make });
}
/** A step about one page, the first word in capitals. */
const ofPage =
  (kind: EventKind, holds: (e: TraceEvent, rest: readonly string[], scene: Scene) => boolean = () => true) =>
  ([page, ...rest]: readonly string[]): Made => ({
    kind,
    holds: (e, scene) => scene.pageOf(e.gfn) === Number(page) && holds(e, rest, scene),
  });
/** The same where the event names the page itself. */
const ofGvpn =
  (kind: EventKind, holds: (e: TraceEvent, rest: readonly string[]) => boolean = () => true) =>
  ([page, ...rest]: readonly string[]): Made => ({
    kind,
    holds: (e) => e.gfn === Number(page) && holds(e, rest),
  });
const resultOf = (name: string | undefined) => results.indexOf(name as (typeof results)[number]);
const causeOf = (name: string | undefined) => cause[name as (typeof causes)[number]];
const isIn = (e: TraceEvent, { geometry }: Scene, node: string | undefined) =>
  geometry.isFrame(e.to) && geometry.homeOf(e.to) === Number(node);

// The guest looks, holds and asks; the host answers.
form(
  'looked P FOUND',
  ofPage('inspected', (e, [found]) => e.result === finding[found as keyof typeof finding]),
);
form('looking P', ofPage('inspecting'));
form('asked P', ofPage('requested'));
form('accepted P', ofPage('accepted'));
form(
  'answered P RESULT',
  ofPage('answered', (e, [name]) => e.result === resultOf(name)),
);
form('seized P', ofGvpn('seized'));
form(
  'balanced P RESULT',
  ofGvpn('balanced', (e, [name]) => e.result === resultOf(name)),
);
form('copied P', ([page]) => ({
  kind: 'dataIn',
  holds: (e, scene) => e.cause === cause.copy && scene.pageOf(e.gfn) === Number(page),
}));
// The page machine, by the state it goes to or by the event it goes on.
form(
  'page P is STATE',
  ofPage('page', (e, [state], { table }) => within(table.states[e.to], state)),
);
form('page P on EVENT', (words) =>
  ofPage('page', (e, [on], { table }) => table.events[e.cause] === on)(words),
);
// Content: where it arrives, where copies of it are left, and what takes whose place.
form(
  'moved out P',
  ofPage('ended', (e) => e.from === operationKind['swap-out'] && e.result === resultOf('OK')),
);
form('OPERATION P RESULT', ([kind, page, name]) => ({
  kind: 'ended',
  holds: (e, scene) =>
    e.from === operationKind[kind as keyof typeof operationKind] &&
    e.result === resultOf(name) &&
    scene.pageOf(e.gfn) === Number(page),
}));
form(
  'arrived P on node N by CAUSE',
  ofPage('dataIn', (e, [node, name], scene) => isIn(e, scene, node) && e.cause === causeOf(name)),
);
form(
  'copy of P kept in store',
  ofPage('duplicate', (e, _, { geometry }) => !geometry.isFrame(e.to)),
);
form(
  'copy of P left on node N',
  ofPage('duplicate', (e, [node], scene) => isIn(e, scene, node)),
);
form(
  'page P where Q was',
  ofPage('entered', (e, [other], scene) => scene.wasIn(e.to, Number(other))),
);
form('died P', ofPage('died'));
form('zeroed P', ofPage('zeroed'));
form('no room on node N', ([node]) => ({
  kind: 'noRoom',
  holds: (e) => e.destination === Number(node),
}));
form('no room in store', () => ({
  kind: 'noRoom',
  holds: (e, { geometry }) => e.destination >= geometry.nodes,
}));
form('spilled P', ofPage('spilled'));
// The list.
form('listed P', ofPage('listed'));
form('delisted P', ofPage('delisted'));
form('overflowed P', ofPage('overflowed'));
// Accesses and translations.
form('faulted P', ofPage('faulted'));
form(
  'faulted P by vcpu V',
  ofPage('faulted', (e, [vcpu]) => e.id === Number(vcpu)),
);
form(
  'resumed P RESULT',
  ofPage('resumed', (e, [name]) => e.result === resultOf(name)),
);
form('waited P', ofGvpn('waited'));
form(
  'filled P by vcpu V',
  ofPage('tlbFill', (e, [vcpu]) => e.id === Number(vcpu)),
);
form(
  'flushed P by vcpu V',
  ofPage('tlbFlush', (e, [vcpu]) => e.id === Number(vcpu)),
);
form('machine check P', ofPage('machineCheck'));
form(
  'wrote P by vcpu V',
  ofGvpn('wrote', (e, [vcpu]) => e.id === Number(vcpu)),
);
form(
  'read P by vcpu V',
  ofGvpn('read', (e, [vcpu]) => e.id === Number(vcpu)),
);
// Commands, what others have to do with a page, and what goes wrong.
form('command COMMAND P RESULT', ([kind, page, name]) => ({
  kind: 'commanded',
  holds: (e, scene) =>
    commandKinds[e.from] === (kind as CommandKind) &&
    e.result === resultOf(name) &&
    scene.pageOf(e.gfn) === Number(page),
}));
form(
  'pinned P',
  ofPage('pinned', (e) => e.result === 1),
);
form('fault: FAULT', ([name]) => ({
  kind: 'fault',
  holds: (e) => e.result === faultNames.indexOf(name as FaultName),
}));
form('restarted', () => ({ kind: 'forgot', holds: () => true }));

// What guests give back, forge, put aside and move as a whole; what hosts do on their own.
form('freed P', ofGvpn('freed'));
form('given back P', ofPage('givenBack'));
form('repinned V to N', ([vnode, node]) => ({
  kind: 'repinned',
  holds: (e) => e.id === Number(vnode) && e.to === Number(node),
}));
form('forged P', ofGvpn('forged'));
form('answered RESULT', ([name]) => ({ kind: 'answered', holds: (e) => e.result === resultOf(name) }));
form('rejected', () => ({ kind: 'rejected', holds: () => true }));
form('tampered P', ofPage('tampered'));
form(
  'deferred P by vcpu V',
  ofGvpn('deferred', (e, [vcpu]) => e.id === Number(vcpu)),
);
form('readied P', ofGvpn('readied'));
form('retried P', ofGvpn('retried'));
form('huge page moved N of it', ([count]) => ({
  kind: 'hugeEnded',
  holds: (e) => e.result === Number(count),
}));
form('hold expired P', ofPage('holdExpired'));

/** Forms of a step, for messages; words in capitals stand for something. */
export const FORMS: readonly string[] = forms.map(({ text }) => text);

const within = (state: string | undefined, wanted: string | undefined) =>
  state !== undefined && (state === wanted || state.startsWith(`${wanted}.`));

const WITNESS = 'witness: ';

/** @returns why it is no fact, where it is none */
export function parseFact(text: string, table: PageTable): Fact | { wrong: string } {
  if (text.startsWith(WITNESS)) {
    const witness = text.slice(WITNESS.length);
    const known = (witnessNames as readonly string[]).includes(witness);
    return known ? { text, steps: [], witness } : { wrong: text };
  }
  const steps: Step[] = [];
  for (const part of text.split(' -> ')) {
    const step = parseStep(part, table);
    if (!step) return { wrong: part };
    steps.push(step);
  }
  return { text, steps };
}

function parseStep(part: string, { states, events }: PageTable): Step | undefined {
  const [words = '', state] = part.split(' while ');
  const isState = (name: string) => states.some((known) => within(known, name));
  if (state !== undefined && !isState(state)) return undefined;
  for (const { pattern, make } of forms) {
    const match = pattern.exec(words);
    if (!match) continue;
    const [, ...given] = match;
    const on = /^page \d+ on (.*)$/.exec(words)?.[1];
    const to = /^page \d+ is (.*)$/.exec(words)?.[1];
    if (on !== undefined && !(events as readonly string[]).includes(on)) return undefined;
    if (to !== undefined && !isState(to)) return undefined;
    const made = make(given);
    return made && { ...made, ...(state === undefined ? {} : { state }) };
  }
  return undefined;
}

/** @returns whether an event is the next step of a fact */
function comesNext({ steps }: Fact, reached: number, e: TraceEvent, scene: Scene): boolean {
  const step = steps[reached];
  if (!step || event[step.kind] !== e.kind || !step.holds(e, scene)) return false;
  return step.state === undefined || within(scene.stateAt(e), step.state);
}

/** A fact as a property, for a search: that it never happens, or that no run comes to its end without it. */
export class FactProperty extends Property {
  readonly name: string;
  override readonly on: Observers;
  private readonly setting: { fact: Fact; verdict: 'never' | 'always' };
  private readonly scene: Scene;
  private reached = 0;

  /** @param name one that violations go by: what a fact says may have any form */
  constructor(name: string, fact: Fact, verdict: 'never' | 'always', { geometry, page }: Setting) {
    super();
    this.name = name;
    this.setting = { fact, verdict };
    this.scene = new Scene(geometry, page);
    const kinds = new Set<EventKind>([...SCENE, ...fact.steps.map(({ kind }) => kind)]);
    this.on = Object.fromEntries([...kinds].map((kind) => [kind, (e: TraceEvent) => this.observe(e)]));
  }
  private observe(e: TraceEvent): void {
    const { fact, verdict } = this.setting;
    if (comesNext(fact, this.reached, e, this.scene)) this.reached++;
    this.scene.observe(e);
    if (this.isSeen() && verdict === 'never') this.fail(e.sequence, fact.text);
  }
  private isSeen(): boolean {
    return this.reached === this.setting.fact.steps.length;
  }
  override atRest(): void {
    const { fact, verdict } = this.setting;
    if (verdict === 'always' && !this.isSeen()) this.fail(-1, fact.text);
  }
  override prune(): void {
    this.scene.keepFor(this.setting.fact);
  }
}

/** Watches one run for facts. */
export class FactWatch {
  readonly on: Observers;
  private readonly facts: readonly Fact[];
  private readonly scene: Scene;
  /** By fact: steps that have happened. */
  private readonly reached: number[];

  constructor(facts: readonly Fact[], geometry: Geometry, table: PageTable) {
    this.facts = facts;
    this.scene = new Scene(geometry, table);
    this.reached = facts.map(() => 0);
    const kinds = new Set<EventKind>(SCENE);
    for (const { steps } of facts) for (const { kind } of steps) kinds.add(kind);
    this.on = Object.fromEntries([...kinds].map((kind) => [kind, (e: TraceEvent) => this.observe(e)]));
  }

  private observe(e: TraceEvent): void {
    const { facts, reached, scene } = this;
    for (let i = 0; i < facts.length; i++) if (comesNext(facts[i]!, reached[i]!, e, scene)) reached[i]!++;
    scene.observe(e);
  }
  /** Whether each fact has happened; `witnessed`: the witnesses of the same run. */
  seen(witnessed: ReadonlySet<string>): boolean[] {
    return this.facts.map(({ steps, witness }, i) =>
      witness === undefined ? this.reached[i] === steps.length : witnessed.has(witness),
    );
  }
}
