// The visited set against a plain JS Map: same members, same ids, through growth, in every width, from several threads'
// hands.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enterPart, enterRest } from '../../src/runtime/check/entering.ts';
import { StateSet } from '../../src/runtime/check/state-set.ts';

const textOf = (keys: ArrayLike<number>, at: number, words: number) =>
  Array.from({ length: words }, (_, w) => keys[at + w]).join();

/** Inserts `keys` in batches of `batch`; what a Map says each should be. */
function fill(set: StateSet, keys: Int32Array, batch: number): Map<string, number> {
  const { words } = set;
  const model = new Map<string, number>();
  for (let from = 0; from < keys.length / words; from += batch) {
    const n = Math.min(batch, keys.length / words - from);
    const part = keys.slice(from * words, (from + n) * words);
    const fresh: number[] = [];
    for (let i = 0; i < n; i++) {
      const text = textOf(part, i * words, words);
      if (model.has(text)) continue;
      model.set(text, model.size + 1);
      fresh.push(model.size);
    }
    expect(set.insertAll(part, n, new Int32Array(n).fill(from + 1))).toBe(true);
    expect([...set.fresh.subarray(0, set.freshLength)]).toEqual(fresh);
  }
  return model;
}

describe('state set', () => {
  for (const words of [1, 2, 3, 8])
    test(`keys of ${words} words: members and ids as a Map has them, in batches of any size, growing from 64`, () => {
      // Few different words, so that keys repeat and share words; extremes among them.
      const word = fc.oneof(
        fc.integer({ min: -2, max: 40 }),
        fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 65_536),
      );
      const tuples = fc.array(fc.array(word, { minLength: words, maxLength: words }), { maxLength: 600 });
      fc.assert(
        fc.property(tuples, fc.integer({ min: 1, max: 300 }), (all, batch) => {
          const keys = Int32Array.from(all.filter((key) => key.some((one) => one !== 0)).flat());
          const set = new StateSet(words, { states: 1 });
          const model = fill(set, keys, batch);
          expect(set.count).toBe(model.size);
          for (const [text, id] of model) {
            const key = Int32Array.from(text.split(',').map(Number));
            expect(set.find(key, 0)).toBe(id);
            expect(textOf(set.keys, id * words, words)).toBe(text);
          }
          expect(set.find(new Int32Array(words).fill(77_777), 0)).toBe(0);
        }),
        { numRuns: 60 },
      );
    });

  test('300,000 random keys of 2 words, growing thirteen times: each found under its id, at most 32 bytes a state', () => {
    const set = new StateSet(2, { states: 1 });
    const keys = new Int32Array(600_000);
    let x = 88_172_645;
    for (let i = 0; i < keys.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      keys[i] = i % 2 === 0 ? x : x & 3;
    }
    const model = fill(set, keys, 2048);
    expect(set.count).toBe(model.size);
    const ids = new Int32Array(300_000);
    set.findAll(keys, 300_000, ids);
    for (let i = 0; i < 300_000; i += 7) expect(ids[i]).toBe(model.get(textOf(keys, 2 * i, 2)));
    expect(set.bytes / set.count).toBeLessThanOrEqual(32);
  });

  test('261,119 keys of 1 word, as many as 2^19 slots take but for a batch, each twice: none is taken for another', () => {
    const batch = 1024;
    const count = 2 ** 18 - 1 - batch;
    const set = new StateSet(1, { states: count });
    const slots = set.share().table.byteLength / 4;
    expect(slots).toBe(2 ** 19);
    const keys = new Int32Array(2 * count);
    for (let i = 0; i < count; i++) keys[i] = keys[2 * count - 1 - i] = Math.imul(i + 1, 0x9e3779b1);
    const model = fill(set, keys, batch);
    expect(set.count).toBe(count);
    expect(set.share().table.byteLength / 4).toBe(slots);
    for (let i = 0; i < count; i += 5) expect(set.find(keys, i)).toBe(model.get(String(keys[i])));
    // Some are not at home: otherwise only half of the look-up was tried.
    const displaced = new Int32Array(set.share().table).filter((entry) => (entry & (2 ** 18)) !== 0);
    expect(displaced.length).toBeGreaterThan(count / 10);
  });

  test('a bound on memory is kept: the set says no rather than grow', () => {
    const set = new StateSet(2, { states: 100, memoryBytes: 64 * 1024 });
    const keys = new Int32Array(2 * 2048);
    let batches = 0;
    let taken = true;
    while (taken && batches < 100) {
      for (let i = 0; i < 2048; i++) keys.set([i + 1, batches], 2 * i);
      taken = set.insertAll(keys, 2048, new Int32Array(2048));
      batches++;
    }
    expect(taken).toBe(false);
    expect(set.share().table.byteLength + set.share().keys.byteLength).toBeLessThanOrEqual(64 * 1024);
  });

  test.each([1, 2])(
    'two views of keys of %s words that insert in turn agree, and settling closes the gaps that stretches of ids leave',
    (words) => {
      const main = new StateSet(words, { states: 20_000 });
      const first = new Int32Array(words).fill(1_000_000);
      main.insertAll(first, 1, Int32Array.of(0));
      main.open();
      const views = [0, 1].map(() => new StateSet(words, {}, main.share()));
      for (let batch = 0; batch < 30; batch++) {
        const keys = new Int32Array(words * 97);
        for (let i = 0; i < 97; i++) keys.set([1 + batch * 50 + i, 7].slice(0, words), words * i);
        expect(views[batch % 2]!.insertAll(keys, 97, new Int32Array(97).fill(1))).toBe(true);
      }
      main.settle(views.map((view) => view.giveBack()));
      const expected = 1 + 29 * 50 + 97;
      expect(main.count).toBe(expected);
      const seen = new Set<string>();
      for (let id = 1; id <= main.count; id++) {
        expect(main.find(main.keys, id * words)).toBe(id);
        expect(main.parents[id]).toBe(id === 1 ? 0 : 1);
        seen.add(textOf(main.keys, id * words, words));
      }
      expect(seen.size).toBe(expected);
    },
  );

  test.each([1, 2, 4])(
    'a table of keys of %s words that has grown is filled in parts: all are found',
    (words) => {
      let left = 0;
      for (let states = 40; states < 400; states += 3) {
        const set = new StateSet(words, { states: 1 });
        const keys = new Int32Array(words * states);
        for (let i = 0; i < states; i++)
          keys.set([Math.imul(i + states, 0x9e3779b1), 7, i, 1].slice(0, words), i * words);
        expect(set.insertAll(keys, states, new Int32Array(states).fill(1))).toBe(true);
        let more = 1;
        while (set.makeRoom(more) === 'enough') more++;
        // The parts in turns, none of which is the whole: the last first.
        const parts = 1 + (states % 8);
        const rest = Array.from({ length: parts }, (_, i) =>
          enterPart(new StateSet(words, {}, set.share()), set.count, { part: parts - 1 - i, parts }),
        ).flat();
        enterRest(set, rest);
        left += rest.length;
        for (let i = 0; i < states; i++) expect(set.find(keys, i * words)).toBe(i + 1);
        expect(new Int32Array(set.share().table).filter((entry) => entry !== 0)).toHaveLength(states);
      }
      // Some had no room in their part: otherwise only half of it was tried.
      expect(left).toBeGreaterThan(0);
    },
  );
});
