// A crew of threads, one for each actor, that can run one world after another. The main thread starts them, delivers the
// vCPUs' scripts, empties the trace and notices when everything is at rest; it never blocks, and no data passes through
// it but that.
import { type Transferable, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Runnable } from '../../actor/system.ts';
import { blankMessage, message, type Message } from '../../model/messages.ts';
import { OPERATION_WORDS, type ScriptSource } from '../../model/script.ts';
import type { Disturbance, LoopStatistics } from './actor-loop.ts';
import { Bells } from './bells.ts';
import { EventRings, Recording } from './event-ring.ts';
import type { Feed } from './step-record.ts';

/** What a worker is told. `parts` is for the worker file to make sense of. */
export interface Setup<Parts> {
  world: SharedArrayBuffer;
  events: SharedArrayBuffer;
  self: number;
  actors: number;
  parts: Parts;
  disturbance: Disturbance;
  recordsSteps: boolean;
}

/** What a worker does; few calls, all of them coarse. */
export interface ActorThread<Parts> {
  load(setup: Setup<Parts>): Promise<void>;
  /** Runs until stopped; rejects when the actor throws. */
  run(): Promise<void>;
  stop(): Promise<LoopStatistics>;
}

export interface CrewRunOptions {
  disturbance: Disturbance;
  /** Stops the run. */
  signal?: AbortSignal | undefined;
  /** Whether the run is to be explained afterwards (see validate.ts). */
  recordsSteps?: boolean;
}
export interface CrewRun {
  ending: 'at rest' | 'stopped' | 'step limit';
  recording: Recording;
  statistics: LoopStatistics[];
}

/** A run in which no access is made for so long goes in circles: far longer than any thread has to wait for a core. */
const CIRCLING_MS = 30_000;
/** Looks for a standstill so often even when no bell rings. */
const WATCH_MS = 250;

export class Crew<Parts> {
  private readonly bells: Bells;
  private readonly workers: Worker[];
  /** Kept in a field: comlink loses answers to proxies that were collected. */
  private readonly threads: Comlink.Remote<ActorThread<Parts>>[];
  private failed: Error | null = null;

  /** @param file URL of the worker; `actors` the most that a world may have */
  constructor(file: URL, actors: number) {
    this.bells = new Bells(actors + 1);
    this.workers = Array.from({ length: actors }, (_, self) => {
      const worker = new Worker(file, { workerData: { bells: this.bells.buffer, self, actors } });
      worker.on('error', (error) => {
        this.failed ??= error as Error;
      });
      worker.setMaxListeners(0);
      return worker;
    });
    this.threads = this.workers.map((worker, self) =>
      Comlink.wrap<ActorThread<Parts>>(this.ringing(worker, self)),
    );
  }
  get size(): number {
    return this.workers.length;
  }

  /** An endpoint that wakes the thread for every message: a sleeping actor does not look at its port. */
  private ringing(worker: Worker, self: number): Comlink.Endpoint {
    const endpoint = nodeEndpoint(worker);
    return {
      addEventListener: endpoint.addEventListener.bind(endpoint),
      removeEventListener: endpoint.removeEventListener.bind(endpoint),
      postMessage: (value: unknown, transfer?: readonly Transferable[]) => {
        endpoint.postMessage(value, [...(transfer ?? [])] as never);
        this.bells.control(self);
      },
    };
  }

  /**
   * Runs one world to its rest.
   * @param system the main thread's view of the world, freshly created; its last actor is the feeder
   */
  async run(
    system: Runnable,
    world: SharedArrayBuffer,
    parts: Parts,
    sources: readonly ScriptSource[],
    { disturbance, signal, recordsSteps = false }: CrewRunOptions,
  ): Promise<CrewRun> {
    const { feeder } = system.geometry;
    const rings = new EventRings(system.geometry.actors);
    const recording = new Recording(rings);
    const threads = this.threads.slice(0, feeder);
    system.mailboxes.publish(() => {});
    await Promise.all(
      threads.map((thread, self) =>
        thread.load({
          world,
          events: rings.buffer,
          self,
          actors: this.size,
          parts,
          disturbance,
          recordsSteps,
        }),
      ),
    );
    let crash: Error | null = null;
    const running = threads.map((thread) =>
      thread.run().catch((error: Error) => {
        crash ??= error;
        this.bells.ring(this.size);
      }),
    );
    const watch = setInterval(() => this.bells.ring(this.size), WATCH_MS);
    const abort = () => this.bells.ring(this.size);
    signal?.addEventListener('abort', abort);
    let ending: CrewRun['ending'] = 'at rest';
    let accesses = 0;
    let progressAt = performance.now();
    const incoming = blankMessage();
    try {
      for (;;) {
        this.bells.prepare(this.size);
        recording.drain();
        const fed = await this.feed(system, sources, incoming, recordsSteps ? recording.feeds : null);
        if (crash ?? this.failed) throw crash ?? this.failed;
        if (signal?.aborted) {
          ending = 'stopped';
          break;
        }
        if (fed) continue;
        if (this.atRest(system)) break;
        if (recording.accesses > accesses) {
          accesses = recording.accesses;
          progressAt = performance.now();
        } else if (performance.now() - progressAt > CIRCLING_MS) {
          ending = 'step limit';
          break;
        }
        await this.bells.waitAsync(this.size);
      }
    } finally {
      clearInterval(watch);
      signal?.removeEventListener('abort', abort);
    }
    const stopping = Promise.all(threads.map((thread) => thread.stop()));
    // An actor may still wait for room in its ring of events.
    const draining = setInterval(() => recording.drain(), 5);
    const statistics = await stopping;
    await Promise.all(running);
    clearInterval(draining);
    recording.drain();
    return { ending, recording, statistics };
  }

  /** Delivers the chunks that vCPUs asked for. @returns whether there were any */
  private async feed(
    system: Runnable,
    sources: readonly ScriptSource[],
    incoming: Message,
    feeds: Feed[] | null,
  ): Promise<boolean> {
    const { mailboxes, geometry, scripts, contexts } = system;
    let any = false;
    for (const ring of mailboxes.inbound[geometry.feeder]!) {
      if (!mailboxes.receive(ring, incoming)) continue;
      any = true;
      const vcpu = incoming.id;
      const guest = geometry.vcpuGuest[vcpu]!;
      const context = contexts[geometry.feeder]!;
      context.advance(incoming.time);
      scripts.length[vcpu] = await sources[guest]!.read(
        vcpu - geometry.guestVcpu[guest]!,
        scripts.words[vcpu]!,
      );
      const operations = scripts.length[vcpu];
      feeds?.push({ vcpu, operations, words: scripts.words[vcpu]!.slice(0, operations * OPERATION_WORDS) });
      context.send(vcpu, message.fed, vcpu);
      mailboxes.publish(() => this.bells.ring(vcpu));
    }
    return any;
  }

  /** Everybody sleeps, every ring is empty, and nobody was woken while we looked. */
  private atRest({ mailboxes, geometry }: Runnable): boolean {
    const actors = Array.from({ length: geometry.feeder }, (_, actor) => actor);
    const wakes = () => actors.reduce((sum, actor) => sum + this.bells.wakes(actor), 0);
    const before = wakes();
    return (
      actors.every((actor) => this.bells.isWaiting(actor)) &&
      mailboxes.links.every((_, ring) => mailboxes.isEmpty(ring)) &&
      actors.every((actor) => this.bells.isWaiting(actor)) &&
      wakes() === before
    );
  }

  /** Ends the threads. */
  async dismiss(): Promise<void> {
    for (const thread of this.threads) thread[Comlink.releaseProxy]();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
