// A guest kernel that forges requests and scribbles on what it shares with the host: it learns and changes nothing of another
// guest's, and what it does to its own pages never breaks what the host must keep.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Hypervisor } from '../../src/actors/hypervisor.ts';
import { Requests } from '../../src/actors/requests.ts';
import { forgeries } from '../../src/actors/rogue.ts';
import { PageWords } from '../../src/memory/page-words.ts';
import type { World } from '../../src/memory/world.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import type { WorldSpec } from '../../src/model/spec.ts';
import { cause, results } from '../../src/model/words.ts';
import { type Protocol, protocols } from '../../src/protocols/index.ts';
import { guestCampaign } from '../support/guest-campaign.ts';
import { ACCESSES, type Mix, randomScripts, written } from '../support/random-scripts.ts';
import { explore, type Small, smallWorld } from '../support/small-world.ts';

const RUNS = 30;
const FORGING: Mix = { ...ACCESSES, 'forge P N': 8 };
const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;
const number = (name: (typeof forgeries)[number]) => forgeries.indexOf(name);

afterEach(() => void vi.restoreAllMocks());

// shows: claim 13, race 17, race 8, variant (18) one list per guest
test.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))(
  `under $name: ${RUNS} random runs with one guest that forges: every property holds, but for what it reads itself`,
  ({ protocol }) => {
    const forged = new Map<number, number>();
    const count = (e: TraceEvent) => {
      if (e.kind === event.forged) forged.set(e.result, (forged.get(e.result) ?? 0) + 1);
    };
    const { wrong, seen } = guestCampaign(
      protocol,
      RUNS,
      [ACCESSES, FORGING],
      { guests: 2 },
      { hostile: 1, count },
    );
    expect(wrong).toEqual([]);
    for (const [i, name] of forgeries.entries()) expect(forged.get(i) ?? 0, name).toBeGreaterThan(0);
    expect(seen.get('rejected')).toBeGreaterThan(0);
    if (protocol.guestAsks !== 'nothing') expect(seen.get('tampered')).toBeGreaterThan(0);
  },
);

/** Two guests with room for both, nothing moved but by command: what one does cannot slow the other's memory down. */
const roomy: Small = { guests: 2, vcpus: 2, frames: 40, slots: 80, gfns: 24, hintPages: 0, prefetch: 0 };
function roomyWorld(): WorldSpec {
  const spec = smallWorld(roomy);
  return { ...spec, policy: { ...spec.policy, idleScans: 0 } };
}

/** A task that goes to and fro between two vCPUs, so that what it does has one order. */
function oneTask(words: readonly string[]): string[][] {
  const scripts: string[][] = [[], ['await']];
  words.forEach((word, i) => {
    const vcpu = Math.floor(i / 5) % 2;
    scripts[vcpu]!.push(word);
    if (i % 5 === 4) scripts[vcpu]!.push(`handover ${1 - vcpu}`, 'await');
  });
  const idle = words.length % 10 < 5 ? 1 : 0;
  scripts[idle]!.splice(scripts[idle]!.lastIndexOf('await'), 1);
  return scripts;
}

interface Seen {
  memory: (number[] | null)[];
  answers: string[];
  list: number[];
}

/** What one guest sees in a run: its memory, what it was told and in which order, its list. */
function seenBy(guest: number, scripts: string[][], order: number, protocol: Protocol): Seen {
  const spec = roomyWorld();
  const answers: string[] = [];
  const mine = (vcpu: number) => Math.floor(vcpu / 2) === guest;
  const tell = (name: string) => (e: TraceEvent) => {
    const vcpu = name === 'answered' ? Math.floor(e.id / spec.batch) : e.id;
    if (mine(vcpu)) answers.push(`${name} ${e.gfn} ${e.destination} ${results[e.result]}`);
  };
  const on = {
    answered: tell('answered'),
    commanded: tell('commanded'),
    inspected: tell('inspected'),
    balanced: tell('balanced'),
  };
  const done = explore(
    spec,
    protocol,
    written(scripts),
    { kind: 'random', seed: order },
    { observing: [{ on }] },
  );
  expect(done.ending).toBe('at rest');
  const { pages } = spec.guests[0]!;
  const memory = Array.from({ length: pages }, (_, page) => {
    const words = done.system.contentOf(guest * pages + page);
    return words === null ? null : [...words];
  });
  const { world } = done.system.actors[0] as unknown as { world: World };
  return { memory, answers, list: [...world.lists[guest]!.words.column] };
}

// shows: race 17, variant (18) one list per guest
describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))(
  'under $name',
  ({ protocol }) => {
    const spec = roomyWorld();
    const draw = (seed: number, mix: Mix) => randomScripts(spec, seed, mix, { operations: 40 });

    test('a guest sees the same memory, answers and list whatever the other forges, in 12 scripts and 3 orders each', () => {
      for (let seed = 1; seed <= 12; seed++) {
        const victim = oneTask(draw(seed, ACCESSES)[0]!);
        const rogue = draw(seed, FORGING).slice(2);
        const alone = seenBy(0, [...victim, [], []], seed, protocol);
        for (let order = 1; order <= 3; order++)
          expect(seenBy(0, [...victim, ...rogue], 100 * seed + order, protocol)).toEqual(alone);
      }
    });

    test('a guest that forges learns nothing: it is answered the same whatever the other does, in 12 scripts', () => {
      // Two requests at once race with each other, whoever else there is.
      const alone = forgeries.filter((name) => name !== 'twice at once');
      const mix: Mix = {
        ...ACCESSES,
        ...Object.fromEntries(alone.map((name) => [`forge P ${number(name)}`, 1])),
      };
      for (let seed = 1; seed <= 12; seed++) {
        const rogue = oneTask(draw(seed, mix)[2]!);
        const busy = draw(seed, { ...ACCESSES, 'pageout P': 8 }).slice(0, 2);
        const beside = seenBy(1, [[], [], ...rogue], seed, protocol);
        expect(seenBy(1, [...busy, ...rogue], 100 * seed + 1, protocol)).toEqual(beside);
      }
    });
  },
);

describe('each forgery has its answer', () => {
  /** Answers to one forgery for a page that is listed. */
  function answersTo(name: (typeof forgeries)[number]): string[] {
    const answers: string[] = [];
    const on = {
      answered: (e: TraceEvent) => void answers.push(results[e.result]!),
      rejected: () => void answers.push('rejected'),
    };
    const script = ['write 0', 'pageout 0', `forge 0 ${number(name)}`];
    const spec = smallWorld({ ...roomy, vcpus: 1 });
    const done = explore(spec, migrate, written([[], script]), { kind: 'timed' }, { observing: [{ on }] });
    expect(done.violations).toEqual([]);
    return answers;
  }
  test.each([
    ['foreign source', ['EINVAL']],
    ['foreign destination', ['EINVAL']],
    ['no hold', ['OK']],
    ['wrong generation', ['STALE']],
    ['twice at once', ['BUSY', 'OK']],
    ['out of range', ['EINVAL']],
    ['malformed kind', ['EINVAL']],
    ['source is destination', ['EINVAL']],
    ['any generation', ['EINVAL']],
    ['scribble', []],
    ['rewrite', []],
    ['foreign record', ['rejected']],
  ] as const)('%s: %s', (name, expected) => {
    expect(answersTo(name).toSorted()).toEqual([...expected].toSorted());
  });

  // shows: race 8
  test('two vCPUs that ask for one page: one wins, the other is told, the page moves once, in 200 orders', () => {
    const told = new Map<string, number>();
    for (let seed = 1; seed <= 200; seed++) {
      const answers: string[] = [];
      let moved = 0;
      const on = {
        answered: (e: TraceEvent) => void answers.push(results[e.result]!),
        dataIn: (e: TraceEvent) => void (moved += e.cause === cause.request ? 1 : 0),
      };
      const ask = `forge 0 ${number('no hold')}`;
      const scripts = [
        ['write 0', 'pageout 0', 'handover 1', ask],
        ['await', ask],
      ];
      const order = { kind: seed % 2 === 0 ? 'random' : 'pct', seed } as const;
      const spec = smallWorld({ ...roomy, guests: 1 });
      const done = explore(spec, migrate, written(scripts), order, { observing: [{ on }] });
      expect(done.violations).toEqual([]);
      expect(answers.filter((answer) => answer === 'OK')).toHaveLength(1);
      expect(moved).toBe(1);
      const other = answers.find((answer) => answer !== 'OK')!;
      told.set(other, (told.get(other) ?? 0) + 1);
    }
    expect([...told.keys()].toSorted()).toEqual(['ALREADY', 'BUSY']);
  });
});

describe('what is broken is named', () => {
  const rings = (until: RegExp, forging: Mix = FORGING, small: Small = {}) => {
    const mixes = [ACCESSES, forging];
    const { wrong } = guestCampaign(
      migrate,
      4 * RUNS,
      mixes,
      { guests: 2, ...small },
      { hostile: 1, limit: 40_000, until },
    );
    expect(wrong.join('\n')).toMatch(until);
  };
  const hypervisor = Hypervisor.prototype as unknown as {
    isOwn: (request: number, sender: number) => boolean;
    isValid: (request: number, guest: number) => boolean;
  };

  test('I3-isolation: a hypervisor that does not ask whose the Gfns are', () => {
    vi.spyOn(hypervisor, 'isValid').mockReturnValue(true);
    rings(/I3-isolation: request \d+ of guest 1 was accepted for Gfn \d+, which is another's/, {
      ...ACCESSES,
      [`forge P ${number('foreign destination')}`]: 8,
    });
  });
  test('I7-exactly-once: a hypervisor that does not ask whose the record is', () => {
    vi.spyOn(hypervisor, 'isOwn').mockReturnValue(true);
    rings(/I7-exactly-once: request \d+ was answered and is not open/, {
      ...ACCESSES,
      [`forge P ${number('foreign record')}`]: 8,
    });
  });
  test('I3-isolation: a host that reads the request where the guest can still change it', () => {
    const real = Requests.prototype as unknown as {
      onRequest: (this: Requests, request: number, context: unknown) => void;
    };
    const { onRequest } = real;
    vi.spyOn(real, 'onRequest').mockImplementation(function (this: Requests, request, context) {
      const { requests, hypercalls } = (this as unknown as { world: World }).world;
      requests.source[request] = hypercalls.source[request]!;
      onRequest.call(this, request, context);
    });
    rings(/I3-isolation: request \d+ of guest 1 was accepted for Gfn \d+, which is another's/, {
      'write P': 4,
      'pageout P': 4,
      'move P to V': 6,
      [`forge P ${number('rewrite')}`]: 8,
    });
  });
  test('I1: a host that believes what stands in the page word', () => {
    const words = PageWords.prototype as unknown as { believe: (gfn: number, word: number) => number };
    vi.spyOn(words, 'believe').mockImplementation((_gfn, word) => word);
    rings(/I1-single-home: /, { ...ACCESSES, [`forge P ${number('scribble')}`]: 6 });
  });
  test('answered: a host that lets two requests wait for each other', () => {
    const mix: Mix = { 'write P': 6, 'read P': 3, 'pageout P': 5, [`forge P ${number('no hold')}`]: 20 };
    const few: Small = {
      guests: 1,
      pages: 2,
      vcpus: 6,
      nodes: 2,
      gfns: 6,
      slots: 40,
      frames: 12,
      prefetch: 0,
      hintPages: 0,
    };
    const run = () => guestCampaign(migrate, 20, mix, few, { hostile: 0, limit: 60_000, first: 190 }).wrong;
    expect(run()).toEqual([]);
    vi.spyOn(Requests.prototype as unknown as { isAskedFor: () => boolean }, 'isAskedFor').mockReturnValue(
      false,
    );
    expect(run().join('\n')).toMatch(/answered: \d+ fault/);
  });
});
