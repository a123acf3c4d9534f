// Every page event is an edge of the page machine, taken from the state the page was in; frames and requests too. A
// swap-out that was begun is not given up without a cause. And what a guest claims, or lets go, is in the generation of its claim.
import { frameTable, type PageTable, requestTable } from '../../machines/tables.ts';
import type { TraceEvent } from '../model/events.ts';
import { operationKind, result } from '../model/words.ts';
import { present } from '../stdx/assert.ts';
import { type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

const MACHINES = ['page', 'frame', 'request'] as const;

/** Of a step that no machine has: which machine, the page, frame or request, and what it took in which state. */
export function illegalInWords({ id, gfn, cause, from }: TraceEvent, page: PageTable): string {
  const machine = present(MACHINES[id], 'a machine');
  const { states, events } = { page, frame: frameTable, request: requestTable }[machine];
  return `${machine} ${gfn}: ${events[cause]} in state ${states[from] ?? 'vacant'}, which the ${machine} machine does not have`;
}

export class LegalLifecycle extends Property {
  readonly name = 'legal-lifecycle';
  private readonly setting: Setting;
  private readonly states: NumberTable;
  private readonly carried = new Map<number, number>();
  /** By Gfn, while a guest may claim its page or has done so. */
  private readonly generations: NumberTable;
  /** Gfns whose swap-out was cancelled by a write. */
  private readonly touched = new Set<number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.states = numbersTo(setting.geometry.gfns, 0);
    this.generations = numbersTo(setting.geometry.gfns, 0);
  }
  readonly on: Observers = {
    born: (e) => {
      this.examined++;
      if (this.states.has(e.gfn)) this.fail(e.sequence, `Gfn ${e.gfn} was born and has a page already`);
      this.states.set(e.gfn, this.setting.page.initial);
    },
    died: (e) => {
      this.states.delete(e.gfn);
      this.generations.delete(e.gfn);
    },
    left: (e) => {
      const state = this.states.get(e.gfn);
      if (state !== undefined) this.carried.set(e.id, this.unclaimed(state));
      this.states.delete(e.gfn);
      this.generations.delete(e.gfn);
    },
    entered: (e) => {
      const state = this.carried.get(e.id);
      if (state === undefined) return;
      this.states.set(e.gfn, state);
      this.notes(e, state);
      this.carried.delete(e.id);
    },
    page: (e) => this.stepped(e),
    began: (e) => {
      if (e.from === operationKind['swap-out']) this.touched.delete(e.gfn);
    },
    ended: (e) => {
      if (e.from !== operationKind['swap-out'] || e.result !== result.BUSY || this.touched.has(e.gfn)) return;
      this.fail(e.sequence, `the swap-out of Gfn ${e.gfn} was given up, and nobody had written to it`);
    },
    tampered: (e) => this.tampered(e),
    illegal: (e) => this.fail(e.sequence, illegalInWords(e, this.setting.page)),
  };

  /** A guest scribbled on the page word: at most its own claim is gone by that. */
  private tampered(e: TraceEvent): void {
    const { next, events, event, states } = this.setting.page;
    const was = this.states.get(e.gfn) ?? -1;
    if (was !== e.to && next[e.to * events.length + event.detect] !== was)
      this.fail(
        e.sequence,
        `Gfn ${e.gfn} was ${states[was] ?? 'not there'}; the host put back ${states[e.to]}`,
      );
    if (e.to < 0) return;
    this.states.set(e.gfn, e.to);
    this.notes(e, e.to);
  }
  /** A claim is of the Gfn and does not go along: a guest may have made one when the host had the page on its way already. */
  private unclaimed(state: number): number {
    const { next, events, event } = this.setting.page;
    const before = next[state * events.length + event.cancel]!;
    return before < 0 ? state : before;
  }
  private notes(e: TraceEvent, state: number): void {
    const { next, events, event } = this.setting.page;
    const row = state * events.length;
    if (next[row + event.detect]! >= 0 || next[row + event.cancel]! >= 0)
      this.generations.set(e.gfn, e.generation);
    else this.generations.delete(e.gfn);
  }
  private stepped(e: TraceEvent): void {
    this.examined++;
    if (e.cause === this.setting.page.event.touch) this.touched.add(e.gfn);
    const { next, events, states, event } = this.setting.page;
    const was = this.states.get(e.gfn);
    const generation = this.generations.get(e.gfn);
    const isClaim = e.cause === event.detect || e.cause === event.cancel;
    const edge = e.from * events.length + e.cause;
    if (was !== e.from) {
      this.fail(
        e.sequence,
        `Gfn ${e.gfn}: ${events[e.cause]} from ${states[e.from]}, but the page was ${states[was ?? -1] ?? 'not there'}`,
      );
    } else if (next[edge] !== e.to) {
      this.fail(e.sequence, `Gfn ${e.gfn}: ${events[e.cause]} took ${states[e.from]} to ${states[e.to]}`);
    }
    if (isClaim && generation !== undefined && e.generation !== generation)
      this.fail(
        e.sequence,
        `Gfn ${e.gfn}: ${events[e.cause]} in generation ${e.generation}, but the page was in generation ${generation}`,
      );
    this.states.set(e.gfn, e.to);
    this.notes(e, e.to);
  }
}
