// Runs the real command line in a process of its own, in a folder of its own.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const START = fileURLToPath(new URL('../../src/cli/start.mjs', import.meta.url));
export const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Compiled code of the program, shared by all the processes that a test file starts: half of their time. */
const compileCache = mkdtempSync(join(tmpdir(), 'copyless-test-cache-'));
process.once('exit', () => rmSync(compileCache, { recursive: true, force: true }));

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
  ms: number;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export interface Options {
  cwd: string;
  stdin?: string | Buffer | undefined;
}

export function start(args: readonly string[], { cwd, stdin = '' }: Options): Started {
  const began = performance.now();
  const child = spawn(process.execPath, [START, ...args], {
    cwd,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out = collected(child.stdout);
  const err = collected(child.stderr);
  // A program that refuses its input early does not read the rest.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed);
    child.on('close', (status) => {
      done({ status, stdout: out(), stderr: err(), ms: performance.now() - began });
    });
  });
  return { child, ended };
}

export function run(args: readonly string[], options: Options): Promise<Ended> {
  return start(args, options).ended;
}

/** A process that runs one command line after another, all with the loaded program: see `batch.ts`. */
export class Batch {
  private readonly child = fork(fileURLToPath(new URL('batch.ts', import.meta.url)), {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    silent: true,
  });
  /** What the program itself writes comes with the message. */
  private readonly crash = collected(this.child.stderr!);

  run(args: readonly string[], cwd: string): Promise<Ended> {
    return new Promise((done, failed) => {
      const crashed = (status: number | null) =>
        failed(new Error(`the batch ended with ${status} at ${args.join(' ')}: ${this.crash()}`));
      this.child.once('close', crashed);
      this.child.once('message', (ended) => {
        this.child.off('close', crashed);
        done(ended as Ended);
      });
      this.child.send({ args, cwd });
    });
  }
  end(): void {
    this.child.disconnect();
  }
}

function collected(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Does `work` for every item, in as many lanes as there are cores. */
export async function forAll<T>(
  items: readonly T[],
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = async (_: unknown, lane: number) => {
    while (next < items.length) await work(items[next++]!, lane);
  };
  await Promise.all(Array.from({ length: LANES }, run));
}

export const LANES = Math.max(2, availableParallelism());

/** A new folder with these files in it. */
export function folder(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'copyless-test-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

/** Names of everything below a folder. */
export function namesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
}

/** Flags of a run that takes milliseconds. */
export const SMALL = [
  '--workload',
  'process-move',
  '--set',
  'pages=64',
  '--set',
  'hotPages=16',
  '--set',
  'accesses=2000',
  '--memory',
  '128KiB',
];
