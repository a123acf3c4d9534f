// Which words a step of an actor depends on, besides its own and the message: found out while it runs, in the order in which
// it looks at them. A look-up that asks in the same order ends at the same step.
//
// Shared words tell the meter. The records of vCPUs and operations are plain columns; while the host runs, which may have any
// of them in custody, columns that tell who touches them are put in their place.
import type { Built } from '../../actors/index.ts';
import { NOWHERE } from '../../model/geometry.ts';
import { message } from '../../model/messages.ts';
import { AccessRecord } from '../../memory/access-record.ts';
import { present } from '../../stdx/assert.ts';
import type { Leaves } from './leaves.ts';

/** Messages to the hypervisor that hand over the record of an operation. */
const CALLS: ReadonlySet<number> = new Set([message.age, message.protect, message.unmap, message.map, message.mapClean, message.restore, message.shootdown, message.export, message.retire, message.flushed]); // prettier-ignore

/** Messages on which who keeps the moved lists writes them, or sends copies. */
const LISTS: ReadonlySet<number> = new Set([message.export, message.retire, message.publish, message.listTaken, message.listWanted]); // prettier-ignore

type Table = Record<string, Int32Array>;
/** A table of records, with its columns as they are and as they tell. */
interface Watched {
  table: Table;
  plain: Table;
  watched: Table;
  /** Puts the columns of one in the place of those of the other. */
  put: (table: Table, columns: Table) => void;
}

export class Footing {
  /** Leaves that the step has looked at so far, the first one first. */
  readonly path: number[] = [];
  private readonly built: Built;
  private readonly leaves: Leaves;
  private readonly leafOfColumn = new Map<Int32Array, number>();
  private readonly tables: readonly Watched[];
  private readonly touches = new Touches((column, index) => this.touched(column, index));

  constructor(built: Built, leaves: Leaves) {
    this.built = built;
    this.leaves = leaves;
    for (const shared of [leaves.pageWords, leaves.ept, leaves.guestPageTable, leaves.list])
      for (const column of leaves.all[shared]!.columns) this.leafOfColumn.set(column, shared);
    const { world } = built;
    const { batch } = world.geometry.spec;
    const { vcpus } = world.geometry;
    const ofVcpu = (vcpu: number) => leaves.records[vcpu]!;
    this.tables = [
      this.watch(world.operations, (operation) => leaves.operations[operation]!),
      this.watch(world.requests, (request) => ofVcpu(Math.floor(request / batch))),
      this.watch(world.hypercalls, (request) => ofVcpu(Math.floor(request / batch))),
      this.watch(world.faults, ofVcpu),
      this.watch(world.commands, (command) => ofVcpu(command % vcpus)),
    ];
  }

  /** Runs a step. @returns what it did; `path` says what it looked at */
  follow<T>(actor: number, kind: number, id: number, step: () => T): T {
    const { world } = this.built;
    const { geometry, meter } = world;
    this.path.length = 0;
    this.given(actor, kind, id);
    meter.forget();
    meter.witness = this.touches;
    const host = actor === geometry.host;
    if (host) for (const { table, watched, put } of this.tables) put(table, watched);
    try {
      return step();
    } finally {
      if (host) for (const { table, plain, put } of this.tables) put(table, plain);
      meter.witness = null;
      for (const location of meter.locations) this.located(location);
    }
  }

  /** Operations whose records were looked at. */
  get operations(): number[] {
    return this.path
      .map((leaf) => this.leaves.operations.indexOf(leaf))
      .filter((operation) => operation >= 0);
  }

  /** What a message hands over. */
  private given(actor: number, kind: number, id: number): void {
    const { leaves } = this;
    const { geometry } = this.built.world;
    const { owner, access, inspect } = this.built.world.listPolicy;
    if (actor < geometry.vcpus) {
      this.add(leaves.records[actor]!);
      for (const parcel of leaves.parcels.slice(actor, actor + 1)) this.add(parcel);
    } else if (actor === geometry.hypervisor) {
      if (kind === message.request) this.add(leaves.records[Math.floor(id / geometry.spec.batch)]!);
      else if (CALLS.has(kind)) this.add(leaves.operations[id]!);
    } else if (actor > geometry.host) this.add(leaves.operations[id]!);
    const isTold = kind === message.recover || kind === message.recovered;
    for (const recovery of isTold ? leaves.recovery : []) this.add(recovery);
    if (actor !== geometry[owner]) return;
    // Whatever it was about to do, it may be started anew instead, and then goes through its lists and what it has sent.
    const restarts = actor === geometry.hypervisor && geometry.spec.restarts === true;
    if (restarts) for (const leaf of [leaves.list, ...leaves.parcels]) this.add(leaf);
    if (!LISTS.has(kind)) return;
    // Who sends a list, or word of a new version, knows what is in it: no meter tells.
    const sends = access === 'copy' || inspect === 'on notify';
    if (kind === message.export || kind === message.retire || sends) this.add(leaves.list);
    for (const parcel of leaves.parcels) this.add(parcel);
  }
  private touched(column: Int32Array | undefined, index: number): void {
    const { locations } = this.built.world;
    if (column === undefined) return;
    if (column === locations.words) this.located(Math.floor(index / locations.pageWords) - 1);
    else this.add(present(this.leafOfColumn.get(column), 'leaf of a shared column'));
  }
  private located(location: number): void {
    const { leaves } = this;
    if (location > NOWHERE && location <= leaves.locations.length) this.add(leaves.locations[location - 1]!);
  }
  private add(leaf: number): void {
    if (!this.path.includes(leaf)) this.path.push(leaf);
  }

  private watch(table: object, leafOf: (record: number) => number): Watched {
    const plain: Table = {};
    const watched: Table = {};
    for (const [name, column] of Object.entries(table))
      if (column instanceof Int32Array) {
        plain[name] = column;
        watched[name] = telling(column, (index) => this.add(leafOf(index)));
      }
    // A property at a time, by name: `Object.assign` took a sixth of what it costs to find a step out.
    const puts = Object.keys(plain).map((name) => `table.${name} = columns.${name};`);
    // oxlint-disable-next-line no-implied-eval -- made of names of columns only
    const put = new Function('table', 'columns', puts.join('\n')) as Watched['put'];
    return { table: table as Table, plain, watched, put };
  }
}

/** Tells of every access to a shared word. */
class Touches extends AccessRecord {
  private readonly tell: (column: Int32Array | undefined, index: number) => void;

  constructor(tell: (column: Int32Array | undefined, index: number) => void) {
    super();
    this.tell = tell;
  }
  override touch(column: Int32Array | undefined, index: number): void {
    this.tell(column, index);
  }
}

/** A column that tells which of its words are read or written. */
function telling(column: Int32Array, tell: (index: number) => void): Int32Array {
  return new Proxy(column, {
    get(_target, name) {
      const index = typeof name === 'string' ? Number(name) : NaN;
      if (index >= 0) {
        tell(index);
        return column[index];
      }
      const value: unknown = Reflect.get(column, name, column);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        const found: unknown = Reflect.apply(value, column, given);
        // A search from the start looks no further than it finds.
        const last =
          name === 'indexOf' && given.length === 1 && Number(found) >= 0 ? Number(found) : column.length - 1;
        for (let i = 0; i <= last; i++) tell(i);
        return found;
      };
    },
    set(_target, name, value: number) {
      tell(Number(name));
      column[Number(name)] = value;
      return true;
    },
  });
}
