// What is printed to be typed next can be pasted: a shell makes of it the very words that were meant.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/report/command.ts';

test.each([
  'out/failure-1.json',
  "o u't/f.json",
  '$(touch x)/`f`',
  'two\nlines',
  "tab\there's \\n",
  'ünï',
  '*?[a]',
  'a\u009b31mb\u2028c',
])('%j', (text) => {
  const word = shellWord(text);
  expect(word).not.toContain('\n');
  expect(execFileSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(text);
});

test('a terminal obeys nothing of it, and it is no option', () => {
  expect(shellWord('a\u009b31m')).toBe(String.raw`$'a\xc2\x9b31m'`);
  expect(shellWord('-x/f.json')).toBe('./-x/f.json');
});

test('what needs no quotes has none', () => {
  expect(shellWord('out/failure-fuzz-3_a.json')).toBe('out/failure-fuzz-3_a.json');
});
