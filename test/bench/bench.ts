// How fast the program is, beside what limits it, as a table; figures are ratios of one run, and judge nothing but themselves:
//   npm run bench [-- --only NAME] [--json FILE] [--write-baseline]
// docs/performance.md says how to read it.
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compileNative } from './native.ts';
import { optionsOf, refuse, refuseLost, type Tool } from './options.ts';
import { type Bench, type Found, judgedOf, type Line, lineOf } from './row.ts';
import { benches, benchesNamed } from './rows.ts';
import { headings, tableLine, warningOf } from './table.ts';

const TOOL: Tool = { name: 'bench', usage: '[--only NAME]... [--json FILE] [--write-baseline]' };
const BASELINE = fileURLToPath(new URL('baseline.json', import.meta.url));

export interface Baseline {
  /** What is judged of each figure: see `Row`. */
  figures: Record<string, number>;
}

/** Measures one bench in a process of its own. @returns what it found, or why it did not */
function measureApart({ name }: Bench, program: string | undefined): Promise<Found[] | string> {
  return new Promise((resolve) => {
    let found: Found[] | null = null;
    const child = fork(
      new URL('./one-bench.ts', import.meta.url),
      [name, ...(program === undefined ? [] : [program])],
      {
        execArgv: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        serialization: 'advanced',
      },
    );
    child.on('message', (message) => {
      found = message as Found[];
    });
    child.on('exit', (code, signal) => resolve(found ?? `ended with ${signal ?? code}`));
  });
}

async function main(): Promise<void> {
  const values = optionsOf(TOOL, {
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
    'write-baseline': { type: 'boolean' },
  });
  const { only } = values;
  const unknown = only?.find((name) => benchesNamed(name).length === 0);
  if (unknown !== undefined)
    refuse(TOOL, `no bench "${unknown}"`, `one of ${benches.map(({ name }) => name).join(', ')}`);
  refuseLost(TOOL, values.json);
  const isAsked = (name: string) => only === undefined || only.includes(name);
  const chosen = benches.filter(
    ({ name, rows }) => isAsked(name) || rows.some(({ figure }) => isAsked(figure)),
  );
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline;
  const native = compileNative();
  const began = performance.now();
  const load = loadavg()[0]!;
  const lines: Line[] = [];
  try {
    for (const line of headings()) console.log(line);
    for (const bench of chosen) {
      const found = await measureApart(bench, native?.program);
      bench.rows.forEach((row, index) => {
        if (!isAsked(bench.name) && !isAsked(row.figure)) return;
        const missing = typeof found === 'string' ? found : undefined;
        const line = lineOf(
          row,
          typeof found === 'string' ? null : (found[index] ?? null),
          baseline.figures[row.figure],
          missing,
        );
        lines.push(line);
        console.log(tableLine(line));
      });
    }
  } finally {
    native?.remove();
  }
  for (const line of lines) if (line.worse) console.log(warningOf(line));
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${lines.length} figures in ${seconds.toFixed(0)} s${native ? '' : '; no C compiler: native limits are absent'}`,
  );
  if (values.json !== undefined)
    writeFileSync(
      values.json,
      `${JSON.stringify({ version: 1, load, seconds, native: native !== null, figures: lines }, null, 2)}\n`,
    );
  if (values['write-baseline'] === true) {
    for (const line of lines) {
      const judged = judgedOf(line);
      if (judged !== null) baseline.figures[line.figure] = Number(judged.toPrecision(3));
    }
    const known = benches.flatMap(({ rows }) => rows.map(({ figure }) => figure));
    const figures = Object.fromEntries(
      known.flatMap((figure) => (figure in baseline.figures ? [[figure, baseline.figures[figure]]] : [])),
    );
    writeFileSync(BASELINE, `${JSON.stringify({ figures }, null, 2)}\n`);
  }
}

await main();
