// A thread of a crew, from the inside: plays one actor of one world after another. The worker file says only how the actor
// is attached to a world.
import { parentPort, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Runnable } from '../../actor/system.ts';
import { present } from '../../stdx/assert.ts';
import { ActorLoop } from './actor-loop.ts';
import { Bells } from './bells.ts';
import type { ActorThread, Setup } from './crew.ts';
import { EventRings, EventWriter } from './event-ring.ts';

/** What this file itself needs of a setup's parts. */
interface Traced {
  /** How many rings of events there are. */
  eventRings: number;
}

/**
 * Answers the crew's calls from now on; to be called once, by a worker that a crew started.
 * @param attach the actors of a world that lies in the buffer already, whose events go to `writer`
 */
export function serveActor(
  // What the parts are is between the worker and whoever runs its crew.
  attach: (world: SharedArrayBuffer, parts: never, writer: EventWriter) => Runnable | Promise<Runnable>,
): void {
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

  const api: ActorThread<Traced> = {
    async load({ world, events, parts, disturbance, recordsSteps }: Setup<Traced>) {
      const writer = new EventWriter(new EventRings(parts.eventRings, events), bells, actors, self);
      const system = await attach(world, parts as never, writer);
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
}
