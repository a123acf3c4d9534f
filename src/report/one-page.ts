// One page, moved out and then balanced by a hint fault, in a run of its own: what the cost model makes of the smallest
// case. The comparison says from it where the gain ends, and a test holds it against reference figures.
//
// The script: vCPU 0 writes the page once and works elsewhere until the host has moved it out for being idle; the task goes
// to vCPU 1 on the other node, works until the page carries a hint, and reads it. That read's stall is the figure.
import { event } from '../model/events.ts';
import { Geometry } from '../model/geometry.ts';
import { cause, result } from '../model/words.ts';
import type { Costs, StoreKind } from '../model/cost.ts';
import { encode, operation, OPERATION_WORDS, type ScriptSource, type Workload } from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import type { Protocol } from '../protocols/index.ts';
import { loadProtocol } from '../scenarios/modules.ts';
import { partsOf } from '../scenarios/parts.ts';
import { assert } from '../stdx/assert.ts';
import { crossingBytes } from './interconnect.ts';
import { runOnce } from './run.ts';

export interface OnePage {
  /** Virtual ns that the touch of the balanced page waited. */
  stallNs: number;
  /** Bytes between nodes from the touch on. */
  interconnectBytes: number;
  transfers: number;
}

/** Where the page is moved to: a store attached to the source, the destination or a third node; or far memory there. */
export type NewPlace =
  { kind: StoreKind; attached: 'source' | 'destination' | 'third' } | { kind: 'far'; mapped?: boolean };

/** Such a run as plain data, so that it can be done by another thread. */
export interface OnePageUnit {
  place: NewPlace;
  /** Name, or path of a module. */
  protocol: string;
  costs: Costs;
}

export async function runOnePage({ place, protocol, costs }: OnePageUnit): Promise<OnePage> {
  return onePage(place, await loadProtocol(protocol), costs);
}

/** Accesses of each stretch of work, which goes to and fro between two pages so that each costs a load from memory: long
 * enough for the place to have taken the page. */
function workFor(place: NewPlace, costs: Costs): number {
  const writeNs = place.kind === 'far' ? costs.copyPageRemoteNs : costs.stores[place.kind].writeNs;
  return 600 + Math.ceil((3 * writeNs) / costs.localLatencyNs);
}

function* script(vcpu: number, work: number): Generator<[number, number]> {
  if (vcpu === 0) yield [encode(operation.write, 0), 0];
  else yield [encode(operation.await, 0), 0];
  for (let i = 0; i < work; i++) yield [encode(operation.read, 0), 1 + 2 * vcpu + (i % 2)];
  if (vcpu === 0) yield [encode(operation.handover, 1), 0];
  else yield [encode(operation.read, 0), 0];
}

function workload(work: number): Workload {
  return {
    name: 'one-page',
    sentence: 'one page, moved out and then balanced',
    pages: PAGES,
    open: (): ScriptSource => {
      const scripts = [script(0, work), script(1, work)];
      return {
        read(vcpu, out) {
          let operations = 0;
          for (; operations * OPERATION_WORDS < out.length; operations++) {
            const next = scripts[vcpu]!.next();
            if (next.done) break;
            out.set(next.value, operations * OPERATION_WORDS);
          }
          return operations;
        },
      };
    },
  };
}

const PAGES = 5;

function specOf(place: NewPlace, work: number): WorldSpec {
  const far = place.kind === 'far';
  const nodes = ['source', 'destination', 'third'] as const;
  return {
    pageWords: 1024,
    nodes: nodes.map((name, id) => ({ id, frames: 64, hasCpus: name !== 'third' })),
    distances: nodes.map((_, i) => nodes.map((__, j) => (i === j ? 10 : 20))),
    stores: far
      ? []
      : [{ name: `${place.kind}0`, kind: place.kind, slots: 64, node: nodes.indexOf(place.attached) }],
    guests: [{ pages: PAGES, vnodes: [0, 1].map((node) => ({ node, gfns: 4 * PAGES })), vcpus: [0, 1] }],
    moveTo: [far ? 2 : 3],
    listCapacity: 8 * PAGES,
    batch: 1,
    tlbEntries: 4,
    burst: 1,
    chunk: 256,
    policy: {
      lowWatermarkPercent: 0,
      highWatermarkPercent: 0,
      idleScans: 2,
      scanPerTick: 4,
      accessesPerTick: 16,
      reclaimBatch: 4,
      prefetch: 0,
      hintPages: PAGES,
      accessesPerScan: work - 2,
      heldFault: 'refuse',
      swapCache: true,
      readAhead: 0,
      readAheadBy: 'vma',
      cachedRequest: 'refuse',
      sharedRequest: 'refuse',
      hold: true,
      holdTicks: 0,
      far: place.kind === 'far' && place.mapped ? 'mapped' : 'unmapped',
      promoteOnAccess: false,
      writebackPercent: 0,
      writebackScans: 0,
      encryption: 'none',
      attempts: 3,
    },
  };
}

export async function onePage(place: NewPlace, protocol: Protocol, costs: Costs): Promise<OnePage> {
  const work = workFor(place, costs);
  const parts = partsOf({ spec: specOf(place, work), costs }, protocol);
  const geometry = new Geometry(parts.spec);
  const found: OnePage = { stallNs: 0, transfers: 0, interconnectBytes: 0 };
  let moved = false;
  let phase = 'before' as 'before' | 'balancing' | 'after';
  await runOnce(parts, [workload(work)], {
    seed: 1,
    onEvent: (e) => {
      if (e.kind === event.hinted && e.gfn === 0 && e.result === 0) phase = 'balancing';
      if (phase !== 'balancing') return;
      if (e.kind === event.dataIn && e.cause !== cause.none) {
        found.transfers++;
        found.interconnectBytes += crossingBytes(geometry, costs, e.from, e.to, e.destination);
      }
      if (e.kind === event.balanced && e.gfn === 0 && e.from >= 0 && e.result === result.OK) moved = true;
      if (e.kind !== event.stalled || e.gfn !== 0) return;
      found.stallNs = e.result;
      phase = 'after';
    },
  });
  assert(phase === 'after' && moved, `${protocol.name} does not balance one page that stands alone`);
  return found;
}
