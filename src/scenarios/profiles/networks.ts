// Networks between hosts. Rates are line rates, framing left out; one-way latency is an assumption and said to be one.
import type { Sourced } from '../../model/cost.ts';
import { MBps, us } from './sourced.ts';

export interface NetworkProfile {
  name: string;
  bandwidth: Sourced;
  latency: Sourced;
}

const LATENCY = us(
  10,
  'unsourced, range 5 to 30: one way, two host stacks and a switch in one rack, no load; a round trip is twice that',
);

export const networks: readonly NetworkProfile[] = [
  {
    name: '10gbe',
    bandwidth: MBps(1250, 'line rate of 10 Gbit/s Ethernet (IEEE 802.3ae)'),
    latency: LATENCY,
  },
  {
    name: '25gbe',
    bandwidth: MBps(3125, 'line rate of 25 Gbit/s Ethernet (IEEE 802.3by)'),
    latency: LATENCY,
  },
  {
    name: '100gbe',
    bandwidth: MBps(12_500, 'line rate of 100 Gbit/s Ethernet (IEEE 802.3ba)'),
    latency: LATENCY,
  },
];
export const networkNames = networks.map(({ name }) => name);
