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
])('%j', (text) => {
  const word = shellWord(text);
  expect(word).not.toContain('\n');
  expect(execFileSync('bash', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(text);
});

test('what needs no quotes has none', () => {
  expect(shellWord('out/failure-fuzz-3_a.json')).toBe('out/failure-fuzz-3_a.json');
});
