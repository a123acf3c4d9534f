// Everything at once: worlds of every kind of new location and hold policy, scripts drawn from seeds with all commands.
import { describe, expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import type { Small } from '../support/small-world.ts';
import { drawn, orderOf, tell } from './story.ts';

const RUNS = 400;
const PAGES = 5;

const commands = [
  'pageout',
  'pageout',
  'promote',
  'migrate-host 0',
  'migrate-host 1',
  'writeback',
  'hold',
  'swapoff 0',
];

function world(seed: number): Small {
  const pick = <T>(from: readonly T[], stride: number): T => from[Math.floor(seed / stride) % from.length]!;
  return {
    frames: pick([4, 6, 12], 1),
    pages: PAGES,
    vcpus: pick([2, 3], 2),
    gfns: 3 * (PAGES + 1),
    slots: pick([40, 6], 3),
    far: seed % 3 === 1,
    mapped: seed % 6 === 1,
    promoteOnAccess: seed % 12 === 1,
    chain: pick([[40], [4, 40]], 5),
    writebackPercent: pick([0, 10, 50], 4),
    heldFault: pick(['refuse', 'block', 'convert'], 7),
    holdTicks: pick([1, 3], 11),
    prefetch: pick([0, 1], 13),
    hintPages: pick([0, 2], 17),
    encryption: pick(['none', 'gfn', 'slot'], 19),
  };
}

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  test(`keeps what it claims in ${RUNS} runs`, () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= RUNS; seed++) {
      const small = world(seed);
      try {
        const done = tell(small, protocol, drawn(seed, small.vcpus!, PAGES, commands), orderOf(seed));
        for (const what of done.broken) wrong.push(`seed ${seed}: ${what}`);
      } catch (e) {
        wrong.push(`seed ${seed}: threw ${(e as Error).stack!.slice(0, 400)}`);
      }
    }
    if (wrong.length) console.log(wrong.length + '\n' + wrong.slice(0, 8).join('\n'));
    expect(wrong.length).toEqual(0);
  });
});
