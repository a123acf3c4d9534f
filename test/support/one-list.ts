// A moved list alone: its owner makes whole changes, and a reader looks at it between them. For what a list says, where
// nothing happens meanwhile.
import { Arena } from '../../src/memory/arena.ts';
import {
  listOf,
  type MovedList,
  PENDING,
  type Reader,
  RingReader,
  type Tenant,
  Words,
} from '../../src/memory/lists/index.ts';
import type { ListPolicy } from '../../src/model/list-policy.ts';
import { finding } from '../../src/model/words.ts';

const BYTES = 1 << 15;

export class OneList {
  readonly list: MovedList;
  private readonly arena = new Arena(new ArrayBuffer(BYTES));
  private readonly announce = {
    listed: () => {},
    overflowed: () => {},
    delisted: () => {},
    exported: () => {},
  };

  constructor(format: ListPolicy['format'], tenants: readonly Tenant[], capacity: number) {
    this.list = listOf(format, this.arena, { tenants, capacity, versioned: false, meter: null });
  }
  change(gfn: number, generation: number, goes = false): void {
    this.list.change(gfn, generation, goes);
    while (this.list.write(this.announce)) continue;
  }
  /** The owner has its table again: these pages are moved, each in a generation. */
  rebuild(moved: readonly (readonly [gfn: number, generation: number])[]): void {
    for (const [gfn, generation] of moved) {
      this.list.change(gfn, generation, false);
      this.list.settle(this.announce);
    }
    this.list.rebuilt();
  }
  reader(tenant: Tenant, words = this.list.words): Reader {
    return this.list.reader(this.arena, words, tenant);
  }
  /** What a guest gets of the list where it is sent copies. */
  copyFor(tenant: Tenant): Int32Array {
    return this.list.words.column.map((word, index) => (this.list.mayRead(index, tenant) ? word : 0));
  }
  readerOfCopy(tenant: Tenant): Reader {
    return this.reader(tenant, new Words(this.copyFor(tenant), null));
  }
}

/** Looks at a Gfn. @returns `listed` with its generation, or what else was found; a ring that was overrun is read anew */
export function look(reader: Reader, gfn: number): string {
  reader.begin(gfn);
  let found = reader.step();
  while (found === PENDING) found = reader.step();
  if (reader instanceof RingReader && reader.isBehind) {
    reader.beginResync();
    while (!reader.resync()) continue;
    return reader.isBehind ? 'overrun' : look(reader, gfn);
  }
  return found === finding.listed
    ? `listed ${reader.generation}`
    : found === finding.resident
      ? 'resident'
      : 'unknown';
}
