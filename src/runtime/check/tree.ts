// A short vector of numbers as a tree of interned pairs: equal halves of states are stored once (LTSmin's and Laarman's tree
// compression). What follows from a state differs from it in a few places, so only the way up from those is looked up anew.
import type { Pairs } from './interner.ts';

export class Tree {
  private readonly pairs: Pairs;
  private readonly first: number;
  private readonly count: number;
  /** Places at the bottom, a power of two; node n has children 2n and 2n + 1, node 1 is the top. */
  private readonly places: number;
  private readonly was: Int32Array;
  private readonly now: Int32Array;
  /** Nodes in `now` that differ from `was`. */
  private readonly changed: Int32Array;
  private changes = 0;
  private readonly isChanged: Uint8Array;

  /** @param first index of its first number in the vector @param count how many */
  constructor(pairs: Pairs, first: number, count: number) {
    this.pairs = pairs;
    this.first = first;
    this.count = count;
    this.places = 2 ** Math.ceil(Math.log2(Math.max(2, count)));
    this.was = new Int32Array(2 * this.places);
    this.now = new Int32Array(2 * this.places);
    this.changed = new Int32Array(2 * this.places);
    this.isChanged = new Uint8Array(2 * this.places);
  }

  /** Fills the vector from the number of the whole tree. */
  unpack(top: number, into: Int32Array): void {
    const { was, now, places, first, count } = this;
    const { data } = this.pairs;
    if (was[1] !== top) {
      was[1] = top;
      for (let node = 1; node < places; node++) {
        const pair = was[node]!;
        const left = data[2 * pair]!;
        const right = data[2 * pair + 1]!;
        was[2 * node] = pair === 0 ? 0 : left;
        was[2 * node + 1] = pair === 0 ? 0 : right;
      }
      now.set(was);
    }
    for (let i = 0; i < count; i++) into[first + i] = was[places + i]!;
  }
  /** Changes a number, until `repack`. */
  set(index: number, value: number): void {
    const node = this.places + index - this.first;
    this.now[node] = value;
    this.changed[this.changes++] = node;
  }
  /** @returns the number of the changed tree; the changes are taken back */
  repack(): number {
    const { now, was, changed, isChanged, pairs } = this;
    if (this.changes === 0) return was[1]!;
    // Level by level: all of `changed` are on one level, and their parents go to its end.
    let from = 0;
    let end = this.changes;
    while (changed[from]! > 1) {
      let next = end;
      for (let i = from; i < end; i++) {
        const parent = changed[i]! >> 1;
        if (isChanged[parent] === 1) continue;
        isChanged[parent] = 1;
        now[parent] = pairs.intern(now[2 * parent]!, now[2 * parent + 1]!);
        changed[next++] = parent;
      }
      from = end;
      end = next;
    }
    const top = now[1]!;
    for (let i = 0; i < end; i++) {
      const node = changed[i]!;
      now[node] = was[node]!;
      isChanged[node] = 0;
    }
    this.changes = 0;
    return top;
  }
}
