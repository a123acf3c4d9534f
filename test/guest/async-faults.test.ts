// Asynchronous page faults: a vCPU goes on beside one fault that needs I/O, and comes back to it exactly once.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { AsyncFaults } from '../../src/actors/async-faults.ts';
import { event, type TraceEvent } from '../../src/model/events.ts';
import { result } from '../../src/model/words.ts';
import { protocols } from '../../src/protocols/index.ts';
import { guestCampaign } from '../support/guest-campaign.ts';
import { ACCESSES, type Mix, written } from '../support/random-scripts.ts';
import { explore, smallWorld } from '../support/small-world.ts';

const RUNS = 30;
const MIX: Mix = { ...ACCESSES, 'pageout P': 5, 'free P': 1 };
const migrate = protocols.find(({ name }) => name === 'copyless-migrate')!;
const guest = { asyncFaults: true };

afterEach(() => void vi.restoreAllMocks());

/** Counts accesses made beside a token, and requests refused for a Gfn that one is outstanding for. */
function beside(): (e: TraceEvent, saw: (what: string) => void) => void {
  const tokens = new Map<number, number>();
  return (e, saw) => {
    if (e.kind === event.deferred) tokens.set(e.id, e.destination);
    if (e.kind === event.readied) tokens.delete(e.id);
    if ((e.kind === event.read || e.kind === event.wrote) && tokens.has(e.id)) saw('access beside a token');
    if (e.kind !== event.answered || e.result !== result.BUSY) return;
    if ([...tokens.values()].includes(e.gfn)) saw('request refused for a token');
  };
}

// shows: race 15
test.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))(
  `under $name: every property holds in ${RUNS} random runs, and each token is completed once`,
  ({ protocol }) => {
    const { wrong, seen } = guestCampaign(protocol, RUNS, MIX, { guest }, { count: beside() });
    expect(wrong).toEqual([]);
    expect(seen.get('deferred') ?? 0).toBeGreaterThan(100);
    expect(seen.get('retried')).toBe(seen.get('deferred'));
    expect(seen.get('access beside a token') ?? 0).toBeGreaterThan(20);
  },
);

// shows: race 15
test('a request for a page that a token is outstanding for is refused BUSY', () => {
  const often: Mix = { 'read P': 6, 'write P': 3, 'pageout P': 6, 'move P to V': 6 };
  const small = { guest, pages: 3, hintPages: 0, vcpus: 3, nodes: 2, frames: 6 };
  const { wrong, seen } = guestCampaign(migrate, 60, often, small, { count: beside() });
  expect(wrong).toEqual([]);
  expect(seen.get('request refused for a token') ?? 0).toBeGreaterThan(0);
});

describe('one vCPU', () => {
  function run(script: string[], async: boolean) {
    const told: string[] = [];
    let end = 0;
    const on = {
      read: (e: TraceEvent) => void told.push(`read ${e.gfn}`),
      wrote: (e: TraceEvent) => void told.push(`write ${e.gfn}`),
      deferred: (e: TraceEvent) => void told.push(`deferred ${e.gfn}`),
      halted: (e: TraceEvent) => void (end = e.time),
    };
    const spec = smallWorld({ vcpus: 1, hintPages: 0, prefetch: 0, ...(async && { guest }) });
    const done = explore(spec, migrate, written([script]), { kind: 'timed' }, { observing: [{ on }] });
    expect(done.violations).toEqual([]);
    return { told: told.slice(2), end };
  }
  test('goes on with another page, and not past an access to the one that is not there', () => {
    const script = ['write 0', 'write 1', 'pageout 0', 'read 0', 'read 1', 'write 1', 'write 0', 'read 1'];
    expect(run(script, true).told).toEqual([
      'deferred 0',
      'read 1',
      'write 1',
      'read 0',
      'write 0',
      'read 1',
    ]);
    expect(run(script, false).told).toEqual(['read 0', 'read 1', 'write 1', 'write 0', 'read 1']);
  });
  test('takes one token at a time: the second page that is not there waits for the first', () => {
    const script = ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'read 0', 'read 1'];
    expect(run(script, true).told).toEqual(['deferred 0', 'read 0', 'deferred 1', 'read 1']);
  });
  test('is done earlier for it', () => {
    const script = [
      'write 0',
      'write 1',
      'pageout 0',
      'read 0',
      ...Array.from({ length: 400 }, () => 'read 1'),
    ];
    expect(run(script, true).end).toBeLessThan(run(script, false).end);
  });
});

describe('what is broken is named', () => {
  const rings = (until: RegExp) => {
    const { wrong } = guestCampaign(migrate, 2 * RUNS, MIX, { guest }, { limit: 40_000, until });
    expect(wrong.join('\n')).toMatch(until);
  };
  test('async-faults: a guest that goes past the access it put aside', () => {
    vi.spyOn(AsyncFaults.prototype, 'mayGoOn').mockReturnValue(true);
    rings(/async-faults: vcpu\d+ went past its access to Gvpn \d+/);
  });
  test('async-faults: a guest that makes the access again before it is told ready', () => {
    vi.spyOn(AsyncFaults.prototype, 'isReady', 'get').mockImplementation(function (this: AsyncFaults) {
      return this.isOpen;
    });
    rings(/async-faults: vcpu\d+ made the access to Gvpn \d+ again that was not ready/);
  });
  test('async-faults: a guest that forgets the access when it is told ready', () => {
    const real = AsyncFaults.prototype as { complete: (this: AsyncFaults, lost: boolean) => boolean };
    const { complete } = real;
    vi.spyOn(AsyncFaults.prototype, 'complete').mockImplementation(function (this: AsyncFaults) {
      return complete.call(this, true);
    });
    rings(/async-faults: vcpu\d+: the access to Gvpn \d+ was put aside and never made|went past its access/);
  });
  test('async-faults: a guest that takes a second token', () => {
    vi.spyOn(AsyncFaults.prototype, 'isOpen', 'get').mockReturnValue(false);
    rings(/async-faults: vcpu\d+ (was given a second token|went past its access)/);
  });
});
