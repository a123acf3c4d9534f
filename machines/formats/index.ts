// Machines for other tools: to draw (mermaid, dot), to run elsewhere (SCXML), to check elsewhere (Promela, TLA+), to read with a
// program (JSON). Each is a pure function of the table, so whatever can be compiled can be exported, people's own machines too.
import type { Table } from '../compile.ts';
import { dot } from './dot.ts';
import { json } from './json.ts';
import { mermaid } from './mermaid.ts';
import { promela } from './promela.ts';
import { scxml } from './scxml.ts';
import { tla } from './tla.ts';

const writers = { mermaid, dot, json, scxml, promela, tla } as const;
const extensions: Readonly<Record<Format, string>> = {
  mermaid: 'mmd',
  dot: 'dot',
  json: 'json',
  scxml: 'scxml',
  promela: 'pml',
  tla: 'tla',
};

export type Format = keyof typeof writers;
export const formats = Object.keys(writers) as readonly Format[];

/** The text of one machine, ending in a newline. */
export function exportAs(table: Table, format: Format): string {
  return writers[format](table);
}

/** Of a file of that format, without the dot. A TLA+ module has to be in a file of its own name. */
export function extensionOf(format: Format): string {
  return extensions[format];
}
