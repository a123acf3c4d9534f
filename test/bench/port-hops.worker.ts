// A thread of the same ring of actors over MessagePorts: passes tokens on until their hops are used up.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

const { from, to } = workerData as { from: MessagePort; to: MessagePort };

const pass = ({ kind, id, argument }: { kind: number; id: number; argument: number }): void => {
  if (argument > 0) to.postMessage({ kind, id, argument: argument - 1 }, []);
  else parentPort!.postMessage(id, []);
};
from.on('message', pass);
// Where tokens are put in.
parentPort!.on('message', pass);
