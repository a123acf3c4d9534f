// What a vCPU remembers from one micro-step to the next: the words of its own column.
/** Fields of a vCPU's own column. */
export const field = {
  state: 0,
  /** 1 while a `run` message to itself is outstanding. */
  queued: 1,
  /** The access under way, if `busy`. */
  busy: 2,
  write: 3,
  gvpn: 4,
  word: 5,
  /** Gfn that the walk under way got from the guest page table, or -1. */
  walked: 6,
  /** Where the script stands in its chunk. */
  position: 7,
  /** Acknowledgements or answers outstanding. */
  outstanding: 8,
  /** Handovers that came before their `await`. */
  tasks: 9,
  /** 1 while parked for a chunk of the script, and not for a task. */
  hungry: 10,
  sinceScan: 11,
  sinceTick: 12,
  /** Page of the access before. */
  lastGvpn: 13,
  /** 1 when the access under way had to wait for something. */
  stalled: 14,
  /** 1 while a tick is on its way. */
  ticking: 15,
  /** Serials: of the last EPT violation, and of the last hypercall. */
  faults: 16,
  asks: 17,
  count: 18,
} as const;
