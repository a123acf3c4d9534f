// What a module of the user's throws becomes one line that names the module. It may throw anything, and at any look at what it
// handed over, which may have getters: what is thrown may itself throw when it is looked at.
import { readFileSync } from 'node:fs';
import { InputError } from '../stdx/input-error.ts';
import { quote } from './quote.ts';

/** What the line says besides what was thrown. */
export interface Told {
  expected: string;
  hint: string;
}

/** @param what of the module, as its author knows it: `plan()` */
export function attempt<T>(file: string, what: string, told: Told, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw refusalOf(error, file, `${what} threw`, told);
  }
}

/** @param what before what was thrown */
export function refusalOf(error: unknown, file: string, what: string, { expected, hint }: Told): InputError {
  if (isInputError(error)) return error;
  return new InputError(placeIn(file, error), `${what} ${quote(messageOf(error))}`, expected, hint);
}

export function isInputError(error: unknown): error is InputError {
  return looked(() => error instanceof InputError, false);
}
export function codeOf(error: unknown): unknown {
  return looked(() => (error as { code?: unknown }).code, undefined);
}

/** The first line. */
function messageOf(error: unknown): string {
  const text = looked(() => String(error instanceof Error ? error.message : error), 'what has no text');
  return text.split('\n')[0]!;
}

function looked<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** Where in the module, as far as the stack tells; of a syntax error it is the first line that does. */
function placeIn(file: string, error: unknown): { file: string; line?: number; column?: number } {
  const name = file.replace(/.*[\\/]/, '').replaceAll(/[^\w-]/g, String.raw`\$&`);
  const stack = looked(() => (error instanceof Error ? String(error.stack) : ''), '');
  const at = new RegExp(String.raw`${name}(?:\?[^:\s]*)?:(\d+)(?::(\d+))?`).exec(stack);
  if (!at) return { file };
  const line = Number(at[1]);
  const column = at[2] === undefined ? caretIn(stack.slice(at.index), file, line) : Number(at[2]);
  return { file, line, ...(column === undefined ? {} : { column }) };
}

/** Columns from one tab stop to the next, as Node's parser of TypeScript shows a source line. */
const TAB = 4;

/** Of what does not parse the source line stands above the error's name, and carets below it point at the place. */
function caretIn(told: string, file: string, line: number): number | undefined {
  const head = told.split(/^\w*Error\b/m, 1)[0]!.split('\n');
  const below = head.findIndex((text) => /^\s*\^+\s*$/.test(text));
  if (below < 1) return undefined;
  const shown = head[below - 1]!;
  const caret = head[below]!.indexOf('^');
  // Of letters that are wider than others nobody knows how wide they were taken to be.
  if (/[^\t -~]/.test(shown.slice(0, caret))) return undefined;
  if (shown.includes('\t')) return caret + 1;
  const source = readFileSync(file, 'utf8').split('\n')[line - 1] ?? '';
  let column = 0;
  for (let width = 0; width < caret; column++) width += source[column] === '\t' ? TAB - (width % TAB) : 1;
  return column + 1;
}
