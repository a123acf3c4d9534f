// Cost profiles by name. Modules (`.ts`, `.js`) that a user names are the caller's to import.

import type { CostProfile } from '../../model/cost.ts';
import { didYouMean } from '../../stdx/did-you-mean.ts';
import { InputError } from '../../stdx/input-error.ts';
import epyc9224Cxl from './epyc9224-cxl.ts';
import skylake2s from './skylake-2s.ts';
import xeonMlc39a from './xeon-mlc39a.ts';

const profiles: readonly CostProfile[] = [skylake2s, epyc9224Cxl, xeonMlc39a];

/** Names of the built-in profiles, the default one first. */
export const profileNames: readonly string[] = profiles.map((profile) => profile.name);

export function loadProfile(name: string): CostProfile {
  const profile = profiles.find((candidate) => candidate.name === name);
  if (profile !== undefined) return profile;
  const guess = didYouMean(name, profileNames);
  const hint = guess === undefined ? 'leave it out for the default' : `did you mean ${guess}?`;
  throw new InputError(
    { file: name || '""' },
    'no such cost profile',
    `one of ${profileNames.join(', ')}`,
    hint,
  );
}
