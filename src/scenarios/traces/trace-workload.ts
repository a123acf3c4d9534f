// Recorded traces as a workload. Each file is the trace of one vCPU and an address space of its own; or one file is the
// trace of a task that the guest's scheduler moves from vCPU to vCPU, which is what makes its pages remote.
//
// Rules of use: one `read` per vCPU at a time, the vCPUs in any order. Where a task moves, a vCPU that waits for it gets
// its `await` and its next `read` stays pending until the stream has come to it: so whoever executes the scripts must go
// on with the vCPU that has been handed the task while others are pending. Executing vCPUs in handover order ends.

import type { Readable } from 'node:stream';
import { BULK_VNODES, encode, operation, OPERATION_WORDS } from '../../model/script.ts';
import type { GuestShape, ScriptSource, Workload } from '../../model/script.ts';
import { assert, present } from '../../stdx/assert.ts';
import { InputError } from '../../stdx/input-error.ts';
import { LackeyTrace } from './lackey.ts';
import { assertTraceFile } from './trace-bytes.ts';

export interface TraceOptions {
  /** File i is the trace of vCPU i; `-` is `stdin`. */
  files: string[];
  /** Different pages that each file may touch. */
  maxPages: number;
  /** With one file: operations after which the task goes to a vCPU of another vNode. */
  moveEvery?: number | undefined;
  /** Where the task arrives, its pages are moved first, touched or not (`migratepages`, cpuset memory_migrate). */
  migratePages?: boolean | undefined;
  instructions?: 'read' | 'skip' | undefined;
  /** Bytes that a gzip may unpack to. */
  maxBytes?: number | undefined;
  shape: GuestShape;
  stdin?: Readable | undefined;
}

/** Pages that one operation of a script can name. */
const BULK_PAGES_MAX = 2 ** 22;

/** Gvpns are Int32 in a script. */
const GVPNS = 2 ** 31;

export function traceWorkload(options: TraceOptions): Workload {
  const { files, maxPages, moveEvery, shape } = options;
  refuseUnusable(options);
  const open = (file: string, index: number): LackeyTrace =>
    new LackeyTrace({
      file,
      stdin: options.stdin,
      maxPages,
      pageWords: shape.pageWords,
      firstGvpn: index * maxPages,
      instructions: options.instructions,
      maxBytes: options.maxBytes,
    });
  return {
    name: 'trace',
    sentence:
      moveEvery === undefined
        ? 'Replays recorded memory accesses, one trace per vCPU.'
        : `Replays one recorded task, moved to another vNode after every ${moveEvery} accesses.`,
    pages: files.length * maxPages,
    open: () =>
      moveEvery === undefined
        ? new SeparateTasks(files.map(open))
        : new MovingTask(open(present(files[0], 'trace file'), 0), moveEvery, options),
  };
}

/** One trace per vCPU; a vCPU without one has nothing to do. */
class SeparateTasks implements ScriptSource {
  private readonly traces: LackeyTrace[];

  constructor(traces: LackeyTrace[]) {
    this.traces = traces;
  }

  read(vcpu: number, out: Int32Array): number | Promise<number> {
    const trace = this.traces[vcpu];
    return trace ? readFully(trace, out, Math.floor(out.length / OPERATION_WORDS)) : 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.traces.map((trace) => trace.close()));
  }
}

/**
 * One task on many vCPUs. At any time one vCPU runs it and each of the others awaits it or has ended:
 *
 * 1. vCPU 0 begins; the script of every other begins with `await`.
 * 2. After `moveEvery` operations the one that runs hands over to the next vCPU with another vNode, and awaits.
 * 3. The trace ends at some vCPU, and all others await. Now the task is led once round: each vCPU hands it over to its
 *    successor and ends, the last one just ends.
 *
 * So each `await`, whether of step 1 or 2, is matched by exactly one `handover`, of step 2 or 3.
 */
class MovingTask implements ScriptSource {
  private readonly trace: LackeyTrace;
  private readonly moveEvery: number;
  private readonly vcpuVnodes: readonly number[];
  /** Pages to move on arrival; 0 = none. */
  private readonly pages: number;
  private bulkDue = false;
  private running = 0;
  private operationsHere = 0;
  /** The vCPU at which the trace ended. */
  private endedAt = -1;
  private readonly awaitDue: boolean[];
  private readonly ended: boolean[];
  /** Wakes the pending `read` of a vCPU. */
  private readonly wake: ((() => void) | undefined)[] = [];
  private failure: unknown;
  private closed = false;

  constructor(trace: LackeyTrace, moveEvery: number, { shape, maxPages, migratePages }: TraceOptions) {
    const { vcpuVnodes } = shape;
    this.trace = trace;
    this.moveEvery = moveEvery;
    this.vcpuVnodes = vcpuVnodes;
    this.pages = migratePages ? maxPages : 0;
    this.awaitDue = vcpuVnodes.map((_, vcpu) => vcpu !== 0);
    this.ended = vcpuVnodes.map(() => false);
  }

  read(vcpu: number, out: Int32Array): number | Promise<number> {
    assert(vcpu < this.ended.length, `vCPU: expected below ${this.ended.length}, saw ${vcpu}`);
    // Before the question whose turn it is: the task may have arrived before its vCPU first asked.
    if (this.awaitDue[vcpu]) {
      this.awaitDue[vcpu] = false;
      return put(out, operation.await, 0);
    }
    if (this.failure !== undefined) throw this.failure;
    if (this.ended[vcpu] || this.closed) return 0;
    if (vcpu !== this.running) {
      return new Promise<void>((resolve) => (this.wake[vcpu] = resolve)).then(() => this.read(vcpu, out));
    }
    if (this.endedAt >= 0) return this.leadRound(vcpu, out);
    if (this.operationsHere === this.moveEvery) {
      this.awaitDue[vcpu] = true;
      this.bulkDue = this.pages > 0;
      return this.moveTo(this.nextElsewhere(vcpu), out);
    }
    if (this.bulkDue) {
      this.bulkDue = false;
      return put(out, operation.bulkMove, this.vcpuVnodes[vcpu]! + BULK_VNODES * this.pages);
    }
    const room = Math.floor(out.length / OPERATION_WORDS);
    try {
      const count = readFully(this.trace, out, Math.min(room, this.moveEvery - this.operationsHere));
      if (typeof count === 'number') return this.delivered(vcpu, count, out);
      return count
        .then((later) => this.delivered(vcpu, later, out))
        .catch((error: unknown) => this.fail(error));
    } catch (error) {
      return this.fail(error);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.wakeAll();
    await this.trace.close();
  }

  private delivered(vcpu: number, count: number, out: Int32Array): number {
    if (count === 0) {
      this.endedAt = vcpu;
      return this.leadRound(vcpu, out);
    }
    this.operationsHere += count;
    return count;
  }

  /** Step 3. */
  private leadRound(vcpu: number, out: Int32Array): number {
    this.ended[vcpu] = true;
    const successor = (vcpu + 1) % this.ended.length;
    return successor === this.endedAt ? 0 : this.moveTo(successor, out);
  }

  private moveTo(destination: number, out: Int32Array): number {
    this.running = destination;
    this.operationsHere = 0;
    this.wake[destination]?.();
    this.wake[destination] = undefined;
    return put(out, operation.handover, destination);
  }

  private nextElsewhere(vcpu: number): number {
    const { vcpuVnodes } = this;
    let next = vcpu;
    // Ends: `refuseUnusable` has seen two vNodes.
    do next = (next + 1) % vcpuVnodes.length;
    while (vcpuVnodes[next] === vcpuVnodes[vcpu]);
    return next;
  }

  /** Nobody must stay pending on a task that will never come. */
  private fail(error: unknown): never {
    this.failure = error;
    this.wakeAll();
    throw error;
  }

  private wakeAll(): void {
    for (const resolve of this.wake) resolve?.();
    this.wake.length = 0;
  }
}

/**
 * Reads until `limit` operations or the end: where a chunk ends must depend on the trace alone, not on how its bytes came
 * in, or the same run would differ between a file and a pipe.
 */
function readFully(trace: LackeyTrace, out: Int32Array, limit: number, done = 0): number | Promise<number> {
  while (done < limit) {
    const count = trace.read(out.subarray(done * OPERATION_WORDS), limit - done);
    if (typeof count !== 'number') {
      const before = done;
      return count.then((more) => (more === 0 ? before : readFully(trace, out, limit, before + more)));
    }
    if (count === 0) break;
    done += count;
  }
  return done;
}

function put(out: Int32Array, code: number, argument: number): number {
  out[0] = encode(code, argument);
  out[1] = 0;
  return 1;
}

function refuseUnusable(options: TraceOptions): void {
  const { files, maxPages, moveEvery, shape } = options;
  const vcpus = shape.vcpuVnodes.length;
  if (files.length === 0 || files.length > vcpus) {
    throw new InputError(
      { file: '--trace' },
      `${files.length} traces for ${vcpus} vCPUs`,
      `1 to ${vcpus}, one per vCPU`,
      files.length === 0 ? 'give a file' : 'leave some out, or give the guest more vCPUs',
    );
  }
  if (!Number.isSafeInteger(maxPages) || maxPages < 1 || maxPages * files.length > GVPNS) {
    throw new InputError(
      { file: '--pages' },
      `${maxPages} pages for each of ${files.length} traces`,
      `a whole number, 1 or more, ${GVPNS} in total at most`,
      'give the number of different pages that the largest trace touches',
    );
  }
  if (moveEvery !== undefined) refuseMove(moveEvery, files.length, shape);
  if (options.migratePages && (moveEvery === undefined || maxPages > BULK_PAGES_MAX)) {
    throw new InputError(
      { file: '--migrate-pages' },
      moveEvery === undefined ? 'without --move-every' : `with ${maxPages} pages`,
      `a task that moves, and at most ${BULK_PAGES_MAX} pages`,
      'give --move-every, or fewer --pages',
    );
  }
  if (files.filter((file) => file === '-').length > 1) {
    throw new InputError(
      { file: '--trace' },
      "'-' more than once",
      'one trace from standard input',
      'save the others to files',
    );
  }
  for (const file of files) {
    if (file !== '-') assertTraceFile(file);
    else assert(options.stdin !== undefined, "trace '-': expected options.stdin, saw none");
  }
}

function refuseMove(moveEvery: number, files: number, shape: GuestShape): void {
  const place = { file: '--move-every' };
  if (!Number.isSafeInteger(moveEvery) || moveEvery < 1) {
    throw new InputError(place, `saw ${moveEvery}`, 'a whole number, 1 or more', 'try 10000');
  }
  if (files > 1) {
    throw new InputError(
      place,
      `${files} traces`,
      'one, which is moved',
      'leave --move-every or the others out',
    );
  }
  if (new Set(shape.vcpuVnodes).size < 2) {
    throw new InputError(
      place,
      'all vCPUs are on one vNode',
      'vCPUs on two vNodes or more, to move between',
      'give the guest vCPUs on another vNode',
    );
  }
}
