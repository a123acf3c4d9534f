// The monitors of a search: what they think after some events is computed once for each picture and list of events, and
// looked up afterwards.
import { eventKinds, type TraceEvent } from '../../model/events.ts';
import type { Property } from '../../properties/index.ts';
import { Memo, type Records } from '../../runtime/check/interner.ts';
import { MonitorStates } from './monitor-states.ts';

/** Words of an event in a list: all but its time and place. */
export const EVENT_WORDS = 10;

export class Judges {
  private readonly states: readonly MonitorStates[];
  private readonly records: Records;
  private readonly joint = new Memo();
  private readonly single: readonly Memo[];
  private readonly atRest = new Map<number, string | null>();
  /** What was broken, by minus the number that stands for it. */
  private readonly broken: string[] = [''];
  /** Pictures that were computed rather than looked up. */
  computed = 0;
  private readonly event: TraceEvent = { kind: 0, actor: 0, time: 0, sequence: 0, id: 0, gfn: 0, destination: 0, generation: 0, from: 0, to: 0, cause: 0, result: 0 }; // prettier-ignore

  constructor(properties: readonly Property[], records: Records) {
    this.records = records;
    this.states = properties.map((property) => new MonitorStates(property, records));
    this.single = properties.map(() => new Memo());
  }
  /** Number of all pictures as they are now. */
  take(): number {
    return this.intern(this.states.map((state) => state.take()));
  }
  private intern(pictures: readonly number[]): number {
    return this.records.intern(Int32Array.from(pictures), 0, pictures.length);
  }
  /** @returns the pictures after some events, or minus the number of what they broke */
  after(pictures: number, events: number): number {
    const known = this.joint.get(pictures, events);
    if (known !== 0) return known;
    const after: number[] = [];
    let broken = 0;
    for (let m = 0; m < this.states.length && broken === 0; m++) {
      const picture = this.pictureAfter(m, this.records.data[pictures + m]!, events);
      if (picture < 0) broken = picture;
      after.push(picture);
    }
    const number = broken < 0 ? broken : this.intern(after);
    this.joint.set(pictures, events, number);
    return number;
  }
  private pictureAfter(m: number, picture: number, events: number): number {
    const memo = this.single[m]!;
    const known = memo.get(picture, events);
    if (known !== 0) return known;
    this.computed++;
    const state = this.states[m]!;
    state.put(picture);
    this.show(state.property, events);
    const { violation } = state.property;
    state.touch();
    const number = violation ? this.breaks(`${violation.property}: ${violation.message}`) : state.take();
    memo.set(picture, events, number);
    return number;
  }
  breaks(what: string): number {
    const known = this.broken.indexOf(what);
    return -(known > 0 ? known : this.broken.push(what) - 1);
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
  /** What must hold when nothing is left to do. @returns what does not, or null */
  judgeRest(pictures: number): string | null {
    const known = this.atRest.get(pictures);
    if (known !== undefined) return known;
    let broken: string | null = null;
    this.states.forEach((state, m) => {
      state.put(this.records.data[pictures + m]!);
      state.property.atRest();
      const { violation } = state.property;
      state.touch();
      if (violation) broken ??= `${violation.property}: ${violation.message}`;
    });
    this.atRest.set(pictures, broken);
    return broken;
  }
}
