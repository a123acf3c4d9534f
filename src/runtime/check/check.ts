// The question in one call: does the system keep its properties in every interleaving, and if not, in how few steps?
import type { Explorable } from './explorable.ts';
import { checkLiveness, type LivenessResult } from './liveness.ts';
import type { PackedSystem } from './packed.ts';
import { type Result, Search, type SearchOptions } from './search.ts';
import { System, TooNarrow } from './system.ts';

export interface CheckOptions extends SearchOptions {
  /** Count states that differ only by an exchange of interchangeable replicas as one: yes by default. */
  symmetry?: boolean;
  /** Ask whether everything pending ends: yes by default where something is declared pending. */
  liveness?: boolean;
}

export interface CheckResult extends Result {
  /** No property is broken, as far as was searched. */
  pass: boolean;
  /** Whether states stand for all that differ only by an exchange of interchangeable replicas. */
  symmetry: boolean;
  liveness?: LivenessResult;
  /** What the reader of the figures should know. */
  notes: string[];
}

/** Searches all states within the bounds, and then, where something is pending, all fair runs. */
export function check(subject: System | Explorable, options: CheckOptions = {}): CheckResult {
  const asked = options.liveness !== false;
  if (subject instanceof System) {
    const { symmetry = true } = options;
    const { search, model } = searchSystem(subject, { ...options, symmetry });
    const result = search.result();
    const found: CheckResult = { ...concluded(result), symmetry: model.symmetry, notes: model.notes };
    if (!asked || !subject.hasPending || !result.complete || result.violation) return found;
    // A cycle of orbits need not be a cycle of states, so fairness is judged without symmetry.
    const plain = model.symmetry ? searchSystem(subject, { ...options, symmetry: false }).search : search;
    if (plain !== search) found.notes.push('liveness was judged without symmetry');
    return withLiveness(found, plain);
  }
  const search = new Search(subject, options);
  const found: CheckResult = { ...concluded(search.run()), symmetry: false, notes: [] };
  return asked && subject.pending && found.complete && !found.violation ? withLiveness(found, search) : found;
}

/** Runs a search of a system, again with a wider packing where a value comes up that has no room. */
export function searchSystem(
  system: System,
  { symmetry = true, ...options }: CheckOptions = {},
): { search: Search; model: PackedSystem } {
  for (let model = system.packed({ symmetry }); ; model = model.widened()) {
    try {
      const search = new Search(model, options);
      search.run();
      return { search, model };
    } catch (error) {
      if (!(error instanceof TooNarrow)) throw error;
    }
  }
}

function concluded(result: Result): Result & { pass: boolean } {
  return { ...result, pass: !result.violation };
}

function withLiveness(found: CheckResult, search: Search): CheckResult {
  if (!search.result().complete) {
    found.notes.push('liveness was not judged: the search without symmetry was not complete');
    return found;
  }
  const liveness = checkLiveness(search);
  const { violation } = liveness;
  return {
    ...found,
    liveness,
    pass: liveness.holds,
    ...(violation ? { violation, violations: found.violations + 1 } : {}),
  };
}

/** The verdict and the counterexample as lines of text. */
export function explain(result: CheckResult): string {
  const { states, transitions, depth, complete, violation, boundedBy, symmetry } = result;
  const scope = complete
    ? 'complete'
    : violation
      ? 'stopped at a violation'
      : `incomplete: bound on ${boundedBy}`;
  const unit = symmetry ? 'states up to symmetry' : 'states';
  const lines = [`${states} ${unit}, ${transitions} transitions, depth ${depth}, ${scope}`];
  if (violation) {
    lines.push(`${violation.kind}: ${violation.name}`);
    const { cycleFrom } = violation;
    violation.states.forEach((state, i) => {
      if (i > 0) lines.push(`  ${i}. ${violation.actions[i - 1]!}`);
      if (i === cycleFrom) lines.push('  from here on, for ever:');
      lines.push(`     ${i === 0 ? state : changed(violation.states[i - 1]!, state)}`);
    });
    if (violation.actions.length === violation.states.length)
      lines.push(`  ${violation.actions.length}. ${violation.actions.at(-1)!}: breaks the property`);
  }
  return [...lines, ...result.notes.map((note) => `note: ${note}`)].join('\n');
}

/** Only the parts that a step changed, where the text has parts. */
function changed(before: string, after: string): string {
  const parts = before.split(' · ');
  const different = after.split(' · ').filter((part, i) => part !== parts[i]);
  return different.length === 0 ? '(nothing changes)' : different.join(' · ');
}
