// Where moved pages are, and where they go on to: a memory node that keeps them mapped or unmapped, chains, compressed RAM
// that is written back to disk, a store that is turned off. The guest knows of none of it.
import { describe, expect, test } from 'vitest';
import { cause, operationKind, result } from '../../src/model/words.ts';
import { event, swapoffPhase } from '../../src/model/events.ts';
import { onePage } from '../../src/report/one-page.ts';
import type { Plan, Protocol } from '../../src/protocols/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { costs, type Small, smallWorld } from '../support/small-world.ts';
import { drawn, orderOf, tell, type Told } from './story.ts';

const named = (name: string) => protocols.find((protocol) => protocol.name === name)!;
const conventional = named('conventional');
const migrate = named('copyless-migrate');
const mapping = named('copyless-map');

const calm: Small = { hintPages: 0, prefetch: 0, frames: 8 };
const demoting: Small = { ...calm, far: true, mapped: true };
const ends = (told: Told) => told.of(event.commanded).map((e) => e.result);
/** Where each arrival of content was, in words, from the host's first move on. */
const path = (told: Told) => {
  const { geometry } = told.system;
  return told.of(event.dataIn).map((e) => `${at(geometry.place(e.from))} -> ${at(geometry.place(e.to))}`);
};
const at = (place: string) => place.replace(/^store | (frame|slot) \d+$/g, '');

describe('a memory node that keeps pages mapped', () => {
  // shows: variant (16) (21) (32) new location
  test('demoted, read where it is, and copied on once by the guest, under every protocol', () => {
    const transfers = protocols.map((protocol) => {
      const told = tell(demoting, protocol, [
        ['write 0', 'pageout 0', 'read 0', 'handover 1'],
        ['await', 'move 0 to 1', 'read 0'],
      ]);
      expect(told.broken).toEqual([]);
      expect(told.of(event.listed)).toEqual([]);
      expect(told.of(event.requested)).toEqual([]);
      return path(told);
    });
    expect(new Set(transfers.map(String))).toEqual(
      new Set([String(['node 0 -> node 2', 'node 2 -> node 1'])]),
    );
  });

  // shows: variant (16) (21) (32) new location
  test('no benefit: one page alone takes one transfer either way, and as many bytes; unmapped it takes two and one', async () => {
    const cases = async (mapped: boolean) => [
      await onePage({ kind: 'far', mapped }, conventional, costs),
      await onePage({ kind: 'far', mapped }, migrate, costs),
    ];
    const [back, direct] = await cases(true);
    expect([back!.transfers, direct!.transfers]).toEqual([1, 1]);
    expect(back!.interconnectBytes).toBe(direct!.interconnectBytes);
    expect(direct!.stallNs - back!.stallNs).toBe(costs.listInspectionNs);
    const [unmappedBack, unmappedDirect] = await cases(false);
    expect([unmappedBack!.transfers, unmappedDirect!.transfers]).toEqual([2, 1]);
  });

  // shows: claim 1, variant (16) (21) (32) new location
  test('promoteOnAccess: what was touched there goes back to its source, and is copied on from there', () => {
    // Pages 0 and 4 share a TLB entry: each touch walks the tables, and is seen.
    const touches = Array.from({ length: 40 }, (_, i) => `read ${i % 2 ? 4 : 0}`);
    const scripts = [['write 0', 'pageout 0', ...touches, 'move 0 to 1', 'read 0'], []];
    for (const protocol of [conventional, migrate]) {
      const stays = tell(demoting, protocol, scripts);
      const goes = tell({ ...demoting, promoteOnAccess: true }, protocol, scripts);
      expect([stays.broken, goes.broken]).toEqual([[], []]);
      expect(stays.of(event.dataIn, (e) => e.cause === cause.promotion)).toEqual([]);
      expect(path(goes).join()).toContain('node 2 -> node 0,node 0 -> node 1');
    }
  });

  test('a full node sends the page on to the store behind it', () => {
    const told = tell({ ...demoting, slots: 1, chain: [20] }, migrate, [
      ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'read 0', 'read 1', 'pageout 0', 'read 0'],
      [],
    ]);
    expect(told.broken).toEqual([]);
    expect(path(told)).toEqual([
      'node 0 -> node 2',
      'node 0 -> hdd0',
      'hdd0 -> node 0',
      'node 2 -> hdd0',
      'hdd0 -> node 0',
    ]);
  });

  // shows: race 19, claim 1, variant (16) (21) (32) new location
  test('a chain of two nodes and a disk: an idle page goes on from each to the next', () => {
    const spec = smallWorld({ ...demoting, slots: 3, chain: [20] });
    spec.nodes.push({ id: 3, frames: 3, hasCpus: false });
    spec.distances = spec.nodes.map((_, i) => spec.nodes.map((__, j) => (i === j ? 10 : 20)));
    spec.moveTo = [2, 3, 4];
    const busy = Array.from({ length: 400 }, (_, i) => `write ${1 + (i % 2)}`);
    for (const protocol of protocols) {
      const told = tell(spec, protocol, [['write 0', ...busy, 'read 0'], []]);
      expect(told.broken).toEqual([]);
      expect(path(told).join()).toMatch(/node 0 -> node 2.*node 2 -> node 3.*node 3 -> hdd0.*hdd0 -> node 0/);
    }
  });

  test('host migration of a resident page: mapped where it is not pinned, and I4 has it as declared', () => {
    const told = tell(calm, migrate, [['write 0', 'migrate-host 0 1', 'write 0', 'promote 0', 'read 0'], []]);
    expect(told.broken).toEqual([]);
    expect(path(told)).toEqual(['node 0 -> node 1', 'node 1 -> node 0']);
    expect(told.of(event.placed)).toHaveLength(1);
  });
});

describe('compressed RAM that is written back to disk, a page whose location changes class', () => {
  const zswap = smallWorld({ ...calm, chain: [20] });
  zswap.stores[0]!.kind = 'zram';

  // shows: race 19, variant (16) (21) (32) new location, claim 11
  test('after the guest has held the page: the request finds it where it is now', () => {
    const told = tell(zswap, migrate, [
      ['write 0', 'pageout 0', 'hold 0', 'writeback 0', 'writeback 0', 'writeback 1'],
      [],
    ]);
    expect(ends(told).slice(2)).toEqual([result.OK, result.NOMEM, result.EINVAL]);
    expect(path(told)).toEqual(['node 0 -> nvme0', 'nvme0 -> hdd1']);
    // The hold is not touched: the only thing amiss is that nobody ever asked.
    expect(told.broken).toEqual(['answered: 1 hold(s) of Gfn never ended: 0']);
    for (const protocol of protocols) {
      const moved = tell(zswap, protocol, [
        ['write 0', 'pageout 0', 'writeback 0', 'move 0 to 1', 'read 0'],
        [],
      ]);
      expect(moved.broken).toEqual([]);
      const last = protocol === conventional ? ['hdd1 -> node 0', 'node 0 -> node 1'] : ['hdd1 -> node 1'];
      expect(path(moved)).toEqual(['node 0 -> nvme0', 'nvme0 -> hdd1', ...last]);
      const requested = moved.of(event.answered).map((e) => e.result);
      expect(requested).toEqual(protocol === conventional ? [] : [result.OK]);
    }
  });

  // shows: race 19
  test('between inspection and request, in every order tried: OK or a refusal, and never from where it was', () => {
    const outcomes = new Set<number>();
    for (let seed = 1; seed <= 200; seed++) {
      const told = tell(
        zswap,
        migrate,
        [
          ['write 0', 'pageout 0', 'move 0 to 1', 'read 0'],
          ['read 1', 'writeback 0', 'writeback 0', 'writeback 0'],
        ],
        { kind: seed % 2 ? 'random' : 'pct', seed },
      );
      expect({ seed, broken: told.broken }).toEqual({ seed, broken: [] });
      const relocated = told.of(event.began, (e) => e.from === operationKind.relocate);
      if (relocated.length > 0) for (const e of told.of(event.answered)) outcomes.add(e.result);
    }
    expect(outcomes).toContain(result.OK);
    expect(outcomes).toContain(result.BUSY);
  });

  test('over its watermark the pool is written back a page at a time', () => {
    const full = smallWorld({ ...calm, slots: 8, chain: [20], writebackPercent: 25 });
    full.stores[0]!.kind = 'zram';
    const out = [0, 1, 2, 3].flatMap((page) => [`write ${page}`, `pageout ${page}`]);
    const told = tell(full, migrate, [[...out, ...Array.from({ length: 20 }, () => 'write 4')], []]);
    expect(told.broken).toEqual([]);
    expect(
      told.of(event.ended, (e) => e.from === operationKind.relocate && e.cause === cause.writeback),
    ).toHaveLength(2);
  });

  // shows: race 19, variant (16) (21) (32) new location
  test.each([false, true])('kept for long enough it goes on by itself; first in far memory: %s', (far) => {
    const small: Small = { ...calm, far, chain: [20], writebackScans: 3 };
    // Pages 1 and 5 share a TLB entry: each touch walks the tables, so that they are not idle.
    const touches = Array.from({ length: 200 }, (_, i) => `write ${i % 2 ? 1 : 5}`);
    const told = tell(small, migrate, [['write 0', 'pageout 0', ...touches, 'read 0'], []]);
    expect(told.broken).toEqual([]);
    const first = far ? 'node 2' : 'nvme0';
    const last = far ? 'hdd0' : 'hdd1';
    expect(path(told)).toEqual([`node 0 -> ${first}`, `${first} -> ${last}`, `${last} -> node 0`]);
  });

  test('after as many looks as it was said, one each tick of 8 accesses, whatever became of the page before', () => {
    const ticks = [1, 2, 3].map((writebackScans) => {
      const small: Small = { ...calm, chain: [20], writebackScans, idleScans: 0 };
      const writes = Array.from({ length: 60 }, () => 'write 1');
      const told = tell(small, migrate, [['write 0', 'pageout 0', ...writes], []]);
      expect(told.broken).toEqual([]);
      const begun = told.seen.findIndex((e) => e.kind === event.began && e.from === operationKind.relocate);
      return Math.floor(told.seen.slice(0, begun).filter((e) => e.kind === event.wrote).length / 8);
    });
    expect(ticks).toEqual([1, 2, 3]);
  });

  // shows: race 19
  test.each<[string, Plan, string]>([
    ['reserve', ['transfer', 'enter', 'release'], 'I5-conservation'],
    ['transfer', ['reserve', 'enter', 'release'], 'I1-single-home'],
    ['enter', ['reserve', 'transfer', 'release'], 'I1-single-home'],
    ['release', ['reserve', 'transfer', 'enter'], 'I5-conservation'],
    [
      'the copy before the old one is released',
      ['reserve', 'enter', 'release', 'transfer'],
      'I1-single-home',
    ],
  ])('moving on without %s is seen', (_what, relocate, property) => {
    const broken: Protocol = { ...migrate, name: 'broken', relocate };
    expect(sees(broken, zswap, ['write 0', 'pageout 0', 'writeback 0', 'read 0', 'read 0'])).toContain(
      property,
    );
  });

  test.each<[string, Plan, string]>([
    ['reserve', ['detach', 'shootdown', 'load', 'map', 'release'], 'I5-conservation'],
    ['detach', ['reserve', 'shootdown', 'load', 'map', 'release'], 'I8-shootdown'],
    ['shootdown', ['reserve', 'detach', 'load', 'map', 'release'], 'I8-shootdown'],
    ['load', ['reserve', 'detach', 'shootdown', 'map', 'release'], 'I1-single-home'],
    ['map', ['reserve', 'detach', 'shootdown', 'load', 'release'], 'I1-single-home'],
    ['release', ['reserve', 'detach', 'shootdown', 'load', 'map'], 'I5-conservation'],
  ])('host migration without %s is seen', (_what, hostMigrate, property) => {
    const broken: Protocol = { ...migrate, name: 'broken', hostMigrate };
    const scripts = ['write 0', 'migrate-host 0 1', 'write 0', 'migrate-host 0 0', 'read 0'];
    const found = new Set(sees(broken, smallWorld(calm), scripts));
    // A vCPU that goes on writing meanwhile.
    for (let seed = 1; seed <= 40 && !found.has(property); seed++) {
      const told = tell(calm, broken, [scripts, ['write 0', 'write 0', 'write 0', 'write 0']], {
        kind: 'random',
        seed,
      });
      for (const violation of told.violations) found.add(violation.property);
    }
    expect(found).toContain(property);
  });
});

/** Properties that see something wrong; a run that breaks off has been seen by those that did until then. */
function sees(protocol: Protocol, spec: ReturnType<typeof smallWorld>, script: string[]): string[] {
  return tell(spec, protocol, [script, []]).violations.map(({ property }) => property);
}

test('a fault that spills twice is recorded as a spill from the node that its page is pinned to', () => {
  // Three nodes of three frames and both stores turned off: memory runs out, and the run gets stuck, as it must.
  const small: Small = {
    nodes: 3,
    frames: 3,
    vcpus: 2,
    guests: 2,
    pages: 5,
    gfns: 24,
    slots: 6,
    chain: [160],
  };
  const more: Small = { holdTicks: 9, prefetch: 3, hintPages: 0, listCapacity: 1, batch: 1 };
  const policy: Small = { heldFault: 'convert', writebackPercent: 50, encryption: 'gfn' };
  const commands = [
    'pageout',
    'pageout',
    'pageout',
    'promote',
    'migrate-host 0',
    'migrate-host 1',
    'migrate-host 2',
    'writeback',
    'writeback',
    'hold',
    'swapoff 0',
    'swapoff 1',
  ];
  const [seed, drawnLength] = [100_019, 40];
  const scripts = drawn(seed, 2, 5, commands, drawnLength);
  const told = tell(
    { ...small, ...more, ...policy },
    named('copyless-map-then-migrate'),
    scripts,
    orderOf(seed),
  );
  const spills = told.of(event.spilled);
  const twice = spills.filter((e, i) => spills[i + 1]?.gfn === e.gfn && spills[i + 1]!.to !== e.to);
  expect(twice).not.toEqual([]);
  for (const e of spills) expect(e.from).toBe(told.system.geometry.pinOf(e.gfn));
  expect(told.broken.join()).toMatch(/^answered/);
});

test('a fault that finds its node full, and nothing on it to move out, takes a frame of the nearest that has one', () => {
  const small: Small = { ...calm, nodes: 4, frames: 2, vcpus: 1, slots: 1 };
  const distances = [
    [10, 40, 20, 30],
    [40, 10, 30, 20],
    [20, 30, 10, 40],
    [30, 20, 40, 10],
  ];
  const script = ['write 0', 'write 1', 'write 2', 'write 3', 'write 4', 'write 5'];
  const told = tell({ ...smallWorld(small), distances }, migrate, [script]);
  expect(told.broken).toEqual([]);
  expect(told.of(event.spilled).map(({ from, to }) => `${from} -> ${to}`)).toEqual([
    '0 -> 2',
    '0 -> 2',
    '0 -> 3',
    '0 -> 3',
  ]);
});

describe('a Gfn that a page was mapped to, and left, is as good as new: with its node full it takes a frame of the other', () => {
  const cramped: Small = { ...calm, frames: 2, vcpus: 4, pages: 4, gfns: 12, idleScans: 0 };
  test.each<[string, string, Small, string[]]>([
    [
      'lost on its way',
      'copyless-map-then-migrate',
      { faults: [{ fault: 'bit flip at rest', nth: 1 }] },
      ['move 0 to 1'],
    ],
    ['moved on', 'copyless-map', {}, ['move 0 to 1', 'move 0 to 0']],
    ['freed and given back', 'copyless-map', {}, ['move 0 to 1', 'free 0', 'inflate 1', 'deflate 1']],
  ])('%s under %s', (_, protocol, small, leaves) => {
    // Two frames of node 1 are pinned: there is nothing on it that could make room.
    const told = tell({ ...cramped, ...small }, named(protocol), [
      ['write 0', 'pageout 0', 'handover 1'],
      ['await', 'write 1', 'pin 1', ...leaves, 'handover 3', 'await', 'write 3'],
      [],
      ['await', 'write 2', 'pin 2', 'handover 1'],
    ]);
    expect(told.broken).toEqual([]);
    expect(told.of(event.spilled).map(({ from, to }) => `${from} -> ${to}`)).toEqual(['1 -> 0']);
    const { gfn } = told.of(event.spilled)[0]!;
    const { geometry } = told.system;
    expect(told.of(event.entered, (e) => e.gfn === gfn && !geometry.isFrame(e.to))).toHaveLength(1);
  });
});

describe('swapoff', () => {
  const two: Small = { ...calm, chain: [20] };

  // shows: race 20
  test('every page is brought in to its pinned node; the store takes no more', () => {
    for (const protocol of protocols) {
      const told = tell(two, protocol, [
        [
          'write 0',
          'write 1',
          'pageout 0',
          'pageout 1',
          'swapoff 0',
          'swapoff 0',
          'swapoff 0 9',
          'pageout 0',
          'read 0',
          'read 1',
        ],
        [],
      ]);
      expect(told.broken).toEqual([]);
      expect(ends(told)).toEqual([result.OK, result.OK, result.OK, result.ALREADY, result.EINVAL, result.OK]);
      expect(path(told)).toEqual([
        'node 0 -> nvme0',
        'node 0 -> nvme0',
        'nvme0 -> node 0',
        'nvme0 -> node 0',
        'node 0 -> hdd1',
        'hdd1 -> node 0',
      ]);
    }
  });

  // shows: race 20
  test('a mapped page is brought in to where it was mapped to', () => {
    const told = tell(two, mapping, [['write 0', 'pageout 0', 'move 0 to 1', 'swapoff 0', 'read 0'], []]);
    expect(told.broken).toEqual([]);
    expect(path(told)).toEqual(['node 0 -> nvme0', 'nvme0 -> node 1']);
  });

  // shows: race 20, race 25
  test('with memory full the pages go to another store; with that full too the store stays on: NOMEM', () => {
    const fill = ['write 0', 'pageout 0', 'write 1', 'write 2', 'write 3', 'write 4'];
    const tight = (chain: number[]): Small => ({ ...calm, frames: 2, pages: 5, gfns: 10, slots: 6, chain });
    const other = tell(tight([6]), migrate, [[...fill, 'swapoff 0', 'read 0'], []]);
    expect(other.broken).toEqual([]);
    expect(ends(other).at(-1)).toBe(result.OK);
    expect(path(other).join()).toContain('nvme0 -> hdd1');
    const none = tell(tight([]), migrate, [[...fill, 'swapoff 0', 'read 0'], []]);
    expect(none.broken).toEqual([]);
    expect(ends(none).at(-1)).toBe(result.NOMEM);
  });

  // shows: race 20
  test('while others touch, move and page out: 300 drawn runs of two protocols, every swapoff ends', () => {
    let ended = 0;
    for (const protocol of [migrate, mapping]) {
      for (let seed = 1; seed <= 150; seed++) {
        const small: Small = {
          ...two,
          slots: 40,
          pages: 5,
          gfns: 18,
          frames: 4 + (seed % 5),
          holdTicks: 2,
          vcpus: 3,
        };
        const scripts = drawn(seed, 3, 5, ['pageout', 'pageout', 'hold', 'swapoff 0', 'swapoff 0 1'], 16);
        const told = tell(
          { ...small, heldFault: seed % 2 ? 'block' : 'refuse' },
          protocol,
          scripts,
          orderOf(seed),
        );
        expect({ seed, broken: told.broken }).toEqual({ seed, broken: [] });
        ended += told.of(
          event.swapoff,
          (e) => e.from === swapoffPhase.ended && e.result === result.OK,
        ).length;
      }
    }
    expect(ended).toBeGreaterThan(100);
  });
});
