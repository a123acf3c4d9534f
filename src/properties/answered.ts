// I9, for the runs we see: whatever was begun has ended when the run comes to rest. Every fault was resumed, every
// request answered, every hold ended, every page that a guest seized was let go, every script was executed.
import type { TraceEvent } from '../model/events.ts';
import { result } from '../model/words.ts';
import { type Observers, Property, type Setting } from './property.ts';

/** Faults of a vCPU on one Gfn that may be answered OK without any change of its EPT entry. */
const PATIENCE = 100;

export class Answered extends Property {
  readonly name = 'answered';
  private readonly setting: Setting;
  private readonly faults = new Set<number>();
  private readonly requests = new Set<number>();
  private readonly holds = new Set<number>();
  private readonly seized = new Set<number>();
  private readonly operations = new Set<number>();
  private halted = 0;
  /** By vCPU: the Gfn of its faults that were answered OK without a change of the EPT entry since, and how many were. */
  private readonly before = new Map<number, { gfn: number; times: number }>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
  }
  readonly on: Observers = {
    faulted: (e) => {
      this.faults.add(e.id);
      const before = this.before.get(e.id);
      if (before?.gfn !== e.gfn) this.before.delete(e.id);
    },
    resumed: (e) => {
      this.examined++;
      if (!this.faults.delete(e.id)) this.fail(e.sequence, `vcpu${e.id} was resumed and had not faulted`);
      this.promised(e);
    },
    tlbFill: (e) => void this.before.delete(e.id),
    eptSet: (e) => this.changed(e.gfn),
    eptCleared: (e) => this.changed(e.gfn),
    eptProtected: (e) => this.changed(e.gfn),
    requested: (e) => void this.requests.add(e.id),
    answered: (e) => {
      this.examined++;
      this.requests.delete(e.id);
    },
    page: (e) => {
      const { state } = this.setting.page;
      if (e.to === state['listed.held'] || e.to === state['remapped.held']) this.holds.add(e.gfn);
      else this.holds.delete(e.gfn);
    },
    died: (e) => void this.holds.delete(e.gfn),
    tampered: (e) => void this.holds.delete(e.gfn),
    left: (e) => void this.holds.delete(e.gfn),
    seized: (e) => void this.seized.add(e.gfn),
    balanced: (e) => {
      this.examined++;
      this.seized.delete(e.gfn);
    },
    began: (e) => void this.operations.add(e.id),
    ended: (e) => void this.operations.delete(e.id),
    halted: () => {
      this.halted++;
    },
  };

  /** A search sees every circle itself, and counts no rounds of it. */
  override prune(): void {
    this.before.clear();
  }
  private changed(gfn: number): void {
    for (const [vcpu, before] of this.before) if (before.gfn === gfn) this.before.delete(vcpu);
  }
  /** Answered OK again and again, and nothing was done to the page in between: the vCPU would fault for ever. A few times
   * that is right: it may have waited for something else that had the page. */
  private promised(e: TraceEvent): void {
    if (e.result !== result.OK) return;
    const before = this.before.get(e.id);
    if (before?.gfn !== e.gfn) {
      this.before.set(e.id, { gfn: e.gfn, times: 1 });
    } else if (++before.times > PATIENCE) {
      const times = `${PATIENCE} times in a row`;
      this.fail(
        e.sequence,
        `vcpu${e.id} was told ${times} that Gfn ${e.gfn} is there, and nothing was done to it`,
      );
    }
  }

  override atRest(): void {
    const open = (what: string, who: Set<number>) => {
      if (who.size > 0) this.fail(-1, `${who.size} ${what} never ended: ${[...who].slice(0, 4).join(', ')}`);
    };
    open('fault(s) of vCPU', this.faults);
    open('request(s)', this.requests);
    open('hold(s) of Gfn', this.holds);
    open('migration(s) of Gvpn', this.seized);
    open('operation(s)', this.operations);
    const { vcpus } = this.setting.geometry;
    if (this.halted < vcpus)
      this.fail(-1, `${vcpus - this.halted} of ${vcpus} vCPUs never came to the end of their scripts`);
  }
}
