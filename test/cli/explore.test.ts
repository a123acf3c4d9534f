// The walk through the states of a world, and of a small system, driven by scripts of commands.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { twoPhaseCommit } from '../../examples/two-phase-commit.ts';
import { explore, type ExploreOptions } from '../../src/cli/explore.ts';
import { readReplay } from '../../src/cli/replay-file.ts';
import { resolveCosts } from '../../src/model/cost.ts';
import { present } from '../../src/stdx/assert.ts';
import { protocols } from '../../src/protocols/index.ts';
import { unitOfPath } from '../../src/report/check/counterexample.ts';
import { Walk } from '../../src/report/check/walk.ts';
import { WorldSystem } from '../../src/report/check/world-system.ts';
import { runUnit } from '../../src/report/unit.ts';
import type { Explorable } from '../../src/runtime/check/explorable.ts';
import { checkedWorld } from '../../src/scenarios/checked-world.ts';
import { partsOf } from '../../src/scenarios/parts.ts';
import skylake from '../../src/scenarios/profiles/skylake-2s.ts';
import { folder, START } from './command.ts';

const PROTOCOL = 'copyless-migrate';
/** 1 page, 2 nodes, 2 vCPUs; 2 operations each, one of them may be a move; 1 reclaim. */
function world(flaws: readonly string[] = []): { system: WorldSystem; unitOf: ExploreOptions['unitOf'] } {
  const spec = checkedWorld({ pages: 1, nodes: 2, vcpus: 2, guests: 1 });
  const protocol = present(
    protocols.find(({ name }) => name === PROTOCOL),
    'the protocol',
  );
  const parts = partsOf({ spec, costs: resolveCosts(skylake), flaws }, protocol);
  const system = new WorldSystem(parts, { operations: 2, moves: 1, reclaims: 1, faults: 0 });
  return { system, unitOf: (choices) => unitOfPath(parts, PROTOCOL, flaws, choices) };
}

async function session(
  model: Explorable,
  commands: readonly string[],
  options: ExploreOptions = {},
): Promise<string> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const input = Readable.from([commands.join('\n')]);
  const status = await explore(model, { input, output, isTTY: false }, options);
  expect(status).toBe(0);
  return Buffer.concat(chunks).toString('utf8');
}

describe('a world of 1 page, 2 nodes, 2 vCPUs', () => {
  test('at the start every guest may do anything, and reclaim too', async () => {
    expect(await session(world().system, ['q', '1'])).toBe(`? for help

depth 0, the start
  1  vcpu0 reads page 0
  2  vcpu0 writes page 0
  3  vcpu0 moves page 0 to vNode 0
  4  vcpu0 moves page 0 to vNode 1
  5  vcpu1 reads page 0
  6  vcpu1 writes page 0
  7  vcpu1 moves page 0 to vNode 0
  8  vcpu1 moves page 0 to vNode 1
  9  reclaim wants the page of Gfn 0
> q

`);
  });

  test('six steps of a swap-out: what each changes; then back, and the whole state', async () => {
    const text = await session(world().system, ['9', '1', '1', '1', '1', '1', 's', 'b', 's']);
    const changes = text
      .split('\n')
      .filter((line) => /^(depth| {3}[a-z])/.test(line) && !line.endsWith('private words'));
    expect(changes.slice(0, 15)).toEqual([
      'depth 0, the start',
      'depth 1: reclaim wants the page of Gfn 0',
      '   operation 0: nothing -> swap-out of Gfn 0',
      "   operation 0's step: nothing -> 1 reserve",
      '   still possible: moves 1, reclaims 1, faults 0, repeats 0 -> moves 1, reclaims 0, faults 0, repeats 0',
      '   queue of host: + turn 0 from host',
      'depth 2: host takes turn 0 from host',
      '   queue of host: - turn 0 from host',
      '   queue of nvme0: + reserve 0 from host',
      'depth 3: nvme0 takes reserve 0 from host',
      "   operation 0's room: nothing -> store nvme0 slot 0",
      '   store nvme0 slot 0: nothing -> reserved, words poison poison',
      '   queue of nvme0: - reserve 0 from host',
      '   queue of host: + done 0 from nvme0',
      'depth 4: host takes done 0 from nvme0',
    ]);
    expect(text).toContain(
      '   page word of Gfn 0: resident.present, generation 1 -> resident.writeback, generation 1\n',
    );
    const [, after, before] = text.split('> s\n');
    expect(after).toMatch(/^page word of Gfn 0: resident\.writeback, generation 1\n/);
    expect(after).toContain('\nEPT of Gfn 0: node 0 frame 0, read-only, accessed\n');
    expect(after).toContain('\n> b\n\ndepth 5: host takes turn 0 from host\n');
    expect(before).toContain('\nEPT of Gfn 0: node 0 frame 0, writable, accessed\n');
    expect(before).toContain('\nqueue of hypervisor: protect 0 from host\n');
    expect(before).toContain("\nvcpu0's TLB: page 0 = Gfn 0 in node 0 frame 0, writable\n");
  });

  test('several numbers at once, and restart: the start is as it was', async () => {
    const text = await session(world().system, ['s', '9 1 1 1', 'r', 's']);
    const [, first, second] = text.split('> s\n');
    const state = (part: string) => part.slice(0, part.indexOf('\n>'));
    expect(state(second!)).toBe(state(first!));
    expect(text).toContain('\n> 9 1 1 1\n\ndepth 4: host takes done 0 from nvme0\n');
  });

  test('without a mistake there is no violation to jump to', async () => {
    const text = await session(world().system, ['v'], { states: 5_000 });
    expect(text).toMatch(/\n> v\nno violation in the first [\d,]+ states\n> \n$/);
  });

  test('shootdown-not-awaited: the jump is 12 choices, the file replays', async () => {
    const { system, unitOf } = world(['shootdown-not-awaited']);
    const file = join(folder(), 'found.json');
    const text = await session(system, ['w nothing.json', 'v', '1', 'v', `w ${file}`, 'w', 'b'], {
      ...(unitOf && { unitOf }),
    });
    expect(text).toContain('nothing is violated here: there is nothing to replay\n');
    expect(text).toContain(`
12. nvme0 takes store 0 from host

depth 12: nvme0 takes store 0 from host
VIOLATED I8-shootdown: node 0 frame 0 was copied while a vCPU may still write it
> 1
no choice 1: there is nothing to choose
`);
    expect(text).toContain('something is violated here already; b goes back\n');
    expect(text).toContain(`wrote ${file}: I8-shootdown, npm run copyless -- replay ${file}\n`);
    expect(text).toContain('w needs the name of a file\n');
    expect(text).toMatch(
      /depth 11: host takes turn 0 from host\n.*\n {3}queue of nvme0: \+ store 0 from host\n/,
    );
    const { unit, violation } = await readReplay(file);
    const { violations } = (await runUnit(unit)).run;
    expect(violations.map(({ property }) => property)).toContain(violation.property);
  });

  test('wrong-pin: the last choice is one of those that break something, and it can be taken', async () => {
    const text = await session(world(['wrong-pin']).system, ['v']);
    expect(text).toMatch(/\nVIOLATED [\w-]+: /);
  });

  test('from the middle of a way the jump goes on from there', async () => {
    const text = await session(world(['shootdown-not-awaited']).system, ['9 1 1 1', 'v']);
    expect(text).toContain('\n> v\n5. host takes turn 0 from host\n');
    expect(text).toContain('\ndepth 12: nvme0 takes store 0 from host\nVIOLATED I8-shootdown');
  });

  test('a file that cannot be written is no end of the session', async () => {
    const { system, unitOf } = world(['shootdown-not-awaited']);
    const file = join(folder({ taken: '' }), 'taken', 'found.json');
    const text = await session(system, ['v', `w ${file}`, 'b'], { ...(unitOf && { unitOf }) });
    expect(text).toMatch(/found\.json: could not be written \(\w+\)/);
    expect(text).toContain('\ndepth 11:');
    expect(() => readFileSync(file)).toThrow();
  });

  test('what is no command is told; help names every command', async () => {
    const text = await session(world().system, ['x', '10', 'b', 'v 3', '?', '', 'c']);
    expect(text).toContain('> x\nx is no command; ? for help\n');
    expect(text).toContain('> 10\nno choice 10: choices are 1 to 9\n');
    expect(text).toContain('> b\nthis is the start\n');
    expect(text).toContain('> v 3\nv takes nothing more; ? for help\n');
    for (const command of ['b', 's', 'c', 'v', 'r', 'w', 'q'])
      expect(text).toMatch(new RegExp(`\n${command}( FILE)? {2,}[a-z]`));
  });

  test('every step of 300 drawn ones changes something that is told', () => {
    const walk = new Walk(world().system);
    let chance = 1;
    for (let step = 0; step < 300; step++) {
      const options = walk.options();
      if (options.length === 0) {
        expect(walk.violated(options)).toBeNull();
        walk.restart();
        continue;
      }
      chance = (Math.imul(chance, 1_103_515_245) + 12_345) >>> 0;
      walk.take(options[(chance >>> 8) % options.length]!);
      expect(walk.changes(), walk.here.by!.text).not.toEqual([]);
    }
  });
});

describe('a small system', () => {
  test('two-phase commit that commits early: replicas are named, the jump leads to what is broken', async () => {
    const text = await session(twoPhaseCommit(2, 'early').packed({ symmetry: false }), [
      '1',
      'b',
      'v',
      's',
      'w x',
    ]);
    expect(text).toContain('depth 0, the start\n  1  manager prepares (manager 1)\n');
    expect(text).toContain('VIOLATED no manager commits while another aborts\n');
    expect(text).toMatch(/\n> s\ncoordinator: .*\nmanager 1: .*\nmanager 2: .*\n/);
    expect(text).toContain('nothing of this system can be replayed\n');
  });

  test('two-phase commit: all states from the start were looked at', async () => {
    const text = await session(twoPhaseCommit(3).packed({ symmetry: false }), ['v']);
    expect(text).toContain('no violation: all 288 states from here on were looked at\n');
  });
});

test('q ends the program, though whoever writes the commands keeps the pipe open', async () => {
  const args = [START, 'check', '-p', PROTOCOL, '--explore'];
  const child = spawn(process.execPath, args, { cwd: folder(), stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
  try {
    child.stdin.write('1\nq\n');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill();
  }
}, 30_000);
