// The plan itself: a closed list, drawn from the seed, said in words, smaller by leaving entries out.
import { describe, expect, test } from 'vitest';
import { describeFaults, drawFaults, faultNames, losesMessages } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { explore, smallWorld } from '../support/small-world.ts';
import { smallWorkload, tight } from '../support/small-workloads.ts';
import { shrunk } from './faulty-worlds.ts';

describe(`${faultNames.length} classes of fault`, () => {
  test('no name is there twice, and each has words of its own', () => {
    expect(new Set(faultNames).size).toBe(faultNames.length);
    const words = faultNames.map((fault) => describeFaults([{ fault, nth: 2 }]));
    expect(new Set(words).size).toBe(faultNames.length);
  });

  test('a plan is one line of words, with English ordinals', () => {
    const line = describeFaults([
      { fault: 'lose request', nth: 3 },
      { fault: 'bit flip in flight', nth: 2 },
      { fault: 'delay flushed', nth: 11 },
      { fault: 'hypervisor restart', nth: 21 },
    ]);
    expect(line).toBe(
      'lose the 3rd request, flip a bit in the 2nd read, delay the 11th flushed, restart the hypervisor at its 21st message',
    );
    expect(describeFaults([])).toBe('no faults');
  });

  test('the same seed draws the same plan, another seed another; 200 plans draw every class', () => {
    expect(drawFaults(7, 'all', 12)).toEqual(drawFaults(7, 'all', 12));
    expect(drawFaults(7, 'all', 12)).not.toEqual(drawFaults(8, 'all', 12));
    const drawn = Array.from({ length: 200 }, (_, seed) => drawFaults(seed, 'all', 12)).flat();
    expect(new Set(drawn.map(({ fault }) => fault)).size).toBe(faultNames.length);
    expect(Math.min(...drawn.map(({ nth }) => nth))).toBe(1);
  });

  test('a swarm leaves most classes out of each plan and none out of 200', () => {
    const plans = Array.from({ length: 200 }, (_, seed) => drawFaults(seed, 'swarm', 40));
    const classes = plans.map((plan) => new Set(plan.map(({ fault }) => fault)).size);
    expect(Math.max(...classes)).toBeLessThan(faultNames.length * 0.7);
    expect(new Set(plans.flat().map(({ fault }) => fault)).size).toBe(faultNames.length);
  });

  test('device faults alone lose no messages, so nobody needs a time-out; a restart does', () => {
    expect(losesMessages([{ fault: 'read error', nth: 1 }])).toBe(false);
    expect(losesMessages([{ fault: 'hypervisor restart', nth: 1 }])).toBe(true);
    expect(losesMessages([{ fault: 'repeat done', nth: 1 }])).toBe(true);
  });

  test('a plan shrinks to the entries that matter', () => {
    const plan = drawFaults(3, 'all', 20);
    const [wanted] = plan.slice(7);
    expect(shrunk(plan, (shorter) => shorter.includes(wanted!))).toEqual([wanted]);
  });
});

test.each(protocols)('$name: a plan whose occasions never come changes no event of a run', (protocol) => {
  const small = tight({}, 4);
  const order = { kind: 'random', seed: 5 } as const;
  const run = (faults?: typeof small.faults) =>
    explore(
      smallWorld({ ...small, ...(faults ? { faults } : {}) }),
      protocol,
      smallWorkload('adversary'),
      order,
    );
  const never = [{ fault: 'read error', nth: 1_000_000 }] as const;
  expect(run(never).hash).toBe(run().hash);
  expect(run([]).hash).toBe(run().hash);
});
