// Exit statuses, one for each way to end: scripts rely on them.
export const exit = {
  ok: 0,
  /** A property is violated; the replay file and line are printed last. */
  violated: 1,
  /** Usage or input error; nothing was run. */
  usage: 2,
  /** Nothing is wrong, and what was to be reached was not: a threshold, a case that never happened. */
  missed: 3,
  /** Crash loop, deadlock, time limit. */
  incomplete: 4,
  /** An output could not be written. */
  output: 5,
  /** A bug in this program. */
  bug: 70,
  sigint: 130,
  sigterm: 143,
} as const;
