// A thread of a crew: plays one actor of one world after another.
import { parentPort, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { attach } from '../src/actors/index.ts';
import { alteration } from '../src/flaws/index.ts';
import type { ThreadParts } from '../src/report/run-on-threads.ts';
import { ActorLoop } from '../src/runtime/threads/actor-loop.ts';
import { Bells } from '../src/runtime/threads/bells.ts';
import type { ActorThread, Setup } from '../src/runtime/threads/crew.ts';
import { EventRings, EventWriter } from '../src/runtime/threads/event-ring.ts';
import { loadProtocol } from '../src/scenarios/modules.ts';
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

const api: ActorThread<ThreadParts> = {
  async load({ world, events, parts, disturbance, recordsSteps }: Setup<ThreadParts>) {
    const { protocol: name, ...rest } = parts;
    const writer = new EventWriter(new EventRings(parts.eventRings, events), bells, actors, self);
    const protocol = await loadProtocol(name);
    const system = attach(world, { ...rest, protocol, alter: alteration(parts.flaws) }, writer);
    loop = new ActorLoop(system, self, bells, writer, () => controlSeen, disturbance, recordsSteps);
  },
  run: () => present(loop, 'a loaded world').run(),
  stop() {
    const stopping = present(loop, 'a loaded world');
    stopping.stop();
    return Promise.resolve(stopping.statistics());
  },
};
Comlink.expose(api, nodeEndpoint(port));
