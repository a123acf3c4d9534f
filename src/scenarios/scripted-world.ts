// The world in which a script is searched: a world like any that is searched, with the pages that the script names, and its
// operations as vCPUs take them.
import {
  argumentOf,
  BULK_VNODES,
  command,
  commandIn,
  operation,
  operationOf,
  parameterIn,
} from '../model/script.ts';
import type { WorldSpec } from '../model/spec.ts';
import { assert } from '../stdx/assert.ts';
import { checkedWorld, type Harms } from './checked-world.ts';
import type { Small } from './small-world.ts';
import { type Coded, codedScripts, pagesOf } from './workloads/script.ts';

export interface ScriptedWorld {
  spec: WorldSpec;
  /** By vCPU of all guests. */
  scripts: readonly (readonly Coded[])[];
}

/** vCPUs and Gfns of all guests that a search has a bit for: whether an operation, or a hold, ever ends. */
export const PENDING_MAX = 30;

const PAGE_WORDS = 2;
/** The forgery that sends two requests in one hypercall (actors/rogue.ts). */
const TWICE_AT_ONCE = 4;

/**
 * @param vcpus each vCPU's operations in words, as `scriptWorkload` takes them
 * @param given sizes and policies that are not as in other searches
 * @throws InputError where the script cannot be meant for these vCPUs
 */
export function scriptedWorld(
  vcpus: readonly (readonly string[])[],
  given: Small,
  harms: Harms = {},
): ScriptedWorld {
  const { nodes = 2, guests = 1 } = given;
  const own = given.vcpus ?? Math.max(1, Math.floor(vcpus.length / guests));
  const shape = {
    vcpuVnodes: Array.from({ length: own }, (_, vcpu) => vcpu % nodes),
    vnodes: nodes,
    pageWords: Infinity,
  };
  const coded = codedScripts(vcpus, shape);
  const scripts = Array.from({ length: own * guests }, (_, vcpu) => coded[vcpu % coded.length]!);
  const all = coded.flat();
  const pages = pagesOf(coded);
  const pageWords = Math.max(PAGE_WORDS, ...all.map(({ word }) => wordsOf(word)));
  const hugePages = given.guest?.hugePages ?? 1;
  const atOnce = Math.max(1, hugePages, ...all.map(({ word }) => requestsOf(word)));
  const batch = Math.min(given.batch ?? atOnce, atOnce);
  const spec = checkedWorld(
    { pages, nodes, vcpus: own, guests },
    { ...given, pages, vcpus: own, batch, pageWords },
    harms,
  );
  const gfns = spec.guests.reduce(
    (sum, { vnodes }) => sum + vnodes.reduce((all, vnode) => all + vnode.gfns, 0),
    0,
  );
  const many = gfns + scripts.length;
  assert(many <= PENDING_MAX, `a script: expected at most ${PENDING_MAX} vCPUs and Gfns, saw ${many}`);
  // With a token outstanding a vCPU goes on with what it was given, and asks for no more.
  const chunk = given.guest?.asyncFaults === true ? Math.max(1, ...coded.map(({ length }) => length)) : 1;
  // NUMA scans come after so many accesses, which a script has or has not: nothing is left to chance.
  const policy = { ...spec.policy, hintPages: given.hintPages ?? 0 };
  return { spec: { ...spec, policy, chunk }, scripts };
}

/** Words that a page has at least, for an operation. */
function wordsOf(word: number): number {
  const code = operationOf(word);
  return code === operation.read || code === operation.write ? argumentOf(word) + 1 : 0;
}
/** Requests that an operation may send at once. */
function requestsOf(word: number): number {
  const argument = argumentOf(word);
  switch (operationOf(word)) {
    case operation.bulkMove:
      return Math.floor(argument / BULK_VNODES);
    case operation.command:
      return commandIn(argument) === command.forge && parameterIn(argument) === TWICE_AT_ONCE ? 2 : 0;
    default:
      return 0;
  }
}
