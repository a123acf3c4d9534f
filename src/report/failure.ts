// A failing run on one screen: what was violated, who did what to the page until then, what changed last, and where that
// stands in the page machine. For a run that `shrink` has made small; a long one is cut down to its end.
import { readFileSync } from 'node:fs';
import { pageTable } from '../../machines/tables.ts';
import { event, eventKinds, type TraceEvent } from '../model/events.ts';
import { describeFaults } from '../model/faults.ts';
import { Geometry } from '../model/geometry.ts';
import { type Violation, whenSeen } from '../properties/index.ts';
import type { Protocol } from '../protocols/index.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { partsOf, workloadOf } from '../scenarios/parts.ts';
import { isScript } from '../scenarios/scenario.ts';
import { isCheckout, sourceAt } from '../stdx/checkout.ts';
import { several, whole } from '../stdx/figures.ts';
import { printable } from '../stdx/input-error.ts';
import { commandTo, shellWord } from './command.ts';
import { drawLanes } from './lanes.ts';
import { HOST, HYPERVISOR, Narrator, type NarratedEvent } from './narrator.ts';
import { runOnce } from './run.ts';
import type { Unit } from './unit.ts';

/** Lines of lanes, and operations of a vCPU's script, at most. */
const LINES_MAX = 60;
const OPERATIONS_MAX = 24;

export interface FailureDetails {
  /** Messages up to the violation, here and in the run that this one was made from. */
  messages?: number;
  messagesBefore?: number;
  pages?: number;
  /** File with the unit, for the line that replays it. */
  replay?: string | undefined;
  /** The unit's protocol, where it cannot be loaded by its name. */
  protocol?: Protocol | undefined;
}

interface Change {
  gfn: number;
  page: number | undefined;
  from: number;
  to: number;
  on: number;
  /** The machine does not have it. */
  illegal: boolean;
}

/** Everything of a run that the screen draws on, up to the violation. */
class Seen {
  private readonly narrator: Narrator;
  private readonly violation: Violation;
  private readonly told: NarratedEvent[] = [];
  /** The pages and Gfns that the violation is about. */
  private readonly pages = new Set<number>();
  private readonly gfns = new Set<number>();
  private readonly changes: Change[] = [];
  /** By vCPU: the fault that it waits to be served. What hangs stands in no other line. */
  private readonly unserved = new Map<number, NarratedEvent>();
  private last: TraceEvent | null = null;
  private done = false;

  constructor(geometry: Geometry, violation: Violation) {
    this.narrator = new Narrator(geometry, pageTable, true);
    this.violation = violation;
  }

  see(e: TraceEvent): void {
    if (this.done) return;
    const isLast = e.sequence === this.violation.sequence;
    const about = this.narrator.aboutOf(e);
    if (isLast) this.nameConcerned(about);
    if (e.kind === event.page || (e.kind === event.illegal && e.id === 0))
      this.changes.push({
        gfn: e.gfn,
        page: about.pages[0],
        from: e.from,
        to: e.to,
        on: e.cause,
        illegal: e.kind === event.illegal,
      });
    const all = this.narrator.tell(e);
    this.follow(e, all, isLast);
    const told = all.filter((line) => isLast || this.isTold(line, e));
    this.last = { ...e };
    if (!isLast) {
      this.told.push(...told);
      return;
    }
    this.told.push({ ...(told[0] ?? this.bare(e)), broken: true });
    this.done = true;
  }
  private isTold({ quiet }: NarratedEvent, { kind }: TraceEvent): boolean {
    if (!quiet || this.violation.property === 'I8-shootdown') return true;
    // Kept until it is known who was served: `lanes` leaves the others out.
    return kind === event.faulted && this.watchesFaults;
  }
  private get watchesFaults(): boolean {
    return this.violation.property === 'answered' || this.violation.sequence < 0;
  }
  private follow(e: TraceEvent, told: readonly NarratedEvent[], isLast: boolean): void {
    if (!this.watchesFaults) return;
    const [line] = told;
    if (e.kind === event.faulted && line !== undefined) this.unserved.set(e.id, line);
    // The answer that breaks the property is to a fault that is worth seeing.
    else if (e.kind === event.resumed && !isLast) this.unserved.delete(e.id);
  }
  /** An event that FIG. 4 has no words for. */
  private bare(e: TraceEvent): NarratedEvent {
    const lane = this.narrator.laneOf(e.actor);
    const of = { time: e.time, sequence: e.sequence, ...this.narrator.aboutOf(e) };
    return {
      numeral: '',
      from: lane,
      to: lane,
      text: eventKinds[e.kind]!,
      fine: true,
      quiet: false,
      what: '',
      ...of,
    };
  }
  private nameConcerned(about: { pages: readonly number[]; gfns: readonly number[] }): void {
    for (const page of about.pages) this.pages.add(page);
    for (const gfn of about.gfns) this.gfns.add(gfn);
    for (const [, name] of this.violation.message.matchAll(/Gfn (\d+)/g)) {
      this.gfns.add(Number(name));
      const page = this.narrator.pageOf(Number(name));
      if (page !== undefined) this.pages.add(page);
    }
  }
  private concerns(pages: readonly number[], gfns: readonly number[]): boolean {
    if (this.pages.size + this.gfns.size === 0) return true;
    return pages.some((page) => this.pages.has(page)) || gfns.some((gfn) => this.gfns.has(gfn));
  }

  /** Who waits to be served, and for what. */
  waiting(): string[] {
    return [...this.unserved.values()].map(({ from, text }) => `${from} ${text}`);
  }

  lanes(isTimed: boolean): string[] {
    if (!this.done) this.atRest();
    const hangs = new Set(this.unserved.values());
    const about = this.told.filter((line) => {
      if (line.broken || hangs.has(line)) return true;
      return !(line.quiet && this.watchesFaults) && this.concerns(line.pages, line.gfns);
    });
    const first = about.length - LINES_MAX;
    const shown = about
      .filter((line, i) => i >= first || hangs.has(line))
      .map((line) => (hangs.has(line) ? { ...line, text: `${line.text}: never served` } : line));
    const missing = about.length - shown.length;
    return [
      ...(missing > 0 ? [`(${missing} of the first ${first} lines left out)`] : []),
      ...drawLanes(this.narrator.lanes, shown, { always: [HOST, HYPERVISOR], isTimed }),
    ];
  }
  private atRest(): void {
    this.nameConcerned({ pages: [], gfns: [] });
    if (this.last === null) return;
    this.told.push({
      ...this.bare(this.last),
      from: HOST,
      to: HOST,
      text: 'at rest: nothing more happens',
      broken: true,
    });
  }

  /** What the page machine says of the last change. */
  change(): string[] {
    const last = this.changes.findLast(({ page, gfn }) =>
      this.concerns(page === undefined ? [] : [page], [gfn]),
    );
    if (!last) return [];
    const name = last.page === undefined ? `Gfn ${last.gfn}` : `page ${last.page}`;
    const { states, events } = pageTable;
    const [on, from] = [events[last.on]!, states[last.from] ?? 'vacant'];
    if (last.illegal) return [`Machine: pageMachine has no transition ${on} from ${from}`];
    return [
      `State that changed last: ${name}  ${from} -> ${states[last.to]!}`,
      `Machine: pageMachine, transition ${on}, ${transitionAt(from, on)}`,
    ];
  }
}

/** @param unit as it is: shrink it first */
export async function failureScreen(
  unit: Unit,
  violation: Violation,
  details: FailureDetails = {},
): Promise<string[]> {
  const protocol = details.protocol ?? (await loadProtocol(unit.protocol));
  const { seed, scheduler, choices } = unit;
  const seen = await seenIn(unit, protocol, violation);
  const where = whenSeen(violation);
  return [
    `✗ ${violation.property} · ${printable(protocol.name)}, seed ${seed}, ${where}`,
    `  ${printable(violation.message)}`,
    ...small(details),
    ...script(unit),
    ...harms(unit),
    '',
    ...seen.lanes(scheduler === 'timed' && choices === undefined),
    '',
    ...seen.change(),
    ...(details.replay === undefined ? [] : [`Replay:  ${commandTo('replay', shellWord(details.replay))}`]),
  ];
}

/** A run that goes in circles, when its choices have been made once: who waits for a fault to be served. */
export async function waitingAfter(unit: Unit): Promise<string[]> {
  const endless = { property: 'answered', sequence: -1, message: '' } as const;
  const limit = unit.choices?.length ?? 0;
  return (await seenIn({ ...unit, limit }, await loadProtocol(unit.protocol), endless)).waiting();
}

async function seenIn(unit: Unit, protocol: Protocol, violation: Violation): Promise<Seen> {
  const seen = new Seen(new Geometry(unit.spec), violation);
  const workload = await workloadOf(unit.workload, unit.shape);
  const workloads = unit.spec.guests.map(() => workload);
  const { seed, scheduler, choices, limit } = unit;
  const onEvent = (e: TraceEvent) => seen.see(e);
  await runOnce(partsOf(unit, protocol), workloads, { seed, scheduler, choices, limit, onEvent });
  return seen;
}

function small({ messages, messagesBefore, pages }: FailureDetails): string[] {
  if (messages === undefined) return [];
  const from =
    messagesBefore === undefined || messagesBefore === messages
      ? ''
      : ` (from ${whole(messagesBefore)} messages)`;
  const named = pages === undefined ? '' : `, ${several(pages, 'page')}`;
  return ['', `Smallest run that still fails: ${whole(messages)} messages${named}${from}`];
}

function script({ workload, choices }: Unit): string[] {
  if (!isScript(workload)) return [];
  const order =
    choices === undefined ? 'in virtual time' : `in the order of ${choices.length} choices, then fair`;
  return [
    ...workload.vcpus.flatMap((list, vcpu) => {
      if (list.length === 0) return [];
      const more = list.length > OPERATIONS_MAX ? ', ...' : '';
      return [`  vcpu${vcpu}: ${list.slice(0, OPERATIONS_MAX).join(', ')}${more}`];
    }),
    `  ${order}`,
  ];
}

/** What a search did to messages: the lanes show what came of it, not what did not come. */
function harms({ spec }: Unit): string[] {
  if (spec.timeouts === undefined) return [];
  const geometry = new Geometry(spec);
  const name = (actor?: number) => (actor === undefined ? '' : ` of ${geometry.nameOf(actor)}`);
  return [
    ...(spec.faults ?? []).map((fault) => `  ${describeFaults([fault])}${name(fault.actor)}`),
    ...spec.timeouts.map(({ actor, thing }) =>
      actor === geometry.host
        ? `  time-out of host: its call for operation ${thing}`
        : `  time-out of ${geometry.nameOf(actor)}`,
    ),
  ];
}

/** Where the page machine has a transition: file and line of the source, or of its compiled twin. */
export function transitionAt(state: string, on: string): string {
  const name = sourceAt('machines/page.machine.ts');
  const lines = readFileSync(
    new URL(`../../machines/page.machine.${isCheckout ? 'ts' : 'js'}`, import.meta.url),
    'utf8',
  ).split('\n');
  const after = (line: number, pattern: RegExp) => {
    const found = lines.findIndex((text, index) => index >= line && pattern.test(text));
    return found < 0 ? line : found;
  };
  let line = after(0, /^ {2}states: \{/);
  for (const part of state.split('.')) line = after(line, new RegExp(`^\\s+${part}: \\{`));
  // What every state has in common stands at the top.
  const shared = lines.findIndex((text) => new RegExp(`^ {2}on: \\{.*\\b${on}: \\{`).test(text));
  if (shared >= 0) return `${name}:${shared + 1}`;
  return `${name}:${after(line, new RegExp(`\\b${on}: \\{ target`)) + 1}`;
}
