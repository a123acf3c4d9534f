// All benches, by name, each with its rows. Names stay as they are: the baseline and whoever follows results know them.
import type { Bench, Row } from './row.ts';

const atLeast = (
  figure: string,
  unit: string,
  limit: string | null,
  reach: number | null,
  judged: Row['judged'] = 'ratio',
): Row => ({ figure, unit, limit, judged, better: 'more', reach });
const atMost = (
  figure: string,
  unit: string,
  limit: string | null,
  reach: number | null,
  judged: Row['judged'] = 'ratio',
): Row => ({ figure, unit, limit, judged, better: 'less', reach });

export const benches: readonly Bench[] = [
  {
    name: 'guest-access',
    rows: [
      atLeast('guest-access/rate', 'M/s', 'bare typed-array loop', 25, 'measured'),
      atMost('guest-access/over-bare-loop', 'ns', 'bare typed-array loop', 6),
    ],
    load: () => import('./benches/guest-access.ts'),
  },
  {
    name: 'simulated-run',
    rows: [
      atLeast('simulated-run/shipped', 'M events/s', 'empty heap-driven loop', 0.25),
      atLeast('simulated-run/shipped-unjudged', 'M events/s', 'empty heap-driven loop', null),
      atLeast('simulated-run/million-pages', 'M events/s', 'empty heap-driven loop', 0.25),
      atLeast('simulated-run/million-pages-unjudged', 'M events/s', 'empty heap-driven loop', null),
    ],
    load: () => import('./benches/simulated-run.ts'),
  },
  {
    name: 'tracing',
    rows: [atMost('tracing/monitors-on', 's', 'the same run, tracing off', 1.6)],
    load: () => import('./benches/tracing.ts'),
  },
  {
    name: 'simulate-command',
    rows: [
      atMost('simulate-command/wall', 's', null, 3, 'measured'),
      atMost('simulate-command/memory', 'MiB', null, 300, 'measured'),
    ],
    load: () => import('./benches/simulate-command.ts'),
  },
];

/** Benches that a name stands for: a bench's own, or one of its rows'. */
export function benchesNamed(name: string): Bench[] {
  return benches.filter((bench) => bench.name === name || bench.rows.some(({ figure }) => figure === name));
}
