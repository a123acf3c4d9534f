// Threads are covered: what real threads did is a behaviour of the model that the simulation and the checker explore, step
// by step; and what is none is refused at the first step that has no explanation.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Parts } from '../../src/actors/index.ts';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import type { FaultPlan } from '../../src/model/faults.ts';
import { protocols } from '../../src/protocols/index.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import {
  countIn,
  isStep,
  kindIn,
  knownIn,
  RECORD,
  ringIn,
  stepField,
  takenWord,
} from '../../src/runtime/threads/step-record.ts';
import { workloadNamed } from '../../src/scenarios/workloads/index.ts';
import { present } from '../../src/stdx/assert.ts';
import { Prng } from '../../src/stdx/prng.ts';
import { recordedRun, verdictOf } from '../support/recorded-run.ts';
import { costs, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';
import { blurred, exchanged, stepAt, stepsOf, withoutStep, withWord } from '../support/tampered.ts';

const SEED = Number(process.env['COPYLESS_SEED'] ?? 1);
/** 3 vCPUs, hypervisor, host, 3 nodes at most, 2 stores. */
const ACTORS = 10;
const adversary = present(workloadNamed('adversary'), 'workload');

function workloadFor(spec: ReturnType<typeof smallWorld>, accesses: number) {
  const { pages } = present(spec.guests[0], 'guest');
  return adversary.create(shapeOf(spec), { pages, focusPages: 3, dwell: 6, accesses });
}

describe('threads', () => {
  let crew: Crew<ThreadParts>;
  beforeAll(() => {
    crew = new Crew<ThreadParts>(ACTOR_WORKER, ACTORS);
  });
  afterAll(() => crew.dismiss());

  async function onThreads(small: Small, run: number, accesses: number, flaws: string[] = []) {
    const protocol = present(protocols[run % protocols.length], 'protocol');
    const spec = smallWorld({ vcpus: 3, pages: 8, frames: 5, slots: 60, pageWords: 4, ...small });
    const disturbance = { yieldsPerMille: (run % 3) * 40, seed: SEED + run };
    const done = await runOnThreads(crew, { spec, protocol, costs, tables }, [workloadFor(spec, accesses)], {
      protocolName: protocol.name,
      seed: SEED + run,
      disturbance,
      flaws,
      validating: true,
    });
    return { ...done, verdict: present(done.verdict, 'verdict') };
  }

  const talks = ['request', 'call', 'done', 'flush', 'fault', 'resume'] as const;
  const harmed: FaultPlan = talks.flatMap((talk) =>
    (['lose', 'repeat', 'delay'] as const).map(
      (harm, i) => ({ fault: `${harm} ${talk}`, nth: 2 + 3 * i }) as const,
    ),
  );
  const worlds: [string, Small][] = [
    ['a store', {}],
    ['far memory', { far: true }],
    ['a chain of stores, encrypted', { chain: [40], writebackPercent: 10, encryption: 'gfn', gfns: 27 }],
    ['a list in a ring, owned by the host', { list: { format: 'ring', owner: 'host', lag: 2 } }],
    ['a list in snapshots', { list: { format: 'snapshot' } }],
    ['a list that is copied', { list: { access: 'copy', inspect: 'periodic', period: 5 } }],
    ['few entries, batches of one', { listCapacity: 2, batch: 1 }],
    ['read-ahead into the swap cache', { readAhead: 4 }],
    // Time-outs come at once on threads: much is said again, and dropped where a ring is half full.
    ['messages that get lost, late and twice', { faults: harmed }],
    ['a message that would get lost', { faults: [{ fault: 'lose request', nth: 500 }] }],
  ];
  test.each(worlds)(
    `%s: ${protocols.length} protocols, 3 vCPUs over 8 pages, every step is explained (seed ${SEED})`,
    async (_, small) => {
      for (let run = 0; run < protocols.length; run++) {
        const { run: ran, verdict } = await onThreads(small, run, 150);
        expect(verdict.unexplained?.lines(), `run ${run}, ${ran.protocol}`).toBeUndefined();
        expect(ran.ending).toBe('at rest');
        expect(ran.violations).toEqual([]);
        expect(verdict.events).toBe(ran.events);
        expect(verdict.steps).toBeGreaterThan(ran.accesses);
      }
    },
  );

  test('the more accesses, the more overlap: 20,000 steps and more are explained', async () => {
    const { verdict } = await onThreads({ pages: 4, frames: 3 }, 2, 1_500);
    expect(verdict.unexplained?.lines()).toBeUndefined();
    expect(verdict.steps).toBeGreaterThan(20_000);
  });

  test.each(['fault-does-not-retire', 'frame-not-cleared', 'double-release'])(
    'actors with the flaw %s on threads only: the first step that the model would not make is named',
    async (flaw) => {
      const seen: string[][] = [];
      for (let run = 0; run < 6 && seen.length === 0; run++) {
        const { verdict } = await onThreads({}, 2, 120, [flaw]);
        if (verdict.unexplained) seen.push(verdict.unexplained.lines());
      }
      expect(seen[0]?.[0]).toMatch(/^first step without an explanation, after [\d,]+ that have one$/);
      expect(seen[0]!.join('\n')).toMatch(/\n {2}actor {6}\w+, its step \d+\n {2}message {4}\w+\(/);
      expect(seen[0]!.at(-2)).toMatch(/^ {2}recorded {3}/);
      expect(seen[0]!.at(-1)).toMatch(/^ {2}the model {2}/);
    },
  );
});

describe('a recorded run of 3 vCPUs over 8 pages', () => {
  const spec = smallWorld({ vcpus: 3, pages: 8, frames: 5, slots: 60, pageWords: 4 });
  const parts: Parts = { spec, protocol: present(protocols[2], 'protocol'), costs, tables };
  const recorded = recordedRun(parts, workloadFor(spec, 80), 1);
  /** The places of a vCPU, the hypervisor, the host and a store among the actors. */
  const actors = [1, 3, 4, 7];

  const whole = verdictOf(recorded, parts);

  test('is explained to the end', () => {
    const verdict = whole;
    expect(verdict.unexplained).toBeNull();
    expect(verdict.steps).toBe(recorded.records.reduce((sum, words) => sum + stepsOf(words).length, 0));
    expect(verdict.reordered).toBe(0);
  });

  test.each([2, 5, 12])('is explained when tickets are up to %d steps off, over 10 seeds', (spread) => {
    let reordered = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const verdict = verdictOf(blurred(recorded, seed, spread), parts);
      expect({ seed, lines: verdict.unexplained?.lines() }).toEqual({ seed, lines: undefined });
      reordered += verdict.reordered;
    }
    expect(reordered).toBeGreaterThan(0);
  });

  test('is refused at the step of an event of which one field was changed: 200 draws', () => {
    const random = new Prng().seed(SEED, 12);
    for (let draw = 0; draw < 200; draw++) {
      const actor = random.below(recorded.records.length - 1);
      const words = recorded.records[actor]!;
      const record = random.below(words.length / RECORD) * RECORD;
      if (isStep(words[record]!)) continue;
      const at = record + 2 + random.below(10);
      const { unexplained } = verdictOf(
        withWord(recorded, actor, at, (word) => word ^ 1),
        parts,
      );
      expect({ draw, actor: unexplained?.actor, step: unexplained?.step }).toEqual({
        draw,
        actor,
        step: stepAt(words, record),
      });
      expect(unexplained!.difference.what).toBe('event');
    }
  });

  test.each(['id', 'argument', 'serial', 'place', 'found', 'left', 'sent'] as const)(
    'is refused at the step of which %s was changed: 100 draws',
    (field) => {
      const random = new Prng().seed(SEED, 13);
      let refused = 0;
      for (let draw = 0; draw < 100; draw++) {
        const actor = random.below(recorded.records.length - 1);
        const words = recorded.records[actor]!;
        const steps = stepsOf(words);
        const step = random.below(steps.length);
        const at = steps[step]!;
        const known = knownIn(words[at + stepField.taken]!);
        // What was not found or not left has no value.
        if ((field === 'found' && (known & 1) === 0) || (field === 'left' && (known & 2) === 0)) continue;
        const tampered = withWord(recorded, actor, at + stepField[field], (word) => word ^ 4);
        const { unexplained } = verdictOf(tampered, parts);
        expect({ draw, actor: unexplained?.actor, step: unexplained?.step }).toEqual({ draw, actor, step });
        refused++;
      }
      expect(refused).toBeGreaterThan(5);
    },
  );

  test.each(actors)('is refused at the first of two steps of actor %d that were exchanged', (actor) => {
    const words = recorded.records[actor]!;
    const steps = stepsOf(words);
    const message = (step: number, field: number) => words[steps[step]! + field]!;
    const step = steps.findIndex(
      (_, k) =>
        k > steps.length / 3 &&
        k + 1 < steps.length &&
        ringIn(message(k, stepField.taken)) === ringIn(message(k + 1, stepField.taken)) &&
        message(k, stepField.sent) !== message(k + 1, stepField.sent),
    );
    expect(step).toBeGreaterThan(0);
    const { unexplained } = verdictOf(exchanged(recorded, actor, step), parts);
    expect({ actor: unexplained?.actor, step: unexplained?.step }).toEqual({ actor, step });
  });

  test.each(actors)('is refused where a step of actor %d was left out', (actor) => {
    const step = Math.floor(stepsOf(recorded.records[actor]!).length / 2);
    const words = recorded.records[actor]!;
    const rings = stepsOf(words).map((at) => ringIn(words[at + stepField.taken]!));
    const next = rings.indexOf(rings[step]!, step + 1) - 1;
    const { unexplained } = verdictOf(withoutStep(recorded, actor, step), parts);
    // By the next step that takes from the same ring, or before that by what depends on the one that is missing.
    if (unexplained?.actor === actor) expect(unexplained.step).toBeLessThanOrEqual(next);
    expect(unexplained!.explained).toBeLessThan(whole.steps);
    expect(unexplained!.actor).toBeGreaterThanOrEqual(0);
  });

  test('is refused at the end when a step was added to what the model makes: the last of an actor left out', () => {
    const actor = 1;
    const last = stepsOf(recorded.records[actor]!).length - 1;
    const { unexplained } = verdictOf(withoutStep(recorded, actor, last), parts);
    expect(unexplained?.message).toMatch(/is waiting for vcpu1|nobody has sent it/);
  });

  test('is refused at a step that made two shared accesses', () => {
    const words = recorded.records[1]!;
    const steps = stepsOf(words);
    const step = steps.findIndex((at) => countIn(words[at + stepField.taken]!) === 1);
    const at = steps[step]! + stepField.taken;
    const head = words[at]!;
    const twice = takenWord(ringIn(head), kindIn(head), knownIn(head), 2);
    const { unexplained } = verdictOf(
      withWord(recorded, 1, at, () => twice),
      parts,
    );
    expect({ actor: unexplained?.actor, step: unexplained?.step }).toEqual({ actor: 1, step });
    expect(unexplained!.difference.recorded).toBe('a step made 2 shared accesses, at most one is sound');
  });

  test('is refused where a chunk of a script never came', () => {
    const { unexplained } = verdictOf({ ...recorded, feeds: recorded.feeds.slice(0, -1) }, parts);
    expect(unexplained?.message).toMatch(/vcpu\d, step \d+, on fed\(.*nobody has sent it/);
  });

  test('is refused when memory at the end differs in one word', () => {
    const world = recorded.world!.slice(0);
    new Int32Array(world)[7]! ^= 1;
    const { unexplained } = verdictOf({ ...recorded, world }, parts);
    expect(unexplained?.message).toMatch(
      /^at the end: recorded: it was -?\d+; the model: word 7 of the world is/,
    );
  });

  test('is refused by another protocol, and by a world with another seed of the script', () => {
    const other = { ...parts, protocol: present(protocols[0], 'protocol') };
    expect(verdictOf(recorded, other).unexplained).not.toBeNull();
    const foreign = recordedRun(parts, workloadFor(spec, 80), 2);
    expect(verdictOf({ ...recorded, feeds: foreign.feeds }, parts).unexplained).not.toBeNull();
  });
});
