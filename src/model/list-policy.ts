// How the moved list is exported and read: one choice a line, each with the paragraph or step of the patent that leaves
// it open. A spec that says nothing has the plainest: a table in shared memory, read in place, up to date at once.
import type { WorldSpec } from './spec.ts';

export const listFormats = ['table', 'bitmap', 'ring', 'snapshot'] as const;
export const listAccesses = ['shared', 'copy'] as const;
export const listOwners = ['hypervisor', 'host'] as const;
export const listInspections = ['on attempt', 'periodic', 'on notify'] as const;
export const listScopes = ['guest', 'host'] as const;
export const listUnmaps = ['at discovery', 'before the request'] as const;

/** Parts in which a copy of a list is sent. */
export const LIST_PARTS = 4;

export interface ListPolicy {
  /** (22) How entries lie in memory: see `memory/lists/`. */
  format: (typeof listFormats)[number];
  /** (27), 430: the guest reads the owner's list in place, or is sent a copy of it in parts. */
  access: (typeof listAccesses)[number];
  /** (18) Who writes the list. */
  owner: (typeof listOwners)[number];
  /**
   * (22), (24), 435: at each balancing attempt, or in a copy that the guest makes (or asks for) every `period` accesses,
   * or in one that it makes whenever it is told that something changed. Copies that are sent (`access: copy`) are sent
   * on every change unless they are asked for, so that for them the first and the last are the same.
   */
  inspect: (typeof listInspections)[number];
  /** Accesses of a vCPU between two copies, for `periodic`. */
  period: number;
  /** 410: changes that are gathered before they are exported; 0 and 1: each at once. */
  lag: number;
  /** (18) A list of its own for each guest, or one per host with the entries of all. */
  per: (typeof listScopes)[number];
  /** (23) When the guest takes its own mapping of a listed page away. */
  unmap: (typeof listUnmaps)[number];
}

export const plainList: ListPolicy = {
  format: 'table',
  access: 'shared',
  owner: 'hypervisor',
  inspect: 'on attempt',
  period: 1000,
  lag: 0,
  per: 'guest',
  unmap: 'at discovery',
};

export function listPolicyOf(spec: WorldSpec): ListPolicy {
  return { ...plainList, ...spec.list };
}
export function isPlain(policy: ListPolicy): boolean {
  return (Object.keys(plainList) as (keyof ListPolicy)[]).every((key) => policy[key] === plainList[key]);
}
/** A change is one store that readers see at once, so that nothing is ever gathered. */
export function isImmediate({ format, access, inspect, lag }: ListPolicy): boolean {
  return format === 'table' && access === 'shared' && inspect === 'on attempt' && lag <= 1;
}
/** Guests look in a copy of their own, and not in the owner's list. */
export function isCopied({ access, inspect }: ListPolicy): boolean {
  return access === 'copy' || inspect !== 'on attempt';
}
