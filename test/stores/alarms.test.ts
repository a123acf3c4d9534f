// What no plan can break is told by hand: a slot that shows its page, a store that gives out slots after it was turned off, a
// frame elsewhere that nobody declared, a page of a chain that comes back while it is held. Each has a twin that is right.
import { describe, expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { swapoffPhase } from '../../src/model/events.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { Recorder } from '../../src/model/recorder.ts';
import { cause, operationKind, requestKinds, result } from '../../src/model/words.ts';
import { monitors } from '../../src/properties/index.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { type Small, smallWorld } from '../support/small-world.ts';

/** Gfns 0 to 5 belong to node 0; frames 1 to 4 to node 0, 5 to 8 to node 1; slots begin at 9, those of the second store at 25. */
const [GFN, FRAME, OTHER_FRAME, SLOT, OTHER_SLOT] = [0, 1, 5, 9, 25];
const [NODE, OTHER_NODE, STORE, OTHER_STORE] = [0, 1, 2, 3];

function told(small: Small, happen: (happened: Recorder) => void): string[] {
  const spec = smallWorld({ gfns: 6, chain: [4], ...small });
  const properties = monitors({ geometry: new Geometry(spec), page: pageTable, totalOrder: true });
  happen(new Recorder(new Trace(properties), 0, new Float64Array(1)));
  return properties.flatMap(({ violation }) =>
    violation ? [`${violation.property}: ${violation.message}`] : [],
  );
}

function born(happened: Recorder): void {
  happened.began(0, operationKind.fault, GFN, GFN, cause.demand);
  happened.reserved(0, FRAME, NODE, cause.demand, 0);
  happened.zeroed(0, GFN, FRAME);
  happened.eptSet(GFN, FRAME);
  happened.born(GFN, FRAME);
  happened.ended(0, operationKind.fault, GFN, FRAME, cause.demand, result.OK);
}
/** A swap-out to a slot; `plain`: 1 if the slot shows the page, null if nothing was sealed. */
function movedOut(happened: Recorder, plain: number | null): void {
  const { event, state } = pageTable;
  const kind = operationKind['swap-out'];
  happened.began(1, kind, GFN, GFN, cause.advice);
  happened.reserved(1, SLOT, STORE, cause.advice, 0);
  happened.page(GFN, 1, state['resident.present'], state['resident.writeback'], event.swapOut);
  happened.dataIn(1, GFN, 1, FRAME, SLOT, cause.none, NODE);
  if (plain !== null) happened.sealed(1, SLOT, GFN, 1, plain);
  happened.page(GFN, 1, state['resident.writeback'], state['swapped.stored'], event.written);
  happened.entered(1, GFN, SLOT, 1);
  happened.released(1, FRAME, NODE);
  happened.page(GFN, 1, state['swapped.stored'], state['listed.exported'], event.export);
  happened.listed(GFN, 1);
  happened.ended(1, kind, GFN, SLOT, cause.advice, result.OK);
}
function relocated(happened: Recorder): void {
  happened.began(2, operationKind.relocate, GFN, GFN, cause.writeback);
  happened.reserved(2, OTHER_SLOT, OTHER_STORE, cause.writeback, 0);
  happened.dataIn(2, GFN, 1, SLOT, OTHER_SLOT, cause.writeback, NODE);
  happened.entered(2, GFN, OTHER_SLOT, 1);
  happened.released(2, SLOT, STORE);
  happened.ended(2, operationKind.relocate, GFN, OTHER_SLOT, cause.writeback, result.OK);
}

describe('told by hand', () => {
  // shows: variant (30) encryption
  test('I11 rings for a slot that shows its page, and for one that was never sealed', () => {
    const story = (plain: number | null) =>
      told({ encryption: 'slot' }, (happened) => {
        born(happened);
        movedOut(happened, plain);
      });
    expect(story(0)).toEqual([]);
    expect(story(1)).toEqual([expect.stringMatching(/^I11-sealed-slots: .*shows Gfn 0's page as it is/)]);
    expect(story(null)).toEqual([expect.stringMatching(/^I11-sealed-slots: .*never sealed/)]);
  });

  // shows: variant (30) encryption
  test('I11 rings for a slot that opens under another name', () => {
    const story = (gfn: number) =>
      told({ encryption: 'gfn' }, (happened) => {
        born(happened);
        movedOut(happened, 0);
        happened.opened(2, SLOT, gfn, 1, result.OK);
      });
    expect(story(GFN)).toEqual([]);
    expect(story(GFN + 1)).toEqual([expect.stringMatching(/^I11-sealed-slots: .*opened under another name/)]);
  });

  // shows: race 20
  test('I5 rings for a slot that is given out after its store was turned off', () => {
    const story = (outcome: number) =>
      told({}, (happened) => {
        happened.swapoff(STORE, -1, swapoffPhase.began, result.OK);
        happened.swapoff(STORE, -1, swapoffPhase.ended, outcome);
        happened.reserved(1, SLOT, STORE, cause.advice, 0);
      });
    expect(story(result.NOMEM)).toEqual([]);
    expect(story(result.OK)).toEqual([
      expect.stringMatching(/^I5-conservation: .*given out after its store was turned off/),
    ]);
  });

  test('I4 rings for a frame on another node that nobody declared', () => {
    const story = (declared: boolean) =>
      told({}, (happened) => {
        if (declared) happened.placed(1, GFN, NODE, OTHER_NODE);
        happened.reserved(1, OTHER_FRAME, OTHER_NODE, cause['host-migration'], 0);
        happened.eptSet(GFN, OTHER_FRAME);
      });
    expect(story(true)).toEqual([]);
    expect(story(false)).toEqual([
      expect.stringMatching(/^I4-pin: Gfn 0, pinned to node 0, was mapped to node 1/),
    ]);
  });

  // shows: race 19
  test('no-copy-back (a) rings for a request that is served from where its page was before it was moved on', () => {
    const REQUEST = 3;
    const DESTINATION = 6;
    const kind = requestKinds.indexOf('migrate');
    const story = (from: number) =>
      told({}, (happened) => {
        const { event, state } = pageTable;
        born(happened);
        movedOut(happened, null);
        relocated(happened);
        happened.requested(REQUEST, GFN, DESTINATION, 1, kind);
        happened.forwarded(REQUEST);
        happened.began(3, operationKind.balance, GFN, DESTINATION, cause.request);
        happened.reserved(3, OTHER_FRAME, OTHER_NODE, cause.request, 0);
        happened.page(GFN, 1, state['listed.exported'], state['remapped.migrating'], event.migrate);
        happened.accepted(REQUEST, GFN, DESTINATION, 1, kind, from);
        happened.dataIn(3, GFN, 1, from, OTHER_FRAME, cause.request, OTHER_NODE);
      });
    expect(story(OTHER_SLOT)).toEqual([]);
    expect(story(SLOT)).toContainEqual(
      expect.stringMatching(
        /^no-copy-back: .*was read from store nvme0 slot 0, not from where it was at acceptance/,
      ),
    );
  });

  // shows: claim 12, race 19
  test('no-copy-back rings for a page that was moved on and comes back while it is held', () => {
    const story = (held: boolean) =>
      told({}, (happened) => {
        const { event, state } = pageTable;
        born(happened);
        movedOut(happened, null);
        relocated(happened);
        if (held) happened.page(GFN, 1, state['listed.exported'], state['listed.held'], event.detect);
        happened.began(3, operationKind['bring-in'], GFN, GFN, cause.promotion);
        happened.reserved(3, FRAME, NODE, cause.promotion, 0);
        happened.dataIn(3, GFN, 1, OTHER_SLOT, FRAME, cause.promotion, NODE);
      });
    expect(story(false)).toEqual([]);
    expect(story(true)).toEqual([
      expect.stringMatching(
        /^no-copy-back: Gfn 0 came from store hdd1 slot 0 to node 0 frame 0, its source node, while the guest held it/,
      ),
    ]);
  });
});
