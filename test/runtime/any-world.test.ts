// Everything at once, in small worlds: every property that the protocol claims, whichever options and commands meet.
// COPYLESS_SEED draws other worlds.
import { expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { fuzz } from '../../src/report/fuzz.ts';

const FIRST = Number(process.env['COPYLESS_SEED'] ?? 1);
const WORLDS = 800;
const names = protocols.map(({ name }) => name);

test(`${WORLDS} worlds in which any options and commands meet break nothing (COPYLESS_SEED=${FIRST})`, () => {
  const stretch = { from: FIRST, count: WORLDS, worlds: 'any', mix: 'half', flaws: [] } as const;
  const { schedules, failures } = fuzz({ ...stretch, protocols: names, untilFound: false }, protocols);
  expect(failures.map(({ unit, violation }) => ({ seed: unit.seed, broken: violation }))).toEqual([]);
  expect(schedules).toBe(WORLDS);
});
