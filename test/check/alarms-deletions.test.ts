// Every step of every plan is needed: with any one of them left out, the exhaustive search of a world of one or two pages
// finds what goes wrong, with the reduction and without, and the simulator makes it again. No shorter way leads there.
// Prints one table.
import { afterAll, describe, expect, test } from 'vitest';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import { hostPlans } from '../../src/protocols/host-plans.ts';
import { type Mutant, mutants } from '../../src/protocols/mutate.ts';
import { inWords, propertyOf, search, type SmallBounds, table } from './small-searches.ts';

const CACHE = { swapCache: true };
const AHEAD = { swapCache: true, readAhead: 2 };

/** The smallest bounds in which a deletion shows: by plan, or where that is not enough by plan and step. */
const boundsOf: Record<string, SmallBounds> = {
  // The first write of the page, before any choice is made.
  firstTouch: {},
  swapOut: { reclaims: 1 },
  'swapOut without export': { moves: 1, reclaims: 1 },
  swapIn: { reclaims: 1 },
  swapInClean: { reclaims: 1, given: CACHE },
  dirtied: { operations: 2, reclaims: 1, given: CACHE },
  'dirtied without forget': { vcpus: 2, reclaims: 2, given: CACHE },
  swapOutClean: { reclaims: 2, given: CACHE },
  readAhead: { pages: 2, reclaims: 2, given: AHEAD },
  'readAhead without load': { pages: 2, operations: 2, reclaims: 2, given: AHEAD },
  mapCached: { pages: 2, operations: 2, reclaims: 2, given: AHEAD },
  mapCachedClean: { pages: 2, operations: 2, reclaims: 2, given: AHEAD },
  touchRemapped: { operations: 2, moves: 1, reclaims: 1 },
  touchRemappedClean: { operations: 2, moves: 1, reclaims: 1, given: CACHE },
  plan: { moves: 1, reclaims: 1 },
  'plan, destination backed': { operations: 2, moves: 2, reclaims: 1 },
  dropResident: { operations: 2, moves: 2, reclaims: 1 },
  'dropResident without forget': { operations: 3, moves: 2, reclaims: 2, given: CACHE },
  dropMoved: { operations: 2, moves: 2, reclaims: 2 },
  // Of a page that is given back read-ahead had left a copy.
  'dropMoved without forget': {
    script: [['write 0', 'write 1', 'pageout 0', 'pageout 1', 'read 0', 'free 1']],
    given: { ...AHEAD, gfns: 4, guest: { freePageReporting: true } },
  },
  relocate: { script: [['write 0', 'pageout 0', 'writeback 0', 'read 0']], given: { chain: [2] } },
  hostMigrate: { script: [['write 0', 'migrate-host 0 1', 'read 0']] },
  'hostMigrate without detach': { script: [['write 0', 'migrate-host 0 1'], ['write 0']] },
  'hostMigrate without shootdown': { script: [['write 0', 'migrate-host 0 1'], ['write 0']] },
  'hostMigrate without forget': {
    script: [['write 0', 'pageout 0', 'read 0', 'migrate-host 0 1', 'write 0', 'pageout 0', 'read 0']],
    given: CACHE,
  },
  trimCached: { pages: 2, operations: 2, reclaims: 3, given: AHEAD },
  'trimCached without forget': { pages: 2, reclaims: 4, given: AHEAD },
};

const STALE = 'its guest looks at the list right before it asks';
const NO_REQUESTS = 'its guest sends no request, so nothing is dropped for one';
const NEVER_MAPPED = 'no page is ever left mapped and not migrated';
/** Plans that never run (test/mutants says the same of its campaign). */
const neverRuns: Record<string, Record<string, string>> = {
  conventional: {
    touchRemapped: NEVER_MAPPED,
    touchRemappedClean: NEVER_MAPPED,
    moveCached: NO_REQUESTS,
    dropResident: NO_REQUESTS,
    dropMoved: NO_REQUESTS,
  },
  'copyless-map': { moveCached: STALE },
  'copyless-migrate': { touchRemapped: NEVER_MAPPED, touchRemappedClean: NEVER_MAPPED, moveCached: STALE },
  'copyless-map-then-migrate': {
    touchRemapped: NEVER_MAPPED,
    touchRemappedClean: NEVER_MAPPED,
    moveCached: STALE,
  },
};
const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;
const boundsFor = (mutant: Mutant) => boundsOf[withoutStep(mutant)] ?? boundsOf[mutant.plan]!;
/**
 * Where nobody moves a page the copyless protocols differ in nothing: their hosts have the same plans, and the guests ask
 * for nothing. Searched once, for copyless-migrate.
 */
function isSearchedAlready(protocol: Protocol, bounds: SmallBounds): boolean {
  if (protocol.guestAsks === 'nothing' || protocol === migrate || (bounds.moves ?? 0) > 0) return false;
  return hostPlans.every((plan) => protocol[plan] === migrate[plan]);
}

const withoutStep = ({ plan, step }: Mutant) => `${plan} without ${step}`;
const rows: string[][] = [];
afterAll(() => {
  const head = ['protocol', 'step left out', 'bounds', 'seen by', 'choices', 'states'];
  process.stdout.write(`\n${table([head, ...rows])}\n\n`);
});

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  const runs = mutants(protocol).filter(({ plan }) => !neverRuns[protocol.name]![plan]);
  const searched = runs.filter((mutant) => !isSearchedAlready(protocol, boundsFor(mutant)));

  test(`each of ${searched.length} of its ${runs.length} mutants that run is found, and fails again`, async () => {
    for (const mutant of searched) {
      const what = withoutStep(mutant);
      const bounds = boundsFor(mutant);
      const { checked, replay } = search(mutant.protocol, bounds);
      const { violation, states } = checked;
      expect(violation, mutant.name).toBeDefined();
      const property = propertyOf(violation!);
      const choices = `${violation!.choices.length}`;
      rows.push([protocol.name, what, inWords(bounds), property, choices, `${states}`]);
      expect(protocol.claims, mutant.name).toContain(property);
      expect(await replay(violation!), mutant.name).toContain(property);
      // With the reduction, and without it too.
      expect(violation!.shortest, mutant.name).toBe(true);
    }
  }, 600_000);
});

test('the whole protocols break nothing in the same bounds', () => {
  const all = [...new Map(Object.values(boundsOf).map((bounds) => [inWords(bounds), bounds])).values()];
  for (const protocol of protocols) {
    for (const bounds of all.filter(({ reclaims = 0, moves = 0 }) => moves < 2 || reclaims < 2)) {
      if (isSearchedAlready(protocol, bounds)) continue;
      const { complete, pass, live, violation } = search(protocol, bounds).checked;
      const outcome = { complete, pass, live, violation: violation?.message };
      const name = `${protocol.name} ${inWords(bounds)}`;
      expect({ name, ...outcome }).toEqual({ name, complete: true, pass: true, live: true });
    }
  }
}, 600_000);
