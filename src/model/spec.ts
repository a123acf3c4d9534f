// The description from which a world is laid out: plain data, so that it crosses to a worker and into a replay file.
// Everything is by index; names and kernel node ids are only carried along for people.
import type { StoreKind } from './cost.ts';
import type { FaultPlan } from './faults.ts';
import type { ListPolicy } from './list-policy.ts';

export interface NodeSpec {
  /** The kernel's node id, for reports. */
  id: number;
  /** Frames given to guests and to far memory. */
  frames: number;
  /** False for CXL or GPU memory. */
  hasCpus: boolean;
}

export interface StoreSpec {
  name: string;
  kind: StoreKind;
  slots: number;
  /** Index of the node that the device, or the pool of compressed RAM, is attached to. */
  node: number;
}

export interface VnodeSpec {
  /** Index of the node this vNode is pinned to. */
  node: number;
  /** Guest page frames of this vNode. */
  gfns: number;
}

export interface GuestSpec {
  /** Guest virtual pages. */
  pages: number;
  vnodes: VnodeSpec[];
  /** vNode of each vCPU; a vCPU is pinned to the node of its vNode. */
  vcpus: number[];
}

export const heldFaults = ['refuse', 'convert', 'block'] as const;
export type HeldFault = (typeof heldFaults)[number];
export const encryptions = ['none', 'slot', 'gfn'] as const;
export type Encryption = (typeof encryptions)[number];
/** How a guest kernel moves a page to another vNode: to a second guest page, or by another name of the same (HASID). */
export const remaps = ['gpa-move', 'hasid-alias'] as const;
export type Remap = (typeof remaps)[number];

export interface Policy {
  /** Reclaim starts when a node has fewer free frames than this part of its frames. */
  lowWatermarkPercent: number;
  /** Reclaim ends when a node has this part of its frames free. */
  highWatermarkPercent: number;
  /** Scans in a row that must find a page untouched before it is moved out without pressure; 0 = only under pressure. */
  idleScans: number;
  /** Frames of each node that one host tick looks at for idleness. */
  scanPerTick: number;
  /** A vCPU gives the host a tick every so many accesses. */
  accessesPerTick: number;
  /** Swap-outs in flight at once per node. */
  reclaimBatch: number;
  /** After a demand fault on a moved page the host brings back so many of the Gfns that follow; 0 = none. */
  prefetch: number;
  /** Guest NUMA balancing: pages that one scan marks with a hint; 0 = no balancing. */
  hintPages: number;
  /** Accesses of a vCPU between two such scans. */
  accessesPerScan: number;
  /**
   * A demand fault on a held page: `refuse` (the vCPU looks at its page table again: with a guest that takes its mapping
   * away at detection that is `guest-unmap`), `convert` (it ends the hold) or `block` (it waits for the hold's end).
   */
  heldFault: HeldFault;
  /** Looks of the host, one a tick at most, that must find a page held before the host ends the hold; 0 = never. */
  holdTicks: number;
  /** Whether what is demoted to a memory node stays mapped there (Linux), or is kept like a page in a store. */
  far: 'unmapped' | 'mapped';
  /** The host's memory tiering brings a demoted page that was touched back to its source node. */
  promoteOnAccess: boolean;
  /** A home of the chain that is used to more than this part moves pages on to the next one; 0 = only when told to. */
  writebackPercent: number;
  /** Looks of the host, on its ticks, that must find a moved page where it was before it goes on to the next home; 0 = never. */
  writebackScans: number;
  /** What stores keep is encrypted: under a key of the slot's, or of the guest, Gfn and generation beside it. */
  encryption: Encryption;
  /** A page that was read back and not written keeps its slot as a clean copy, while half of the store is free (Linux's
   * vm_swap_full). Moving it out again then writes nothing. */
  swapCache: boolean;
  /** Pages that a fault on a moved page reads along into the swap cache, itself included (2^page-cluster); 0 = none. */
  readAhead: number;
  /** Which pages these are: the neighbours by address (SSD) or by slot (rotational). */
  readAheadBy: 'vma' | 'cluster';
  /** A request for a page of which read-ahead left a copy on the source after the guest looked: STALE, or it is moved. */
  cachedRequest: 'refuse' | 'move';
  /** A request to migrate a page whose slot somebody else shares: SHARED, or its content is copied out. */
  sharedRequest: 'refuse' | 'break';
  /** Claim 12: the guest holds what it found on the list until it has asked for it. */
  hold: boolean;
  /** How often the guest looks at the list again for one page before it gives the balancing up. */
  attempts: number;
  /** The control: memory is bound to no node, and a moved page comes back on the node of the vCPU that touches it, as Linux
   * does it without a policy. There is no source to copy back to, and I4 has nothing to say. */
  unpinned?: boolean;
  /** What the guests can do beyond that; left out = none of it. */
  guest?: GuestVariants;
}

/** Options of the guest kernel. Each is off when it is left out. */
export interface GuestVariants {
  /** The guest tells the host which Gfns are free; the host drops what backs them (VIRTIO_BALLOON_F_REPORTING). */
  freePageReporting?: boolean;
  /** The guest fills what it frees with poison and checks it when it allocates. `negotiated`: the host knows
   * (VIRTIO_BALLOON_F_PAGE_POISON) and leaves reported pages alone; else the guest does not report any. */
  poison?: 'negotiated' | 'unnegotiated';
  /** A fault that needs I/O does not stop the vCPU: it goes on with other pages until the page is ready (KVM async page
   * fault). */
  asyncFaults?: boolean;
  /** Base pages of a huge page, a power of two, at most what a hypercall's batch carries. */
  hugePages?: number;
  /** `hasid-alias`: the guest names the wanted vNode in upper bits of the page's address, and the host moves the page when
   * that is touched. Each vNode then has as many Gfns; those with one offset are one page. */
  remap?: Remap;
}

/** What a page is held as: its 4 KiB, or a stamp, which is one word: whose page it is and how often it was written. */
export const contentsKinds = ['bytes', 'stamps'] as const;
export type Contents = (typeof contentsKinds)[number];

/** That `actor`, a vCPU or the host, is to say `thing` again: which of its waits, or which operation's call. */
export interface Timeout {
  actor: number;
  thing: number;
}

export interface WorldSpec {
  /** 32-bit words in a page: 1024 in a run, 2 in the smallest worlds, 1 where pages are held as stamps. */
  pageWords: number;
  /** Pages are held as stamps and stand for 4 KiB each; left out: as their bytes. */
  contents?: 'stamps';
  nodes: NodeSpec[];
  /** SLIT by node index, for the order in which a spill looks for room. */
  distances: number[][];
  stores: StoreSpec[];
  guests: GuestSpec[];
  /**
   * Where the host moves idle pages: homes in order of preference (see `Geometry`: nodes first, then stores). With
   * several it is a chain: pages go on from each to the next.
   */
  moveTo: number[];
  /** Entries of each guest's moved list. */
  listCapacity: number;
  /** Balance requests that one hypercall can carry. */
  batch: number;
  /** TLB entries of a vCPU, a power of two. */
  tlbEntries: number;
  /** Micro-steps a vCPU takes in a row before it looks at its mailbox: 1 when interleavings are explored. */
  burst: number;
  /** Operations of a vCPU's script delivered at once. */
  chunk: number;
  policy: Policy;
  /** Gfns whose pages somebody outside has the host move out, one after the other, at any moment: a checker's. */
  reclaims?: readonly number[];
  /** Messages may come twice, whatever the fault plan says; serials then wrap after so many: a checker's. */
  serials?: number;
  /** Messages may get lost, and actors have no timers: somebody outside tells them at any moment to say again what is not
   * answered. These are told, each actor's in this order: a checker's. */
  timeouts?: readonly Timeout[];
  /** The hypervisor may lose its memory at any moment, whatever the fault plan says: a checker's. */
  restarts?: true;
  /** What goes wrong; absent: nothing. */
  faults?: FaultPlan;
  /** How the moved list is exported and read; what is left out is `plainList`'s. */
  list?: Partial<ListPolicy>;
}
