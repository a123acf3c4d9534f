// The mailboxes between two threads: messages one way, published 64 at a time, beside a ring in C, a MessagePort and comlink
// calls (64 in flight); and a round trip of two threads that sleep in between, beside two that sleep on a futex in C.
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { against, interleaved } from '../interleaved.ts';
import type { PeerApi } from '../mailbox-peer.ts';
import type { Native } from '../native.ts';
import { BOUND, CREDIT, End, kinds, newPost, SENDER } from '../post.ts';
import type { Found } from '../row.ts';

const BATCH = 64;
const MESSAGES = 4_000_000;
const POSTED = 50_000;
const CALLS = 3200;
const TRIPS = 3000;
const ROUNDS = 7;

export async function measure(native: Native): Promise<Found[]> {
  const post = newPost();
  const end = new End(post, SENDER);
  const posts = new MessageChannel();
  const calls = new MessageChannel();
  const peer = new Worker(new URL('../mailbox-peer.ts', import.meta.url), {
    workerData: { post, port: posts.port2, calls: calls.port2 },
    transferList: [posts.port2, calls.port2],
  });
  const api = Comlink.wrap<PeerApi>(nodeEndpoint(calls.port1));
  await api.take(0, 0, 0, 0, 0);

  /** Has the peer do its part; this thread blocks until its own is done. @returns seconds */
  const together = async (what: 'take' | 'answer', count: number, work: () => void): Promise<number> => {
    peer.postMessage({ what, count }, []);
    const began = performance.now();
    work();
    const seconds = (performance.now() - began) / 1000;
    await once(peer, 'message');
    return seconds;
  };
  const oneWay = async () => {
    const seconds = await together('take', MESSAGES, () => {
      let credits = BOUND;
      const claim = () => {
        while (!end.take()) end.await();
        credits += CREDIT;
      };
      for (let sent = 0; sent < MESSAGES; sent += BATCH) {
        if (credits < BATCH) claim();
        for (let i = 0; i < BATCH; i++) end.send(kinds.load, sent + i);
        end.publish();
        credits -= BATCH;
      }
      for (let back = credits; back + CREDIT <= BOUND; back += CREDIT) claim();
    });
    return MESSAGES / seconds / 1e6;
  };
  const posting = async () => {
    const began = performance.now();
    const answer = once(posts.port1, 'message');
    for (let i = 0; i < POSTED; i++)
      posts.port1.postMessage({ kind: 1, id: 2, argument: 3, serial: i, time: 5, last: i === POSTED - 1 });
    await answer;
    return POSTED / ((performance.now() - began) / 1000) / 1e6;
  };
  const calling = async () => {
    const began = performance.now();
    for (let called = 0; called < CALLS; called += BATCH)
      await Promise.all(Array.from({ length: BATCH }, (_, i) => api.take(1, 2, 3, called + i, 5)));
    return CALLS / ((performance.now() - began) / 1000) / 1e6;
  };
  const roundTrip = async () => {
    const seconds = await together('answer', TRIPS, () => {
      for (let trip = 0; trip < TRIPS; trip++) {
        end.send(kinds.ping, trip);
        end.publish();
        while (!end.take()) end.await(0);
      }
    });
    return (seconds / TRIPS) * 1e6;
  };

  const ways = await interleaved(ROUNDS, {
    ours: oneWay,
    ring: () => native.ask('ring', BATCH, 4 * MESSAGES),
    posting,
    calling,
  });
  const trips = await interleaved(ROUNDS, { ours: roundTrip, futex: () => native.ask('futex', TRIPS) });
  api[Comlink.releaseProxy]();
  posts.port1.close();
  calls.port1.close();
  await peer.terminate();
  return [
    against(ways.ours, ways.ring),
    against(ways.ours, ways.posting),
    against(ways.ours, ways.calling),
    against(trips.ours, trips.futex),
  ];
}
