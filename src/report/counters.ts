// The counters of `vmstat` in a result: kernel counters keep their kernel names, what Linux has no name for begins with
// cl_ and is explained here, once, for the program and for the published schema.

/** As in /proc/vmstat. */
const kernelNames = [
  'pgfault',
  'pgmajfault',
  'pswpin',
  'pswpout',
  'swap_ra',
  'numa_pte_updates',
  'numa_hint_faults',
  'numa_hint_faults_local',
  'numa_pages_migrated',
  'pgmigrate_success',
  'pgmigrate_fail',
  'allocstall_normal',
  'pgdemote_kswapd',
  'pgpromote_success',
  'pgpromote_candidate',
  'zswpin',
  'zswpout',
  'zswpwb',
  'thp_fault_alloc',
  'thp_fault_fallback',
  'thp_migration_success',
  'thp_migration_fail',
  'thp_migration_split',
  'thp_swpout',
  'thp_swpout_fallback',
  'balloon_inflate',
  'balloon_deflate',
] as const;

/** Ours. The arrivals of moved pages (pswpin and cl_far_in) are each in one of those marked "arrival". */
export const ourCounters = {
  cl_copyback_pages:
    "Arrival on the source node because the guest's own balancing touched the page: transfers.toSource. Pages that memory tiering promoted and the guest then copied on count too.",
  cl_copyback_demand:
    'Arrival by a demand fault that ended a hold (heldFault: convert): the only copy-back that a copyless protocol may make, declared and counted.',
  cl_demand_in:
    'Arrival where no request and no hold was under way: a vCPU or a device wanted the page, on the node it belongs to. Ordinary.',
  cl_false_reads: 'Arrival of content that the guest was about to overwrite.',
  cl_prefetch_in: "Arrival by the host's own prefetch.",
  cl_far_in: 'Pages that came in from far memory (those from stores: pswpin).',
  cl_far_out: 'Pages that went out to far memory (those to stores: pswpout).',
  cl_src_frames_alloc: 'Frames taken on the source node for copy-backs: sourceFramesAllocated.',
  cl_src_evictions_induced:
    'Pages moved out of the source node to make room for copy-backs: inducedEvictions.',
  cl_mapped_again:
    'Pages that were mapped to a destination, and mapped or moved on to another before anybody touched them.',
  cl_list_entries: 'Entries put on the moved list.',
  cl_list_overflow: 'Pages that found no room on the moved list.',
  cl_list_stale_hits: 'Requests that were refused STALE: the entry was out of date.',
  cl_hold_refusals:
    'Faults that were told to look again, because the guest holds the page or it is being moved.',
  cl_hold_expired: 'Holds that the host ended because the guest never asked.',
  cl_spills: 'Frames taken on another node than the one wanted, which was full.',
  cl_tlb_shootdowns: 'Translations of one vCPU that were taken away.',
  cl_written_back: 'Moved pages that went on to the next new location of the chain.',
  cl_host_migrated: 'Pages that the host moved to another node on its own account.',
  cl_swapoff_in: 'Pages brought in because their store was turned off.',
  cl_swapoff_waits: 'Times that turning a store off had to wait for a page.',
  cl_rekeyed: 'Slots that were sealed anew, for which the page was read and written.',
} as const;

type CounterName = (typeof kernelNames)[number] | keyof typeof ourCounters;
export type Counters = Record<CounterName, number>;

export function noCounts(): Counters {
  const names = [...kernelNames, ...Object.keys(ourCounters)];
  return Object.fromEntries(names.map((name) => [name, 0])) as Counters;
}
