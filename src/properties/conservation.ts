// I5: frames and slots add up. A location is reserved before it is used, reserved once at a time, and released by its
// reserver's successor; at rest every reserved location is some page's home, and nothing else is.
import { swapoffPhase } from '../model/events.ts';
import { result } from '../model/words.ts';
import { type Observers, Property, type Setting } from './property.ts';

export class Conservation extends Property {
  readonly name = 'I5-conservation';
  private readonly setting: Setting;
  private readonly reserved = new Set<number>();
  private readonly homeOf = new Map<number, number>();
  private readonly turnedOff = new Set<number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
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
    },
    left: (e) => {
      this.homeOf.delete(e.gfn);
    },
    died: (e) => {
      this.homeOf.delete(e.gfn);
    },
  };
  private place(location: number): string {
    return this.setting.geometry.place(location);
  }

  override atRest(): void {
    const homes = new Set(this.homeOf.values());
    for (const location of this.reserved) {
      if (!homes.has(location))
        this.fail(-1, `${this.place(location)} is taken and holds no page: it leaked`);
    }
    for (const [gfn, location] of this.homeOf) {
      if (!this.reserved.has(location))
        this.fail(-1, `Gfn ${gfn} is at ${this.place(location)}, which is free`);
    }
  }
}
