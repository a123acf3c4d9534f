// What is done about a failing run: it is kept in a file, made small, and told on one screen with the line that replays it.
import { failureScreen } from '../report/failure.ts';
import { shrink, type Shrunk } from '../report/shrink.ts';
import type { Unit } from '../report/unit.ts';
import type { Violation } from '../properties/index.ts';
import { isScript } from '../scenarios/scenario.ts';
import { attempted, progress, progressEnds, writeWhole } from './output.ts';
import { TOOL } from './version.ts';

/** What a scenario takes of a script: more is no small run. */
const OPERATIONS_MAX = 10_000;
/** A few seconds, also for a world of full size and a long trace. */
const STEPS = 2_000_000;

/** Writes what `replay` reads. */
export function writeReplay(file: string, unit: Unit, violation: Violation): void {
  writeWhole(file, `${JSON.stringify({ replay: 1, tool: TOOL, violation, unit })}\n`);
}

/** The smallest run that violates the same property; null where there is none small enough to be looked at. */
export async function smallest(unit: Unit, property: string): Promise<Shrunk | null> {
  progress('making the failure small');
  try {
    const small = await shrink(unit, property, undefined, STEPS);
    const { workload } = small?.unit ?? unit;
    const fits = isScript(workload) && workload.vcpus.every((list) => list.length <= OPERATIONS_MAX);
    return fits ? small : null;
  } finally {
    progressEnds();
  }
}

/**
 * The screen of a failure, from its smallest run.
 * @param keep file for the smallest run
 * @param replay file of the run as it was: what the screen names where the smallest is not to be kept, or cannot be
 */
export async function explainFailure(
  unit: Unit,
  violation: Violation,
  { keep, replay }: { keep?: string; replay?: string },
): Promise<string[]> {
  const small = await smallest(unit, violation.property);
  if (small === null) return [];
  // What is found is told, also where it cannot be written.
  const isKept =
    keep !== undefined && (await attempted(() => writeReplay(keep, small.unit, small.violation)));
  return failureScreen(small.unit, small.violation, { ...small, replay: isKept ? keep : replay });
}
