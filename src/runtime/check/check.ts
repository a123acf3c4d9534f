// The question in one call: does the system keep its properties in every interleaving, and if not, in how few steps?
import type { Explorable } from './explorable.ts';
import { checkLiveness, type LivenessResult } from './liveness.ts';
import { PackedSystem } from './packed.ts';
import { type Checkpoint, Search, type SearchOptions, type SearchResult } from './search.ts';
import { System } from './system.ts';

export interface CheckOptions extends SearchOptions {
  /** Count states that differ only by an exchange of interchangeable replicas as one: yes by default. */
  symmetry?: boolean;
  /** Ask whether everything pending ends: yes by default where something is declared pending. */
  liveness?: boolean;
}

export interface CheckResult extends SearchResult {
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
  const searched = (symmetry: boolean): Search => {
    const search =
      subject instanceof System
        ? searchOf(subject, { ...options, symmetry })
        : new Search(subject, withSteps(subject, options));
    search.run();
    return search;
  };
  return settled(conclusion(searched(options.symmetry !== false), options), () => searched(false));
}

/** What a search comes to, with the second search without symmetry that liveness may need. */
export async function conclude(
  search: Search,
  options: CheckOptions,
  withoutSymmetry: () => Promise<Search>,
): Promise<CheckResult> {
  const first = conclusion(search, options);
  const plain = first.again ? await withoutSymmetry() : null;
  return settled(first, () => plain!);
}

interface Conclusion {
  found: CheckResult;
  search: Search;
  /** Liveness is asked for. */
  asked: boolean;
  /** It needs a search without symmetry: a cycle of orbits need not be a cycle of states. */
  again: boolean;
}

function conclusion(search: Search, options: CheckOptions): Conclusion {
  const result = search.result();
  const { model } = search;
  const { symmetry, notes } = model instanceof PackedSystem ? model : { symmetry: false, notes: [] };
  const found = { ...result, pass: !result.violation, symmetry, notes: [...notes] };
  const asked =
    options.liveness !== false && model.pending !== undefined && result.complete && !result.violation;
  return { found, search, asked, again: asked && symmetry };
}

function settled({ found, search, asked, again }: Conclusion, withoutSymmetry: () => Search): CheckResult {
  if (!asked) return found;
  if (!again) return withLiveness(found, search);
  found.notes.push('liveness was judged without symmetry');
  return withLiveness(found, withoutSymmetry());
}

/** The search of a system, from its start or from a checkpoint, to be run. */
export function searchOf(system: System, options: CheckOptions = {}, from?: Checkpoint): Search {
  const { symmetry = true } = options;
  // The packing of a checkpoint stands at the head of its log.
  const bits = from && [...from.learned.subarray(0, system.partNames.length)];
  const model = system.packed(bits ? { symmetry, bits } : { symmetry });
  return new Search(model, withSteps(model, options), from);
}

/** Steps are written down where liveness will ask for them: not of orbits (`again`). */
export function withSteps<Options extends CheckOptions>(model: Explorable, options: Options): Options {
  const symmetry = model instanceof PackedSystem && model.symmetry;
  return { writesSteps: options.liveness !== false && model.pending !== undefined && !symmetry, ...options };
}

function withLiveness(found: CheckResult, search: Search): CheckResult {
  const { complete, boundedBy } = search.result();
  if (!complete) {
    found.notes.push('liveness was not judged: the search without symmetry was not complete');
    return { ...found, complete, ...(boundedBy && { boundedBy }) };
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
  const verdict = violation ? 'FAIL' : complete ? 'PASS' : 'INCOMPLETE';
  const lines = [`${verdict}: ${states} ${unit}, ${transitions} transitions, depth ${depth}, ${scope}`];
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
