// What CPU operations cost, the same in all built-in profiles: nobody has published them machine by machine. Where we
// have no source the entry says so; take such a figure as an order of magnitude.

import type { CostProfile } from '../../model/cost.ts';
import { ns } from './sourced.ts';

const SMALL_VM = 'measured on a small virtual machine (KVM, AMD EPYC, 2 vCPUs, Linux 6.18)';

const operations: CostProfile['cpu'] = {
  hintFault: ns(1500, 'unsourced, range 800 to 3000'),
  eptViolation: ns(
    1500,
    `unsourced, range 1000 to 3000; with clearing, a minor fault in a guest took 1618 to 2578, ${SMALL_VM}`,
  ),
  hypercall: ns(
    600,
    'KVM mailing list, kvm-unit-tests vmcall on Skylake: 1539 cycles, 550 ns at 2.8 GHz, and a small handler',
  ),
  hypercallEntry: ns(50, 'unsourced'),
  moveEntry: ns(1200, `UFFDIO_MOVE of a present page took 1163 with its system call, ${SMALL_VM}`),
  clearPage: ns(300, 'unsourced'),
  copyPageLocal: ns(
    700,
    `unsourced, range 400 to 2000; a cold memcpy of 4 KiB took 740 to 1966, ${SMALL_VM}`,
  ),
  copyPageRemote: ns(1000, 'unsourced, range 600 to 2000: remote latency times cache lines over parallelism'),
  shootdown: ns(
    2000,
    'unsourced, order of magnitude: N. Amit, Optimizing the TLB Shootdown Algorithm, USENIX ATC 2017, has microseconds',
  ),
  shootdownTarget: ns(300, 'unsourced, range 100 to 500'),
  listInspection: ns(60, 'unsourced, range 20 to 100: one or two cache lines'),
  listNotice: ns(1000, 'unsourced, range 500 to 3000: an interrupt posted to a running vCPU and its handler'),
  cacheHit: ns(1, 'unsourced: a declared simplification, about the latency of the first-level cache'),
};

export default operations;
