// The litmus files again, proven: every order of their scripts under each of their protocols, to the last state. What is never
// to be seen is seen in none, what sometimes happens can happen, and each bug is found, in as few steps as there can be, by
// the property that is meant to see it; the simulator makes it again. A script whose orders are too many is searched in a
// shorter form that brings the same sides together, and says what the whole one came to. Prints one table.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import { type Litmus, parseLitmus } from '../../src/report/litmus/file.ts';
import { proofOf, type ProofOptions, witnessOf } from '../../src/report/litmus/prove.ts';
import { runUnit } from '../../src/report/unit.ts';
import { assert, present } from '../../src/stdx/assert.ts';
import { propertyOf, table, violatedBy } from '../check/small-searches.ts';

/** What can be searched of a file. */
interface Proof {
  /** By protocol, in the order of the file; for each of the options, one after the other. */
  states: readonly number[];
  /** What may go wrong, where all that the file has at once is too much. */
  options?: readonly ProofOptions[];
  /** What is otherwise in its text, and why it is not searched as it stands. */
  shorter?: { why: string; edits: readonly (readonly [string | RegExp, string])[] };
  /** Facts that cannot happen in what is searched, with the reason. */
  beyond?: Record<string, string>;
}

const proofs: Record<string, Proof> = {
  '01-stale-list-entry.yaml': { states: [7_006, 4_005, 4_012] },
  '02-fault-against-request.yaml': { states: [9_429, 4_633, 4_656] },
  '03-slot-reuse.yaml': {
    states: [403_344, 262_481, 262_773],
    shorter: {
      why: 'more than 15,000,206 states with six pages; searched with one',
      edits: [
        ['write 0, write 1, write 2, write 3, write 4, write 5,', 'write 0,'],
        ['0..5', '0'],
      ],
    },
  },
  '04-cached-copy.yaml': { states: [9_930, 7_257, 7_317] },
  '05-writeback.yaml': { states: [177_946, 151_270, 151_915] },
  '06-old-slot.yaml': { states: [131_384, 126_553, 126_660] },
  '07-read-ahead.yaml': { states: [12_596, 9_758, 9_849] },
  '08-delivered-twice.yaml': {
    states: [9_740, 10_470, 10_512],
    shorter: {
      why: 'more than 8,000,159 states with reads beside the two requests; searched without',
      edits: [
        ['handover 1, read 0]', 'handover 1]'],
        ['handover 2, read 0]', 'handover 2]'],
        ['move 0 to 2, read 0]', 'move 0 to 2]'],
      ],
    },
  },
  '08-two-requests.yaml': { states: [1_086, 1_126] },
  '09-shared-slot.yaml': { states: [2_623, 1_247, 1_257] },
  '10-destination-full.yaml': { states: [110_380, 110_380] },
  '11-freed-while-listed.yaml': { states: [430_149, 266_171, 266_177] },
  '12-reverse-decision.yaml': { states: [6_080, 8_649, 8_649] },
  // As many Gfns as a huge page and its destination take: what waits for an end has a bit each.
  '13-huge-page-split.yaml': { states: [23_201, 15_237, 15_244], options: [{ given: { gfns: 8 } }] },
  '14-pinned.yaml': { states: [9_464, 7_584, 7_590] },
  '15-token-outstanding.yaml': { states: [66_821, 37_864, 37_996] },
  '16-install-after-invalidation.yaml': { states: [12_201, 12_201, 12_201] },
  '17-hostile-guest.yaml': {
    states: [50_240, 50_818],
    shorter: {
      why: 'more than 8,000,104 states: two guests of two vCPUs; the hostile one is searched with one that does anything',
      edits: [
        ['handover 1, read 0]', 'handover 1]'],
        ['move 0 to 1, read 0]', 'move 0 to 1]'],
        ['forge 0 0, forge 0 1]', 'forge 0 0]'],
        ['[write 1, forge 1 0, forge 1 8]', '[]'],
        [/forged 2/g, 'forged 1'],
      ],
    },
  },
  '18-list-overflow.yaml': { states: [1_980, 1_980, 1_980] },
  '18-torn-entry.yaml': {
    states: [2_694_261, 2_234_261, 2_234_957],
    shorter: {
      why: 'more than 12,000,113 states with a page that goes out twice; searched with one that goes out once',
      edits: [
        [
          'pageout 0, read 0, pageout 0, pageout 1, handover 1, read 0, read 1]',
          'pageout 0, handover 1, read 0, pageout 1]',
        ],
        ['move 0..1 to 1, read 1]', 'move 0..1 to 1]'],
      ],
    },
  },
  '19-location-changes.yaml': { states: [2_112, 1_356, 1_374] },
  '20-store-failure.yaml': { states: [89_103, 47_022, 47_206] },
  '21-pin-changes.yaml': { states: [841, 949] },
  '23-lost-messages.yaml': {
    states: [305_379, 87_656, 89_942, 2_564_745, 619_163, 635_101],
    options: [
      { harm: { losses: 1, repeats: 0, restarts: 0 } },
      { harm: { losses: 0, repeats: 0, restarts: 1 } },
    ],
    beyond: {
      'fault: lose request -> accepted 0 -> fault: lose answer -> balanced 0 OK':
        'one message gets lost, not two',
    },
  },
  '24-unmapped-meanwhile.yaml': { states: [7_129, 3_677, 3_683] },
  '25-pressure.yaml': {
    states: [37_802, 60_845, 60_845],
    shorter: {
      why: 'more than 4,000,260 states where each reads again what the other has pushed out; searched with fewer reads',
      edits: [
        ['[write 0, write 1, handover 1, read 0, read 1]', '[write 0, write 1, handover 1, read 0]'],
        ['[await, write 2, move 0 to 1, read 2, read 0]', '[await, write 2, move 0 to 1]'],
      ],
    },
  },
};

const folder = import.meta.dirname;
const names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !name.endsWith('.cluster.yaml'));
const protocolsOf = (litmus: Litmus) =>
  litmus.protocols.map((name) => present(protocols.find((protocol) => protocol.name === name), name)); // prettier-ignore
const files = names.toSorted().map((name) => {
  const proof = present(proofs[name], `the proof of ${name}`);
  const source = readFileSync(join(folder, name), 'utf8');
  const whole = parseLitmus(source, name);
  const edits = proof.shorter?.edits ?? [];
  const text = edits.reduce((before, [from, to]) => {
    const after = before.replace(from, to);
    assert(after !== before, `${name} has ${from}`);
    return after;
  }, source);
  return { name, proof, whole, litmus: parseLitmus(text, name) };
});

/** Where a bug takes more than the shorter script, the whole one is searched, so far. */
const MOST_STATES = 1_500_000;
const rows: string[][] = [];
afterAll(() => {
  const head = ['litmus', 'protocol', 'what', 'outcome', 'steps', 'states'];
  process.stdout.write(`\n${table([head, ...rows])}\n`);
  for (const { name, proof } of files) {
    if (proof.shorter) process.stdout.write(`${name}: ${proof.shorter.why}\n`);
    for (const [fact, why] of Object.entries(proof.beyond ?? {}))
      process.stdout.write(`${name}: ${fact}: ${why}\n`);
  }
});
const row = (
  name: string,
  { name: protocol }: Protocol,
  what: string,
  outcome: string,
  steps: number,
  states: number,
) => rows.push([name.slice(0, name.indexOf('.')), protocol, what, outcome, `${steps}`, `${states}`]);

describe.each(files)('race $litmus.race, $name', ({ name, litmus, whole, proof }) => {
  const { options = [{}] } = proof;
  const ways = options.flatMap((how) => protocolsOf(litmus).map((protocol) => ({ protocol, how })));

  // shows: claims 12, 13, 14 (in every order of these scripts)
  test('nothing that must never be is in any state, and everything that waits is served', () => {
    const states = ways.map(({ protocol, how }) => {
      const checked = proofOf(litmus, protocol, how).run();
      const { complete, pass, live, violation } = checked;
      const seen = violation && `${violation.property}: ${violation.message}`;
      expect({ protocol: protocol.name, complete, pass, live, seen }).toEqual({
        protocol: protocol.name,
        complete: true,
        pass: true,
        live: true,
        seen: undefined,
      });
      row(
        name,
        protocol,
        proof.shorter ? 'every order, shorter' : 'every order',
        'pass',
        checked.depth,
        checked.states,
      );
      return checked.states;
    });
    expect(states).toEqual(proof.states);
  });

  const possible = litmus.sometimes.filter(({ text }) => proof.beyond?.[text] === undefined);
  test(`what sometimes happens can happen: ${possible.length} of ${litmus.sometimes.length}`, () => {
    for (const fact of possible) {
      const found = ways.some(({ protocol, how }) => {
        const { violation, states } = witnessOf(litmus, protocol, fact, how).run();
        if (violation) row(name, protocol, fact.text, 'happens', violation.choices.length, states);
        return violation !== undefined;
      });
      expect(found, fact.text).toBe(true);
    }
  });

  test.each([...litmus.bugs])(
    'its bug $flaw is found by $caughtBy, and fails again',
    async ({ flaw, caughtBy }) => {
      for (const script of proof.shorter ? [litmus, whole] : [litmus]) {
        for (const { protocol, how } of ways) {
          const search = proofOf(script, protocol, { states: MOST_STATES, ...how, flaws: [flaw] });
          const { violation, states } = search.run();
          if (!violation) continue;
          const property = propertyOf(violation);
          row(name, protocol, flaw, property, violation.choices.length, states);
          expect(caughtBy).toContain(property);
          expect(violation.shortest || violation.kind === 'starvation').toBe(true);
          expect(await violatedBy(runUnit(search.unitOf(violation, protocol.name, [flaw])))).toContain(
            property,
          );
          return;
        }
      }
      expect.fail(`${flaw} was not found`);
    },
  );
});

test('docs/verification.md has the same counts', () => {
  const page = readFileSync(join(folder, '../../docs/verification.md'), 'utf8');
  const counts = [...page.matchAll(/^\| (\d\d-[a-z-]+) +\| +([\d,]+) \| (as it is|a shorter one)/gm)];
  const ours = files.map(({ name, litmus, proof }) => {
    const states = present(proof.states[litmus.protocols.indexOf('copyless-migrate')], 'states');
    return [
      name.slice(0, name.indexOf('.')),
      states.toLocaleString('en-US'),
      proof.shorter ? 'a shorter one' : 'as it is',
    ];
  });
  expect(counts.map(([, ...cells]) => cells)).toEqual(ours);
});

test('every file has its proof', () => {
  expect(Object.keys(proofs).sort()).toEqual(names.toSorted());
});
