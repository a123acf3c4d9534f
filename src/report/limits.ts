// Where the gain ends: the smallest case, simulated one page at a time, on the scenario's own costs.
import { protocols as shipped } from '../protocols/index.ts';
import type { Experiment } from '../scenarios/assemble.ts';
import { chainOf } from '../scenarios/reading.ts';
import { present } from '../stdx/assert.ts';
import type { NewPlace, OnePage, OnePageUnit } from './one-page.ts';

/** The smallest case on this machine: conventional and the copyless protocol compared to it, by device attachment. */
export interface Limits {
  protocol: string;
  kind: string;
  /** Latency on the new location of the scenario, and on a disk for comparison. */
  here: Pair;
  slow: Pair;
  /** Far memory that keeps pages mapped; `promoted`: until they are touched. */
  mapped?: { promoted: boolean };
  /** With the device attached to the source node; absent for far memory. */
  atSource?: Pair;
}
interface Pair {
  conventional: OnePage;
  copyless: OnePage;
}

/** The runs that it takes, and what is made of them: null where one of them gave nothing. */
export interface Smallest {
  runs: OnePageUnit[];
  limits(pages: readonly (OnePage | null)[]): Limits | null;
}

/** @param names the experiment's protocols as the user named them, in its order */
export function smallestOf(experiment: Experiment, names: readonly string[]): Smallest | null {
  const { costs, protocols, spec, scenario } = experiment;
  const conventional = present(shipped[0], 'the conventional protocol');
  const migrates = protocols.findIndex(({ name }) => name === 'copyless-migrate');
  const asks = migrates >= 0 ? migrates : protocols.findIndex(({ guestAsks }) => guestAsks !== 'nothing');
  const copyless = protocols[asks];
  if (!copyless) return null;
  const protocol = present(names[asks], 'name of a protocol');
  const { kind } = present(chainOf(scenario.host)[0], 'a new location');
  const { far, promoteOnAccess } = spec.policy;
  const here: NewPlace =
    kind === 'far' ? { kind, mapped: far === 'mapped' } : { kind, attached: 'destination' };
  const places: NewPlace[] = [{ kind: 'sata', attached: 'destination' }, here];
  if (kind !== 'far') places.push({ kind, attached: 'source' });
  const runs = places.flatMap((place) => [
    { place, protocol: conventional.name, costs },
    { place, protocol, costs },
  ]);
  const limits = (pages: readonly (OnePage | null)[]): Limits | null => {
    if (pages.includes(null)) return null;
    const pair = (i: number): Pair => ({ conventional: pages[2 * i]!, copyless: pages[2 * i + 1]! });
    const common = { protocol: copyless.name, slow: pair(0), here: pair(1) };
    if (kind !== 'far') return { ...common, kind, atSource: pair(2) };
    const mapped = far === 'mapped' ? { mapped: { promoted: promoteOnAccess } } : {};
    return { ...common, kind: 'far memory', ...mapped };
  };
  return { runs, limits };
}
