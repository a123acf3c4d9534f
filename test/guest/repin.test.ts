// A vNode that is pinned to another node at run time (race 21): requests under way are looked at again, later ones and
// faults go to the new node, and no frame is accepted on the old one.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HostPages } from '../../src/actors/host-pages.ts';
import type { TraceEvent } from '../../src/model/events.ts';
import { result } from '../../src/model/words.ts';
import { protocols } from '../../src/protocols/index.ts';
import { guestCampaign } from '../support/guest-campaign.ts';
import { ACCESSES, type Mix, written } from '../support/random-scripts.ts';
import { explore, type Small, smallWorld } from '../support/small-world.ts';

const RUNS = 60;
const REPIN: Mix = { ...ACCESSES, 'repin V 0': 1, 'repin V 1': 1 };
/** Little else: a pin must change between a request's frame and its acceptance. */
const OFTEN: Mix = { 'write P': 4, 'pageout P': 6, 'move P to V': 8, 'repin V 0': 5, 'repin V 1': 5 };
const CROWD: Small = { vcpus: 3, guests: 1, nodes: 2, frames: 6, prefetch: 0, hintPages: 0, batch: 1 };
const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;

afterEach(() => void vi.restoreAllMocks());

// shows: race 21, claim 14
test.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))(
  `under $name: every property holds in ${RUNS} random runs with pins that change`,
  ({ protocol }) => {
    const { wrong, seen } = guestCampaign(protocol, RUNS, REPIN, {});
    expect(wrong).toEqual([]);
    expect(seen.get('repinned') ?? 0).toBeGreaterThan(100);
  },
);

test(`a request whose pin changed since it took its frame is refused, in ${RUNS} runs that change little else`, () => {
  const repinned = vi.spyOn(HostPages.prototype, 'isRepinned');
  const { wrong } = guestCampaign(migrate, RUNS, OFTEN, CROWD);
  expect(wrong).toEqual([]);
  expect(repinned.mock.results.filter(({ value }) => value === true).length).toBeGreaterThan(0);
});

describe('one page', () => {
  test('goes to the node that its vNode is pinned to when it is asked for, not to the one before', () => {
    const frames: string[] = [];
    const spec = smallWorld({ nodes: 3, hintPages: 0, vcpus: 1 });
    const done = explore(
      spec,
      migrate,
      written([['write 0', 'pageout 0', 'repin 1 2', 'move 0 to 1', 'read 0', 'repin 1 9']]),
      { kind: 'timed' },
      {
        observing: [
          {
            on: {
              answered: (e: TraceEvent) => void frames.push(`answered ${e.result}`),
              commanded: (e: TraceEvent) => void frames.push(`commanded ${e.result}`),
              eptSet: (e: TraceEvent) => void frames.push(done0.place(e.to)),
            },
          },
        ],
      },
    );
    expect(done.violations).toEqual([]);
    expect(frames).toEqual([
      'node 0',
      `commanded ${result.OK}`,
      `commanded ${result.OK}`,
      'node 2',
      `answered ${result.OK}`,
      `commanded ${result.EINVAL}`,
    ]);
  });
  const done0 = { place: (location: number) => `node ${Math.floor((location - 1) / 4)}` };
});

describe('what is broken is named', () => {
  test('I4-pin: a host that accepts a request although the pin has changed', () => {
    vi.spyOn(HostPages.prototype, 'isRepinned').mockReturnValue(false);
    const until = /I4-pin: request \d+ was accepted with a frame on the node/;
    const { wrong } = guestCampaign(migrate, RUNS, OFTEN, CROWD, { until });
    expect(wrong.join('\n')).toMatch(until);
  });
  test('I4-pin: a host that goes by the pins it began with', () => {
    vi.spyOn(HostPages.prototype, 'pinOf').mockImplementation(function (this: HostPages, gfn) {
      const { geometry } = (this as unknown as { world: { geometry: { pinOf(gfn: number): number } } }).world;
      return geometry.pinOf(gfn);
    });
    const until = /I4-pin: Gfn \d+, pinned to node \d+, was mapped to/;
    const { wrong } = guestCampaign(migrate, RUNS, REPIN, {}, { until });
    expect(wrong.join('\n')).toMatch(until);
  });
});
