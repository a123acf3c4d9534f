// Variants that the description names and that need no file of their own: pinned and not, the guest that notices nothing,
// the list and free pages, several guests with more memory promised than there is.
import { describe, expect, test } from 'vitest';
import { cause } from '../../src/model/words.ts';
import { type Small, smallWorld, tables } from '../support/small-world.ts';
import { tight } from '../support/small-workloads.ts';
import { copyless, orders, protocolNamed, SCRIPT, tell, writes } from './story.ts';

const conventional = protocolNamed('conventional');
const migrate = protocolNamed('copyless-migrate');
/** Nothing moves but what the script says. */
const QUIET: Small = {
  hintPages: 0,
  prefetch: 0,
  idleScans: 0,
  lowWatermarkPercent: 0,
  highWatermarkPercent: 0,
  frames: 8,
};

describe('pinned vNodes, and the control', () => {
  const script = [
    ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'handover 1'],
    ['await', 'move 0..1 to 1', 'read 0', 'read 1'],
  ];
  const arrivals = (unpinned: boolean) => {
    const { story, geometry, run } = tell(conventional, QUIET, {
      script,
      alter: (spec) => {
        if (unpinned) spec.policy.unpinned = true;
      },
    });
    const pinned = run.properties.find(({ name }) => name === 'I4-pin')!;
    const inFrames = story.of('dataIn').filter((e) => geometry.isFrame(e.to));
    return { nodes: inFrames.map((e) => [e.cause, geometry.homeOf(e.to)]), examined: pinned.examined };
  };

  // shows: variant (12) (20) pinning, variant (14) baseline
  test('conventional: pinned, 2 pages come back to the source node first; un-pinned, none does', () => {
    expect(arrivals(false).nodes).toEqual([
      [cause.balance, 0],
      [cause.balance, 0],
      [cause.copy, 1],
      [cause.copy, 1],
    ]);
    expect(arrivals(false).examined).toBeGreaterThan(0);
    const control = arrivals(true).nodes;
    expect(control.filter(([, node]) => node === 0)).toEqual([]);
    expect(control.filter(([because]) => because === cause.balance).length).toBe(2);
  });

  // shows: variant (12) (20) pinning
  test.each(copyless)(
    '$name: no frame is mapped off its pin in 6 orders, and vCPUs sit on the node of their vNode',
    (protocol) => {
      for (const order of orders) {
        const { story, geometry } = tell(
          protocol,
          { vcpus: 3, nodes: 3, frames: 4 },
          { order, script: [...SCRIPT, []] },
        );
        const spilled = new Set(story.of('spilled').map(({ gfn }) => gfn));
        const maps = story.of('eptSet').filter(({ gfn }) => !spilled.has(gfn));
        expect(maps.length).toBeGreaterThan(6);
        for (const e of maps) expect(geometry.homeOf(e.to)).toBe(geometry.pinOf(e.gfn));
        expect(geometry.vcpuNode).toEqual([0, 1, 2]);
      }
    },
  );
});

describe('what the host does on its own', () => {
  // shows: variant (13) (21) reclaim, step 405
  test('pages go out for room while the guest writes, and for being idle when there is room', () => {
    const outs = (small: Small, script: string[][]) => {
      const { story } = tell(
        migrate,
        { hintPages: 0, ...small },
        { script, order: { kind: 'random', seed: 1 } },
      );
      const { written } = tables.page.event;
      expect(story.of('commanded')).toEqual([]);
      const moved = new Set(story.of('page').flatMap((e) => (e.cause === written ? [e.gfn] : [])));
      const why = story.of('ended').filter((e) => e.from === 0 && e.result === 0);
      return { moved: moved.size, why: new Set(why.map((e) => e.cause)) };
    };
    const pressed = outs({ frames: 3, idleScans: 0 }, [[...writes(6), ...writes(6)], []]);
    expect(pressed.moved).toBeGreaterThan(3);
    expect(pressed.why).toEqual(new Set([cause.pressure]));
    const used = Array.from({ length: 400 }, () => 'read 0');
    const idle = outs({ frames: 12, idleScans: 2 }, [[...writes(6), ...used], []]);
    expect(idle.moved).toBeGreaterThan(2);
    expect(idle.why).toEqual(new Set([cause.idle]));
  });

  // shows: variant (21) (22) mapping stays, step 405
  test.each(copyless)(
    '$name: when a page is moved out the guest does nothing; its next touch names the same Gfn',
    (protocol) => {
      const { story, geometry } = tell(protocol, QUIET, {
        script: [['write 0', 'pageout 0', 'read 0'], []],
      });
      const { written } = tables.page.event;
      const out = story.events.findIndex((e) => e.name === 'page' && e.cause === written);
      const listed = story.events.findIndex((e) => e.name === 'listed');
      const faulted = story.events.findIndex((e, at) => at > listed && e.name === 'faulted');
      expect([out >= 0, listed > out, faulted > listed]).toEqual([true, true, true]);
      const { gfn } = story.events[out]!;
      expect(story.events[faulted]!.gfn).toBe(gfn);
      // Between the two a vCPU has only given up its cached translation, and said that its command has ended.
      const guest = story.events.slice(out, faulted).filter((e) => e.actor < geometry.vcpus);
      expect(new Set(guest.map(({ name }) => name))).toEqual(new Set(['tlbFlush', 'commanded']));
    },
  );
});

describe('the list of moved pages', () => {
  // shows: variant (16) free list
  test('what is put on it is a page that was moved, never a Gfn or a frame that is free: 2 guests, 6 orders', () => {
    for (const protocol of copyless) {
      for (const order of orders) {
        const { story, geometry } = tell(protocol, tight({ guests: 2, frames: 4 }, 4), { order });
        const where = new Map<number, number>();
        let listed = 0;
        for (const e of story.events) {
          if (e.name === 'born' || e.name === 'entered') where.set(e.gfn, e.to);
          if (e.name === 'died' || e.name === 'left') where.delete(e.gfn);
          if (e.name !== 'listed') continue;
          listed++;
          const location = where.get(e.gfn);
          expect(location, `Gfn ${e.gfn} has a page`).toBeDefined();
          expect(geometry.isFrame(location!), `Gfn ${e.gfn} is away`).toBe(false);
        }
        expect(listed).toBeGreaterThan(3);
      }
    }
  });

  // shows: variant (18) one list per guest
  test('2 guests that do the same: each finds pages of its own, and no other', () => {
    for (const order of orders) {
      const { story, geometry } = tell(migrate, tight({ guests: 2, frames: 4 }, 4), { order });
      const found = story.of('inspected').filter((e) => e.result === 1);
      expect(new Set(found.map((e) => geometry.guestOf(e.gfn))).size).toBe(2);
      for (const e of found) expect(geometry.guestOf(e.gfn)).toBe(geometry.vcpuGuest[e.id]);
    }
  });
});

describe('many guests, more memory promised than there is', () => {
  // shows: variant (33)-(38) cloud
  test.each(copyless)('$name: 4 guests of 6 pages over 2 nodes of 5 frames each, in 6 orders', (protocol) => {
    for (const order of orders) {
      const small = tight({ guests: 4, frames: 5 }, 8);
      const spec = smallWorld(small);
      expect(spec.guests.length * 6).toBeGreaterThan(spec.nodes.reduce((sum, { frames }) => sum + frames, 0));
      const { story, geometry, run } = tell(protocol, small, { order });
      const served = new Set(story.of('balanced').map((e) => geometry.guestOfGvpn(e.gfn)));
      expect(served.size).toBe(4);
      const isolation = run.properties.find(({ name }) => name === 'I3-isolation')!;
      expect(isolation.examined).toBeGreaterThan(100);
    }
  });
});
