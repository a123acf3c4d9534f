// The records that messages hand over: one column a field. Whoever received the message last has the record in custody
// and is the only one to touch it, so these are plain accesses, made visible by the mailbox's publication.
import type { RequestTable } from '../../machines/index.ts';
import type { Recorder } from '../model/recorder.ts';
import type { Arena } from './arena.ts';

/**
 * What a guest writes for a balance request: guest memory, which the guest may change at any time. Only the hypervisor
 * reads it, each field once, before it checks anything; from there on the copy in `Requests` is what counts.
 */
export class Hypercalls {
  readonly kind: Int32Array;
  readonly source: Int32Array;
  readonly destination: Int32Array;
  readonly generation: Int32Array;

  constructor(arena: Arena, count: number) {
    this.kind = arena.int32(count);
    this.source = arena.int32(count);
    this.destination = arena.int32(count);
    this.generation = arena.int32(count);
  }
}

/** Balance requests: `batch` of them for each vCPU; request id = vCPU * batch + slot. */
export class Requests {
  readonly table: RequestTable;
  readonly state: Int32Array;
  readonly kind: Int32Array;
  readonly source: Int32Array;
  readonly destination: Int32Array;
  readonly generation: Int32Array;
  readonly result: Int32Array;

  constructor(arena: Arena, count: number, table: RequestTable) {
    this.table = table;
    this.state = arena.int32(count);
    this.kind = arena.int32(count);
    this.source = arena.int32(count);
    this.destination = arena.int32(count);
    this.generation = arena.int32(count);
    this.result = arena.int32(count);
  }
  step(request: number, on: number, trace: Recorder): void {
    const state = this.state[request]!;
    const next = this.table.next[state * this.table.events.length + on]!;
    if (next < 0) trace.illegal(2, request, state, on);
    else this.state[request] = next;
  }
}

/** EPT violations: a vCPU has at most one outstanding; fault id = vCPU. */
export class Faults {
  readonly gfn: Int32Array;
  readonly write: Int32Array;
  readonly purpose: Int32Array;
  /** Which fault of the vCPU it is, counted. */
  readonly token: Int32Array;

  constructor(arena: Arena, vcpus: number) {
    this.token = arena.int32(vcpus);
    this.gfn = arena.int32(vcpus);
    this.write = arena.int32(vcpus);
    this.purpose = arena.int32(vcpus);
  }
}

/** Commands: a vCPU has at most one outstanding, id = vCPU, and one report of a free page beside it, id = vCPUs + vCPU. */
export class Commands {
  readonly kind: Int32Array;
  readonly gfn: Int32Array;
  readonly parameter: Int32Array;

  constructor(arena: Arena, vcpus: number) {
    this.kind = arena.int32(vcpus);
    this.gfn = arena.int32(vcpus);
    this.parameter = arena.int32(vcpus);
  }
}

/** The host's operations: what it is doing to which page, and how far it has come. */
export class Operations {
  readonly count: number;
  /** operationKind + 1, or 0 for a record that is free. */
  readonly kind: Int32Array;
  readonly gfn: Int32Array;
  readonly destination: Int32Array;
  /** Generation under which the page is, or is to be, listed. */
  readonly generation: Int32Array;
  /** Under which name (Gfn, generation) the moved content was put where it is. */
  readonly headerGfn: Int32Array;
  readonly headerGeneration: Int32Array;
  readonly cause: Int32Array;
  /** Where the content was when the operation began. */
  readonly from: Int32Array;
  /** What was reserved for it, or NOWHERE. */
  readonly to: Int32Array;
  /** Home to reserve at. */
  readonly home: Int32Array;
  /** Node of the CPU that does the copying. */
  readonly node: Int32Array;
  /** Balance request, or -1. */
  readonly request: Int32Array;
  readonly plan: Int32Array;
  readonly step: Int32Array;
  /** Result of the step under way, set by whoever does it. */
  readonly result: Int32Array;
  /** Result of the whole, `result.OK` unless something went wrong. */
  readonly outcome: Int32Array;
  /** State of the page while it is between two Gfns; -1 when it is at one. */
  readonly carried: Int32Array;
  /** Reads of the content that failed. */
  readonly failures: Int32Array;
  /** Gfn + 1 whose operation this one waits for; 0 = none. */
  readonly awaitsGfn: Int32Array;
  /** Home + 1 whose room this one waits for; 0 = none. */
  readonly awaitsRoom: Int32Array;
  /** 1 = it is about a copy that read-ahead left in a frame. */
  readonly copy: Int32Array;
  /** Operation + 1 that waits for this one; 0 = none. */
  readonly parent: Int32Array;
  private readonly columns: readonly Int32Array[];
  /** A checker puts records into use behind our back, and sees what we look at. */
  private readonly isWatched: boolean;
  /** One past the last that may be in use. The first that is free is taken, so these are few. */
  private inUse: number;

  constructor(arena: Arena, count: number) {
    this.count = count;
    this.isWatched = arena.onTake !== null;
    this.kind = arena.int32(count);
    this.gfn = arena.int32(count);
    this.destination = arena.int32(count);
    this.generation = arena.int32(count);
    this.headerGfn = arena.int32(count);
    this.headerGeneration = arena.int32(count);
    this.cause = arena.int32(count);
    this.from = arena.int32(count);
    this.to = arena.int32(count);
    this.home = arena.int32(count);
    this.node = arena.int32(count);
    this.request = arena.int32(count);
    this.plan = arena.int32(count);
    this.step = arena.int32(count);
    this.result = arena.int32(count);
    this.outcome = arena.int32(count);
    this.carried = arena.int32(count);
    this.failures = arena.int32(count);
    this.awaitsGfn = arena.int32(count);
    this.awaitsRoom = arena.int32(count);
    this.copy = arena.int32(count);
    this.parent = arena.int32(count);
    this.columns = Object.values(this).filter((value): value is Int32Array => value instanceof Int32Array);
    this.inUse = this.isWatched ? count : this.kind.findLastIndex((kind) => kind !== 0) + 1;
  }
  /** Whoever looks for one that is in use need look no further. */
  get end(): number {
    return this.inUse;
  }
  /** A free record, in use as soon as it has a kind; or -1. */
  take(): number {
    const operation = this.kind.indexOf(0);
    if (operation >= this.inUse) this.inUse = operation + 1;
    return operation;
  }
  give(operation: number): void {
    const { kind } = this;
    kind[operation] = 0;
    if (this.isWatched) return;
    while (this.inUse > 0 && kind[this.inUse - 1] === 0) this.inUse--;
  }
  /** A record that is free says nothing. */
  settle(operation: number): void {
    for (const column of this.columns) column[operation] = 0;
  }
}

/** What the host tells a hypervisor that has lost its memory; laid out only where that can happen. */
export class Recovery {
  /** Generation + 1 under which a Gfn is on the list, as far as the host knows; 0 = it is not. */
  readonly generation: Int32Array;
  /** Last serials: of the requests that the host has heard of, and of the calls that must not be served again. */
  readonly requestSerial: Int32Array;
  readonly callSerial: Int32Array;

  constructor(arena: Arena, gfns: number, requests: number, operations: number) {
    this.generation = arena.int32(gfns);
    this.requestSerial = arena.int32(requests);
    this.callSerial = arena.int32(operations);
  }
}

/** The vCPUs' scripts, a chunk at a time: see model/script.ts. */
export class Scripts {
  readonly words: Int32Array[];
  /** Operations in the chunk; 0 after a delivery means that the script has ended. */
  readonly length: Int32Array;

  constructor(arena: Arena, vcpus: number, chunk: number) {
    this.words = Array.from({ length: vcpus }, () => arena.int32(chunk * 2));
    this.length = arena.int32(vcpus);
  }
}
