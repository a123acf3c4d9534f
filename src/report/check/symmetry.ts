// States that differ only by an exchange of things that are alike count as one: the least of them, by what its columns say,
// stands for all. Exact: every exchange in use, and each after the other, is applied.
import type { Exchange } from './exchanges.ts';
import { larger } from './offers.ts';
import type { Makers } from './places.ts';
import { Ranks } from './ranks.ts';
import { type TwinLog, UNLIKE } from './twin-log.ts';
import { NotAlike, type Others, Twins } from './twins.ts';

/** Exchanges, one after the other, at most: each is applied to every state that is found. */
const RENAMINGS_MAX = 24;

/** One exchange after another. */
class Renaming {
  /** By number of what there is, all kinds in a row: whose place it takes. */
  readonly names: readonly number[];
  /** By column: the one in whose place its rows go; and the other way round, the one whose rows come into its place. */
  readonly column: Int32Array;
  readonly source: Int32Array;
  /** By column and row: the row in its place afterwards; 0 = not known. */
  readonly rows: Int32Array[];
  private readonly first: Renaming | null;
  readonly last: Twins;

  constructor(first: Renaming | null, last: Twins) {
    this.first = first;
    this.last = last;
    const names = namesOf(last.exchange);
    this.names = first === null ? names : first.names.map((name) => names[name]!);
    this.column =
      first === null ? last.places.column : first.column.map((column) => last.places.column[column]!);
    this.source = this.column.map((_, column) => this.column.indexOf(column));
    this.rows = first === null ? last.rows : last.rows.map(() => new Int32Array(1 << 8));
  }
  row(column: number, row: number): number {
    const { first, last, rows } = this;
    if (first === null) return last.row(column, row);
    const known = rows[column]![row];
    if (known !== undefined && known !== 0) return known;
    while (row >= rows[column]!.length) rows[column] = larger(rows[column]!);
    return (rows[column]![row] = last.row(first.column[column]!, first.row(column, row)));
  }
}

function namesOf({ vcpu, node, gvpn, gfn, location }: Exchange): number[] {
  const names: number[] = [];
  for (const kind of [vcpu, node, gvpn, gfn, location]) {
    const before = names.length;
    names.push(...kind.map((name) => before + name));
  }
  return names;
}

export class Symmetry implements Others {
  readonly twins: readonly Twins[];
  /** All orders of exchanges that make a difference, but for none at all. */
  private readonly renamings: readonly Renaming[];
  private readonly makers: Makers;
  private readonly exchanges: readonly Exchange[];
  /** Columns, in the order in which states are compared. */
  private readonly order: readonly number[];
  private readonly least: Int32Array;
  private readonly ranks: Ranks;
  private readonly log: TwinLog | null;

  /**
   * @param makers in the state in which the search begins
   * @param exchanges that there may be
   * @param except names of those of things that turned out to be not alike
   * @param log where several threads search together
   */
  constructor(
    makers: Makers,
    exchanges: readonly Exchange[],
    except: ReadonlySet<string>,
    log: TwinLog | null,
  ) {
    const { vector, steps, judges } = makers;
    this.makers = makers;
    this.log = log;
    this.exchanges = exchanges;
    this.least = new Int32Array(vector.rows.length);
    this.ranks = new Ranks(vector, makers.records);
    const twins: Twins[] = [];
    let renamings: Renaming[] = [];
    for (const exchange of exchanges) {
      if (except.has(exchange.name)) continue;
      const more = [...twins, new Twins(exchange, makers, this)];
      const all = closure(more);
      if (all.length >= RENAMINGS_MAX) continue;
      twins.push(more.at(-1)!);
      renamings = all;
    }
    this.twins = twins;
    this.renamings = renamings;
    const moved = (column: number) => twins.some((one) => one.places.column[column] !== column);
    const columns = [...vector.rows.keys()];
    this.order = [...columns.filter(moved), ...columns.filter((column) => !moved(column))];
    steps.onFed = (...told) => twins.forEach((one) => one.learnFed(...told));
    judges.onJudged = (...told) => twins.forEach((one) => one.learnJudged(...told));
  }

  /** A step was run in the state under consideration. */
  learn(actor: number, sent: number, effect: number): void {
    for (const one of this.twins) one.learn(actor, sent, effect);
  }
  get bytes(): number {
    return this.twins.reduce((sum, { bytes }) => sum + bytes, this.ranks.bytes);
  }
  /** What is alike, in words. */
  get names(): string[] {
    return this.twins.map(({ exchange }) => exchange.name);
  }

  /** Puts in the place of each state the one that stands for it. */
  settle(keys: Int32Array, states: number): void {
    const { vector } = this.makers;
    const { words } = vector;
    for (let at = 0, end = states * words; at < end; at += words) {
      vector.at(keys, at);
      const least = this.leastOf(vector.numbers);
      if (least !== vector.numbers) vector.pack(least, keys, at);
    }
  }
  private leastOf(numbers: Int32Array): Int32Array {
    let least = numbers;
    for (const renaming of this.renamings) {
      if (!this.isLess(renaming, numbers, least)) continue;
      const { column, rows } = renaming;
      for (let c = 0; c < numbers.length; c++)
        this.least[column[c]!] = rows[c]![numbers[c]!] || renaming.row(c, numbers[c]!);
      least = this.least;
    }
    return least;
  }
  private isLess(renaming: Renaming, numbers: Int32Array, least: Int32Array): boolean {
    const { source, rows } = renaming;
    const { order } = this;
    for (let i = 0; i < order.length; i++) {
      const to = order[i]!;
      const from = source[to]!;
      const twin = rows[from]![numbers[from]!] || renaming.row(from, numbers[from]!);
      if (twin !== least[to]) return this.ranks.isLess(to, twin, least[to]!);
    }
    return false;
  }
  /** All states that the one under consideration stands for, itself first: each is considered in turn. */
  each(visit: (by: Exchange | null) => void): void {
    const { numbers } = this.makers.vector;
    visit(null);
    const here = numbers.slice();
    for (const renaming of this.renamings) {
      here.forEach((number, c) => (numbers[renaming.column[c]!] = renaming.row(c, number)));
      visit(renaming.last.exchange);
    }
    numbers.set(here);
  }

  // --- what several threads tell each other

  tell(exchange: Exchange, table: number, a: number, b: number, twin: number): void {
    this.log?.tell(this.exchanges.indexOf(exchange), table, a, b, twin);
  }
  /** Takes up what the others have told. Throws `NotAlike` where that is what they found, or where two ways do not agree. */
  hear(): void {
    for (let told = this.log?.next(); told; told = this.log!.next()) {
      const [index, table, a, b, twin] = told;
      const exchange = this.exchanges[index]!;
      if (table === UNLIKE) throw new NotAlike(exchange.name, 'another thread has found that');
      this.twins.find((one) => one.exchange === exchange)?.hear(table, a, b, twin);
    }
  }
  differ(exchange: Exchange, what: string): never {
    this.tell(exchange, UNLIKE, 0, 0, 0);
    throw new NotAlike(exchange.name, what);
  }

  // --- for a checkpoint

  /** Which exchanges are in use, and what was found out of each. */
  save(): Int32Array {
    this.hear();
    const parts = this.twins.map((one) => [this.exchanges.indexOf(one.exchange), one.save()] as const);
    return Int32Array.from(parts.flatMap(([index, saved]) => [index, saved.length, ...saved]));
  }
  /** @returns names of the exchanges that are not in a saved symmetry */
  static exceptIn(saved: Int32Array, exchanges: readonly Exchange[]): Set<string> {
    const except = new Set(exchanges.map(({ name }) => name));
    for (let at = 0; at < saved.length; at += 2 + saved[at + 1]!) except.delete(exchanges[saved[at]!]!.name);
    return except;
  }
  restore(saved: Int32Array): void {
    let at = 0;
    for (const one of this.twins) {
      one.restore(saved.subarray(at + 2, at + 2 + saved[at + 1]!));
      at += 2 + saved[at + 1]!;
    }
  }
  /** Whether an exchange gives what comes over a ring to another one. */
  moves(ring: number): boolean {
    return this.twins.some((one) => one.places.ring[ring] !== ring);
  }
}

/** The exchanges one after the other, in every order that makes a difference; but for those that leave everything in its place. */
function closure(twins: readonly Twins[]): Renaming[] {
  const nothing = twins.length === 0 ? [] : [...namesOf(twins[0]!.exchange).keys()];
  const known = new Set([nothing.join()]);
  const found: Renaming[] = [];
  const add = (renaming: Renaming) => {
    const key = renaming.names.join();
    if (known.has(key)) return;
    known.add(key);
    found.push(renaming);
  };
  for (const one of twins) add(new Renaming(null, one));
  for (let i = 0; i < found.length && found.length < RENAMINGS_MAX; i++)
    for (const one of twins) add(new Renaming(found[i]!, one));
  return found;
}
