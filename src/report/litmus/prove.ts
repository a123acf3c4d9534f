// A litmus file proven: every order of its script, not some. What must never be seen is not seen in any state, what sometimes
// happens can happen, and in how many steps at least; each of its bugs is found. Faults of the file are any of as many.
import { deviceFaults, type FaultName } from '../../model/faults.ts';
import type { Setting } from '../../properties/index.ts';
import type { Protocol } from '../../protocols/index.ts';
import { partsOf } from '../../scenarios/parts.ts';
import { scriptedWorld } from '../../scenarios/scripted-world.ts';
import type { Small } from '../../scenarios/small-world.ts';
import { assert } from '../../stdx/assert.ts';
import { type CheckWorldOptions, WorldCheck } from '../check/check-world.ts';
import type { Bounds } from '../check/environment.ts';
import { type Fact, FactProperty } from './facts.ts';
import type { Litmus } from './file.ts';
import { factsOf, litmusCosts } from './search.ts';

export interface ProofOptions extends Pick<CheckWorldOptions, 'states' | 'shortest' | 'reduces'> {
  flaws?: readonly string[];
  /** Sizes and policies that are not those of the file. */
  given?: Small;
  /** How much may go wrong, where it is not as much as the file's faults do. */
  harm?: Partial<Pick<Bounds, 'faults' | 'repeats' | 'losses' | 'timeouts' | 'restarts'>>;
}

/**
 * The search of a file under one protocol, to be run: its claims, what the file says is never seen, and what it says is seen
 * in every run.
 */
export function proofOf(litmus: Litmus, protocol: Protocol, options: ProofOptions = {}): WorldCheck {
  const facts = factsOf(litmus).filter(({ verdict }) => verdict !== 'sometimes');
  const watched = (setting: Setting) => ({
    claims: true,
    more: facts.map(({ fact, verdict }, i) => factProperty(i, fact, verdict as 'never' | 'always', setting)),
  });
  return searchOf(litmus, protocol, { ...options, watched });
}

/** The search for a shortest way to what sometimes happens: it is found as if it were what must never be. */
export function witnessOf(
  litmus: Litmus,
  protocol: Protocol,
  fact: Fact,
  options: ProofOptions = {},
): WorldCheck {
  const watched = (setting: Setting) => ({ claims: false, more: [factProperty(0, fact, 'never', setting)] });
  return searchOf(litmus, protocol, { shortest: false, ...options, watched });
}

function factProperty(i: number, fact: Fact, verdict: 'never' | 'always', setting: Setting): FactProperty {
  assert(fact.witness === undefined, `a fact to be proven: expected steps, saw ${fact.text}`);
  return new FactProperty(`fact ${i}`, fact, verdict, setting);
}

function searchOf(
  litmus: Litmus,
  protocol: Protocol,
  { flaws = [], given = {}, harm = {}, ...options }: ProofOptions & Pick<CheckWorldOptions, 'watched'>,
): WorldCheck {
  const { faults = [], burst: _, ...world } = litmus.world;
  const harms = { ...harmIn(faults), ...harm };
  const { spec, scripts } = scriptedWorld(litmus.vcpus, { ...ROOMY, ...world, ...given }, harms);
  const parts = partsOf({ spec, costs: litmusCosts, flaws }, protocol);
  return new WorldCheck(parts, { operations: 0, moves: 0, reclaims: 0, ...harms, scripts }, options);
}

/** As in the small worlds in which files are sampled: a swap cache, and a store that is never half full. */
const ROOMY: Small = { swapCache: true, slots: 16 };

/** As many of each kind as a plan has. Any message is late in some order; that one overtakes others of its link is not searched. */
function harmIn(faults: readonly { fault: FaultName }[]) {
  const count = (is: (fault: FaultName) => boolean) => faults.filter(({ fault }) => is(fault)).length;
  return {
    faults: count((fault) => (deviceFaults as readonly string[]).includes(fault) && fault !== 'hypervisor restart'), // prettier-ignore
    repeats: count((fault) => fault.startsWith('repeat ')),
    losses: count((fault) => fault.startsWith('lose ')),
    timeouts: 0,
    restarts: count((fault) => fault === 'hypervisor restart'),
  };
}
