// `replay`: runs a kept failure again, says whether it fails as it did, and shows its smallest run.
import type { Violation } from '../properties/index.ts';
import type { Run } from '../report/result.ts';
import { runUnit } from '../report/unit.ts';
import { printable } from '../stdx/input-error.ts';
import { exit } from './exit.ts';
import { explainFailure } from './failure.ts';
import { note, print } from './output.ts';
import { readReplay } from './replay-file.ts';
import { TOOL } from './version.ts';

export async function replay(file: string): Promise<number> {
  const { tool, violation, unit } = await readReplay(file);
  if (tool !== TOOL)
    note(printable(`warning: ${file} was made by ${tool}, this is ${TOOL}: results may differ`));
  const report = await runUnit(unit);
  const again =
    report.run.violations.find((seen) => seen.property === violation.property) ??
    (endsAgain(violation, report.run.ending) ? violation : undefined);
  if (!again) {
    await print(
      `${violation.property} holds this time: the program is not the one that failed, or it was not the schedule.`,
    );
    return exit.ok;
  }
  const where = again.sequence < 0 ? 'at the end' : `event ${again.sequence}`;
  await print(
    `FAIL ${again.property} · ${report.run.protocol}, seed ${unit.seed}, ${where}\n     ${again.message}`,
  );
  const screen = await explainFailure(unit, again, { replay: file });
  if (screen.length > 0) await print(`\n${screen.join('\n')}`);
  return exit.violated;
}

/** A run that was cut off at its bound on steps has nothing more to show than that it is again. */
function endsAgain({ property, sequence }: Violation, ending: Run['ending']): boolean {
  return property === 'answered' && sequence === -1 && ending === 'step limit';
}
