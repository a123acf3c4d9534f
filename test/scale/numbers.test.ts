// Tables of whole numbers that take a few bits a key are `Map`s and `Set`s to whoever uses them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Column, Marks, marksTo, Numbers, numbersTo } from '../../src/stdx/numbers.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
const BOUND = 300;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ key: fc.nat(BOUND - 1), value: fc.nat(2 ** 31 - 2) }) },
  // On the line, mostly.
  { weight: 5, arbitrary: fc.nat(BOUND - 1).map((key) => ({ key, value: 1000 + 2 * key })) },
  { weight: 3, arbitrary: fc.nat(BOUND - 1).map((key) => ({ key, value: -1 })) },
);

test.each([0, 1, 2])(`a table of stride %i does what a Map does, 400 walks from seed ${SEED}`, (stride) => {
  let columns = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const table = new Numbers(BOUND, stride);
      const map = new Map<number, number>();
      for (const { key, value } of steps) {
        if (value < 0) expect(table.delete(key)).toBe(map.delete(key));
        else {
          table.set(key, value);
          map.set(key, value);
        }
        expect([table.get(key), table.has(key), table.size]).toEqual([map.get(key), map.has(key), map.size]);
      }
      for (let key = 0; key < BOUND; key++) expect(table.get(key)).toBe(map.get(key));
      const inOrder = [...map].toSorted(([a], [b]) => a - b);
      expect([...table]).toEqual(inOrder);
      expect([...table.keys()]).toEqual(inOrder.map(([key]) => key));
      expect([...table.values()]).toEqual(inOrder.map(([, value]) => value));
      if ((table as unknown as { column: object | null }).column !== null) columns++;
    }),
    { seed: SEED, numRuns: 400 },
  );
  expect(columns, 'some became columns').toBeGreaterThan(10);
  expect(columns, 'and some did not').toBeLessThan(390);
});

test('a column does what a Map does, 200 walks, and refuses a key that it has no place for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const column = new Column(BOUND);
      const map = new Map<number, number>();
      for (const { key, value } of steps) {
        if (value < 0) expect(column.delete(key)).toBe(map.delete(key));
        else {
          column.set(key, value);
          map.set(key, value);
        }
        expect([column.get(key), column.has(key), column.size]).toEqual([
          map.get(key),
          map.has(key),
          map.size,
        ]);
      }
      const inOrder = [...map].toSorted(([a], [b]) => a - b);
      expect([...column]).toEqual(inOrder);
      expect([...column.keys()]).toEqual(inOrder.map(([key]) => key));
      expect([...column.values()]).toEqual(inOrder.map(([, value]) => value));
    }),
    { seed: SEED, numRuns: 200 },
  );
  const column = new Column(BOUND);
  for (const key of [-1, BOUND]) {
    expect(column.get(key)).toBeUndefined();
    expect(column.delete(key)).toBe(false);
    expect(() => column.set(key, 1)).toThrow(`key ${key} of a table of ${BOUND}`);
  }
});

test('marks do what a Set does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(BOUND - 1), fc.boolean()), { maxLength: 300 }), (steps) => {
      const marks = new Marks(BOUND);
      const set = new Set<number>();
      for (const [key, add] of steps) {
        if (add) marks.add(key);
        else expect(marks.delete(key)).toBe(set.has(key));
        if (add) set.add(key);
        else set.delete(key);
        expect([marks.has(key), marks.size]).toEqual([set.has(key), set.size]);
      }
      expect([...marks]).toEqual([...set].toSorted((a, b) => a - b));
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test('small ones are a Map and a Set, some thousand keys a column and marks', () => {
  expect(numbersTo(100, 1)).toBeInstanceOf(Map);
  expect(marksTo(100)).toBeInstanceOf(Set);
  expect(numbersTo(5000, 1)).toBeInstanceOf(Column);
  expect(marksTo(5000)).toBeInstanceOf(Marks);
  expect(numbersTo(1 << 20, 1)).toBeInstanceOf(Numbers);
});
