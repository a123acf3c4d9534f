// Is every step of every plan needed, and does a property say so when it is missing? Each shipped protocol loses each
// step of each plan, one at a time, and the mutant runs until a property that the protocol claims is violated which the
// whole protocol keeps in the same campaign. Prints one table.
import { afterAll, describe, expect, test } from 'vitest';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import { hostPlans } from '../../src/protocols/host-plans.ts';
import { mutants, type Mutant } from '../../src/protocols/mutate.ts';
import { firstRun, judge, RUNS } from './campaign.ts';

/** Plans that a protocol has and never needs, with the reason. Counted, not believed. */
const NEEDS_REQUESTS = 'its guest sends no request';
const NEVER_MAPPED = 'no page is ever left mapped and not migrated';
const neverRuns: Record<string, Record<string, string>> = {
  conventional: {
    touchRemapped: NEVER_MAPPED,
    touchRemappedClean: NEVER_MAPPED,
    moveCached: NEEDS_REQUESTS,
  },
  'copyless-migrate': {
    touchRemapped: NEVER_MAPPED,
    touchRemappedClean: NEVER_MAPPED,
  },
  'copyless-map-then-migrate': {
    touchRemapped: NEVER_MAPPED,
    touchRemappedClean: NEVER_MAPPED,
  },
};

/** How often the host took each plan of a protocol, by the mutants' names for plans. */
function counting(protocol: Protocol): { counted: Protocol; taken: Map<string, number> } {
  const taken = new Map<string, number>();
  const count = (plan: string) => taken.set(plan, (taken.get(plan) ?? 0) + 1);
  const counted: Protocol = {
    ...protocol,
    plan(request, page, host) {
      count(host.destinationBacked ? 'plan, destination backed' : 'plan');
      return protocol.plan(request, page, host);
    },
  };
  for (const plan of hostPlans) {
    Object.defineProperty(counted, plan, {
      get() {
        count(plan);
        return protocol[plan];
      },
    });
  }
  return { counted, taken };
}

/** A mutant that runs in circles is cut short: what it does wrong, it does long before. */
const MUTANT_STEPS = 20_000;

interface Verdict {
  mutant: Mutant;
  killedBy: string;
  /** Further properties that the killing run violates. */
  also: string;
  runs: number;
}

/** Runs until a property kills; else says what else was amiss. */
function execute(mutant: Mutant, claims: ReadonlySet<string>): Verdict {
  let broke: string | null = null;
  for (let run = firstRun(mutant.plan); run < RUNS; run++) {
    const finding = judge(mutant.protocol, run, MUTANT_STEPS);
    const [killer, ...also] = finding.violated.filter(({ property }) => claims.has(property));
    if (killer) {
      const others = also.map(({ property }) => property.replace(/^(I\d+)-.*/, '$1')).join(' ');
      return { mutant, killedBy: killer.property, also: others, runs: run + 1 };
    }
    broke ??= finding.broke;
  }
  return { mutant, killedBy: broke ? `no property (${broke})` : 'nothing', also: '', runs: RUNS };
}

const table: string[][] = [];
afterAll(() => {
  const rows = [
    ['protocol', 'plan', 'step left out', 'runs', 'killed by', 'and seen by, or why not'],
    ...table,
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
});

describe.each(protocols.map((protocol) => ({ name: protocol.name, protocol })))('$name', ({ protocol }) => {
  const { counted, taken } = counting(protocol);
  const all = mutants(protocol);
  const reachable = all.filter(({ plan }) => !neverRuns[protocol.name]?.[plan]);

  test(`keeps what it claims in ${RUNS} runs, and takes every plan but those that it never needs`, () => {
    for (let run = 0; run < RUNS; run++) {
      const { violated, broke } = judge(counted, run);
      const broken = violated.filter(({ property }) => new Set<string>(protocol.claims).has(property));
      expect({ run, broken, broke }).toEqual({ run, broken: [], broke: null });
    }
    const plans = [...new Set(all.map(({ plan }) => plan))];
    const unused = plans.filter((plan) => !taken.has(plan));
    expect(unused).toEqual(plans.filter((plan) => neverRuns[protocol.name]?.[plan]));
    for (const plan of unused) {
      const steps = all.filter((mutant) => mutant.plan === plan).length;
      table.push([
        protocol.name,
        plan,
        `any of ${steps}`,
        `${RUNS}`,
        'never runs',
        neverRuns[protocol.name]![plan]!,
      ]);
    }
  });

  test(`each of its ${reachable.length} reachable mutants is killed by a property in at most ${RUNS} runs`, () => {
    const verdicts = reachable.map((mutant) => execute(mutant, new Set(protocol.claims)));
    for (const { mutant, killedBy, also, runs } of verdicts) {
      table.push([
        protocol.name,
        mutant.plan,
        `${mutant.step} (${mutant.index + 1})`,
        `${runs}`,
        killedBy,
        also,
      ]);
    }
    const survivors = verdicts.filter(
      ({ killedBy }) => !(protocol.claims as readonly string[]).includes(killedBy),
    );
    expect(survivors.map(({ mutant, killedBy }) => `${mutant.name}: ${killedBy}`)).toEqual([]);
  });
});

test('mutants of the four protocols: 73, 93, 97 and 99; the protocols themselves are left as they are', () => {
  const before = JSON.stringify(protocols);
  expect(protocols.map((protocol) => mutants(protocol).length)).toEqual([73, 93, 97, 99]);
  expect(JSON.stringify(protocols)).toBe(before);
});
