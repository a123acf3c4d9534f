// Two things at once, of which each alone breaks nothing: commands that meet on one page, and options that meet. Scripts that
// are searched, in every order, under every protocol.
import { describe, expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { search, type SmallBounds } from './small-searches.ts';

// Whoever shares a slot may go while another page is being looked at, and the page of the slot is on its way out of it: then
// the slot is freed once, by the operation that has the page.
const sharer = ['write 0', 'write 1', 'pageout 0', 'share 0', 'handover 1', 'unshare 1'];
const breaks = { sharedRequest: 'break' as const };
// A page is pinned whose Gfn was freed meanwhile, and is the destination of another page.
const frees = ['write 0', 'await', 'free 0', 'move 1 to 0'];

const combinations: Record<string, SmallBounds> = {
  'the last reference to a slot goes while its page is moved': {
    script: [sharer, ['await', 'move 0 to 1']],
    given: breaks,
  },
  'the last reference to a slot goes while its page is touched': {
    script: [sharer, ['await', 'write 0']],
    given: breaks,
  },
  'the last reference to a slot goes while its page goes on to another store': {
    script: [sharer, ['await', 'writeback 0']],
    given: { ...breaks, chain: [2] },
  },
  'a shared slot decays': {
    script: [['write 0', 'pageout 0', 'share 0', 'move 0 to 1', 'unshare 0']],
    faults: 1,
    given: breaks,
  },
  'a page goes on to another store, and is read or written wrong': {
    script: [['write 0', 'pageout 0', 'writeback 0', 'read 0']],
    faults: 1,
    given: { chain: [2] },
  },
  // A device's wish is no demand fault of the guest's, which alone may end a hold.
  'a held page is pinned, where faults end holds': {
    script: [['write 0', 'pageout 0', 'hold 0', 'pin 0', 'unpin 0'], []],
    given: { heldFault: 'convert', holdTicks: 1 },
  },
  'a destination is pinned while its old page is brought in for that': {
    script: [frees, ['write 1', 'pageout 1', 'pageout 0', 'handover 0', 'pin 0']],
    given: { gfns: 4 },
  },
  'a pinned page is freed and reported': {
    script: [['write 0', 'pin 0', 'free 0', 'write 1']],
    given: { gfns: 4, guest: { freePageReporting: true } },
  },
  'a pinned page is freed and goes into the balloon': {
    script: [['write 0', 'pin 0', 'free 0', 'inflate 0', 'inflate 0']],
    given: { gfns: 4 },
  },
  'a pinned page is freed and unplugged': {
    script: [['write 0', 'pin 0', 'free 0', 'unplug 0', 'unplug 0']],
    given: { gfns: 4 },
  },
  // The list says so late, which is no harm.
  'a listed page is reported, and the list is written in several steps': {
    script: [['write 0', 'pageout 0', 'free 0', 'write 1']],
    given: { gfns: 4, list: { format: 'snapshot' }, guest: { freePageReporting: true } },
  },
  'a sealed slot decays, or is written wrong': {
    script: [['write 0', 'pageout 0', 'move 0 to 1', 'read 0']],
    faults: 1,
    given: { encryption: 'slot' },
  },
  'a slot sealed under a name decays, or is written wrong': {
    script: [['write 0', 'pageout 0', 'move 0 to 1', 'read 0']],
    faults: 1,
    given: { encryption: 'gfn' },
  },
  'a sealed page goes on to another store, and is read or written wrong': {
    script: [['write 0', 'pageout 0', 'writeback 0', 'read 0']],
    faults: 1,
    given: { chain: [2], encryption: 'gfn' },
  },
  // It waited for the node that its vNode was pinned to before, beside a frame that was free.
  'a vNode is pinned elsewhere while a fault looks for room, and nothing can be moved out': {
    script: [
      ['write 0', 'swapoff 0', 'repin 1 0', 'handover 1', 'repin 1 1'],
      ['await', 'write 1'],
    ],
    given: { frames: 1, gfns: 4 },
  },
  // The last Gfn of a vNode and the first of the next one are neighbours, and no huge page.
  'two pages lie side by side, on two vNodes, and are moved': {
    script: [['write 0', 'write 2', 'write 4', 'write 5', 'move 4..5 to 1']],
    given: { gfns: 5, guest: { hugePages: 2 } },
  },
  // What is freed is nobody's to ask for: a hold of it would never end.
  'a listed page is freed, where guests hold before they unmap': {
    script: [['write 0', 'pageout 0', 'free 0']],
    given: { list: { unmap: 'before the request' } },
  },
  'the same, and it is to be filled with poison': {
    script: [['write 0', 'pageout 0', 'free 0', 'write 0']],
    given: { gfns: 4, list: { unmap: 'before the request' }, guest: { poison: 'negotiated' } },
  },
  "one guest's claim is let go by another vCPU of it": {
    script: [
      ['write 0', 'pageout 0', 'hold 0', 'handover 1', 'move 0 to 1'],
      ['await', 'move 0 to 1'],
    ],
    given: { hold: false, list: { unmap: 'before the request' } },
  },
  // The claim is of the Gfn that the page has left when its word moves on, and is not found at the next one.
  'a page is claimed by another vCPU when a request for it was accepted already, and goes on': {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'move 0 to 1', 'move 0 to 0'],
      ['await', 'move 0 to 1'],
    ],
    given: { gfns: 4, list: { unmap: 'before the request' } },
  },
  // Nobody tells the host: it has to look.
  'a fault waits for the end of a hold, and the guest lets go without asking': {
    script: [
      ['write 0', 'pageout 0', 'handover 1', 'handover 2', 'move 0 to 1'],
      ['await', 'move 0 to 1'],
      ['await', 'read 0'],
    ],
    given: { gfns: 4, heldFault: 'block', list: { unmap: 'before the request' } },
  },
  'half of a page full of poison is written': {
    script: [['write 0', 'free 0']],
    reclaims: 1,
    faults: 1,
    given: { gfns: 4, guest: { poison: 'negotiated' } },
  },
  'a copy that read-ahead left is asked for as a map': {
    script: [
      ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'handover 1', 'read 1'],
      ['await', 'move 0 to 1'],
    ],
    given: { readAhead: 2, cachedRequest: 'move', hold: false },
  },
  'the same, and the Gfn that it is to come to is still backed': {
    script: [
      ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'handover 1', 'read 1'],
      ['write 2', 'free 2', 'await', 'move 0 to 1'],
    ],
    given: { readAhead: 2, cachedRequest: 'move', hold: false, frames: 4, gfns: 8 },
  },
  // It is lost only if its slot cannot be read either.
  'a copy that read-ahead left decays, and is asked for': {
    script: [
      ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'handover 1', 'read 1'],
      ['await', 'move 0 to 1'],
    ],
    faults: 1,
    given: { readAhead: 2, cachedRequest: 'move', hold: false },
  },
  // Nobody may find that copy later, where it was in the way of another page.
  'a slot decays that read-ahead left a copy of, and the page is touched under another name': {
    script: [['write 0', 'write 1', 'pageout 0', 'pageout 1', 'read 0', 'move 1 to 1', 'read 1', 'write 2']],
    faults: 1,
    given: { frames: 2, gfns: 4, readAhead: 2, guest: { remap: 'hasid-alias' } },
  },
  'another page was written over the slot that is to be keyed anew': {
    script: [
      ['write 0', 'write 1', 'pageout 1', 'pageout 0', 'write 1', 'pageout 1', 'move 0 to 1', 'read 0'],
    ],
    faults: 1,
    given: { encryption: 'gfn' },
  },
  'a page that is to be filled with poison is lost': {
    script: [['write 0', 'pageout 0', 'free 0', 'write 0']],
    faults: 1,
    given: { gfns: 4, guest: { poison: 'negotiated' } },
  },
};

describe.each(protocols)('$name', (protocol) => {
  test.each(Object.entries(combinations))('%s', (_what, bounds) => {
    const { complete, pass, live, violation } = search(protocol, bounds).checked;
    expect({ complete, pass, live, broken: violation?.message }).toEqual({
      complete: true,
      pass: true,
      live: true,
      broken: undefined,
    });
  });
});
