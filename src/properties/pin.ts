// I4: a frame mapped under a vNode is on the node that the vNode is pinned to, or is a recorded spill.
import { type Observers, Property, type Setting } from './property.ts';

export class Pin extends Property {
  readonly name = 'I4-pin';
  private readonly setting: Setting;
  /** Frames that a spill took on another node, by where they are meant for. */
  private readonly spilled = new Map<number, number>();
  private readonly spills = new Map<number, number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
  }
  readonly on: Observers = {
    spilled: (e) => {
      this.spilled.set(e.id, e.from);
    },
    reserved: (e) => {
      const wanted = this.spilled.get(e.id);
      if (wanted === undefined) return;
      this.spills.set(e.to, wanted);
      this.spilled.delete(e.id);
    },
    released: (e) => {
      this.spills.delete(e.from);
    },
    ended: (e) => {
      this.spilled.delete(e.id);
    },
    eptSet: (e) => {
      const { geometry } = this.setting;
      if (geometry.spec.policy.unpinned) return;
      this.examined++;
      const pin = geometry.pinOf(e.gfn);
      if (geometry.homeOf(e.to) === pin || this.spills.get(e.to) === pin) return;
      this.fail(
        e.sequence,
        `Gfn ${e.gfn}, pinned to node ${geometry.spec.nodes[pin]!.id}, was mapped to ${geometry.place(e.to)}`,
      );
    },
  };
}
