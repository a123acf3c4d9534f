// Bugs of ours, as opposed to bad input (`input-error.ts`) and to outcomes of the modelled world (typed results).
// Always on: a simulator that goes on after a broken invariant reports figures nobody can trust.

export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Fails the run with `message` unless `condition` holds; say what was expected and what was seen. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, which the caller has reason to know is there: `what` names it in the failure. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined)
    throw new AssertionError(`${what}: expected a value, saw ${String(value)}`);
  return value;
}
