// I5: frames and slots add up. A location is reserved before it is used, reserved once at a time, and released by its
// reserver's successor; at rest every reserved location is some page's home, a clean copy of a page that is there, or
// referred to by somebody else, and nothing else is.
import { swapoffPhase } from '../model/events.ts';
import { operationKind, result } from '../model/words.ts';
import { marksTo, type NumberSet, type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

export class Conservation extends Property {
  readonly name = 'I5-conservation';
  private readonly setting: Setting;
  private readonly reserved: NumberSet;
  private readonly homeOf: NumberTable;
  /** Gfn by location that keeps a clean copy; references of others by location. */
  private readonly copies = new Map<number, number>();
  private readonly copiesOf = new Map<number, number[]>();
  /** Copies of pages that are gone, by location. */
  private readonly orphans = new Map<number, number>();
  /** By operation: the Gfn that its page left. */
  private readonly leftBy = new Map<number, number>();
  private readonly references = new Map<number, number>();
  private readonly turnedOff = new Set<number>();

  constructor(setting: Setting) {
    super();
    const { geometry } = setting;
    this.setting = setting;
    this.reserved = marksTo(geometry.homeFirst[geometry.homes]!);
    this.homeOf = numbersTo(geometry.gfns, 1);
  }
  readonly on: Observers = {
    reserved: (e) => {
      this.examined++;
      if (this.reserved.has(e.to)) this.fail(e.sequence, `${this.place(e.to)} was given out twice`);
      this.reserved.add(e.to);
      if (this.turnedOff.has(e.destination))
        this.fail(e.sequence, `${this.place(e.to)} was given out after its store was turned off`);
    },
    swapoff: (e) => {
      if (e.from === swapoffPhase.ended && e.result === result.OK) this.turnedOff.add(e.id);
    },
    released: (e) => {
      this.examined++;
      if (!this.reserved.delete(e.from))
        this.fail(e.sequence, `${this.place(e.from)} was released and not in use`);
      this.forget(e.from);
      this.orphans.delete(e.from);
    },
    duplicate: (e) => {
      this.copies.set(e.to, e.gfn);
      this.copiesOf.set(e.gfn, [...(this.copiesOf.get(e.gfn) ?? []), e.to]);
    },
    shared: (e) => {
      this.references.set(e.to, e.generation);
    },
    dataIn: (e) => {
      if (!this.reserved.has(e.to))
        this.fail(e.sequence, `content went to ${this.place(e.to)}, which is not reserved`);
    },
    stray: (e) =>
      this.fail(e.sequence, `operation ${e.id} was to use ${this.place(e.to)}, which it has not reserved`),
    born: (e) => {
      this.homeOf.set(e.gfn, e.to);
    },
    entered: (e) => {
      this.homeOf.set(e.gfn, e.to);
      // Moved out to where its copy was: a home now, and no copy.
      this.forget(e.to);
    },
    ended: (e) => {
      const isAlias = e.from === operationKind.alias;
      if (e.from !== operationKind.drop && !isAlias) return;
      const done = isAlias ? this.leftBy.get(e.id) : e.gfn;
      for (const [location, gfn] of this.orphans)
        if (gfn === done)
          this.fail(
            e.sequence,
            `Gfn ${gfn} has no page any more, and its copy at ${this.place(location)} was not`,
          );
    },
    left: (e) => {
      this.gone(e.gfn);
      this.leftBy.set(e.id, e.gfn);
    },
    died: (e) => this.gone(e.gfn),
  };
  private forget(copy: number): void {
    const gfn = this.copies.get(copy);
    if (gfn === undefined) return;
    this.copies.delete(copy);
    this.copiesOf.set(
      gfn,
      this.copiesOf.get(gfn)!.filter((location) => location !== copy),
    );
  }
  /** The page of a Gfn is gone: what was a copy of it must be released, or has leaked. */
  private gone(gfn: number): void {
    this.homeOf.delete(gfn);
    for (const location of this.copiesOf.get(gfn) ?? []) {
      this.copies.delete(location);
      this.orphans.set(location, gfn);
    }
    this.copiesOf.delete(gfn);
  }
  private place(location: number): string {
    return this.setting.geometry.place(location);
  }

  override atRest(): void {
    const { geometry } = this.setting;
    const homes = marksTo(geometry.homeFirst[geometry.homes]!);
    for (const location of this.homeOf.values()) homes.add(location);
    for (const location of this.reserved) {
      if (!homes.has(location) && !this.copies.has(location) && (this.references.get(location) ?? 0) === 0)
        this.fail(-1, `${this.place(location)} is taken and holds no page: it leaked`);
    }
    for (const [gfn, location] of this.homeOf) {
      if (!this.reserved.has(location))
        this.fail(-1, `Gfn ${gfn} is at ${this.place(location)}, which is free`);
    }
  }
}
