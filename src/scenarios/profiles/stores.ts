// What stores cost for 4 KiB pages, the same in all built-in profiles: a store does not know the machine it is in.
// Latency is that of one request alone, throughput that of a deep queue; tails and software paths are left out.

import type { CostProfile } from '../../model/cost.ts';
import { ns, perSecond, ratio, us } from './sourced.ts';

const ANANDTECH = 'AnandTech P4800X review';
const ZRAM_TABLE = 'VenditatioDelendaEst zram table, page-cluster 0';
const uncompressed = ratio(1, 'by definition: stored as it is');

const stores: CostProfile['stores'] = {
  hdd: {
    read: us(8000, 'unsourced: 7200 rpm disk, random'),
    write: us(8000, 'unsourced: 7200 rpm disk, random'),
    readsPerSecond: perSecond(120, 'unsourced, range 80 to 150'),
    writesPerSecond: perSecond(120, 'unsourced, range 80 to 150'),
    ratio: uncompressed,
    medium: 'device',
  },
  sata: {
    read: us(120, 'unsourced'),
    write: us(60, 'unsourced'),
    readsPerSecond: perSecond(90_000, 'unsourced'),
    writesPerSecond: perSecond(90_000, 'unsourced: taken as for reads'),
    ratio: uncompressed,
    medium: 'device',
  },
  nvme: {
    read: ns(77_900, `${ANANDTECH}: Intel P3700, mean at queue depth 1`),
    write: us(25, 'unsourced, range 20 to 30: into the cache of the device'),
    readsPerSecond: perSecond(167_200, `${ANANDTECH}: Intel P3700, queue depth 16`),
    writesPerSecond: perSecond(167_200, 'unsourced: taken as for reads'),
    ratio: uncompressed,
    medium: 'device',
  },
  optane: {
    read: ns(8900, `${ANANDTECH}: Optane P4800X, mean at queue depth 1`),
    write: us(10, 'unsourced'),
    readsPerSecond: perSecond(584_800, `${ANANDTECH}: Optane P4800X, queue depth 16`),
    writesPerSecond: perSecond(584_800, 'unsourced: taken as for reads'),
    ratio: uncompressed,
    medium: 'device',
  },
  zram: {
    read: ns(1708, `${ZRAM_TABLE}: lz4, mean`),
    write: us(3.5, `${ZRAM_TABLE}: lz4, between 3 and 4 us`),
    // Every CPU decompresses for itself, so the pool keeps up with as many as ask; 12 is a node of the default machine.
    readsPerSecond: perSecond(12 / 1708e-9, 'derived: 12 CPUs of a node, 1708 ns a page each'),
    writesPerSecond: perSecond(12 / 3500e-9, 'derived: 12 CPUs of a node, 3500 ns a page each'),
    ratio: ratio(2.63, `${ZRAM_TABLE}: lz4`),
    medium: 'ram',
  },
};

export default stores;
