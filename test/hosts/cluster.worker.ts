// A thread of a crew that plays one actor of a cluster: what `actor.worker.ts` is for a single host. The command line runs
// clusters simulated only.
import { attachCluster } from '../../src/actors/cluster/index.ts';
import type { ClusterThreadParts } from './on-threads.ts';
import { serveActor } from '../../src/runtime/threads/actor-thread.ts';

serveActor((world, parts: ClusterThreadParts, writer) => attachCluster(world, parts, writer));
