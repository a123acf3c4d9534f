// Searches of the smallest worlds: bounds as data, a search by them, and what it found made again by the simulator.
import type { Protocol } from '../../src/protocols/index.ts';
import { type CheckedWorld, type FoundViolation, WorldCheck } from '../../src/report/check/check-world.ts';
import type { Checkpoint } from '../../src/runtime/check/search.ts';
import { type RunReport, runOnce } from '../../src/report/run.ts';
import { anyCosts, checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf, workloadOf } from '../../src/scenarios/parts.ts';
import { scriptedWorld } from '../../src/scenarios/scripted-world.ts';
import type { Small } from '../../src/scenarios/small-world.ts';
import { AssertionError } from '../../src/stdx/assert.ts';

/** Of what there is one, and of what none, when it is left out; two nodes. */
export interface SmallBounds {
  /** What each vCPU does; pages, vCPUs and operations are then its. */
  script?: readonly (readonly string[])[];
  pages?: number;
  nodes?: number;
  /** Of each guest. */
  vcpus?: number;
  guests?: number;
  /** Of each vCPU. */
  operations?: number;
  moves?: number;
  reclaims?: number;
  faults?: number;
  repeats?: number;
  losses?: number;
  /** As many as losses when it is left out. */
  timeouts?: number;
  /** Of the hypervisor. */
  restarts?: number;
  /** Policies and room, where they are not those of `checkedWorld`. */
  given?: Small;
}

export interface SearchChanges {
  flaws?: readonly string[];
  /** False: steps that commute are taken in every order. */
  reduces?: boolean;
  /** False: states are told apart that differ only by an exchange. */
  symmetry?: boolean;
  /** False: whether everything ends is not asked. */
  liveness?: boolean;
  states?: number;
  memoryBytes?: number;
  from?: Checkpoint;
  /** False: a way that is not the shortest will do. */
  shortest?: boolean;
}

/** What was found, and what shows it. */
export interface Searched {
  check: WorldCheck;
  checked: CheckedWorld;
  /** Makes a found violation again in the simulator. */
  replay: (violation: FoundViolation) => Promise<Replayed>;
}

/** Names of properties that the simulator's run violates; `answered` too where the run goes on for ever. */
export type Replayed = readonly string[];

export function search(protocol: Protocol, bounds: SmallBounds, changes: SearchChanges = {}): Searched {
  const { pages = 1, nodes = 2, vcpus = 1, guests = 1, script } = bounds;
  const { operations = 1, moves = 0, reclaims = 0, faults = 0 } = bounds;
  const { repeats = 0, losses = 0, timeouts = losses } = bounds;
  const { flaws = [], ...options } = changes;
  const { restarts = 0 } = bounds;
  const harms = { repeats, losses, timeouts, ...(restarts > 0 && { restarts }) };
  const { spec, scripts } =
    script === undefined
      ? { spec: checkedWorld({ pages, nodes, vcpus, guests }, bounds.given, harms), scripts: undefined }
      : scriptedWorld(script, { nodes, guests, ...bounds.given }, harms);
  const parts = partsOf({ spec, costs: anyCosts, flaws }, protocol);
  const check = new WorldCheck(
    parts,
    { operations, moves, reclaims, faults, ...harms, ...(scripts && { scripts }) },
    options,
  );
  const replay = async (violation: FoundViolation) => {
    const unit = check.unitOf(violation, protocol.name, flaws);
    const workload = await workloadOf(unit.workload, unit.shape);
    const { seed, scheduler, choices, limit } = unit;
    const again = { ...parts, spec: unit.spec };
    const workloads = unit.spec.guests.map(() => workload);
    return violatedBy(runOnce(again, workloads, { seed, scheduler, choices, limit }));
  };
  return { check, checked: check.run(), replay };
}

export async function violatedBy(running: Promise<RunReport>): Promise<Replayed> {
  try {
    const { run } = await running;
    const names = run.violations.map(({ property }) => property);
    return run.ending === 'step limit' ? [...names, 'answered'] : names;
  } catch (error) {
    if (error instanceof AssertionError) return ['assertion'];
    throw error;
  }
}

/** The property that a finding goes against: what waits for ever is not answered. */
export function propertyOf({ kind, property }: FoundViolation): string {
  return kind === 'property' ? property : 'answered';
}

/** Bounds in a few words. */
export function inWords(bounds: SmallBounds): string {
  const { pages = 1, nodes = 2, vcpus = 1, guests = 1 } = bounds;
  const { operations = 1, moves = 0, reclaims = 0, faults = 0, given = {} } = bounds;
  const { repeats = 0, losses = 0, timeouts = losses } = bounds;
  const size = [guests > 1 ? `${guests}g` : '', `${pages}p`, `${nodes}n`, `${vcpus}v`].join('');
  const again = bounds.restarts === undefined ? '' : ` ${bounds.restarts} restart`;
  const harms = `${again}${repeats > 0 ? ` ${repeats} twice` : ''}${losses + timeouts > 0 ? ` ${losses} lost ${timeouts} early` : ''}`;
  if (bounds.script) {
    const room = policiesInWords(given);
    const chances = [reclaims > 0 ? `${reclaims}r` : '', faults > 0 ? `${faults}f` : ''].join('');
    const text = bounds.script.map((list) => list.join(', ')).join(' | ');
    return [`${nodes === 2 ? '' : `${nodes}n `}${text}`, chances + harms, ...room].filter((part) => part !== '').join('; '); // prettier-ignore
  }
  const much = `${operations}o${moves}m${reclaims}r${faults}f${harms}`;
  return [size, much, ...policiesInWords(given)].join(' ');
}
function policiesInWords(given: Small): string[] {
  return Object.entries(given).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
}

/** Rows as lines, columns aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
