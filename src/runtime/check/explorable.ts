// What the search explores: a finite graph of states packed into a few Int32 words each, known by its first state and by
// what follows a state. Whoever packs the states (a small system of one's own, the simulated world) implements
// `Explorable`; searches, liveness and workers know nothing else.

/** Most Int32 words that a packed state may have. */
export const WORDS_MAX = 8;

export interface Explorable {
  /** Int32 words of a packed state, 1..8. */
  readonly words: number;
  /** Tells a checkpoint of one model from that of another; a change of the model or its bounds changes it. */
  readonly hash?: string;
  initial(into: (state: Int32Array) => void): void;
  /** Appends every successor of the state at `states[at..at+words)` to `out`, in a fixed order. */
  expand(states: Int32Array, at: number, out: Successors): void;
  /**
   * Does what `expand` put off, for all the successors that are in `out` together: only then they are the states that they
   * will be, and those that break something are taken out (`Successors.spoil`). Where it throws, all of them are to be
   * expanded again.
   */
  complete?(out: Successors): void;
  /** The name of a property that this state itself breaks, or null. */
  judge?(states: Int32Array, at: number): string | null;
  /** Whether having no successors is right in this state; otherwise it is a deadlock. */
  isEnd?(states: Int32Array, at: number): boolean;
  /** What is still owed in this state, one bit each (at most 31): liveness asks that no fair run owes one for ever. */
  pending?(states: Int32Array, at: number): number;
  /** What bit `bit` of `pending` is called. */
  describePending?(bit: number): string;
  /** Words for people: the action that was the k-th successor of a state (`add` and `violate` counted alike). */
  describeAction(states: Int32Array, at: number, k: number): string;
  describe(states: Int32Array, at: number): string;
  /**
   * Words for a whole path, where a step is easier told in its context: with symmetry a packed state names no replica,
   * and a path is told by following one. `path` holds the packed states, `violating` the k of a last step that leads to
   * no state, or -1.
   */
  retell?(path: Int32Array, violating: number): PathText;
  /**
   * For a model that throws `TooNarrow` from `expand`, or from `learn`, when a value comes up that its packing has no room
   * for: the same model with room, and how states are packed anew for it. The search then goes on.
   */
  widen?(): Widened;
  /**
   * How a model that widens in place packs its states: threads that search together, each with its own copy, and a search
   * that is resumed are to pack alike. Setting it changes `words`.
   */
  packing?: Int32Array;
  /** Tables that the model fills as it goes; a model that learns nothing leaves it out. */
  readonly learning?: Learning;
}

/** A model with room for what came up, and what makes its packed states of those of the one before (`StateSet.repack`). */
export interface Widened {
  model: Explorable;
  repack: (from: Int32Array, into: Int32Array, states: number) => void;
}

/** The packing has no room for a value that came up. */
export class TooNarrow extends Error {
  override name = 'TooNarrow';
}

/** A path in words: as many states as the path has, and the action that leads to each but the first. */
export interface PathText {
  readonly states: readonly string[];
  readonly actions: readonly string[];
}

/**
 * How copies of one model in several threads agree on the numbers they give to values: everything learned stands in a
 * log; who follows the log from its start has the same tables. A copy that is `frozen` learns nothing by itself: where
 * `expand` lacks a row it calls `out.want(row)`, and the search hands the row to the copy that does learn.
 */
export interface Learning {
  frozen: boolean;
  /** Int32 words of the log so far. */
  readonly length: number;
  read(from: number): Int32Array;
  /** Appends words that another copy's log has from this one's length on, and fills the tables accordingly. */
  follow(words: Int32Array): void;
  /** Learns a row that a frozen copy wanted, or told. */
  learn(row: Int32Array): void;
  /** Rows that a frozen copy has, beside those that it wants, for the copy that learns; each once. */
  tell?(): Int32Array[];
}

/** A transition that itself breaks a property. */
export interface BrokenStep {
  /** State it starts from: an id of the state set. */
  source: number;
  k: number;
  action: number;
  property: string;
}

/**
 * Successors of a stretch of states, in typed arrays that are used again for every stretch. The number of the action goes
 * with each: for liveness it is the unit of weak fairness (>= 0), or negative where no fairness is assumed.
 */
export class Successors {
  readonly words: number;
  /** `length` packed states, `words` apart; the action that leads to each, and the id of the state that it comes from. */
  keys: Int32Array;
  actions: Int32Array;
  sources: Int32Array;
  length = 0;
  readonly broken: BrokenStep[] = [];
  /** Rows that a frozen model lacks, each behind its length. */
  readonly wanted: number[] = [];
  private source = 0;
  private first = 0;
  private brokenHere = 0;
  private capacity: number;

  constructor(words: number, capacity = 4096) {
    this.words = words;
    this.capacity = capacity;
    this.keys = new Int32Array(capacity * words);
    this.actions = new Int32Array(capacity);
    this.sources = new Int32Array(capacity);
  }

  clear(): void {
    this.length = 0;
    this.first = 0;
    // To set an array's length is a call out of compiled code, also where it stays 0.
    if (this.broken.length > 0) this.broken.length = 0;
    if (this.wanted.length > 0) this.wanted.length = 0;
  }
  /** The search says whose successors come next. */
  begin(source: number): void {
    this.source = source;
    this.first = this.length;
    this.brokenHere = 0;
  }
  /** The state that was begun has all its successors. */
  end(): void {
    const { sources, source, length } = this;
    for (let index = this.first; index < length; index++) sources[index] = source;
  }
  /** All successors of one state, for whoever wants no more. */
  of(model: Explorable, states: Int32Array, at: number, source: number): void {
    this.clear();
    this.begin(source);
    model.expand(states, at, this);
    this.end();
    model.complete?.(this);
  }
  /** How many transitions the state that was begun has had. */
  get ofThisState(): number {
    return this.length - this.first + this.brokenHere;
  }
  /** Takes the successors of the state that was begun back. */
  takeBack(): void {
    this.length = this.first;
    this.broken.length -= this.brokenHere;
    this.brokenHere = 0;
  }

  /** Makes room for `more`: for models that write into `keys` and `actions` themselves and then set `length`. */
  reserve(more: number): void {
    while (this.length + more > this.capacity) this.grow();
  }
  /** Makes room for one more. @returns where in `keys` the caller is to write its `words` words */
  place(action: number): number {
    const index = this.length;
    if (index === this.capacity) this.grow();
    this.actions[index] = action;
    this.length = index + 1;
    return index * this.words;
  }
  /** Appends the state at `from[at..at+words)`. */
  add(from: Int32Array, at: number, action: number): void {
    const into = this.place(action);
    const { keys, words } = this;
    for (let w = 0; w < words; w++) keys[into + w] = from[at + w]!;
  }
  /** Appends a transition that breaks `property`; it leads to no state. */
  violate(action: number, property: string): void {
    this.broken.push({ source: this.source, k: this.ofThisState, action, property });
    this.brokenHere++;
  }
  /** Takes transitions out that turned out to break something: they lead to no state. @param spoilt in the order of `index` */
  spoil(spoilt: readonly { index: number; property: string }[]): void {
    const { keys, actions, sources, words } = this;
    this.brokenHere += spoilt.filter(({ index }) => index >= this.first).length;
    let next = 0;
    let kept = 0;
    let keptBefore = 0;
    let first = 0;
    for (let index = 0; index < this.length; index++) {
      const source = sources[index]!;
      if (source !== sources[first]) first = index;
      if (spoilt[next]?.index === index) {
        const { property } = spoilt[next++]!;
        this.broken.push({ source, k: index - first, action: actions[index]!, property });
        continue;
      }
      keys.copyWithin(kept * words, index * words, (index + 1) * words);
      actions[kept] = actions[index]!;
      sources[kept++] = source;
      if (index < this.first) keptBefore = kept;
    }
    this.first = keptBefore;
    this.length = kept;
  }
  /** Says that the successors of this state need a row which the model has not learned. */
  want(row: ArrayLike<number>): void {
    this.wanted.push(row.length);
    for (let i = 0; i < row.length; i++) this.wanted.push(row[i]!);
  }

  private grow(): void {
    this.capacity *= 2;
    const keys = new Int32Array(this.capacity * this.words);
    keys.set(this.keys);
    this.keys = keys;
    const actions = new Int32Array(this.capacity);
    actions.set(this.actions);
    this.actions = actions;
    const sources = new Int32Array(this.capacity);
    sources.set(this.sources);
    this.sources = sources;
  }
}
