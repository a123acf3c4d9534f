// Every seeded bug is found, by a property that is meant to see it, within a bounded number of seeds; the run that shows
// it fails again from its file; and the clean protocols show nothing from the same seeds.
import { afterAll, describe, expect, test } from 'vitest';
import { flawNamed, flaws } from '../../src/flaws/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { addUp, emptyTally, type Failure, fuzz, type Stretch } from '../../src/report/fuzz.ts';
import { runUnit } from '../../src/report/unit.ts';

/** The rarest takes some hundreds. */
const SEEDS_MAX = 2_000;

const names = protocols.map(({ name }) => name);
const stretch = (changed: Partial<Stretch>): Stretch => ({
  from: 1,
  count: SEEDS_MAX,
  mix: 'half',
  protocols: names,
  flaws: [],
  untilFound: true,
  ...changed,
});

/** Whether a run made again from what was kept of it fails as it did. */
async function failsAgain({ violation, unit }: Failure): Promise<boolean> {
  const { run } = await runUnit(JSON.parse(JSON.stringify(unit)) as typeof unit);
  if (run.ending === 'step limit' && violation.sequence < 0) return violation.property === 'answered';
  return run.violations.some(({ property, message }) => {
    return property === violation.property && message === violation.message;
  });
}

describe(`${flaws.length} seeded bugs`, () => {
  const rows: string[] = [];
  afterAll(() => {
    process.stdout.write(`\nseeded bug, caught by, seed, time\n${rows.join('\n')}\n`);
  });

  // shows: races 1, 2, 3, 5, 6, 7, 8, 10, 11, 16, 18, 20, 21, 23, 24, 25 (a seeded bug in each)
  test.each(flaws)('$name: $sentence', async ({ name, alarms }) => {
    const began = performance.now();
    const { failures } = fuzz(stretch({ flaws: [name] }), protocols);
    const [failure] = failures;
    const ms = Math.round(performance.now() - began);
    rows.push(`  ${name.padEnd(30)} ${failure?.violation.property} ${failure?.unit.seed} ${ms} ms`);
    expect(alarms).toContain(failure?.violation.property);
    expect(failure?.unit.flaws).toEqual([name]);
    expect(await failsAgain(failure!)).toBe(true);
  });

  test('have names that differ, and thirty at least', () => {
    expect(new Set(flaws.map(({ name }) => name)).size).toBe(flaws.length);
    expect(flaws.length).toBeGreaterThanOrEqual(30);
    for (const { name } of flaws) expect(flawNamed(name)?.name).toBe(name);
  });
});

test('a flaw that changes nothing is not found in 300 schedules', () => {
  const tally = fuzz(stretch({ flaws: ['canary'], count: 300 }), protocols);
  expect([tally.schedules, tally.failures]).toEqual([300, []]);
});

test('the clean protocols break nothing from seeds 1 to 1,000', () => {
  const { schedules, violations, failures } = fuzz(stretch({ count: 1_000 }), protocols);
  expect({ schedules, violations, failures }).toEqual({ schedules: 1_000, violations: {}, failures: [] });
});

test('a campaign in two parts is the campaign in one', () => {
  const parts = [stretch({ count: 60 }), stretch({ from: 61, count: 60 })].map((part) =>
    fuzz(part, protocols),
  );
  const whole = fuzz(stretch({ count: 120 }), protocols);
  expect(parts.reduce(addUp, emptyTally())).toEqual(whole);
});
