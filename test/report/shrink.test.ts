// Failures are small: what a broken protocol does wrong in a random order is shrunk to a few messages that do the same
// wrong, again and again, and is told on one screen.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { protocols } from '../../src/protocols/index.ts';
import { mutants } from '../../src/protocols/mutate.ts';
import type { Protocol } from '../../src/protocols/index.ts';
import { failureScreen, transitionAt } from '../../src/report/failure.ts';
import { runOnce } from '../../src/report/run.ts';
import { shrink, type Shrunk } from '../../src/report/shrink.ts';
import type { Unit } from '../../src/report/unit.ts';
import { partsOf, workloadOf } from '../../src/scenarios/parts.ts';
import { isScript } from '../../src/scenarios/scenario.ts';
import { inWords, parseOperation } from '../../src/scenarios/workloads/script.ts';
import { present } from '../../src/stdx/assert.ts';
import { workloadSpec } from '../support/small-workloads.ts';
import { costs, shapeOf, smallWorld } from '../support/small-world.ts';

const LIMIT = 20_000;
const mutantNamed = (name: string): Protocol =>
  present(
    protocols.flatMap((protocol) => mutants(protocol)).find((mutant) => mutant.name === name),
    name,
  ).protocol;

async function run(unit: Unit, protocol: Protocol) {
  const workload = await workloadOf(unit.workload, unit.shape);
  const { seed, scheduler, choices, limit } = unit;
  const workloads = unit.spec.guests.map(() => workload);
  return runOnce(partsOf(unit, protocol), workloads, { seed, scheduler, choices, limit });
}

/** The first random order in which a property is violated, as a unit that replays. */
async function failing(protocol: Protocol, property: string): Promise<Unit> {
  for (let seed = 1; seed <= 40; seed++) {
    const spec = smallWorld({ slots: 12, gfns: 8, far: seed % 2 === 0 });
    const workload = workloadSpec(seed % 3 === 0 ? 'process-move in bulk' : 'adversary', 2);
    const unit: Unit = {
      spec,
      costs,
      shape: shapeOf(spec),
      workload,
      protocol: protocol.name,
      seed,
      scheduler: 'random',
      limit: LIMIT,
    };
    const { run: ran, choices } = await run(unit, protocol);
    if (ran.violations.some((violation) => violation.property === property)) return { ...unit, choices };
  }
  throw new Error(`${protocol.name} never violated ${property}`);
}

const cases: [mutant: string, property: string, messages: number, pages: number][] = [
  ['copyless-migrate, swapOut without shootdown (step 3)', 'I8-shootdown', 30, 1],
  ['copyless-migrate, swapOut without store (step 4)', 'I1-single-home', 35, 1],
  ['copyless-migrate, firstTouch without zero (step 2)', 'I1-single-home', 12, 1],
  ['copyless-map, firstTouch without reserve (step 1)', 'I5-conservation', 8, 1],
  ['conventional, swapOut without store (step 4)', 'I1-single-home', 40, 1],
  ['copyless-map-then-migrate, swapOut without release (step 7)', 'I5-conservation', 50, 1],
  ['copyless-map, plan without unmap (step 2)', 'I1-single-home', 75, 2],
  ['copyless-map, swapIn without load (step 4)', 'I1-single-home', 150, 2],
];

describe(`${cases.length} broken protocols, found out in random orders of 2 vCPUs over 6 pages`, () => {
  test.each(cases)(
    '%s: %s in at most %i messages and %i page(s)',
    { timeout: 60_000 },
    async (name, property, messages, pages) => {
      const protocol = mutantNamed(name);
      const unit = await failing(protocol, property);
      const small = present(await shrink(unit, property, protocol), 'a failure that replays');
      expect(small.violation.property).toBe(property);
      process.stdout.write(
        `${name}: ${small.messages} messages from ${small.messagesBefore}: ${JSON.stringify(small.unit.workload)}\n`,
      );
      expect(small.messages).toBeLessThanOrEqual(messages);
      expect(small.messages).toBeLessThan(small.messagesBefore);
      expect(small.pages).toBeLessThanOrEqual(pages);
      // A literal script, that replays to the same event.
      expect(isScript(small.unit.workload)).toBe(true);
      const again = await run(JSON.parse(JSON.stringify(small.unit)) as Unit, protocol);
      expect(again.run.violations).toContainEqual(small.violation);
      // And the whole protocol does nothing wrong there.
      const whole = present(
        protocols.find((one) => name.startsWith(`${one.name},`)),
        name,
      );
      expect((await run(small.unit, whole)).run.violations).toEqual([]);
    },
  );

  test('twice the same: shrinking depends on nothing but the unit', async () => {
    const [name, property] = cases[0]!;
    const protocol = mutantNamed(name);
    const unit = await failing(protocol, property);
    const shrunk = async (): Promise<Shrunk | null> => shrink(unit, property, protocol);
    expect(await shrunk()).toEqual(await shrunk());
  });

  test('a unit that does not fail cannot be shrunk, and a budget of nothing leaves what was executed', async () => {
    const [name, property] = cases[0]!;
    const protocol = mutantNamed(name);
    const unit = await failing(protocol, property);
    expect(await shrink(unit, property, protocols[2])).toBeNull();
    const whole = present(await shrink(unit, property, protocol, 0), 'a failure');
    expect(whole.messages).toBe(whole.messagesBefore);
    expect((await run(whole.unit, protocol)).run.violations).toContainEqual(whole.violation);
  });

  test('a failure that needs its order keeps a short list of choices', { timeout: 60_000 }, async () => {
    const protocol = mutantNamed('copyless-migrate, plan without accept (step 2)');
    const unit = await failing(protocol, 'legal-lifecycle');
    const small = present(await shrink(unit, 'legal-lifecycle', protocol), 'a failure');
    expect(small.unit.choices?.length ?? 0).toBeLessThan(unit.choices!.length / 2);
  });
});

describe('the screen of a failure', () => {
  test('swap-out without its shootdown: the property, the lanes, the change, the transition, the replay line last', async () => {
    const [name, property] = cases[0]!;
    const protocol = mutantNamed(name);
    const small = present(await shrink(await failing(protocol, property), property, protocol), 'a failure');
    const lines = await failureScreen(small.unit, small.violation, {
      ...small,
      protocol,
      replay: 'out/f.json',
    });
    expect(lines.at(-1)).toBe('Replay:  npm run copyless -- replay out/f.json');
    expect(lines.filter((line) => line.includes('✗ '))).toHaveLength(2);
    expect(lines.join('\n')).toMatchSnapshot();
  });

  test('a protocol with a name that repaints the terminal is shown, not obeyed', async () => {
    const [name, property] = cases[0]!;
    const protocol = { ...mutantNamed(name), name: 'a\u001b[2Jb' };
    const unit = await failing(protocol, property);
    const small = present(await shrink(unit, property, protocol), 'a failure');
    const text = (await failureScreen(small.unit, small.violation, { protocol })).join('');
    expect(text).toContain(String.raw`a\x1b[2Jb`);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  test('every transition of the page machine is found in its source', () => {
    for (const [state, on, source] of [
      ['resident.writeback', 'written', "written: { target: '#page.swapped.stored' }"],
      ['listed.held', 'migrate', "migrate: { target: '#page.remapped.migrating' }"],
      ['remapped.held', 'migrate', "migrate: { target: 'migrating' }"],
      ['swapped.cached', 'trim', "trim: { target: 'stored' }"],
      ['swapped.loading', 'arrive', "arrive: { target: '#page.resident' }"],
      ['listed.exported', 'free', "on: { free: { target: '.dead' } }"],
    ] as const) {
      const [file = '', line = ''] = transitionAt(state, on).split(':');
      expect(lineOf(file, Number(line)), `${state}, ${on}`).toContain(source);
    }
  });
});

test('an operation in words is read back as it was', () => {
  for (const text of [
    'write 3.1',
    'read 7',
    'move 0..2 to 1',
    'move 4 to 0',
    'handover 1',
    'await',
    'pageout 3',
  ]) {
    const { word, gvpn } = present(parseOperation(text), text);
    expect(inWords(word, gvpn)).toBe(text);
  }
});

function lineOf(file: string, line: number): string {
  return present(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split('\n')[line - 1], file);
}
