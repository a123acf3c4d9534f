// Far memory for profiles of machines that have none, so that every profile runs on every topology.

import { MBps, ns } from './sourced.ts';

const LISA =
  'Intel MLC 3.11 output in the CXL test of microsoft/lisa: CXL memory at the near socket of another machine';

export const farLatency = ns(265.7, LISA);
export const farBandwidth = MBps(31_322, LISA);
