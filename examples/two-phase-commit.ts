// Two-phase commit (Gray and Lamport, "Consensus on Transaction Commit"; the public TLA+ specification TwoPhase): resource
// managers vote, a transaction manager decides, messages are never lost nor taken out of the network.
//   npx node examples/two-phase-commit.ts
import { check, defineSystem, explain, interchangeable, part } from '../src/testing.ts';

interface Coordinator {
  /** Once decided, the message that says so is in the network for good. */
  decision: 'none' | 'commit' | 'abort';
  /** Managers it knows to be prepared. */
  prepared: number;
}
interface Manager {
  state: 'working' | 'prepared' | 'committed' | 'aborted';
  /** Its message "prepared": not sent, in the network, received by the coordinator. */
  vote: 'unsent' | 'sent' | 'received';
}

/** @param mistake `early`: the coordinator commits when all but one are prepared */
export const twoPhaseCommit = (managers: number, mistake?: 'early') =>
  defineSystem({
    name: `two-phase commit, ${managers} managers`,
    parts: {
      coordinator: part<Coordinator>({ decision: 'none', prepared: 0 }),
      manager: interchangeable<Manager>(managers, { state: 'working', vote: 'unsent' }),
    },
    actions: (on) => ({
      'coordinator receives prepared': on(['coordinator', 'manager'], ({ coordinator, manager }) =>
        coordinator.decision === 'none' && manager.vote === 'sent'
          ? {
              coordinator: { ...coordinator, prepared: coordinator.prepared + 1 },
              manager: { ...manager, vote: 'received' },
            }
          : null,
      ),
      'coordinator commits': on(['coordinator'], ({ coordinator: { decision, prepared } }) =>
        decision === 'none' && prepared >= (mistake === 'early' ? managers - 1 : managers)
          ? { coordinator: { decision: 'commit', prepared } }
          : null,
      ),
      'coordinator aborts': on(['coordinator'], ({ coordinator: { decision, prepared } }) =>
        decision === 'none' ? { coordinator: { decision: 'abort', prepared } } : null,
      ),
      'manager prepares': on(['manager'], ({ manager }) =>
        manager.state === 'working' ? { manager: { state: 'prepared', vote: 'sent' } } : null,
      ),
      'manager chooses to abort': on(['manager'], ({ manager }) =>
        manager.state === 'working' ? { manager: { ...manager, state: 'aborted' } } : null,
      ),
      'manager is told to commit': on(['coordinator', 'manager'], ({ coordinator, manager }) =>
        coordinator.decision === 'commit' && manager.state !== 'committed'
          ? { manager: { ...manager, state: 'committed' } }
          : null,
      ),
      'manager is told to abort': on(['coordinator', 'manager'], ({ coordinator, manager }) =>
        coordinator.decision === 'abort' && manager.state !== 'aborted'
          ? { manager: { ...manager, state: 'aborted' } }
          : null,
      ),
    }),
    invariants: (all) => ({
      'no manager commits while another aborts': all(
        { one: 'manager', other: 'manager' },
        ({ one, other }) => !(one.state === 'committed' && other.state === 'aborted'),
      ),
    }),
    end: (all) => all(['manager'], ({ manager: { state } }) => state === 'committed' || state === 'aborted'),
  });

if (import.meta.main)
  for (const mistake of [undefined, 'early'] as const) {
    const system = twoPhaseCommit(3, mistake);
    process.stdout.write(`${system.name}${mistake ? `, ${mistake}` : ''}: ${explain(check(system))}\n`);
  }
