// Guest memory given back: munmap, free page reporting, poison, balloon, virtio-mem; each in random exploration under every
// protocol, and each with something broken that a property names.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Balancing } from '../../src/actors/balancing.ts';
import { atOnce } from '../../src/actors/commands.ts';
import { GivenBack } from '../../src/actors/given-back.ts';
import { GuestCommands } from '../../src/actors/guest-commands.ts';
import { Reporting } from '../../src/actors/reporting.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import { command } from '../../src/model/script.ts';
import { givenBack, result } from '../../src/model/words.ts';
import { completeProtocol, protocols } from '../../src/protocols/index.ts';
import { guestCampaign } from '../support/guest-campaign.ts';
import { ACCESSES, type Mix, randomScripts, written } from '../support/random-scripts.ts';
import { explore, type Small, smallWorld } from '../support/small-world.ts';

const RUNS = 20;
const FREE: Mix = { ...ACCESSES, 'free P': 3 };
const BALLOON: Mix = { ...FREE, 'inflate V': 1, 'deflate V': 1 };
const UNPLUG: Mix = { ...FREE, 'unplug V': 1 };

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

const variants: { what: string; mix: Mix; small: Small; happens: string[] }[] = [
  { what: 'munmap', mix: FREE, small: {}, happens: ['freed', 'waited'] },
  {
    what: 'munmap with free page reporting',
    mix: FREE,
    small: { guest: { freePageReporting: true } },
    happens: ['freed', 'reported'],
  },
  {
    what: 'munmap with poison that the host knows of',
    mix: FREE,
    small: { guest: { freePageReporting: true, poison: 'negotiated' } },
    happens: ['freed', 'wiped', 'poisonChecked'],
  },
  {
    what: 'munmap with poison that the host does not know of',
    mix: FREE,
    small: { guest: { freePageReporting: true, poison: 'unnegotiated' } },
    happens: ['freed', 'wiped', 'poisonChecked'],
  },
  { what: 'a balloon', mix: BALLOON, small: {}, happens: ['ballooned', 'takenBack'] },
  {
    what: 'a balloon with poison',
    mix: BALLOON,
    small: { guest: { poison: 'negotiated' } },
    happens: ['ballooned', 'takenBack', 'poisonChecked'],
  },
  { what: 'virtio-mem', mix: UNPLUG, small: {}, happens: ['unplugged'] },
];

function count(e: TraceEvent, saw: (what: string) => void): void {
  if (e.kind === event.givenBack) saw(Object.entries(givenBack).find(([, how]) => how === e.cause)![0]);
}

afterEach(() => void vi.restoreAllMocks());

// shows: race 11, race 24, race 21 (virtio-mem)
describe.each(variants)('$what', ({ mix, small, happens }) => {
  test.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))(
    `under $name: every property holds in ${RUNS} random runs`,
    ({ protocol }) => {
      const { wrong, seen } = guestCampaign(protocol, RUNS, mix, small, { count });
      expect(wrong).toEqual([]);
      for (const what of happens) expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
    },
  );
});

describe('one page', () => {
  /** What happened in a run of one vCPU's script, in words. */
  function story(script: string[], small: Small = {}, protocol = migrate): string[] {
    const told: string[] = [];
    const on = {
      read: (e: TraceEvent) => void told.push(`read ${e.result}`),
      commanded: (e: TraceEvent) => {
        const name = Object.entries(command).find(([, kind]) => kind === e.from)![0];
        told.push(`${name} ${Object.entries(result).find(([, code]) => code === e.result)![0]}`);
      },
      died: () => void told.push('died'),
      delisted: () => void told.push('delisted'),
      givenBack: () => void told.push('given back'),
    };
    const spec = smallWorld({ hintPages: 0, vcpus: 1, ...small });
    const done = explore(spec, protocol, written([script]), { kind: 'timed' }, { observing: [{ on }] });
    expect(done.violations).toEqual([]);
    return told;
  }

  test('is zero again after it was freed', () => {
    expect(
      story(['write 0', 'write 0', 'read 0', 'free 0', 'free 0', 'read 0', 'write 0', 'read 0']),
    ).toEqual(['read 2', 'free OK', 'free ALREADY', 'read 0', 'read 1']);
  });
  test('that was moved out, freed and reported: its list entry dies with it', () => {
    const told = story(['write 0', 'pageout 0', 'free 0', 'write 1', 'write 1'], {
      guest: { freePageReporting: true },
    });
    expect(told).toEqual(['pageout OK', 'free OK', 'delisted', 'died', 'given back']);
  });
  test('that was only freed stays on the list: the host does not know', () => {
    expect(story(['write 0', 'pageout 0', 'free 0'])).not.toContain('delisted');
  });
  test('a balloon gives back what it took, and no more', () => {
    expect(
      story(['inflate 0', 'inflate 1', 'deflate 0', 'deflate 0', 'unplug 1', 'deflate 1', 'deflate 1']),
    ).toEqual([
      'given back',
      'inflate OK',
      'given back',
      'inflate OK',
      'deflate OK',
      'deflate NOMEM',
      'given back',
      'unplug OK',
      'deflate OK',
      'deflate NOMEM',
    ]);
  });
  test('a balloon gives back everything, the last first', () => {
    const told = story([
      'inflate 0',
      'inflate 0',
      'inflate 0',
      ...Array.from({ length: 4 }, () => 'deflate 0'),
    ]);
    expect(told.slice(6)).toEqual(['deflate OK', 'deflate OK', 'deflate OK', 'deflate NOMEM']);
  });
});

// shows: race 11
test('every protocol leaves the same memory where pages are freed in between, one task at a time', () => {
  const spec = smallWorld({ vcpus: 2, gfns: 40, slots: 80 });
  for (let seed = 1; seed <= 12; seed++) {
    const mix = { ...FREE, 'inflate V': 1 };
    const [own] = randomScripts(spec, seed, mix, { operations: 40 });
    // The task goes to and fro between the vCPUs, so that what it frees is freed at the same place in every order.
    const scripts: string[][] = [[], ['await']];
    own!.forEach((word, i) => {
      const vcpu = Math.floor(i / 5) % 2;
      scripts[vcpu]!.push(word);
      if (i % 5 === 4) {
        scripts[vcpu]!.push(`handover ${1 - vcpu}`);
        scripts[vcpu]!.push('await');
      }
    });
    // The task does not come back to the vCPU that had it before the last one.
    const last = Math.floor((own!.length - 1) / 5) % 2;
    scripts[own!.length % 5 === 0 ? last : 1 - last]!.pop();
    const memories = protocols.flatMap((protocol) =>
      [seed, seed + 100].map((order) => {
        const done = explore(spec, protocol, written(scripts), { kind: 'random', seed: order });
        return Array.from({ length: spec.guests[0]!.pages }, (_, page) => {
          const words = done.system.contentOf(page);
          return words?.some((word) => word !== 0) ? [...words] : 'zero';
        });
      }),
    );
    for (const memory of memories) expect(memory).toEqual(memories[0]);
  }
});

describe('what is broken is named', () => {
  const rings = (until: RegExp, protocol: typeof migrate, mix: Mix, small: Small) => {
    const { wrong } = guestCampaign(protocol, 2 * RUNS, mix, small, { limit: 40_000, until });
    expect(wrong.join('\n')).toMatch(until);
  };

  test('given-back: a drop that leaves the list entry', () => {
    const keeps = completeProtocol({ ...migrate, dropMoved: ['unmap', 'release'] });
    rings(/given-back: Gfn \d+ is in the balloon and still on the moved list/, keeps, BALLOON, {});
  });
  test('given-back: a host that takes a ballooned Gfn and keeps what backs it', () => {
    vi.spyOn(GivenBack.prototype as unknown as { take: () => number }, 'take').mockReturnValue(
      atOnce(result.OK),
    );
    rings(/given-back: Gfn \d+ is in the balloon and the host still has/, migrate, BALLOON, {});
  });
  test('given-back: a host that lets a guest have content at a Gfn that is gone', () => {
    vi.spyOn(GuestCommands.prototype, 'commanded').mockImplementation(function (
      this: GuestCommands,
      kind,
      gfn,
    ) {
      const { memory } = (this as unknown as { vcpu: { memory: { give(gfn: number): void } } }).vcpu;
      if (kind !== command.deflate && kind !== command.pageout) memory.give(gfn);
    });
    vi.spyOn(GivenBack.prototype, 'isGone').mockReturnValue(false);
    rings(/given-back: .*is unplugged/, migrate, UNPLUG, {});
  });
  test('given-back: a host that drops a reported page although the guest wants its poison', () => {
    vi.spyOn(GivenBack.prototype, 'mayDropReported', 'get').mockReturnValue(true);
    const small: Small = { guest: { freePageReporting: true, poison: 'negotiated' } };
    rings(/given-back: .*full of poison and did not find it again/, migrate, FREE, small);
  });
  test('given-back: a guest that reports free pages to a host that does not know of its poison', () => {
    vi.spyOn(Reporting.prototype, 'enabled', 'get').mockReturnValue(true);
    const small: Small = { guest: { freePageReporting: true, poison: 'unnegotiated' } };
    rings(/given-back: .*full of poison and did not find it again/, migrate, FREE, small);
  });
  test('given-back: a guest that looks for poison in what comes out of the balloon', () => {
    vi.spyOn(GuestCommands.prototype as unknown as { forget: () => void }, 'forget').mockReturnValue();
    rings(/given-back: .*full of poison/, migrate, BALLOON, { guest: { poison: 'negotiated' } });
  });
  test('I2-read-last-write: a munmap that leaves the other vCPUs their translations', () => {
    const quiesce = vi.spyOn(Balancing.prototype as unknown as { isAnySeized: () => boolean }, 'isAnySeized');
    quiesce.mockReturnValue(false);
    rings(/I2-read-last-write: /, migrate, FREE, { hintPages: 0 });
  });
});
