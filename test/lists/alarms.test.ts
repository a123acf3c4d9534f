// Each thing that makes a list sound, taken away (the bitmap's is in interleavings.test.ts): the property that is there for it rings, and in the very same runs
// nothing rings when it is in place. Guest memory stays right all the same: the list only advises.
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Actor } from '../../src/actor/actor.ts';
import { Exporter } from '../../src/actors/exporter.ts';
import { create, measure, type Parts } from '../../src/actors/index.ts';
import { ListView } from '../../src/actors/list-view.ts';
import { Vcpu } from '../../src/actors/vcpu.ts';
import { BitmapReader } from '../../src/memory/lists/bitmap-list.ts';
import { PENDING } from '../../src/memory/lists/index.ts';
import { Placement } from '../../src/memory/lists/placement.ts';
import { Reader } from '../../src/memory/lists/reader.ts';
import { RingReader } from '../../src/memory/lists/ring-list.ts';
import { SnapshotReader } from '../../src/memory/lists/snapshot-list.ts';
import { pageTable } from '../../machines/index.ts';
import { LIST_PARTS, type ListPolicy } from '../../src/model/list-policy.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { message, type Message } from '../../src/model/messages.ts';
import { finding } from '../../src/model/words.ts';
import { monitors } from '../../src/properties/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { RandomScheduler } from '../../src/runtime/schedulers/random.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { listCase, runCase } from '../support/list-cases.ts';
import { look, OneList } from '../support/one-list.ts';
import { costs, shapeOf, smallWorld, tables } from '../support/small-world.ts';
import { smallWorkload, tight } from '../support/small-workloads.ts';

const RUNS = 30;
const STEPS_MAX = 400_000;
afterEach(() => vi.restoreAllMocks());

/** What I6 said in runs under a policy, each message with its numbers taken out. */
function said(list: Partial<ListPolicy> & Pick<ListPolicy, 'format'>, listCapacity = 8): Set<string> {
  const messages = new Set<string>();
  for (let index = 0; index < RUNS; index++) {
    const at = listCase(list.format, index);
    const plain: ListPolicy = { format: 'table', access: 'shared', owner: 'hypervisor', inspect: 'on attempt', period: 5, lag: 0, per: 'guest', unmap: 'at discovery' }; // prettier-ignore
    const small = { ...at.small, listCapacity, vcpus: 3 };
    const run = runCase({
      ...at,
      list: { ...plain, ...list },
      small: tight(small, 3),
      workload: 'adversary',
      order: { kind: index % 2 === 0 ? 'random' : 'pct', seed: index },
    });
    for (const { property, message: text } of run.violations) {
      if (property === 'I6-advisory-list') messages.add(text.replaceAll(/\d+/g, 'N'));
    }
    // Whatever the list said, what the guest reads is right.
    expect(run.violations.map(({ property }) => property)).not.toContain('I2-read-last-write');
    expect(run.violations.map(({ property }) => property)).not.toContain('no-copy-back');
  }
  return messages;
}

interface Alarm {
  what: string;
  list: Partial<ListPolicy> & Pick<ListPolicy, 'format'>;
  capacity?: number;
  break: () => void;
  says: RegExp;
}

const alarms: Alarm[] = [
  {
    what: 'a snapshot entry is taken without a second look at the version',
    list: { format: 'snapshot' },
    capacity: 1,
    break: () => {
      vi.spyOn(SnapshotReader.prototype, 'isQuiet').mockReturnValue(true);
      vi.spyOn(SnapshotReader.prototype, 'isSame').mockReturnValue(true);
    },
    says: /was told that Gfn N is (listed in generation N|resident); its list/,
  },
  {
    what: 'a reader of the ring does not see that it was overrun',
    list: { format: 'ring' },
    capacity: 2,
    break: () => void vi.spyOn(RingReader.prototype, 'isOverrun').mockReturnValue(false),
    says: /was told that Gfn N is (listed in generation N|resident); its list/,
  },
  ...(['table', 'bitmap', 'snapshot'] as const).map((format) => ({
    what: `the owner of a ${format} leaves no overflow mark`,
    list: { format },
    capacity: 1,
    break: () => {
      vi.spyOn(Placement.prototype, 'isOverflowed').mockReturnValue(false);
      // A bitmap's mark is the bit without an entry.
      if (format !== 'bitmap') return;
      vi.spyOn(BitmapReader.prototype, 'withoutEntry').mockReturnValue(finding.resident);
    },
    says: /is resident; its list has no place for it/,
  })),
  {
    what: 'half a copied list is taken for the whole',
    list: { format: 'table', access: 'copy' },
    break: () => void vi.spyOn(ListView.prototype, 'isWhole').mockReturnValue(true),
    says: /was told that Gfn N is (listed in generation N|resident); version N of its list/,
  },
  {
    what: 'entries that go are never exported',
    list: { format: 'table', lag: 2 },
    break: () => {
      let due = 0;
      vi.spyOn(Exporter.prototype, 'isDue').mockImplementation((changes) => changes >= 2 && due++ < 3);
    },
    says: /N change\(s\) were never exported/,
  },
];

// shows: race 18, step 440
describe(`${RUNS} runs of 3 vCPUs each`, () => {
  test.each(alarms)('I6 rings when $what', ({ list, capacity, break: breaks, says }) => {
    expect([...said(list, capacity)]).toEqual([]);
    breaks();
    const all = [...said(list, capacity)];
    expect(all.some((text) => says.test(text))).toBe(true);
  });
});

/** A world of two guests with one list, or of one guest; its vCPU 0 behind an actor of the test's. */
function runBehind(
  list: Partial<ListPolicy>,
  guests: number,
  wrap: (vcpu: Vcpu, deliver: (incoming: Message) => void) => Actor,
  seed: number,
): string[] {
  const spec = smallWorld({ ...tight({ vcpus: 2, guests }, 3), list });
  const parts: Parts = { spec, protocol: protocols[2]!, costs, tables };
  const probe = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
  const made = create(new ArrayBuffer(measure(parts)), parts, new Trace(probe));
  const vcpu = made.actors[0] as Vcpu;
  const wrapped = wrap(vcpu, (incoming) => vcpu.receive(incoming, made.contexts[0]!));
  const actors = made.actors.map((actor, self) => (self === 0 ? wrapped : actor));
  const simulation = new Simulation({ ...made, actors }, new RandomScheduler(made.mailboxes, seed));
  const scripts = spec.guests.map((_, guest) => smallWorkload('adversary')(shapeOf(spec)).open(seed + guest));
  simulation.runSync(scripts, STEPS_MAX);
  return probe.flatMap(({ violation }) => (violation ? [`${violation.property}: ${violation.message}`] : []));
}

/** Delivers the parts of the version before once more when those of a newer one have come: a network that repeats. */
const repeating = (vcpu: Vcpu): Actor => {
  let older: Message[] = [];
  let newer: Message[] = [];
  return {
    receive(incoming, context) {
      vcpu.receive(incoming, context);
      if (incoming.kind !== message.listPart) return;
      if (newer.push({ ...incoming }) < LIST_PARTS) return;
      for (const part of older) vcpu.receive(part, context);
      [older, newer] = [newer, []];
    },
  };
};

test('a part of an older version that comes late is dropped; taken for new, I6 rings', () => {
  const list = { access: 'copy', format: 'table' } as const;
  const all = () => [1, 2, 3, 4].flatMap((seed) => runBehind(list, 1, repeating, seed));
  expect(all()).toEqual([]);
  vi.spyOn(ListView.prototype, 'isNewer').mockReturnValue(true);
  expect(all().join()).toMatch(/I6-advisory-list: vcpu0 gave version \d+ of its list up for version \d+/);
});

// shows: race 17, variant (18) shared list
describe.each(['table', 'bitmap', 'ring', 'snapshot'] as const)('one %s for two guests', (format) => {
  /** Between its own steps the guest looks at every Gfn of the other one, and writes down what it was told. */
  const curious = (told: number[]) => (vcpu: Vcpu) => {
    const { geometry, meter } = vcpu.world;
    const foreign = geometry.guestGfn[1]!;
    let next = 0;
    return {
      receive(incoming, context) {
        vcpu.receive(incoming, context);
        if (incoming.kind !== message.run || vcpu.balancing.active) return;
        meter.step();
        vcpu.view.begin(foreign + (next++ % (geometry.gfns - foreign)), context);
        for (;;) {
          const found = vcpu.view.look(context);
          meter.step();
          if (found === PENDING) continue;
          told.push(found);
          return;
        }
      },
    } satisfies Actor;
  };

  test.each([
    { how: 'in place', way: {} },
    { how: 'in copies that are sent', way: { access: 'copy' } },
    { how: 'in copies made now and then', way: { inspect: 'periodic', period: 5 } },
  ] as const)(
    'a guest that looks at all Gfns of the other learns nothing, whatever the other has moved ($how)',
    ({ way }) => {
      const told: number[] = [];
      const rang = [1, 2, 3].flatMap((seed) =>
        runBehind({ format, per: 'host', ...way }, 2, curious(told), seed),
      );
      expect(rang).toEqual([]);
      expect(told.length).toBeGreaterThan(100);
      expect(new Set(told)).toEqual(new Set([finding.unknown]));
    },
  );

  test('without the filter I6 rings', () => {
    vi.spyOn(Reader.prototype, 'owns').mockReturnValue(true);
    const told: number[] = [];
    const rang = runBehind({ format, per: 'host' }, 2, curious(told), 1);
    expect(rang.join()).toMatch(/I6-advisory-list: vcpu0 was told something of Gfn \d+, which is another/);
  });

  // The reader's own filter would hide it if a copy held more.
  test('a copy for a guest of 40 pages is the same word by word whatever the other moves, and knows all its own', () => {
    const tenants = [
      { first: 8, end: 48 },
      { first: 48, end: 88 },
    ];
    const at = (position: number, gfns: readonly number[]) =>
      gfns.map((gfn) => gfn + tenants[position]!.first);
    for (const [position, tenant] of tenants.entries()) {
      const own = at(position, [0, 39]);
      const listOf = (others: readonly number[]) => {
        const one = new OneList(format, tenants, 8);
        for (const gfn of own) one.change(gfn, 3);
        for (const gfn of others) one.change(gfn, 4);
        return one;
      };
      const one = listOf(at(1 - position, [0, 31, 39]));
      expect(one.copyFor(tenant)).toEqual(listOf(at(1 - position, [1, 30, 37])).copyFor(tenant));
      const reader = one.readerOfCopy(tenant);
      for (let gfn = tenant.first; gfn < tenant.end; gfn++) {
        expect([gfn, look(reader, gfn)]).toEqual([gfn, own.includes(gfn) ? 'listed 3' : 'resident']);
      }
    }
  });
});
