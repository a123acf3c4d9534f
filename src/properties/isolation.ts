// I3: no guest ever reads another's content, nor a page another page's; a Gfn without content reads zero. Every word
// carries the tag of the page it belongs to, and a Gfn is born only in a frame cleared for it. No request has an effect on
// a Gfn of another guest than the one that sent it.
import type { TraceEvent } from '../model/events.ts';
import { tagOf } from '../model/content.ts';
import { marksTo, type NumberSet } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

export class Isolation extends Property {
  readonly name = 'I3-isolation';
  private readonly setting: Setting;
  private readonly clean: NumberSet;

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.clean = marksTo(setting.geometry.homeFirst[setting.geometry.homes]!);
  }

  readonly on: Observers = {
    read: (e) => this.seen(e),
    wrote: (e) => this.seen(e),
    zeroed: (e) => {
      if (e.id >= 0) this.clean.add(e.to);
    },
    dataIn: (e) => {
      this.clean.delete(e.to);
    },
    reserved: (e) => {
      this.clean.delete(e.to);
    },
    accepted: (e) => {
      const { geometry } = this.setting;
      const guest = geometry.vcpuGuest[Math.floor(e.id / geometry.spec.batch)]!;
      for (const gfn of [e.gfn, e.destination]) {
        if (gfn >= geometry.guestGfn[guest]! && gfn < geometry.guestGfn[guest + 1]!) continue;
        this.fail(
          e.sequence,
          `request ${e.id} of guest ${guest} was accepted for Gfn ${gfn}, which is another's`,
        );
      }
    },
    born: (e) => {
      this.examined++;
      if (!this.clean.has(e.to))
        this.fail(e.sequence, `Gfn ${e.gfn} was given a frame with somebody else's content`);
    },
  };

  private seen(e: TraceEvent): void {
    this.examined++;
    if (e.from !== 0 && e.from !== tagOf(e.gfn)) {
      this.fail(
        e.sequence,
        `vcpu${e.id} found another page's content in Gvpn ${e.gfn} word ${e.destination}`,
      );
    }
  }
}
