// A list with less room than there are moved pages, against a model of a few lines, after every sequence of changes. Who
// comes first has the entry; of those that wait the first Gfn is next; and *unknown* lasts for as long as one waits.
import { describe, expect, test } from 'vitest';
import { listFormats, type ListPolicy } from '../../src/model/list-policy.ts';
import { look, OneList } from '../support/one-list.ts';

const CHANGES = 6;
const CAPACITY = 2;
/** The guest whose pages come and go, and one before it on the same list. */
const tenant = { first: 5, end: 10 };
const tenants = [{ first: 0, end: 5 }, tenant];
const gfns = [5, 6, 7, 8, 9];
const sharing = (gfn: number) => gfns.filter((other) => (other - gfn) % CAPACITY === 0);

/** What is moved, in which generation; and by entry, who has it. */
class Model {
  readonly moved = new Map<number, number>();
  private readonly holders = new Map<number, number>();

  toggle(gfn: number, generation: number): void {
    const entry = gfn % CAPACITY;
    if (!this.moved.delete(gfn)) this.moved.set(gfn, generation);
    if (this.moved.has(this.holders.get(entry) ?? -1)) return;
    const next = sharing(gfn).find((other) => this.moved.has(other));
    if (next === undefined) this.holders.delete(entry);
    else this.holders.set(entry, next);
  }
  says(gfn: number, format: ListPolicy['format']): string {
    const generation = this.moved.get(gfn);
    const holder = this.holders.get(gfn % CAPACITY);
    if (generation !== undefined && (holder === gfn || format === 'ring')) return `listed ${generation}`;
    if (generation !== undefined) return 'unknown';
    // A bitmap has a bit for each page, and a ring all of them.
    const waits = sharing(gfn).some((other) => other !== holder && this.moved.has(other));
    return waits && (format === 'table' || format === 'snapshot') ? 'unknown' : 'resident';
  }
}

function* sequences(length: number): Generator<number[]> {
  if (length === 0) return yield [];
  for (const before of sequences(length - 1)) for (const gfn of gfns) yield [...before, gfn];
}

describe.each(listFormats)('%s', (format) => {
  test(`5 pages in ${CAPACITY} entries, every sequence of up to ${CHANGES} changes: looks find what the model says`, () => {
    const found = new Set<string>();
    for (let length = 1; length <= CHANGES; length++) {
      for (const changes of sequences(length)) {
        const one = new OneList(format, tenants, CAPACITY);
        const model = new Model();
        changes.forEach((gfn, i) => {
          const listed = model.moved.get(gfn);
          one.change(gfn, listed ?? i + 1, listed !== undefined);
          model.toggle(gfn, i + 1);
        });
        const reader = one.reader(tenant);
        const says = gfns.map((gfn) => look(reader, gfn));
        const expected = gfns.map((gfn) => model.says(gfn, format));
        if (says.join() !== expected.join()) expect({ changes, says }).toEqual({ changes, says: expected });
        const owners = gfns.map((gfn) => one.list.generationOf(gfn));
        const moved = gfns.map((gfn) => model.moved.get(gfn) ?? -1);
        if (owners.join() !== moved.join()) expect({ changes, owners }).toEqual({ changes, owners: moved });
        for (const finding of says) found.add(finding.split(' ')[0]!);
      }
    }
    expect([...found].sort()).toEqual(
      format === 'ring' ? ['listed', 'resident'] : ['listed', 'resident', 'unknown'],
    );
  });
});
