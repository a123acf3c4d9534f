// The monitors of a search: what they think after some events is computed once for each picture and list of events, and
// looked up afterwards.
import { eventKinds, type TraceEvent } from '../../model/events.ts';
import type { Property } from '../../properties/index.ts';
import { Memo, type Records } from '../../runtime/check/interner.ts';
import { AssertionError } from '../../stdx/assert.ts';
import { MonitorStates } from './monitor-states.ts';

/** Words of an event in a list: all but its time and place. */
const EVENT_WORDS = 10;

/** In `listened`: a monitor hears nothing of some events. */
const NOTHING = -1;
const NOBODY = -1;

export class Judges {
  private readonly states: readonly MonitorStates[];
  private readonly records: Records;
  private readonly listened = new Memo();
  private readonly pictures: readonly Memo[];
  private readonly atRest: readonly Map<number, string | null>[];
  /** What was broken, by minus the number that stands for it. */
  private readonly broken: string[] = [''];
  /** By the same: the monitor that saw it; -1: none did, a step is at fault itself. */
  private readonly seenBy: number[] = [NOBODY];
  /** Pictures that were computed rather than looked up. */
  computed = 0;
  /** Told of each of these: a monitor's picture, the events, and what they make of it, or minus the number of what they broke. */
  onJudged: (m: number, picture: number, heard: number, after: number) => void = () => {};
  private readonly event: TraceEvent = { kind: 0, actor: 0, time: 0, sequence: 0, id: 0, gfn: 0, destination: 0, generation: 0, from: 0, to: 0, cause: 0, result: 0 }; // prettier-ignore

  constructor(properties: readonly Property[], records: Records) {
    this.records = records;
    this.states = properties.map((property) => new MonitorStates(property, records));
    this.pictures = properties.map(() => new Memo());
    this.atRest = properties.map(() => new Map<number, string | null>());
  }
  /** Numbers of all pictures as they are now. */
  take(): number[] {
    return this.states.map((state) => state.take());
  }
  /** The events that any of these monitors looks at, interned; 0 = none. */
  heard(monitors: readonly number[], events: number): number {
    const { data } = this.records;
    const end = events + this.records.lengthOf(events);
    const heard: number[] = [];
    for (let at = events; at < end; at += EVENT_WORDS) {
      const kind = eventKinds[data[at + 1]!]!;
      if (monitors.some((m) => this.states[m]!.property.on[kind]))
        heard.push(...data.subarray(at, at + EVENT_WORDS));
    }
    return heard.length === 0 ? 0 : this.records.intern(Int32Array.from(heard), 0, heard.length);
  }
  /** The events that one monitor looks at, interned; 0 = none. */
  heardBy(m: number, events: number): number {
    let heard = this.listened.get(m + 1, events);
    if (heard === 0) this.listened.set(m + 1, events, (heard = this.heard([m], events) || NOTHING));
    return heard === NOTHING ? 0 : heard;
  }
  /** @returns a monitor's picture after some events, or minus the number of what they broke */
  after(m: number, picture: number, events: number): number {
    const heard = this.heardBy(m, events);
    if (heard === 0) return picture;
    const memo = this.pictures[m]!;
    const known = memo.get(picture, heard);
    if (known !== 0) return known;
    this.computed++;
    const state = this.states[m]!;
    const broken = this.judge(state, picture, () => this.show(state.property, heard));
    const number = broken === null ? state.take() : this.breaks(broken, m);
    memo.set(picture, heard, number);
    this.onJudged(m, picture, heard, number);
    return number;
  }
  /**
   * Has a monitor judge from a picture on. What it cannot make sense of, since no world that is right has such events, is a
   * finding as well.
   * @returns what is broken, or null
   */
  private judge(state: MonitorStates, picture: number, look: () => void): string | null {
    state.put(picture);
    try {
      look();
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
      return `assertion: ${state.property.name} cannot go on: ${error.message}`;
    } finally {
      state.touch();
    }
    const { violation } = state.property;
    return violation && `${violation.property}: ${violation.message}`;
  }
  breaks(what: string, monitor = NOBODY): number {
    const known = this.broken.indexOf(what);
    if (known > 0) return -known;
    this.seenBy.push(monitor);
    return -(this.broken.push(what) - 1);
  }
  /** The monitor that saw what a number stands for, or -1. */
  whoSaw(number: number): number {
    return this.seenBy[-number]!;
  }
  whatBroke(number: number): string {
    return this.broken[-number]!;
  }
  private show(property: Property, events: number): void {
    const { data } = this.records;
    const { event } = this;
    const end = events + this.records.lengthOf(events);
    for (let i = events; i < end; i += EVENT_WORDS) {
      event.actor = data[i]!;
      event.kind = data[i + 1]!;
      event.id = data[i + 2]!;
      event.gfn = data[i + 3]!;
      event.destination = data[i + 4]!;
      event.generation = data[i + 5]!;
      event.from = data[i + 6]!;
      event.to = data[i + 7]!;
      event.cause = data[i + 8]!;
      event.result = data[i + 9]!;
      property.on[eventKinds[event.kind]!]?.(event);
      if (property.violation) return;
    }
  }
  /** What must hold when nothing is left to do, by a monitor's picture. @returns what does not, or null */
  judgeRest(m: number, picture: number): string | null {
    const known = this.atRest[m]!.get(picture);
    if (known !== undefined) return known;
    const state = this.states[m]!;
    const broken = this.judge(state, picture, () => state.property.atRest());
    this.atRest[m]!.set(picture, broken);
    return broken;
  }
}
