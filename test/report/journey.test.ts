// One page's journey in FIG. 4's lanes: every numeral that occurs is there, in order, and conventional balancing shows its
// copy-back.
import { describe, expect, test } from 'vitest';
import { pageTable } from '../../machines/index.ts';
import { Geometry } from '../../src/model/geometry.ts';
import type { GuestShape } from '../../src/model/script.ts';
import { protocols, type Protocol } from '../../src/protocols/index.ts';
import { Journey } from '../../src/report/journey.ts';
import { Trace } from '../../src/runtime/trace.ts';
import { create, measure } from '../../src/actors/index.ts';
import { TimedScheduler } from '../../src/runtime/schedulers/timed.ts';
import { Simulation } from '../../src/runtime/simulate.ts';
import { scriptWorkload } from '../../src/scenarios/workloads/script.ts';
import { costs, shapeOf, type Small, smallWorld, tables } from '../support/small-world.ts';

const SCRIPT = [
  ['write 0', 'write 0.1', 'write 1', 'pageout 0', 'handover 1'],
  ['await', 'move 0 to 1', 'read 0'],
];

function journey(protocol: Protocol, page: number, script = SCRIPT, small: Small = {}): string[] {
  const spec = smallWorld({ hintPages: 0, frames: 8, ...small });
  Object.assign(spec.policy, { idleScans: 0, lowWatermarkPercent: 0, highWatermarkPercent: 0 });
  const parts = { spec, protocol, costs, tables };
  const followed = new Journey(new Geometry(spec), pageTable, page, `${protocol.name}, seed 1`);
  const trace = new Trace([]);
  trace.all((e) => followed.see(e));
  const system = create(new ArrayBuffer(measure(parts)), parts, trace);
  const shape: GuestShape = shapeOf(spec);
  const simulation = new Simulation(system, new TimedScheduler(system.mailboxes, system.contexts));
  expect(simulation.runSync([scriptWorkload(script, shape).open(1)], 10_000)).toBe('at rest');
  return followed.lines();
}
const numerals = (lines: readonly string[]) =>
  lines.slice(2).flatMap((line) => /^ {0,3}(\d{3}(?:\+\d{3})?) /.exec(line)?.[1]?.split('+') ?? []);
const [conventional, map, migrate, both] = protocols as unknown as [Protocol, Protocol, Protocol, Protocol];

describe("a page's journey, moved out on node 0 and balanced to vNode 1", () => {
  // shows: step 405, step 410, step 415, step 425, step 430, step 435, step 440, step 450, step 455, step 460, step 465,
  // step 475, step 480, step 485, step 490, step 210, step 215, step 220, step 225, step 230, claim 1, claim 9
  test('copyless-migrate: the numerals of FIG. 4 in their order, one transfer', () => {
    const lines = journey(migrate, 0);
    expect(numerals(lines)).toEqual(
      [405, 410, 415, 425, 430, 435, 440, 440, 450, 455, 460, 475, 465, 480, 485, 485, 490].map(String),
    );
    expect(lines.join('\n')).toMatchSnapshot();
  });

  // shows: step 445, step 465, step 470, step 490, claim 2
  test('copyless-map: only the mapping moves, the touch afterwards brings the page to the destination', () => {
    const lines = journey(map, 0);
    expect(numerals(lines)).toEqual(
      [405, 410, 415, 425, 430, 435, 440, 440, 445, 455, 460, 465, 470, 485, 415, 425, 430, 490, 475].map(
        String,
      ),
    );
    expect(lines[0]).toMatch(/0 transfers · 0 copy-backs/);
  });

  // shows: step 445, step 450, step 470, step 475, claim 3
  test('copyless-map-then-migrate: both kinds in one request, one transfer', () => {
    expect(new Set(numerals(journey(both, 0)))).toEqual(
      new Set(
        [405, 410, 415, 425, 430, 435, 440, 445, 450, 455, 460, 465, 470, 475, 480, 485, 490].map(String),
      ),
    );
  });

  // shows: variant (14) baseline: back through the source node
  test('conventional: the copy-back is drawn from the store to the source node, then the copy', () => {
    const lines = journey(conventional, 0);
    expect(lines[0]).toMatch(/2 transfers · 1 copy-back$/);
    expect(lines.find((line) => line.includes('COPY-BACK'))).toMatch(
      /\|<-+\|.*COPY-BACK: store nvme0 slot 0 -> node 0 frame 0, its source node/,
    );
    expect(numerals(lines)).toEqual(['405']);
  });

  // shows: step 420, step 440, race 18 (overflow)
  test('a list with one entry: the second page is marked unknown, and listed when there is room again', () => {
    const script = [
      ['write 0', 'write 1', 'pageout 0', 'pageout 1', 'handover 1'],
      ['await', 'move 0 to 1', 'move 1 to 1'],
    ];
    const lines = journey(migrate, 1, script, { listCapacity: 1 });
    expect(lines.join('\n')).toMatch(/ 420 .*no room for it: marked/);
    expect(lines.join('\n')).toMatch(/ 420 .*there is room for Gfn 1 now/);
    expect(numerals(lines)).toContain('490');
  });

  test('a page that stayed says what happened to it, and names one that travelled', () => {
    expect(journey(migrate, 1)).toEqual([
      'Page 1 · copyless-migrate, seed 1 · was never balanced while it was moved out',
      expect.stringMatching(/first touch: Gfn 1 is at node 0 frame 1; moved out: 0;/),
      '  Page 0 was: --journey 0',
    ]);
    expect(journey(migrate, 2, [['write 0'], []]).join('\n')).toMatch(
      /it was never touched.*\n {2}No page was/,
    );
  });
});
