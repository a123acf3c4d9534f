// A second Xeon, for which remote bandwidth was measured too and both directions differ a little.

import type { CostProfile } from '../../model/cost.ts';
import { farBandwidth, farLatency } from './far-memory.ts';
import operations from './operations.ts';
import { MBps, ns } from './sourced.ts';
import stores from './stores.ts';

const MLC = 'public output of Intel MLC 3.9a on a 2-socket Xeon with hyper-threading';

const profile: CostProfile = {
  name: 'xeon-mlc39a',
  sentence:
    'Two sockets of Intel Xeon with latency and bandwidth of every pair of nodes from one Intel MLC run.',
  source: MLC,
  cpu: operations,
  memory: {
    localLatency: ns(78.5, MLC),
    remoteLatency: ns(134.8, MLC),
    farLatency,
    bandwidth: MBps(111_388, MLC),
    remoteBandwidth: MBps(51_085.7, MLC),
    farBandwidth,
    latencyNs: [
      [78.5, 134.8],
      [133.7, 79.2],
    ],
  },
  stores,
};

export default profile;
