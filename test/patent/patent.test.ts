// docs/patent.md is what the tests say: every row has a test, every tag a row, and the page is as it would be written now.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flaws } from '../../src/flaws/index.ts';
import { AWAITED, PAGE, page } from './page.ts';
import { rows } from './rows.ts';
import { findTags, ROOT, rowsNamedBy, tagsOf } from './tags.ts';

const tags = findTags();
const shown = new Set(tags.flatMap(({ shows }) => shows));

describe(`the patent: ${rows.length} rows`, () => {
  test('20 claims, 27 steps, 23 variants and 25 races, no name twice', () => {
    const count = (word: string) => rows.filter(({ id }) => id.startsWith(`${word} `)).length;
    expect([count('claim'), count('step'), count('variant'), count('race')]).toEqual([20, 27, 23, 25]);
    const names = rows.flatMap(({ id, also = [] }) => [id, ...also]);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  test('every row has a test, but for those that are awaited', () => {
    const untagged = rows.map(({ id }) => id).filter((id) => !shown.has(id));
    expect(untagged, 'rows that no test shows; AWAITED in test/patent/page.ts').toEqual([...AWAITED]);
  });

  test('every tag names rows, and stands above a test', () => {
    const wrong = tags.flatMap(({ file, line, title, unknown }) => {
      const said = unknown.map((item) => `${file}:${line}: no row "${item}" (see test/patent/rows.ts)`);
      return title === '' ? [...said, `${file}:${line}: no test follows`] : said;
    });
    expect(wrong).toEqual([]);
  });

  test('the seeded bugs are told with their races', () => {
    const seeded = flaws.flatMap(({ race }) => (race === undefined ? [] : [`race ${race}`]));
    const told = tags
      .filter(({ file }) => file === 'test/flaws/self-test.test.ts')
      .flatMap(({ shows }) => shows);
    expect(new Set(told)).toEqual(new Set(seeded));
  });

  test('every file that does something is there', () => {
    const missing = rows
      .filter(({ id }) => !AWAITED.includes(id))
      .flatMap(({ id, by }) =>
        by.filter((file) => !existsSync(join(ROOT, file))).map((file) => `${id}: ${file}`),
      );
    expect(missing).toEqual([]);
    expect(rows.filter(({ by, table }) => by.length === 0 && table !== 'races')).toEqual([]);
  });

  test(`${PAGE} is up to date`, () => {
    const path = join(ROOT, PAGE);
    const written = existsSync(path) ? readFileSync(path, 'utf8') : '';
    expect(written === page(), `${PAGE} is stale: npm run patent`).toBe(true);
  });
});

describe('tags', () => {
  test('items in words: ranges, remarks, bare numbers, other names', () => {
    expect(
      rowsNamedBy('steps 310, 315, claims 2 to 4, 6, race 23 (lost, repeated), race 8 on threads'),
    ).toEqual({
      shows: ['step 310', 'step 315', 'claim 2', 'claim 3', 'claim 4', 'claim 6', 'race 23', 'race 8'],
      unknown: [],
    });
    expect(rowsNamedBy('variant (22),(24) inspect timing, variant (25): any, at all')).toEqual({
      shows: ['variant (22) (24) inspect timing', 'variant (25) any order'],
      unknown: ['at all'],
    });
    expect(rowsNamedBy('claim 21, step 300, race 0, variant (18), 7')).toEqual({
      shows: [],
      unknown: ['claim 21', 'step 300', 'race 0', 'variant (18)', '7'],
    });
  });

  test('a tag is told with the titles of the groups around its test, also where .each and templates are used', () => {
    const source = [
      "describe.each(['(a)'].map((name) => ({ name })))('group $name', () => {",
      '  test("before", () => {',
      '    run();',
      '  });',
      "  describe('other', () => {});",
      '',
      '  // shows: claim 1,',
      '  // step 210',
      '  const table = [1];',
      '  test.each(table)(',
      '    `${4 * RUNS} of %s`,',
      '    () => {},',
      '  );',
      '});',
      '// shows: race 1',
      "test('last', () => {});",
      '// shows: race 2',
    ].join('\n');
    expect(tagsOf('a.test.ts', source).map(({ title, shows }) => [title, ...shows])).toEqual([
      ['group $name › ‹4 * RUNS› of %s', 'claim 1', 'step 210'],
      ['last', 'race 1'],
      ['', 'race 2'],
    ]);
  });
});
