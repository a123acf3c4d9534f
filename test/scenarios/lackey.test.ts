// The lackey parser against a naive one, on what it must refuse, and on the trace we ship.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { argumentOf, operation, operationOf } from '../../src/model/script.ts';
import { LackeyTrace, type LackeyOptions } from '../../src/scenarios/traces/lackey.ts';
import { InputError } from '../../src/stdx/input-error.ts';

const SEED = 20260730;
const SHIPPED = fileURLToPath(new URL('../../examples/traces/phases.lackey.gz', import.meta.url));
const README = new URL('../../examples/traces/README.md', import.meta.url);
const PAGE_WORDS = 1024;

const directory = mkdtempSync(join(tmpdir(), 'lackey-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Operation = [code: number, argument: number, gvpn: number];
type Settings = Partial<LackeyOptions> & { room?: number };

function write(name: string, content: string | Buffer): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

async function parse(settings: Settings): Promise<{ operations: Operation[]; trace: LackeyTrace }> {
  const { room = 64, ...options } = settings;
  const trace = new LackeyTrace({ file: '-', maxPages: 1 << 20, pageWords: PAGE_WORDS, ...options });
  const operations: Operation[] = [];
  const out = new Int32Array(2 * room);
  try {
    for (;;) {
      const count = await trace.read(out);
      if (count === 0) break;
      for (let at = 0; at < 2 * count; at += 2) {
        operations.push([operationOf(out[at]!), argumentOf(out[at]!), out[at + 1]!]);
      }
    }
    expect(await trace.read(out), 'from then on').toBe(0);
  } finally {
    await trace.close();
  }
  return { operations, trace };
}

/** The text as standard input that arrives in pieces of the given sizes, used in turn. */
function pieces(text: string | Buffer, sizes: number[]): Readable {
  const bytes = Buffer.from(text);
  function* cut(): Generator<Buffer> {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length]!;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  return Readable.from(cut());
}

/** Split and regex: slow, and plainly right. */
function reference(text: string, pageWords: number, instructions: 'read' | 'skip'): Operation[] {
  const numbers = new Map<bigint, number>();
  const operations: Operation[] = [];
  for (const line of text.split('\n')) {
    const match = /^([I ])([LSM ]) ([0-9a-fA-F]+),([0-9]+)$/.exec(line);
    if (match === null) continue;
    const kind = match[1] === 'I' ? 'I' : match[2]!;
    if (kind === 'I' && instructions === 'skip') continue;
    const first = BigInt(`0x${match[3]}`);
    const last = first + BigInt(match[4]!) - 1n;
    const touched = [[first >> 12n, Number((first & 4095n) >> 2n) % pageWords] as const];
    if (last >> 12n !== first >> 12n) touched.push([last >> 12n, 0]);
    for (const [page] of touched) if (!numbers.has(page)) numbers.set(page, numbers.size);
    const codes = { I: [0], L: [0], S: [1], M: [0, 1] }[kind]!;
    for (const code of codes) {
      for (const [page, offset] of touched) operations.push([code, offset, numbers.get(page)!]);
    }
  }
  return operations;
}

const address = fc
  .tuple(fc.constantFrom(0n, 0x40_1000n, 0x1f_ffff_f000n, 0x1f_ffff_ffff_0000n), fc.nat({ max: 0xffff }))
  .map(([base, offset]) => base + BigInt(offset));
const access = fc
  .record({
    prefix: fc.constantFrom('I  ', ' L ', ' S ', ' M '),
    address,
    digits: fc.constantFrom(1, 8, 16),
    upper: fc.boolean(),
    size: fc.constantFrom(1, 2, 4, 8, 16, 64, 4096),
  })
  .map(({ prefix, address, digits, upper, size }) => {
    const hex = address.toString(16).padStart(digits, '0');
    return `${prefix}${upper ? hex.toUpperCase() : hex},${size}`;
  });
const line = fc.oneof(
  { weight: 20, arbitrary: access },
  { weight: 1, arbitrary: fc.constantFrom('', '  ', '==7== Command: ./a', '==7==', '--7-- warning', '--') },
);

describe('against the naive parser', () => {
  test(`300 random traces in random pieces, read with random room, seed ${SEED}`, async () => {
    let straddling = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        fc.record({
          room: fc.constantFrom(1, 2, 3, 7, 64),
          pageWords: fc.constantFrom(2, 48, 1024),
          instructions: fc.constantFrom('read' as const, 'skip' as const),
          gzip: fc.boolean(),
          lastNewline: fc.boolean(),
        }),
        async (lines, sizes, { room, pageWords, instructions, gzip, lastNewline }) => {
          const text = ` L 0,1\n${lines.join('\n')}${lastNewline ? '\n' : ''}`;
          const expected = reference(text, pageWords, instructions);
          const stdin = pieces(gzip ? gzipSync(text) : text, sizes);
          const { operations, trace } = await parse({ stdin, room, pageWords, instructions });
          expect(operations).toEqual(expected);
          expect(trace.counts.operations).toBe(expected.length);
          expect(trace.counts.lines).toBe(text.replace(/\n$/, '').split('\n').length);
          const { loads, stores, modifies, instructions: fetches } = trace.counts;
          const unsplit = loads + stores + 2 * modifies + (instructions === 'read' ? fetches : 0);
          if (expected.length > unsplit) straddling++;
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
    expect(straddling, 'traces with an access across a page boundary').toBeGreaterThan(20);
  });

  test('a trace of over 2 MB, longer than any buffer, from a plain file, a gzip, one piece and many', async () => {
    const kinds = ['I  ', ' L ', ' S ', ' M '];
    const lines = Array.from({ length: 100_000 }, (_, i) => {
      const hex = ((Math.imul(i, 0x9e3779b9) >>> 4) * (1 + (i % 3))).toString(16);
      return `${kinds[i % 4]}${hex},${1 << (i % 7)}`;
    });
    lines[50_000] = `==1== ${'long chatter '.repeat(100_000)}`;
    const text = lines.join('\n');
    // As text: element by element takes vitest seconds.
    const expected = reference(text, PAGE_WORDS, 'read').join(' ');
    const room = 5000;
    expect((await parse({ file: write('long', text), room })).operations.join(' ') === expected).toBe(true);
    expect(
      (await parse({ file: write('long.txt', gzipSync(text)), room })).operations.join(' ') === expected,
    ).toBe(true);
    expect(
      (await parse({ stdin: pieces(text, [text.length]), room })).operations.join(' ') === expected,
    ).toBe(true);
    const piecewise = await parse({ stdin: pieces(text, [60_001]), room });
    expect(piecewise.operations.join(' ') === expected).toBe(true);
    expect(piecewise.trace.counts.lines).toBe(100_000);
  });
});

describe('operations', () => {
  const { read, write: store } = operation;

  test('each kind of line, in order of first touch', async () => {
    const { operations } = await parse({ stdin: pieces('I  1000,3\n S 5008,4\n M 1004,4\n L 5000,8', [5]) });
    expect(operations).toEqual([
      [read, 0, 0],
      [store, 2, 1],
      [read, 1, 0],
      [store, 1, 0],
      [read, 0, 1],
    ]);
  });

  test('a modify across a page boundary reads both pages, then writes both', async () => {
    const { operations } = await parse({ stdin: pieces(' M 1ffe,4\n', [5]), firstGvpn: 10 });
    expect(operations).toEqual([
      [read, 1023, 10],
      [read, 0, 11],
      [store, 1023, 10],
      [store, 0, 11],
    ]);
  });

  test('the last byte of a page does not touch the next, and pages 2^32 apart are two', async () => {
    const { operations } = await parse({ stdin: pieces(' L 1fff,1\n L 100000001000,1\n L 2000,1\n', [9]) });
    expect(operations.map(([, , gvpn]) => gvpn)).toEqual([0, 1, 2]);
  });

  test('the page above an address of 32 ones is the next one', async () => {
    const { operations } = await parse({ stdin: pieces(' L fffffffffff,2\n L 100000000000,1\n', [9]) });
    expect(operations.map(([, , gvpn]) => gvpn)).toEqual([0, 1, 1]);
  });
});

async function refusal(settings: Settings): Promise<string> {
  const error: unknown = await parse(settings).then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).not.toMatch(/\n/);
  expect(message).toMatch(/, expected .+, hint: .+/);
  return message;
}

describe('malformed lines are refused with their place', () => {
  const cases: [title: string, line: string, column: number, saw: string][] = [
    ['unknown kind', ' X 1000,4', 2, "'X 1000,4'"],
    ['lower-case kind', ' l 1000,4', 2, "'l 1000,4'"],
    ['load without its leading blank', 'L 1000,4', 1, "'L 1000,4'"],
    ['instruction with one blank', 'I 1000,4', 3, "'1000,4'"],
    ['instruction cut off', 'I', 2, 'the end of the line'],
    ['kind alone', ' L ', 4, 'the end of the line'],
    ['no address', ' L ,4', 4, "',4'"],
    ['0x before the address', ' L 0x1000,4', 5, "'x1000,4'"],
    ['17 address digits', ' L 00000000000001000,4', 20, "'0,4'"],
    ['address of 2^53', ' L 20000000000000,4', 4, 'address 20000000000000'],
    ['address of 16 digits', ' L ffffffffff600000,4', 4, 'address ffffffffff600000'],
    ['no comma', ' L 1000', 8, 'the end of the line'],
    ['blank for the comma', ' L 1000 4', 8, "' 4'"],
    ['no size', ' S 1000,', 9, 'the end of the line'],
    ['hex size', ' S 1000,a', 9, "'a'"],
    ['negative size', ' S 1000,-4', 9, "'-4'"],
    ['size 0', ' S 1000,0', 9, 'size 0'],
    ['size beyond a page', ' S 1000,4097', 9, 'size 4097'],
    ['size of 5 digits', ' S 1000,00004', 9, 'size 00004'],
    ['text after the size', ' M 1000,4 x', 10, "' x'"],
    ['carriage return', ' M 1000,4\r', 10, "'\\x0d'"],
    ['output of the traced program', 'hello, world', 1, "'hello, world'"],
    ['one equals sign', '=7= chatter', 1, "'=7= chatter'"],
    ['tab', '\tL 1000,4', 1, "'\\x09L 1000,4'"],
  ];
  for (const [title, text, column, saw] of cases) {
    test(`${title}, at column ${column}`, async () => {
      // Behind two lines of other kinds, in one piece, in two, and as a last line.
      const before = '==1== chatter\nI  1000,4\n';
      for (const end of ['\n L 1000,4\n', '\n', '']) {
        const message = await refusal({ stdin: pieces(before + text + end, [7]) });
        expect(message.startsWith(`stdin:3:${column}: saw ${saw}, `), message).toBe(true);
      }
    });
  }

  test('the line number is right behind 100000 lines', async () => {
    const file = write('late', `${'I  1000,4\n'.repeat(100_000)} L 1000;4\n`);
    expect(await refusal({ file })).toContain(`${file}:100001:8: saw ';4', expected ',' after the address`);
  });

  test('a last line that is cut off', async () => {
    expect(await refusal({ file: write('cut', 'I  1000,4\n L 1fff0') })).toContain(
      ':2:9: saw the end of the line',
    );
  });
});

describe('sources that cannot be used', () => {
  test('an empty file, plain and packed', async () => {
    expect(await refusal({ file: write('empty', '') })).toContain('the trace is empty');
    expect(await refusal({ file: write('empty.gz', gzipSync('')) })).toContain('the trace is empty');
  });

  test('chatter only, and instruction fetches only that are left out', async () => {
    expect(await refusal({ file: write('chatter', '==1== a\n\n') })).toContain('no access to use in 2 lines');
    const fetches = write('fetches', 'I  1000,4\n');
    expect(await refusal({ file: fetches, instructions: 'skip' })).toContain('do not leave them out');
  });

  test('a missing file and a directory', async () => {
    const missing = join(directory, 'missing');
    expect(await refusal({ file: missing })).toMatch(`${missing}: there is no such file`);
    expect(await refusal({ file: directory })).toMatch(`${directory}: this is a directory`);
  });

  test('binary files: with and without a newline, and 2 MB of zero bytes', async () => {
    const elf = Buffer.concat([Buffer.from('\x7fELF\x02\x01\n'), Buffer.alloc(100, 0xe8)]);
    expect(await refusal({ file: write('elf', elf) })).toContain(":1:1: saw '\\x7fELF\\x02\\x01'");
    const zeros = await refusal({ file: write('zeros', Buffer.alloc(2 << 20)) });
    expect(zeros).toContain(':1:1: saw');
    expect(zeros).toContain('hint: this looks like a binary file');
  });

  test('a line of 2 MB that is no chatter', async () => {
    expect(await refusal({ file: write('wide', ` L ${'0'.repeat(2 << 20)}1000,4\n`) })).toContain(
      ':1:20: saw',
    );
  });

  const long = Array.from({ length: 50_000 }, (_, i) => ` L ${(i * 7919).toString(16)},4\n`).join('');

  test('a gzip cut off at any of five places, and one with a flipped bit', async () => {
    const whole = gzipSync(long);
    for (const length of [2, 9, 100, whole.length >> 1, whole.length - 1]) {
      const message = await refusal({ file: write('cut.gz', whole.subarray(0, length)) });
      expect(message).toContain('the gzip is damaged or cut off');
    }
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 0x10;
    expect(await refusal({ file: write('flipped.gz', flipped) })).toMatch(/damaged or cut off|saw/);
  });

  test('a zip bomb of 32 MB is refused by its ratio, and passes with a limit of its own', async () => {
    const file = write('bomb.gz', gzipSync(' L 1000,4\n'.repeat((32 << 20) / 10)));
    expect(await refusal({ file })).toContain('the gzip unpacks to more than');
    const trace = new LackeyTrace({ file, maxPages: 1, pageWords: 1024, maxBytes: 32 << 20 });
    const out = new Int32Array(1 << 16);
    while ((await trace.read(out)) > 0);
    await trace.close();
    expect(trace.counts.loads).toBe(Math.floor((32 << 20) / 10));
  });

  test('a bomb on standard input that stays open', async () => {
    const stdin = new PassThrough();
    stdin.write(gzipSync(Buffer.alloc(32 << 20, '==\n')));
    expect(await refusal({ stdin })).toContain('the gzip unpacks to more than');
  });

  test('a gzip beyond maxBytes', async () => {
    expect(await refusal({ file: write('long.gz', gzipSync(long)), maxBytes: 1000 })).toContain(
      'more than 1000 bytes',
    );
  });

  test('more pages than allowed: the number and the flag', async () => {
    const file = write('pages', ' L 1000,4\n L 2000,4\n L 1000,4\n L 3000,4\n');
    const message = await refusal({ file, maxPages: 2 });
    expect(message).toContain(`${file}:4: the trace touches more than 2 pages`);
    expect(message).toContain('--pages');
    expect((await parse({ file, maxPages: 3 })).trace.counts.pages).toBe(3);
    expect(await refusal({ file: write('both', ' L 1fff,2\n'), maxPages: 1 })).toContain(
      ':1: the trace touches',
    );
  });

  test('standard input a second time', async () => {
    const stdin = pieces(' L 1000,4\n', [3]);
    await parse({ stdin });
    expect(await refusal({ stdin })).toContain('standard input has been read already');
  });

  test('close ends a read that waits for standard input', async () => {
    const stdin = new PassThrough();
    const trace = new LackeyTrace({ file: '-', stdin, maxPages: 1, pageWords: 1024 });
    const pending = Promise.resolve(trace.read(new Int32Array(2))).catch(() => 'ended');
    await new Promise((resolve) => setImmediate(resolve));
    await trace.close();
    expect(await pending).toBe('ended');
  });
});

test('the shipped trace has the figures of its README', async () => {
  const figures = [...readFileSync(README, 'utf8').matchAll(/^\| .+\| +(\d+) \|$/gm)].map((row) =>
    Number(row[1]),
  );
  const all = await parse({ file: SHIPPED, room: 4096 });
  const touching = await parse({ file: SHIPPED, room: 4096, instructions: 'skip' });
  const { lines, instructions, loads, stores, modifies, operations, pages } = all.trace.counts;
  expect([
    lines,
    instructions,
    loads,
    stores,
    modifies,
    operations,
    pages,
    touching.trace.counts.pages,
  ]).toEqual(figures);
  expect(all.operations).toHaveLength(operations);
});
