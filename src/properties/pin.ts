// I4: a frame mapped under a vNode is on the node that the vNode is pinned to, or is a recorded spill. Where pins change
// at run time (race 21) it is the pin when the operation began, or when it took the frame; and a request is not accepted
// with a frame on a node that its vNode was taken away from meanwhile.
import type { TraceEvent } from '../model/events.ts';
import { NOWHERE } from '../model/geometry.ts';
import { operationKind } from '../model/words.ts';
import { PinTable } from './pin-table.ts';
import { isLarge, marksTo, type NumberSet, type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

interface Begun {
  kind: number;
  destination: number;
  pin: number;
}

/** Two pins in one number. */
const both = (began: number, taken: number) => began + 1024 * taken;
const isOneOf = (pins: number, node: number) => pins % 1024 === node || Math.floor(pins / 1024) === node;

export class Pin extends Property {
  readonly name = 'I4-pin';
  private readonly setting: Setting;
  private readonly pins: PinTable;
  /** Frames that a spill took on another node, by where they are meant for. */
  private readonly spilled = new Map<number, number>();
  private readonly spills = new Map<number, number>();
  /** Operations; by frame, the pins it was taken under; and by destination of a balance, the frame taken for it. */
  private readonly begun = new Map<number, Begun>();
  private readonly takenUnder: NumberTable;
  /** In a large world: frames that were taken for the node they are on, of which there are many. */
  private readonly takenAtHome: NumberSet | null;
  private readonly takenFor = new Map<number, { frame: number; pin: number }>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.pins = new PinTable(setting.geometry);
    const { frames, homeFirst, homes } = setting.geometry;
    this.takenUnder = numbersTo(homeFirst[homes]!, 0);
    this.takenAtHome = isLarge(frames) ? marksTo(frames + 1) : null;
  }
  /** A frame that was taken for one pin, and is where that is, needs no excuse. */
  override prune(): void {
    const { geometry, repins } = this.setting;
    if (geometry.spec.policy.unpinned || repins) return;
    for (const [frame, under] of this.takenUnder) {
      const node = geometry.homeOf(frame);
      if (under === both(node, node)) this.takenUnder.delete(frame);
    }
  }
  readonly on: Observers = {
    repinned: (e) => this.pins.repinned(e),
    began: (e) => {
      const { destination } = e;
      this.begun.set(e.id, { kind: e.from, destination, pin: this.pins.of(destination) });
      if (e.from === operationKind.balance) this.takenFor.delete(destination);
    },
    spilled: (e) => {
      this.spilled.set(e.id, e.from);
    },
    // Demotion and host migration ignore the pin, and say so.
    placed: (e) => {
      this.spilled.set(e.id, e.from);
    },
    reserved: (e) => this.reserved(e),
    released: (e) => {
      this.spills.delete(e.from);
      this.takenUnder.delete(e.from);
      if (this.setting.geometry.isFrame(e.from)) this.takenAtHome?.delete(e.from);
    },
    accepted: (e) => {
      const taken = this.takenFor.get(e.destination);
      const node = taken && this.setting.geometry.homeOf(taken.frame);
      if (node === undefined || node !== taken!.pin || node === this.pins.of(e.destination)) return;
      this.fail(
        e.sequence,
        `request ${e.id} was accepted with a frame on the node that Gfn ${e.destination} was pinned to before`,
      );
    },
    // A page that goes by another vNode's name is judged anew: it may only stay where it is as a spill.
    left: (e) => {
      if (this.begun.get(e.id)?.kind !== operationKind.alias) return;
      const wanted = this.spilled.get(e.id);
      this.takenUnder.delete(e.from);
      this.takenAtHome?.delete(e.from);
      if (wanted === undefined) this.spills.delete(e.from);
      else this.spills.set(e.from, wanted);
    },
    ended: (e) => {
      this.spilled.delete(e.id);
      this.begun.delete(e.id);
    },
    eptSet: (e) => {
      const { geometry } = this.setting;
      // An entry that names no place maps no frame: what was lost there is for others to say.
      if (geometry.spec.policy.unpinned || e.to === NOWHERE) return;
      this.examined++;
      const node = geometry.homeOf(e.to);
      const pin = this.pins.of(e.gfn);
      if (node === pin || this.spills.get(e.to) === pin) return;
      if (this.takenAtHome?.has(e.to)) return;
      const under = this.takenUnder.get(e.to);
      if (under !== undefined && (isOneOf(under, node) || isOneOf(under, this.spills.get(e.to) ?? -1)))
        return;
      this.fail(
        e.sequence,
        `Gfn ${e.gfn}, pinned to node ${geometry.spec.nodes[pin]!.id}, was mapped to ${geometry.place(e.to)}`,
      );
    },
  };

  private reserved(e: TraceEvent): void {
    const operation = this.begun.get(e.id);
    if (operation && this.setting.geometry.isFrame(e.to)) {
      const { kind, destination, pin } = operation;
      const now = this.pins.of(destination);
      const node = this.setting.geometry.homeOf(e.to);
      if (this.takenAtHome !== null && pin === node && now === node) {
        this.takenAtHome.add(e.to);
        this.takenUnder.delete(e.to);
      } else {
        this.takenAtHome?.delete(e.to);
        this.takenUnder.set(e.to, both(pin, now));
      }
      if (kind === operationKind.balance) this.takenFor.set(destination, { frame: e.to, pin: now });
    }
    const wanted = this.spilled.get(e.id);
    if (wanted === undefined) return;
    this.spills.set(e.to, wanted);
    this.spilled.delete(e.id);
  }
}
