// Every seeded bug that fits the bounds of a search is found by it, by a property that is meant to see it, and the
// simulator makes it again. Those that do not fit are listed with the reason; both lists together are all there are.
// For what is there against messages that are lost, late or come twice the smallest bounds have one such message.
// Prints one table.
import { afterAll, describe, expect, test } from 'vitest';
import { flawNamed, flaws, litmusFlaws } from '../../src/flaws/index.ts';
import { protocols } from '../../src/protocols/index.ts';
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
  'never-said-again': lost,
  'call-served-again': lost,
  'request-done-again': { ...asked, losses: 0, timeouts: 1 },
  'retry-is-a-new-request': { ...asked, losses: 1, timeouts: 0 },
  'any-answer-will-do': { ...asked, repeats: 1 },
  'acknowledgements-counted': { vcpus: 2, reclaims: 1, repeats: 1 },
  'torn-entry-read': { ...asked, given: { list: { format: 'snapshot' } } },
};

const RESTART = 'shows only where the hypervisor restarts';
const HINTS =
  'shows only where a scan marks pages with hints; in a search guests move pages because they choose to';
const PRESSURE =
  'shows only where the host looks for a victim itself; in a search reclaim is told which page';
const OPERATION = 'needs an operation that scripts of a search do not have, or another kernel in the guest';
const MEMORY =
  'remembers something outside the words of the actors, which a search puts back and this it cannot';
const SIZE = 'needs more pages, or more of them moved, than a test has time for';
const beyond: Record<string, string> = {
  'restart-empties-list': RESTART,
  'hint-scan-does-not-flush': HINTS,
  'swap-out-ignores-lock': PRESSURE,
  'no-slot-in-reserve': PRESSURE,
  'older-list-accepted': SIZE,
  'first-answer-ends-batch': 'needs a hypercall of several requests',
  'entry-compared-without-generation': MEMORY,
  'location-from-look': MEMORY,
  'install-after-invalidation': MEMORY,
  'shared-slot-moved': OPERATION,
  'pin-forgotten': OPERATION,
  'given-back-but-listed': OPERATION,
  'huge-page-half-moved': OPERATION,
  'token-loses-access': OPERATION,
  'foreign-gfn-accepted': OPERATION,
  'pin-not-looked-at-again': OPERATION,
  'overflow-cleared-early': SIZE,
  'prefetch-ignores-hold': SIZE,
  'cached-copy-left-behind': SIZE,
};

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
  // shows: races 2, 3, 5, 6, 8, 10, 11, 12, 16, 18, 20, 21, 23, 24, 25 (each found exhaustively, in the smallest world that has it)
  test.each(Object.entries(boundsOf))(
    '%s',
    async (name, bounds) => {
      // Where the search is a long one, a way of the reduced search will do.
      const { pages = 1, vcpus = 1, moves = 0 } = bounds;
      const shortest = moves * vcpus * pages < 2;
      const { checked, replay } = search(protocolFor(name), bounds, { flaws: [name], shortest });
      const { violation, states } = checked;
      expect(violation).toBeDefined();
      const property = propertyOf(violation!);
      rows.push([name, inWords(bounds), property, `${violation!.choices.length}`, `${states}`]);
      expect(flawNamed(name)!.alarms).toContain(property);
      expect(await replay(violation!)).toContain(property);
    },
    300_000,
  );
});

test('those found and those that do not fit are all there are', () => {
  const all = [...flaws, ...litmusFlaws].map(({ name }) => name);
  expect([...Object.keys(boundsOf), ...Object.keys(beyond)].sort()).toEqual(all.sort());
});

test('a flaw that remembers outside the words of the actors is refused where it shows', () => {
  const flaw = 'install-after-invalidation';
  const { violation } = search(protocolFor(flaw), { operations: 2, reclaims: 2 }, { flaws: [flaw] }).checked;
  expect(violation?.property).toBe('own-words');
});

test('a flaw that changes nothing is not found', () => {
  const { complete, pass, states } = search(protocolFor('canary'), asked, { flaws: ['canary'] }).checked;
  expect({ complete, pass, states }).toEqual({ complete: true, pass: true, states: 3_318 });
});
