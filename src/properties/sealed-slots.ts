// Encrypted slots (paragraph 30): a store never holds a page as it is; a slot opens under the name that it was sealed
// under and under no other; and the page that a Gfn's entry names in a slot is sealed so that this Gfn can open it. With
// keys of the slot's own every name opens it, as long as it was sealed at all. What a fault of a device has spoilt opens under
// no name, or may as well not.
import type { TraceEvent } from '../model/events.ts';
import { numberOf } from '../model/faults.ts';
import { operationKind, result } from '../model/words.ts';
import { type Observers, Property, type Setting } from './property.ts';

/** They spoil what a location holds until it is written anew, or may make it look so; or what an operation does at the moment. */
const LASTING = [numberOf('bit flip at rest'), numberOf('misdirected write'), numberOf('read error')];
const PASSING = [
  'bit flip in flight' as const,
  'write error' as const,
  'short write' as const,
  'misdirected write' as const,
].map(numberOf);

export class SealedSlots extends Property {
  readonly name = 'I11-sealed-slots';
  private readonly setting: Setting;
  /** Name under which a slot was sealed. */
  private readonly sealed = new Map<number, { gfn: number; generation: number }>();
  /** Where a Gfn's entry points, and under which generation it was put there. */
  private readonly homes = new Map<number, { location: number; generation: number }>();
  /** Locations, and operations, that a fault of a device has struck. */
  private readonly spoilt = new Set<number>();
  private readonly harmed = new Set<number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
  }
  readonly on: Observers = {
    dataIn: (e) => {
      this.fresh(e.to);
      this.harmed.delete(e.id);
    },
    released: (e) => this.fresh(e.from),
    fault: (e) => this.struck(e),
    sealed: (e) => {
      this.examined++;
      if (e.result === 1) this.fail(e.sequence, `${this.place(e.to)} shows Gfn ${e.gfn}'s page as it is`);
      this.sealed.set(e.to, { gfn: e.gfn, generation: e.generation });
    },
    opened: (e) => {
      this.examined++;
      const fits = this.opens(e.from, e.gfn, e.generation);
      const opened = e.result === result.OK;
      if (fits === opened || (fits && (this.spoilt.has(e.from) || this.harmed.has(e.id)))) return;
      const what = opened ? 'was opened under another name than it was sealed under' : 'does not open';
      this.fail(e.sequence, `${this.place(e.from)}, asked for as Gfn ${e.gfn}'s, ${what}`);
    },
    entered: (e) => {
      this.homes.set(e.gfn, { location: e.to, generation: e.generation });
      if (!this.setting.geometry.isFrame(e.to) && !this.sealed.has(e.to))
        this.fail(e.sequence, `${this.place(e.to)} was given to Gfn ${e.gfn} and never sealed`);
    },
    left: (e) => void this.homes.delete(e.gfn),
    died: (e) => void this.homes.delete(e.gfn),
    ended: (e) => {
      this.harmed.delete(e.id);
      if (e.from === operationKind.balance && e.result === result.OK) this.reachable(e.gfn, e.sequence);
    },
  };

  private fresh(location: number): void {
    this.sealed.delete(location);
    this.spoilt.delete(location);
  }
  /** A write that went elsewhere has spoilt that place. */
  private struck(e: TraceEvent): void {
    if (LASTING.includes(e.result)) this.spoilt.add(e.result === LASTING[1] ? e.from : e.to);
    if (PASSING.includes(e.result)) this.harmed.add(e.id);
  }
  private place(location: number): string {
    return this.setting.geometry.place(location);
  }
  private opens(slot: number, gfn: number, generation: number): boolean {
    const seal = this.sealed.get(slot);
    if (!seal) return false;
    if (this.setting.geometry.spec.policy.encryption === 'slot') return true;
    return seal.gfn === gfn && seal.generation === generation;
  }
  private reachable(gfn: number, sequence: number): void {
    const home = this.homes.get(gfn);
    if (!home || this.setting.geometry.isFrame(home.location) || this.spoilt.has(home.location)) return;
    this.examined++;
    if (!this.opens(home.location, gfn, home.generation))
      this.fail(sequence, `${this.place(home.location)} is Gfn ${gfn}'s and sealed under another name`);
  }

  override atRest(): void {
    for (const gfn of this.homes.keys()) this.reachable(gfn, -1);
  }
}
