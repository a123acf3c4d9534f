// Guest memory given back (races 11 and 24). What the guest reported free, put into the balloon or had unplugged leaves
// nothing behind at the host: no frame, no slot, no list entry; nothing comes to a Gfn in the balloon, or unplugged, before the
// guest takes it back, and the guest does not use it either. And a guest that poisons what it frees finds its poison again.
import type { TraceEvent } from '../model/events.ts';
import { isImmediate, listPolicyOf } from '../model/list-policy.ts';
import { givenBack, requestKinds } from '../model/words.ts';
import { marksTo, type NumberSet, type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

const HOW = ['reported', 'in the balloon', 'unplugged'];

export class GivenBack extends Property {
  readonly name = 'given-back';
  override readonly ofOption = true;
  private readonly setting: Setting;
  private readonly backed: NumberTable;
  private readonly listed: NumberSet;
  private readonly immediate: boolean;
  private readonly gone = new Map<number, number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
    this.backed = numbersTo(setting.geometry.gfns, 1);
    this.listed = marksTo(setting.geometry.gfns);
    this.immediate = isImmediate(listPolicyOf(setting.geometry.spec));
  }
  readonly on: Observers = {
    born: (e) => this.comes(e),
    entered: (e) => this.comes(e),
    left: (e) => void this.backed.delete(e.gfn),
    died: (e) => void this.backed.delete(e.gfn),
    // What is exported late is off the list when its owner has heard so: for a while readers may still see the entry.
    gathered: (e) => this.lists(e.gfn, e.result === 1),
    listed: (e) => this.immediate && this.lists(e.gfn, true),
    overflowed: (e) => this.immediate && this.lists(e.gfn, true),
    delisted: (e) => this.immediate && this.lists(e.gfn, false),
    givenBack: (e) => {
      this.examined++;
      const location = this.backed.get(e.gfn);
      const what = `Gfn ${e.gfn} is ${HOW[e.cause]}`;
      if (location !== undefined)
        this.fail(
          e.sequence,
          `${what} and the host still has ${this.setting.geometry.place(location)} for it`,
        );
      if (this.listed.has(e.gfn)) this.fail(e.sequence, `${what} and still on the moved list`);
      if (e.cause !== givenBack.reported) this.gone.set(e.gfn, e.cause);
    },
    takenBack: (e) => void this.gone.delete(e.gfn),
    accepted: (e) => {
      const how = this.gone.get(e.destination) ?? this.gone.get(e.gfn);
      if (how !== undefined)
        this.fail(e.sequence, `a ${requestKinds[e.from]} was accepted for a Gfn that is ${HOW[how]}`);
    },
    seized: (e) => {
      const how = this.gone.get(e.to);
      if (how !== undefined) this.fail(e.sequence, `vcpu${e.id} allocated Gfn ${e.to}, which is ${HOW[how]}`);
    },
    poisonChecked: (e) => {
      this.examined++;
      if (e.result !== 1)
        this.fail(e.sequence, `vcpu${e.id} freed Gfn ${e.gfn} full of poison and did not find it again`);
    },
  };

  private lists(gfn: number, isListed: boolean): void {
    if (isListed) this.listed.add(gfn);
    else this.listed.delete(gfn);
  }
  private comes(e: TraceEvent): void {
    this.backed.set(e.gfn, e.to);
    const how = this.gone.get(e.gfn);
    if (how !== undefined) this.fail(e.sequence, `content came to Gfn ${e.gfn}, which is ${HOW[how]}`);
  }
}
