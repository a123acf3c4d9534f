// What the moved list cost in a run, by its events: words written and read, copies, and how late readers saw a change.
// A cache line is charged as the look is (`listInspection`), further words of a line as cache hits.
import type { Costs } from '../model/cost.ts';
import type { TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';
import { isCopied, isImmediate, LIST_PARTS, type ListPolicy, listPolicyOf } from '../model/list-policy.ts';
import { Percentiles } from './percentiles.ts';

const PAGE_WORDS = 1024;

/** See `schema/result-1.json` for what each means. */
export interface ListMeasured {
  changes: number;
  words: number;
  exportNs: number;
  looks: number;
  loads: number;
  lookNs: number;
  copies: number;
  copiedBytes: number;
  copyNs: number;
  stalenessNs: { p50: number; p99: number; count: number };
}

export class ListMetrics {
  private readonly geometry: Geometry;
  private readonly costs: Costs;
  private readonly policy: ListPolicy;
  private readonly sums = {
    changes: 0,
    words: 0,
    exportNs: 0,
    looks: 0,
    loads: 0,
    lookNs: 0,
    copies: 0,
    copiedBytes: 0,
    copyNs: 0,
  };
  private readonly staleness = new Percentiles();
  /** When the owner learnt of the oldest change that the list does not show, by Gfn. */
  private readonly since = new Map<number, number>();
  /** The same of changes that a vCPU's copy does not show, by vCPU. */
  private readonly unseen: number[][];

  constructor(geometry: Geometry, costs: Costs) {
    this.geometry = geometry;
    this.costs = costs;
    this.policy = listPolicyOf(geometry.spec);
    this.unseen = geometry.vcpuGuest.map(() => []);
  }
  gathered({ gfn, time }: TraceEvent): void {
    if (!this.since.has(gfn)) this.since.set(gfn, time);
  }
  visible({ gfn, time }: TraceEvent): void {
    const { geometry, sums } = this;
    sums.changes++;
    if (isImmediate(this.policy)) {
      sums.words++;
      sums.exportNs += this.costs.listInspectionNs;
    }
    const since = this.since.get(gfn);
    if (since === undefined) return;
    this.since.delete(gfn);
    if (!isCopied(this.policy)) this.late(time - since);
    else {
      const guest = geometry.guestOf(gfn);
      for (let v = geometry.guestVcpu[guest]!; v < geometry.guestVcpu[guest + 1]!; v++) {
        this.unseen[v]!.push(since);
      }
    }
  }
  private late(ns: number): void {
    this.staleness.add(Math.max(0, Math.round(ns)));
  }
  exported({ from, to }: TraceEvent): void {
    this.sums.words += from;
    this.sums.exportNs += to * this.costs.listInspectionNs;
  }
  copied({ id, from, to, time }: TraceEvent): void {
    const { sums, costs, policy } = this;
    sums.copies++;
    sums.copiedBytes += 4 * from;
    sums.copyNs +=
      policy.access === 'copy'
        ? costs.listNoticeNs +
          (costs.copyPageLocalNs * LIST_PARTS * Math.ceil(from / LIST_PARTS)) / PAGE_WORDS
        : to * costs.listInspectionNs + (from - to) * costs.cacheHitNs;
    for (const since of this.unseen[id]!) this.late(time - since);
    this.unseen[id] = [];
  }
  inspected({ from, to }: TraceEvent): void {
    const { sums, costs } = this;
    const loads = Math.max(1, from);
    const lines = Math.max(1, to);
    sums.looks++;
    sums.loads += loads;
    sums.lookNs += lines * costs.listInspectionNs + (loads - lines) * costs.cacheHitNs;
  }
  result(): ListMeasured {
    const { sums, staleness } = this;
    return {
      ...sums,
      exportNs: Math.round(sums.exportNs),
      lookNs: Math.round(sums.lookNs),
      copyNs: Math.round(sums.copyNs),
      stalenessNs: { p50: staleness.at(0.5), p99: staleness.at(0.99), count: staleness.size },
    };
  }
}
