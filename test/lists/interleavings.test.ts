// One look against the owner's stores, in every order there is: the finding is what the list said at some time between
// the look's beginning and its end, or *unknown*. A page is on the list in generation 1, comes back and is moved again in
// generation 2, while another one that needs the same entry comes and goes.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import type { Vcpu } from '../../src/actors/vcpu.ts';
import { Arena } from '../../src/memory/arena.ts';
import { BitmapReader } from '../../src/memory/lists/bitmap-list.ts';
import { type Announce, listOf, PENDING } from '../../src/memory/lists/index.ts';
import { RingReader } from '../../src/memory/lists/ring-list.ts';
import { SnapshotReader } from '../../src/memory/lists/snapshot-list.ts';
import { Meter } from '../../src/memory/meter.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { listFormats, type ListPolicy } from '../../src/model/list-policy.ts';
import { Recorder } from '../../src/model/recorder.ts';
import { finding } from '../../src/model/words.ts';
import { AdvisoryList } from '../../src/properties/advisory-list.ts';
import { protocols } from '../../src/protocols/index.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { OneList } from '../support/one-list.ts';
import { costs, smallWorld, tables } from '../support/small-world.ts';

afterEach(() => vi.restoreAllMocks());

const [GFN, OTHER] = [3, 5];
const BYTES = 1 << 12;
const geometry = new Geometry(smallWorld({ list: { lag: 2 }, gfns: 4 }));
type Change = readonly [gfn: number, generation: number, goes: boolean];
/** Orders that there are, of each pair of changes. */
const ORDERS = { table: 3, bitmap: 35, ring: 375, snapshot: 11_060 };
const before: readonly Change[] = [[GFN, 1, false]];
const during: readonly Change[] = [
  [GFN, 1, true],
  [GFN, 2, false],
];
const colliding: readonly Change[] = [
  [GFN, 1, true],
  [OTHER, 7, false],
];

/** Enough to overwrite what the log of two records says of the page. */
const others: readonly Change[] = [
  [OTHER, 7, false],
  [6, 9, false],
];

interface Played {
  /** How many could go on at each choice that there was. */
  choices: number[];
  found: number;
  violation: string | null;
}

/** Whole changes that come first. With `overruns` the reader of a ring learns that it was overrun, and copies the table. */
interface Beginning {
  changes: readonly Change[];
  overruns: boolean;
  capacity: number;
  /** One past the guest's last Gfn: what is copied takes a step for each. */
  end: number;
}
const plain: Beginning = { changes: before, overruns: false, capacity: 1, end: 8 };

/** Plays one order: `prefix` chooses owner (0) or reader (1) wherever both can go on; then the owner goes first. */
function play(
  format: ListPolicy['format'],
  changes: readonly Change[],
  prefix: readonly number[],
  beginning: Beginning,
): Played {
  const probe = new AdvisoryList({ geometry, page: pageTable, totalOrder: true });
  const trace = new Recorder(new Trace([probe]), 0, new Float64Array(1));
  const arena = new Arena(new ArrayBuffer(BYTES));
  const tenant = { first: 0, end: beginning.end };
  const list = listOf(format, arena, {
    tenants: [tenant],
    capacity: beginning.capacity,
    versioned: false,
    meter: new Meter(),
  });
  const reader = list.reader(arena, list.words, tenant);
  const ring = reader instanceof RingReader ? reader : null;
  const announce: Announce = {
    listed: (gfn, generation) => trace.listed(gfn, generation),
    overflowed: (gfn, generation) => trace.overflowed(gfn, generation),
    delisted: (gfn, generation) => trace.delisted(gfn, generation),
    exported: () => {},
  };
  const make = (change: Change) => {
    list.change(...change);
    return list.write(announce);
  };
  for (const change of beginning.changes) {
    for (let more = make(change); more; more = list.write(announce)) continue;
  }
  const choices: number[] = [];
  let next = 0;
  let writing = false;
  let found = PENDING;
  reader.begin(GFN);
  let copies = beginning.overruns;
  if (copies) {
    expect([reader.step(), ring!.isBehind]).toEqual([finding.unknown, true]);
    ring!.beginResync();
  } else trace.inspecting(0, GFN);
  while (found === PENDING) {
    const ownerCan = writing || next < changes.length;
    if (ownerCan) choices.push(2);
    const reads = ownerCan ? (prefix[choices.length - 1] ?? 0) : 1;
    if (reads === 0) writing = writing ? list.write(announce) : make(changes[next++]!);
    else if (copies) {
      copies = !ring!.resync();
      if (copies) continue;
      trace.inspecting(0, GFN);
      reader.begin(GFN);
    } else {
      found = reader.step();
      if (found !== PENDING) trace.inspected(0, GFN, found, found === finding.listed ? reader.generation : 0);
    }
  }
  return { choices, found, violation: probe.violation?.message ?? null };
}

/** Every order, or those up to the first violation: a depth-first walk, each order played from its beginning. */
function playAll(
  format: ListPolicy['format'],
  changes: readonly Change[],
  toTheEnd = true,
  beginning = plain,
) {
  const found = new Set<number>();
  const violations = new Set<string>();
  let orders = 0;
  for (let prefix: number[] | null = []; prefix !== null; orders++) {
    const played = play(format, changes, prefix, beginning);
    found.add(played.found);
    if (played.violation !== null) violations.add(played.violation);
    if (!toTheEnd && violations.size > 0) break;
    const taken = played.choices.map((_, i) => prefix![i] ?? 0);
    while (taken.length > 0 && taken.at(-1) === 1) taken.pop();
    prefix = taken.length === 0 ? null : [...taken.slice(0, -1), 1];
  }
  return { orders, found, violations: [...violations] };
}

// shows: race 18, variant (22) list format
describe.each(listFormats)('%s, capacity of 1', (format) => {
  test.each([
    ['goes and comes again', during],
    ['gives way to another', colliding],
  ] as const)('a page that %s while it is looked up', (_, changes) => {
    const { orders, found, violations } = playAll(format, changes);
    expect(violations).toEqual([]);
    expect(found).toContain(finding.listed);
    expect(orders).toBe(ORDERS[format]);
  });
});

/** A ring of as many records that four changes have overrun. */
const overrun = (capacity: number): Beginning => ({
  changes: [
    [GFN, 1, false],
    [0, 2, false],
    [1, 3, false],
    [2, 4, false],
  ],
  overruns: true,
  capacity,
  end: 4,
});
const { resident, listed, unknown } = finding;

describe('ring, 4 Gfns: a reader that was overrun copies the table, then looks', () => {
  test.each([
    { records: 3, what: 'goes', change: [GFN, 1, true], findings: [resident, listed], count: 1658 },
    { records: 3, what: 'stays, and another goes', change: [2, 4, true], findings: [listed], count: 1658 },
    // One change is a whole ring here: whoever began to copy before it is overrun once more.
    { records: 2, what: 'goes', change: [GFN, 1, true], findings: [resident, listed, unknown], count: 1001 },
  ] as const)('$records records, a page that $what meanwhile', ({ records, change, findings, count }) => {
    const { orders, found, violations } = playAll('ring', [change], true, overrun(records));
    expect(violations).toEqual([]);
    expect(found).toEqual(new Set(findings));
    expect(orders).toBe(count);
  });
});

// Each is begun twice: what the first one has left over is not what bounds the second.
describe('ring, 8 records: a log that grows as fast as it is read', () => {
  test.each<[string, (reader: RingReader) => void, (reader: RingReader) => boolean]>([
    ['a look', (reader) => reader.begin(GFN), (reader) => reader.step() !== PENDING],
    ['a consumption', (reader) => reader.beginCatchUp(), (reader) => reader.catchUp()],
    ['a copy of the table', (reader) => reader.beginResync(), (reader) => reader.resync()],
  ])('%s ends, and knows nothing', (_, begin, step) => {
    const tenant = { first: 0, end: 8 };
    const one = new OneList('ring', [tenant], 8);
    const reader = one.reader(tenant) as RingReader;
    let changes = 0;
    const grow = () => one.change(OTHER, 1 + (changes >> 1), changes++ % 2 === 1);
    for (let time = 0; time < 2; time++) {
      begin(reader);
      for (let steps = 0, ends = false; !ends; steps++) {
        while (reader.position >= changes - 1) grow();
        ends = step(reader);
        expect(steps).toBeLessThan(100);
      }
      expect(reader.recall(GFN)).toBe(unknown);
      reader.beginResync();
      while (!reader.resync()) continue;
      expect(reader.recall(GFN)).toBe(resident);
    }
  });
});

// A vCPU whose reader was overrun, and a list that the test writes.
describe('ring, 2 records, a vCPU that looks in place', () => {
  const overrunBy = 3;
  const opened = () => {
    const spec = smallWorld({ gfns: 4, pages: 2, vcpus: 1, listCapacity: 1, list: { format: 'ring' } });
    const parts: Parts = { spec, protocol: protocols[2]!, costs, tables };
    const { actors, contexts } = create(new ArrayBuffer(measure(parts)), parts, new Trace([]));
    const { view, world, self } = actors[0] as Vcpu;
    const context = contexts[self]!;
    const list = world.lists[0]!;
    let changes = 0;
    const change = () => {
      list.change(OTHER, 1 + (changes >> 1), changes++ % 2 === 1);
      while (list.write({ listed() {}, overflowed() {}, delisted() {}, exported() {} })) world.meter.step();
    };
    const looks = () => {
      view.begin(GFN, context);
      for (let found = PENDING; ;) {
        world.meter.step();
        found = view.look(context);
        if (found !== PENDING) return found;
      }
    };
    /** The copy under way, to its end; with `meanwhile` before each step. @returns its steps */
    const copies = (meanwhile = () => {}) => {
      let steps = 0;
      for (; view.active && steps < 200; steps++) {
        meanwhile();
        world.meter.step();
        view.step(context);
      }
      return steps;
    };
    return { change, looks, copies, view };
  };

  test('copies the table when it finds that it was overrun, and knows everything afterwards', () => {
    const { change, looks, copies, view } = opened();
    for (let i = 0; i < overrunBy; i++) change();
    expect([looks(), view.active]).toEqual([unknown, true]);
    const alone = copies();
    expect([looks(), view.active]).toEqual([resident, false]);
    // A look meanwhile knows nothing, and does not make it begin anew.
    for (let i = 0; i < overrunBy; i++) change();
    looks();
    const meanwhile = copies(() => expect(looks()).toBe(unknown));
    expect(meanwhile).toBeLessThanOrEqual(alone + 1);
    expect(looks()).toBe(resident);
  });

  test('overrun again and again it gives up after three copies, each time that it looks', () => {
    const begins = vi.spyOn(RingReader.prototype, 'beginResync');
    const { change, looks, copies } = opened();
    for (let time = 1; time <= 2; time++) {
      for (let i = 0; i < overrunBy; i++) change();
      expect(looks()).toBe(unknown);
      expect(copies(change)).toBeLessThan(100);
      expect(begins).toHaveBeenCalledTimes(3 * time);
    }
    looks();
    copies();
    expect(looks()).toBe(resident);
  });
});

describe('what a reader must not leave out', () => {
  test('bitmap: the second look at the bit', () => {
    vi.spyOn(BitmapReader.prototype, 'isStill').mockReturnValue(true);
    const { violations } = playAll('bitmap', during, false);
    expect(violations).toEqual([expect.stringMatching(/Gfn 3 is listed in generation 2; its list .* generation 1, then does not name it$/)]); // prettier-ignore
  });
  test('snapshot: the second look at the version', () => {
    vi.spyOn(SnapshotReader.prototype, 'isSame').mockReturnValue(true);
    expect(playAll('snapshot', colliding).violations.join()).toMatch(/listed in generation 7/);
  });
  test('snapshot: that the version is even', () => {
    vi.spyOn(SnapshotReader.prototype, 'isQuiet').mockReturnValue(true);
    expect(playAll('snapshot', colliding, false).violations).not.toEqual([]);
  });
  test('ring: the second look at the head, which tells that it was overrun', () => {
    vi.spyOn(RingReader.prototype, 'isOverrun').mockReturnValue(false);
    expect(playAll('ring', others, false).violations).not.toEqual([]);
  });
});
