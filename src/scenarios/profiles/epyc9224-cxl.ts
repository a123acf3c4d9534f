// A machine with far memory and two kinds of remote: the same socket's other node is nearly local.

import type { CostProfile } from '../../model/cost.ts';
import operations from './operations.ts';
import { MBps, ns } from './sourced.ts';
import stores from './stores.ts';

const NOTE = 'public lab note, Intel MLC on 2x AMD EPYC 9224 with a Samsung CXL memory expander';

const profile: CostProfile = {
  name: 'epyc9224-cxl',
  sentence:
    'Two sockets of AMD EPYC 9224 in NPS2 and 120 GiB of CXL memory at socket 0, every pair of nodes measured.',
  source: NOTE,
  cpu: operations,
  memory: {
    localLatency: ns(107.5, `${NOTE}: node 0`),
    remoteLatency: ns(200.7, `${NOTE}: node 0 to the other socket`),
    farLatency: ns(279.4, `${NOTE}: node 0 to its own socket's expander`),
    bandwidth: MBps(99_833.3, `${NOTE}: node 0`),
    remoteBandwidth: MBps(76_592, `${NOTE}: node 0 to the other socket`),
    farBandwidth: MBps(17_594, `${NOTE}: node 0 to its own socket's expander`),
    latencyNs: [
      [107.5, 117.1, 200.7, 200.7, 279.4],
      [115.8, 106.8, 199.9, 199.9, 278.8],
      [200, 200.1, 106.8, 115.8, 363.8],
      [199, 199, 115.6, 105.9, 363.5],
      [],
    ],
  },
  stores,
};

export default profile;
