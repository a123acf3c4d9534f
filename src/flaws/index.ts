// All seeded bugs, by name.
import type { Built, Parts } from '../actors/index.ts';
import { present } from '../stdx/assert.ts';
import { asking } from './asking.ts';
import { delivery } from './delivery.ts';
import type { Flaw } from './flaw.ts';
import { moving } from './moving.ts';
import { races } from './races.ts';

export type { Flaw, Needs } from './flaw.ts';

/** Those that a campaign of drawn scenarios finds. */
export const flaws: readonly Flaw[] = [...moving, ...asking, ...delivery];
/** Those that only the litmus file of their race is sure to find. */
export const litmusFlaws: readonly Flaw[] = races;

/** Changes nothing, and so must not be found: what shows that the search for flaws can fail. */
const canary: Flaw = {
  name: 'canary',
  sentence: 'nothing is wrong: a search that finds it is broken itself',
  alarms: [],
  apply: () => {},
};

export function flawNamed(name: string): Flaw | undefined {
  return [...flaws, ...litmusFlaws, canary].find((flaw) => flaw.name === name);
}

/** What puts the flaws of these names into a world that was built; nothing for none. */
export function alteration(names: readonly string[]): Parts['alter'] {
  if (names.length === 0) return undefined;
  const found = names.map((name) => present(flawNamed(name), `flaw ${name}`));
  return (built: Built) => {
    for (const flaw of found) flaw.apply(built);
  };
}

export const flawNames: readonly string[] = [...flaws, ...litmusFlaws, canary].map(({ name }) => name);
