// `machines`: the life cycles, to draw, to run elsewhere, to check elsewhere. Without a format, what there is.
import { join } from 'node:path';
import {
  exportAs,
  extensionOf,
  type Format,
  formats,
  machineTables,
  type Table,
} from '../../machines/index.ts';
import { didYouMean } from '../stdx/did-you-mean.ts';
import { InputError } from '../stdx/input-error.ts';
import { exit } from './exit.ts';
import { oneOf, refuse } from './options.ts';
import { print, refuseUnwritable, writeWhole } from './output.ts';

export interface MachinesFlags {
  format?: string;
  out?: string;
}

/** @param names machines by their ids; none: all of them */
export async function machines(names: readonly string[], { format, out }: MachinesFlags): Promise<number> {
  const chosen = names.length === 0 ? machineTables : [...new Set(names)].map(tableNamed);
  if (format === undefined) {
    if (out !== undefined) refuse('--out', 'without --format', 'both', 'such as --format mermaid --out DIR');
    await print(overview(chosen));
    return exit.ok;
  }
  const known = oneOf(format, '--format', formats);
  if (out === undefined) {
    await print(together(chosen, known));
    return exit.ok;
  }
  const files = chosen.map((table) => ({
    name: join(out, `${table.id}.${extensionOf(known)}`),
    text: exportAs(table, known),
  }));
  for (const { name } of files) refuseUnwritable(name);
  for (const { name, text } of files) writeWhole(name, text);
  await print(files.map(({ name }) => name).join('\n'));
  return exit.ok;
}

function tableNamed(name: string): Table {
  const known = machineTables.map(({ id }) => id);
  const table = machineTables.find(({ id }) => id === name);
  if (table) return table;
  const guess = didYouMean(name, known);
  const hint = guess ? `did you mean ${guess}?` : 'copyless machines lists them';
  throw new InputError({ file: name || '""' }, 'no such machine', `one of ${known.join(', ')}`, hint);
}

/** One document after the other; as JSON, which knows lists, one document. */
function together(tables: readonly Table[], format: Format): string {
  const texts = tables.map((table) => exportAs(table, format).trimEnd());
  if (format !== 'json' || texts.length === 1) return texts.join('\n\n');
  return JSON.stringify(
    texts.map((text) => JSON.parse(text) as unknown),
    null,
    2,
  );
}

function overview(tables: readonly Table[]): string {
  const rows = tables.map(({ id, states, events, next, initial }) => {
    const transitions = next.filter((to) => to >= 0).length;
    return [id, states.length, events.length, transitions, states[initial]!];
  });
  const cells = [
    ['machine', 'states', 'events', 'transitions', 'starts in'],
    ...rows.map((row) => row.map(String)),
  ];
  return [
    ...cells.map(
      ([id, states, events, transitions, initial]) =>
        `${id!.padEnd(8)} ${states!.padStart(7)} ${events!.padStart(7)} ${transitions!.padStart(12)}  ${initial}`,
    ),
    '',
    `Export  copyless machines [NAME...] --format ${formats.join('|')} [--out DIR]`,
  ].join('\n');
}
