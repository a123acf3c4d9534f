// A thread of a crew: plays one actor of one world after another.
import { attach } from '../src/actors/index.ts';
import { alteration } from '../src/flaws/index.ts';
import type { ThreadParts } from '../src/report/run-on-threads.ts';
import { serveActor } from '../src/runtime/threads/actor-thread.ts';
import { loadProtocol } from '../src/scenarios/modules.ts';

serveActor(async (world, { protocol: name, ...parts }: ThreadParts, writer) => {
  const protocol = await loadProtocol(name);
  return attach(world, { ...parts, protocol, alter: alteration(parts.flaws) }, writer);
});
