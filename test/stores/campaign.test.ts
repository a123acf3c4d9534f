// Everything at once: worlds of every kind of new location, hold policy and encryption, scripts drawn from seeds with all
// commands; and what must have happened in them. And under every protocol the guest's memory comes out the same.
import { describe, expect, test } from 'vitest';
import { event, type TraceEvent } from '../../src/model/events.ts';
import { cause, operationKind, result } from '../../src/model/words.ts';
import { protocols } from '../../src/protocols/index.ts';
import type { Small } from '../support/small-world.ts';
import { drawn, orderOf, tell, type Told } from './story.ts';

const RUNS = 600;
const PAGES = 5;

const commands = [
  'pageout',
  'pageout',
  'promote',
  'migrate-host 0',
  'migrate-host 1',
  'writeback',
  'hold',
  'swapoff 0',
];

/** World number `seed`: neighbours differ in as much as possible. */
function world(seed: number): Small & { vcpus: number } {
  const pick = <T>(from: readonly T[], stride: number): T => from[Math.floor(seed / stride) % from.length]!;
  return {
    frames: pick([4, 6, 12], 1),
    pages: PAGES,
    vcpus: pick([2, 3], 2),
    gfns: 3 * (PAGES + 1),
    slots: pick([40, 6], 3),
    far: seed % 3 === 1,
    mapped: seed % 6 === 1,
    promoteOnAccess: seed % 12 === 1,
    chain: pick([[40], [4, 40]], 5),
    writebackPercent: pick([0, 10, 50], 4),
    writebackScans: pick([0, 0, 2], 23),
    heldFault: pick(['refuse', 'block', 'convert'], 7),
    holdTicks: pick([1, 3], 11),
    prefetch: pick([0, 1], 13),
    hintPages: pick([0, 2], 17),
    encryption: pick(['none', 'gfn', 'slot'], 19),
  };
}

const ended = (kind: number, because: number) => (e: TraceEvent) =>
  e.kind === event.ended && e.result === result.OK && e.from === kind && e.cause === because;
const { relocate, 'host-migrate': hostMigrate, 'bring-in': bringIn } = operationKind;
const witnesses: Record<string, (e: TraceEvent) => boolean> = {
  'a page was written back by command or watermark': ended(relocate, cause.writeback),
  'a page went to another store for swapoff': ended(relocate, cause.swapoff),
  'a page was demoted under pressure': ended(hostMigrate, cause.pressure),
  'a demoted page was promoted': ended(hostMigrate, cause.promotion),
  'a resident page was migrated by the host': ended(hostMigrate, cause['host-migration']),
  'a moved page was promoted': ended(bringIn, cause.promotion),
  'a moved page was migrated by the host': ended(bringIn, cause['host-migration']),
  'a page was brought in for swapoff': ended(bringIn, cause.swapoff),
  'an attacker was refused': (e) => e.kind === event.ended && e.from === bringIn && e.result === result.STALE,
  'a hold expired': (e) => e.kind === event.holdExpired,
  'a slot was opened': (e) => e.kind === event.opened,
};

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  // shows: claim 12, race 12, race 19, race 20, variant (16) (21) (32) new location, variant (30) encryption
  test(`keeps what it claims in ${RUNS} runs, in which all there is to see was seen`, () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= RUNS; seed++) {
      const small = world(seed);
      const told = tell(small, protocol, drawn(seed, small.vcpus, PAGES, commands), orderOf(seed));
      expect({ seed, broken: told.broken }).toEqual({ seed, broken: [] });
      for (const [name, was] of Object.entries(witnesses)) if (told.seen.some(was)) seen.add(name);
    }
    // A guest that has no list to look at holds nothing.
    const none = protocol.guestAsks === 'nothing' ? ['an attacker was refused', 'a hold expired'] : [];
    expect(Object.keys(witnesses).filter((name) => !seen.has(name))).toEqual(none);
  });
});

/** Guest memory at rest, in words. */
function memoryOf({ system }: Told): (number[] | null)[] {
  return Array.from({ length: PAGES }, (_, gvpn) => {
    const words = system.contentOf(gvpn);
    return words && words.some((word) => word !== 0) ? [...words] : null;
  });
}

// shows: variant (25)
test('the guest has the same memory under every protocol, wherever its pages were and however they were kept: 60 worlds', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const small = world(seed);
    const scripts = drawn(seed, small.vcpus, PAGES, commands);
    const memories = protocols.map((protocol) => memoryOf(tell(small, protocol, scripts, orderOf(seed))));
    for (const memory of memories) expect({ seed, memory }).toEqual({ seed, memory: memories[0] });
  }
});
