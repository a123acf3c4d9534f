// A scenario from a program: what it leaves out is filled in, and what cannot be meant is refused in one line, as it would be
// in a file.
import { InputError, type Place } from '../stdx/input-error.ts';
import { deepest, expectation, knownKeys } from './complaint.ts';
import { quote, valueAt } from './quote.ts';
import { type Scenario, type ScenarioInput, scenarioSchema } from './scenario.ts';

const PLACE: Place = { file: 'scenario' };
const SEE_SCHEMA = 'see schema/scenario-1.json';

/** Fills in what a scenario leaves out. @throws InputError where it is none */
export function defineScenario(input: ScenarioInput): Scenario {
  const parsed = scenarioSchema.safeParse(input);
  if (parsed.success) return consistent(parsed.data, () => PLACE);
  const issue = deepest(parsed.error.issues[0]!, input);
  const name = issue.path.join('.') || 'the scenario';
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path, input).join(', ');
    throw new InputError(
      PLACE,
      `unknown key ${quote(issue.keys[0])} in ${name}`,
      `one of ${known}`,
      SEE_SCHEMA,
    );
  }
  const seen = valueAt(input, issue.path);
  const what = seen === undefined ? `${name} is missing` : `${name} is ${quote(seen)}`;
  throw new InputError(PLACE, what, expectation(issue), SEE_SCHEMA);
}

/** What no schema says: which of two numbers is to be the smaller. @param placeOf where the scenario says something */
export function consistent(scenario: Scenario, placeOf: (...path: PropertyKey[]) => Place): Scenario {
  const { low, high } = scenario.host.watermarks;
  if (low > high) {
    throw new InputError(
      placeOf('host', 'watermarks'),
      `low ${low} is above high ${high}`,
      'low at most high',
      'swap them',
    );
  }
  const [first, last] = scenario.seeds;
  if (first > last) {
    throw new InputError(
      placeOf('seeds'),
      `${first} is above ${last}`,
      'first seed at most last',
      'swap them',
    );
  }
  if (last - first >= SEEDS_MAX) {
    throw new InputError(
      placeOf('seeds'),
      `${last - first + 1} seeds`,
      `at most ${SEEDS_MAX}`,
      'split the range',
    );
  }
  return scenario;
}

/** Runs of one comparison, a protocol. */
export const SEEDS_MAX = 10_000;
