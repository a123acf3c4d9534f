// What the shipped comparison depends on: the README's table of two choices of the baseline is what the program measures, and
// examples/two-socket-reporting.yaml is one row of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../src/index.ts';
import type { Run } from '../../src/report/result.ts';
import { readScenario } from '../../src/scenarios/scenario-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const example = (name: string) => readScenario(join(root, 'examples', name), () => '').scenario;

const readAhead = { pages: 8, by: 'vma' } as const;
/** What is added, as the README writes it, and as a scenario has it. */
const added: Record<string, { guests?: object; host?: object }> = {
  nothing: {},
  '`guests.freePageReporting: true`': { guests: { freePageReporting: true } },
  '`host.readAhead: { pages: 8 }`': { host: { readAhead } },
  both: { guests: { freePageReporting: true }, host: { readAhead } },
};

const done = new Map<string, Run[]>();
async function measured(what: string): Promise<Run[]> {
  const known = done.get(what);
  if (known) return known;
  const { guests, host } = added[what]!;
  const base = example('two-socket.yaml');
  const scenario = {
    ...base,
    guests: { ...base.guests, ...guests },
    host: { ...base.host, ...host },
    protocols: ['conventional', 'copyless-map', 'copyless-migrate'],
  };
  const { runs } = await simulate(scenario);
  done.set(what, runs);
  return runs;
}

/** A row of the README's table: cells without the spaces that line them up. */
function row(what: string, runs: readonly Run[]): string[] {
  const [conventional, map, migrate] = runs as [Run, Run, Run];
  const perPage = (run: Run) => (run.balancingNs + run.firstTouchNs) / run.pagesBalanced;
  const ratio = (of: (run: Run) => number, run: Run) => `${(of(run) / of(conventional)).toFixed(2)}x`;
  const time = (run: Run) => run.virtualNs;
  return [
    what,
    conventional.transfers.toSource.toLocaleString('en'),
    conventional.inducedEvictions.toLocaleString('en'),
    ratio(time, map),
    ratio(time, migrate),
    ratio(perPage, map),
    ratio(perPage, migrate),
  ];
}

describe('what the result depends on', () => {
  const shown = readme
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

  test.each(Object.keys(added))('README: the row with %s added is what is measured', async (what) => {
    const runs = await measured(what);
    expect(shown).toContainEqual(row(what, runs));
    expect(runs.slice(1).every((run) => run.transfers.toSource === 0)).toBe(true);
  });

  test('the example is the scenario with reporting alone, and most of the gain is gone', async () => {
    const { name: _, ...scenario } = example('two-socket-reporting.yaml');
    const { name: __, ...shipped } = example('two-socket.yaml');
    expect(scenario).toEqual({ ...shipped, guests: { ...shipped.guests, freePageReporting: true } });
    const gain = ([conventional, map]: readonly Run[]) => 1 - map!.virtualNs / conventional!.virtualNs;
    const before = gain(await measured('nothing'));
    expect(before).toBeGreaterThan(0.2);
    expect(gain(await measured('`guests.freePageReporting: true`'))).toBeLessThan(before / 2);
  });

  test('README: a process that moves as a whole keeps the gain with reporting', async () => {
    const { runs } = await simulate({
      version: 1,
      host: { memory: '2MiB' },
      guests: { freePageReporting: true },
      workload: { kind: 'process-move', parameters: { pages: 800, bulk: 1 } },
      protocols: ['conventional', 'copyless-map', 'copyless-migrate'],
    });
    const [conventional, map, migrate] = runs as [Run, Run, Run];
    const part = (run: Run) => `${(run.virtualNs / conventional.virtualNs).toFixed(2)}x`;
    expect(readme.replaceAll('\n', ' ')).toContain(
      `the run still takes ${part(map)} (map) and ${part(migrate)} (migrate) of the conventional time`,
    );
  });
});
