// What is hashed a batch at a time is hashed as if it came word by word.
import { expect, test } from 'vitest';
import { Prng } from '../../src/stdx/prng.ts';
import { RunningHash } from '../../src/stdx/hash.ts';

test('1,000 records, alone and among other words: the digest is that of their words', () => {
  const random = new Prng().seed(1, 3);
  const word = () => random.below(2 ** 31) | 0;
  const [whole, single] = [new RunningHash(), new RunningHash()];
  for (let i = 0; i < 1000; i++) {
    const w = Array.from({ length: 7 }, word) as [number, number, number, number, number, number, number];
    const time = i * 1.25;
    whole.record(...w, time);
    for (const each of w) single.int(each);
    single.double(time);
    if (i % 300 === 299) {
      const page = Int32Array.from({ length: i }, word);
      whole.words(page);
      for (const each of page) single.int(each);
      expect(whole.digest()).toBe(single.digest());
    }
  }
  expect(whole.digest()).toBe(single.digest());
  expect(whole.digest()).not.toBe(new RunningHash().digest());
});
