// Every seeded bug is found by a search, by a property that is meant to see it, and the simulator makes it again.
// For what is there against messages that are lost, late or come twice the smallest bounds have one such message; what shows
// only where somebody does something else than read, write or move has a script.
// Prints one table.
import { afterAll, describe, expect, test } from 'vitest';
import { flawNamed, flaws, litmusFlaws } from '../../src/flaws/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import type { Small } from '../../src/scenarios/small-world.ts';
import { inWords, propertyOf, search, type SmallBounds, table } from './small-searches.ts';

const once = { reclaims: 1 } as const;
const asked = { moves: 1, reclaims: 1 } as const;
const failing = { reclaims: 1, faults: 1 } as const;
const lost = { reclaims: 1, losses: 1, timeouts: 0 } as const;

/** The smallest bounds in which each shows. */
const boundsOf: Record<string, SmallBounds> = {
  'source-freed-before-store': once,
  'slot-freed-before-load': once,
  'mapped-before-load': once,
  'no-write-protection': once,
  'shootdown-not-awaited': once,
  'shootdown-forgets-a-vcpu': once,
  'mapping-kept': once,
  'frame-leak': { vcpus: 2, ...asked },
  'double-release': once,
  'slot-given-twice': once,
  'full-store-overwrites': { pages: 2, reclaims: 2, given: { slots: 1 } },
  'no-page-lock': once,
  'frame-not-cleared': {},
  'waiter-not-woken': { vcpus: 2, reclaims: 1 },
  'seized-without-comparing': { vcpus: 2, moves: 2, reclaims: 1 },
  'generation-stays': { reclaims: 2 },
  'served-through-source': asked,
  'mapped-page-returns': { operations: 2, ...asked },
  'source-entry-kept': asked,
  'full-destination-drops-page': { ...asked, faults: 1 },
  'listed-under-older-generation': once,
  'removal-not-published': once,
  'fault-does-not-retire': once,
  'exported-before-written': once,
  'refusal-not-sent': asked,
  'wrong-pin': asked,
  'refused-with-effect': asked,
  'copy-faults-page-in': asked,
  'destination-not-vacated': asked,
  'no-checksum': failing,
  'short-write-accepted': failing,
  'zeros-for-read-error': failing,
  'old-slot-used': { vcpus: 2, reclaims: 2, given: { swapCache: true } },
  'hold-outlives-refusal': { ...asked, faults: 1 },
  'overflow-not-flagged': {
    pages: 2,
    moves: 1,
    reclaims: 2,
    given: { listCapacity: 1, list: { format: 'table' } },
  },
  'stale-walk-fills-tlb': { operations: 2, ...once },
  'answered-before-effect': asked,
  'full-destination-falls-back': { ...asked, faults: 1 },
  'fault-ignores-hold': { vcpus: 2, ...asked },
  'stale-entry-trusted': { vcpus: 2, ...asked, given: { hold: false } },
  'generation-ignored': { vcpus: 2, moves: 1, reclaims: 2, given: { hold: false } },
  'restart-empties-list': { ...once, restarts: 1 },
  'never-said-again': lost,
  'call-served-again': lost,
  'request-done-again': { ...asked, losses: 0, timeouts: 1 },
  'retry-is-a-new-request': { ...asked, losses: 1, timeouts: 0 },
  'any-answer-will-do': { ...asked, repeats: 1 },
  'acknowledgements-counted': { vcpus: 2, reclaims: 1, repeats: 1 },
  'torn-entry-read': { ...asked, given: { list: { format: 'snapshot' } } },
  'shared-slot-moved': script(['write 0, pageout 0, handover 1, share 0', 'await, move 0 to 1']),
  'pin-forgotten': script(['write 0, pin 0, pageout 0']),
  'given-back-but-listed': script(['write 0, pageout 0, free 0'], {
    gfns: 4,
    guest: { freePageReporting: true },
  }),
  'huge-page-half-moved': script(
    ['write 0, write 1, pageout 1, handover 1, write 1', 'await, move 0..1 to 1'],
    { hold: false, attempts: 1, gfns: 8, guest: { hugePages: 2 } },
  ),
  'token-loses-access': script(['write 0, write 1, pageout 0, write 0, read 1'], {
    guest: { asyncFaults: true },
  }),
  'foreign-gfn-accepted': {
    ...script(['write 0, pageout 0', 'write 0, pageout 0, forge 0 0'], { vcpus: 1, gfns: 2 }),
    guests: 2,
  },
  'pin-not-looked-at-again': {
    ...script(['write 0, pageout 0, handover 1, repin 1 2', 'await, move 0 to 1']),
    nodes: 3,
  },
  'older-list-accepted': script(
    ['write 0, pageout 0, handover 1, write 0, pageout 0', 'await, move 0 to 1'],
    {
      list: { unmap: 'before the request' },
    },
  ),
  'entry-compared-without-generation': script(
    ['write 0, pageout 0, handover 1, write 0, pageout 0', 'await, move 0 to 1'],
    { slots: 1, hold: false, list: { unmap: 'before the request' } },
  ),
  'first-answer-ends-batch': script(['write 0, write 1, pageout 0, pageout 1, move 0..1 to 1']),
  'location-from-look': script(['write 0, pageout 0, handover 1, writeback 0', 'await, move 0 to 1'], {
    chain: [2],
  }),
  'install-after-invalidation': script(['write 0, handover 1, write 0', 'await, pageout 0, pageout 0']),
  'overflow-cleared-early': script(
    ['write 0, write 1, write 2, pageout 0, pageout 1, pageout 2, handover 1, read 1', 'await, move 2 to 1'],
    { listCapacity: 1, list: { format: 'table' } },
  ),
  'prefetch-ignores-hold': script(
    ['write 0, write 1, pageout 0, pageout 1, handover 1, read 0', 'await, move 1 to 1'],
    { prefetch: 1 },
  ),
  'cached-copy-left-behind': script(
    ['write 0, write 1, pageout 0, pageout 1, handover 1, read 0', 'await, move 1 to 1'],
    { hold: false, swapCache: true, readAhead: 2 },
  ),
  'hint-scan-does-not-flush': script(['read 0, read 0', 'write 0, write 0'], {
    hintPages: 1,
    accessesPerScan: 1,
  }),
  'swap-out-ignores-lock': {
    ...script(['write 0, pageout 0', 'write 1'], { frames: 1, slots: 3 }),
    nodes: 1,
  },
  // Race 25 as its litmus file has it.
  'no-slot-in-reserve': script(
    ['write 0, write 1, handover 1, read 0, read 1', 'await, write 2, move 0 to 1, read 2, read 0'],
    { frames: 1, slots: 3, gfns: 4, swapCache: true },
  ),
};

function script(vcpus: readonly string[], given: Small = {}): SmallBounds {
  return { script: vcpus.map((operations) => operations.split(', ')), given };
}

const rows: string[][] = [];
afterAll(() => {
  const head = ['seeded bug', 'bounds', 'seen by', 'choices', 'states'];
  process.stdout.write(`\n${table([head, ...rows])}\n\n`);
});

/** The usual protocol, unless the flaw is in what another one does. */
function protocolFor(name: string) {
  const only = flawNamed(name)!.needs?.protocols;
  const wanted = only === undefined || only.includes('copyless-migrate') ? 'copyless-migrate' : only[0]!;
  return protocols.find((protocol) => protocol.name === wanted)!;
}

describe('a seeded bug is found, and fails again', () => {
  // shows: races 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25 (each found exhaustively, in the smallest world that has it)
  test.each(Object.entries(boundsOf))(
    '%s',
    async (name, bounds) => {
      const { checked, replay } = search(protocolFor(name), bounds, { flaws: [name] });
      const { violation, states } = checked;
      // With the reduction, and without it too: that is what says that no way is shorter.
      expect(violation).toMatchObject({ shortest: true });
      const property = propertyOf(violation!);
      rows.push([name, inWords(bounds), property, `${violation!.choices.length}`, `${states}`]);
      expect(flawNamed(name)!.alarms).toContain(property);
      expect(await replay(violation!)).toContain(property);
    },
    300_000,
  );
});

test('these are all that there are', () => {
  const all = [...flaws, ...litmusFlaws].map(({ name }) => name);
  expect(Object.keys(boundsOf).sort()).toEqual(all.sort());
});

test('a flaw that changes nothing is not found', () => {
  const { complete, pass, states } = search(protocolFor('canary'), asked, { flaws: ['canary'] }).checked;
  expect({ complete, pass, states }).toEqual({ complete: true, pass: true, states: 3_170 });
});
