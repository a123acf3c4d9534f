// Scripts that nobody thought of, under options that nobody put together: a search of the first few thousand states of each
// finds nothing. What is drawn is a function of its number.
import { expect, test } from 'vitest';
import {
  listAccesses,
  listFormats,
  listInspections,
  listOwners,
  listUnmaps,
} from '../../src/model/list-policy.ts';
import { encryptions, heldFaults } from '../../src/model/spec.ts';
import { protocols } from '../../src/protocols/index.ts';
import type { Small } from '../../src/scenarios/small-world.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { search, type SmallBounds } from './small-searches.ts';

const DRAWS = 1000;
const STATES = 3000;

type Draw = ReturnType<typeof drawer>;
function drawer(number: number) {
  const random = new Prng().seed(number);
  return {
    below: (count: number) => random.below(count),
    oneIn: (count: number) => random.below(count) === 0,
    of: <T>(all: readonly T[]): T => all[random.below(all.length)]!,
  };
}

function operation({ below, of }: Draw): string {
  const page = below(2);
  const other = below(2);
  return of([
    `read ${page}`,
    `write ${page}`,
    `move ${page} to ${other}`,
    `pageout ${page}`,
    `pageout ${page}`,
    `free ${page}`,
    `free 0`,
    `move 0 to 1`,
    `hold ${page}`,
    `share ${page}`,
    `unshare ${page}`,
    `pin ${page}`,
    `unpin ${page}`,
    `promote ${page}`,
    `migrate-host ${page} ${other}`,
    `swapoff ${page}`,
    `inflate ${other}`,
    `deflate ${other}`,
  ]);
}
function scriptOf(draw: Draw): string[][] {
  if (draw.oneIn(4)) return [['write 0', operation(draw), operation(draw), operation(draw)], []];
  const hands = draw.oneIn(2);
  return [
    ['write 0', operation(draw), ...(hands ? ['handover 1'] : []), operation(draw)],
    [...(hands ? ['await'] : []), operation(draw), operation(draw)],
  ];
}
function policiesOf({ below, oneIn, of }: Draw): Small {
  const far = oneIn(5);
  return {
    gfns: 4,
    holdTicks: 1,
    far,
    mapped: far && oneIn(2),
    swapCache: oneIn(2),
    hold: !oneIn(4),
    heldFault: of(heldFaults),
    encryption: far ? 'none' : of(encryptions),
    cachedRequest: of(['refuse', 'move']),
    sharedRequest: of(['refuse', 'break']),
    readAhead: of([0, 2]),
    prefetch: below(3),
    batch: 1 + below(3),
    list: {
      access: of(listAccesses),
      format: of(listFormats),
      owner: of(listOwners),
      inspect: of(listInspections),
      unmap: of(listUnmaps),
      lag: below(3),
    },
    guest: {
      freePageReporting: oneIn(3),
      asyncFaults: oneIn(4),
      ...(oneIn(2) && { poison: of(['negotiated', 'unnegotiated'] as const) }),
    },
  };
}
function boundsOf(draw: Draw): SmallBounds {
  const script = scriptOf(draw);
  const given = policiesOf(draw);
  return {
    script,
    given,
    ...(draw.oneIn(5) && { faults: 1 }),
    ...(draw.oneIn(8) && { repeats: 1 }),
    ...(draw.oneIn(8) && { losses: 1, timeouts: 0 }),
    ...(draw.oneIn(8) && { restarts: 1 }),
  };
}

test(`${DRAWS} scripts and sets of options, drawn: nothing is broken in any order that is looked at`, () => {
  let complete = 0;
  for (let number = 0; number < DRAWS; number++) {
    const bounds = boundsOf(drawer(number));
    const protocol = protocols[number % protocols.length]!;
    const { checked } = search(protocol, bounds, { states: STATES, shortest: false });
    const { violation } = checked;
    const broken = violation && `${violation.property}: ${violation.message}`;
    expect(broken, `${number}, ${protocol.name}: ${JSON.stringify(bounds)}`).toBeUndefined();
    if (checked.complete) complete++;
  }
  // Some end within the bound: their ends and their liveness are judged as well.
  expect(complete).toBeGreaterThan(DRAWS / 4);
}, 300_000);
