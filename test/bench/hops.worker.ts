// A thread of the ring of actors: see hops.ts.
import { serveActor } from '../../src/runtime/threads/actor-thread.ts';
import { attachHops } from './hops.ts';

serveActor((world, _parts, writer) => attachHops(world, writer));
