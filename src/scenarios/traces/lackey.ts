// Recorded memory accesses as `valgrind --tool=lackey --trace-mem=yes` prints them, turned into the operations of one
// vCPU while they are read: plain or gzip (told by content, not by name), from a file or from standard input.
//
// Rules of use: `read` when more operations are wanted, one call at a time; nothing is read ahead beyond one buffer, so
// the memory taken does not depend on the length of the trace. What cannot be used throws an `InputError`, from `read`
// itself or from its promise. `close` when done, also after an error.
//
// The format: `I  addr,size` (instruction fetch), ` L addr,size` (load), ` S addr,size` (store), ` M addr,size`
// (modify: a load and a store), address in hex, size in decimal. Valgrind's own lines (`==pid== ...`, `--pid-- ...`) and
// blank lines are passed over.

import { encode, operation, OPERATION_WORDS } from '../../model/script.ts';
import { assert, present } from '../../stdx/assert.ts';
import { InputError, type Place } from '../../stdx/input-error.ts';
import { FirstTouch, FULL } from './first-touch.ts';
import { traceBytes, type TraceBytesOptions } from './trace-bytes.ts';

export interface LackeyOptions extends TraceBytesOptions {
  /** Different pages the trace may touch. */
  maxPages: number;
  /** 32-bit words in a guest page; word offsets are reduced to it. */
  pageWords: number;
  /** The Gvpn of the page touched first; later ones follow densely. */
  firstGvpn?: number | undefined;
  /** Whether an instruction fetch reads its page. */
  instructions?: 'read' | 'skip' | undefined;
}

/** What has been seen so far. */
export interface LackeyCounts {
  /** All lines, chatter included. */
  lines: number;
  instructions: number;
  loads: number;
  stores: number;
  modifies: number;
  operations: number;
  pages: number;
}

// Bounds. A line holds at most a load and a store of each of two pages.
const BUFFER_BYTES = 1 << 19;
const STAGED_OPERATIONS = 1 << 13;
const OPERATIONS_PER_LINE = 4;
const ADDRESS_DIGITS = 16;
const SIZE_DIGITS = 4;
/** Digits of an address that its lower half holds. */
const LOW_DIGITS = 8;
/** Upper bits of no page. */
const NOWHERE = -1;

const PAGE_BITS = 12;
const PAGE_BYTES = 1 << PAGE_BITS;
/** Upper 32 bits of the largest address, 2^53 - 1: what a JavaScript number holds exactly. */
const ADDRESS_HIGH_MAX = 0x1f_ffff;

const NEWLINE = 10;
const SPACE = 32;
const COMMA = 44;
const DASH = 45;
const ZERO = 48;
const EQUALS = 61;
const KIND_I = 73;
const KIND_L = 76;
const KIND_M = 77;
const KIND_S = 83;

const HINT = 'record with --log-file=FILE, so that the output of the traced program stays out of the trace';

export class LackeyTrace {
  readonly counts: LackeyCounts = {
    lines: 0,
    instructions: 0,
    loads: 0,
    stores: 0,
    modifies: 0,
    operations: 0,
    pages: 0,
  };
  private readonly options: LackeyOptions;
  private readonly pages: FirstTouch;
  private readonly chunks: AsyncGenerator<Buffer>;
  /** What of the last chunk has not found room in `buffer` yet. */
  private chunk: Buffer = Buffer.alloc(0);
  private inputEnded = false;

  // `buffer` holds complete lines in [at, linesEnd) and the begun one in [linesEnd, filled). The byte behind it is for
  // the newline that the last line may lack, those behind that so that a few can be looked at at once.
  private readonly buffer = new Uint8Array(BUFFER_BYTES + 1 + LOW_DIGITS);
  private at = 0;
  private linesEnd = 0;
  private filled = 0;
  /** Within a line of chatter that is longer than the buffer. */
  private passingOver = false;

  private readonly staged = new Int32Array(STAGED_OPERATIONS * OPERATION_WORDS);
  private stagedAt = 0;
  private stagedEnd = 0;

  constructor(options: LackeyOptions) {
    this.options = options;
    this.pages = new FirstTouch(options.maxPages);
    this.chunks = traceBytes(options);
  }

  /**
   * Writes the next operations into `out` from word 0 on, `limit` at most.
   * @returns how many; 0 at the end of the trace only. A number when they are at hand, a promise when bytes are awaited
   */
  read(out: Int32Array, limit = Math.floor(out.length / OPERATION_WORDS)): number | Promise<number> {
    assert(
      limit >= 1 && limit * OPERATION_WORDS <= out.length,
      `read: expected room for 1 operation or more, saw limit ${limit} and ${out.length} words`,
    );
    if (this.stagedAt === this.stagedEnd && !this.stage()) {
      if (!this.inputEnded) return this.readLater(out, limit);
      if (this.counts.operations === 0) throw this.nothingInIt();
      return 0;
    }
    const words = Math.min(limit * OPERATION_WORDS, this.stagedEnd - this.stagedAt);
    const { staged, stagedAt } = this;
    out.set(staged.subarray(stagedAt, stagedAt + words));
    this.stagedAt += words;
    return words / OPERATION_WORDS;
  }

  async close(): Promise<void> {
    // A `return` queues behind a pending `next`, and standard input may never answer that one: end it first.
    if (this.options.file === '-') this.options.stdin?.destroy();
    await this.chunks.return(undefined);
  }

  private async readLater(out: Int32Array, limit: number): Promise<number> {
    do await this.fill();
    while (!this.stage() && !this.inputEnded);
    return this.read(out, limit);
  }

  /** Moves the begun line to the front of the buffer and appends bytes. Call when all complete lines are used up. */
  private async fill(): Promise<void> {
    const { buffer } = this;
    if (this.chunk.length === 0) {
      const next = await this.chunks.next();
      if (!next.done) this.chunk = next.value;
      else this.inputEnded = true;
    }
    buffer.copyWithin(0, this.at, this.filled);
    this.filled -= this.at;
    this.at = this.linesEnd = 0;
    if (this.inputEnded) {
      if (this.filled === 0) return;
      buffer[this.filled++] = NEWLINE;
      this.linesEnd = this.filled;
      return;
    }
    if (this.passingOver) {
      const newline = this.chunk.indexOf(NEWLINE);
      this.chunk = this.chunk.subarray(newline < 0 ? this.chunk.length : newline + 1);
      if (newline < 0) return;
      this.passingOver = false;
      this.counts.lines++;
    }
    const copied = Math.min(this.chunk.length, BUFFER_BYTES - this.filled);
    const before = this.filled;
    buffer.set(this.chunk.subarray(0, copied), before);
    this.chunk = this.chunk.subarray(copied);
    this.filled += copied;
    this.linesEnd = before + buffer.subarray(before, this.filled).lastIndexOf(NEWLINE) + 1;
    if (this.linesEnd === before) this.linesEnd = 0;
    if (this.linesEnd > 0 || this.filled < BUFFER_BYTES) return;
    // One line fills the whole buffer: either chatter or no trace.
    if (!this.chatterAt(0)) throw this.malformed(0, this.counts.lines + 1);
    this.passingOver = true;
    this.filled = 0;
  }

  /**
   * Parses complete lines until the staging area is full. The hot path: every byte is looked at once, and each check
   * fails on a newline, so that no bound needs checking within a line. False when there was nothing to stage.
   */
  private stage(): boolean {
    const { buffer, staged, pages, linesEnd, counts } = this;
    const { pageWords, firstGvpn = 0 } = this.options;
    const skipInstructions = this.options.instructions === 'skip';
    const wordsMax = staged.length - OPERATIONS_PER_LINE * OPERATION_WORDS;
    let { at } = this;
    let { lines, instructions, loads, stores, modifies } = counts;
    let words = 0;
    let [codeLow, codeHigh, codePage] = [0, NOWHERE, FULL];
    let [dataLow, dataHigh, dataPage] = [0, NOWHERE, FULL];
    while (at < linesEnd && words <= wordsMax) {
      const start = at;
      let kind = buffer[at]!;
      let regular: boolean;
      if (kind === SPACE) {
        kind = buffer[at + 1]!;
        regular = kind === KIND_L || kind === KIND_S || kind === KIND_M;
      } else {
        regular = kind === KIND_I && buffer[at + 1] === SPACE;
      }
      if (!regular || buffer[at + 2] !== SPACE) {
        if (!this.passableAt(start)) throw this.malformed(start, lines + 1);
        at = buffer.indexOf(NEWLINE, start) + 1;
        lines++;
        continue;
      }

      // The address as two 32-bit halves: exact beyond 32 bits, and integers all the way.
      const address = (at += 3);
      let high = 0;
      let low = 0;
      // Eight digits at once, as most addresses have: a shorter one's comma is among them.
      const a = HEX[buffer[at]!]!;
      const b = HEX[buffer[at + 1]!]!;
      const c = HEX[buffer[at + 2]!]!;
      const d = HEX[buffer[at + 3]!]!;
      const e = HEX[buffer[at + 4]!]!;
      const f = HEX[buffer[at + 5]!]!;
      const g = HEX[buffer[at + 6]!]!;
      const h = HEX[buffer[at + 7]!]!;
      if ((a | b | c | d | e | f | g | h) < 16) {
        low = (a << 28) | (b << 24) | (c << 20) | (d << 16) | (e << 12) | (f << 8) | (g << 4) | h;
        at += LOW_DIGITS;
      }
      let digit = HEX[buffer[at]!]!;
      while (digit < 16) {
        high = (high << 4) | (low >>> 28);
        low = (low << 4) | digit;
        digit = HEX[buffer[++at]!]!;
      }
      const addressDigits = at - address;
      if (
        buffer[at] !== COMMA ||
        addressDigits === 0 ||
        addressDigits > ADDRESS_DIGITS ||
        high >>> 0 > ADDRESS_HIGH_MAX
      ) {
        throw this.malformed(start, lines + 1);
      }
      const sizeStart = ++at;
      let size = 0;
      let decimal = (buffer[at]! - ZERO) >>> 0;
      while (decimal <= 9) {
        size = (Math.imul(size, 10) + decimal) | 0;
        decimal = (buffer[++at]! - ZERO) >>> 0;
      }
      if (
        buffer[at] !== NEWLINE ||
        at === sizeStart ||
        at - sizeStart > SIZE_DIGITS ||
        size === 0 ||
        size > PAGE_BYTES
      ) {
        throw this.malformed(start, lines + 1);
      }
      at++;
      lines++;

      if (kind === KIND_I) {
        instructions++;
        if (skipInstructions) continue;
      } else if (kind === KIND_L) loads++;
      else if (kind === KIND_S) stores++;
      else modifies++;

      const byteOffset = low & (PAGE_BYTES - 1);
      const word = byteOffset >>> 2;
      const wordArgument = word < pageWords ? word : word % pageWords;
      const pageLow = (low >>> PAGE_BITS) | (high << (32 - PAGE_BITS));
      const pageHigh = high >>> PAGE_BITS;
      // Code is run through and data is walked through: most lines are about the page of the last line of their kind.
      let page: number;
      if (kind === KIND_I) {
        if (pageLow !== codeLow || pageHigh !== codeHigh) {
          codePage = pages.number(pageLow, pageHigh);
          codeLow = pageLow;
          codeHigh = pageHigh;
        }
        page = codePage;
      } else {
        if (pageLow !== dataLow || pageHigh !== dataHigh) {
          dataPage = pages.number(pageLow, pageHigh);
          dataLow = pageLow;
          dataHigh = pageHigh;
        }
        page = dataPage;
      }
      let nextPage = -1;
      if (byteOffset + size > PAGE_BYTES) {
        const nextLow = (pageLow + 1) | 0;
        nextPage = pages.number(nextLow, nextLow === 0 ? pageHigh + 1 : pageHigh);
        if (nextPage === FULL) throw this.tooManyPages(lines);
      }
      if (page === FULL) throw this.tooManyPages(lines);
      if (kind !== KIND_S) {
        staged[words++] = encode(operation.read, wordArgument);
        staged[words++] = firstGvpn + page;
        if (nextPage >= 0) {
          staged[words++] = encode(operation.read, 0);
          staged[words++] = firstGvpn + nextPage;
        }
      }
      if (kind === KIND_S || kind === KIND_M) {
        staged[words++] = encode(operation.write, wordArgument);
        staged[words++] = firstGvpn + page;
        if (nextPage >= 0) {
          staged[words++] = encode(operation.write, 0);
          staged[words++] = firstGvpn + nextPage;
        }
      }
    }
    this.at = at;
    this.stagedAt = 0;
    this.stagedEnd = words;
    counts.lines = lines;
    counts.instructions = instructions;
    counts.loads = loads;
    counts.stores = stores;
    counts.modifies = modifies;
    counts.operations += words / OPERATION_WORDS;
    counts.pages = pages.count;
    return words > 0;
  }

  private chatterAt(at: number): boolean {
    const first = this.buffer[at];
    return (first === EQUALS || first === DASH) && this.buffer[at + 1] === first;
  }

  private passableAt(at: number): boolean {
    if (this.chatterAt(at)) return true;
    while (this.buffer[at] === SPACE) at++;
    return this.buffer[at] === NEWLINE;
  }

  private place(line?: number, column?: number): Place {
    return { file: this.options.file === '-' ? 'stdin' : this.options.file, line, column };
  }

  private malformed(start: number, line: number): InputError {
    const end = Math.min(this.buffer.indexOf(NEWLINE, start) >>> 0, this.filled, start + 80);
    const text = Buffer.from(this.buffer.buffer, start, end - start).toString('latin1');
    const flaw = diagnose(text);
    // oxlint-disable-next-line no-control-regex
    const binary = /[^\t\x20-\x7e]/.test(text);
    return new InputError(
      this.place(line, flaw.column),
      `saw ${flaw.seen}`,
      flaw.expected,
      binary ? 'this looks like a binary file, not like the text that lackey prints' : HINT,
    );
  }

  private tooManyPages(line: number): InputError {
    const { maxPages } = this.options;
    return new InputError(
      this.place(line),
      `the trace touches more than ${maxPages} pages`,
      `${maxPages} at most`,
      `raise --pages (now ${maxPages}), or leave instruction fetches out`,
    );
  }

  private nothingInIt(): InputError {
    const { lines, instructions } = this.counts;
    return new InputError(
      this.place(),
      lines === 0 ? 'the trace is empty' : `no access to use in ${lines} lines`,
      "lines like ' L 1fff000768,8'",
      instructions > 0
        ? 'it has instruction fetches only: do not leave them out'
        : 'record with valgrind --tool=lackey --trace-mem=yes',
    );
  }
}

const HEX = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

interface Flaw {
  column: number;
  seen: string;
  expected: string;
}

const BEGINNINGS = ['I  ', ' L ', ' S ', ' M '];

/** Finds what the hot path rejected, with its place. `text` is the line, or its beginning. */
function diagnose(text: string): Flaw {
  const beginning = BEGINNINGS.find((candidate) => text.startsWith(candidate));
  if (beginning === undefined) {
    const common = Math.max(...BEGINNINGS.map((candidate) => commonLength(candidate, text)));
    return flawAt(text, common, "a line that begins with 'I  ', ' L ', ' S ' or ' M '");
  }
  const digits = present(/^[0-9a-f]*/i.exec(text.slice(3)), 'hex digits')[0];
  const comma = 3 + digits.length;
  if (digits === '') return flawAt(text, 3, 'an address in hex');
  if (digits.length > ADDRESS_DIGITS) {
    return flawAt(text, 3 + ADDRESS_DIGITS, `',' after an address of ${ADDRESS_DIGITS} hex digits at most`);
  }
  if (Number(`0x${digits}`) > Number.MAX_SAFE_INTEGER) {
    return { column: 4, seen: `address ${digits}`, expected: 'an address below 2^53' };
  }
  if (text[comma] !== ',') return flawAt(text, comma, "',' after the address");
  const size = present(/^[0-9]*/.exec(text.slice(comma + 1)), 'decimal digits')[0];
  if (size === '') return flawAt(text, comma + 1, 'a size in decimal');
  if (size.length > SIZE_DIGITS || Number(size) === 0 || Number(size) > PAGE_BYTES) {
    return { column: comma + 2, seen: `size ${size}`, expected: `a size of 1 to ${PAGE_BYTES} bytes` };
  }
  return flawAt(text, comma + 1 + size.length, 'the end of the line after the size');
}

function flawAt(text: string, index: number, expected: string): Flaw {
  const seen = index >= text.length ? 'the end of the line' : `'${text.slice(index, index + 16)}'`;
  return { column: index + 1, seen, expected };
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
