// The default profile: the most common kind of machine that NUMA balancing was made for.

import type { CostProfile } from '../../model/cost.ts';
import { farBandwidth, farLatency } from './far-memory.ts';
import operations from './operations.ts';
import { MBps, ns } from './sourced.ts';
import stores from './stores.ts';

const CSIT = 'FD.io CSIT calibration data, 2n-skx testbed, Intel MLC 3.5';

const profile: CostProfile = {
  name: 'skylake-2s',
  sentence: 'Two sockets of Intel Xeon Skylake-SP, loads measured with Intel MLC on an idle machine.',
  source: CSIT,
  cpu: operations,
  memory: {
    localLatency: ns(81.4, CSIT),
    remoteLatency: ns(131.1, CSIT),
    farLatency,
    bandwidth: MBps(108_437.85, `${CSIT}: half of the peak of two nodes, 216875.7`),
    remoteBandwidth: MBps(51_085.7, 'public output of Intel MLC 3.9a: another 2-socket Xeon'),
    farBandwidth,
  },
  stores,
};

export default profile;
