// Records of operations are few, and used again at once: whoever is woken when an operation ends may begin another, which is
// given its record. What is done about the end after that must not be read from there.
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { randomScripts, written } from '../support/random-scripts.ts';
import { explore, smallWorld } from '../support/small-world.ts';

// Nodes and pages such that reclaim of one node ends while faults wait for another; drawn with these seeds.
const worlds = [{ seed: 6055, pages: 6, vcpus: 3, frames: 3, readAhead: 4, prefetch: 0 }];

test.each(worlds)(
  'a swap-out that ends is counted on its own node, although its record has another page ($seed)',
  ({ seed, ...small }) => {
    const given = { nodes: 2, gfns: 24, slots: 120, lowWatermarkPercent: 0, idleScans: 0, hintPages: 0 };
    const spec = smallWorld({ ...small, ...given });
    const mix = { 'read P': 2, 'write P': 4, 'pageout P': 2, 'move P to V': 2 };
    const scripts = randomScripts(spec, seed, mix, { operations: 24 });
    const order = { kind: 'random', seed } as const;
    expect(explore(spec, protocols[0]!, written(scripts), order).ending).toBe('at rest');
  },
);
