// Input as messages quote it.
import { printable } from '../stdx/input-error.ts';

const QUOTE_MAX = 60;

/** Input as a message quotes it. */
export function quote(value: unknown): string {
  return `'${brief(printable((typeof value === 'string' ? value : asJson(value)) ?? 'nothing'), QUOTE_MAX)}'`;
}

/** The beginning of a long text: the whole tells less. */
export function brief(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

/** A module may hand over what is no JSON. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return typeof value === 'bigint' ? String(value) : 'what is no JSON';
  }
}

/** What stands at a path of a parsed scenario. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}
