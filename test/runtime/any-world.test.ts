// Everything at once, in small worlds: every property that the protocol claims, whichever options and commands meet.
// COPYLESS_SEED draws other worlds.
import { expect, test } from 'vitest';
import { anyWorld } from '../support/any-world.ts';
import { randomScripts, written } from '../support/random-scripts.ts';
import { explore, smallWorld } from '../support/small-world.ts';

const FIRST = Number(process.env['COPYLESS_SEED'] ?? 1);
const WORLDS = 800;
const STEPS_MAX = 150_000;

/** What was broken in one world, in words. */
function brokenIn(seed: number): string[] {
  const { small, mix, operations, protocol, order } = anyWorld(seed);
  const spec = smallWorld(small);
  const scripts = randomScripts(spec, seed, mix, { operations });
  const done = explore(spec, protocol, written(scripts), order, { limit: STEPS_MAX });
  const claims: readonly string[] = protocol.claims;
  const broken = done.violations
    .filter(({ property }) => claims.includes(property))
    .map(({ property, message }) => `${property}: ${message}`);
  return done.ending === 'at rest' ? broken : [...broken, `ended at its ${done.ending}`];
}

test(`${WORLDS} worlds in which any options and commands meet break nothing (COPYLESS_SEED=${FIRST})`, () => {
  for (let seed = FIRST; seed < FIRST + WORLDS; seed++)
    expect({ seed, broken: brokenIn(seed) }).toEqual({ seed, broken: [] });
});
