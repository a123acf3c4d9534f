// What the host did, counted: the kernel's names where it has one, and what it cost.
import { describe, expect, test } from 'vitest';
import { runOnce } from '../../src/report/run.ts';
import { event } from '../../src/model/events.ts';
import { protocols } from '../../src/protocols/index.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { costs, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';
import { tell } from './story.ts';

const named = (name: string) => protocols.find((protocol) => protocol.name === name)!;
const calm: Small = { hintPages: 0, prefetch: 0, frames: 8 };

/** The counters that are not zero, of those asked for, and the run's transfers and bytes. */
async function counted(
  small: Small,
  script: string[],
  names: string[],
  protocol = named('copyless-migrate'),
) {
  const spec = smallWorld({ ...calm, ...small });
  if (small.chain) spec.stores[0]!.kind = 'zram';
  const workload = scriptWorkload([script, []], shapeOf(spec));
  const { run } = await runOnce({ spec, protocol, costs, tables }, [workload], { seed: 1 });
  expect(run.violations).toEqual([]);
  const vmstat = Object.fromEntries(names.map((name) => [name, run.vmstat[name]]));
  return { vmstat, transfers: run.transfers, bytes: run.bytes };
}

describe('counters', () => {
  // shows: race 19
  test('zswap: in, out, written back', async () => {
    const script = ['write 0', 'pageout 0', 'writeback 0', 'write 0', 'pageout 0', 'read 0'];
    const { vmstat } = await counted({ chain: [8] }, script, [
      'zswpout',
      'zswpwb',
      'zswpin',
      'cl_written_back',
      'pswpout',
      'pswpin',
    ]);
    expect(vmstat).toEqual({ zswpout: 2, zswpwb: 1, zswpin: 2, cl_written_back: 1, pswpout: 2, pswpin: 2 });
  });

  // shows: variant (16) (21) (32) new location
  test('demotion and promotion; a page that was promoted and is copied on by the guest is a copy-back', async () => {
    const script = ['write 0', 'pageout 0', 'promote 0', 'move 0 to 1', 'read 0'];
    const names = ['pgdemote_kswapd', 'pgpromote_candidate', 'pgpromote_success', 'cl_copyback_pages'];
    for (const protocol of protocols) {
      const { vmstat, transfers } = await counted({ far: true, mapped: true }, script, names, protocol);
      expect(vmstat).toEqual({
        pgdemote_kswapd: 1,
        pgpromote_candidate: 1,
        pgpromote_success: 1,
        cl_copyback_pages: 1,
      });
      expect(transfers).toEqual({ total: 2, toSource: 1, direct: 0, copied: 1 });
    }
    const { transfers } = await counted(
      { far: true, mapped: true },
      script.filter((word) => word !== 'promote 0'),
      names,
    );
    expect(transfers).toEqual({ total: 1, toSource: 0, direct: 0, copied: 1 });
  });

  // shows: claim 12, race 2
  test('a demand fault is a copy-back where it ended a hold; elsewhere it is ordinary, and so is what is read along', async () => {
    const names = ['cl_copyback_demand', 'cl_demand_in', 'cl_prefetch_in', 'swap_ra', 'pswpin'];
    const none = { cl_copyback_demand: 0, cl_demand_in: 0, cl_prefetch_in: 0, swap_ra: 0 };
    const away = ['write 0', 'write 1', 'pageout 0', 'pageout 1'];
    const convert = { heldFault: 'convert' } as const;
    const ended = await counted(convert, [...away, 'hold 0', 'read 0'], names);
    expect(ended.vmstat).toEqual({ ...none, cl_copyback_demand: 1, pswpin: 1 });
    const free = await counted(convert, [...away, 'read 0', 'read 1'], names);
    expect(free.vmstat).toEqual({ ...none, cl_demand_in: 2, pswpin: 2 });
    const along = await counted({ prefetch: 1 }, [...away, 'read 0', 'read 1'], names);
    expect(along.vmstat).toEqual({ ...none, cl_demand_in: 1, cl_prefetch_in: 1, pswpin: 2 });
    const ahead = await counted({ readAhead: 2 }, [...away, 'read 0', 'read 1'], names);
    expect(ahead.vmstat).toEqual({ ...none, cl_demand_in: 1, swap_ra: 1, pswpin: 2 });
  });

  // shows: claim 12, race 20
  test('swapoff, its wait for a hold, and the hold that expired', async () => {
    const script = ['write 0', 'pageout 0', 'hold 0', 'swapoff 0', 'migrate-host 0 1', 'read 0'];
    const names = ['cl_swapoff_waits', 'cl_hold_expired', 'cl_swapoff_in', 'cl_host_migrated'];
    const { vmstat } = await counted({ holdTicks: 2 }, script, names);
    expect(vmstat).toEqual({
      cl_swapoff_waits: 1,
      cl_hold_expired: 1,
      cl_swapoff_in: 1,
      cl_host_migrated: 1,
    });
  });
});

// shows: variant (30) encryption
test('with keys bound to the Gfn a map takes a read, a write and two passes of the cipher more, and moves as many bytes', async () => {
  const script = ['write 0', 'pageout 0', 'move 0 to 1'];
  const spent = (encryption: 'none' | 'slot' | 'gfn') => {
    const told = tell({ ...calm, encryption }, named('copyless-map'), [script, []]);
    return told.of(event.answered)[0]!.time - told.of(event.accepted)[0]!.time;
  };
  const { readNs, writeNs } = costs.stores.nvme;
  expect(spent('slot')).toBe(spent('none'));
  expect(spent('gfn') - spent('none')).toBeCloseTo(readNs + writeNs + 2 * costs.cipherPageNs);
  const map = named('copyless-map');
  const page = 8;
  const [slot, gfn] = [
    await counted({ encryption: 'slot' }, script, ['cl_rekeyed'], map),
    await counted({ encryption: 'gfn' }, script, ['cl_rekeyed'], map),
  ];
  expect([slot.vmstat, gfn.vmstat]).toEqual([{ cl_rekeyed: 0 }, { cl_rekeyed: 1 }]);
  expect(slot.bytes).toMatchObject({ storeRead: 0, storeWritten: page });
  expect(gfn.bytes).toMatchObject({ storeRead: page, storeWritten: 2 * page });
});
