// The parts that a world's state is made of, for the checker: who owns which words of the buffer. A leaf is copied out,
// interned and copied back as a whole. Times are left out: in a search any order is possible, and no actor asks the clock.
import type { Built } from '../../actors/index.ts';
import { Arena } from '../../memory/arena.ts';
import { assert } from '../../stdx/assert.ts';

export class Leaf {
  readonly name: string;
  /** Columns that have words here, as a whole or in part. */
  readonly columns = new Set<Int32Array>();
  private memory: Int32Array = new Int32Array(0);
  /** Where its words are in the world's buffer. */
  private readonly places: number[] = [];

  constructor(name: string) {
    this.name = name;
  }
  get length(): number {
    return this.places.length;
  }
  add(column: Int32Array, first = 0, count = column.length): void {
    if (count === 0) return;
    if (this.memory.length === 0) this.memory = new Int32Array(column.buffer);
    this.columns.add(column);
    const at = (column.byteOffset >> 2) + first;
    for (let i = 0; i < count; i++) this.places.push(at + i);
  }
  /** Copies the leaf's words of the world into `into`. @returns how many */
  read(into: Int32Array): number {
    const { memory, places } = this;
    for (let i = 0; i < places.length; i++) into[i] = memory[places[i]!]!;
    return places.length;
  }
  /** Where a column's words are in the leaf. */
  offsetOf(column: Int32Array): number {
    const offset = this.places.indexOf(column.byteOffset >> 2);
    assert(offset >= 0, `${this.name} has that column`);
    return offset;
  }
  write(from: Int32Array, first: number): void {
    const { memory, places } = this;
    for (let i = 0; i < places.length; i++) memory[places[i]!] = from[first + i]!;
  }
  equals(from: Int32Array, first: number): boolean {
    const { memory, places } = this;
    for (let i = 0; i < places.length; i++) if (memory[places[i]!] !== from[first + i]) return false;
    return true;
  }
}

/** Remembers whose each column is while a world is laid out. */
export class OwnedColumns {
  readonly arena: Arena;
  private readonly columns = new Map<string, Int32Array[]>();

  constructor(buffer: ArrayBuffer) {
    this.arena = new Arena(buffer);
    this.arena.onTake = (owner, column) => {
      const columns = this.columns.get(owner);
      if (columns) columns.push(column);
      else this.columns.set(owner, [column]);
    };
  }
  of(owner: string): readonly Int32Array[] {
    return this.columns.get(owner) ?? [];
  }
}

/** Leaves by what they are, as indices into `all`. */
export interface Leaves {
  all: readonly Leaf[];
  /** By actor. */
  actor: readonly number[];
  /** By vCPU: its requests, fault and commands. */
  records: readonly number[];
  /** By vCPU: the copy of the moved list that is on its way to it; none where lists are not sent. */
  parcels: readonly number[];
  operations: readonly number[];
  /** What the host tells a hypervisor that has lost its memory; none where that cannot be. */
  recovery: readonly number[];
  locations: readonly number[];
  pageWords: number;
  ept: number;
  guestPageTable: number;
  list: number;
}

/** Divides a world into leaves. */
export function leavesOf({ world, vcpus }: Built, columns: OwnedColumns): Leaves {
  const { geometry } = world;
  const all: Leaf[] = [];
  const leaf = (name: string, fill: (leaf: Leaf) => void): number => {
    const made = new Leaf(name);
    fill(made);
    return all.push(made) - 1;
  };
  const whole = (owner: string) => (made: Leaf) => {
    for (const column of columns.of(owner)) made.add(column);
  };
  const { batch } = geometry.spec;
  const records = geometry.vcpuGuest.map((_, v) =>
    leaf(`records of vcpu${v}`, (made) => {
      for (const table of [world.requests, world.hypercalls]) {
        for (const column of columnsOf(table)) made.add(column, v * batch, batch);
      }
      for (const column of columnsOf(world.faults)) made.add(column, v, 1);
      for (const column of columnsOf(world.commands)) {
        made.add(column, v, 1);
        made.add(column, geometry.vcpus + v, 1);
      }
    }),
  );
  const actor = Array.from({ length: geometry.feeder }, (_, self) =>
    leaf(geometry.nameOf(self), (made) => {
      whole(geometry.nameOf(self))(made);
      if (self >= geometry.vcpus) return;
      made.add(world.scripts.words[self]!);
      made.add(world.scripts.length, self, 1);
      // The allocator's notes on a Gfn are the vCPU's that it was dealt to.
      for (const column of columns.of('Gfns')) {
        for (let gfn = 0; gfn < geometry.gfns; gfn++) {
          const guest = geometry.guestOf(gfn);
          if (guest === geometry.vcpuGuest[self] && vcpus[self]!.memory.ownerOf(gfn) === self)
            made.add(column, gfn, 1);
        }
      }
    }),
  );
  const parcels = world.parcels.map((parcel, v) => leaf(`parcel of vcpu${v}`, (made) => made.add(parcel)));
  const operations = Array.from({ length: world.operations.count }, (_, operation) =>
    leaf(`operation ${operation}`, (made) => {
      for (const column of columnsOf(world.operations)) made.add(column, operation, 1);
    }),
  );
  const told = columnsOf(world.recovery).filter(({ length }) => length > 0);
  const recovery = told.length === 0 ? [] : [leaf('recovery', (made) => told.forEach((column) => made.add(column)))]; // prettier-ignore
  const { locations: table } = world;
  const locations = Array.from({ length: table.count }, (_, at) =>
    leaf(geometry.place(at + 1), (made) => {
      const { states, gfn, generation, checksum, sealGfn, sealGeneration, tag } = table;
      for (const column of [states, gfn, generation, checksum, sealGfn, sealGeneration, tag])
        made.add(column, at + 1, 1);
      made.add(table.words, (at + 2) * table.pageWords, table.pageWords);
    }),
  );
  return {
    actor,
    records,
    parcels,
    operations,
    recovery,
    locations,
    pageWords: leaf('page words', whole('page words')),
    ept: leaf('EPT', whole('EPT')),
    guestPageTable: leaf('guest page table', whole('guest page table')),
    list: leaf('moved list', whole('list')),
    all,
  };
}

/** The columns of a table of records. */
function columnsOf(table: object): Int32Array[] {
  return Object.values(table).filter((value): value is Int32Array => value instanceof Int32Array);
}
