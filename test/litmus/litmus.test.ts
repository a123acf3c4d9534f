// The races, a file each: orders of a tiny scenario, searched from a seed under every monitor, and some on threads. The
// seeded bug of each race is found within 5 s, by the property that is meant to see it, and fails again from its file.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { writeReplay } from '../../src/cli/failure.ts';
import { readReplay } from '../../src/cli/replay-file.ts';
import { ACTOR_WORKER } from '../../src/cli/threads.ts';
import { flawNamed, litmusFlaws } from '../../src/flaws/index.ts';
import { Geometry } from '../../src/model/geometry.ts';
import { protocols } from '../../src/protocols/index.ts';
import { readClusterLitmus, searchCluster } from '../../src/report/litmus/cluster.ts';
import { FactWatch } from '../../src/report/litmus/facts.ts';
import { type Litmus, parseLitmus, readLitmus } from '../../src/report/litmus/file.ts';
import { complaintsOf, factsOf, litmusCosts, searchLitmus } from '../../src/report/litmus/search.ts';
import { runCluster } from '../../src/report/migration/run-cluster.ts';
import { runOnThreads, type ThreadParts } from '../../src/report/run-on-threads.ts';
import { runUnit } from '../../src/report/unit.ts';
import { Crew } from '../../src/runtime/threads/crew.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import { shapeOf, smallWorld } from '../../src/scenarios/small-world.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { present } from '../../src/stdx/assert.ts';

/** In any case, and at most: the rarest of what sometimes happens takes some hundreds. */
const SCHEDULES = 600;
const SCHEDULES_MAX = 4_000;
const BUG_SCHEDULES_MAX = 2_000;
const BUG_MS_MAX = 5_000;
const THREAD_RUNS = 3;
const LINES_MAX = 30;
const CLUSTER_SCHEDULES = 200;

const folder = import.meta.dirname;
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const isCluster = (name: string) => name.endsWith('.cluster.yaml');
const clusters = names
  .filter(isCluster)
  .map((name) => ({ name, file: join(folder, name), litmus: readClusterLitmus(join(folder, name)) }));
const files = names
  .filter((name) => !isCluster(name))
  .toSorted()
  .map((name) => ({ name, file: join(folder, name), litmus: readLitmus(join(folder, name)) }));
const lines = (text: string) => text.trimEnd().split('\n').length;

const rows: string[] = [];
let out: string;
let crew: Crew<ThreadParts>;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'litmus-'));
  const actors = files.map(({ litmus }) => new Geometry(smallWorld(litmus.world)).feeder);
  crew = new Crew<ThreadParts>(ACTOR_WORKER, Math.max(...actors));
});
afterAll(async () => {
  process.stdout.write(`\nrace, schedules, seen in how many, seeded bugs\n${rows.join('\n')}\n`);
  rmSync(out, { recursive: true });
  await crew.dismiss();
});

async function onThreads(litmus: Litmus, seed: number) {
  const spec = smallWorld(litmus.world);
  const name = litmus.protocols[seed % litmus.protocols.length]!;
  const protocol = present(
    protocols.find((p) => p.name === name),
    name,
  );
  const parts = partsOf({ spec, costs: litmusCosts }, protocol);
  const facts = factsOf(litmus);
  const watch = new FactWatch(
    facts.map(({ fact }) => fact),
    new Geometry(spec),
    pageTable,
  );
  const script = scriptWorkload(litmus.vcpus, shapeOf(spec));
  const { run, checks } = await runOnThreads(
    crew,
    parts,
    spec.guests.map(() => script),
    { protocolName: name, seed, disturbance: { yieldsPerMille: 200, seed }, observing: [watch] },
  );
  const witnessed = new Set(checks.flatMap((c) => (c.kind === 'sometimes' && c.pass ? [c.name] : [])));
  const seen = watch.seen(witnessed);
  return {
    run,
    wrong: facts.filter(({ verdict }, i) => verdict !== 'sometimes' && seen[i] !== (verdict === 'always')),
  };
}

describe.each(files)('race $litmus.race, $name: $litmus.question', ({ name, file, litmus }) => {
  test(`at most ${LINES_MAX} lines, and the number of its race`, () => {
    expect(lines(readFileSync(file, 'utf8'))).toBeLessThanOrEqual(LINES_MAX);
    expect(name.startsWith(`${litmus.race}`.padStart(2, '0'))).toBe(true);
    expect(litmus.shows).toContain(`race ${litmus.race}`);
  });

  test(`what it says comes out in ${SCHEDULES} schedules or more`, () => {
    const found = searchLitmus(litmus, SCHEDULES_MAX, [], SCHEDULES);
    expect(complaintsOf(litmus, found)).toEqual([]);
    rows.push(`${litmus.race}  ${name}: ${found.schedules} schedules`);
    for (const { text, verdict, schedules } of found.facts) {
      rows.push(`      ${verdict.padEnd(9)} ${String(schedules).padStart(5)}  ${text}`);
    }
  });

  test(`and in ${THREAD_RUNS} runs on threads`, async () => {
    for (let seed = 1; seed <= THREAD_RUNS; seed++) {
      const { run, wrong } = await onThreads(litmus, seed);
      expect([run.ending, run.violations, wrong]).toEqual(['at rest', [], []]);
    }
  });

  test.each([...litmus.bugs])(
    'its bug $flaw is caught by $caughtBy, again and again',
    async ({ flaw, caughtBy }) => {
      const began = performance.now();
      const { failure } = searchLitmus(litmus, BUG_SCHEDULES_MAX, [flaw]);
      const ms = Math.round(performance.now() - began);
      const { violation, unit, schedule } = present(
        failure ?? undefined,
        `a schedule in which ${flaw} shows`,
      );
      rows.push(
        `      bug       ${String(schedule + 1).padStart(5)}  ${flaw}: ${violation.property}, ${ms} ms`,
      );
      expect(caughtBy).toContain(violation.property);
      expect(ms).toBeLessThan(BUG_MS_MAX);
      const kept = join(out, `${flaw}.json`);
      writeReplay(kept, unit, violation);
      const again = await runUnit((await readReplay(kept)).unit);
      if (violation.sequence < 0 && again.run.ending === 'step limit') return;
      expect(again.run.violations.map(({ property, message }) => [property, message])).toContainEqual([
        violation.property,
        violation.message,
      ]);
    },
  );
});

describe.each(clusters)('race $litmus.race, $name: $litmus.question', ({ name, file, litmus }) => {
  test(`at most ${LINES_MAX} lines, and what it says comes out in ${CLUSTER_SCHEDULES} schedules`, () => {
    expect(lines(readFileSync(file, 'utf8'))).toBeLessThanOrEqual(LINES_MAX);
    const { failure, seen, examined, schedules } = searchCluster(litmus, CLUSTER_SCHEDULES);
    expect(failure?.violation).toBeUndefined();
    rows.push(`${litmus.race}  ${name}: ${schedules} schedules`);
    for (const { witness, schedules: runs } of seen) {
      rows.push(`      sometimes ${String(runs).padStart(5)}  ${witness}`);
      expect(runs, witness).toBeGreaterThan(0);
    }
    for (const property of litmus.never) expect(examined[property], property).toBeGreaterThan(0);
  });

  test.each([...litmus.bugs])(
    'its bug, no rule $rule, is caught by $caughtBy, again and again',
    ({ rule, caughtBy }) => {
      const began = performance.now();
      const { failure, schedules } = searchCluster(litmus, BUG_SCHEDULES_MAX, rule);
      const ms = Math.round(performance.now() - began);
      const { violation, parts, choices } = present(
        failure ?? undefined,
        `a schedule in which ${rule} is missed`,
      );
      rows.push(
        `      bug       ${String(schedules).padStart(5)}  no ${rule}: ${violation.property}, ${ms} ms`,
      );
      expect(caughtBy).toContain(violation.property);
      expect(ms).toBeLessThan(BUG_MS_MAX);
      const again = runCluster(parts, choices.length > 0 ? { choices } : { scheduler: 'timed' });
      expect(again.violations).toContainEqual(violation);
    },
  );
});

describe('the files together', () => {
  test('every race has one', () => {
    const missing = Array.from({ length: 25 }, (_, i) => i + 1).filter(
      (race) => ![...files, ...clusters].some(({ litmus }) => litmus.race === race),
    );
    expect(missing).toEqual([]);
  });
  test('every bug that only litmus files find is in one, under its race', () => {
    for (const { name, race } of litmusFlaws) {
      const listed = files.filter(({ litmus }) => litmus.bugs.some(({ flaw }) => flaw === name));
      expect(
        listed.map(({ litmus }) => litmus.race),
        name,
      ).toContain(race);
    }
    for (const { litmus } of files) {
      for (const { flaw, caughtBy } of litmus.bugs) {
        const { alarms } = present(flawNamed(flaw), flaw);
        expect(alarms, flaw).toEqual(expect.arrayContaining([...caughtBy]));
      }
    }
  });
  test('a flaw that changes nothing is found by none of them in 100 schedules', () => {
    for (const { litmus } of files) expect(searchLitmus(litmus, 100, ['canary']).failure).toBeNull();
  });
});

describe('a file that is wrong is one line', () => {
  const right = readFileSync(join(folder, '01-stale-list-entry.yaml'), 'utf8');
  const changed = (from: string | RegExp, to: string) => () => parseLitmus(right.replace(from, to), 'x.yaml');
  test.each([
    ['race: 1', 'race: 26', /^x\.yaml:1:7: race is '26', expected at most 25/],
    ['race: 1', 'race: 1\nspeed: 2', /^x\.yaml:\d+:\d+: unknown key 'speed'/],
    ['hold: false', 'holds: false', /^x\.yaml:\d+:\d+: unknown key 'holds', expected .*hold/],
    [
      'looked 0 listed',
      'saw 0 listed',
      /^x\.yaml:\d+:5: 'saw 0 listed' is no fact, expected one of: looked P FOUND/,
    ],
    ['answered 0 STALE', 'answered 0 LATE', /'answered 0 LATE' is no fact/],
    ['write 0, pageout 0', 'fly 0, pageout 0', /^x\.yaml:\d+:\d+: 'fly 0' of vCPU 0, expected read P/],
    ['no-copy-back,', 'no-copyback,', /^x\.yaml:\d+:\d+: 'no-copyback' is no fact/],
    ['stale-entry-trusted', 'stale-entry', /^x\.yaml:\d+:\d+: /],
    ['race: 1', 'race: [1', /^x\.yaml:\d+:\d+: .*expected YAML/],
  ])('%s as %s', (from, to, message) => {
    expect(changed(from, to)).toThrow(message);
  });
});
