// Huge pages: mapped and moved as a whole where that can be, split where it cannot, with a truth for each base page.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { GuestMemory } from '../../src/actors/guest-memory.ts';
import { HugePages } from '../../src/actors/huge-pages.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import type { GuestVariants } from '../../src/model/spec.ts';
import { result } from '../../src/model/words.ts';
import type { Observers } from '../../src/properties/property.ts';
import { protocols } from '../../src/protocols/index.ts';
import { guestCampaign } from '../support/guest-campaign.ts';
import { ACCESSES, type Mix, written } from '../support/random-scripts.ts';
import { explore, type Small, smallWorld } from '../support/small-world.ts';

const RUNS = 20;
const MIX: Mix = {
  ...ACCESSES,
  'free P': 1,
  'pageout P 1': 3,
  'move 0..7 to V': 3,
  'move 4..7 to V': 3,
};
const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;
const guests: GuestVariants[] = [
  { hugePages: 4 },
  { hugePages: 2, freePageReporting: true, asyncFaults: true },
  { hugePages: 2, poison: 'negotiated' },
];
const cases = protocols.flatMap((protocol) =>
  guests.map((guest) => ({ name: protocol.name, options: JSON.stringify(guest), protocol, guest })),
);

afterEach(() => void vi.restoreAllMocks());

// shows: race 13
test.each(cases)(
  `under $name with $options: every property holds in ${RUNS} random runs`,
  ({ protocol, guest }) => {
    const pages = guest.hugePages!;
    const count = (e: TraceEvent, saw: (what: string) => void) => {
      if (e.kind === event.hugeEnded) saw(e.result === pages ? 'whole' : e.result > 0 ? 'split' : 'none');
      if (e.kind === event.hugeOut) saw(e.result === pages ? 'swapped out whole' : 'swapped out in parts');
    };
    const { wrong, seen } = guestCampaign(protocol, RUNS, MIX, { guest, pages: 8 }, { count });
    expect(wrong).toEqual([]);
    for (const what of ['hugeMapped', 'whole', 'swapped out whole', 'swapped out in parts'])
      expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
    if (protocol.guestAsks !== 'nothing') expect(seen.get('split') ?? 0).toBeGreaterThan(0);
  },
);

describe('a huge page of 4', () => {
  /** Generations asked for and pages copied, and how many base pages arrived. */
  function moved(script: string[], small: Small = {}, also: Observers = {}) {
    const told: string[] = [];
    const on = {
      hugeMapped: (e: TraceEvent) => void told.push(`mapped ${e.result}`),
      answered: (e: TraceEvent) => void told.push(`asked ${e.gfn} -> ${e.destination} ${e.result}`),
      hugeEnded: (e: TraceEvent) => void told.push(`moved ${e.result}`),
      hugeOut: (e: TraceEvent) => void told.push(`out ${e.result}`),
      ...also,
    };
    const spec = smallWorld({
      vcpus: 1,
      pages: 8,
      gfns: 16,
      frames: 12,
      listCapacity: 32,
      hintPages: 0,
      guest: { hugePages: 4 },
      ...small,
    });
    const done = explore(spec, migrate, written([script]), { kind: 'timed' }, { observing: [{ on }] });
    expect(done.violations).toEqual([]);
    return told;
  }
  const ok = result.OK;
  test('is mapped by its first touch, and copied as a whole while it is resident', () => {
    expect(moved(['write 1', 'move 0..3 to 1', 'read 1'])).toEqual(['mapped 4', 'moved 4']);
  });
  test('of which 1 page was moved out: that one is asked for, the others are copied', () => {
    expect(moved(['write 1', 'pageout 1', 'move 0..3 to 1', 'read 1'])).toEqual([
      'mapped 4',
      `asked 1 -> 17 ${ok}`,
      'moved 4',
    ]);
  });
  test('that was moved out as a whole is asked for as a whole, to an aligned block', () => {
    const told = moved(['write 1', 'pageout 1 1', 'move 0..3 to 1', 'read 1']);
    expect(told.slice(0, 2)).toEqual(['mapped 4', 'out 4']);
    expect(told.filter((what) => what.startsWith('asked')).toSorted()).toEqual(
      [0, 1, 2, 3].map((page) => `asked ${page} -> ${16 + page} ${ok}`),
    );
    expect(told.at(-1)).toBe('moved 4');
  });
  test('goes in parts where there is no block for it, as far as there are Gfns', () => {
    // 16 Gfns of vNode 1, and the balloon takes 13 of them.
    const balloon = Array.from({ length: 13 }, () => 'inflate 1');
    const arrived: string[] = [];
    const balanced = (e: TraceEvent) => void arrived.push(`${e.gfn} ${e.result}`);
    const script = ['write 1', ...balloon, 'move 0..3 to 1', 'read 1'];
    expect(moved(script, {}, { balanced })).toEqual(['mapped 4']);
    expect(arrived.slice(4).toSorted()).toEqual([`0 ${ok}`, `1 ${ok}`, `2 ${ok}`, `3 ${result.NOMEM}`]);
  });
  test('that was split goes in parts', () => {
    const told = moved(['write 1', 'move 1 to 1', 'move 0..3 to 0', 'read 1']);
    expect(told).toEqual(['mapped 4']);
  });
});

describe('what is broken is named', () => {
  const rings = (until: RegExp) => {
    const small: Small = { guest: { hugePages: 4 }, pages: 8 };
    const { wrong } = guestCampaign(migrate, 2 * RUNS, MIX, small, { limit: 60_000, until });
    expect(wrong.join('\n')).toMatch(until);
  };
  test('huge-pages: a guest that takes a block where there is room, aligned or not', () => {
    type TakeBlock = (this: GuestMemory, vnode: number, pages: number) => number;
    const { takeBlock } = GuestMemory.prototype as { takeBlock: TakeBlock };
    vi.spyOn(GuestMemory.prototype, 'takeBlock').mockImplementation(function (
      this: GuestMemory,
      vnode,
      pages,
    ) {
      const first = takeBlock.call(this, vnode, 2 * pages);
      return first < 0 ? first : first + 1;
    });
    rings(/huge-pages: vcpu\d+: the Gfns from \d+ on are no block/);
  });
  test('huge-pages: a guest that takes any range for a huge page', () => {
    vi.spyOn(HugePages.prototype as unknown as { isBlock: () => boolean }, 'isBlock').mockReturnValue(true);
    rings(/huge-pages: /);
  });
  test('huge-pages: a guest that says of a split huge page that all of it moved', () => {
    vi.spyOn(HugePages.prototype, 'settle').mockImplementation(function (this: HugePages, context) {
      const { own, vcpu } = this as unknown as { own: Int32Array; vcpu: { self: number } };
      if (own[0] === 2) context.trace.hugeEnded(vcpu.self, own[1]!, this.pages);
      own[0] = 0;
    });
    rings(/huge-pages: 4 base pages of the huge page at Gvpn \d+ were said to have moved, and \d did/);
  });
});
