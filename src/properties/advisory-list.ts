// I6: the list advises. At rest its owner has exactly the moved pages, each in its generation, and has told the guests
// all of it but what it may gather; a page that found no room is *unknown*, never *resident*.
//
// What a look may say depends on how the list is read. In place: what the list said at some time between the look's
// beginning and its end. In a copy: what the list said in the version that the copy is of, the whole of it. Always:
// *unknown*. A guest learns nothing of another's pages. A version never gives way to an older one: what a guest knew of
// later moves it does not forget. On threads, where only causal order is known, a look in place
// must not name a generation that was never on the list before.
import type { TraceEvent } from '../model/events.ts';
import { isCopied, isImmediate, listPolicyOf } from '../model/list-policy.ts';
import { finding, operationKind, result } from '../model/words.ts';
import { type NumberTable, numbersTo } from '../stdx/numbers.ts';
import { type Observers, Property, type Setting } from './property.ts';

/** What a list says of a Gfn: generation, or one of these. */
const ABSENT = -1;
const NO_ROOM = -2;

const inOne = (state: number, generation: number) => state + 16 * generation;
const stateIn = (page: number) => page % 16;
const generationIn = (page: number) => Math.floor(page / 16);

export class AdvisoryList extends Property {
  readonly name = 'I6-advisory-list';
  private readonly setting: Setting;
  private readonly copied: boolean;
  private readonly lag: number;
  private readonly perHost: boolean;
  /** Generation by Gfn, as readers may see it. */
  private readonly listed: NumberTable;
  private readonly overflowed = new Map<number, number>();
  /** Generation under which a Gfn last stood on the list: an old entry must be told from a new one by it. */
  private readonly last: NumberTable;
  /** What a restarted hypervisor has not named again yet. */
  private readonly forgotten = new Set<number>();
  /** A hypervisor has restarted and was not told everything again yet. */
  private recalls = false;
  /** What the owner knows and has not exported: generation, or ABSENT. */
  private readonly gathered = new Map<number, number>();
  /** State + 16 * generation. */
  private readonly pages: NumberTable;
  /** State of a page between two Gfns, by operation. */
  private readonly carried = new Map<number, number>();
  /** Looks under way, by vCPU: what was said of the Gfn since they began. */
  private readonly looks = new Map<number, { gfn: number; said: Set<number> }>();
  /** On threads: generations that each Gfn was ever listed in. */
  private readonly ever = new Map<number, Set<number>>();
  private readonly lists: ListOfChanges[];
  /** Something was put on it, or looked for: under this protocol what is moved is listed. */
  private isUsed = false;
  /** By vCPU: version of its copy, and what that says. */
  private readonly versions: number[];
  private readonly copies: Map<number, number>[];

  constructor(setting: Setting) {
    super();
    const { geometry } = setting;
    const policy = listPolicyOf(geometry.spec);
    this.setting = setting;
    this.listed = numbersTo(geometry.gfns, 0);
    this.last = numbersTo(geometry.gfns, 0);
    this.pages = numbersTo(geometry.gfns, 0);
    this.copied = isCopied(policy);
    this.lag = isImmediate(policy) ? 0 : policy.lag;
    this.perHost = policy.per === 'host';
    this.versions = geometry.vcpuGuest.map(() => 0);
    this.copies = geometry.vcpuGuest.map(() => new Map<number, number>());
    this.lists = geometry.spec.guests.map(() => ({ first: 1, last: 0, versions: [], open: [] }));
    this.pushes = policy.access === 'copy' && policy.inspect !== 'periodic';
  }
  /** Every version is sent to every vCPU. */
  private readonly pushes: boolean;

  readonly on: Observers = {
    page: (e) => {
      this.pages.set(e.gfn, inOne(e.to, e.generation));
    },
    tampered: (e) => {
      if (e.to >= 0) this.pages.set(e.gfn, inOne(e.to, e.generation));
    },
    left: (e) => {
      const page = this.pages.get(e.gfn);
      if (page !== undefined) this.carried.set(e.id, stateIn(page));
      this.pages.delete(e.gfn);
    },
    entered: (e) => {
      // At another Gfn, in the state in which it left the one before, under a new generation.
      const state = this.carried.get(e.id);
      if (state !== undefined) this.pages.set(e.gfn, inOne(state, e.generation));
      this.carried.delete(e.id);
    },
    died: (e) => {
      this.pages.delete(e.gfn);
    },
    ended: (e) => {
      const page = this.pages.get(e.gfn);
      if (e.from !== operationKind.balance || e.result !== result.OK || page === undefined) return;
      if (this.isMapped(stateIn(page)) && this.known(e.gfn) !== generationIn(page)) {
        this.fail(e.sequence, `Gfn ${e.gfn} was mapped to content that is elsewhere, and is not on the list`);
      }
    },
    gathered: (e) => {
      this.isUsed = true;
      this.gathered.set(e.gfn, e.result === 1 ? e.generation : ABSENT);
      this.settle(e.gfn);
    },
    listed: (e) => {
      this.examined++;
      this.isUsed = true;
      if (this.listed.has(e.gfn))
        this.fail(e.sequence, `Gfn ${e.gfn} was listed and still has an older entry`);
      // The host may name again what was taken off the list before, where it has not heard of that: for as long as it takes
      // to say so once more the entry is stale, as any may be.
      if (!this.recalls) this.isNew(e);
      this.overflowed.delete(e.gfn);
      this.forgotten.delete(e.gfn);
      this.listed.set(e.gfn, e.generation);
      this.says(e.gfn, e.generation);
    },
    overflowed: (e) => {
      this.examined++;
      this.isUsed = true;
      if (!this.recalls) this.isNew(e);
      this.listed.delete(e.gfn);
      this.overflowed.set(e.gfn, e.generation);
      this.forgotten.delete(e.gfn);
      this.says(e.gfn, NO_ROOM);
    },
    delisted: (e) => {
      this.examined++;
      this.isUsed = true;
      this.last.set(e.gfn, e.generation);
      this.listed.delete(e.gfn);
      this.overflowed.delete(e.gfn);
      this.says(e.gfn, ABSENT);
    },
    exported: (e) => {
      this.examined++;
      const list = this.lists[e.id]!;
      if (e.generation <= list.last)
        this.fail(e.sequence, `list ${e.id} went from version ${list.last} to ${e.generation}`);
      if (this.copied) {
        // A version that was skipped had no changes.
        for (let v = list.last + 1; v < e.generation; v++) list.versions.push([]);
        list.versions.push(list.open);
        list.open = [];
      }
      list.last = e.generation;
    },
    copied: (e) => {
      this.examined++;
      const before = this.versions[e.id]!;
      if (e.generation < before)
        this.fail(
          e.sequence,
          `vcpu${e.id} gave version ${before} of its list up for version ${e.generation}`,
        );
      this.copiedTo(e.id, e.generation);
    },
    inspecting: (e) => {
      this.looks.set(e.id, { gfn: e.gfn, said: new Set([this.saysOf(e.gfn)]) });
    },
    forgot: () => {
      // From here on the hypervisor has no room for them, as it were: it must say *unknown* until they are listed again.
      for (const [gfn, generation] of this.listed) {
        this.overflowed.set(gfn, generation);
        this.listed.delete(gfn);
        this.says(gfn, NO_ROOM);
      }
      this.recalls = true;
      this.forgotten.clear();
      for (const gfn of this.overflowed.keys()) this.forgotten.add(gfn);
    },
    recalled: (e) => {
      this.recalls = false;
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
  /** Generation under which the list, or its owner, has a Gfn. */
  private known(gfn: number): number | undefined {
    const gathered = this.gathered.get(gfn);
    if (gathered !== undefined) return gathered === ABSENT ? undefined : gathered;
    return this.listed.get(gfn) ?? this.overflowed.get(gfn);
  }
  /** What the owner knows is what the list says: nothing of it is late any more. */
  private settle(gfn: number): void {
    const exported = this.listed.get(gfn) ?? this.overflowed.get(gfn) ?? ABSENT;
    if (this.gathered.get(gfn) === exported) this.gathered.delete(gfn);
  }

  private saysOf(gfn: number): number {
    return this.overflowed.has(gfn) ? NO_ROOM : (this.listed.get(gfn) ?? ABSENT);
  }
  private says(gfn: number, said: number): void {
    this.settle(gfn);
    for (const look of this.looks.values()) if (look.gfn === gfn) look.said.add(said);
    if (this.copied) this.listOf(gfn).open.push([gfn, said]);
    else if (!this.setting.totalOrder && said >= 0) {
      let ever = this.ever.get(gfn);
      if (!ever) this.ever.set(gfn, (ever = new Set()));
      ever.add(said);
    }
  }
  private listOf(gfn: number): ListOfChanges {
    return this.lists[this.perHost ? 0 : this.setting.geometry.guestOf(gfn)]!;
  }

  /** A vCPU's copy is of `version` now: all changes up to that one, and none after it. */
  private copiedTo(vcpu: number, version: number): void {
    const { geometry } = this.setting;
    const list = this.listOf(geometry.guestGfn[geometry.vcpuGuest[vcpu]!]!);
    const copy = this.copies[vcpu]!;
    for (let v = this.versions[vcpu]! + 1; v <= version; v++) {
      for (const [gfn, said] of list.versions[v - list.first] ?? []) copy.set(gfn, said);
    }
    this.versions[vcpu] = Math.max(this.versions[vcpu]!, version);
    const behind = Math.min(...this.versions.filter((_, v) => this.reads(v, list)));
    while (list.first <= behind) {
      list.versions.shift();
      list.first++;
    }
  }
  private reads(vcpu: number, list: ListOfChanges): boolean {
    const { geometry } = this.setting;
    return this.listOf(geometry.guestGfn[geometry.vcpuGuest[vcpu]!]!) === list;
  }

  private inspected(e: TraceEvent): void {
    this.examined++;
    this.isUsed = true;
    const { geometry, totalOrder } = this.setting;
    const look = this.looks.get(e.id);
    this.looks.delete(e.id);
    if (e.result === finding.unknown) return;
    if (geometry.guestOf(e.gfn) !== geometry.vcpuGuest[e.id]) {
      this.fail(e.sequence, `vcpu${e.id} was told something of Gfn ${e.gfn}, which is another guest's`);
      return;
    }
    const told = e.result === finding.listed ? e.generation : ABSENT;
    if (this.copied) {
      const said = this.copies[e.id]!.get(e.gfn) ?? ABSENT;
      if (said === told) return;
      this.fail(e.sequence, `${this.toldOf(e)}; version ${this.versions[e.id]} of its list ${inWords(said)}`);
    } else if (totalOrder) {
      const said = look?.gfn === e.gfn ? [...look.said] : [this.saysOf(e.gfn)];
      if (said.includes(told)) return;
      this.fail(e.sequence, `${this.toldOf(e)}; its list ${said.map(inWords).join(', then ')}`);
    } else if (told >= 0 && !this.ever.get(e.gfn)?.has(told)) {
      this.fail(e.sequence, `${this.toldOf(e)}, in which it was never listed`);
    }
  }
  private toldOf({ id, gfn, result: found, generation }: TraceEvent): string {
    const what = found === finding.listed ? `listed in generation ${generation}` : 'resident';
    return `vcpu${id} was told that Gfn ${gfn} is ${what}`;
  }

  override atRest(): void {
    const { state, states } = this.setting.page;
    const isListed = (s: number) => s === state['listed.exported'] || s === state['listed.held'];
    const gfns = new Set([...this.listed.keys(), ...this.overflowed.keys(), ...this.gathered.keys()]);
    for (const gfn of gfns) {
      const generation = this.known(gfn);
      const page = this.pages.get(gfn);
      if (generation === undefined) continue;
      const isThere = page !== undefined && (isListed(stateIn(page)) || this.isMapped(stateIn(page)));
      if (isThere && generationIn(page) === generation) continue;
      const seen =
        page === undefined ? 'gone' : `${states[stateIn(page)]} in generation ${generationIn(page)}`;
      this.fail(-1, `the list names Gfn ${gfn} in generation ${generation}; that page is ${seen}`);
    }
    for (const [gfn, page] of this.pages) {
      const now = stateIn(page);
      if ((isListed(now) || this.isMapped(now)) && this.known(gfn) !== generationIn(page)) {
        this.fail(-1, `Gfn ${gfn} is moved and not on the list`);
      }
      if (now === state['swapped.stored'] && this.isUsed) {
        this.fail(-1, `Gfn ${gfn} is moved and was never exported`);
      }
    }
    this.toldAtRest();
  }
  /** Staleness has a bound: what is late is less than what may be gathered, and copies that are sent have arrived. */
  private toldAtRest(): void {
    for (const list of new Set(this.lists)) {
      const late = [...this.gathered.keys()].filter((gfn) => this.listOf(gfn) === list);
      if (late.length > 0 && late.length >= this.lag) {
        this.fail(-1, `${late.length} change(s) were never exported, the first that of Gfn ${late[0]}`);
      }
    }
    if (!this.pushes) return;
    this.versions.forEach((version, vcpu) => {
      const { geometry } = this.setting;
      const list = this.listOf(geometry.guestGfn[geometry.vcpuGuest[vcpu]!]!);
      if (version >= list.last) return;
      this.fail(-1, `vcpu${vcpu} has version ${version} of its list, which is at ${list.last}`);
    });
  }
}

/** What changed in each version from `first` to `last`, and in the one that is being written. */
interface ListOfChanges {
  first: number;
  last: number;
  versions: [gfn: number, said: number][][];
  open: [gfn: number, said: number][];
}

function inWords(said: number): string {
  if (said === ABSENT) return 'does not name it';
  return said === NO_ROOM ? 'has no place for it' : `names it in generation ${said}`;
}
