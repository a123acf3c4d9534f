// `replay`: runs a kept failure again and says whether it fails as it did.
import { event, eventKinds, type TraceEvent } from '../model/events.ts';
import { Geometry } from '../model/geometry.ts';
import type { Violation } from '../properties/index.ts';
import type { Run } from '../report/result.ts';
import { runUnit } from '../report/unit.ts';
import { printable } from '../stdx/input-error.ts';
import { exit } from './exit.ts';
import { note, print } from './output.ts';
import { readReplay } from './replay-file.ts';
import { TOOL } from './version.ts';

/** Events shown before the one that failed. */
const CONTEXT = 12;

export async function replay(file: string): Promise<number> {
  const { tool, violation, unit } = await readReplay(file);
  if (tool !== TOOL)
    note(printable(`warning: ${file} was made by ${tool}, this is ${TOOL}: results may differ`));
  const geometry = new Geometry(unit.spec);
  const last: string[] = [];
  const quiet = new Set<number>([event.read, event.wrote, event.tlbFill, event.tlbFlush]);
  const report = await runUnit(unit, {
    onEvent: (e) => {
      if (violation.sequence >= 0 && e.sequence > violation.sequence) return;
      if (quiet.has(e.kind) && e.sequence !== violation.sequence) return;
      last.push(lineOf(e, geometry));
      if (last.length > CONTEXT) last.shift();
    },
  });
  await print(last.join('\n'));
  const again =
    report.run.violations.find((seen) => seen.property === violation.property) ??
    (endsAgain(violation, report.run.ending) ? violation : undefined);
  if (!again) {
    await print(
      `${violation.property} holds this time: the program is not the one that failed, or it was not the schedule.`,
    );
    return exit.ok;
  }
  await print(
    `FAIL ${again.property} · ${report.run.protocol}, seed ${unit.seed}, event ${again.sequence}\n     ${again.message}`,
  );
  return exit.violated;
}

/** A run that was cut off at its bound on steps has nothing more to show than that it is again. */
function endsAgain({ property, sequence }: Violation, ending: Run['ending']): boolean {
  return property === 'answered' && sequence === -1 && ending === 'step limit';
}

function lineOf(e: TraceEvent, geometry: Geometry): string {
  const place =
    e.to > 0 && (e.kind === event.dataIn || e.kind === event.entered || e.kind === event.eptSet)
      ? ` at ${geometry.place(e.to)}`
      : '';
  return `${String(e.sequence).padStart(8)}  ${(e.time / 1000).toFixed(2).padStart(12)} us  ${geometry.nameOf(e.actor).padEnd(10)} ${eventKinds[e.kind]!.padEnd(12)} id ${e.id} gfn ${e.gfn}${place}`;
}
