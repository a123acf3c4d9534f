// A system most of whose values come up late, on a long straight way, when levels are large already: the tables must be
// learned and the packing widened in the middle of a search, also with several workers.
import { defineSystem, part, replicas } from '../../src/testing.ts';

/** States: (ticks + 1) * 6 ** voices. */
export const late = (ticks: number, voices: number) =>
  defineSystem({
    name: 'late',
    parts: { clock: part<number>(0), noise: replicas<number>(voices, () => 0) },
    actions: (on) => ({
      tick: on(['clock', 'noise'], ({ clock, noise }) =>
        noise === 5 && clock < ticks ? { clock: clock + 1, noise: 0 } : null,
      ),
      hum: on(['noise'], ({ noise }) => ({ noise: (noise + 1) % 6 })),
    }),
  });
