// Every workload, synthetic or recorded, keeps the contract of scripts: the same seed gives the same scripts however they
// are read, operations name what exists, each `await` is matched by a `handover`, and every script ends.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  argumentOf,
  BULK_VNODES,
  operation,
  operationOf,
  type GuestShape,
  type ScriptSource,
  type Workload,
} from '../../src/model/script.ts';
import { traceWorkload } from '../../src/scenarios/traces/trace-workload.ts';
import { workloadNamed, workloads } from '../../src/scenarios/workloads/index.ts';
import { InputError } from '../../src/stdx/input-error.ts';

const SEED = 20260730;
const SHIPPED = fileURLToPath(new URL('../../examples/traces/phases.lackey.gz', import.meta.url));

const directory = mkdtempSync(join(tmpdir(), 'workloads-'));
afterAll(() => rmSync(directory, { recursive: true }));

const shapes: GuestShape[] = [
  { vcpuVnodes: [0, 1], vnodes: 2, pageWords: 1024 },
  { vcpuVnodes: [0, 0, 1, 1], vnodes: 2, pageWords: 2 },
  { vcpuVnodes: [2, 0, 2, 1, 3], vnodes: 4, pageWords: 16 },
];

type Operation = [code: number, argument: number, gvpn: number];

function decoded(out: Int32Array, count: number): Operation[] {
  return Array.from({ length: count }, (_, i) => [
    operationOf(out[2 * i]!),
    argumentOf(out[2 * i]!),
    out[2 * i + 1]!,
  ]);
}

/** The scripts of all vCPUs in full. One reader per vCPU, all at once, each with chunks of its own size. */
async function scriptsOf(source: ScriptSource, vcpus: number, rooms = [64]): Promise<Operation[][]> {
  const script = async (vcpu: number): Promise<Operation[]> => {
    const operations: Operation[] = [];
    const out = new Int32Array(2 * rooms[vcpu % rooms.length]!);
    for (;;) {
      const count = await source.read(vcpu, out);
      if (count === 0) break;
      expect(2 * count).toBeLessThanOrEqual(out.length);
      operations.push(...decoded(out, count));
    }
    expect(await source.read(vcpu, out), 'from then on').toBe(0);
    return operations;
  };
  const all = await Promise.all(Array.from({ length: vcpus }, (_, vcpu) => script(vcpu)));
  await source.close?.();
  return all;
}

function expectInRange(scripts: Operation[][], workload: Workload, shape: GuestShape): void {
  for (const [code, argument, gvpn] of scripts.flat()) {
    let fine: boolean;
    if (code === operation.read || code === operation.write) {
      fine = argument < shape.pageWords && gvpn >= 0 && gvpn < workload.pages;
    } else if (code === operation.bulkMove) {
      const length = Math.floor(argument / BULK_VNODES);
      fine = argument % BULK_VNODES < shape.vnodes && length >= 1 && gvpn + length <= workload.pages;
    } else if (code === operation.handover) fine = argument < shape.vcpuVnodes.length;
    else fine = code === operation.await;
    if (!fine) expect.fail(`out of range: ${code} ${argument} ${gvpn}`);
  }
}

/**
 * Executes handovers and awaits as a guest would: a vCPU goes on until it awaits a task that has not come.
 * @returns the accesses in the order they were executed in, which is that of the task
 */
function execute(scripts: Operation[][]): Operation[] {
  const at = scripts.map(() => 0);
  const arrived = scripts.map(() => 0);
  const executed: Operation[] = [];
  for (let progress = true; progress;) {
    progress = false;
    for (const [vcpu, script] of scripts.entries()) {
      for (; at[vcpu]! < script.length; at[vcpu]!++, progress = true) {
        const [code, argument] = script[at[vcpu]!]!;
        if (code === operation.await) {
          if (arrived[vcpu] === 0) break;
          arrived[vcpu]!--;
        }
        if (code === operation.handover) arrived[argument]!++;
        if (code === operation.read || code === operation.write) executed.push(script[at[vcpu]!]!);
      }
    }
  }
  expect(at, 'every script ends').toEqual(scripts.map((script) => script.length));
  expect(arrived, 'every handover was awaited').toEqual(scripts.map(() => 0));
  return executed;
}

function count(script: Operation[], code: number): number {
  return script.filter(([seen]) => seen === code).length;
}

describe.each(workloads)('$name', (factory) => {
  const few = { pages: 40, accesses: 1500, ...('hotPages' in factory.defaults ? { hotPages: 5 } : {}) };

  test.each(shapes)('defaults on vNodes $vcpuVnodes: in range, matched, ends', async (shape) => {
    const workload = factory.create(shape);
    expect([workload.name, workload.pages]).toEqual([factory.name, factory.defaults.pages]);
    const scripts = await scriptsOf(workload.open(1), shape.vcpuVnodes.length);
    expectInRange(scripts, workload, shape);
    const executed = execute(scripts);
    expect(executed.some(([code]) => code === operation.read)).toBe(true);
    expect(executed.some(([code]) => code === operation.write)).toBe(true);
  });

  test(`same seed, same scripts, whatever the chunks; another seed, others; 20 seeds from ${SEED}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.constantFrom(...shapes),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 3 }),
        async (seed, shape, rooms) => {
          const vcpus = shape.vcpuVnodes.length;
          const workload = factory.create(shape, few);
          const scripts = await scriptsOf(workload.open(seed), vcpus);
          expect(await scriptsOf(workload.open(seed), vcpus, rooms)).toEqual(scripts);
          expect(await scriptsOf(workload.open(seed + 1), vcpus)).not.toEqual(scripts);
        },
      ),
      { seed: SEED, numRuns: 20 },
    );
  });

  test('a script of 2^36 operations starts at once', async () => {
    const source = factory.create(shapes[0]!, { accesses: 2 ** 36 }).open(1);
    expect(await source.read(0, new Int32Array(2000))).toBe(1000);
  });

  test.each([{ pagez: 1 }, { pages: 0 }, { pages: 1.5 }, { writePercent: 101 }, { accesses: Number.NaN }])(
    'refuses %o',
    (parameters) => {
      const pattern = /^workload .+, expected .+, hint: .+/;
      const create = () => factory.create(shapes[0]!, parameters as unknown as Record<string, number>);
      expect(create).toThrow(InputError);
      expect(create).toThrow(pattern);
    },
  );
});

describe('what each workload is for', () => {
  const shape = shapes[1]!;
  const open = async (name: string, parameters: Record<string, number>): Promise<Operation[][]> =>
    scriptsOf(workloadNamed(name)!.create(shape, parameters).open(7), shape.vcpuVnodes.length);

  test('process-move, 3 rounds with bulk moves: all pages are written, and touched again after each move', async () => {
    const parameters = { pages: 30, hotPages: 3, accesses: 100, rounds: 3, bulk: 1 };
    const scripts = await open('process-move', parameters);
    expect(scripts[1]).toEqual([]);
    expect(scripts[3]).toEqual([]);
    expect(scripts[0]!.slice(0, 30).map(([code, , gvpn]) => [code, gvpn])).toEqual(
      Array.from({ length: 30 }, (_, gvpn) => [operation.write, gvpn]),
    );
    expect(scripts[2]!.slice(0, 2)).toEqual([
      [operation.await, 0, 0],
      [operation.bulkMove, 1 + BULK_VNODES * 30, 0],
    ]);
    expect(scripts.map((script) => count(script, operation.handover))).toEqual([2, 0, 1, 0]);
    const executed = execute(scripts);
    expect(executed).toHaveLength(4 * 130);
    for (let stay = 0; stay < 4; stay++) {
      const pages = executed.slice(130 * stay, 130 * (stay + 1)).map(([, , gvpn]) => gvpn);
      expect(pages.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, gvpn) => gvpn));
      expect(Math.max(...pages.slice(30))).toBeLessThan(3);
    }
  });

  test('process-move without rounds ends where it began', async () => {
    const scripts = await open('process-move', { rounds: 0 });
    expect(scripts.map((script) => script.length)).toEqual([512 + 20_000, 0, 0, 0]);
  });

  test('zipf at 99 percent: of 1000 pages the hottest gets 13 %, the colder half 10 %', async () => {
    const scripts = await open('zipf', { pages: 1000, accesses: 50_000 });
    const hits = Array.from({ length: 1000 }, () => 0);
    for (const [, , gvpn] of scripts.flat()) hits[gvpn]!++;
    hits.sort((a, b) => b - a);
    const total = scripts.flat().length;
    // Of H(1000, 0.99) = 7.73: 1 / H = 0.129, and 0.095 for ranks 501 to 1000.
    expect(hits[0]! / total).toBeCloseTo(0.129, 2);
    expect(hits.slice(500).reduce((sum, hit) => sum + hit) / total).toBeCloseTo(0.095, 2);
  });

  // 1 / H(100, s): H is 18.59 at 0.5, 5.187 at 1 and 2.413 at 1.5.
  test.each([
    [50, 0.0538],
    [100, 0.1928],
    [150, 0.4145],
  ])('zipf at %i percent: of 100 pages the hottest gets %f', async (exponentPercent, share) => {
    const hits = Array.from({ length: 100 }, () => 0);
    const scripts = await open('zipf', { pages: 100, accesses: 50_000, exponentPercent });
    for (const [, , gvpn] of scripts.flat()) hits[gvpn]!++;
    expect(Math.max(...hits) / 200_000).toBeCloseTo(share, 2);
  });

  test('zipf at 0 percent is uniform', async () => {
    const hits = Array.from({ length: 10 }, () => 0);
    const scripts = await open('zipf', { pages: 10, accesses: 20_000, exponentPercent: 0 });
    for (const [, , gvpn] of scripts.flat()) hits[gvpn]!++;
    for (const hit of hits) expect(hit / 80_000).toBeCloseTo(0.1, 2);
  });

  test('phased: in each phase the vCPUs work on disjoint regions, and in 4 phases each meets all pages', async () => {
    const scripts = await open('phased', { pages: 37, accesses: 4000, phases: 4 });
    for (let phase = 0; phase < 4; phase++) {
      const regions = scripts.map((script) => {
        const pages = script.slice(1000 * phase, 1000 * (phase + 1)).map(([, , gvpn]) => gvpn);
        return new Set(pages);
      });
      expect(regions.reduce((sum, region) => sum + region.size, 0)).toBe(37);
      expect(new Set(regions.flatMap((region) => [...region])).size).toBe(37);
    }
    for (const script of scripts) expect(new Set(script.map(([, , gvpn]) => gvpn)).size).toBe(37);
  });

  test('adversary: vCPUs of both vNodes bulk-move and write the same pages in the same epoch', async () => {
    const scripts = await open('adversary', { dwell: 100, accesses: 1000 });
    for (let epoch = 0; epoch < 10; epoch++) {
      const parts = scripts.map((script) => script.slice(100 * epoch, 100 * (epoch + 1)));
      const pages = new Set(parts.flat().map(([, , gvpn]) => gvpn));
      expect(pages.size).toBeLessThanOrEqual(4);
      const targets = parts.flat().filter(([code]) => code === operation.bulkMove);
      expect(new Set(targets.map(([, argument]) => argument % BULK_VNODES))).toEqual(new Set([0, 1]));
      for (const part of parts) expect(count(part, operation.write)).toBeGreaterThan(20);
    }
  });

  test('process-move and adversary refuse a guest with all vCPUs on one vNode; phased, fewer pages than vCPUs', () => {
    const alone: GuestShape = { vcpuVnodes: [1, 1], vnodes: 2, pageWords: 16 };
    for (const name of ['process-move', 'adversary']) {
      expect(() => workloadNamed(name)!.create(alone)).toThrow(/all vCPUs are on one vNode/);
    }
    expect(() => workloadNamed('phased')!.create(shape, { pages: 3 })).toThrow(
      /pages is 3, expected 4 or more/,
    );
    expect(() => workloadNamed('process-move')!.create(shape, { pages: 8 })).toThrow(/hotPages is 32/);
    expect(() => workloadNamed('adversary')!.create(shape, { pages: 3 })).toThrow(/focusPages is 4/);
  });
});

describe('recorded traces', () => {
  const text = (pages: number, length: number): string =>
    Array.from({ length }, (_, i) => `${i % 3 ? ' L' : ' S'} ${((i % pages) << 12).toString(16)},4\n`).join(
      '',
    );
  const file = (name: string, content: string): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };

  test('one per vCPU: each in address space of its own', async () => {
    const shape = shapes[1]!;
    const files = [file('a', text(3, 10)), file('b', text(4, 20))];
    const workload = traceWorkload({ files, maxPages: 5, shape });
    expect(workload.pages).toBe(10);
    const scripts = await scriptsOf(workload.open(1), 4);
    expectInRange(scripts, workload, shape);
    expect(scripts.map((script) => script.length)).toEqual([10, 20, 0, 0]);
    expect(new Set(scripts[0]!.map(([, , gvpn]) => gvpn))).toEqual(new Set([0, 1, 2]));
    expect(new Set(scripts[1]!.map(([, , gvpn]) => gvpn))).toEqual(new Set([5, 6, 7, 8]));
    expect(await scriptsOf(workload.open(2), 4), 'opened again').toEqual(scripts);
  });

  test(`a moved task: all awaits matched, the task's accesses whole and in order, 60 cases, seed ${SEED}`, async () => {
    let moved = 0;
    let neverReached = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...shapes),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 3 }),
        async (shape, moveEvery, length, rooms) => {
          const { vcpuVnodes } = shape;
          const trace = file('moved', text(7, length));
          const options = { files: [trace], maxPages: 7, shape };
          const [whole] = await scriptsOf(traceWorkload(options).open(1), vcpuVnodes.length);
          const workload = traceWorkload({ ...options, moveEvery });
          const scripts = await scriptsOf(workload.open(1), vcpuVnodes.length, rooms);
          expectInRange(scripts, workload, shape);
          expect(execute(scripts)).toEqual(whole);

          for (const [vcpu, script] of scripts.entries()) {
            expect(script[0]![0] === operation.await).toBe(vcpu !== 0);
            const handedOver = scripts
              .flat()
              .filter(([code, to]) => code === operation.handover && to === vcpu);
            expect(handedOver).toHaveLength(count(script, operation.await));
            if (script.every(([code]) => code >= operation.handover)) neverReached++;
          }
          // While the trace lasts, a handover is to another vNode; the last ones lead the task round.
          const moves = Math.floor(length / moveEvery);
          const handovers = scripts.flat().filter(([code]) => code === operation.handover).length;
          expect(handovers).toBe(moves + vcpuVnodes.length - 1);
          if (moves > 0) {
            moved++;
            const first = scripts[0]!.find(([code]) => code === operation.handover)!;
            expect(vcpuVnodes[first[1]]).not.toBe(vcpuVnodes[0]);
          }
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
    expect(moved, 'cases with a move').toBeGreaterThan(10);
    expect(neverReached, 'vCPUs that the task only came to at the end').toBeGreaterThan(10);
  });

  test('a vCPU whose turn has not come gets its await, then stays pending until the stream is there', async () => {
    const shape = shapes[0]!;
    const source = traceWorkload({ files: [file('c', text(2, 5))], maxPages: 2, moveEvery: 3, shape }).open(
      1,
    );
    const out = [new Int32Array(20), new Int32Array(20)] as const;
    const read = async (vcpu: 0 | 1): Promise<Operation[]> =>
      decoded(out[vcpu], await source.read(vcpu, out[vcpu]));
    expect(await read(1)).toEqual([[operation.await, 0, 0]]);
    let came = false;
    const pending = read(1).then((operations) => ((came = true), operations));
    expect(await read(0)).toHaveLength(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(came).toBe(false);
    expect(await read(0)).toEqual([[operation.handover, 1, 0]]);
    expect(await pending).toHaveLength(2);
    expect(await read(0)).toEqual([[operation.await, 0, 0]]);
    expect(await read(1)).toEqual([[operation.handover, 0, 0]]);
    expect(await read(1)).toEqual([]);
    expect(await read(0)).toEqual([]);
    await source.close!();
  });

  test('an error in the trace reaches the vCPU that runs and those that are pending, and close frees the latter', async () => {
    const shape = shapes[2]!;
    const bad = file('bad', `${text(2, 5)}nonsense\n`);
    const source = traceWorkload({ files: [bad], maxPages: 2, moveEvery: 100, shape }).open(1);
    const out = new Int32Array(2);
    await source.read(1, out);
    const pending = expect(source.read(1, new Int32Array(2))).rejects.toThrow(/bad:6:1/);
    await expect((async () => source.read(0, out))()).rejects.toThrow(/bad:6:1/);
    await pending;
    await source.close!();

    const good = file('good', text(2, 5));
    const closed = traceWorkload({ files: [good], maxPages: 2, moveEvery: 100, shape }).open(1);
    await closed.read(1, out);
    const freed = closed.read(1, new Int32Array(2));
    await closed.close!();
    expect(await freed).toBe(0);
  });

  test('the shipped trace, moved every 50000 accesses, from standard input too', async () => {
    const shape = shapes[0]!;
    const workload = traceWorkload({ files: [SHIPPED], maxPages: 1000, moveEvery: 50_000, shape });
    const scripts = await scriptsOf(workload.open(1), 2, [4096]);
    expect(execute(scripts)).toHaveLength(378_138);
    expect(scripts.map((script) => count(script, operation.handover))).toEqual([4, 4]);

    const stdin = Readable.from([Buffer.from(text(3, 10))]);
    const piped = traceWorkload({ files: ['-'], maxPages: 3, shape, stdin });
    expect((await scriptsOf(piped.open(1), 2))[0]).toHaveLength(10);
    await expect(scriptsOf(piped.open(1), 2)).rejects.toThrow(/stdin: standard input has been read already/);
  });

  test('what cannot be used is refused before anything starts', () => {
    const shape = shapes[0]!;
    const good = file('d', text(2, 5));
    const refused: [object, RegExp][] = [
      [{ files: [] }, /--trace: 0 traces for 2 vCPUs/],
      [{ files: [good, good, good] }, /--trace: 3 traces for 2 vCPUs/],
      [{ files: ['-', '-'], stdin: Readable.from([]) }, /'-' more than once/],
      [{ files: [join(directory, 'none')] }, /none: there is no such file/],
      [{ files: [directory] }, /this is a directory/],
      [{ maxPages: 0 }, /--pages: 0 pages/],
      [{ moveEvery: 0 }, /--move-every: saw 0/],
      [{ files: [good, good], moveEvery: 5 }, /--move-every: 2 traces/],
      [{ moveEvery: 5, shape: { ...shape, vcpuVnodes: [0, 0] } }, /all vCPUs are on one vNode/],
    ];
    for (const [options, message] of refused) {
      const create = () => traceWorkload({ files: [good], maxPages: 10, shape, ...options });
      expect(create).toThrow(InputError);
      expect(create).toThrow(message);
    }
  });
});
