// Recorded runs that were tampered with: one word of a record changed, two steps exchanged, a step left out, tickets that say
// less than they did.
import { isStep, RECORD, type RecordedRun, stepField } from '../../src/runtime/threads/step-record.ts';
import { Prng } from '../../src/stdx/prng.ts';
import type { Causes } from './recorded-run.ts';

/** Where steps are in an actor's records. */
export function stepsOf(words: Int32Array): number[] {
  const found: number[] = [];
  for (let at = 0; at < words.length; at += RECORD) if (isStep(words[at]!)) found.push(at);
  return found;
}
/** Number of the step that a record belongs to. */
export function stepAt(words: Int32Array, record: number): number {
  return stepsOf(words).findIndex((at) => at >= record);
}

function withRecords(run: RecordedRun, actor: number, words: Int32Array): RecordedRun {
  return { ...run, records: run.records.map((records, a) => (a === actor ? words : records)) };
}
export function withWord(
  run: RecordedRun,
  actor: number,
  at: number,
  change: (word: number) => number,
): RecordedRun {
  const words = run.records[actor]!.slice();
  words[at] = change(words[at]!);
  return withRecords(run, actor, words);
}

/** The first and last word of a step with its events. */
function blockOf(words: Int32Array, step: number): [number, number] {
  const steps = stepsOf(words);
  return [step === 0 ? 0 : steps[step - 1]! + RECORD, steps[step]! + RECORD];
}
export function withoutStep(run: RecordedRun, actor: number, step: number): RecordedRun {
  const words = run.records[actor]!;
  const [from, to] = blockOf(words, step);
  return withRecords(run, actor, Int32Array.from([...words.subarray(0, from), ...words.subarray(to)]));
}
/** A step and the next one, each as if it had been made when the other was. */
export function exchanged(run: RecordedRun, actor: number, step: number): RecordedRun {
  const words = run.records[actor]!;
  const [from, middle] = blockOf(words, step);
  const to = blockOf(words, step + 1)[1];
  const [first, second] = [words.slice(from, middle), words.slice(middle, to)];
  for (const field of [stepField.since, stepField.until]) {
    const [a, b] = [first.length - RECORD + field, second.length - RECORD + field];
    [first[a], second[b]] = [second[b]!, first[a]!];
  }
  return withRecords(
    run,
    actor,
    Int32Array.from([...words.subarray(0, from), ...second, ...first, ...words.subarray(to)]),
  );
}

/**
 * The same run with tickets as threads take them that are interrupted between a ticket and what it stands for: each step's
 * tickets lie up to `spread` steps away from it on either side, and where two overlap neither says which came first. Who took
 * a message took it after it was sent.
 */
export function blurred(run: RecordedRun & { causes: Causes }, seed: number, spread: number): RecordedRun {
  const random = new Prng().seed(seed, 11);
  const records = run.records.map((words) => words.slice());
  const steps = records.flatMap((words, actor) =>
    stepsOf(words).map((at, step) => ({ words, at, actor, step })),
  );
  steps.sort((a, b) => a.words[a.at + stepField.since]! - b.words[b.at + stepField.since]!);
  const placeOf = records.map(() => new Array<number>());
  steps.forEach(({ actor }, position) => placeOf[actor]!.push(position));
  /** By actor and step: the first that follows from it. */
  const limits = placeOf.map((places) => places.map((_, step) => places[step + 1] ?? steps.length));
  run.causes.forEach((causes, actor) => {
    for (let step = 0; step < causes.length / 2; step++) {
      const [sender, sent] = [causes[2 * step]!, causes[2 * step + 1]!];
      if (sender >= 0) limits[sender]![sent] = Math.min(limits[sender]![sent]!, placeOf[actor]![step]!);
    }
  });
  const untils: number[][] = records.map(() => []);
  const ends: { words: Int32Array; at: number; key: number }[] = [];
  steps.forEach(({ words, at, actor, step }, position) => {
    const causes = run.causes[actor]!;
    const [sender, sent] = [causes[2 * step]!, causes[2 * step + 1]!];
    const since = Math.max(
      untils[actor]!.at(-1) ?? -Infinity,
      untils[sender]?.[sent] ?? -Infinity,
      position - random.below(spread * 1000) / 1000,
    );
    const until = Math.min(position + random.below(spread * 1000) / 1000, limits[actor]![step]!);
    untils[actor]!.push(until);
    ends.push(
      { words, at: at + stepField.since, key: since },
      { words, at: at + stepField.until, key: until },
    );
  });
  ends.sort((a, b) => a.key - b.key);
  ends.forEach(({ words, at }, ticket) => (words[at] = ticket));
  return { ...run, records };
}
