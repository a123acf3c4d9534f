// Runs one small world and prints its trace hash: for a test that two processes agree. Arguments: the case as JSON.
import { protocols } from '../../src/protocols/index.ts';
import { explore, type Order, type Small, smallWorld } from './small-world.ts';
import { smallWorkload, type SmallWorkload } from './small-workloads.ts';

export interface HashCase {
  protocol: string;
  small: Small;
  workload: SmallWorkload;
  order: Order;
  seed: number;
}

const { protocol, small, workload, order, seed } = JSON.parse(process.argv[2]!) as HashCase;
const found = protocols.find(({ name }) => name === protocol)!;
process.stdout.write(explore(smallWorld(small), found, smallWorkload(workload), order, { seed }).hash);
