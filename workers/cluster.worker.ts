// A thread of a crew that plays one actor of a cluster: what `actor.worker.ts` is for a single host.
import { parentPort, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { attachCluster } from '../src/actors/cluster/index.ts';
import type { ClusterThreadParts } from '../src/report/migration/run-on-threads.ts';
import { ActorLoop } from '../src/runtime/threads/actor-loop.ts';
import { Bells } from '../src/runtime/threads/bells.ts';
import type { ActorThread, Setup } from '../src/runtime/threads/crew.ts';
import { EventRings, EventWriter } from '../src/runtime/threads/event-ring.ts';
import { present } from '../src/stdx/assert.ts';

const {
  bells: bellsBuffer,
  self,
  actors,
} = workerData as { bells: SharedArrayBuffer; self: number; actors: number };
const port = present(parentPort, 'parent port');
const bells = new Bells(actors + 1, bellsBuffer);
let controlSeen = 0;
port.on('message', () => {
  controlSeen++;
});
let loop: ActorLoop | null = null;

const api: ActorThread<ClusterThreadParts> = {
  load({ world, events, parts, disturbance, recordsSteps }: Setup<ClusterThreadParts>) {
    const writer = new EventWriter(new EventRings(parts.eventRings, events), bells, actors, self);
    loop = new ActorLoop(
      attachCluster(world, parts, writer),
      self,
      bells,
      writer,
      () => controlSeen,
      disturbance,
      recordsSteps,
    );
    return Promise.resolve();
  },
  run: () => present(loop, 'a loaded world').run(),
  stop() {
    const stopping = present(loop, 'a loaded world');
    stopping.stop();
    return Promise.resolve(stopping.statistics());
  },
};
Comlink.expose(api, nodeEndpoint(port));
