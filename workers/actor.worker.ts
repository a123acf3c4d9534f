// A thread of a crew: plays one actor of one world after another. A crew starts many at once, so each loads what it needs
// and no more: a protocol of the user's and seeded bugs only where there are any.
import { attach } from '../src/actors/index.ts';
import { protocols } from '../src/protocols/index.ts';
import type { ThreadParts } from '../src/report/run-on-threads.ts';
import { serveActor } from '../src/runtime/threads/actor-thread.ts';

serveActor(async (world, { protocol: name, ...parts }: ThreadParts, writer) => {
  const shipped = protocols.find((protocol) => protocol.name === name);
  const protocol = shipped ?? (await (await import('../src/scenarios/modules.ts')).loadProtocol(name));
  const { flaws } = parts;
  const alter = flaws.length === 0 ? undefined : (await import('../src/flaws/index.ts')).alteration(flaws);
  return attach(world, { ...parts, protocol, alter }, writer);
});
