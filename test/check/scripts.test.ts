// A script that is searched: exactly its operations, in every order of deliveries, from memory that nobody has touched; with
// every command that scripts have. What is found is found with the reduction and without, and the simulator makes it again.
import { describe, expect, test } from 'vitest';
import { commandKinds, kernelCommands } from '../../src/model/script.ts';
import { protocols } from '../../src/protocols/index.ts';
import { forgeries } from '../../src/actors/rogue.ts';
import type { WorldCheck } from '../../src/report/check/check-world.ts';
import { search, type SmallBounds } from './small-searches.ts';

const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

/** Each command, beside an access or a move of the same page. States with the reduction, and without. */
const scripts: Record<string, SmallBounds & { states: readonly [number, number] }> = {
  pageout: { script: [['write 0', 'pageout 0', 'read 0'], ['read 0']], states: [2_222, 2_912] },
  share: {
    script: [
      ['write 0', 'pageout 0', 'share 0'],
      ['read 0', 'unshare 0'],
    ],
    states: [2_449, 3_065],
  },
  unshare: {
    script: [['write 0', 'pageout 0', 'share 0', 'read 0', 'unshare 0'], ['read 0']],
    states: [3_009, 3_777],
  },
  pin: {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'pin 0', 'unpin 0'],
      ['await', 'move 0 to 1'],
    ],
    states: [3_707, 4_049],
  },
  unpin: {
    script: [['write 0', 'pin 0', 'pageout 0', 'unpin 0', 'pageout 0'], ['read 0']],
    states: [1_596, 2_140],
  },
  promote: {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'promote 0'],
      ['await', 'move 0 to 1'],
    ],
    states: [2_844, 3_125],
  },
  'migrate-host': {
    script: [
      ['write 0', 'migrate-host 0 1'],
      ['read 0', 'write 0'],
    ],
    states: [1_007, 1_286],
  },
  swapoff: {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'swapoff 0'],
      ['await', 'move 0 to 1'],
    ],
    states: [3_159, 3_465],
  },
  writeback: {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'writeback 0'],
      ['await', 'move 0 to 1'],
    ],
    given: { chain: [2] },
    states: [1_115, 1_201],
  },
  hold: {
    script: [['write 0', 'pageout 0', 'hold 0', 'read 0'], ['read 0']],
    given: { holdTicks: 1 },
    states: [7_659, 9_089],
  },
  free: { script: [['write 0', 'free 0', 'write 0'], ['move 0 to 1']], states: [674, 1_254] },
  'free, reported': {
    script: [['write 0', 'pageout 0', 'free 0', 'write 0'], ['read 0']],
    given: { guest: { freePageReporting: true } },
    states: [15_899, 20_647],
  },
  'free, poisoned, by another': {
    script: [
      ['write 0', 'handover 1'],
      ['await', 'free 0', 'write 0'],
    ],
    given: { guest: { poison: 'negotiated' } },
    states: [124, 262],
  },
  inflate: {
    script: [
      ['write 0', 'inflate 0', 'deflate 0'],
      ['read 0', 'move 0 to 1'],
    ],
    given: { gfns: 4 },
    states: [848, 1_299],
  },
  deflate: {
    script: [['inflate 0', 'deflate 0', 'deflate 0', 'write 0'], ['read 0']],
    given: { gfns: 4 },
    states: [688, 775],
  },
  unplug: {
    script: [
      ['write 0', 'unplug 0'],
      ['read 0', 'unplug 1'],
    ],
    given: { gfns: 4 },
    states: [488, 589],
  },
  repin: {
    script: [['write 0', 'pageout 0', 'handover 1', 'repin 1 2'], ['await', 'move 0 to 1'], []],
    nodes: 3,
    states: [743, 1_884],
  },
  'a batch': {
    script: [['write 0', 'write 1', 'pageout 0', 'move 0..1 to 1'], ['read 1']],
    states: [2_934, 3_619],
  },
  'asynchronous faults': {
    script: [['write 0', 'write 1', 'pageout 0', 'write 0', 'read 1', 'read 0'], ['read 0']],
    given: { guest: { asyncFaults: true } },
    states: [5_721, 6_019],
  },
  'a list that is sent': {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'read 0'],
      ['await', 'move 0 to 1'],
    ],
    given: { list: { access: 'copy' } },
    states: [87_900, 98_738],
  },
  'a list that is sent, and a restart': {
    script: [['write 0', 'pageout 0', 'read 0'], []],
    given: { list: { access: 'copy' } },
    restarts: 1,
    states: [17_222, 36_212],
  },
  'a ring that is told of': {
    script: [['write 0', 'pageout 0', 'move 0 to 1'], []],
    given: { list: { format: 'ring', inspect: 'on notify' }, gfns: 4 },
    states: [802, 1_718],
  },
  'reclaim as well': {
    script: [
      ['write 0', 'read 0'],
      ['write 0', 'move 0 to 1'],
    ],
    reclaims: 1,
    states: [70_090, 133_382],
  },
  // What was taken off the list is on it again until the host, which has not heard of it, says so once more.
  'a lost message, and a restart': {
    script: [['write 0', 'pageout 0', 'read 0']],
    losses: 1,
    timeouts: 0,
    restarts: 1,
    states: [3_430, 3_430],
  },
  'a lost message': { script: [['write 0', 'pageout 0', 'read 0']], losses: 1, states: [3_183, 3_310] },
};

const passes = { complete: true, pass: true, live: true, broken: undefined };

/** The states in which everything has ended, in words. */
function endsOf({ system, search }: WorldCheck): string[] {
  const { set } = search;
  const { states } = search.result();
  const ends = new Set<string>();
  for (let id = 1; id <= states; id++) {
    const at = id * system.words;
    if (system.isEnd(set.keys, at)) ends.add(system.shown(set.keys, at).whole().join('\n'));
  }
  return [...ends].sort();
}

describe('each command can be searched, and breaks nothing', () => {
  test.each(Object.entries(scripts))('%s', (_name, { states, ...bounds }) => {
    const [reduced, whole] = [true, false].map((reduces) => {
      const { check, checked } = search(migrate, bounds, { reduces });
      const { complete, pass, live, violation } = checked;
      expect({ complete, pass, live, broken: violation?.message }).toEqual(passes);
      return { states: checked.states, ends: endsOf(check) };
    });
    expect([reduced!.states, whole!.states]).toEqual(states);
    // The same runs are possible: they end in the same states, to the last private word.
    expect(reduced!.ends.length).toBeGreaterThan(0);
    expect(reduced!.ends).toEqual(whole!.ends);
  });

  test('every command is among them', () => {
    const named = Object.values(scripts).flatMap(({ script }) =>
      script!.flat().map((text) => text.split(' ')[0]!),
    );
    const missing = commandKinds.filter((kind) => !kernelCommands.includes(kind) && !named.includes(kind));
    expect(missing).toEqual(['forge']);
  });

  const forged = forgeries.map((name, number) => ({ name, number })).filter(({ name }) => name !== 'rewrite' && name !== 'scribble'); // prettier-ignore
  test.each(forged)('a hostile guest: $name', ({ number }) => {
    const script = [['write 0', 'pageout 0', `forge 0 ${number}`], ['read 0']];
    const given = { vcpus: 1, gfns: 4 };
    const { complete, pass, live, violation } = search(migrate, { script, guests: 2, given }).checked;
    expect({ complete, pass, live, broken: violation?.message }).toEqual(passes);
  });
});

describe('a script as a search', () => {
  const contested = [
    ['write 0', 'pageout 0', 'handover 1', 'write 0'],
    ['await', 'move 0 to 1', 'read 0'],
  ];

  test('begins with memory that nobody has touched: a page is on the vNode of the vCPU that touches it first', () => {
    const { check } = search(migrate, { script: [['read 0'], ['write 0']] });
    const places = endsOf(check).map((end) => /page table of page 0: Gfn (\d+)/.exec(end)?.[1]);
    expect(new Set(places).size).toBe(2);
  });

  test('a counterexample has the whole script, and the simulator makes it again', async () => {
    const { check, checked, replay } = search(
      migrate,
      { script: contested },
      { flaws: ['fault-ignores-hold'] },
    );
    const violation = checked.violation!;
    expect(violation).toMatchObject({ kind: 'property', property: 'no-copy-back', shortest: true });
    expect(violation.choices.map(({ text }) => text)).toContain('vcpu1 moves page 0 to vNode 1');
    const { workload } = check.unitOf(violation, 'copyless-migrate');
    expect(workload).toEqual({ kind: 'script', vcpus: contested });
    expect(await replay(violation)).toContain('no-copy-back');
  });

  test('each waiting for the other for ever is a deadlock', () => {
    const script = [
      ['await', 'handover 1'],
      ['await', 'handover 0'],
    ];
    expect(search(migrate, { script }).checked.violation).toMatchObject({ kind: 'deadlock' });
  });

  test('another script is another search: its checkpoint is refused', () => {
    const { check } = search(migrate, { script: contested }, { states: 100 });
    const saved = check.search.save();
    const again = search(migrate, { script: contested }, { from: saved }).checked;
    const { states, transitions, depth } = search(migrate, { script: contested }).checked;
    expect(again).toMatchObject({ complete: true, pass: true, live: true, states, transitions, depth });
    const other = () => search(migrate, { script: [['write 0'], ['read 0']] }, { from: saved });
    expect(other).toThrow('checkpoint:');
  });
});
