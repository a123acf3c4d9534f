/* The twin of examples/two-phase-commit.ts, for Spin: the same states, one atomic step per action.
 *   spin -a -DN=5 two-phase-commit.pml; gcc -O3 -DSAFETY -DNOREDUCE -o pan pan.c; ./pan -E
 * -E: managers that all ended is an end, which Spin would call an invalid end state.
 */
#ifndef N
#define N 3
#endif
#define WORKING 0
#define PREPARED 1
#define COMMITTED 2
#define ABORTED 3
#define UNSENT 0
#define SENT 1
#define RECEIVED 2
#define NONE 0
#define COMMIT 1
#define ABORT 2

byte state[N];
byte vote[N];
byte decision;
byte prepared;

#define MANAGER(i) \
  :: d_step { decision == NONE && vote[i] == SENT -> vote[i] = RECEIVED; prepared++ } \
  :: d_step { state[i] == WORKING -> state[i] = PREPARED; vote[i] = SENT } \
  :: d_step { state[i] == WORKING -> state[i] = ABORTED } \
  :: d_step { decision == COMMIT && state[i] != COMMITTED -> state[i] = COMMITTED } \
  :: d_step { decision == ABORT && state[i] != ABORTED -> state[i] = ABORTED }

active proctype system() {
  do
  :: d_step { decision == NONE && prepared >= N -> decision = COMMIT }
  :: d_step { decision == NONE -> decision = ABORT }
  MANAGER(0)
  MANAGER(1)
  MANAGER(2)
#if N > 3
  MANAGER(3)
#endif
#if N > 4
  MANAGER(4)
#endif
#if N > 5
  MANAGER(5)
#endif
#if N > 6
  MANAGER(6)
#endif
#if N > 7
  MANAGER(7)
#endif
#if N > 8
  MANAGER(8)
#endif
  od
}
