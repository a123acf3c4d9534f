// The visited states of a search: an exact set of keys of 1 to 8 Int32 words in shared buffers. Nothing is hashed away.
//
// A state's id is its place in the order of arrival, from 1 on; `keys` in that order is the queue of a breadth-first
// search, `parents` keeps the traces. The table proper holds ids only: 4 bytes a slot, the key stands once. The bits of a
// slot that the id does not need hold a piece of the key's hash, so that a key is rarely read in vain. Of keys of one word the
// hash is another way to write the key (`mix` can be undone). There half of the slots stay free, so that a slot has room for a
// bit that says whether the entry is displaced: where it is not, its place and the piece of hash are all of the hash, and the
// key need not be read at all.
//
// Several threads insert at once by compare-exchange on a slot: the key is written under an id that nobody else has,
// then the slot publishes the id. A thread takes ids in stretches; what is left of them when a level ends is closed by
// `settle`. Growing is for one thread alone, between batches or levels.
import { assert } from '../../stdx/assert.ts';
import { enterPart, enterRest, hashAll, writeAlong } from './entering.ts';
import { wordsOf } from './words.ts';

/** Ids that a thread takes at a time: several cache lines of keys, so that two threads seldom write into one line. */
const STRETCH = 256;
/** Slots filled at most: 5 in 8, of one word half. */
const LOAD_NUMERATOR = 5;
const LOAD_DENOMINATOR = 8;
/**
 * Keys and parents have room for so many times as many states as the table: what was never touched takes no memory, and
 * they need not be copied each time that the table grows.
 */
const ROOM = 8;

function capacityOf(slots: number, words: number): number {
  return words === 1 ? slots / 2 - 1 : Math.floor((slots * LOAD_NUMERATOR) / LOAD_DENOMINATOR);
}

/** What another thread needs to join. */
export interface SharedStates {
  words: number;
  table: SharedArrayBuffer;
  keys: SharedArrayBuffer;
  parents: SharedArrayBuffer;
  control: SharedArrayBuffer;
}

export interface StateSetOptions {
  /** States to have room for at first. */
  states?: number;
  /** Bound on the buffers' bytes; beyond it `ensure` says no. */
  memoryBytes?: number;
}

/** @returns null where the machine has no such memory to give */
function zeroes(length: number): Int32Array | null {
  try {
    return new Int32Array(new SharedArrayBuffer(length * 4));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null;
  }
}

export class StateSet {
  words: number;
  readonly memoryBytes: number;
  /** Word `w` of state `id` is `keys[id * words + w]`. Row 0 is empty. */
  keys!: Int32Array;
  /** The state through which `id` was first reached; 0 for the first state. */
  parents!: Int32Array;
  table!: Int32Array;
  /** [0]: the highest id taken by any thread. */
  private readonly control: Int32Array;
  private readonly shared: boolean;
  slotMask = 0;
  private idMask = 0;
  tagMask = 0;
  /** Bit of an entry that is not where its hash says; 0 where there is none. */
  displaced = 0;
  private capacity = 0;
  /** Ids [next, end) are this thread's to give. */
  private next = 1;
  private end = 1;
  /** Of the last batch: how many of its keys were new, and their ids. */
  freshLength = 0;
  fresh = new Int32Array(4096);
  /** Of the last batch: the ids of all its keys. */
  ids = new Int32Array(4096);
  private hashes = new Int32Array(4096);
  /** The first slot of each key's way that is free or may be its own; not of keys of one word. */
  private slots = new Int32Array(4096);
  /** Keys of batches that were states of id <= `older` before: edges that do not lead one level on. */
  older = 0;
  olderHits = 0;
  /** Keeps the touching loops from being optimised away. */
  private sink = 0;

  constructor(words: number, options: StateSetOptions = {}, join?: SharedStates) {
    assert(words >= 1 && words <= 8, `words of a state: expected 1..8, saw ${words}`);
    this.words = words;
    this.memoryBytes = options.memoryBytes ?? 4 * 2 ** 30;
    this.shared = join !== undefined;
    if (join) {
      this.control = new Int32Array(join.control);
      this.adopt(new Int32Array(join.table), new Int32Array(join.keys), new Int32Array(join.parents));
      return;
    }
    this.control = new Int32Array(new SharedArrayBuffer(4));
    const states = Math.max(options.states ?? 8192, 64);
    let slots = 64;
    while (capacityOf(slots, words) < states) slots *= 2;
    assert(this.allocate(slots), `a set of ${states} states: expected memory for it`);
    writeAlong(this.table, 0, slots);
    this.end = this.capacity + 1;
  }

  /** States in the set; among several threads an upper bound that counts the ids taken. */
  get count(): number {
    return this.shared ? Atomics.load(this.control, 0) : this.next - 1;
  }
  /** Bytes of the table, and of the keys and parents that are in use (untouched pages of a buffer take no memory). */
  get bytes(): number {
    return this.table.byteLength + (this.count + 1) * (this.words + 1) * 4;
  }
  share(): SharedStates {
    return {
      words: this.words,
      table: this.table.buffer as SharedArrayBuffer,
      keys: this.keys.buffer as SharedArrayBuffer,
      parents: this.parents.buffer as SharedArrayBuffer,
      control: this.control.buffer as SharedArrayBuffer,
    };
  }

  /** The id of the state at `keys[at..at+words)`, or 0. */
  find(keys: Int32Array, at: number): number {
    const { words, table, keys: own, idMask, tagMask, slotMask } = this;
    const h = wordsOf(this.words).hash(keys, at);
    let slot = h & slotMask;
    for (;;) {
      const entry = table[slot]!;
      if (entry === 0) return 0;
      if (((entry ^ h) & tagMask) === 0) {
        const id = entry & idMask;
        let w = 0;
        while (w < words && own[id * words + w] === keys[at + w]) w++;
        if (w === words) return id;
      }
      slot = (slot + 1) & slotMask;
    }
  }

  /**
   * Ids of the `n` states in `keys` (0 where absent), written to `ids`. For one thread, on a set that is not changing.
   */
  findAll(keys: Int32Array, n: number, ids: Int32Array): void {
    this.touch(keys, n);
    const { words, table, keys: own, idMask, tagMask, slotMask, hashes, slots } = this;
    for (let i = 0; i < n; i++) {
      const h = hashes[i]!;
      const at = i * words;
      const w0 = keys[at]!;
      let slot = words === 1 ? h & slotMask : slots[i]!;
      let id = 0;
      for (;;) {
        const entry = table[slot]!;
        if (entry === 0) break;
        if (((entry ^ h) & tagMask) === 0) {
          const candidate = entry & idMask;
          const row = candidate * words;
          if (own[row] === w0) {
            let w = 1;
            while (w < words && own[row + w] === keys[at + w]) w++;
            if (w === words) {
              id = candidate;
              break;
            }
          }
        }
        slot = (slot + 1) & slotMask;
      }
      ids[i] = id;
    }
  }

  /** Doubles the room; false where that would pass the bound. For one thread alone. */
  ensureMore(): boolean {
    return this.ensure(this.end - this.next + 1);
  }
  /** Makes sure that `more` states fit; false where that would pass the bound on memory. For one thread alone. */
  ensure(more: number): boolean {
    const room = this.makeRoom(more);
    if (room === 'empty') this.rehash();
    return room !== 'none';
  }
  /**
   * The same, but where the table had to grow it is left empty: whoever asked has all states entered, by `enterPart` in parts
   * and `enterRest`. @returns `none` where that would pass the bound
   */
  makeRoom(more: number): 'enough' | 'empty' | 'none' {
    if (this.next + more <= this.end) return 'enough';
    let slots = this.table.length * 2;
    while (this.next + more > capacityOf(slots, this.words) + 1) slots *= 2;
    return this.fits(slots, this.words) && this.grow(slots) ? 'empty' : 'none';
  }

  /**
   * Inserts the `n` states in `keys`, with `sources` (ids) as their parents; those that were new are in `fresh` then.
   * Alone, the set grows as it must.
   * @returns false where the memory ran out, or with several threads the ids, perhaps half way: what was inserted stays
   * and is in `fresh`, and inserting the whole batch again later does no harm
   */
  insertAll(keys: Int32Array, n: number, sources: Int32Array): boolean {
    if (this.fresh.length < n) {
      this.fresh = new Int32Array(Math.max(n, this.fresh.length * 2));
      this.ids = new Int32Array(this.fresh.length);
    }
    this.freshLength = 0;
    if (!this.shared && !this.ensure(n)) return false;
    this.touch(keys, n);
    if (this.words === 1) return this.insert1(keys, n, sources);
    return this.insertN(keys, n, sources);
  }

  // ---------------------------------------------------------------- one thread of several

  /** Gives back the ids that this thread took and did not use: [from, to). */
  giveBack(): [number, number] {
    const unused: [number, number] = [this.next, this.end];
    this.next = this.end;
    return unused;
  }
  /** Others are about to insert: they take ids from here on. */
  open(): void {
    this.control[0] = this.next - 1;
  }
  /**
   * After the others are done: closes the gaps that they left by moving the last states into them, so that ids are
   * dense again. The moved ones are of the newest level.
   * @returns their new ids by the old ones
   */
  settle(unused: readonly (readonly [number, number])[]): Map<number, number> {
    const moved = new Map<number, number>();
    const gaps: number[] = [];
    let top = Math.min(Atomics.load(this.control, 0), this.capacity);
    for (const [from, to] of unused) for (let id = from; id < to; id++) gaps.push(id);
    gaps.sort((a, b) => a - b);
    let last = gaps.length - 1;
    for (let first = 0; first <= last;) {
      if (gaps[last] === top) last--;
      else {
        moved.set(top, gaps[first]!);
        this.move(top, gaps[first++]!);
      }
      top--;
    }
    this.next = top + 1;
    this.end = this.capacity + 1;
    return moved;
  }

  private move(from: number, to: number): void {
    const { words, keys, table, idMask, slotMask } = this;
    const h = wordsOf(this.words).hash(keys, from * words);
    let slot = h & slotMask;
    while ((table[slot]! & idMask) !== from) slot = (slot + 1) & slotMask;
    for (let w = 0; w < words; w++) {
      keys[to * words + w] = keys[from * words + w]!;
      keys[from * words + w] = 0;
    }
    this.parents[to] = this.parents[from]!;
    table[slot] = (table[slot]! & ~idMask) | to;
  }

  /** Takes a new stretch of ids. */
  private takeIds(): boolean {
    if (!this.shared) return false;
    const from = Atomics.add(this.control, 0, STRETCH) + 1;
    if (from > this.capacity) return false;
    this.next = from;
    this.end = Math.min(from + STRETCH, this.capacity + 1);
    return true;
  }

  // ---------------------------------------------------------------- the table

  /**
   * Hashes a batch and reads every slot and every key it will need, in loops of their own: reads that do not wait for each
   * other overlap their cache misses, which is several times faster than probing one by one.
   */
  private touch(keys: Int32Array, n: number): void {
    if (this.hashes.length < n) {
      this.hashes = new Int32Array(Math.max(n, this.hashes.length * 2));
      this.slots = new Int32Array(this.hashes.length);
    }
    const { words, table, slotMask, idMask, tagMask, keys: own, hashes, slots } = this;
    hashAll(words, keys, 0, n, hashes);
    let seen = 0;
    for (let i = 0; i < n; i++) seen ^= table[hashes[i]! & slotMask]!;
    if (words > 1)
      for (let i = 0; i < n; i++) {
        const h = hashes[i]!;
        let slot = h & slotMask;
        let entry = table[slot]!;
        while (entry !== 0 && ((entry ^ h) & tagMask) !== 0) entry = table[(slot = (slot + 1) & slotMask)]!;
        slots[i] = slot;
        seen ^= own[(entry & idMask) * words]!;
      }
    this.sink ^= seen;
  }

  // The two loops below are one loop, written out for keys of one word and of more. A slot that was read without an atomic may
  // be read late, never wrong: it goes from 0 to its entry once. An id that it names was published by the compare-exchange in
  // another thread, after the key was written; an id beyond `older` may be so fresh that only an atomic load of the slot makes
  // its key visible by the rules of the language (pairs with that compare-exchange).

  private insert1(keys: Int32Array, n: number, sources: Int32Array): boolean {
    const { table, keys: own, parents, hashes, fresh, ids, slotMask, idMask, tagMask, shared, older } = this;
    const { displaced } = this;
    let freshLength = 0;
    let olderHits = 0;
    for (let i = 0; i < n; i++) {
      const h = hashes[i]!;
      const word = keys[i]!;
      const home = h & slotMask;
      let slot = home;
      for (;;) {
        let entry = table[slot]!;
        if (entry === 0) {
          if (this.next === this.end && !this.takeIds()) {
            this.freshLength = freshLength;
            return false;
          }
          const id = this.next;
          own[id] = word;
          parents[id] = sources[i]!;
          const mine = (h & tagMask) | (slot === home ? 0 : displaced) | id;
          if (shared) entry = Atomics.compareExchange(table, slot, 0, mine);
          else table[slot] = mine;
          if (entry === 0) {
            this.next = id + 1;
            fresh[freshLength++] = ids[i] = id;
            break;
          }
        }
        if (((entry ^ h) & tagMask) === 0) {
          const id = entry & idMask;
          const isHome = slot === home;
          // At home an entry that is not displaced is of this key; elsewhere only one that is displaced can be.
          if (isHome !== ((entry & displaced) !== 0)) {
            if (!isHome && shared && id > older) Atomics.load(table, slot);
            if (isHome || own[id] === word) {
              if (id <= older) olderHits++;
              ids[i] = id;
              break;
            }
          }
        }
        slot = (slot + 1) & slotMask;
      }
    }
    this.freshLength = freshLength;
    this.olderHits += olderHits;
    return true;
  }

  private insertN(keys: Int32Array, n: number, sources: Int32Array): boolean {
    const { words, table, keys: own, parents, hashes, slots, fresh, ids, shared, older } = this;
    const { slotMask, idMask, tagMask } = this;
    const { copy, equal } = wordsOf(words);
    let freshLength = 0;
    let olderHits = 0;
    for (let i = 0; i < n; i++) {
      const h = hashes[i]!;
      const at = i * words;
      let slot = slots[i]!;
      for (;;) {
        let entry = table[slot]!;
        if (entry === 0) {
          if (this.next === this.end && !this.takeIds()) {
            this.freshLength = freshLength;
            return false;
          }
          const id = this.next;
          copy(keys, at, own, id * words);
          parents[id] = sources[i]!;
          const mine = (h & tagMask) | id;
          if (shared) entry = Atomics.compareExchange(table, slot, 0, mine);
          else table[slot] = mine;
          if (entry === 0) {
            this.next = id + 1;
            fresh[freshLength++] = ids[i] = id;
            break;
          }
        }
        if (((entry ^ h) & tagMask) === 0) {
          const id = entry & idMask;
          if (shared && id > older) Atomics.load(table, slot);
          if (equal(own, id * words, keys, at)) {
            if (id <= older) olderHits++;
            ids[i] = id;
            break;
          }
        }
        slot = (slot + 1) & slotMask;
      }
    }
    this.freshLength = freshLength;
    this.olderHits += olderHits;
    return true;
  }

  private fits(slots: number, words: number): boolean {
    return (
      slots <= 2 ** 30 && slots * 4 + (capacityOf(slots, words) + 1) * (words + 1) * 4 <= this.memoryBytes
    );
  }
  /** @returns false where there is no memory for it: then nothing was done */
  private allocate(slots: number): boolean {
    const { words } = this;
    const states = capacityOf(slots, words);
    const most = Math.floor(this.memoryBytes / ((words + 1) * 4));
    const table = zeroes(slots);
    // A machine may refuse to promise more than it has: then what is needed must do.
    for (const room of [Math.max(states, Math.min(ROOM * states, most)), states]) {
      const keys = zeroes((room + 1) * words);
      const parents = zeroes(room + 1);
      if (!table || !keys || !parents) continue;
      this.adopt(table, keys, parents);
      return true;
    }
    return false;
  }
  private adopt(table: Int32Array, keys: Int32Array, parents: Int32Array): void {
    this.table = table;
    this.keys = keys;
    this.parents = parents;
    this.capacity = capacityOf(table.length, this.words);
    this.slotMask = table.length - 1;
    this.idMask = 2 ** (32 - Math.clz32(this.capacity)) - 1;
    this.displaced = this.words === 1 ? this.idMask + 1 : 0;
    this.tagMask = ~(this.idMask | this.displaced);
  }
  /** To an empty table. @returns false where there is no memory for it: then nothing was done */
  private grow(slots: number): boolean {
    const { keys, parents, words, next } = this;
    if (capacityOf(slots, words) < parents.length) {
      const table = zeroes(slots);
      if (!table) return false;
      this.adopt(table, keys, parents);
    } else {
      if (!this.allocate(slots)) return false;
      this.keys.set(keys.subarray(0, next * words));
      this.parents.set(parents.subarray(0, next));
    }
    this.end = this.capacity + 1;
    return true;
  }

  /**
   * Has all keys packed anew, as rows of `words` words; ids stay. For one thread alone.
   * @param repack makes the rows of `into` from those of `from`, from row 1 on; the two may be one array
   * @returns false where there is no memory for it: then nothing was done
   */
  repack(words: number, repack: (from: Int32Array, into: Int32Array, states: number) => void): boolean {
    const { keys, parents, table } = this;
    if (words !== this.words) {
      if (!this.fits(table.length, words)) return false;
      const states = Math.max(parents.length, capacityOf(table.length, words) + 1);
      const wider = zeroes(states * words);
      const more = states === parents.length ? parents : zeroes(states);
      if (!wider || !more) return false;
      if (more !== parents) more.set(parents.subarray(0, this.next));
      this.words = words;
      this.adopt(table, wider, more);
      this.end = this.capacity + 1;
    }
    repack(keys, this.keys, this.next - 1);
    table.fill(0);
    this.rehash();
    return true;
  }

  /** Enters every state of `keys` into an empty table. */
  private rehash(): void {
    enterRest(this, enterPart(this, this.count, { part: 0, parts: 1 }));
  }

  /** The whole set in arrival order, for a checkpoint: keys from id 1 on, and parents. */
  save(): { keys: Int32Array; parents: Int32Array } {
    return {
      keys: this.keys.slice(this.words, this.next * this.words),
      parents: this.parents.slice(1, this.next),
    };
  }
  /** Fills an empty set with what `save` gave. @returns false where it does not fit into the memory */
  restore(keys: Int32Array, parents: Int32Array): boolean {
    assert(this.count === 0, `restore: expected an empty set, saw ${this.count} states`);
    if (!this.ensure(parents.length)) return false;
    this.keys.set(keys, this.words);
    this.parents.set(parents, 1);
    this.next = parents.length + 1;
    this.rehash();
    return true;
  }
}
