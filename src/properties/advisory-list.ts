// I6: the list advises. At rest it names exactly the moved pages, each in its generation, but for those that found no
// room; and a guest that asks for one of those is told *unknown*, never *resident*.
import type { TraceEvent } from '../model/events.ts';
import { finding, operationKind, result } from '../model/words.ts';
import { type Observers, Property, type Setting } from './property.ts';

export class AdvisoryList extends Property {
  readonly name = 'I6-advisory-list';
  private readonly setting: Setting;
  /** Generation by Gfn. */
  private readonly listed = new Map<number, number>();
  private readonly overflowed = new Map<number, number>();
  /** Generation under which a Gfn last stood on the list: an old entry must be told from a new one by it. */
  private readonly last = new Map<number, number>();
  /** What a restarted hypervisor has not named again yet. */
  private readonly forgotten = new Set<number>();
  private readonly pages = new Map<number, { state: number; generation: number }>();
  /** State of a page between two Gfns, by operation. */
  private readonly carried = new Map<number, number>();

  constructor(setting: Setting) {
    super();
    this.setting = setting;
  }
  readonly on: Observers = {
    page: (e) => {
      this.pages.set(e.gfn, { state: e.to, generation: e.generation });
    },
    tampered: (e) => {
      if (e.to >= 0) this.pages.set(e.gfn, { state: e.to, generation: e.generation });
    },
    left: (e) => {
      const page = this.pages.get(e.gfn);
      if (page) this.carried.set(e.id, page.state);
      this.pages.delete(e.gfn);
    },
    entered: (e) => {
      // At another Gfn, in the state in which it left the one before, under a new generation.
      const state = this.carried.get(e.id);
      if (state !== undefined) this.pages.set(e.gfn, { state, generation: e.generation });
      this.carried.delete(e.id);
    },
    died: (e) => {
      this.pages.delete(e.gfn);
    },
    ended: (e) => {
      const page = this.pages.get(e.gfn);
      if (e.from !== operationKind.balance || e.result !== result.OK || !page || !this.isMapped(page.state))
        return;
      if (this.known(e.gfn) !== page.generation) {
        this.fail(e.sequence, `Gfn ${e.gfn} was mapped to content that is elsewhere, and is not on the list`);
      }
    },
    listed: (e) => {
      this.examined++;
      if (this.listed.has(e.gfn))
        this.fail(e.sequence, `Gfn ${e.gfn} was listed and still has an older entry`);
      this.isNew(e);
      this.overflowed.delete(e.gfn);
      this.forgotten.delete(e.gfn);
      this.listed.set(e.gfn, e.generation);
    },
    overflowed: (e) => {
      this.examined++;
      this.isNew(e);
      this.overflowed.set(e.gfn, e.generation);
      this.forgotten.delete(e.gfn);
    },
    delisted: (e) => {
      this.examined++;
      this.last.set(e.gfn, e.generation);
      this.listed.delete(e.gfn);
      this.overflowed.delete(e.gfn);
    },
    forgot: () => {
      // From here on the hypervisor has no room for them, as it were: it must say *unknown* until they are listed again.
      for (const [gfn, generation] of this.listed) this.overflowed.set(gfn, generation);
      this.listed.clear();
      this.forgotten.clear();
      for (const gfn of this.overflowed.keys()) this.forgotten.add(gfn);
    },
    recalled: (e) => {
      const [gfn] = this.forgotten;
      if (gfn !== undefined)
        this.fail(e.sequence, `the list was called complete, and Gfn ${gfn} was left out`);
    },
    inspected: (e) => this.inspected(e),
  };

  private isNew(e: TraceEvent): void {
    if (this.last.get(e.gfn) !== e.generation) return;
    this.fail(
      e.sequence,
      `Gfn ${e.gfn} was listed again in generation ${e.generation}, that of its last entry`,
    );
  }
  private isMapped(s: number): boolean {
    const { state } = this.setting.page;
    return s === state['remapped.mapped'] || s === state['remapped.held'];
  }
  /** Generation under which the list, or the hypervisor for want of room, has a Gfn. */
  private known(gfn: number): number | undefined {
    return this.listed.get(gfn) ?? this.overflowed.get(gfn);
  }
  private inspected(e: TraceEvent): void {
    this.examined++;
    if (this.setting.totalOrder && e.result === finding.resident && this.overflowed.has(e.gfn)) {
      this.fail(
        e.sequence,
        `vcpu${e.id} was told that Gfn ${e.gfn} is resident; it is moved and has no place on the list`,
      );
    }
  }

  override atRest(): void {
    const { state, states } = this.setting.page;
    const isListed = (s: number) => s === state['listed.exported'] || s === state['listed.held'];
    for (const [gfn, generation] of [...this.listed, ...this.overflowed]) {
      const page = this.pages.get(gfn);
      if (page && (isListed(page.state) || this.isMapped(page.state)) && page.generation === generation)
        continue;
      const seen = page ? `${states[page.state]} in generation ${page.generation}` : 'gone';
      this.fail(-1, `the list names Gfn ${gfn} in generation ${generation}; that page is ${seen}`);
    }
    for (const [gfn, page] of this.pages) {
      if ((isListed(page.state) || this.isMapped(page.state)) && this.known(gfn) !== page.generation) {
        this.fail(-1, `Gfn ${gfn} is moved and not on the list`);
      }
      if (page.state === state['swapped.stored'] && this.listed.size + this.examined > 0) {
        this.fail(-1, `Gfn ${gfn} is moved and was never exported`);
      }
    }
  }
}
