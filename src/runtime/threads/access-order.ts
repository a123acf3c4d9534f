// In which order the accesses of a recorded run reached each word. Tickets say it but for those that overlapped in time; among
// these, what each found and left says it: every access finds what the one before it left. Words are independent of each
// other (a word is linearizable, and so are all of them together: Herlihy and Wing), so that each is put in order by itself.
//
// What is decided here is only where to look first: the run is then made again in that order, and judged by what it does. An
// order that was got wrong can make a run look unexplained and never explained.
//
// Words of pages change by whole-page copies too, of which the record has no values. Those are made while nobody else can
// reach the page; so a word may hold anything after a moment in which no access to it was under way.
import { access, NO_PLACE } from '../../memory/access-record.ts';
import { countIn, isStep, knownIn, RECORD, stepField } from './step-record.ts';

/** Attempts at one group of overlapping accesses. */
const ATTEMPTS = 200_000;

/** The steps of all actors, by number: an actor's own follow each other. */
export class RecordedSteps {
  /** By actor: number of its first step; one more at the end. */
  readonly first: Int32Array;
  /** By step: where its record begins in its actor's records. */
  readonly at: Int32Array;
  /** By step: its ticket. A column of its own, because the records of a long run fill the caches many times over. */
  readonly since: Int32Array;
  readonly records: readonly Int32Array[];
  /** By step + 1: the step + 1 that must come before it, though its ticket is later; 0 = none. */
  readonly after: Int32Array;
  /** Groups that were put in another order than that of their tickets, and those that had too many. */
  reordered = 0;
  abandoned = 0;

  constructor(records: readonly Int32Array[]) {
    this.records = records;
    this.first = new Int32Array(records.length + 1);
    const bound = records.reduce((sum, { length }) => sum + length / RECORD, 0);
    const at = new Int32Array(bound);
    const since = new Int32Array(bound);
    let steps = 0;
    records.forEach((words, actor) => {
      for (let record = 0; record < words.length; record += RECORD) {
        if (!isStep(words[record]!)) continue;
        since[steps] = words[record + stepField.since]!;
        at[steps++] = record;
      }
      this.first[actor + 1] = steps;
    });
    this.at = at.subarray(0, steps);
    this.since = since.subarray(0, steps);
    this.after = new Int32Array(steps + 1);
  }
  get count(): number {
    return this.at.length;
  }
  /** More than any ticket of a step. */
  get tickets(): number {
    let tickets = 0;
    this.records.forEach((words, actor) => {
      const last = this.first[actor + 1]! - 1;
      if (last >= this.first[actor]!)
        tickets = Math.max(tickets, words[this.at[last]! + stepField.until]! + 1);
    });
    return tickets;
  }
  /** Whose step is next, in the order of tickets. */
  turns(): Uint16Array {
    const { first, since, tickets } = this;
    const last = tickets - 1;
    const place = new Int32Array(tickets + 1);
    for (let step = 0; step < since.length; step++) place[Math.min(last, Math.max(0, since[step]!)) + 1]!++;
    for (let ticket = 0; ticket < tickets; ticket++) place[ticket + 1]! += place[ticket]!;
    const turns = new Uint16Array(since.length);
    for (let actor = 0; actor + 1 < first.length; actor++) {
      const end = first[actor + 1]!;
      for (let step = first[actor]!; step < end; step++)
        turns[place[Math.min(last, Math.max(0, since[step]!))]!++] = actor;
    }
    return turns;
  }
}

interface Access {
  step: number;
  since: number;
  until: number;
  known: number;
  found: number;
  left: number;
}

/**
 * Finds an order.
 * @param turns whose step is next, in the order of tickets
 * @param initial the words of the world before the first step
 */
export function orderAccesses(steps: RecordedSteps, turns: Uint16Array, initial: Int32Array): void {
  const troubled = troubledPlaces(steps, turns, initial);
  if (troubled.size === 0) return;
  const all = new Map<number, Access[]>([...troubled].map((place) => [place, []]));
  for (let actor = 0; actor < steps.records.length; actor++) {
    const words = steps.records[actor]!;
    for (let step = steps.first[actor]!; step < steps.first[actor + 1]!; step++) {
      const at = steps.at[step]!;
      if (countIn(words[at + stepField.taken]!) !== 1) continue;
      all.get(words[at + stepField.place]!)?.push({
        step,
        since: words[at + stepField.since]!,
        until: words[at + stepField.until]!,
        known: knownIn(words[at + stepField.taken]!),
        found: words[at + stepField.found]!,
        left: words[at + stepField.left]!,
      });
    }
  }
  for (const [place, accesses] of all) {
    accesses.sort((a, b) => a.since - b.since);
    orderPlace(steps, accesses, initial[place]!);
  }
}

/** Places where accesses overlapped and the order of tickets is not that of what was found. */
function troubledPlaces(steps: RecordedSteps, turns: Uint16Array, initial: Int32Array): Set<number> {
  const { records, at, since, tickets } = steps;
  const next = steps.first.slice();
  const holds = initial.slice();
  /** By place: the last moment at which an access so far was under way, and whether one in this group found something else. */
  const reach = new Int32Array(initial.length);
  const odd = new Uint8Array(initial.length);
  const troubled = new Set<number>();
  for (let turn = 0; turn < turns.length; turn++) {
    const actor = turns[turn]!;
    const step = next[actor]!++;
    const words = records[actor]!;
    const record = at[step]!;
    const place = words[record + stepField.place]!;
    const ticket = since[step]!;
    if (place === NO_PLACE || ticket < 0 || ticket >= tickets) continue;
    const known = knownIn(words[record + stepField.taken]!);
    const overlaps = reach[place]! > ticket;
    if (!overlaps) odd[place] = 0;
    if ((known & access.found) !== 0 && words[record + stepField.found] !== holds[place]) odd[place] = 1;
    if (overlaps && odd[place] === 1) troubled.add(place);
    if ((known & access.left) !== 0) holds[place] = words[record + stepField.left]!;
    else if ((known & access.found) !== 0) holds[place] = words[record + stepField.found]!;
    const until = words[record + stepField.until]!;
    if (until > reach[place]!) reach[place] = until;
  }
  return troubled;
}

/** Group by group: accesses that overlap, one with another. */
function orderPlace(steps: RecordedSteps, accesses: readonly Access[], initially: number): void {
  let holds = initially;
  let begin = 0;
  while (begin < accesses.length) {
    let end = begin + 1;
    let reach = accesses[begin]!.until;
    while (end < accesses.length && accesses[end]!.since < reach) {
      reach = Math.max(reach, accesses[end]!.until);
      end++;
    }
    holds = orderGroup(steps, accesses.slice(begin, end), holds);
    begin = end;
  }
}

/** @returns what the word holds afterwards */
function orderGroup(steps: RecordedSteps, group: readonly Access[], holds: number): number {
  const first = group[0]!;
  if (group.length === 1) return valueAfter(first, holds);
  const search = new GroupSearch(group);
  // Whole pages may have been copied since: then the word holds whatever one of them found.
  const starts = [holds, ...group.filter(({ known }) => known & access.found).map(({ found }) => found)];
  const order = starts.some((start) => search.from(start)) ? search.order : search.furthest;
  if (search.isAbandoned) steps.abandoned++;
  const isMoved = order.some((index, place) => index !== place);
  if (isMoved) steps.reordered++;
  let after = holds;
  const rest = group.map((_, index) => index).filter((index) => !order.includes(index));
  let before = -1;
  for (const index of [...order, ...rest]) {
    if (isMoved && before >= 0) steps.after[group[index]!.step + 1] = group[before]!.step + 1;
    before = index;
    after = valueAfter(group[index]!, after);
  }
  return after;
}

function valueAfter({ known, found, left }: Access, holds: number): number {
  if ((known & access.left) !== 0) return left;
  return (known & access.found) !== 0 ? found : holds;
}

/** Depth-first, in the order of tickets where there is a choice (Wing and Gong). What only reads and fits is taken at once:
 * it changes nothing, and later it may not fit any more. */
class GroupSearch {
  private readonly group: readonly Access[];
  private readonly isDone: Uint8Array;
  readonly order: number[] = [];
  /** The longest order that could be explained. */
  furthest: readonly number[] = [];
  private attempts = 0;

  constructor(group: readonly Access[]) {
    this.group = group;
    this.isDone = new Uint8Array(group.length);
  }
  get isAbandoned(): boolean {
    return this.attempts >= ATTEMPTS;
  }
  from(holds: number): boolean {
    this.order.length = 0;
    this.isDone.fill(0);
    return this.extend(holds, 0);
  }

  private fits({ known, found }: Access, holds: number): boolean {
    return (known & access.found) === 0 || found === holds;
  }
  private isReading({ known }: Access): boolean {
    return (known & access.left) === 0;
  }
  private take(index: number): void {
    this.isDone[index] = 1;
    this.order.push(index);
  }
  private giveBack(length: number): void {
    while (this.order.length > length) this.isDone[this.order.pop()!] = 0;
  }

  private extend(holds: number, undone: number): boolean {
    const { group, isDone, order } = this;
    const began = order.length;
    if (this.attempts++ >= ATTEMPTS) return false;
    const [reads, from] = this.takeReads(holds, undone);
    if (order.length > this.furthest.length) this.furthest = order.slice();
    if (from === group.length) return true;
    let latest = Infinity;
    for (let index = from; index < group.length && group[index]!.since < latest; index++) {
      if (isDone[index] === 1) continue;
      const one = group[index]!;
      latest = Math.min(latest, one.until);
      if (this.isReading(one) || !this.fits(one, holds)) continue;
      this.take(index);
      if (this.extend(valueAfter(one, holds), from)) return true;
      this.giveBack(began + reads);
    }
    this.giveBack(began);
    return false;
  }
  /** @returns how many were taken, and the first that is not done */
  private takeReads(holds: number, undone: number): [number, number] {
    const { group, isDone } = this;
    let from = undone;
    let taken = 0;
    for (let again = true; again;) {
      again = false;
      while (from < group.length && isDone[from] === 1) from++;
      let latest = Infinity;
      for (let index = from; index < group.length && group[index]!.since < latest; index++) {
        if (isDone[index] === 1) continue;
        const one = group[index]!;
        if (this.isReading(one) && this.fits(one, holds)) {
          this.take(index);
          taken++;
          again = true;
        } else latest = Math.min(latest, one.until);
      }
    }
    return [taken, from];
  }
}
