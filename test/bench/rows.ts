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
  {
    name: 'page-copy',
    rows: [
      atLeast('page-copy/4k-hot', 'GB/s', 'memcpy in C', 0.4),
      atLeast('page-copy/4k-cold', 'GB/s', 'memcpy in C', 0.75),
      atLeast('page-copy/2m', 'GB/s', 'memcpy in C', 0.85),
    ],
    load: () => import('./benches/page-copy.ts'),
  },
  {
    name: 'mailbox',
    rows: [
      atLeast('mailbox/one-way', 'M/s', 'ring in C, one sender and one receiver', 0.4),
      atLeast('mailbox/over-message-port', 'M/s', 'MessagePort', 50),
      atLeast('mailbox/over-comlink', 'M/s', 'comlink calls, 64 in flight', 500),
      atMost('mailbox/round-trip-parked', 'us', 'futex in C', 1.3),
    ],
    load: () => import('./benches/mailbox.ts'),
  },
  {
    name: 'lifecycle-step',
    rows: [
      atMost('lifecycle-step/over-two-atomics', 'ns', 'two bare Atomics on the same words', 1.5),
      atLeast('lifecycle-step/over-xstate', 'M/s', 'XState transition()', 200),
    ],
    load: () => import('./benches/lifecycle-step.ts'),
  },
  {
    name: 'lackey',
    rows: [
      atLeast('lackey/plain', 'M lines/s', 'wc -l', 0.1),
      atLeast('lackey/gzip', 'M lines/s', 'gzip -dc | wc -l', null),
      atMost('lackey/memory-growth', 'MiB', null, 16, 'measured'),
    ],
    load: () => import('./benches/lackey.ts'),
  },
  {
    name: 'ten-actors',
    rows: [atLeast('ten-actors/over-message-port', 'M hops/s', 'the same ring over MessagePorts', 8)],
    load: () => import('./benches/ten-actors.ts'),
  },
  {
    name: 'ensemble',
    rows: [
      atLeast('ensemble/two-workers', 'x', 'two bare threads over one, in C', 1.8, 'measured'),
      atLeast('ensemble/longer-runs', 'x', 'two bare threads over one, in C', 1.8, 'measured'),
    ],
    load: () => import('./benches/ensemble.ts'),
  },
];

/** Benches that a name stands for: a bench's own, or one of its rows'. */
export function benchesNamed(name: string): Bench[] {
  return benches.filter((bench) => bench.name === name || bench.rows.some(({ figure }) => figure === name));
}
