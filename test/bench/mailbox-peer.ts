// The thread at the other end of mailbox benches: takes what is sent through the mailbox when told so, takes what is posted to
// its port, and answers comlink calls.
import { parentPort, type MessagePort, workerData } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { CREDIT, End, kinds, PEER, type PostBuffers } from './post.ts';

const { post, port, calls } = workerData as { post: PostBuffers; port: MessagePort; calls: MessagePort };
const end = new End(post, PEER);

/** @returns a sum of what came, so that it was looked at */
function takeAll(count: number): number {
  const { incoming } = end;
  let sum = 0;
  for (let taken = 0; taken < count;) {
    if (!end.take()) {
      end.await();
      continue;
    }
    sum = (sum + incoming.kind + incoming.id + incoming.argument + incoming.serial + incoming.time) | 0;
    if (++taken % CREDIT !== 0) continue;
    end.send(kinds.credit, taken);
    end.publish();
  }
  end.publish();
  return sum;
}
function answerAll(count: number): void {
  for (let taken = 0; taken < count; taken++) {
    while (!end.take()) end.await(0);
    end.send(kinds.pong, taken);
    end.publish();
  }
}

parentPort!.on('message', ({ what, count }: { what: 'take' | 'answer'; count: number }) => {
  if (what === 'take') takeAll(count);
  else answerAll(count);
  parentPort!.postMessage('done', []);
});

let posted = 0;
port.on('message', ({ last }: { last: boolean }) => {
  posted++;
  if (last) port.postMessage(posted);
});

const api = {
  take(kind: number, id: number, argument: number, serial: number, time: number): number {
    return kind + id + argument + serial + time;
  },
};
export type PeerApi = typeof api;
Comlink.expose(api, nodeEndpoint(calls));
