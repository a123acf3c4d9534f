// The campaign: plans drawn from the seed, half of them with few classes of fault and half with any, over small worlds in
// every order. Everything claimed holds, every run comes to rest, every class strikes, and guest memory is that of a run
// without faults (of every other schedule). COPYLESS_SEED draws other plans.
import { expect, test } from 'vitest';
import { drawFaults, faultNames } from '../../src/model/faults.ts';
import { faultWitness } from '../../src/properties/index.ts';
import { protocols } from '../../src/protocols/index.ts';
import { caseNumber, judge, told } from './faulty-worlds.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 20_250_819);
const SCHEDULES = 1_500;

// shows: claim 12, race 23 (lost, repeated, delayed message; restart), race 20 (I/O error)
test(
  `${SCHEDULES} schedules of 4 protocols under drawn fault plans break no claimed property (COPYLESS_SEED=${SEED})`,
  { timeout: 900_000 },
  () => {
    const struck = new Map(faultNames.map((name) => [faultWitness(name), 0]));
    const totals = { schedules: 0, steps: 0, 'pages lost': 0, 'memory compared': 0 };
    for (let index = 0; index < SCHEDULES; index++) {
      const seed = SEED + index;
      // Each protocol meets each order with each kind of plan.
      const protocol = protocols[Math.floor(index / 3) % protocols.length]!;
      const plan = drawFaults(seed, Math.floor(index / 12) % 2 === 0 ? 'swarm' : 'all', 3 + (index % 17));
      const faulty = caseNumber(index, seed, protocol, plan);
      const judged = judge(faulty);
      if (judged.broken.length > 0) throw new Error(told(faulty));
      for (const name of judged.examined) if (struck.has(name)) struck.set(name, struck.get(name)! + 1);
      totals.schedules++;
      totals.steps += judged.steps;
      totals['pages lost'] += judged.lost;
      if (!judged.whole || index % 2 === 1) continue;
      totals['memory compared']++;
      const faultless = judge({ ...faulty, plan: [], order: { kind: 'timed' } });
      expect(judged.memory, `schedule ${index}`).toEqual(faultless.memory);
    }
    const lines = [...Object.entries(totals), ...struck].map(
      ([name, count]) => `  ${String(count).padStart(8)}  ${name}`,
    );
    process.stdout.write(`\nfault campaign\n${lines.join('\n')}\n`);
    expect([...struck].filter(([, count]) => count === 0)).toEqual([]);
    expect(totals['pages lost']).toBeGreaterThan(0);
  },
);
