// The bench harness knows its rows, and says what is worse and what is reached. Nothing is measured here.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { median, bestAgainst, against } from './interleaved.ts';
import { isWorse, lineOf, type Row } from './row.ts';
import { benches, benchesNamed } from './rows.ts';
import { tableLine, warningOf } from './table.ts';

const BENCH = fileURLToPath(new URL('./bench.ts', import.meta.url));
const PERFORMANCE = new URL('../../docs/performance.md', import.meta.url);
const typed = (tool: string, options: readonly string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`./${tool}.ts`, import.meta.url)), ...options], {
    encoding: 'utf8',
  });
const rows = benches.flatMap((bench) => bench.rows);
const figures = rows.map(({ figure }) => figure);

describe(`bench harness: ${benches.length} benches, ${rows.length} figures`, () => {
  test('figures are named once each, after their bench, and benches too', () => {
    expect(new Set(figures).size).toBe(figures.length);
    expect(new Set(benches.map(({ name }) => name)).size).toBe(benches.length);
    for (const bench of benches)
      for (const { figure } of bench.rows) expect(figure.split('/')[0]).toBe(bench.name);
  });

  test('the names are those that results have been followed under', () => {
    expect(figures).toMatchInlineSnapshot(`
      [
        "guest-access/rate",
        "guest-access/over-bare-loop",
        "simulated-run/shipped",
        "simulated-run/shipped-unjudged",
        "simulated-run/million-pages",
        "simulated-run/million-pages-unjudged",
        "tracing/monitors-on",
        "simulate-command/wall",
        "simulate-command/memory",
        "page-copy/4k-hot",
        "page-copy/4k-cold",
        "page-copy/2m",
        "mailbox/one-way",
        "mailbox/over-message-port",
        "mailbox/over-comlink",
        "mailbox/round-trip-parked",
        "lifecycle-step/over-two-atomics",
        "lifecycle-step/over-xstate",
        "lackey/plain",
        "lackey/gzip",
        "lackey/memory-growth",
        "ten-actors/over-message-port",
        "ensemble/two-workers",
        "ensemble/longer-runs",
      ]
    `);
  });

  test('the committed baseline has a figure for each row and for nothing else', () => {
    const { figures: known } = JSON.parse(
      readFileSync(new URL('baseline.json', import.meta.url), 'utf8'),
    ) as {
      figures: Record<string, number>;
    };
    expect(Object.keys(known)).toEqual(figures);
    for (const value of Object.values(known)) expect(value).toBeGreaterThanOrEqual(0);
  });

  test('docs/performance.md says of every figure what it is', () => {
    const text = readFileSync(PERFORMANCE, 'utf8');
    expect(figures.filter((figure) => !text.includes(`\`${figure}\``))).toEqual([]);
  });

  test('a name is a bench or a figure; an unknown one ends the command with 2 and one line that lists the benches', () => {
    expect(benchesNamed('mailbox').map(({ name }) => name)).toEqual(['mailbox']);
    expect(benchesNamed('mailbox/one-way').map(({ name }) => name)).toEqual(['mailbox']);
    expect(benchesNamed('mail')).toEqual([]);
    const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, '--only', 'mail'], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    for (const { name } of benches) expect(stderr).toContain(name);
  });

  test.each([
    ['bench', '--bogus'],
    ['bench', '--only'],
    ['bench', '--only', 'lackey', '--json', '/dev/null/x.json'],
    ['scale.bench', '--bogus'],
    ['scale.bench', '--pages', 'x'],
    ['scale.bench', '--pages', '4096,'],
    ['scale.bench', '--pages', '4096', '--accesses', '4000'],
    ['scale.bench', 'more'],
    ['actors.bench', '--rounds', '0'],
    ['actors.bench', '--rounds', 'x'],
    ['check.bench', '--bogus'],
    ['check.bench', '--managers', '0'],
    ['check.bench', '--json', '/dev/null/x.json'],
    ['world-check.bench', '--bogus'],
    ['world-check.bench', '--json', '/dev/null/x.json'],
    ['validate.bench', '--bogus'],
  ])(
    '%s %s %s %s %s: one line that says what is expected, status 2, nothing measured',
    (tool, ...options) => {
      const { status, stdout, stderr } = typed(tool, options);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^[\w:.-]+: .*, expected .+\n$/);
    },
  );

  test.each(['bench', 'scale.bench', 'actors.bench', 'check.bench', 'world-check.bench', 'validate.bench'])(
    '%s --help: a line of usage, status 0',
    (tool) => {
      const { status, stdout, stderr } = typed(tool, ['--help']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^usage: (npm run|node) .+\n$/);
    },
  );

  test('every bench can be loaded', async () => {
    for (const bench of benches) expect(typeof (await bench.load()).measure).toBe('function');
  });
});

describe('what is made of figures', () => {
  const more: Row = {
    figure: 'a/b',
    unit: 'GB/s',
    limit: 'memcpy',
    judged: 'ratio',
    better: 'more',
    reach: 0.5,
  };
  const less: Row = { ...more, unit: 'ns', better: 'less', reach: 1.5 };

  test('a ratio is worse when it is more than 15 % on the wrong side of the baseline', () => {
    expect(isWorse(0.85, 1, 'more')).toBe(false);
    expect(isWorse(0.84, 1, 'more')).toBe(true);
    expect(isWorse(2, 1, 'more')).toBe(false);
    expect(isWorse(1.15, 1, 'less')).toBe(false);
    expect(isWorse(1.16, 1, 'less')).toBe(true);
    expect(isWorse(0.5, 1, 'less')).toBe(false);
  });

  test('what is judged is the ratio, or what was measured where the row says so', () => {
    const slow = lineOf(more, { measured: 40, limit: 100 }, 0.5);
    expect(slow).toMatchObject({ ratio: 0.4, reached: false, worse: true });
    expect(tableLine(slow)).toMatch(/0\.400x.*>= 0\.5x.*0\.500x.*NOT REACHED; WORSE$/);
    expect(warningOf(slow)).toContain('a/b: 0.400, the baseline has 0.500');
    expect(lineOf(less, { measured: 14, limit: 10 }, 1.4)).toMatchObject({ reached: true, worse: false });
    const alone = lineOf({ ...more, judged: 'measured' }, { measured: 40, limit: 100 }, 40);
    expect(alone).toMatchObject({ ratio: 0.4, reached: true, worse: false });
  });

  test('a limit that is absent leaves nothing to judge, and so does a bench that failed', () => {
    const absent = lineOf(more, { measured: 40, limit: null }, 0.5);
    expect(absent).toMatchObject({ ratio: null, reached: null, worse: false });
    expect(tableLine(absent)).toContain('absent');
    expect(lineOf(more, { measured: 40, limit: NaN }, 0.5)).toEqual(absent);
    const failed = lineOf(more, null, 0.5, 'ended with 1');
    expect(failed).toMatchObject({ measured: null, reached: null, worse: false });
    expect(tableLine(failed)).toContain('ended with 1');
  });

  test('medians are of values and of the ratios of rounds, the best is of each side', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(against([1, 4, 9], [1, 2, 3])).toEqual({ measured: 4, limit: 2, ratio: 2 });
    expect(bestAgainst('more', [1, 4], [3, 2])).toEqual({ measured: 4, limit: 3 });
    expect(bestAgainst('less', [1, 4], [3, 2])).toEqual({ measured: 1, limit: 2 });
  });
});
