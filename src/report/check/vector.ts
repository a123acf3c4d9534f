// A state of the world as a vector of numbers: one slot for each leaf, for each actor's queue, for what the environment may
// still do and for the monitors' pictures. Slots form groups of eight, groups two trees: the guests' side on the left, the
// host's on the right. A state is the pair of their tops, and either half has far fewer values than there are states.
import type { Geometry } from '../../model/geometry.ts';
import type { Pairs, Records } from '../../runtime/check/interner.ts';
import { Tree } from '../../runtime/check/tree.ts';
import type { Leaf, Leaves } from './leaves.ts';

const GROUP_SHIFT = 3;
const GROUP = 1 << GROUP_SHIFT;
/** Slots that a step can change, with room to spare. */
const CHANGES_MAX = 256;

export class Vector {
  readonly slots: Int32Array;
  /** The leaf of a slot; null for queues, the environment and the monitors. */
  readonly leafOf: (Leaf | null)[] = [];
  /** By leaf. */
  readonly slotOf: number[] = [];
  /** By actor. */
  readonly queue: number[] = [];
  readonly environment: number;
  readonly monitors: number;
  /** The groups of all vCPUs' records and of all operations. */
  readonly recordGroups: readonly number[];
  readonly operationGroups: readonly number[];
  /** Slots of the left half: those below. */
  readonly leftSlots: number;
  private readonly leftGroups: number;
  private readonly groups: Int32Array;
  private readonly records: Records;
  private readonly left: Tree;
  private readonly right: Tree;
  /** The state under consideration, and which of its halves are in `slots`. */
  private top = 0;
  private otherTop = 0;
  private openLeft = -1;
  private openRight = -1;

  constructor(leaves: Leaves, geometry: Geometry, records: Records, pairs: Pairs) {
    this.records = records;
    const { leafOf } = this;
    const place = (leaf: number) => {
      this.slotOf[leaf] = leafOf.length;
      leafOf.push(leaves.all[leaf]!);
    };
    const other = () => leafOf.push(null) - 1;
    const actor = (self: number) => {
      place(leaves.actor[self]!);
      this.queue[self] = other();
    };
    const endGroup = () => {
      while (leafOf.length % GROUP !== 0) other();
    };
    const groupsOf = (some: readonly number[]): number[] => {
      const first = leafOf.length / GROUP;
      for (const leaf of some) place(leaf);
      endGroup();
      return Array.from({ length: leafOf.length / GROUP - first }, (_, group) => first + group);
    };
    for (let v = 0; v < geometry.vcpus; v++) actor(v);
    this.environment = other();
    endGroup();
    this.recordGroups = groupsOf(leaves.records);
    this.leftSlots = leafOf.length;
    this.leftGroups = leafOf.length / GROUP;
    actor(geometry.hypervisor);
    actor(geometry.host);
    for (const leaf of [leaves.pageWords, leaves.ept, leaves.list]) place(leaf);
    this.monitors = other();
    endGroup();
    this.operationGroups = groupsOf(leaves.operations);
    for (let self = geometry.host + 1; self < geometry.feeder; self++) actor(self);
    place(leaves.guestPageTable);
    endGroup();
    groupsOf(leaves.locations);
    this.slots = new Int32Array(leafOf.length);
    this.groups = new Int32Array(leafOf.length / GROUP);
    this.left = new Tree(pairs, 0, this.leftGroups);
    this.right = new Tree(pairs, this.leftGroups, this.groups.length - this.leftGroups);
  }

  /** Considers a state. */
  at(left: number, right: number): void {
    this.top = left;
    this.otherTop = right;
  }
  get leftTop(): number {
    return this.top;
  }
  get rightTop(): number {
    return this.otherTop;
  }
  /** Number in a slot of the state under consideration. */
  value(slot: number): number {
    if (slot < this.leftSlots) this.bringLeft();
    else this.bringRight();
    return this.slots[slot]!;
  }
  /** Number of a whole group of it. */
  group(group: number): number {
    if (group < this.leftGroups) this.bringLeft();
    else this.bringRight();
    return this.groups[group]!;
  }
  /** Slots of a group. */
  slotsOf(group: number): number[] {
    return Array.from({ length: GROUP }, (_, i) => group * GROUP + i);
  }
  /** Has all slots filled. */
  bring(): void {
    this.bringLeft();
    this.bringRight();
  }
  bringLeft(): void {
    if (this.openLeft === this.top) return;
    this.left.unpack(this.top, this.groups);
    this.fill(0, this.leftGroups);
    this.openLeft = this.top;
  }
  bringRight(): void {
    if (this.openRight === this.otherTop) return;
    this.right.unpack(this.otherTop, this.groups);
    this.fill(this.leftGroups, this.groups.length);
    this.openRight = this.otherTop;
  }
  private fill(from: number, to: number): void {
    const { slots, groups } = this;
    const { data } = this.records;
    for (let group = from, slot = from * GROUP; group < to; group++) {
      const at = groups[group]!;
      for (let i = 0; i < GROUP; i++) slots[slot++] = data[at + i]!;
    }
  }

  // --- changes of one half

  private readonly changed = new Int32Array(CHANGES_MAX);
  private readonly before = new Int32Array(CHANGES_MAX);
  private changes = 0;

  /** Puts a number into a slot, until `packLeft` or `packRight` takes it back. */
  change(slot: number, value: number): void {
    const at = this.changes++;
    this.changed[at] = slot;
    this.before[at] = this.slots[slot]!;
    this.slots[slot] = value;
  }
  /** @returns the left half's top with the changes */
  packLeft(): number {
    return this.pack(this.left);
  }
  packRight(): number {
    return this.pack(this.right);
  }
  private pack(tree: Tree): number {
    const { slots, changed, records } = this;
    for (let i = 0; i < this.changes; i++) {
      const group = changed[i]! >> GROUP_SHIFT;
      let isFirst = true;
      for (let j = 0; j < i; j++) if (changed[j]! >> GROUP_SHIFT === group) isFirst = false;
      if (isFirst) tree.set(group, records.intern(slots, group * GROUP, GROUP));
    }
    const top = tree.repack();
    this.takeBack();
    return top;
  }
  /** Forgets the changes. */
  takeBack(): void {
    const { slots, changed, before } = this;
    while (this.changes > 0) {
      this.changes--;
      slots[changed[this.changes]!] = before[this.changes]!;
    }
  }
  /** Both tops of a vector that was filled from scratch. */
  packAll(): { left: number; right: number } {
    const { slots, records, left, right, leftGroups } = this;
    for (let group = 0; group < this.groups.length; group++)
      (group < leftGroups ? left : right).set(group, records.intern(slots, group * GROUP, GROUP));
    return { left: left.repack(), right: right.repack() };
  }
}
