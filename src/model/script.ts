// What a vCPU is to do: its script, a stream of operations of two Int32 words each. Workloads and recorded traces write
// it, vCPUs execute it. Word 0 holds the operation and its argument, word 1 a guest virtual page number (Gvpn).
import { numbered } from './words.ts';

export const OPERATION_WORDS = 2;

/** The operations. `handover` and `await` move a task from one vCPU to another: the guest scheduler's doing. */
export const operation = {
  /** Load one 32-bit word of page Gvpn; argument = word offset in the page. */
  read: 0,
  /** Store to one 32-bit word of page Gvpn; argument = word offset in the page. */
  write: 1,
  /** This vCPU's task goes on at another vCPU of the guest; argument = that vCPU's number in the guest. */
  handover: 2,
  /** Wait until another vCPU hands its task over to this one. */
  await: 3,
  /** `migratepages`: move pages from Gvpn on to a vNode; argument = vNode + 64 * number of pages. */
  bulkMove: 4,
  /** An order to the guest kernel or to the host about page Gvpn; argument = command + 64 * parameter. */
  command: 5,
} as const;

/**
 * Commands: what a person, a management tool or a device makes happen, beside accesses. The host carries them out; the vCPU
 * waits for the end of each.
 */
export const commandKinds = [
  'pageout', // MADV_PAGEOUT: the host moves the page out now
  'share', // somebody else takes a reference to the slot that the page is in (fork, snapshot)
  'unshare', // ... and gives it back, after a look at what is there
  'pin', // the page is brought in and pinned for a device (VFIO)
  'unpin',
  'promote', // the host's memory tiering brings the page back to its source
  'migrate-host', // the host moves the page to the node of that index
  'swapoff', // the store of that index (0: the first) is turned off; the page only says in whose name
  'writeback', // the moved page goes on to the next new location of the chain
  'hold', // detected and never asked for: what a guest that crashed in between leaves behind
  'free', // munmap: the guest unmaps the page and frees its Gfn
  'inflate', // the guest takes a free Gfn of vNode P out of its allocator and gives it to the host (balloon)
  'deflate', // ... and takes one back
  'unplug', // a free Gfn of vNode P is taken away for good (virtio-mem)
  'report', // free page reporting: the guest kernel's own, no operation of a script
  'forge', // a hostile guest kernel: NUMBER says what it does with page P (actors/rogue.ts)
  'repin', // vNode P is pinned to node NUMBER from now on
] as const;
export type CommandKind = (typeof commandKinds)[number];
export const command = numbered(commandKinds);

/** Commands whose P is a vNode of the guest, and those that no script can give. */
export const vnodeCommands: readonly CommandKind[] = ['inflate', 'deflate', 'unplug', 'repin'];
export const kernelCommands: readonly CommandKind[] = ['report'];

const COMMANDS = 64;
export function encodeCommand(kind: number, parameter: number): number {
  return encode(operation.command, kind + COMMANDS * parameter);
}
/** Command and parameter in the argument of a `command` operation. */
export function commandIn(argument: number): number {
  return argument % COMMANDS;
}
export function parameterIn(argument: number): number {
  return Math.floor(argument / COMMANDS);
}

const OPERATION_BITS = 3;

export function encode(code: number, argument: number): number {
  return code | (argument << OPERATION_BITS);
}
export function operationOf(word: number): number {
  return word & ((1 << OPERATION_BITS) - 1);
}
export function argumentOf(word: number): number {
  return word >>> OPERATION_BITS;
}

/** vNodes that a bulk move can name. */
export const BULK_VNODES = 64;

/** The scripts of one guest's vCPUs, delivered in chunks. vCPU and Gvpn numbers count from 0 within the guest. */
export interface ScriptSource {
  /**
   * Writes the next operations of `vcpu` into `out` from word 0 on.
   * @returns how many operations (not words) were written; 0 when the script has ended, and from then on
   */
  read(vcpu: number, out: Int32Array): number | Promise<number>;
  /** Releases files. */
  close?(): Promise<void>;
}

export interface Workload {
  name: string;
  /** One sentence: what this workload shows. */
  sentence: string;
  /** Guest virtual pages the scripts name at most: Gvpn 0 .. pages - 1. */
  pages: number;
  /** Pages that one vCPU is the first to touch, at most; left out: all of them. */
  pagesPerVcpu?: number;
  /** Starts the scripts of one guest from their beginning. Same seed, same scripts. */
  open(seed: number, guest?: number): ScriptSource;
}

/** What the guest looks like to a workload. */
export interface GuestShape {
  /** vNode of each vCPU. */
  vcpuVnodes: readonly number[];
  vnodes: number;
  /** 32-bit words in a page. */
  pageWords: number;
}
