// What becomes of each part of a state when two things that are alike trade places: its twin. Nothing says how names stand in
// an actor's words; it is found out. Where the search begins the twin of a part is the part in the other's place. From there on
// each step that is run is run once more, by the actor in the other's place, with the twin of the message, in the state of all
// twins: it looks at, and leaves, the twins of what the step did. Every part has one twin, and is its twin's: where a second way
// leads to another, or a step comes out otherwise in the twins' state, the two things are not alike.
//
// Pairs of twins are a relation between states, and each step that is learned shows that it is kept: a bisimulation. So the
// exchange is shown to be a symmetry while it is used, of every step of every state that the search takes.
import { message } from '../../model/messages.ts';
import { Memo } from '../../runtime/check/interner.ts';
import type { Exchange } from './exchanges.ts';
import { larger } from './offers.ts';
import { type Makers, Places } from './places.ts';
import { type Effect, MESSAGE_WORDS, NOBODY } from './steps.ts';

/** What other threads have found out, where several search together. */
export interface Others {
  tell(exchange: Exchange, table: number, a: number, b: number, twin: number): void;
  /** Has `Twins.hear` called with whatever they have told since. */
  hear(): void;
  /** Tells them that the things of an exchange are not alike, and throws it. */
  differ(exchange: Exchange, what: string): never;
}

/** Two things that were taken to be alike are not. */
export class NotAlike extends Error {
  override name = 'NotAlike';
  readonly exchange: string;

  constructor(exchange: string, what: string) {
    super(`${exchange} are not alike: ${what}`);
    this.exchange = exchange;
  }
}

export class Twins {
  readonly exchange: Exchange;
  readonly places: Places;
  /** By column and row: the twin, a row of the column in the other's place; 0 = not known. */
  readonly rows: Int32Array[];
  private readonly makers: Makers;
  private readonly isQueue: readonly boolean[];
  /** By slot and number; by message; by monitor and what it hears. */
  private readonly values = new Memo();
  private readonly messages = new Memo();
  private readonly heard = new Memo();
  /** In the order in which they are saved and told. */
  private readonly tables: readonly Memo[];
  private readonly others: Others;

  /** @param makers in the state in which the search begins */
  constructor(exchange: Exchange, makers: Makers, others: Others) {
    const { vector } = makers;
    this.exchange = exchange;
    this.makers = makers;
    this.others = others;
    this.tables = [this.heard, this.messages, this.values];
    this.places = new Places(exchange, makers);
    this.rows = vector.rows.map(() => new Int32Array(1 << 8));
    this.isQueue = vector.leafOf.map((_, slot) => vector.queue.includes(slot));
    this.begin();
  }
  get bytes(): number {
    const { values, messages, heard, rows } = this;
    return (
      values.bytes + messages.bytes + heard.bytes + rows.reduce((sum, { byteLength }) => sum + byteLength, 0)
    );
  }
  /** What is paired here is a choice, not an assumption: it is steps that show whether it holds. */
  private begin(): void {
    const { vector } = this.makers;
    vector.leafOf.forEach((leaf, slot) => {
      if (leaf !== null) this.pair(this.values, slot, vector.value(slot), this.places.slot[slot]!, vector.value(this.places.slot[slot]!)); // prettier-ignore
    });
    for (const slot of vector.monitors)
      this.pair(this.values, slot, vector.value(slot), slot, vector.value(slot));
  }

  // --- twins of what there is

  /** The twin of a row of a column. */
  row(column: number, row: number): number {
    const known = this.rows[column]![row];
    if (known !== undefined && known !== 0) return known;
    const { vector, environment } = this.makers;
    const image = this.places.column[column]!;
    const { data, width } = vector.rows[column]!;
    const slots = new Int32Array(width);
    for (let i = 0; i < width; i++) {
      const slot = vector.firstOf[column]! + i;
      const number = data[row * width + i]!;
      slots[vector.offsetOf[this.places.slot[slot]!]!] =
        slot === vector.environment
          ? environment.exchanged(number, this.exchange.vcpu)
          : this.value(slot, number);
    }
    const twin = vector.rows[image]!.intern(slots, 0);
    this.pairRows(column, row, twin);
    return twin;
  }
  private value(slot: number, number: number): number {
    if (this.isQueue[slot]) return this.queue(slot, number);
    return this.found(this.values, slot, number) || this.differ('the twin of a part of the state was not found out'); // prettier-ignore
  }
  /** Made of the twins of its messages. */
  private queue(slot: number, number: number): number {
    const known = this.values.get(slot, number);
    if (known !== 0 || number === 0) return known;
    const { records, steps } = this.makers;
    const { data } = records;
    const found: number[][] = [];
    for (let at = number, end = number + records.lengthOf(number); at < end; at += MESSAGE_WORDS) {
      const sent = this.message(steps.intern([...data.subarray(at, at + MESSAGE_WORDS), 0]));
      found.push([...data.subarray(sent, sent + MESSAGE_WORDS)]);
    }
    const twin = steps.intern(found.sort((a, b) => a[0]! - b[0]!).flat());
    this.pair(this.values, slot, number, this.places.slot[slot]!, twin);
    return twin;
  }
  /** The twin of a message that nothing befalls. */
  private message(sent: number): number {
    const { records, steps, built } = this.makers;
    const { geometry } = built.system;
    const { data } = records;
    const ring = data[sent]!;
    const kind = data[sent + 1]!;
    const id = data[sent + 2]!;
    if (ring === NOBODY) {
      const twin = kind === message.reclaim ? this.exchange.gfn[id]! : id;
      return steps.fromOutside(this.places.actor[data[sent + 3]!]!, kind, twin);
    }
    if (built.system.mailboxes.links[ring]!.sender === geometry.feeder)
      return steps.intern([this.places.ring[ring]!, kind, this.exchange.vcpu[id]!, 0, 0, 0]);
    return this.found(this.messages, 0, sent) || this.differ('the twin of a message was not found out');
  }
  /** The twin of a message at one of whose occasions something may befall, in the state under consideration. */
  private struckMessage(actor: number, sent: number): number {
    const { steps } = this.makers;
    const plain = steps.unstruck(sent);
    const twin = this.message(plain.sent);
    if (plain.strike < 0) return twin;
    const here = steps.effect(steps.take(actor, plain.sent));
    const there = steps.effect(this.there(() => steps.take(this.places.actor[actor]!, twin)));
    return steps.struck(twin, this.occasion(here, there, plain.strike));
  }
  /** Of a step's occasions the one that is the twin's: the same fault of a message to the other, as manyth among such. */
  private occasion(here: Effect, there: Effect, nth: number): number {
    const fault = here.occasions[nth]!;
    const subject = here.subjects[nth]!;
    const places = ({ occasions, subjects }: Effect, to: number) =>
      [...occasions.keys()].filter((i) => occasions[i] === fault && subjects[i] === to);
    const rank = places(here, subject).indexOf(nth);
    const found = places(there, subject === NOBODY ? NOBODY : this.places.actor[subject]!)[rank];
    return found ?? this.differ('something else could befall');
  }

  // --- what is found out

  /** A step was run in the state under consideration. */
  learn(actor: number, sent: number, effect: number): void {
    const { steps } = this.makers;
    const { places } = this;
    const twin = this.struckMessage(actor, sent);
    const other = places.actor[actor]!;
    const looksAt = steps.lookedAt(actor, sent).map((slot) => places.slot[slot]!);
    this.there(() => {
      this.match(effect, steps.take(other, twin));
      // Else the other step might come out otherwise where this one has been seen to come out the same.
      const theirs = new Set(steps.lookedAt(other, twin));
      if (theirs.size !== looksAt.length || !looksAt.every((slot) => theirs.has(slot)))
        this.differ('a step looks at other words');
    });
  }
  learnFed(vcpu: number, choice: number, effect: number): void {
    const { steps, environment } = this.makers;
    const other = this.exchange.vcpu[vcpu]!;
    const twin = choice < 0 ? choice : this.places.choices[vcpu]![choice]!;
    if (choice >= 0 && twin < 0) this.differ('one may be given what the other may not');
    const item = choice < 0 ? null : environment.menus[other]![twin]!;
    this.match(
      effect,
      this.there(() => steps.feed(other, item, twin)),
    );
  }
  /** A monitor was shown something. */
  learnJudged(m: number, picture: number, heard: number, after: number): void {
    const { judges, vector } = this.makers;
    const slot = vector.monitors[m]!;
    const events = this.found(this.heard, m, heard) || this.differ('the twin of what happened was not found out'); // prettier-ignore
    const other = judges.after(m, this.value(slot, picture), events);
    if (after < 0 !== other < 0) this.differ('a property is broken by one and kept by the other');
    if (after > 0) this.pair(this.values, slot, after, slot, other);
  }

  /** Does something in the state of all twins. */
  private there<T>(visit: () => T): T {
    const { numbers } = this.makers.vector;
    const here = numbers.slice();
    const twins = here.map((number, column) => this.row(column, number));
    twins.forEach((twin, column) => (numbers[this.places.column[column]!] = twin));
    try {
      return visit();
    } finally {
      numbers.set(here);
    }
  }
  /** Two steps that are to be each other's twins. */
  private match(effect: number, other: number): void {
    const { steps } = this.makers;
    const here = steps.effect(effect);
    const there = steps.effect(other);
    if ((here.failure === null) !== (there.failure === null)) this.differ('one can make a step that the other cannot'); // prettier-ignore
    if (here.failure !== null) return;
    if ((here.hungry === NOBODY ? NOBODY : this.exchange.vcpu[here.hungry]) !== there.hungry)
      this.differ('one wants the next operation');
    if (here.writes.length !== there.writes.length || here.occasions.length !== there.occasions.length)
      this.differ('a step does more');
    for (let i = 0; i < here.writes.length; i += 2) {
      const slot = here.writes[i]!;
      const place = this.places.slot[slot]!;
      let at = 0;
      while (at < there.writes.length && there.writes[at] !== place) at += 2;
      if (at === there.writes.length) this.differ('a step writes other words');
      this.pair(this.values, slot, here.writes[i + 1]!, place, there.writes[at + 1]!);
    }
    this.matchMessages(here, there);
    this.matchEvents(here, there);
  }
  private matchEvents(here: Effect, there: Effect): void {
    const { judges, vector } = this.makers;
    const heardBy = (m: number, { events }: Effect) => (events === 0 ? 0 : judges.heardBy(m, events));
    for (let m = 0; m < vector.monitors.length; m++) {
      const heard = heardBy(m, here);
      const theirs = heardBy(m, there);
      if ((heard === 0) !== (theirs === 0)) this.differ('something else happens');
      if (heard !== 0) this.pair(this.heard, m, heard, m, theirs);
    }
  }
  private matchMessages(here: Effect, there: Effect): void {
    const theirs = this.sentBy(there);
    const ours = this.sentBy(here);
    if (ours.size !== theirs.size) this.differ('more is said');
    for (const [ring, sent] of ours) {
      const answer = theirs.get(this.places.ring[ring]!) ?? [];
      if (answer.length !== sent.length) this.differ('something else is said');
      sent.forEach((one, i) => this.pair(this.messages, 0, one, 0, answer[i]!));
    }
  }
  /** By ring: what a step sends. */
  private sentBy({ pushes }: Effect): Map<number, number[]> {
    const { records, steps } = this.makers;
    const { data } = records;
    const found = new Map<number, number[]>();
    for (let i = 1; i < pushes.length; i += 2)
      for (let at = pushes[i]!, end = at + records.lengthOf(at); at < end; at += MESSAGE_WORDS) {
        const sent = steps.intern([...data.subarray(at, at + MESSAGE_WORDS), 0]);
        found.set(data[at]!, [...(found.get(data[at]!) ?? []), sent]);
      }
    return found;
  }

  // --- for a checkpoint, and for other threads

  /** What was found out so far, but for what follows from it. */
  save(): Int32Array {
    return Int32Array.from(this.tables.flatMap((memo) => [memo.size, ...memo.entries()]));
  }
  restore(saved: Int32Array): void {
    let at = 0;
    for (const memo of this.tables)
      for (let left = saved[at++]!; left > 0; left--, at += 3)
        this.set(memo, saved[at]!, saved[at + 1]!, saved[at + 2]!);
  }
  /** Another thread has found a twin. */
  hear(table: number, a: number, b: number, twin: number): void {
    this.enter(this.tables[table]!, a, b, twin);
  }
  /** A twin that was found out here, or else by another thread; 0 = by nobody. */
  private found(memo: Memo, a: number, b: number): number {
    const known = memo.get(a, b);
    if (known !== 0) return known;
    this.others.hear();
    return memo.get(a, b);
  }

  // --- each is the other's twin

  private pairRows(column: number, row: number, twin: number): void {
    this.setRow(column, row, twin);
    this.setRow(this.places.column[column]!, twin, row);
  }
  private setRow(column: number, row: number, twin: number): void {
    while (row >= this.rows[column]!.length) this.rows[column] = larger(this.rows[column]!);
    const known = this.rows[column]![row]!;
    if (known !== 0 && known !== twin) this.differ('two ways lead to one state here, and to two there');
    this.rows[column]![row] = twin;
  }
  private pair(memo: Memo, a: number, one: number, b: number, other: number): void {
    this.set(memo, a, one, other);
    this.set(memo, b, other, one);
  }
  private set(memo: Memo, a: number, b: number, twin: number): void {
    if (this.enter(memo, a, b, twin)) this.others.tell(this.exchange, this.tables.indexOf(memo), a, b, twin);
  }
  /** @returns whether it was not known */
  private enter(memo: Memo, a: number, b: number, twin: number): boolean {
    const known = memo.get(a, b);
    if (known === twin) return false;
    if (known !== 0) this.differ('what is one here is two there');
    memo.set(a, b, twin);
    return true;
  }
  private differ(what: string): never {
    return this.others.differ(this.exchange, what);
  }
}
