// Every class of fault, alone, in every protocol: it strikes, everything claimed holds, the run comes to rest, and guest
// memory is what it is without the fault, but for pages that were declared lost.
import { describe, expect, test } from 'vitest';
import { faultNames, type FaultName } from '../../src/model/faults.ts';
import { faultWitness } from '../../src/properties/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { caseNumber, judge, PERMANENT, told } from './faulty-worlds.ts';

const WORLDS = 6;
/** Several occasions of each class, those first that every run has. */
const NTHS = [1, 2, 5, 9, 20];
/** A guest that asks for nothing sends no requests. */
const isAbout = (fault: FaultName, word: string) => fault.split(' ').includes(word);
const has = (fault: FaultName, asks: string) =>
  asks !== 'nothing' || !(isAbout(fault, 'request') || isAbout(fault, 'answer'));

describe.each(protocols)('$name', (protocol) => {
  // shows: claim 12, race 23 (lost, repeated, delayed message), race 20 (I/O error)
  test.each(faultNames.filter((fault) => has(fault, protocol.guestAsks)))(
    `%s: strikes in ${WORLDS} worlds and breaks nothing`,
    (fault) => {
      const plan = NTHS.map((nth) => ({ fault, nth }));
      let struck = 0;
      let lost = 0;
      for (let world = 0; world < WORLDS; world++) {
        const faulty = caseNumber(world, 100 + world, protocol, plan);
        const judged = judge(faulty);
        if (judged.broken.length > 0) throw new Error(told(faulty));
        if (judged.examined.includes(faultWitness(fault))) struck++;
        lost += judged.lost;
        if (!judged.whole) continue;
        expect(judged.memory).toEqual(judge({ ...faulty, plan: [] }).memory);
      }
      expect(struck, 'worlds in which it struck').toBeGreaterThan(0);
      if (!PERMANENT.includes(fault)) expect(lost, 'pages lost by what does no lasting harm').toBe(0);
    },
  );
});

test.each(protocols)('$name: a page whose bits decay is lost, and no guest ever reads it', (protocol) => {
  const plan = Array.from({ length: 12 }, (_, i) => ({ fault: 'bit flip at rest' as const, nth: i + 1 }));
  const judgements = Array.from({ length: WORLDS }, (_, world) =>
    judge(caseNumber(world, 200 + world, protocol, plan)),
  );
  expect(judgements.flatMap(({ broken }) => broken)).toEqual([]);
  expect(judgements.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
});

test.each(protocols)('$name: three failed reads of a page are made good, the fourth loses it', (protocol) => {
  const failing = (reads: number) =>
    Array.from({ length: reads }, (_, i) => ({ fault: 'read error' as const, nth: i + 1 }));
  // In the order of time, with one store and no prefetch, a page's reads follow one another.
  const alone = (reads: number) => {
    const faulty = caseNumber(0, 3, protocol, failing(reads));
    return judge({
      ...faulty,
      order: { kind: 'timed' },
      small: { ...faulty.small, vcpus: 1 },
      workload: 'uniform',
    });
  };
  expect(alone(3)).toMatchObject({ broken: [], lost: 0 });
  expect(alone(4)).toMatchObject({ broken: [], lost: 1 });
});
