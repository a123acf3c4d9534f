// What nobody caught: one line and an exit status, and a stack trace only where the bug is ours.
import { expect, test, vi } from 'vitest';
import { explain } from '../../src/cli/error-line.ts';
import { exit } from '../../src/cli/exit.ts';
import { OutOfMemory } from '../../src/runtime/check/interner.ts';

test.each([
  // As a worker's error arrives: a plain copy, known by its name.
  [Object.assign(new Error('more than 9 words of parts'), { name: new OutOfMemory().name }), exit.usage, /^copyless: memory: /],
  [new RangeError('Array buffer allocation failed'), exit.usage, /^copyless: memory: .*\n$/],
  [new RangeError('Invalid array length'), exit.bug, /a bug in this program, .*\nRangeError/],
] as const)('%s', (error, status, says) => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    expect(explain(error)).toBe(status);
    expect(said.mock.calls.join('')).toMatch(says);
  } finally {
    said.mockRestore();
  }
}); // prettier-ignore
