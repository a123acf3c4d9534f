// What a run did, counted: a fold over its trace.
import { pageTable } from '../../machines/tables.ts';
import type { Costs } from '../model/cost.ts';
import { swapoffPhase, type EventKind, type TraceEvent } from '../model/events.ts';
import type { Geometry } from '../model/geometry.ts';
import { cause, givenBack, operationKind, purpose, result, results } from '../model/words.ts';
import type { Observing } from '../runtime/trace.ts';
import { type Counters, noCounts } from './counters.ts';
import { crossingBytes } from './interconnect.ts';
import { ListMetrics, type ListMeasured } from './list-metrics.ts';
import { Percentiles } from './percentiles.ts';

export interface NodeStat {
  node: number;
  numa_hit: number;
  numa_miss: number;
  numa_foreign: number;
  interleave_hit: number;
  local_node: number;
  other_node: number;
}

/** See `schema/result-1.json` for what each means. */
export interface Measured {
  pagesBalanced: number;
  transfers: { total: number; toSource: number; direct: number; copied: number };
  balancingNs: number;
  firstTouchNs: number;
  bytes: { interconnect: number; storeRead: number; storeWritten: number };
  sourceFramesAllocated: number;
  inducedEvictions: number;
  neverMoved: number;
  stallNs: { p50: number; p95: number; p99: number; p999: number; count: number };
  virtualNs: number;
  accesses: number;
  requests: Record<string, number>;
  requestsAccepted: number;
  notBalanced: Record<string, number>;
  vmstat: Record<string, number>;
  numastat: NodeStat[];
  list: ListMeasured;
}

/** Operations at whose end a page is where it belongs. */
const ARRIVALS: readonly number[] = [operationKind.fault, operationKind.prefetch, operationKind['bring-in']];

export class Metrics implements Observing {
  private readonly geometry: Geometry;
  private readonly costs: Costs;
  private readonly vmstat: Counters = noCounts();
  private readonly numastat: NodeStat[];
  private readonly list: ListMetrics;
  private readonly requests = Object.fromEntries(results.map((name) => [name, 0]));
  private requestsAccepted = 0;
  private readonly notBalanced = Object.fromEntries(results.map((name) => [name, 0]));
  private readonly stalls = new Percentiles();
  private readonly bytes = { interconnect: 0, storeRead: 0, storeWritten: 0 };
  private pagesBalanced = 0;
  private toSource = 0;
  private direct = 0;
  private copies = 0;
  private readonly hugePages: number;
  /** Words read and written so far. */
  accesses = 0;
  private virtualNs = 0;
  /** Pages that were mapped and not touched since, by Gfn. */
  private readonly mapped = new Set<number>();
  /** By vCPU: the first touch of such a page that it waits for, since when; NaN where there is none. */
  private readonly touching: number[];
  private firstTouchNs = 0;
  /** Pages whose hold a demand fault has ended, and that have not arrived yet, by Gfn. */
  private readonly converted = new Set<number>();
  /** Whether the access under way on each vCPU has met balancing. */
  private readonly met: boolean[];
  /** By vCPU: page whose remote hint fault is being served; pages seized and not let go, since when. */
  private readonly hinted: number[];
  private readonly open: number[];
  private readonly since: number[];
  private balancingNs = 0;
  private readonly operationKinds = new Map<number, number>();
  private readonly spilling = new Map<number, number>();
  /** Pages that memory tiering brought back to their source node, and that the guest has not copied on since. */
  private readonly promoted = new Set<number>();

  constructor(geometry: Geometry, costs: Costs) {
    this.geometry = geometry;
    this.costs = costs;
    this.hugePages = geometry.spec.policy.guest?.hugePages ?? 0;
    this.list = new ListMetrics(geometry, costs);
    this.met = geometry.vcpuGuest.map(() => false);
    this.hinted = geometry.vcpuGuest.map(() => -1);
    this.open = geometry.vcpuGuest.map(() => 0);
    this.since = geometry.vcpuGuest.map(() => 0);
    this.touching = geometry.vcpuGuest.map(() => Number.NaN);
    this.numastat = geometry.spec.nodes.map(({ id }) => ({
      node: id,
      numa_hit: 0,
      numa_miss: 0,
      numa_foreign: 0,
      interleave_hit: 0,
      local_node: 0,
      other_node: 0,
    }));
  }

  readonly on: { readonly [K in EventKind]?: (event: TraceEvent) => void } = {
    read: () => void this.accesses++,
    wrote: () => void this.accesses++,
    halted: (e) => {
      this.virtualNs = Math.max(this.virtualNs, e.time);
    },
    began: (e) => {
      this.operationKinds.set(e.id, e.from);
      if (e.from === operationKind['host-migrate'] && e.cause === cause.promotion)
        this.vmstat.pgpromote_candidate++;
    },
    holdExpired: () => void this.vmstat.cl_hold_expired++,
    swapoff: (e) => {
      if (e.from === swapoffPhase.waits) this.vmstat.cl_swapoff_waits++;
    },
    sealed: (e) => {
      // Sealed by a balance: keyed anew, for which the page was read and written.
      if (this.operationKinds.get(e.id) !== operationKind.balance) return;
      const page = this.geometry.pageBytes;
      this.vmstat.cl_rekeyed++;
      this.bytes.storeRead += page;
      this.bytes.storeWritten += page;
    },
    page: (e) => {
      if (e.cause === pageTable.event.convert) this.converted.add(e.gfn);
    },
    dataIn: (e) => this.moved(e),
    reserved: (e) => this.reserved(e),
    spilled: (e) => {
      this.vmstat.cl_spills++;
      this.spilling.set(e.id, e.from);
    },
    noRoom: (e) => {
      if (e.cause !== cause.pressure && e.cause !== cause.idle && e.cause !== cause.induced)
        this.vmstat.allocstall_normal++;
    },
    entered: (e) => {
      if (this.operationKinds.get(e.id) !== operationKind.balance) return;
      if (this.isNew(e.to)) this.mapped.add(e.gfn);
      else this.mapped.delete(e.gfn);
    },
    died: (e) => void this.mapped.delete(e.gfn),
    left: (e) => {
      if (this.mapped.delete(e.gfn)) this.vmstat.cl_mapped_again++;
    },
    ended: (e) => {
      if (e.result !== result.OK) return;
      if (ARRIVALS.includes(e.from)) {
        this.mapped.delete(e.gfn);
        this.converted.delete(e.gfn);
      }
      if (e.from === operationKind['swap-out']) {
        if (e.cause === cause.induced) this.vmstat.cl_src_evictions_induced++;
      }
    },
    faulted: (e) => {
      this.vmstat.pgfault++;
      if (e.cause === purpose.access && this.mapped.has(e.gfn)) this.touching[e.id] = e.time;
    },
    seized: (e) => {
      if (e.from < 0) return;
      if (this.open[e.id]!++ === 0) this.since[e.id] = e.time;
    },
    waited: (e) => {
      this.met[e.id] = true;
    },
    hintsSet: (e) => {
      this.vmstat.numa_pte_updates += e.result;
    },
    hinted: (e) => {
      this.vmstat.numa_hint_faults++;
      if (e.result === 1) this.vmstat.numa_hint_faults_local++;
      else {
        this.met[e.id] = true;
        this.hinted[e.id] = e.gfn;
      }
    },
    stalled: (e) => {
      if (this.met[e.id]) this.stalls.add(e.result);
      this.met[e.id] = false;
    },
    balanced: (e) => {
      if (e.from < 0) return;
      if (this.open[e.id]! > 0 && --this.open[e.id]! === 0) this.balancingNs += e.time - this.since[e.id]!;
      if (e.result !== result.OK) {
        this.vmstat.pgmigrate_fail++;
        this.notBalanced[results[e.result]!]!++;
        return;
      }
      this.pagesBalanced++;
      this.vmstat.pgmigrate_success++;
      if (this.hinted[e.id] === e.gfn) this.vmstat.numa_pages_migrated++;
      this.hinted[e.id] = -1;
    },
    accepted: () => void this.requestsAccepted++,
    answered: (e) => {
      this.requests[results[e.result]!]!++;
      if (e.result === result.STALE) this.vmstat.cl_list_stale_hits++;
    },
    resumed: (e) => {
      if (e.result === result.BUSY) this.vmstat.cl_hold_refusals++;
      const since = this.touching[e.id]!;
      if (!Number.isNaN(since)) this.firstTouchNs += e.time - since;
      this.touching[e.id] = Number.NaN;
    },
    listed: (e) => {
      this.vmstat.cl_list_entries++;
      this.list.visible(e);
    },
    overflowed: (e) => {
      this.vmstat.cl_list_overflow++;
      this.list.visible(e);
    },
    delisted: (e) => this.list.visible(e),
    gathered: (e) => this.list.gathered(e),
    exported: (e) => this.list.exported(e),
    copied: (e) => this.list.copied(e),
    inspected: (e) => this.list.inspected(e),
    hugeMapped: (e) =>
      void this.vmstat[e.result === this.hugePages ? 'thp_fault_alloc' : 'thp_fault_fallback']++,
    hugeEnded: (e) => {
      const { hugePages, vmstat } = this;
      if (e.result === hugePages) vmstat.thp_migration_success++;
      else vmstat.thp_migration_fail++;
      if (e.result > 0 && e.result < hugePages) vmstat.thp_migration_split++;
    },
    hugeOut: (e) => void this.vmstat[e.result === this.hugePages ? 'thp_swpout' : 'thp_swpout_fallback']++,
    givenBack: (e) => {
      if (e.cause === givenBack.ballooned) this.vmstat.balloon_inflate++;
    },
    takenBack: () => void this.vmstat.balloon_deflate++,
    tlbFlush: () => void this.vmstat.cl_tlb_shootdowns++,
  };

  /** A location that is no home of resident pages: a slot, or a frame of a node that no vNode is pinned to. */
  private isNew(location: number): boolean {
    const { geometry } = this;
    return !geometry.isFrame(location) || !geometry.vnodeNode.includes(geometry.homeOf(location));
  }

  /** Compressed RAM that has another home behind it is a zswap pool. */
  private compresses(location: number): boolean {
    const { geometry } = this;
    const { spec } = geometry;
    if (geometry.isFrame(location)) return false;
    const home = geometry.homeOf(location);
    return spec.stores[home - geometry.nodes]!.kind === 'zram' && home !== spec.moveTo.at(-1);
  }
  /** What the host did on its own, beside reclaim to a place where pages are not mapped. @returns whether it was that */
  private movedByHost(e: TraceEvent): boolean {
    const { vmstat } = this;
    switch (this.operationKinds.get(e.id)) {
      case operationKind.relocate:
        vmstat.cl_written_back++;
        if (this.compresses(e.from)) vmstat.zswpwb++;
        return true;
      case operationKind['bring-in']:
        if (this.mapped.has(e.gfn)) this.direct++;
        break;
      case operationKind['host-migrate']:
        this.promoted.delete(e.gfn);
        if (e.cause === cause.promotion) this.promoted.add(e.gfn);
        break;
      case operationKind.alias:
        if (e.cause !== cause.alias) return false;
        vmstat.cl_host_migrated++;
        return true;
      default:
        return false;
    }
    if (e.cause === cause.promotion) vmstat.pgpromote_success++;
    else if (e.cause === cause['host-migration']) vmstat.cl_host_migrated++;
    else if (e.cause === cause.swapoff) vmstat.cl_swapoff_in++;
    else vmstat.pgdemote_kswapd++;
    return true;
  }

  /** It came straight to the node whose vNode the guest named. */
  private isAlias(e: TraceEvent): boolean {
    return e.id >= 0 && this.operationKinds.get(e.id) === operationKind.alias;
  }

  private moved(e: TraceEvent): void {
    const { geometry } = this;
    this.bytes.interconnect += crossingBytes(geometry, this.costs, e.from, e.to, e.destination);
    const page = geometry.pageBytes;
    if (!geometry.isFrame(e.from)) this.bytes.storeRead += page;
    if (!geometry.isFrame(e.to)) this.bytes.storeWritten += page;
    if (this.compresses(e.from)) this.vmstat.zswpin++;
    if (this.compresses(e.to)) this.vmstat.zswpout++;
    if (e.id >= 0 && this.movedByHost(e)) return;
    if (e.cause === cause.none) {
      if (geometry.isFrame(e.to)) this.vmstat.cl_far_out++;
      else this.vmstat.pswpout++;
      return;
    }
    if (e.cause === cause.copy) {
      this.copies++;
      if (this.promoted.delete(e.gfn)) {
        this.toSource++;
        this.vmstat.cl_copyback_pages++;
      }
      return;
    }
    if (geometry.isFrame(e.from)) this.vmstat.cl_far_in++;
    else this.vmstat.pswpin++;
    if (e.cause !== cause.request && e.cause !== cause.prefetch) this.vmstat.pgmajfault++;
    if (e.cause === cause.balance) {
      this.toSource++;
      this.vmstat.cl_copyback_pages++;
    } else if (e.cause === cause.request || this.isAlias(e) || this.mapped.has(e.gfn)) this.direct++;
    else this.elsewise(e);
  }
  /** A moved page came back to where it belongs, and no balancing had to do with it. */
  private elsewise(e: TraceEvent): void {
    const { vmstat } = this;
    if (e.cause === cause.prepare) vmstat.cl_false_reads++;
    else if (e.cause === cause.prefetch) vmstat.cl_prefetch_in++;
    else if (e.cause === cause['read-ahead']) vmstat.swap_ra++;
    else if (this.converted.delete(e.gfn)) vmstat.cl_copyback_demand++;
    else vmstat.cl_demand_in++;
  }

  private reserved(e: TraceEvent): void {
    const { geometry, numastat } = this;
    if (e.destination >= geometry.nodes) return;
    if (e.cause === cause.balance) this.vmstat.cl_src_frames_alloc++;
    const stat = numastat[e.destination]!;
    const wanted = this.spilling.get(e.id);
    if (wanted === undefined) stat.numa_hit++;
    else {
      stat.numa_miss++;
      numastat[wanted]!.numa_foreign++;
      this.spilling.delete(e.id);
    }
    if (e.result === e.destination) stat.local_node++;
    else stat.other_node++;
  }

  result(): Measured {
    const { vmstat, stalls } = this;
    return {
      pagesBalanced: this.pagesBalanced,
      transfers: {
        total: this.toSource + this.direct + this.copies,
        toSource: this.toSource,
        direct: this.direct,
        copied: this.copies,
      },
      bytes: { ...this.bytes },
      sourceFramesAllocated: vmstat.cl_src_frames_alloc,
      inducedEvictions: vmstat.cl_src_evictions_induced,
      neverMoved: this.mapped.size,
      stallNs: {
        p50: stalls.at(0.5),
        p95: stalls.at(0.95),
        p99: stalls.at(0.99),
        p999: stalls.at(0.999),
        count: stalls.size,
      },
      balancingNs: Math.round(this.balancingNs),
      firstTouchNs: Math.round(this.firstTouchNs),
      virtualNs: Math.round(this.virtualNs),
      accesses: this.accesses,
      requests: { ...this.requests },
      requestsAccepted: this.requestsAccepted,
      notBalanced: { ...this.notBalanced },
      vmstat: { ...vmstat },
      numastat: this.numastat.map((stat) => ({ ...stat })),
      list: this.list.result(),
    };
  }
}
