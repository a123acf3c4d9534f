// The library's door: what a program gives that cannot be meant, or cannot work, is an InputError of one line.
import { describe, expect, test } from 'vitest';
import { defineScenario, InputError, type ScenarioInput, simulate } from '../../src/index.ts';

const workload = { kind: 'uniform', parameters: { pages: 4, accesses: 4 } } as const;
const scenario = { version: 1, workload } as const;

const malformed: [string, unknown, RegExp][] = [
  ['a size that is a number', { ...scenario, host: { memory: 5 } }, /^scenario: host\.memory is '5', expected/],
  ['no workload', { version: 1 }, /^scenario: workload is missing, expected keys with values, /],
  ['a key misspelt', { ...scenario, seed: [1, 1] }, /^scenario: unknown key 'seed' in the scenario, expected one of version, /],
  ['a place without kind', { ...scenario, host: { newLocation: { size: '1MiB' } } }, /^scenario: host\.newLocation\.kind is missing, /],
  ['nothing at all', undefined, /^scenario: the scenario is missing, expected keys with values/],
  ['seeds the wrong way round', { ...scenario, seeds: [3, 1] }, /^scenario: 3 is above 1, /],
]; // prettier-ignore

describe('a scenario from a program', () => {
  test.each(malformed)('%s: refused in one line', async (_what, given, says) => {
    const input = given as ScenarioInput;
    expect(() => defineScenario(input)).toThrow(InputError);
    expect(() => defineScenario(input)).toThrow(says);
    await expect(simulate(input)).rejects.toThrow(InputError);
  });

  test('one that cannot be assembled: refused in one line', async () => {
    const host = { topology: 'no-such-machine' };
    await expect(simulate({ ...scenario, host })).rejects.toThrow(InputError);
    await expect(simulate(scenario, { memoryBytes: 2 ** 10 })).rejects.toThrow(
      /one run needs up to .*, expected at most 1 KiB/,
    );
  });

  test('4 pages, 2 seeds, 2 protocols: runs in order of seed, then protocol', async () => {
    const protocols = ['conventional', 'copyless-map'];
    const { runs, pass } = await simulate({ ...scenario, protocols, seeds: [1, 2] });
    expect(pass).toBe(true);
    expect(runs.map(({ seed, protocol }) => `${seed} ${protocol}`)).toEqual([
      '1 conventional',
      '1 copyless-map',
      '2 conventional',
      '2 copyless-map',
    ]);
  });
});
