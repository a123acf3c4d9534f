// Ten actors on a thread each, 64 messages in flight, on however many cores there are (two, where the reach was set): through
// the crew's own mailboxes, bells and loops, beside the same ring over MessagePorts.
import { MessageChannel, Worker } from 'node:worker_threads';
import { Crew } from '../../../src/runtime/threads/crew.ts';
import { ACTORS, createHops, TOKENS } from '../hops.ts';
import { against, interleaved } from '../interleaved.ts';
import type { Found } from '../row.ts';

const HOPS = 10_000;
const PORT_HOPS = 300;
const ROUNDS = 6;

class PortRing {
  private readonly channels = Array.from({ length: ACTORS }, () => new MessageChannel());
  private readonly workers = this.channels.map(({ port2 }, self) => {
    const to = this.channels[(self + 1) % ACTORS]!.port1;
    return new Worker(new URL('../port-hops.worker.ts', import.meta.url), {
      workerData: { from: port2, to },
      transferList: [port2, to],
    });
  });

  /** @returns once all tokens have come to their end */
  run(hops: number): Promise<void> {
    return new Promise((resolve) => {
      let left = TOKENS;
      for (const worker of this.workers) {
        worker.removeAllListeners('message');
        worker.on('message', () => {
          if (--left === 0) resolve();
        });
      }
      for (let token = 0; token < TOKENS; token++)
        this.workers[token % ACTORS]!.postMessage({ kind: 1, id: token, argument: hops }, []);
    });
  }
  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

export async function measure(): Promise<Found[]> {
  const crew = new Crew<{ eventRings: number }>(new URL('../hops.worker.ts', import.meta.url), ACTORS);
  const ports = new PortRing();
  const ours = async () => {
    const { system, world } = createHops(HOPS);
    const parts = { eventRings: system.geometry.actors };
    await crew.run(system, world, parts, [], { disturbance: { yieldsPerMille: 0, seed: 1 } });
    const ms =
      Math.max(...system.times.map((times) => times[1]!)) -
      Math.min(...system.times.map((times) => times[0]!));
    return (TOKENS * HOPS) / ms / 1e3;
  };
  const theirs = async () => {
    const began = performance.now();
    await ports.run(PORT_HOPS);
    return (TOKENS * PORT_HOPS) / (performance.now() - began) / 1e3;
  };
  const samples = await interleaved(ROUNDS, { ours, theirs });
  await crew.dismiss();
  await ports.end();
  return [against(samples.ours, samples.theirs)];
}
