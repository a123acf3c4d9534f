// The world as another thread makes it: from plain data, over parts that all threads share.
import type { Costs } from '../../model/cost.ts';
import type { WorldSpec } from '../../model/spec.ts';
import type { ModelSource } from '../../runtime/check/model-source.ts';
import { loadProtocol } from '../../scenarios/modules.ts';
import { partsOf } from '../../scenarios/parts.ts';
import type { Bounds } from './environment.ts';
import { type SharedParts, WorldSystem } from './world-system.ts';

export interface WorldParts {
  spec: WorldSpec;
  costs: Costs;
  /** Name, or path of a module. */
  protocol: string;
  flaws: readonly string[];
}

/** What of a search's states and steps is left out. */
export interface Reduced {
  /** Steps that commute are taken alone, what vCPUs do by themselves among them. */
  reduces: boolean;
  takesAffairs: boolean;
  /** Exchanges of what turned out to be not alike; null: states are told apart that differ by any exchange. */
  unlike: ReadonlySet<string> | null;
}

let searches = 0;

/** For `ParallelSearch`. No two searches have the same source: their parts are others. */
export function worldSource(
  parts: WorldParts,
  bounds: Bounds,
  how: Reduced,
  shared: SharedParts,
): ModelSource {
  const given = [++searches, parts, bounds, how, shared];
  return { url: import.meta.url, make: 'makeWorld', with: given };
}

export async function makeWorld(
  _search: number,
  { protocol, ...parts }: WorldParts,
  bounds: Bounds,
  { reduces, takesAffairs, unlike }: Reduced,
  shared: SharedParts,
): Promise<WorldSystem> {
  const system = new WorldSystem(partsOf(parts, await loadProtocol(protocol)), bounds, shared);
  system.reduces = reduces;
  system.affairs.areTaken = takesAffairs;
  system.affairs.leaveTrying();
  if (unlike !== null) system.useSymmetry(unlike);
  return system;
}
