// A readers-writers lock that lets waiting writers go first: no two writers, no reader beside a writer, no deadlock, and
// everyone who waits gets in, if no writer comes twice. Run it with: npx node examples/readers-writers.ts
import { check, defineSystem, explain, interchangeable, part } from '../src/testing.ts';

interface Lock {
  readers: number;
  writer: boolean;
  writersWaiting: number;
}
type Actor = 'idle' | 'waits' | 'inside';

/**
 * @param mistake `overlooks`: a reader looks at the writers that wait, not at the one inside ·
 *   `greedy`: readers do not let writers go first, who starve · `forgets`: a writer leaves the lock closed
 */
export const readersWriters = (
  readers: number,
  writers: number,
  mistake?: 'overlooks' | 'greedy' | 'forgets',
) =>
  defineSystem({
    name: `readers-writers lock, ${readers} readers, ${writers} writers`,
    parts: {
      lock: part<Lock>({ readers: 0, writer: false, writersWaiting: 0 }),
      reader: interchangeable<Actor>(readers, 'idle'),
      writer: interchangeable<Actor | 'done'>(writers, 'idle'),
    },
    actions: (on) => ({
      'reader asks': on(['reader'], ({ reader }) => (reader === 'idle' ? { reader: 'waits' } : null), {
        fair: false,
      }),
      'reader enters': on(['lock', 'reader'], ({ lock, reader }) => {
        const free = mistake === 'overlooks' || !lock.writer;
        const polite = mistake === 'greedy' || lock.writersWaiting === 0;
        return reader === 'waits' && free && polite
          ? { lock: { ...lock, readers: lock.readers + 1 }, reader: 'inside' }
          : null;
      }),
      'reader leaves': on(['lock', 'reader'], ({ lock, reader }) =>
        reader === 'inside' ? { lock: { ...lock, readers: lock.readers - 1 }, reader: 'idle' } : null,
      ),
      'writer asks': on(
        ['lock', 'writer'],
        ({ lock, writer }) =>
          writer === 'idle'
            ? { lock: { ...lock, writersWaiting: lock.writersWaiting + 1 }, writer: 'waits' }
            : null,
        { fair: false },
      ),
      'writer enters': on(['lock', 'writer'], ({ lock, writer }) =>
        writer === 'waits' && !lock.writer && lock.readers === 0
          ? { lock: { ...lock, writer: true, writersWaiting: lock.writersWaiting - 1 }, writer: 'inside' }
          : null,
      ),
      'writer leaves': on(['lock', 'writer'], ({ lock, writer }) =>
        writer === 'inside' ? { lock: { ...lock, writer: mistake === 'forgets' }, writer: 'done' } : null,
      ),
    }),
    invariants: (all) => ({
      'a writer is alone among writers': all(
        { one: 'writer', other: 'writer' },
        ({ one, other }) => !(one === 'inside' && other === 'inside'),
      ),
      'no reader beside a writer': all(
        ['reader', 'writer'],
        ({ reader, writer }) => !(reader === 'inside' && writer === 'inside'),
      ),
    }),
    pending: (any) => ({
      'a waiting reader': any(['reader'], ({ reader }) => reader === 'waits'),
      'a waiting writer': any(['writer'], ({ writer }) => writer === 'waits'),
    }),
  });

if (import.meta.main)
  for (const mistake of [undefined, 'overlooks', 'greedy', 'forgets'] as const)
    process.stdout.write(
      `${mistake ?? 'as it should be'}: ${explain(check(readersWriters(2, 2, mistake)))}\n`,
    );
