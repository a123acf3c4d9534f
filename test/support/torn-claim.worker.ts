// A thread of a crew whose guests claim pages by two accesses, with a pause between them: what `workers/actor.worker.ts` is
// otherwise.
import { parentPort, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { attach } from '../../src/actors/index.ts';
import type { ThreadParts } from '../../src/report/run-on-threads.ts';
import { ActorLoop } from '../../src/runtime/threads/actor-loop.ts';
import { Bells } from '../../src/runtime/threads/bells.ts';
import type { ActorThread, Setup } from '../../src/runtime/threads/crew.ts';
import { EventRings, EventWriter } from '../../src/runtime/threads/event-ring.ts';
import { loadProtocol } from '../../src/scenarios/modules.ts';
import { present } from '../../src/stdx/assert.ts';
import { tornClaim } from './torn-claim.ts';

const PAUSE_MS = 0.5;
const {
  bells: buffer,
  self,
  actors,
} = workerData as { bells: SharedArrayBuffer; self: number; actors: number };
const port = present(parentPort, 'parent port');
const bells = new Bells(actors + 1, buffer);
const pause = new Int32Array(new SharedArrayBuffer(4));
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
    const between = () => void Atomics.wait(pause, 0, 0, PAUSE_MS);
    const system = attach(
      world,
      { ...rest, protocol, alter: (built) => tornClaim(built, { between, counted: false }) },
      writer,
    );
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
